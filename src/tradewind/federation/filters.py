"""Which clusters an object can go to at all, and why not to the others.

A filter returns "" or the reason, in upstream's words (`pkg/scheduler/framework/plugins`). Readiness is no
filter: an unhealthy cluster stays away from new work by its taint.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tradewind.federation.affinity import tier_of
from tradewind.federation.taints import NO_EXECUTE, taint_text, untolerated
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.policy_types import ClusterAffinity, Placement
from tradewind.resources.work import BindingSpec


@dataclass(frozen=True)
class Candidacy:
    """What filters look at: the binding, its placement, and the affinity of the group being tried."""

    spec: BindingSpec
    placement: Placement
    affinity: ClusterAffinity | None = None

    def is_target(self, cluster: Cluster) -> bool:
        """Whether the object is in the cluster already; then taints and missing kinds do not remove it."""
        return any(target.name == cluster.metadata.name for target in self.spec.clusters)


def api_enablement(candidacy: Candidacy, cluster: Cluster) -> str:
    """The cluster must serve the object's kind."""
    if candidacy.is_target(cluster) or serves(cluster, candidacy.spec):
        return ""
    return "cluster(s) did not have the API resource"


def serves(cluster: Cluster, spec: BindingSpec) -> bool:
    """Whether the cluster reports the kind of the binding's object."""
    return any(
        resource.kind == spec.resource.kind
        for enablement in cluster.status.api_enablements
        if enablement.group_version == spec.resource.api_version
        for resource in enablement.resources
    )


def taint_toleration(candidacy: Candidacy, cluster: Cluster) -> str:
    """Taints must be tolerated, except where the object is already.

    Unlike upstream, a toleration for some time lets nothing new into a cluster that it would have to leave
    again: it would come back and leave for ever.
    """
    if candidacy.is_target(cluster):
        return ""
    taints, tolerations = cluster.spec.taints, candidacy.placement.cluster_tolerations
    lasting = [one for one in tolerations if one.toleration_seconds is None]
    driving_out = [taint for taint in taints if taint.effect == NO_EXECUTE]
    taint = untolerated(taints, tolerations) or untolerated(driving_out, lasting)
    return f"cluster(s) had untolerated taint {{{taint_text(taint)}}}" if taint else ""


def cluster_affinity(candidacy: Candidacy, cluster: Cluster) -> str:
    """The cluster must be among those of the affinity, or those that it overflows to."""
    if tier_of(cluster, candidacy.affinity) is not None:
        return ""
    return "cluster(s) did not match the placement cluster affinity constraint"


def spread_constraint(candidacy: Candidacy, cluster: Cluster) -> str:
    """What is spread over must be known of the cluster."""
    known = {"provider": cluster.spec.provider, "region": cluster.spec.region, "zone": cluster.spec.zones}
    for constraint in candidacy.placement.spread_constraints:
        field = constraint.spread_by_field
        if field in known and not known[field]:
            return f"cluster(s) did not have {'zones' if field == 'zone' else field} property"
    return ""


def cluster_eviction(candidacy: Candidacy, cluster: Cluster) -> str:
    """The object must not just be leaving the cluster."""
    leaving = (task.from_cluster for task in candidacy.spec.graceful_eviction_tasks)
    return "cluster(s) is in the process of eviction" if cluster.metadata.name in leaving else ""


Filter = Callable[[Candidacy, Cluster], str]

FILTERS: dict[str, Filter] = {
    "APIEnablement": api_enablement,
    "TaintToleration": taint_toleration,
    "ClusterAffinity": cluster_affinity,
    "SpreadConstraint": spread_constraint,
    "ClusterEviction": cluster_eviction,
}


def why_not(candidacy: Candidacy, cluster: Cluster) -> str:
    """The first reason why the cluster is out of the question; "" when there is none."""
    return next((reason for one in FILTERS.values() if (reason := one(candidacy, cluster))), "")


def fit_error(reasons: Iterable[str], clusters: Sequence[Cluster]) -> str:
    """Why none of `clusters` fits: `0/3 clusters are available: 2 cluster(s) did ..., 1 cluster(s) ...`."""
    counted = sorted(f"{count} {reason}" for reason, count in Counter(reasons).items())
    shown = ", ".join(counted) if clusters and counted else "no cluster exists"
    return f"0/{len(clusters)} clusters are available: {shown}."
