"""How far replicas are, and why those that are not ready are not."""

import pytest

from tests.serving.cluster import crashed
from tests.serving.objects import (
    CRASHING,
    DOWNLOADING,
    LOADED_INIT,
    LOADING,
    NO_MODEL,
    NO_ROOM,
    READY,
    SCHEDULED,
    pod,
)
from tradewind.resources.meta import Manifest
from tradewind.serving.replicas import ReplicaCount, count_replicas, newest_first
from tradewind.serving.troubles import Severity, last_line, trouble_of, worst_trouble


def test_each_pod_counts_once():
    pods = [
        pod("a", READY),
        pod("b", READY, leaving=True),
        pod("c", NO_ROOM),
        pod("d", NO_MODEL),
        pod("e"),
        pod("f", {"phase": "Failed", **NO_ROOM}),
    ]
    found = count_replicas(pods)
    assert found == ReplicaCount(ready=1, without_room=1, under_way=3, leaving=1)
    assert found.total == 5
    assert not found.is_full


def test_full_is_when_only_room_is_missing():
    assert ReplicaCount(ready=2, without_room=1).is_full
    assert ReplicaCount(without_room=1).is_full
    assert not ReplicaCount(ready=2).is_full


def test_newest_first_then_by_name():
    pods = [pod("b", created_s=1), pod("c", created_s=2), pod("a", created_s=1)]
    assert [one.metadata.name for one in newest_first(pods)] == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("status", "severity", "reason", "message"),
    [
        ({}, Severity.UNDER_WAY, "Starting", ""),
        (SCHEDULED, Severity.UNDER_WAY, "Starting", ""),
        (NO_ROOM, Severity.NO_ROOM, "Unschedulable", "0/1 nodes are available: 1 Insufficient cpu"),
        (DOWNLOADING, Severity.UNDER_WAY, "Downloading", "the model is being downloaded"),
        (LOADING, Severity.UNDER_WAY, "Loading", ""),
        (NO_MODEL, Severity.FAILED, "ModelLoadFailed", "no such key"),
        (CRASHING, Severity.FAILED, "ModelLoadFailed", "cannot unpickle"),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "the node was full"},
            Severity.FAILED,
            "Evicted",
            "the node was full",
        ),
        ({"phase": "Failed"}, Severity.FAILED, "PodFailed", ""),
    ],
)
def test_troubles(status: Manifest, severity: Severity, reason: str, message: str):
    trouble = trouble_of(pod("a", status))
    assert trouble is not None
    assert (trouble.severity, trouble.reason, trouble.message) == (severity, reason, message)


@pytest.mark.parametrize(("status", "leaving"), [(READY, False), (NO_MODEL, True)])
def test_no_trouble(status: Manifest, leaving: bool):
    assert trouble_of(pod("a", status, leaving=leaving)) is None


def test_a_container_that_runs_again_after_a_failure_has_failed_until_it_is_ready():
    again = crashed("kserve-container", "cannot unpickle", 3) | {"state": {"running": {}}}
    status = SCHEDULED | {"initContainerStatuses": [LOADED_INIT], "containerStatuses": [again]}
    trouble = trouble_of(pod("a", status))
    assert trouble is not None
    assert (trouble.reason, trouble.message) == ("ModelLoadFailed", "cannot unpickle")


def test_progress_is_left_to_the_pod_and_probe_answers_are_passed_on():
    running = {"name": "storage-initializer", "state": {"running": {"message": "downloading 1 MB of 2 MB"}}}
    trouble = trouble_of(pod("a", SCHEDULED | {"initContainerStatuses": [running]}))
    assert trouble is not None and trouble.message == "the model is being downloaded"
    unready = {"type": "Ready", "status": "False", "message": "not ready: HTTP 503"}
    conditions = [*SCHEDULED["conditions"], unready]
    trouble = trouble_of(pod("a", LOADING | {"conditions": conditions}))
    assert trouble is not None and str(trouble) == "a: Loading: not ready: HTTP 503"


def test_a_container_that_cannot_be_made():
    waiting = {"reason": "CreateContainerConfigError", "message": 'secret "s3" not found'}
    status = {"name": "kserve-container", "state": {"waiting": waiting}}
    trouble = trouble_of(pod("a", SCHEDULED | {"containerStatuses": [status]}))
    assert trouble is not None
    assert str(trouble) == 'a: CreateContainerConfigError: secret "s3" not found'


def test_an_end_without_words():
    status = SCHEDULED | {"initContainerStatuses": [crashed("storage-initializer", "", 1)]}
    trouble = trouble_of(pod("a", status))
    assert trouble is not None
    assert trouble.message == "storage-initializer ended with exit code 1"


def test_a_killed_replica_is_not_blamed_for_its_last_line():
    """What it wrote last has nothing to do with its end; it is simply started again."""
    status = SCHEDULED | {"containerStatuses": [crashed("kserve-container", "ready", 137)]}
    trouble = trouble_of(pod("a", status))
    assert trouble is not None
    assert str(trouble) == "a: Restarting: its process was killed (exit code 137)"


@pytest.mark.parametrize(
    "change", [{"restartCount": 9}, {"lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}]
)
def test_a_replica_killed_again_and_again_or_for_its_memory_has_failed(change: dict[str, object]):
    container = crashed("kserve-container", "out of memory", 137) | change
    trouble = trouble_of(pod("a", SCHEDULED | {"containerStatuses": [container]}))
    assert trouble is not None and trouble.severity is Severity.FAILED


def test_words_that_only_name_the_container_are_left_out():
    unready = {
        "type": "Ready",
        "status": "False",
        "message": "containers with unready status: [kserve-container]",
    }
    trouble = trouble_of(pod("a", LOADING | {"conditions": [*SCHEDULED["conditions"], unready]}))
    assert trouble is not None and str(trouble) == "a: Loading"


def test_the_worst_is_told_and_of_equals_the_first_by_name():
    pods = [pod("a", LOADING), pod("c", NO_MODEL), pod("b", CRASHING), pod("d", NO_ROOM), pod("e", READY)]
    worst = worst_trouble(pods)
    assert worst is not None and worst.pod == "b"
    assert worst_trouble([pod("e", READY)]) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("", ""), ("one", "one"), ("one\n  two  \n\n", "two"), ("x" * 900, "x" * 500)],
)
def test_last_line(text: str, wanted: str):
    assert last_line(text) == wanted
