"""What `kubectl get pods` prints (kubernetes `pkg/printers/internalversion/printers.go`, printPod)."""

from dataclasses import dataclass

from tradewind.resources.columns import AGE, NAME, NONE, at, condition, field_text, since
from tradewind.resources.kinds import Column
from tradewind.resources.meta import Manifest

TERMINAL_PHASES = ("Succeeded", "Failed")


@dataclass(frozen=True)
class PodSummary:
    """What the READY, STATUS and RESTARTS columns say; `last_restart` is RFC 3339 text or ""."""

    ready: int
    total: int
    status: str
    restarts: int
    last_restart: str


def pod_summary(pod: Manifest) -> PodSummary:
    """The Pod in a word: how far its init containers are, then the containers' own reason, then the phase."""
    initial = at(pod, "status", "initContainerStatuses") or []
    statuses = at(pod, "status", "containerStatuses") or []
    init_reason = _init_reason(initial, len(at(pod, "spec", "initContainers") or []))
    counted = initial if init_reason and not _is_true(pod, "Initialized") else statuses
    ready = sum(1 for one in statuses if one.get("ready") and "running" in one.get("state", {}))
    if counted is initial:
        ready, reason = 0, init_reason
    else:
        reason = _container_reason(pod, statuses, init_reason or _phase_reason(pod), ready)
    return PodSummary(
        ready=ready,
        total=len(at(pod, "spec", "containers") or []),
        status=_deletion_reason(pod) or reason,
        restarts=sum(one.get("restartCount", 0) for one in counted),
        last_restart=max(
            (at(one, "lastState", "terminated", "finishedAt") or "" for one in counted), default=""
        ),
    )


def _phase_reason(pod: Manifest) -> str:
    scheduled = condition(pod, "PodScheduled") or {}
    if scheduled.get("reason") == "SchedulingGated":
        return "SchedulingGated"
    return at(pod, "status", "reason") or at(pod, "status", "phase") or ""


def _init_reason(statuses: list[Manifest], total: int) -> str:
    for place, status in enumerate(statuses):
        state = status.get("state", {})
        terminated, waiting = state.get("terminated"), state.get("waiting") or {}
        if terminated is not None and terminated.get("exitCode", 0) == 0:
            continue
        if terminated is not None:
            return "Init:" + _ended(terminated)
        if waiting.get("reason", "") not in ("", "PodInitializing"):
            return f"Init:{waiting['reason']}"
        return f"Init:{place}/{total}"
    return ""


def _container_reason(pod: Manifest, statuses: list[Manifest], start: str, ready: int) -> str:
    reason = start
    for status in reversed(statuses):
        state = status.get("state", {})
        waiting_reason = (state.get("waiting") or {}).get("reason", "")
        if waiting_reason:
            reason = waiting_reason
        elif state.get("terminated") is not None:
            reason = _ended(state["terminated"])
    if reason == "Completed" and ready:
        return "Running" if _is_true(pod, "Ready") else "NotReady"
    return reason


def _deletion_reason(pod: Manifest) -> str:
    if not at(pod, "metadata", "deletionTimestamp"):
        return ""
    if at(pod, "status", "reason") == "NodeLost":
        return "Unknown"
    return "" if at(pod, "status", "phase") in TERMINAL_PHASES else "Terminating"


def _ended(terminated: Manifest) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _is_true(pod: Manifest, type_: str) -> bool:
    return (condition(pod, type_) or {}).get("status") == "True"


def _ready(pod: Manifest, _: int) -> str:
    summary = pod_summary(pod)
    return f"{summary.ready}/{summary.total}"


def _restarts(pod: Manifest, now_ms: int) -> str:
    summary = pod_summary(pod)
    if summary.restarts and summary.last_restart:
        return f"{summary.restarts} ({since(summary.last_restart, now_ms)} ago)"
    return str(summary.restarts)


def _gates(pod: Manifest, _: int) -> str:
    gates = at(pod, "spec", "readinessGates") or []
    passed = sum(1 for gate in gates if _is_true(pod, str(gate.get("conditionType", ""))))
    return f"{passed}/{len(gates)}" if gates else NONE


POD_COLUMNS = (
    NAME,
    Column(
        "Ready",
        _ready,
        description="The aggregate readiness state of this pod for accepting traffic.",
    ),
    Column(
        "Status",
        lambda pod, _: pod_summary(pod).status,
        description="The aggregate status of the containers in this pod.",
    ),
    Column(
        "Restarts",
        _restarts,
        description="The number of times the containers in this pod have been restarted and when the last "
        "container in this pod has restarted.",
    ),
    AGE,
    Column("IP", field_text("status", "podIP", absent=NONE), wide=True),
    Column("Node", field_text("spec", "nodeName", absent=NONE), wide=True),
    Column("Nominated Node", field_text("status", "nominatedNodeName", absent=NONE), wide=True),
    Column("Readiness Gates", _gates, wide=True),
)
