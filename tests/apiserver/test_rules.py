"""Metadata through an object's life."""

import pytest

from tests.apiserver.world import START_MS, config_map, pod
from tradewind.apiserver import rules
from tradewind.resources.core_kinds import CONFIG_MAP, LEASE, NAMESPACE, NODE, POD

UID = "6b1b8f7e-0000-4000-8000-00000000002a"
NOW = "2027-01-15T08:00:00Z"


def test_a_new_object_gets_its_system_fields_from_the_server_alone():
    given = config_map(
        uid="mine",
        generation=7,
        creationTimestamp="x",
        deletionTimestamp="y",
        managedFields=[{}],
        labels={"a": "b"},
    )
    assert rules.created(CONFIG_MAP, given, UID, START_MS)["metadata"] == {
        "name": "a",
        "namespace": "d",
        "uid": UID,
        "creationTimestamp": NOW,
        "labels": {"a": "b"},
    }


@pytest.mark.parametrize(("kind", "generation"), [(POD, 1), (NODE, 1), (LEASE, 1), (CONFIG_MAP, None)])
def test_core_kinds_without_status_have_no_generation(kind, generation):
    given = {"metadata": {"name": "a", "namespace": "d"}, "status": {"x": 1}}
    created = rules.created(kind, given, UID, START_MS)
    assert created["metadata"].get("generation") == generation
    if kind.has_status:
        assert created.get("status") == (kind.first_status({}) if kind.first_status else None)
    assert ("namespace" in created["metadata"]) is kind.namespaced


def test_a_namespace_begins_active():
    assert rules.created(NAMESPACE, {"metadata": {"name": "n"}}, UID, START_MS)["status"] == {
        "phase": "Active"
    }


OLD = rules.created(POD, pod(labels={"a": "b"}), UID, START_MS) | {"status": {"phase": "Running"}}


def test_an_update_keeps_status_and_system_fields_and_counts_only_new_specs():
    new = pod(uid="x", generation=9, labels={"c": "d"}) | {"status": {"phase": "Failed"}}
    relabelled = rules.replaced(POD, new, OLD)
    assert relabelled["status"] == {"phase": "Running"}
    assert relabelled["metadata"] == OLD["metadata"] | {"labels": {"c": "d"}}
    assert rules.replaced(POD, pod(node="n1"), OLD)["metadata"]["generation"] == 2


def test_a_status_update_takes_nothing_but_status():
    new = pod(node="n1", labels={"c": "d"}) | {"status": {"phase": "Failed"}}
    assert rules.with_status(POD, new, OLD) == OLD | {"status": {"phase": "Failed"}}
    assert "status" not in rules.with_status(POD, pod(), OLD)


def test_finalizers_may_go_but_not_come_while_an_object_is_deleted():
    old = pod(finalizers=["a", "b"], deletionTimestamp=NOW)
    assert rules.update_problems(pod(finalizers=["b"]), old) == []
    (problem,) = rules.update_problems(pod(finalizers=["b", "c"]), old)
    assert problem.path == "metadata.finalizers"
    assert 'found new finalizers []string{"c"}' in problem.message
    assert rules.update_problems(pod(finalizers=["c"]), pod()) == []


def deleted(manifest, grace=None, kind=POD):
    return rules.deleted(kind, manifest, grace, START_MS)


@pytest.mark.parametrize(
    ("manifest", "grace", "left_seconds"),
    [
        (pod(), None, None),  # no node has it
        (pod(node="n1"), None, 30),
        (pod(node="n1"), 0, None),
        (pod(node="n1"), 5, 5),
        (pod(node="n1"), -1, 1),
        (pod(node="n1") | {"status": {"phase": "Succeeded"}}, None, None),
        (pod(node="n1") | {"status": {"phase": "Running"}}, None, 30),
        (pod(finalizers=["x/y"]), None, 0),
        (pod(node="n1", finalizers=["x/y"]), 0, 0),
    ],
)
def test_a_pod_waits_for_its_node_and_its_finalizers(manifest, grace, left_seconds):
    after = deleted(manifest, grace)
    if left_seconds is None:
        assert after is None
    else:
        assert after["metadata"]["deletionGracePeriodSeconds"] == left_seconds
        assert after["metadata"]["deletionTimestamp"] == f"2027-01-15T08:00:{left_seconds:02d}Z"


@pytest.mark.parametrize(
    ("grace", "later_ms", "grace_after", "at"),
    [
        (None, 10_000, 30, "08:00:30"),  # asking again changes nothing
        (60, 10_000, 30, "08:00:30"),  # the wait cannot be prolonged
        (20, 10_000, 20, "08:00:20"),  # but shortened,
        (5, 10_000, 1, "08:00:10"),  # though not into the past; whoever stops the Pod still removes it
    ],
)
def test_the_wait_can_only_be_shortened(grace, later_ms, grace_after, at):
    marked = deleted(pod(node="n1"))
    after = rules.deleted(POD, marked, grace, START_MS + later_ms)
    assert after["metadata"]["deletionGracePeriodSeconds"] == grace_after
    assert after["metadata"]["deletionTimestamp"] == f"2027-01-15T{at}Z"
    assert (after is marked) is (grace_after == 30)
    assert rules.deleted(POD, marked, 0, START_MS) is None


def test_other_kinds_wait_for_finalizers_only_and_count_a_generation():
    assert deleted(config_map(), 30, CONFIG_MAP) is None
    marked = deleted(config_map(finalizers=["x/y"], generation=1), 30, CONFIG_MAP)
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert marked["metadata"]["generation"] == 2
    assert deleted(marked, 0, CONFIG_MAP) is marked


@pytest.mark.parametrize(
    ("metadata", "finished"),
    [
        ({}, False),
        ({"deletionTimestamp": NOW}, True),
        ({"deletionTimestamp": NOW, "deletionGracePeriodSeconds": 0, "finalizers": []}, True),
        ({"deletionTimestamp": NOW, "deletionGracePeriodSeconds": 3}, False),
        ({"deletionTimestamp": NOW, "finalizers": ["x"]}, False),
    ],
)
def test_is_finished(metadata, finished):
    assert rules.is_finished({"metadata": metadata}) is finished


def test_generated_names_differ_by_uid_and_stay_short():
    one, other = rules.generated_name("p-", UID), rules.generated_name("p-", UID.replace("2a", "2b"))
    assert one != other
    assert one.startswith("p-")
    assert len(one) == 7
    assert len(rules.generated_name("x" * 100, UID)) == 63
