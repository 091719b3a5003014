"""Which override policies change an object for one cluster, in which order, and what comes out. Pure.

1. ClusterOverridePolicies come first, then the OverridePolicies of the object's namespace.
2. Among policies of one kind the more specific comes later and so wins: those that select everything, then by
   kind, by labels, by name; equals in the order of their names.
3. Rules follow each other as they are written; each is for the clusters that its `targetCluster` matches.
4. If one overrider does not apply, the object does not change for this cluster, and other clusters go on.

Upstream: `pkg/util/overridemanager/overridemanager.go`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tradewind.federation.affinity import cluster_matches
from tradewind.federation.match import Fit, best_fit
from tradewind.federation.overriders import DoesNotApply, apply_overriders
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.meta import Manifest, Object
from tradewind.resources.policy_types import OverridePolicy, Overriders


@dataclass(frozen=True)
class AppliedOverride:
    """One rule of a policy that changed the object; `rule` is its place, like `overrideRules[0]`."""

    policy: OverridePolicy
    rule: str
    overriders: Overriders


@dataclass(frozen=True)
class Overridden:
    """The object as the cluster gets it, and by what it was changed."""

    manifest: Manifest
    applied: tuple[AppliedOverride, ...] = ()


@dataclass(frozen=True)
class NotOverridden:
    """The rule that does not apply to the object, and why."""

    cluster: str
    failed: AppliedOverride
    error: DoesNotApply

    @property
    def message(self) -> str:
        """Cluster, policy, rule, path and cause."""
        meta = self.failed.policy.metadata
        kind = "OverridePolicy" if meta.namespace else "ClusterOverridePolicy"
        policy = f"{meta.namespace}/{meta.name}" if meta.namespace else meta.name
        place = f"{self.failed.rule}.{self.error.field}"
        return f"cluster {self.cluster}: {kind} {policy}, {place}{_at(self.error.path)}: {self.error.why}"


def override(
    manifest: Manifest,
    template: Object,
    cluster: Cluster,
    cluster_policies: Sequence[OverridePolicy],
    policies: Sequence[OverridePolicy],
) -> Overridden | NotOverridden:
    """The object for a cluster. `manifest` is what has been rendered so far from `template`, which is what
    policies select by; `policies` are of its namespace."""
    applied = []
    for one in matching(template, cluster, cluster_policies, policies):
        try:
            manifest = apply_overriders(manifest, one.overriders)
        except DoesNotApply as error:
            return NotOverridden(cluster.metadata.name, one, error)
        applied.append(one)
    return Overridden(manifest, tuple(applied))


def matching(
    template: Object,
    cluster: Cluster,
    cluster_policies: Sequence[OverridePolicy],
    policies: Sequence[OverridePolicy],
) -> Iterator[AppliedOverride]:
    """The rules for an object in a cluster, in the order in which they are applied."""
    own = [policy for policy in policies if policy.metadata.namespace == template.metadata.namespace]
    for policy in (*_in_order(template, cluster_policies), *_in_order(template, own)):
        yield from (rule for rule in _rules(policy, cluster) if rule.overriders != Overriders())


def _in_order(template: Object, policies: Iterable[OverridePolicy]) -> list[OverridePolicy]:
    fits = [(_fit(template, policy), policy.metadata.name, policy) for policy in policies]
    selecting = [one for one in fits if one[0] is not None]
    return [policy for _, _, policy in sorted(selecting, key=lambda one: (one[0] or 0, one[1]))]


def _fit(template: Object, policy: OverridePolicy) -> int | None:
    """How specifically a policy selects the template; None when it does not, or is going away."""
    selectors = policy.spec.resource_selectors
    if policy.metadata.deletion_timestamp:
        return None
    if not selectors:
        return Fit.NONE
    return best_fit(template, selectors) or None


def _rules(policy: OverridePolicy, cluster: Cluster) -> Iterator[AppliedOverride]:
    spec = policy.spec
    if not spec.override_rules:
        if spec.target_cluster is None or cluster_matches(cluster, spec.target_cluster):
            yield AppliedOverride(policy, "spec", spec.overriders)
        return
    for place, rule in enumerate(spec.override_rules):
        if rule.target_cluster is None or cluster_matches(cluster, rule.target_cluster):
            yield AppliedOverride(policy, f"overrideRules[{place}].overriders", rule.overriders)


def _at(path: str) -> str:
    return f" at {path}" if path else ""
