"""What `kubectl get pods` says about a Pod: rows of upstream's `TestPrintPod` and its relatives."""

from typing import Any

import pytest

from tradewind.resources.pod_columns import POD_COLUMNS, pod_summary
from tradewind.resources.times import time_text

RUNNING = {"running": {"startedAt": "2026-08-01T12:00:00Z"}}
READY = [{"type": "Ready", "status": "True"}]


def waiting(reason: str = "") -> dict[str, Any]:
    return {"waiting": {"reason": reason} if reason else {}}


def ended(code: int, reason: str = "", signal: int = 0) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "reason": reason, "signal": signal}}


def pod(
    phase: str,
    *states: dict[str, Any],
    init: tuple[dict[str, Any], ...] = (),
    metadata: dict[str, Any] | None = None,
    **status: Any,
) -> dict[str, Any]:
    """A Pod whose containers are in `states`; a running one is ready unless the state says otherwise."""
    spec = {
        "initContainers": [{"name": f"init{place}"} for place, _ in enumerate(init)],
        "containers": [{"name": f"main{place}"} for place in range(max(1, len(states)))],
    }
    containers = [
        {"name": f"main{place}", "ready": "running" in one, "state": one} for place, one in enumerate(states)
    ]
    initial = [{"name": f"init{place}", "state": one, "restartCount": 3} for place, one in enumerate(init)]
    found = {"phase": phase, "containerStatuses": containers, "initContainerStatuses": initial} | status
    return {"metadata": {"name": "p"} | (metadata or {}), "spec": spec, "status": found}


@pytest.mark.parametrize(
    ("name", "manifest", "ready", "status"),
    [
        ("just created", pod("Pending"), "0/1", "Pending"),
        ("running", pod("Running", RUNNING), "1/1", "Running"),
        ("one of two runs", pod("Running", RUNNING, waiting("CrashLoopBackOff")), "1/2", "CrashLoopBackOff"),
        ("waiting without reason", pod("Pending", waiting()), "0/1", "Pending"),
        ("status reason wins over phase", pod("Failed", reason="Evicted"), "0/1", "Evicted"),
        ("ended with a reason", pod("Failed", ended(1, "OOMKilled")), "0/1", "OOMKilled"),
        ("ended without one", pod("Failed", ended(3)), "0/1", "ExitCode:3"),
        ("killed by a signal", pod("Failed", ended(0, signal=9)), "0/1", "Signal:9"),
        (
            "one done, one runs, Pod ready",
            pod("Running", ended(0, "Completed"), RUNNING, conditions=READY),
            "1/2",
            "Running",
        ),
        (
            "one done, one runs, Pod not ready",
            pod("Running", ended(0, "Completed"), RUNNING),
            "1/2",
            "NotReady",
        ),
        ("init waits", pod("Pending", waiting("PodInitializing"), init=(waiting(),)), "0/1", "Init:0/1"),
        ("init runs", pod("Pending", waiting("PodInitializing"), init=(RUNNING,)), "0/1", "Init:0/1"),
        (
            "init says what it does",
            pod("Pending", waiting(), init=(waiting("Downloading"),)),
            "0/1",
            "Init:Downloading",
        ),
        (
            "init back-off",
            pod("Pending", init=(waiting("CrashLoopBackOff"),)),
            "0/1",
            "Init:CrashLoopBackOff",
        ),
        ("init failed", pod("Pending", init=(ended(1, "Error"),)), "0/1", "Init:Error"),
        ("init failed without reason", pod("Pending", init=(ended(7),)), "0/1", "Init:ExitCode:7"),
        ("init killed", pod("Pending", init=(ended(1, signal=15),)), "0/1", "Init:Signal:15"),
        ("second init", pod("Pending", init=(ended(0), waiting("PodInitializing"))), "0/1", "Init:1/2"),
        ("init done", pod("Running", RUNNING, init=(ended(0),)), "1/1", "Running"),
        (
            "scheduling gate",
            pod(
                "Pending",
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
            ),
            "0/1",
            "SchedulingGated",
        ),
        (
            "being deleted",
            pod("Running", RUNNING, metadata={"deletionTimestamp": "2026-08-01T12:00:00Z"}),
            "1/1",
            "Terminating",
        ),
        (
            "deleted after its end",
            pod("Succeeded", ended(0, "Completed"), metadata={"deletionTimestamp": "2026-08-01T12:00:00Z"}),
            "0/1",
            "Completed",
        ),
        (
            "its node is lost",
            pod(
                "Running", RUNNING, reason="NodeLost", metadata={"deletionTimestamp": "2026-08-01T12:00:00Z"}
            ),
            "1/1",
            "Unknown",
        ),
    ],
)
def test_ready_and_status(name: str, manifest: dict[str, Any], ready: str, status: str):
    summary = pod_summary(manifest)
    assert (f"{summary.ready}/{summary.total}", summary.status) == (ready, status), name


def test_restarts_are_those_of_what_runs_now_and_when_the_last_was():
    manifest = pod("Running", RUNNING, init=(ended(0),))
    manifest["status"]["containerStatuses"][0] |= {
        "restartCount": 2,
        "lastState": {"terminated": {"finishedAt": time_text(60_000)}},
    }
    row = {column.name: column.value(manifest, 360_000) for column in POD_COLUMNS}
    assert row["Restarts"] == "2 (5m ago)"
    initial = pod("Pending", init=(waiting("CrashLoopBackOff"),))
    assert {column.name: column.value(initial, 0) for column in POD_COLUMNS}["Restarts"] == "3"


def test_the_wide_columns():
    manifest = pod("Running", RUNNING, podIP="127.0.0.1", conditions=[{"type": "open", "status": "True"}])
    manifest["spec"] |= {
        "nodeName": "node-a",
        "readinessGates": [{"conditionType": "open"}, {"conditionType": "other"}],
    }
    row = {column.name: column.value(manifest, 0) for column in POD_COLUMNS if column.wide}
    assert row == {"IP": "127.0.0.1", "Node": "node-a", "Nominated Node": "<none>", "Readiness Gates": "1/2"}
