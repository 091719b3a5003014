"""Which clusters an object goes to, with how many replicas: filter, select, divide.

| outcome | spec.clusters | condition Scheduled | tried again |
|---|---|---|---|
| placed | the new ones, by name | True, Success | when something asks for it |
| no cluster fits | none | False, NoClusterFit | when a cluster or the object changes |
| spread constraints not met | as before | False, SchedulerError | when a cluster or the object changes |
| not enough room | as before | False, Unschedulable | also when a cluster's figures change |

Two decisions differ from upstream, because the objects here serve requests: an object with 0 replicas goes to
every cluster that has a weight (a service scaled to zero must be there to be woken), and an object that
is nowhere is always tried again.

Upstream: `pkg/scheduler/{scheduler,helper}.go` and `core/{generic_scheduler,common}.go`.
"""

from collections.abc import Sequence

import msgspec

from tradewind.federation.affinity import start_index
from tradewind.federation.divide import strategy_of
from tradewind.federation.place import Attempt, NotPlaced, Placed, attempt, is_workload
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.meta import decode
from tradewind.resources.policy_types import ClusterAffinity, Placement, ReplicaSchedulingStrategy
from tradewind.resources.times import time_ms
from tradewind.resources.work import BindingSpec, BindingStatus


def schedule(spec: BindingSpec, status: BindingStatus, clusters: Sequence[Cluster]) -> Placed | NotPlaced:
    """Place the object of a binding.

    Groups of clusters are tried in order, beginning with the one used last; if all fail, the
    first one tried says why. `clusters` are all of the fleet.
    """
    tried = attempts(spec, status, clusters)
    return tried[-1].outcome if isinstance(tried[-1].outcome, Placed) else tried[0].outcome


def attempts(spec: BindingSpec, status: BindingStatus, clusters: Sequence[Cluster]) -> list[Attempt]:
    """What `schedule` tries, in order, up to the first success; at least one attempt."""
    placement = spec.placement or Placement()
    fresh = reschedule_pending(spec, status)
    terms = placement.cluster_affinities
    if not terms:
        return [attempt(spec, placement.cluster_affinity, clusters, fresh=fresh)]
    first = 0 if fresh else start_index(terms, status.scheduler_observed_affinity_name)
    tried = []
    for term in terms[first:]:
        tried.append(attempt(spec, term, clusters, fresh=fresh))
        if isinstance(tried[-1].outcome, Placed):
            break
    return tried


def why_schedule(
    spec: BindingSpec, status: BindingStatus, applied_placement: str, clusters: Sequence[Cluster]
) -> str:
    """What asks for (re)scheduling, "" if nothing does.

    `applied_placement` is the annotation that the last success left. Neither the readiness nor the free
    capacity of a cluster asks for it: what is placed stays where it is.
    """
    placement = spec.placement or Placement()
    observed = status.scheduler_observed_affinity_name
    staying = {cluster.metadata.name for cluster in clusters if not cluster.metadata.deletion_timestamp}
    if placement_changed(placement, applied_placement, observed):
        return "the placement has changed"
    if not spec.clusters:
        return "the object is nowhere"
    if replicas_changed(spec, placement.replica_scheduling):
        return "the number of replicas has changed"
    if reschedule_pending(spec, status):
        return "rescheduling was asked for"
    if not is_workload(spec) or strategy_of(placement.replica_scheduling) == "Duplicated":
        return "the object belongs in every cluster that matches"
    if any(target.name not in staying for target in spec.clusters):
        return "a cluster is leaving"
    return ""


def placement_changed(placement: Placement, applied_text: str, observed_affinity_name: str) -> bool:
    """Whether the placement differs from the applied one in what matters now: of several groups of
    clusters, only the one in use. A text that cannot be read counts as unchanged, as upstream."""
    if not applied_text:
        return True
    try:
        applied = decode(msgspec.json.decode(applied_text), Placement)
    except msgspec.DecodeError:
        return False
    if placement == applied:
        return False
    rest = (
        "cluster_affinity",
        "cluster_tolerations",
        "spread_constraints",
        "replica_scheduling",
    )
    if any(getattr(placement, name) != getattr(applied, name) for name in rest):
        return True
    return _term(placement, observed_affinity_name) != _term(applied, observed_affinity_name) or not _term(
        placement, observed_affinity_name
    )


def replicas_changed(spec: BindingSpec, strategy: ReplicaSchedulingStrategy | None) -> bool:
    """Whether the clusters' shares no longer fit the number of replicas."""
    if strategy is None:
        return False
    shares = [target.replicas for target in spec.clusters]
    if strategy.replica_scheduling_type == "Duplicated":
        return any(share != spec.replicas for share in shares)
    return sum(shares) != spec.replicas


def reschedule_pending(spec: BindingSpec, status: BindingStatus) -> bool:
    """Whether somebody has asked for a new division since the last one."""
    asked, last = spec.reschedule_triggered_at, status.last_scheduled_time
    return bool(asked and last) and time_ms(asked or "") > time_ms(last or "")


def _term(placement: Placement, name: str) -> ClusterAffinity | None:
    return next((term for term in placement.cluster_affinities if name and term.affinity_name == name), None)
