"""The rights of the members' agents at the hub: each its own cluster's objects. Pure.

They are rules in code, not objects, so that nobody can take them away or widen them (upstream's
Node authorizer and NodeRestriction admission are the model).
"""

from tradewind.apiserver.access import User
from tradewind.resources.labels import CLUSTER_LEASE_NAMESPACE, execution_namespace
from tradewind.resources.rbac import ANY, PolicyRule

AGENTS = "system:karmada:agents"
AGENT_PREFIX = "system:karmada:agent:"

_WRITE = ["get", "list", "watch", "create", "update", "patch"]
_ALL = [*_WRITE, "delete", "deletecollection"]


def cluster_of(user: User) -> str:
    """The cluster whose agent a user is; "" for everybody else."""
    if AGENTS not in user.groups or not user.name.startswith(AGENT_PREFIX):
        return ""
    return user.name.removeprefix(AGENT_PREFIX)


def agent_rules(cluster: str, namespace: str) -> list[PolicyRule]:
    """What a cluster's agent may do in a namespace, or, for "", outside of namespaces.

    Objects that are to be created have no name yet when this is asked; see `may_create`.
    """
    rules = [PolicyRule(verbs=_WRITE, api_groups=[""], resources=["events"])]
    if not namespace:
        rules += _own("cluster.karmada.io", "clusters", cluster)
    if namespace == execution_namespace(cluster):
        rules.append(PolicyRule(verbs=_ALL, api_groups=[ANY], resources=[ANY]))
    if namespace == CLUSTER_LEASE_NAMESPACE:
        rules += _own("coordination.k8s.io", "leases", cluster)
    return rules


def may_create(cluster: str, resource: str, namespace: str, name: str) -> bool:
    """Whether what an agent creates is its own: of Clusters and their Leases, the one of its name."""
    is_lease = resource == "leases.coordination.k8s.io" and namespace == CLUSTER_LEASE_NAMESPACE
    return name == cluster or not (is_lease or resource == "clusters.cluster.karmada.io")


def _own(group: str, plural: str, cluster: str) -> list[PolicyRule]:
    resources = [plural, f"{plural}/status"]
    return [
        PolicyRule(verbs=["create"], api_groups=[group], resources=[plural]),
        *(
            PolicyRule(verbs=_ALL, api_groups=[group], resources=[one], resource_names=[cluster])
            for one in resources
        ),
    ]
