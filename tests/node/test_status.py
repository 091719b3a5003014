"""A Pod's status in every phase, and what of it survives a restart of the member."""

from dataclasses import replace
from typing import Any

import pytest

from tradewind.node.life import Ended, Phase, Progressed, State, Trouble
from tradewind.node.probes import HttpGet, Probe, Role, begin
from tradewind.node.status import initial_state, pod_status
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import POD
from tradewind.resources.meta import Manifest, decode, encode
from tradewind.resources.pod_columns import pod_summary

NOW_MS = 1_800_000_000_000
NOW = "2027-01-15T08:00:00Z"
READY = replace(begin(Probe(Role.READINESS, HttpGet(1)), NOW_MS), passed=True)
UNREADY = replace(READY, passed=False)
BOOM = Ended(1, "Error", "ValueError: boom", NOW_MS - 5_000, NOW_MS)
NO_BUCKET = Ended(1, "Error", "no bucket", NOW_MS - 1_000, NOW_MS)
CRASH = Trouble("CrashLoopBackOff", "back-off 1s restarting")


def make_pod(init: bool = True, status: dict[str, Any] | None = None) -> Pod:
    initial = [{"name": "storage-initializer", "image": "kserve/storage-initializer"}]
    containers = [{"name": "main", "image": "kserve/sklearnserver"}]
    spec = {"containers": containers, "initContainers": initial if init else []}
    return decode({"kind": "Pod", "metadata": {"name": "p"}, "spec": spec, "status": status or {}}, Pod)


def shown(state: State, init: bool = True) -> Manifest:
    pod = make_pod(init)
    return encode(pod) | {"status": encode(pod_status(pod, state, NOW_MS))}


RUNNING = State(
    phase=Phase.RUNNING,
    pid=7,
    started_at_ms=NOW_MS,
    tallies=(READY,),
    fetched=True,
    fetch_finished_at_ms=NOW_MS,
)

# state, what kubectl prints under STATUS, READY and RESTARTS, and the Pod's phase
COLUMNS = [
    (State(), "Init:0/1", "0/1", 0, "Pending"),
    (State(phase=Phase.FETCHING, fetch_started_at_ms=NOW_MS), "Init:0/1", "0/1", 0, "Pending"),
    (
        State(phase=Phase.FETCH_BACKOFF, trouble=CRASH, fetch_ended=NO_BUCKET, fetch_restarts=3),
        "Init:CrashLoopBackOff",
        "0/1",
        3,
        "Pending",
    ),
    (
        State(phase=Phase.FETCH_BACKOFF, trouble=Trouble("CreateContainerConfigError", "no secret")),
        "Init:CreateContainerConfigError",
        "0/1",
        0,
        "Pending",
    ),
    (State(phase=Phase.CREATING, fetched=True), "ContainerCreating", "0/1", 0, "Pending"),
    (
        State(phase=Phase.CREATE_BACKOFF, fetched=True, trouble=Trouble("RunContainerError", "x")),
        "RunContainerError",
        "0/1",
        0,
        "Pending",
    ),
    (replace(RUNNING, tallies=(UNREADY,)), "Running", "0/1", 0, "Running"),
    (RUNNING, "Running", "1/1", 0, "Running"),
    (replace(RUNNING, phase=Phase.RESTARTING), "Running", "0/1", 0, "Running"),
    (replace(RUNNING, phase=Phase.DRAINING), "Running", "1/1", 0, "Running"),
    (replace(RUNNING, phase=Phase.STOPPING), "Running", "0/1", 0, "Running"),
    (
        State(phase=Phase.CRASH_BACKOFF, fetched=True, trouble=CRASH, ended=BOOM, restarts=4),
        "CrashLoopBackOff",
        "0/1",
        4,
        "Running",
    ),
    (State(phase=Phase.FINISHED, fetched=True, ended=BOOM), "Error", "0/1", 0, "Failed"),
    (
        State(phase=Phase.FINISHED, fetched=True, ended=replace(BOOM, exit_code=0, reason="Completed")),
        "Completed",
        "0/1",
        0,
        "Succeeded",
    ),
]


@pytest.mark.parametrize(
    ("state", "status", "ready", "restarts", "phase"),
    COLUMNS,
    ids=[f"{row[0].phase} {row[1]}" for row in COLUMNS],
)
def test_what_kubectl_prints(state: State, status: str, ready: str, restarts: int, phase: str) -> None:
    manifest = shown(state)
    summary = pod_summary(manifest)
    assert (summary.status, f"{summary.ready}/{summary.total}", summary.restarts) == (status, ready, restarts)
    assert manifest["status"]["phase"] == phase


def test_a_download_tells_how_far_it_is() -> None:
    state = State(
        phase=Phase.FETCHING, fetch_started_at_ms=NOW_MS, progress=Progressed(12_340_000, 40_100_000)
    )
    [status] = shown(state)["status"]["initContainerStatuses"]
    assert status["state"] == {"running": {"startedAt": NOW, "message": "downloading 12.3 MB of 40.1 MB"}}


def test_a_failed_download_tells_why_now_and_before() -> None:
    state = State(phase=Phase.FETCH_BACKOFF, trouble=CRASH, fetch_ended=NO_BUCKET)
    [status] = shown(state)["status"]["initContainerStatuses"]
    assert status["state"]["waiting"] == {"reason": "CrashLoopBackOff", "message": "back-off 1s restarting"}
    assert status["lastState"]["terminated"] == {
        "exitCode": 1,
        "reason": "Error",
        "message": "no bucket",
        "startedAt": "2027-01-15T07:59:59Z",
        "finishedAt": NOW,
    }


def test_a_crash_keeps_the_last_line_and_the_signal() -> None:
    state = State(
        phase=Phase.CRASH_BACKOFF, fetched=True, trouble=CRASH, ended=replace(BOOM, exit_code=137, signal=9)
    )
    [status] = shown(state)["status"]["containerStatuses"]
    terminated = status["lastState"]["terminated"]
    assert (terminated["exitCode"], terminated["signal"], terminated["message"]) == (
        137,
        9,
        "ValueError: boom",
    )


def conditions(manifest: Manifest) -> dict[str, tuple[str, str, str]]:
    found = manifest["status"]["conditions"]
    return {one["type"]: (one["status"], one.get("reason", ""), one.get("message", "")) for one in found}


def test_conditions_while_the_model_is_fetched() -> None:
    unready = ("False", "ContainersNotReady", "containers with unready status: [main]")
    initial = "containers with incomplete status: [storage-initializer]"
    assert conditions(shown(State(phase=Phase.FETCHING))) == {
        "PodReadyToStartContainers": ("True", "", ""),
        "Initialized": ("False", "ContainersNotInitialized", initial),
        "Ready": unready,
        "ContainersReady": unready,
        "PodScheduled": ("True", "", ""),
    }


@pytest.mark.parametrize(
    ("exit_code", "initialized", "ready"),
    [
        (0, ("True", "PodCompleted", ""), ("False", "PodCompleted", "")),
        (1, ("True", "", ""), ("False", "PodFailed", "")),
    ],
)
def test_conditions_of_a_pod_that_has_ended(exit_code, initialized, ready) -> None:
    state = State(phase=Phase.FINISHED, fetched=True, ended=replace(BOOM, exit_code=exit_code))
    assert conditions(shown(state)) == {
        "PodReadyToStartContainers": ("False", "", ""),
        "Initialized": initialized,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": ("True", "", ""),
    }


def test_conditions_of_a_ready_pod_and_why_one_is_not() -> None:
    assert {one[0] for one in conditions(shown(RUNNING)).values()} == {"True"}
    state = replace(RUNNING, tallies=(UNREADY,), unready_because="Readiness probe failed: 503")
    message = "containers with unready status: [main]: Readiness probe failed: 503"
    assert conditions(shown(state))["Ready"] == ("False", "ContainersNotReady", message)


def test_a_condition_keeps_its_time_until_it_changes() -> None:
    pod = make_pod(status=shown(replace(RUNNING, tallies=(UNREADY,)))["status"])
    later = pod_status(pod, RUNNING, NOW_MS + 60_000)
    times = {one.type: one.last_transition_time for one in later.conditions}
    assert times == {
        "PodReadyToStartContainers": NOW,
        "PodScheduled": NOW,
        "Initialized": NOW,
        "ContainersReady": "2027-01-15T08:01:00Z",
        "Ready": "2027-01-15T08:01:00Z",
    }
    assert later.start_time == NOW


def test_conditions_of_others_stay() -> None:
    other = {"type": "example.com/warm", "status": "True"}
    kept = pod_status(make_pod(status={"conditions": [other]}), RUNNING, NOW_MS).conditions
    assert [one.type for one in kept] == [
        "PodReadyToStartContainers",
        "Initialized",
        "Ready",
        "ContainersReady",
        "PodScheduled",
        other["type"],
    ]


def test_which_process_a_container_is_and_was() -> None:
    crashed = State(
        phase=Phase.CRASH_BACKOFF, fetched=True, trouble=CRASH, ended=replace(BOOM, pid=7), restarts=4
    )
    [status] = shown(crashed)["status"]["containerStatuses"]
    assert status["containerID"] == status["lastState"]["terminated"]["containerID"] == "process://7"
    again = initial_state(decode(shown(crashed), POD.struct))  # type: ignore[arg-type]
    assert again.ended == crashed.ended


def test_addresses_are_there_singly_and_as_a_list() -> None:
    status = shown(RUNNING)["status"]
    assert (status["podIP"], status["podIPs"]) == ("127.0.0.1", [{"ip": "127.0.0.1"}])
    assert (status["hostIP"], status["hostIPs"]) == ("127.0.0.1", [{"ip": "127.0.0.1"}])


def test_without_init_containers_there_are_none_in_the_status() -> None:
    status = shown(RUNNING, init=False)["status"]
    assert "initContainerStatuses" not in status
    assert status["containerStatuses"][0]["containerID"] == "process://7"


@pytest.mark.parametrize(
    "state",
    [
        RUNNING,
        State(phase=Phase.CRASH_BACKOFF, fetched=True, trouble=CRASH, ended=BOOM, restarts=4),
        State(phase=Phase.FETCH_BACKOFF, trouble=CRASH, fetch_ended=NO_BUCKET, fetch_restarts=3),
        State(phase=Phase.FINISHED, fetched=True, ended=BOOM, restarts=1),
    ],
    ids=lambda state: state.phase,
)
def test_what_survives_a_restart_of_the_member(state: State) -> None:
    again = initial_state(decode(shown(state), POD.struct))  # type: ignore[arg-type]
    assert again.phase is (Phase.FINISHED if state.phase is Phase.FINISHED else Phase.NEW)
    assert (again.restarts, again.ended) == (state.restarts, state.ended)
    assert (again.fetch_restarts, again.fetch_ended) == (state.fetch_restarts, state.fetch_ended)
    assert again.started_at_ms == (NOW_MS if state.pid else 0)


def test_an_adopted_replica_keeps_the_end_of_its_download() -> None:
    pod = make_pod(status=shown(RUNNING)["status"])
    adopted = replace(RUNNING, fetched=False, fetch_finished_at_ms=0)
    assert pod_status(pod, adopted, NOW_MS).init_container_statuses == pod.status.init_container_statuses


def test_a_pod_seen_for_the_first_time() -> None:
    assert initial_state(make_pod()) == State()
