"""Status of a revision, and the conditions' times."""

import pytest

from tests.serving.cluster import START_MS
from tests.serving.objects import CRASHING, LOADING, NO_MODEL, NO_ROOM, READY, pod, revision
from tradewind.resources.core import Pod
from tradewind.resources.meta import Condition, Manifest, condition_of, encode
from tradewind.resources.times import time_text
from tradewind.serving.conditions import HOLDS, Verdict, all_of, condition, dated
from tradewind.serving.replicas import ReplicaCount
from tradewind.serving.revision_status import is_up, revision_status

WAS_READY = {
    "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}]
}


def verdicts(wanted: int, *pods: Pod, before: Manifest | None = None, least: int = 1) -> dict[str, str]:
    found = revision_status(revision(status=before), wanted, pods, least, START_MS)
    return {one.type: one.status for one in found.conditions}


@pytest.mark.parametrize(
    ("pods", "ready", "healthy", "resources"),
    [
        ([], "Unknown", "Unknown", "Unknown"),
        ([pod("a", LOADING)], "Unknown", "Unknown", "True"),
        ([pod("a", READY), pod("b", LOADING)], "Unknown", "True", "True"),
        ([pod("a", READY), pod("b", READY)], "True", "True", "True"),
        ([pod("a", READY), pod("b", NO_MODEL)], "False", "False", "True"),
        ([pod("a", NO_ROOM)], "False", "Unknown", "False"),
        ([pod("a", READY), pod("b", NO_ROOM)], "True", "True", "False"),
    ],
)
def test_conditions_of_two_wanted_replicas(pods: list[Pod], ready: str, healthy: str, resources: str):
    assert verdicts(2, *pods) == {
        "Active": "True",
        "ContainerHealthy": healthy,
        "Ready": ready,
        "ResourcesAvailable": resources,
    }


def test_the_reason_is_the_replicas_own():
    found = revision_status(revision(), 2, [pod("a", READY), pod("b", CRASHING)], 1, START_MS)
    ready = condition_of(found.conditions, "Ready")
    assert ready is not None
    assert (ready.reason, ready.message) == ("ModelLoadFailed", "b: cannot unpickle")
    assert (found.desired_replicas, found.actual_replicas) == (2, 1)


@pytest.mark.parametrize(
    ("count", "least", "was_up", "up"),
    [
        (ReplicaCount(ready=3), 1, False, True),
        (ReplicaCount(ready=2, under_way=1), 1, False, False),
        (ReplicaCount(ready=2, under_way=1), 1, True, True),
        (ReplicaCount(ready=2, without_room=1), 1, False, True),
        (ReplicaCount(ready=1, under_way=2), 2, True, False),
        (ReplicaCount(ready=3), 9, True, True),
        (ReplicaCount(ready=0, without_room=3), 1, True, False),
        (ReplicaCount(), 1, True, False),
    ],
)
def test_a_revision_once_ready_stays_so_while_enough_are(
    count: ReplicaCount, least: int, was_up: bool, up: bool
):
    assert is_up(count, 3, least, was_up) == up


def test_a_revision_without_replicas_keeps_its_last_verdict():
    found = verdicts(0, pod("a", READY, leaving=True), before=WAS_READY)
    assert found == {"Ready": "True", "Active": "False"}


def test_a_settled_status_is_the_same_again():
    first = revision_status(revision(), 1, [pod("a", READY)], 1, START_MS)
    again = revision_status(revision(status=encode(first)), 1, [pod("a", READY)], 1, START_MS + 60_000)
    assert again == first


def test_times_change_with_the_status_and_with_nothing_else():
    before = [Condition(type="A", status="True", reason="Old", last_transition_time="2020-01-01T00:00:00Z")]
    (kept,) = dated([condition("A", Verdict("True", "New"))], before, START_MS)
    assert (kept.reason, kept.last_transition_time) == ("New", "2020-01-01T00:00:00Z")
    (changed,) = dated([condition("A", Verdict("False"))], before, START_MS)
    assert changed.last_transition_time == time_text(START_MS)
    (new,) = dated([condition("B", HOLDS)], before, START_MS)
    assert new.last_transition_time == time_text(START_MS)


def test_conditions_are_sorted_by_type():
    found = dated([condition("B", HOLDS), condition("A", HOLDS)], [], START_MS)
    assert [one.type for one in found] == ["A", "B"]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([HOLDS, Verdict("Unknown", "u"), Verdict("False", "f")], Verdict("False", "f")),
        ([Verdict("Unknown", "u"), HOLDS], Verdict("Unknown", "u")),
        ([], HOLDS),
    ],
)
def test_all_of(given: list[Verdict], wanted: Verdict):
    assert all_of(given) == wanted
