"""Everything that decides whether a request is allowed, in order: masters, agents, RBAC."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tradewind.apiserver.access import MASTERS, Attributes, Decision, User, refusal
from tradewind.apiserver.access.agents import agent_rules, cluster_of
from tradewind.apiserver.access.policy import Policy
from tradewind.apiserver.access.rules import allows
from tradewind.resources.rbac import ANY, PolicyRule

EVERYTHING = (
    PolicyRule(verbs=[ANY], api_groups=[ANY], resources=[ANY]),
    PolicyRule(verbs=[ANY], non_resource_urls=[ANY]),
)


@dataclass(frozen=True)
class Authorizer:
    """Decides by the RBAC objects of one server, as `policy` has them now."""

    policy: Policy = field(default_factory=Policy)

    def decide(self, user: User, asked: Attributes) -> Decision:
        """Whether this is allowed, and why."""
        if MASTERS in user.groups:
            return Decision(True)
        cluster = cluster_of(user)
        if cluster and any(allows(rule, asked) for rule in agent_rules(cluster, asked.namespace)):
            return Decision(True, f'allowed as the agent of the cluster "{cluster}"')
        return self.policy.decide(user, asked)

    def require(self, user: User, asked: Attributes) -> Decision:
        """The decision, if it allows this; else 403 in upstream's words."""
        decision = self.decide(user, asked)
        if not decision.allowed:
            raise refusal(user, asked, decision.reason)
        return decision

    def rules_of(self, user: User, namespace: str) -> tuple[Sequence[PolicyRule], Sequence[str]]:
        """All that a user may do in a namespace ("": outside of namespaces), and what of it is unknown."""
        grants = self.policy.grants(user, namespace)
        rules = [grant.rule for grant in grants.given]
        if cluster := cluster_of(user):
            rules = [*agent_rules(cluster, namespace), *rules]
        if MASTERS in user.groups:
            rules = [*EVERYTHING, *rules]
        return rules, grants.errors
