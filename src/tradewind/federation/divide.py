"""How many replicas each selected cluster gets.

| placement | share of a cluster |
|---|---|
| Duplicated, or no replicaScheduling | all replicas |
| Divided, Weighted, static weights | in proportion to its weight |
| Divided, Weighted, dynamicWeight | in proportion to what it has room for |
| Divided, Aggregated | as few clusters as have room, in proportion to their room |

Static weights start from scratch each time. The two dynamic strategies keep what is placed: more replicas
are divided by free room and added; fewer are divided in proportion to what clusters have. They never
place a part: if room is short, nothing changes.

Example (Aggregated): 8 replicas, room A 6, B 5, C 4. A and B suffice; Webster 6:5 gives A 4, B 4.

Upstream: `pkg/scheduler/core/{assignment,division_algorithm}.go`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from tradewind.federation.affinity import cluster_matches
from tradewind.federation.webster import webster
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.policy_types import Placement, ReplicaSchedulingStrategy, StaticClusterWeight
from tradewind.resources.work import TargetCluster

Strategy = Literal["Duplicated", "StaticWeight", "DynamicWeight", "Aggregated"]


@dataclass(frozen=True)
class Division:
    """A division to make. `candidates` are the selected clusters, those to prefer among equals first;
    `room` says how many more replicas each has room for (only dynamic strategies ask); `fresh` asks to
    divide anew as if nothing were placed."""

    replicas: int
    uid: str
    strategy: ReplicaSchedulingStrategy | None
    candidates: Sequence[Cluster]
    previous: Sequence[TargetCluster] = ()
    room: Mapping[str, int] = field(default_factory=dict)
    fresh: bool = False


@dataclass(frozen=True)
class Shortage:
    """There is not enough room for the replicas."""

    message: str


def strategy_of(strategy: ReplicaSchedulingStrategy | None) -> Strategy:
    """Which row of the table holds. Absent means Duplicated; Divided without more, static weights."""
    if strategy is None or strategy.replica_scheduling_type == "Duplicated":
        return "Duplicated"
    if strategy.replica_division_preference == "Aggregated":
        return "Aggregated"
    preference = strategy.weight_preference
    return "DynamicWeight" if preference and preference.dynamic_weight else "StaticWeight"


def needs_room(placement: Placement) -> bool:
    """Whether the division asks how much room clusters have."""
    return strategy_of(placement.replica_scheduling) in ("DynamicWeight", "Aggregated")


def divide(division: Division) -> dict[str, int] | Shortage:
    """The share of each cluster by name, in ascending order; clusters may be in it with a share of 0."""
    match strategy_of(division.strategy):
        case "Duplicated":
            names = sorted(cluster.metadata.name for cluster in division.candidates)
            return dict.fromkeys(names, division.replicas)
        case "StaticWeight":
            weights = static_weights(division.candidates, weight_rules(division.strategy))
            return webster(division.replicas, weights, division.uid)
        case "DynamicWeight":
            return _divide_by_room(division, aggregated=False)
        case "Aggregated":
            return _divide_by_room(division, aggregated=True)


def divide_by_tiers(division: Division, tiers: Sequence[Sequence[Cluster]]) -> dict[str, int] | Shortage:
    """Divide among the first clusters as much as they have room for, what is left among the next, and so on.

    So with fewer replicas the last tiers are emptied first. For strategies that follow room only.
    """
    placed = {target.name: target.replicas for target in division.previous}
    shares: dict[str, int] = {}
    left = division.replicas
    for tier in tiers:
        names = [cluster.metadata.name for cluster in tier]
        amount = min(left, sum(division.room.get(name, 0) + placed.get(name, 0) for name in names))
        part = divide(replace(division, replicas=amount, candidates=tier))
        if isinstance(part, Shortage):
            return part
        shares |= part
        left -= amount
    if left > 0:
        return Shortage(
            f"Clusters available replicas are not enough to schedule: {left} of {division.replicas} replicas "
            "find no room, also where the affinity group may overflow to"
        )
    return shares


def static_weights(clusters: Sequence[Cluster], rules: Sequence[StaticClusterWeight]) -> dict[str, int]:
    """The weight of each cluster: the greatest of the rules that match it.

    A cluster that no rule matches is left out; if that leaves none, every cluster weighs 1.
    """
    weights = {}
    for cluster in clusters:
        matching = [rule.weight for rule in rules if cluster_matches(cluster, rule.target_cluster)]
        if matching and max(matching) > 0:
            weights[cluster.metadata.name] = max(matching)
    return weights or {cluster.metadata.name: 1 for cluster in clusters}


def shortest_prefix(room: Mapping[str, int], first: Sequence[str], amount: int) -> dict[str, int]:
    """As few clusters as have room for `amount` together: those of `first` before the others, then
    those with the most room; equal ones in the order of `room`."""
    ordered = sorted(room, key=lambda name: (name not in first, -room[name]))
    taken: dict[str, int] = {}
    for name in ordered:
        taken[name] = room[name]
        if sum(taken.values()) >= amount:
            break
    return taken


def weight_rules(strategy: ReplicaSchedulingStrategy | None) -> list[StaticClusterWeight]:
    """The static weights of a strategy; none when it has no such list."""
    preference = strategy.weight_preference if strategy else None
    return preference.static_weight_list if preference else []


def _divide_by_room(division: Division, aggregated: bool) -> dict[str, int] | Shortage:
    names = [cluster.metadata.name for cluster in division.candidates]
    placed = {target.name: target.replicas for target in division.previous if target.name in names}
    room = {name: division.room.get(name, 0) for name in names}
    missing = division.replicas - sum(placed.values())
    if division.fresh:
        everything = {name: room[name] + placed.get(name, 0) for name in names}
        return _spread(division.replicas, everything, {}, division.uid, aggregated)
    if missing < 0:
        return _spread(division.replicas, placed, {}, division.uid, aggregated)
    if missing == 0:
        return dict(sorted(placed.items()))
    more = _spread(missing, room, placed, division.uid, aggregated)
    if isinstance(more, Shortage):
        return more
    return {name: more.get(name, 0) + placed.get(name, 0) for name in sorted({*more, *placed})}


def _spread(
    amount: int, room: Mapping[str, int], placed: Mapping[str, int], uid: str, aggregated: bool
) -> dict[str, int] | Shortage:
    """Divide `amount` in proportion to room; Aggregated prefers clusters that have some of it placed."""
    total = sum(room.values())
    if total < amount:
        return Shortage(f"Clusters available replicas {total} are not enough to schedule.")
    if aggregated:
        used = [name for name, replicas in placed.items() if replicas > 0]
        room = shortest_prefix(room, used, amount)
    return webster(amount, room, uid)
