"""A Pod's status from the state of its life here, and back after a restart of the node's member.

Fields, reasons and phases are kubelet's (`pkg/kubelet/kubelet_pods.go` getPhase and
convertToAPIContainerStatuses, `status/generate.go`). More than upstream says: how far a download is, in
the init container's running state; the last log line, as the message of an ended container; and what the
readiness probe answered, in the message of the Ready condition.
"""

from typing import Any

from tradewind.base.ports import LOOPBACK
from tradewind.node.life import Ended, Phase, Progressed, State, Trouble
from tradewind.resources.core import UNREADY_CONTAINERS, Container, ContainerStatus, Pod, PodStatus
from tradewind.resources.core_parts import PodCondition, PodIP
from tradewind.resources.meta import condition_of, replace
from tradewind.resources.times import time_ms, time_text

MEGABYTE = 1_000_000
RUNTIME = "process://"  # a container's ID is its process's
EPOCH = "1970-01-01T00:00:00Z"
INITIALIZING = Trouble("PodInitializing", "")
CREATING = Trouble("ContainerCreating", "")

ContainerState = dict[str, Any]


def pod_status(pod: Pod, state: State, now_ms: int) -> PodStatus:
    """The status to publish. Conditions that do not change keep their time."""
    initial = [_init_status(container, pod, state) for container in pod.spec.init_containers]
    statuses = [
        _container_status(container, state) if place == 0 else _idle_status(container, state)
        for place, container in enumerate(pod.spec.containers)
    ]
    return replace(
        pod.status,
        phase=_phase(state),
        reason="",
        message="",
        conditions=_conditions(pod, state, now_ms),
        observed_generation=pod.metadata.generation,
        host_ip=LOOPBACK,
        host_ips=[PodIP(ip=LOOPBACK)],
        pod_ip=LOOPBACK,
        pod_ips=[PodIP(ip=LOOPBACK)],
        start_time=pod.status.start_time or time_text(now_ms),
        init_container_statuses=initial,
        container_statuses=statuses,
    )


def _phase(state: State) -> str:
    if state.phase is Phase.FINISHED and state.ended:
        return "Failed" if state.ended.exit_code else "Succeeded"
    return "Running" if state.pid or state.ended else "Pending"


def _conditions(pod: Pod, state: State, now_ms: int) -> list[PodCondition]:
    """In kubelet's words (`status/generate.go`); a Pod that has ended is not ready because it has."""
    containers = " ".join(container.name for container in pod.spec.containers)
    initial = " ".join(container.name for container in pod.spec.init_containers)
    unready = f"{UNREADY_CONTAINERS}{containers}]"
    if state.unready_because:
        unready = f"{unready}: {state.unready_because}"
    over = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(_phase(state), "")
    why = "" if state.ready else over or "ContainersNotReady"
    found = [
        _condition("PodReadyToStartContainers", state.phase not in (Phase.NEW, Phase.FINISHED)),
        _condition(
            "Initialized",
            state.initialized,
            over if over == "PodCompleted" else "" if state.initialized else "ContainersNotInitialized",
            "" if state.initialized else f"containers with incomplete status: [{initial}]",
        ),
        _condition("Ready", state.ready, why, "" if over or state.ready else unready),
        _condition("ContainersReady", state.ready, why, "" if over or state.ready else unready),
        _condition("PodScheduled", True),
    ]
    own = {condition.type for condition in found}
    others = [condition for condition in pod.status.conditions if condition.type not in own]
    return [_timed(condition, pod, now_ms) for condition in found] + others


def _condition(type_: str, holds: bool, reason: str = "", message: str = "") -> PodCondition:
    return PodCondition(type=type_, status=str(holds), reason=reason, message=message)


def _timed(condition: PodCondition, pod: Pod, now_ms: int) -> PodCondition:
    known = condition_of(pod.status.conditions, condition.type)
    same = known is not None and known.status == condition.status and known.last_transition_time
    return replace(condition, last_transition_time=same or time_text(now_ms))


def _init_status(container: Container, pod: Pod, state: State) -> ContainerStatus:
    status = ContainerStatus(
        name=container.name,
        image=container.image,
        restart_count=state.fetch_restarts,
        last_state=_terminated(state.fetch_ended) if state.fetch_ended else {},
    )
    match state.phase:
        case Phase.NEW:
            return replace(status, state=_waiting(INITIALIZING))
        case Phase.FETCHING:
            return replace(status, state=_fetching(state))
        case Phase.FETCH_BACKOFF:
            return replace(status, state=_waiting(state.trouble or INITIALIZING))
    known = next((one for one in pod.status.init_container_statuses if one.name == container.name), None)
    if not state.fetched and known is not None:
        return known  # an adopted replica: its download was an earlier life's
    done = Ended(0, "Completed", "", state.fetch_started_at_ms, state.fetch_finished_at_ms)
    return replace(status, ready=True, state=_terminated(done))


def _fetching(state: State) -> ContainerState:
    running: dict[str, Any] = {"startedAt": time_text(state.fetch_started_at_ms)}
    if state.progress:
        running["message"] = progress_text(state.progress)
    return {"running": running}


def progress_text(progress: Progressed) -> str:
    """For example "downloading 12.3 MB of 40.1 MB"."""
    done, total = progress.done_bytes / MEGABYTE, progress.total_bytes / MEGABYTE
    return f"downloading {done:.1f} MB of {total:.1f} MB"


def _container_status(container: Container, state: State) -> ContainerStatus:
    ended = state.ended
    finished = state.phase is Phase.FINISHED
    return ContainerStatus(
        name=container.name,
        image=container.image,
        container_id=_container_id(state.pid or (ended.pid if ended else 0)),
        ready=state.ready,
        started=state.started,
        restart_count=state.restarts,
        state=_terminated(ended) if finished and ended else _live_state(state),
        last_state=_terminated(ended) if ended and not finished else {},
    )


def _container_id(pid: int) -> str:
    return f"{RUNTIME}{pid}" if pid else ""


def _live_state(state: State) -> ContainerState:
    if state.pid:
        return {"running": {"startedAt": time_text(state.started_at_ms)}}
    if not state.initialized:
        return _waiting(INITIALIZING)
    return _waiting(state.trouble or CREATING)


def _idle_status(container: Container, state: State) -> ContainerStatus:
    """A container beside the first, which no node of processes runs: see `launch`."""
    return ContainerStatus(
        name=container.name, image=container.image, started=False, state=_waiting(state.trouble or CREATING)
    )


def _waiting(trouble: Trouble) -> ContainerState:
    message = {"message": trouble.message} if trouble.message else {}
    return {"waiting": {"reason": trouble.reason, **message}}


def _terminated(ended: Ended) -> ContainerState:
    terminated: dict[str, Any] = {
        "exitCode": ended.exit_code,
        "reason": ended.reason,
        "startedAt": time_text(ended.started_at_ms),
        "finishedAt": time_text(ended.finished_at_ms),
    }
    if ended.pid:
        terminated["containerID"] = _container_id(ended.pid)
    if ended.message:
        terminated["message"] = ended.message
    if ended.signal:
        terminated["signal"] = ended.signal
    return {"terminated": terminated}


def initial_state(pod: Pod) -> State:
    """Where a Pod stands that this node has not seen since its member started: counts and last ends are
    taken from the status that was published, all else is found out anew."""
    first = pod.status.container_statuses[:1]
    initial = pod.status.init_container_statuses[:1]
    ended = [_ended(one.state) or _ended(one.last_state) for one in first]
    finished = pod.status.phase in ("Succeeded", "Failed")
    return State(
        phase=Phase.FINISHED if finished else Phase.NEW,
        started_at_ms=sum(_started_at_ms(one) for one in first),
        restarts=sum(one.restart_count for one in first),
        ended=next(iter(ended), None),
        fetch_restarts=sum(one.restart_count for one in initial),
        fetch_ended=next(iter([_ended(one.last_state) for one in initial]), None),
    )


def _started_at_ms(status: ContainerStatus) -> int:
    return time_ms(status.state.get("running", {}).get("startedAt") or EPOCH)


def _ended(state: ContainerState) -> Ended | None:
    terminated = state.get("terminated")
    if not terminated:
        return None
    return Ended(
        exit_code=int(terminated.get("exitCode", 0)),
        reason=str(terminated.get("reason", "")),
        message=str(terminated.get("message", "")),
        started_at_ms=time_ms(terminated.get("startedAt") or EPOCH),
        finished_at_ms=time_ms(terminated.get("finishedAt") or EPOCH),
        signal=int(terminated.get("signal", 0)),
        pid=_pid(terminated.get("containerID", "")),
    )


def _pid(container_id: str) -> int:
    number = container_id.removeprefix(RUNTIME)
    return int(number) if number.isdigit() else 0
