"""A row for every step in a Pod's life, and for every way in which it fails."""

import pytest

from tests.observe.objects import condition, container, failing_pod, loading_pod, pod, ready_pod
from tradewind.observe.replicas import replica_state, service_of

NOT_SCHEDULED = condition("PodScheduled", "False", "Unschedulable", "needs 4 nvidia.com/gpu, 2 are free")
UNREADY = "containers with unready status: [kserve-container]"

CASES = {
    "nobody has looked at it": (pod(node=""), ("waiting", "")),
    "it fits nowhere": (
        pod(node="", conditions=[NOT_SCHEDULED]),
        ("waiting", "needs 4 nvidia.com/gpu, 2 are free"),
    ),
    "it has a node": (pod(), ("scheduled", "")),
    "its download has not begun": (
        pod(initContainerStatuses=[container({"waiting": {"reason": "PodInitializing"}})]),
        ("scheduled", ""),
    ),
    "its download has begun": (pod(initContainerStatuses=[container({"running": {}})]), ("downloading", "")),
    "its model is coming": (
        pod(initContainerStatuses=[container({"running": {"message": "downloading 3.1 MB of 12.0 MB"}})]),
        ("downloading", "3.1 MB of 12.0 MB"),
    ),
    "its model cannot be had": (
        pod(
            initContainerStatuses=[
                container(
                    {"waiting": {"reason": "CrashLoopBackOff", "message": "s3://models/x: no such key"}}
                )
            ]
        ),
        ("failing", "CrashLoopBackOff: s3://models/x: no such key"),
    ),
    "its download has ended badly": (
        pod(
            initContainerStatuses=[
                container({"terminated": {"exitCode": 1, "reason": "Error", "message": "access denied"}})
            ]
        ),
        ("failing", "Error (exit code 1): access denied"),
    ),
    "its model is there, its server is not yet": (
        pod(
            initContainerStatuses=[container({"terminated": {"exitCode": 0, "reason": "Completed"}})],
            containerStatuses=[container({"waiting": {"reason": "PodInitializing"}})],
        ),
        ("loading", ""),
    ),
    "it runs and is not ready": (loading_pod("a"), ("loading", "")),
    "it runs, and its probe says why it is not ready": (
        pod(
            containerStatuses=[container({"running": {}}, ready=False)],
            conditions=[condition("ContainersReady", "False", "ContainersNotReady", f"{UNREADY}: HTTP 503")],
        ),
        ("loading", "HTTP 503"),
    ),
    "it runs, and no probe has answered": (
        pod(
            containerStatuses=[container({"running": {}}, ready=False)],
            conditions=[condition("ContainersReady", "False", "ContainersNotReady", UNREADY)],
        ),
        ("loading", ""),
    ),
    "it runs again after it has failed": (
        pod(
            containerStatuses=[
                container(
                    {"running": {}},
                    ready=False,
                    restartCount=2,
                    lastState={"terminated": {"signal": 9, "reason": "OOMKilled", "message": "loading 4 GB"}},
                )
            ]
        ),
        ("loading", "restarted 2 times; last: OOMKilled (signal 9): loading 4 GB"),
    ),
    "it serves": (ready_pod("a"), ("ready", "")),
    "it waits before another try": (
        failing_pod("a"),
        ("failing", "CrashLoopBackOff: back-off 4s; last line: no such file"),
    ),
    "it waits, and only its last end says why": (
        pod(
            containerStatuses=[
                container(
                    {"waiting": {"reason": "CrashLoopBackOff"}},
                    lastState={"terminated": {"exitCode": 3, "message": "corrupt model"}},
                )
            ]
        ),
        ("failing", "CrashLoopBackOff: Ended (exit code 3): corrupt model"),
    ),
    "it has failed for good": (
        pod(phase="Failed", reason="Evicted", message="out of memory"),
        ("failing", "Evicted: out of memory"),
    ),
}


@pytest.mark.parametrize(("manifest", "wanted"), CASES.values(), ids=CASES)
def test_state(manifest, wanted):
    assert replica_state(manifest) == wanted


def test_deletion_hides_everything_else():
    ending = ready_pod("a")
    ending["metadata"]["deletionTimestamp"] = "2026-08-01T12:00:00Z"
    assert replica_state(ending)[0] == "draining"


def test_an_empty_pod_is_no_error():
    assert replica_state({}) == ("waiting", "")
    assert service_of({}) == ""


def test_service_of():
    assert service_of(ready_pod("a", "fraud")) == "fraud"
