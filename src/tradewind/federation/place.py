"""One attempt to place an object within one group of clusters: filter, select, divide. Pure.

An attempt remembers what it saw, so that the same code decides and explains.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tradewind.federation.affinity import tier_of
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
from tradewind.resources.policy_types import (
    ClusterAffinity,
    ClusterAffinityTerm,
    Placement,
    ReplicaSchedulingStrategy,
)
from tradewind.resources.work import BindingSpec, TargetCluster

LOCALITY_SCORE = 100  # of a cluster that has the object already
MAX_NAMED = 10  # clusters named one by one in a message
LEAVING = "cluster(s) is being deleted"


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


@dataclass(frozen=True)
class Attempt:
    """What was tried with one group of clusters, and what came of it.

    `reasons` says for every cluster why it was out of the question, "" if it was not; `amounts` how much each
    of the others weighs (`weight`) or has room for, with what it has already (`room`), as far as that
    mattered; `selected` which of them the spread constraints left.
    """

    affinity_name: str
    reasons: dict[str, str]
    outcome: Placed | NotPlaced
    measure: str = ""
    amounts: dict[str, int] = field(default_factory=dict)
    selected: tuple[str, ...] = ()


def is_workload(spec: BindingSpec) -> bool:
    """Whether the object has replicas to place; one that has none goes whole to every cluster."""
    return spec.replicas > 0 or spec.replica_requirements is not None or bool(spec.components)


def attempt(
    spec: BindingSpec, affinity: ClusterAffinity | None, clusters: Sequence[Cluster], *, fresh: bool
) -> Attempt:
    """Try to place the object of a binding in the clusters of one affinity; `clusters` are all there are."""
    placement = spec.placement or Placement()
    name = _name_of(affinity)
    candidacy = Candidacy(spec, placement, affinity)
    reasons = {
        cluster.metadata.name: LEAVING if cluster.metadata.deletion_timestamp else why_not(candidacy, cluster)
        for cluster in clusters
    }
    feasible = [cluster for cluster in clusters if not reasons[cluster.metadata.name]]
    if not feasible:
        told = [reason for reason in reasons.values() if reason != LEAVING]
        message = fit_error(told, clusters) + _named(reasons)
        return Attempt(name, reasons, NotPlaced("NoClusterFit", message, clear=True))
    measure, amounts, demand = _demand(spec, placement, feasible)
    chosen = _select(spec, placement, affinity, feasible, amounts, demand)
    if isinstance(chosen, CannotSpread):
        return Attempt(name, reasons, NotPlaced("SchedulerError", chosen.message), measure, amounts)
    selected = sorted(chosen, key=lambda cluster: cluster.metadata.name)
    outcome = _divide(spec, affinity, selected, amounts, fresh=fresh)
    names = tuple(cluster.metadata.name for cluster in selected)
    return Attempt(name, reasons, outcome, measure, amounts, names)


def _divide(
    spec: BindingSpec,
    affinity: ClusterAffinity | None,
    selected: Sequence[Cluster],
    amounts: Mapping[str, int],
    *,
    fresh: bool,
) -> Placed | NotPlaced:
    placement = spec.placement or Placement()
    if not is_workload(spec) or len(spec.components) > 1:
        return _placed(dict.fromkeys((cluster.metadata.name for cluster in selected), 0), affinity)
    if spec.replicas == 0:
        waiting = _waiting_places(selected, placement.replica_scheduling)
        return _placed(dict.fromkeys(waiting, 0), affinity)
    placed = _placed_already(spec)
    division = Division(
        replicas=spec.replicas,
        uid=spec.resource.uid,
        strategy=placement.replica_scheduling,
        candidates=selected,
        previous=spec.clusters,
        room={name: amount - placed.get(name, 0) for name, amount in amounts.items()},
        fresh=fresh,
    )
    tiers = _tiers(selected, affinity) if needs_room(placement) else [selected]
    shares = divide_by_tiers(division, tiers) if len(tiers) > 1 else divide(division)
    if isinstance(shares, Shortage):
        return NotPlaced("Unschedulable", shares.message)
    return _placed({name: share for name, share in shares.items() if share > 0}, affinity)


def _select(
    spec: BindingSpec,
    placement: Placement,
    affinity: ClusterAffinity | None,
    feasible: Sequence[Cluster],
    amounts: dict[str, int],
    demand: Demand,
) -> list[Cluster] | CannotSpread:
    """The clusters that the spread constraints leave. Where replicas are divided by static weights, these are
    to selection what room is otherwise."""
    if not placement.spread_constraints:
        return list(feasible)
    present = {target.name for target in spec.clusters}
    candidates = [
        Candidate(
            cluster,
            score=LOCALITY_SCORE if cluster.metadata.name in present else 0,
            available=amounts.get(cluster.metadata.name, 0),
            tier=tier_of(cluster, affinity) or 0,
        )
        for cluster in feasible
        if not amounts or cluster.metadata.name in amounts
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
) -> tuple[str, dict[str, int], Demand]:
    """How much each cluster weighs or could take, and what is asked of them together.

    Under spread constraints, weights select the same clusters for an object without replicas as for the
    workload of the same policy: a Secret goes where its service goes.
    """
    strategy = strategy_of(placement.replica_scheduling)
    workload = is_workload(spec)
    if strategy == "StaticWeight" and (workload or placement.spread_constraints):
        weights = static_weights(feasible, weight_rules(placement.replica_scheduling))
        return "weight", weights, Demand(sum(weights.values()), needs_room=False, duplicated=False)
    if not workload:
        return "", {}, Demand(0, needs_room=False, duplicated=True)
    duplicated = strategy == "Duplicated"
    if duplicated and not placement.spread_constraints:
        return "", {}, Demand(spec.replicas, needs_room=False, duplicated=True)
    placed = _placed_already(spec)
    available = {
        cluster.metadata.name: room_for(cluster, spec.replica_requirements)
        + placed.get(cluster.metadata.name, 0)
        for cluster in feasible
    }
    return "room", available, Demand(spec.replicas, needs_room(placement), duplicated)


def _placed_already(spec: BindingSpec) -> dict[str, int]:
    return {target.name: target.replicas for target in spec.clusters}


def _waiting_places(clusters: Sequence[Cluster], strategy: ReplicaSchedulingStrategy | None) -> list[str]:
    """Where an object without replicas waits to be woken: wherever it would get replicas."""
    if strategy_of(strategy) != "StaticWeight":
        return [cluster.metadata.name for cluster in clusters]
    return list(static_weights(clusters, weight_rules(strategy)))


def _placed(shares: dict[str, int], affinity: ClusterAffinity | None) -> Placed:
    targets = tuple(TargetCluster(name=name, replicas=shares[name]) for name in sorted(shares))
    return Placed(targets, _name_of(affinity))


def _name_of(affinity: ClusterAffinity | None) -> str:
    return affinity.affinity_name if isinstance(affinity, ClusterAffinityTerm) else ""


def _named(reasons: dict[str, str]) -> str:
    """Which clusters fail for which reason, after upstream's summary, which only counts them."""
    by_reason: dict[str, list[str]] = {}
    for name in [one for one in sorted(reasons) if reasons[one] != LEAVING][:MAX_NAMED]:
        by_reason.setdefault(reasons[name], []).append(name)
    named = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())
    return f" ({named})" if named else ""
