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
from dataclasses import dataclass

import msgspec

from tradewind.federation.affinity import start_index, tier_of
from tradewind.federation.divide import (
    Division,
    Shortage,
    divide,
    divide_by_tiers,
    needs_room,
    static_weights,
    strategy_of,
    weight_rules,
)
from tradewind.federation.estimate import room_for
from tradewind.federation.filters import Candidacy, fit_error, why_not
from tradewind.federation.spread import Candidate, CannotSpread, Demand, select
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.meta import decode
from tradewind.resources.policy_types import (
    ClusterAffinity,
    Placement,
    ReplicaSchedulingStrategy,
)
from tradewind.resources.times import time_ms
from tradewind.resources.work import BindingSpec, BindingStatus, TargetCluster

LOCALITY_SCORE = 100  # of a cluster that has the object already
MAX_NAMED = 10  # clusters named one by one in a message


@dataclass(frozen=True)
class Placed:
    """The clusters, sorted by name, and the affinity group that they are of ("" if there are no groups)."""

    clusters: tuple[TargetCluster, ...]
    affinity_name: str = ""


@dataclass(frozen=True)
class NotPlaced:
    """Why it did not work. `clear` takes the object away from where it is."""

    reason: str
    message: str
    clear: bool = False


def schedule(spec: BindingSpec, status: BindingStatus, clusters: Sequence[Cluster]) -> Placed | NotPlaced:
    """Place the object of a binding.

    Groups of clusters are tried in order, beginning with the one used last; if all fail, the
    first one tried says why. `clusters` are all of the fleet.
    """
    placement = spec.placement or Placement()
    fresh = reschedule_pending(spec, status)
    terms = placement.cluster_affinities
    if not terms:
        return _place(spec, placement, placement.cluster_affinity, clusters, fresh)
    first = 0 if fresh else start_index(terms, status.scheduler_observed_affinity_name)
    failure: NotPlaced | None = None
    for term in terms[first:]:
        outcome = _place(spec, placement, term, clusters, fresh)
        if isinstance(outcome, Placed):
            return Placed(outcome.clusters, term.affinity_name)
        failure = failure or outcome
    assert failure is not None
    return failure


def is_workload(spec: BindingSpec) -> bool:
    """Whether the object has replicas to place; one that has none goes whole to every cluster."""
    return spec.replicas > 0 or spec.replica_requirements is not None or bool(spec.components)


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


def _place(
    spec: BindingSpec,
    placement: Placement,
    affinity: ClusterAffinity | None,
    clusters: Sequence[Cluster],
    fresh: bool,
) -> Placed | NotPlaced:
    candidacy = Candidacy(spec, placement, affinity)
    staying = [cluster for cluster in clusters if not cluster.metadata.deletion_timestamp]
    reasons = {cluster.metadata.name: why_not(candidacy, cluster) for cluster in staying}
    feasible = [cluster for cluster in staying if not reasons[cluster.metadata.name]]
    if not feasible:
        message = fit_error(reasons.values(), clusters) + _named(reasons)
        return NotPlaced("NoClusterFit", message, clear=True)
    chosen = _select(spec, placement, affinity, feasible)
    if isinstance(chosen, CannotSpread):
        return NotPlaced("SchedulerError", chosen.message)
    selected = sorted(chosen, key=lambda cluster: cluster.metadata.name)
    if not is_workload(spec) or len(spec.components) > 1:
        return _placed(dict.fromkeys((cluster.metadata.name for cluster in selected), 0))
    if spec.replicas == 0:
        return _placed(dict.fromkeys(_waiting_places(selected, placement.replica_scheduling), 0))
    division = Division(
        replicas=spec.replicas,
        uid=spec.resource.uid,
        strategy=placement.replica_scheduling,
        candidates=selected,
        previous=spec.clusters,
        room=_room(selected, spec) if needs_room(placement) else {},
        fresh=fresh,
    )
    tiers = _tiers(selected, affinity) if needs_room(placement) else [selected]
    shares = divide_by_tiers(division, tiers) if len(tiers) > 1 else divide(division)
    if isinstance(shares, Shortage):
        return NotPlaced("Unschedulable", shares.message)
    return _placed({name: share for name, share in shares.items() if share > 0})


def _select(
    spec: BindingSpec, placement: Placement, affinity: ClusterAffinity | None, feasible: Sequence[Cluster]
) -> list[Cluster] | CannotSpread:
    """The clusters that the spread constraints leave. Where replicas are divided by static weights, these are
    to selection what room is otherwise."""
    if not placement.spread_constraints:
        return list(feasible)
    amounts, demand = _demand(spec, placement, feasible)
    present = {target.name for target in spec.clusters}
    candidates = [
        Candidate(
            cluster,
            score=LOCALITY_SCORE if cluster.metadata.name in present else 0,
            available=amounts[cluster.metadata.name],
            tier=tier_of(cluster, affinity) or 0,
        )
        for cluster in feasible
        if cluster.metadata.name in amounts
    ]
    found = select(candidates, placement.spread_constraints, demand)
    return found if isinstance(found, CannotSpread) else [one.cluster for one in found]


def _tiers(clusters: Sequence[Cluster], affinity: ClusterAffinity | None) -> list[list[Cluster]]:
    """The group's own clusters, then those that it overflows to, tier by tier."""
    tiers: dict[int, list[Cluster]] = {}
    for cluster in clusters:
        tiers.setdefault(tier_of(cluster, affinity) or 0, []).append(cluster)
    return [tiers[tier] for tier in sorted(tiers)]


def _demand(
    spec: BindingSpec, placement: Placement, feasible: Sequence[Cluster]
) -> tuple[dict[str, int], Demand]:
    """How much each cluster could take, and what is asked of them together."""
    strategy = strategy_of(placement.replica_scheduling)
    if not is_workload(spec):
        nothing = dict.fromkeys((cluster.metadata.name for cluster in feasible), 0)
        return nothing, Demand(0, needs_room=False, duplicated=True)
    if strategy == "StaticWeight":
        weights = static_weights(feasible, weight_rules(placement.replica_scheduling))
        return weights, Demand(sum(weights.values()), needs_room=False, duplicated=False)
    placed = {target.name: target.replicas for target in spec.clusters}
    room = _room(feasible, spec)
    available = {name: amount + placed.get(name, 0) for name, amount in room.items()}
    return available, Demand(spec.replicas, needs_room(placement), strategy == "Duplicated")


def _room(clusters: Sequence[Cluster], spec: BindingSpec) -> dict[str, int]:
    return {cluster.metadata.name: room_for(cluster, spec.replica_requirements) for cluster in clusters}


def _waiting_places(clusters: Sequence[Cluster], strategy: ReplicaSchedulingStrategy | None) -> list[str]:
    """Where an object without replicas waits to be woken: wherever it would get replicas."""
    if strategy_of(strategy) != "StaticWeight":
        return [cluster.metadata.name for cluster in clusters]
    return list(static_weights(clusters, weight_rules(strategy)))


def _placed(shares: dict[str, int]) -> Placed:
    return Placed(tuple(TargetCluster(name=name, replicas=shares[name]) for name in sorted(shares)))


def _named(reasons: dict[str, str]) -> str:
    """Which clusters fail for which reason, after upstream's summary, which only counts them."""
    by_reason: dict[str, list[str]] = {}
    for name in sorted(reasons)[:MAX_NAMED]:
        by_reason.setdefault(reasons[name], []).append(name)
    named = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
    return f" ({named})" if named else ""
