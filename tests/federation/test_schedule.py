"""Placing an object, and what asks for placing it again."""

import json

import pytest

from tests.federation.objects import SERVICE, cluster, placement, taint, weights
from tradewind.federation.place import NotPlaced, Placed, is_workload
from tradewind.federation.schedule import placement_changed, schedule, why_schedule
from tradewind.resources.cluster_types import ResourceSummary
from tradewind.resources.meta import encode, replace
from tradewind.resources.work import (
    BindingSpec,
    BindingStatus,
    ReplicaRequirements,
    TargetCluster,
)

CLUSTERS = [cluster(name) for name in "abc"]
STATUS = BindingStatus()


def spec(replicas=6, given=None, workload=True, here=None, **more):
    return BindingSpec(
        resource=SERVICE,
        replicas=replicas,
        replica_requirements=ReplicaRequirements() if workload else None,
        placement=placement(given or {}),
        clusters=[TargetCluster(name=name, replicas=share) for name, share in (here or {}).items()],
        **more,
    )


def shares_of(outcome):
    assert isinstance(outcome, Placed)
    return {one.name: one.replicas for one in outcome.clusters}


@pytest.mark.parametrize(
    ("asked", "shares"),
    [
        (spec(), {"a": 6, "b": 6, "c": 6}),
        (spec(given={"replicaScheduling": weights(a=3, b=2, c=1)}), {"a": 3, "b": 2, "c": 1}),
        # A share of nothing is no place at all.
        (spec(2, {"replicaScheduling": weights(a=3, b=2, c=1)}), {"a": 1, "b": 1}),
        # Scaled to zero: waiting where it would get replicas.
        (spec(0, {"replicaScheduling": weights(a=3, b=2)}), {"a": 0, "b": 0}),
        (
            spec(0, {"replicaScheduling": {"replicaDivisionPreference": "Aggregated"}}),
            {"a": 0, "b": 0, "c": 0},
        ),
        # Without replicas to divide, divided or not.
        (spec(0, {"replicaScheduling": weights(a=3)}, workload=False), {"a": 0, "b": 0, "c": 0}),
        (spec(given={"clusterAffinity": {"exclude": ["b"]}}), {"a": 6, "c": 6}),
    ],
)
def test_placed(asked, shares):
    assert shares_of(schedule(asked, STATUS, CLUSTERS)) == shares


def test_clusters_that_are_leaving_are_out():
    leaving = [*CLUSTERS[:2], cluster("c", deletion_timestamp="T")]
    assert shares_of(schedule(spec(here={"c": 6}), STATUS, leaving)) == {"a": 6, "b": 6}


def test_no_cluster_fits():
    tainted = [cluster("a", taints=[taint("gpu")]), cluster("b")]
    outcome = schedule(spec(given={"clusterAffinity": {"clusterNames": ["a", "x"]}}), STATUS, tainted)
    assert outcome == NotPlaced(
        "NoClusterFit",
        "0/2 clusters are available: 1 cluster(s) did not match the placement cluster affinity constraint, 1 "
        "cluster(s) had untolerated taint {gpu:NoSchedule}. (a: cluster(s) had untolerated taint "
        "{gpu:NoSchedule}; b: cluster(s) did not match the placement cluster affinity constraint)",
        clear=True,
    )


def test_no_room():
    how = {"replicaScheduling": {"replicaDivisionPreference": "Aggregated"}}
    outcome = schedule(spec(6, how), STATUS, CLUSTERS)
    assert isinstance(outcome, NotPlaced) and outcome.reason == "Unschedulable" and not outcome.clear


def test_room_comes_from_what_clusters_report():
    def with_cpu(one, cpu):
        summary = ResourceSummary(allocatable={"cpu": cpu, "pods": "110"})
        return replace(one, status=replace(one.status, resource_summary=summary))

    how = {"replicaScheduling": {"replicaDivisionPreference": "Aggregated"}}
    asked = replace(spec(6, how), replica_requirements=ReplicaRequirements(resource_request={"cpu": "2"}))
    clusters = [with_cpu(one, cpu) for one, cpu in zip(CLUSTERS, ("4", "20", "4"), strict=True)]
    assert shares_of(schedule(asked, STATUS, clusters)) == {"b": 6}


GROUPS = {
    "clusterAffinities": [
        {"affinityName": "first", "clusterNames": ["x"]},
        {"affinityName": "second", "clusterNames": ["b"]},
        {"affinityName": "third", "clusterNames": ["c"]},
    ]
}


@pytest.mark.parametrize(("observed", "group"), [("", "second"), ("second", "second"), ("third", "third")])
def test_groups_are_tried_from_the_one_in_use(observed, group):
    status = BindingStatus(scheduler_observed_affinity_name=observed)
    outcome = schedule(spec(given=GROUPS), status, CLUSTERS)
    assert isinstance(outcome, Placed) and outcome.affinity_name == group


def test_a_rescheduling_that_was_asked_for_begins_with_the_first_group():
    status = BindingStatus(
        scheduler_observed_affinity_name="third", last_scheduled_time="2027-01-01T00:00:00Z"
    )
    asked = spec(given=GROUPS, reschedule_triggered_at="2027-01-02T00:00:00Z")
    outcome = schedule(asked, status, CLUSTERS)
    assert isinstance(outcome, Placed) and outcome.affinity_name == "second"


def test_if_all_groups_fail_the_first_one_says_why():
    outcome = schedule(spec(given=GROUPS), STATUS, [cluster("y")])
    assert isinstance(outcome, NotPlaced) and outcome.clear


DIVIDED = {"replicaScheduling": weights(a=1, b=1)}
PLACED = {"a": 3, "b": 3}


def applied(given):
    return json.dumps(encode(placement(given)))


@pytest.mark.parametrize(
    ("asked", "annotation", "reason"),
    [
        (spec(6, DIVIDED, here=PLACED), applied(DIVIDED), ""),
        (spec(6, DIVIDED, here=PLACED), "", "the placement has changed"),
        (spec(6, DIVIDED, here=PLACED), applied({}), "the placement has changed"),
        (spec(8, DIVIDED, here=PLACED), applied(DIVIDED), "the number of replicas has changed"),
        (spec(6, DIVIDED), applied(DIVIDED), "the object is nowhere"),
        (spec(0, DIVIDED), applied(DIVIDED), "the object is nowhere"),
        (spec(6, DIVIDED, here={"a": 3, "gone": 3}), applied(DIVIDED), "a cluster is leaving"),
        (spec(6, {}, here={"a": 6}), applied({}), "the object belongs in every cluster that matches"),
        (
            spec(0, DIVIDED, workload=False, here={"a": 0}),
            applied(DIVIDED),
            "the object belongs in every cluster that matches",
        ),
        (
            spec(6, DIVIDED, here=PLACED, reschedule_triggered_at="2027-01-02T00:00:00Z"),
            applied(DIVIDED),
            "rescheduling was asked for",
        ),
    ],
)
def test_what_asks_for_scheduling(asked, annotation, reason):
    status = BindingStatus(last_scheduled_time="2027-01-01T00:00:00Z")
    assert why_schedule(asked, status, annotation, CLUSTERS) == reason


def test_neither_readiness_nor_a_new_taint_asks_for_scheduling():
    troubled = [cluster("a", ready="Unknown", taints=[taint("unreachable")]), cluster("b"), cluster("new")]
    assert why_schedule(spec(6, DIVIDED, here=PLACED), STATUS, applied(DIVIDED), troubled) == ""


@pytest.mark.parametrize(
    ("now", "before", "observed", "changed"),
    [
        ({}, {"clusterAffinity": {"clusterNames": ["a"]}}, "", True),
        ({"clusterTolerations": [{"key": "k"}]}, {}, "", True),
        # Only the group in use counts.
        (GROUPS, {"clusterAffinities": GROUPS["clusterAffinities"][:2]}, "second", False),
        (GROUPS, {"clusterAffinities": GROUPS["clusterAffinities"][:2]}, "third", True),
        (GROUPS, {"clusterAffinities": GROUPS["clusterAffinities"][:2]}, "", True),
    ],
)
def test_placement_changed(now, before, observed, changed):
    assert placement_changed(placement(now), applied(before), observed) is changed


def test_an_annotation_that_cannot_be_read_changes_nothing():
    assert not placement_changed(placement({}), "{broken", "")


@pytest.mark.parametrize(
    ("asked", "workload"),
    [(spec(1, workload=False), True), (spec(0), True), (spec(0, workload=False), False)],
)
def test_workload(asked, workload):
    assert is_workload(asked) is workload


def roomy(name, cpu):
    one = cluster(name)
    summary = ResourceSummary(allocatable={"pods": "110", "cpu": str(cpu)})
    return replace(one, status=replace(one.status, resource_summary=summary))


OVERFLOW = {
    "clusterAffinities": [
        {
            "affinityName": "own",
            "clusterNames": ["a"],
            "overflowAffinities": [
                {"affinityName": "rented", "clusterNames": ["b"]},
                {"affinityName": "dear", "clusterNames": ["a", "c"]},
            ],
        }
    ],
    "replicaScheduling": {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
        "weightPreference": {"dynamicWeight": "AvailableReplicas"},
    },
}


@pytest.mark.parametrize(
    ("replicas", "here", "shares"),
    [
        (2, {}, {"a": 2}),
        (5, {}, {"a": 3, "b": 2}),
        (9, {}, {"a": 3, "b": 4, "c": 2}),
        # What is placed is room of its own; fewer replicas empty the last tier first.
        (6, {"a": 2, "b": 4, "c": 3}, {"a": 5, "b": 1}),
        (99, {}, None),
    ],
)
def test_what_a_group_has_no_room_for_overflows(replicas, here, shares):
    asked = replace(
        spec(replicas, OVERFLOW, here=here),
        replica_requirements=ReplicaRequirements(resource_request={"cpu": "1"}),
    )
    outcome = schedule(asked, STATUS, [roomy("a", 3), roomy("b", 4), roomy("c", 5)])
    if shares is None:
        assert isinstance(outcome, NotPlaced)
        assert "not enough" in outcome.message
    else:
        assert shares_of(outcome) == shares
