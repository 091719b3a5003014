"""Upstream's cases about spread constraints."""

from typing import Any

from tests.conformance.karmada_placing import cluster
from tradewind.federation.divide import strategy_of
from tradewind.federation.spread import (
    CLUSTER,
    NO_LIMIT,
    Candidate,
    CannotSpread,
    Demand,
    Group,
    bounds,
    group_score,
    grouped,
    in_order,
    pick,
    select,
    select_groups,
)
from tradewind.resources.meta import decode
from tradewind.resources.policy_types import Placement, SpreadConstraint

Case = dict[str, Any]


def _candidate(given: Case, available: int = 0) -> Candidate:
    place = {name: given[name] for name in ("provider", "region", "zones") if given.get(name)}
    whole = cluster({"name": given["name"], "spec": place})
    return Candidate(whole, given.get("score") or 0, given.get("availableReplicas", available))


def _demand(placement: Placement, replicas: int | None) -> Demand:
    strategy = strategy_of(placement.replica_scheduling)
    dynamic = strategy in ("DynamicWeight", "Aggregated")
    # Upstream's cases take any placement that is not Duplicated for one that follows room.
    explicit = placement.replica_scheduling is None or dynamic
    return Demand(replicas or 0, bool(replicas) and explicit, strategy == "Duplicated")


def _select(given: Case, expect: Case) -> tuple[Any, Any]:
    placement = decode(given["placement"], Placement)
    candidates = [_candidate(one) for one in given["clusters"]]
    found = select(candidates, placement.spread_constraints, _demand(placement, given.get("replicas")))
    if isinstance(found, CannotSpread):
        return "an error", "an error" if expect.get("error") or expect.get("selected", 0) is None else expect
    names = [one.name for one in found]
    if "selectedCount" in expect:
        return len(names), expect["selectedCount"]
    if expect.get("compare") == "ordered":
        return names, expect.get("selected")
    return sorted(names), sorted(expect["selected"])


def _by_region(given: Case, expect: Case) -> tuple[Any, Any]:
    within = bounds([decode(one, SpreadConstraint) for one in given["spreadConstraints"]])
    groups = [
        Group(one["name"], tuple(_candidate(member) for member in one["clusters"]), one["score"])
        for one in given["regions"]
    ]
    if len(groups) < within["region"][0]:
        return None, expect.get("selected")
    fewest, most = within.get(CLUSTER, (1, NO_LIMIT))
    paths = select_groups(groups, within["region"], fewest)
    if not paths:
        return None, expect.get("selected")
    members = in_order(one for group in paths[0] for one in group.candidates)
    return [one.name for one in pick(members, paths[0], most)], expect.get("selected")


def _groups(given: Case, expect: Case) -> tuple[Any, Any]:
    member = _candidate({"name": "member"})
    groups = [Group(one["name"], (member,) * one["clusterCount"], one["score"]) for one in given["groups"]]
    paths = select_groups(groups, (given["minGroups"], given["maxGroups"]), given["minClusters"])
    return [one.name for one in paths[0]] if paths else None, expect["selected"]


def _score(given: Case, expect: Case) -> tuple[Any, Any]:
    placement = decode(given["placement"], Placement)
    demand = _demand(placement, given["replicas"])
    one, other = (
        group_score([_candidate(member) for member in given[name]], given["minGroups"] or 1, 1, demand)
        for name in ("group1", "group2")
    )
    return one >= other, expect["group1ScoreGteGroup2"]


def _grouping(given: Case, expect: Case) -> tuple[Any, Any]:
    placement = decode(given["placement"], Placement)
    within = bounds(placement.spread_constraints)
    ordered = in_order(_candidate(one, given["availableReplicasEach"]) for one in given["clusters"])
    demand = Demand(1, needs_room=True, duplicated=False)
    found: Case = {"order": [one.name for one in ordered]}
    for field in ("zone", "region", "provider"):
        found[f"{field}Count"] = len(grouped(ordered, field, within, demand)) if field in within else 0
    return found, expect


def _order(given: Case, expect: Case) -> tuple[Any, Any]:
    return [one.name for one in in_order(map(_candidate, given["clusters"]))], expect["order"]


def _defaults(given: Case, expect: Case) -> tuple[Any, Any]:
    found = bounds([decode(one, SpreadConstraint) for one in given["spreadConstraints"]])
    wanted = {one["spreadByField"]: one["minGroups"] for one in expect["spreadConstraints"]}
    return {field: fewest for field, (fewest, _) in found.items()}, wanted


HANDLERS: dict[tuple[str, str], Any] = {
    ("spread-cluster", "default-spread-constraints"): _defaults,
    ("spread-cluster", "select-clusters"): _select,
    ("spread-group-score", "compare-group-score"): _score,
    ("spread-grouping", "group-and-sort"): _grouping,
    ("spread-grouping", "sort-clusters"): _order,
    ("spread-region", "select-clusters-by-region"): _by_region,
    ("spread-region", "select-clusters-e2e"): _select,
    ("spread-region", "select-groups"): _groups,
}
