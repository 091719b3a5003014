"""Which feasible clusters are used."""

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.objects import binding, cluster, placement
from tests.federation.test_capacity import needs
from tradewind.federation.place import NotPlaced, Placed
from tradewind.federation.schedule import schedule
from tradewind.federation.spread import Candidate, CannotSpread, Demand, select
from tradewind.resources.cluster_types import Cluster, ResourceSummary
from tradewind.resources.meta import replace
from tradewind.resources.policy_types import SpreadConstraint
from tradewind.resources.work import BindingStatus, TargetCluster


def by(field: str, fewest: int = 1, most: int = 0) -> SpreadConstraint:
    return SpreadConstraint(spread_by_field=field, min_groups=fewest, max_groups=most)


def candidate(name: str, available: int = 0, score: int = 0, **where: Any) -> Candidate:
    return Candidate(cluster(name, **where), score, available)


DYNAMIC = Demand(10, needs_room=True, duplicated=False)
DUPLICATED = Demand(10, needs_room=False, duplicated=True)
FIXED = Demand(10, needs_room=False, duplicated=False)


def names(found: list[Candidate] | CannotSpread) -> list[str] | str:
    return found.message if isinstance(found, CannotSpread) else [one.name for one in found]


@pytest.mark.parametrize(
    ("rooms", "constraint", "demand", "chosen"),
    [
        ({"a": 5, "b": 6, "c": 7}, by("cluster"), DYNAMIC, ["c", "b", "a"]),
        ({"a": 5, "b": 6, "c": 7}, by("cluster", 1, 2), DYNAMIC, ["c", "b"]),
        ({"a": 1, "b": 2}, by("cluster", 1, 2), DYNAMIC, "no enough resource when selecting 2 clusters"),
        ({"a": 1, "b": 2}, by("cluster", 1, 2), FIXED, ["b", "a"]),
        (
            {"a": 9},
            by("cluster", 2),
            FIXED,
            "the number of feasible clusters is less than spreadConstraint.MinGroups (1 of at least 2)",
        ),
        ({"a": 9, "b": 9}, SpreadConstraint(spread_by_label="team", max_groups=1), FIXED, ["a", "b"]),
    ],
)
def test_by_cluster(rooms, constraint, demand, chosen):
    assert names(select([candidate(*one) for one in rooms.items()], [constraint], demand)) == chosen


def test_clusters_that_have_it_come_first_unless_their_room_does_not_suffice():
    here, small, large = candidate("here", 4, 100), candidate("small", 5), candidate("large", 9)
    assert names(select([small, large, here], [by("cluster", 1, 2)], DYNAMIC)) == ["here", "large"]
    assert names(select([small, large, here], [by("cluster", 1, 1)], FIXED)) == ["here"]
    assert names(select([small, candidate("vast", 20), here], [by("cluster", 1, 1)], DYNAMIC)) == ["vast"]


ATLAS = [
    candidate("va-1", 4, provider="aws", region="us", zones=["us-a"]),
    candidate("va-2", 9, provider="aws", region="us", zones=["us-b"]),
    candidate("ie-1", 6, provider="aws", region="eu", zones=["eu-a"]),
    candidate("be-1", 5, provider="gcp", region="eu", zones=["eu-b"]),
    candidate("sg-1", 3, provider="gcp", region="ap", zones=["ap-a"]),
]


@pytest.mark.parametrize(
    ("constraints", "chosen"),
    [
        ([by("region", 2, 2), by("cluster", 2, 2)], {"va-2", "ie-1"}),
        ([by("region", 3), by("cluster", 3, 3)], {"va-2", "ie-1", "sg-1"}),
        ([by("region", 1, 1), by("cluster", 2)], {"ie-1", "be-1"}),  # both have room: the first by name
        ([by("region", 1, 1), by("cluster", 3)], "the number of clusters is less than the cluster"),
        ([by("region", 4), by("cluster")], "the number of feasible region is less than"),
        ([by("zone", 2, 2), by("cluster", 2, 2)], {"va-2", "ie-1"}),
        ([by("provider", 2, 2), by("cluster", 2, 2)], {"va-2", "be-1"}),
        ([by("provider", 1, 1), by("region", 2, 2), by("cluster", 2, 2)], {"va-2", "ie-1"}),
        ([by("provider", 2), by("region", 3), by("cluster", 3)], {"va-2", "ie-1", "sg-1", "be-1", "va-1"}),
        ([by("region", 1, 1), by("zone", 2, 2), by("cluster", 2, 2)], {"ie-1", "be-1"}),
    ],
)
@pytest.mark.parametrize("demand", [DYNAMIC, DUPLICATED])
def test_by_topology(constraints, chosen, demand):
    found = names(select(ATLAS, constraints, demand))
    if isinstance(chosen, str):
        assert isinstance(found, str)
        assert found.startswith(chosen)
    elif demand is DYNAMIC:
        assert set(found) == chosen


FIELDS = {"region": lambda one: one.cluster.spec.region, "provider": lambda one: one.cluster.spec.provider}


@st.composite
def fleets(draw):
    count = draw(st.integers(1, 7))
    return [
        candidate(
            f"c{place}",
            draw(st.integers(0, 9)),
            draw(st.sampled_from([0, 100])),
            provider=draw(st.sampled_from(["aws", "gcp"])),
            region=draw(st.sampled_from(["us", "eu", "ap"])),
        )
        for place in range(count)
    ]


def fits(chosen: list[Candidate], constraints: list[SpreadConstraint]) -> bool:
    for one in constraints:
        key = FIELDS.get(one.spread_by_field, lambda candidate: candidate.name)
        groups = len({key(candidate) for candidate in chosen})
        if groups < (one.min_groups or 1) or groups > (one.max_groups or 99):
            return False
    return True


@given(
    fleets(), st.integers(1, 3), st.integers(0, 2), st.integers(1, 3), st.sampled_from(["region", "provider"])
)
def test_whenever_it_can_be_met_it_is_met(fleet, fewest, more, fewest_clusters, field):
    """The obvious twin: every subset of the clusters."""
    constraints = [by(field, fewest, fewest + more), by("cluster", fewest_clusters)]
    found = select(fleet, constraints, FIXED)
    subsets = (
        list(some) for size in range(1, len(fleet) + 1) for some in itertools.combinations(fleet, size)
    )
    if isinstance(found, CannotSpread):
        assert not any(fits(some, constraints) for some in subsets)
    else:
        assert fits(found, constraints)


def with_room(name: str, cpu: int, **spec: Any) -> Cluster:
    one = cluster(name, **spec)
    summary = ResourceSummary(allocatable={"pods": "110", "cpu": str(cpu)})
    return replace(one, status=replace(one.status, resource_summary=summary))


def placed(given_placement: dict[str, Any], fleet: list[Cluster], replicas: int = 6, **spec: Any):
    whole = replace(
        binding().spec,
        replicas=replicas,
        replica_requirements=needs(cpu="1"),
        placement=placement(given_placement),
        **spec,
    )
    outcome = schedule(whole, BindingStatus(), fleet)
    if isinstance(outcome, NotPlaced):
        return outcome.reason
    assert isinstance(outcome, Placed)
    return {target.name: target.replicas for target in outcome.clusters}


TWO_CLUSTERS = [{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2}]
FLEET = [with_room("a", 3), with_room("b", 4), with_room("c", 9)]


@pytest.mark.parametrize(
    ("scheduling", "shares"),
    [
        (None, {"b": 6, "c": 6}),
        ({"replicaSchedulingType": "Duplicated"}, {"b": 6, "c": 6}),
        ({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}, {"a": 3, "b": 3}),
        (
            {
                "replicaSchedulingType": "Divided",
                "replicaDivisionPreference": "Weighted",
                "weightPreference": {"dynamicWeight": "AvailableReplicas"},
            },
            {"b": 2, "c": 4},
        ),
        ({"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}, {"c": 6}),
    ],
)
def test_every_division_stays_within_the_selected_clusters(scheduling, shares):
    given_placement: dict[str, Any] = {"spreadConstraints": TWO_CLUSTERS}
    if scheduling:
        given_placement["replicaScheduling"] = scheduling
    assert placed(given_placement, FLEET) == shares


def heavier(*weights: int) -> dict[str, Any]:
    """A placement in two of the clusters a, b and c, by these weights."""
    rules = [
        {"targetCluster": {"clusterNames": [name]}, "weight": weight}
        for name, weight in zip("abc", weights, strict=True)
    ]
    scheduling = {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"staticWeightList": rules},
    }
    return {"spreadConstraints": TWO_CLUSTERS, "replicaScheduling": scheduling}


def test_static_weights_choose_the_heavier_clusters():
    assert placed(heavier(1, 2, 3), FLEET) == {"b": 2, "c": 4}


def test_what_has_no_replicas_goes_where_the_workload_of_its_policy_goes():
    secret = replace(binding().spec, replicas=0, placement=placement(heavier(3, 1, 2)))
    outcome = schedule(secret, BindingStatus(), FLEET)
    assert isinstance(outcome, Placed)
    assert [target.name for target in outcome.clusters] == ["a", "c"]
    assert set(placed(heavier(3, 1, 2), FLEET)) == {"a", "c"}


def test_what_cannot_be_spread_stays_where_it_is():
    three = [{"spreadByField": "cluster", "minGroups": 4}]
    assert placed({"spreadConstraints": three}, FLEET) == "SchedulerError"


def test_selection_is_stable_when_it_is_run_again():
    scheduling = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"}
    given_placement = {"spreadConstraints": TWO_CLUSTERS, "replicaScheduling": scheduling}
    first = placed(given_placement, FLEET)
    targets = [TargetCluster(name=name, replicas=share) for name, share in first.items()]
    assert placed(given_placement, FLEET, clusters=targets) == first
