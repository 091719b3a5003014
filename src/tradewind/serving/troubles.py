"""Why a replica is not ready, in the words of what the node wrote into its Pod."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from tradewind.resources.core import NOT_YET, UNREADY_CONTAINERS, ContainerStatus, Pod
from tradewind.resources.meta import condition_of
from tradewind.resources.serving_names import STORAGE_INITIALIZER
from tradewind.serving.replicas import has_no_room, is_leaving, is_ready

MODEL_LOAD_FAILED = "ModelLoadFailed"
LONGEST_MESSAGE = 500
KILLED_CODES = (137, 143)  # SIGKILL and SIGTERM, as Kubernetes codes them
FEW_RESTARTS = 3  # more often than that it is not an accident


class Severity(IntEnum):
    """How bad it is; the worst of a revision's troubles is the one that is told."""

    UNDER_WAY = 0
    NO_ROOM = 1
    FAILED = 2


@dataclass(frozen=True)
class Trouble:
    """What keeps one replica from being ready."""

    severity: Severity
    pod: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.pod}: {self.reason}: {self.message}" if self.message else f"{self.pod}: {self.reason}"


def worst_trouble(pods: Iterable[Pod]) -> Trouble | None:
    """The worst of these replicas' troubles, of equals the first by name; None when all are ready."""
    found = [trouble for pod in pods if (trouble := trouble_of(pod)) is not None]
    return min(found, key=lambda trouble: (-trouble.severity, trouble.pod), default=None)


def trouble_of(pod: Pod) -> Trouble | None:
    """What keeps the replica from being ready; None when it is, or when it is leaving."""
    name, status = pod.metadata.name, pod.status
    if is_leaving(pod) or is_ready(pod):
        return None
    if status.phase == "Failed":
        return Trouble(Severity.FAILED, name, status.reason or "PodFailed", last_line(status.message))
    if has_no_room(pod):
        scheduled = condition_of(status.conditions, "PodScheduled")
        assert scheduled is not None
        return Trouble(Severity.NO_ROOM, name, scheduled.reason or "Unschedulable", scheduled.message)
    for container in (*status.init_container_statuses, *status.container_statuses):
        trouble = _container_trouble(name, container)
        if trouble is not None:
            return trouble
    loading = any("running" in container.state for container in status.container_statuses)
    return Trouble(Severity.UNDER_WAY, name, "Loading" if loading else "Starting", _waits_for(pod))


def last_line(text: str) -> str:
    """The last line that says something, shortened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:LONGEST_MESSAGE] if lines else ""


def failed_end(container: ContainerStatus) -> dict[str, Any] | None:
    """How the container last failed (its `terminated`), unless it has recovered since."""
    if container.ready:
        return None
    state, last = container.state.get("terminated"), container.last_state.get("terminated")
    for ended in (state, last):
        if ended is not None and ended.get("exitCode", 0) != 0:
            return dict(ended)
    return None


def _container_trouble(pod: str, container: ContainerStatus) -> Trouble | None:
    ended = failed_end(container)
    if ended is not None and _was_killed(ended) and container.restart_count <= FEW_RESTARTS:
        return Trouble(Severity.UNDER_WAY, pod, "Restarting", f"its process was killed ({_how(ended)})")
    if ended is not None:
        silent = f"{container.name} ended with exit code {ended['exitCode']}"
        text = last_line(str(ended.get("message") or "")) or silent
        return Trouble(Severity.FAILED, pod, MODEL_LOAD_FAILED, text)
    waiting = container.state.get("waiting") or {}
    if waiting.get("reason", "") not in NOT_YET:
        message = last_line(str(waiting.get("message") or ""))
        return Trouble(Severity.FAILED, pod, str(waiting["reason"]), message)
    if container.name == STORAGE_INITIALIZER and "running" in container.state:
        # How far it is stands in the Pod; here it would rewrite every status above twice a second.
        return Trouble(Severity.UNDER_WAY, pod, "Downloading", "the model is being downloaded")
    return None


def _is_boilerplate(message: str) -> bool:
    return message.startswith(UNREADY_CONTAINERS)


def _was_killed(ended: dict[str, Any]) -> bool:
    """Whether somebody else ended it, so that its last line is not the reason. Memory that ran out is."""
    return ended.get("reason") != "OOMKilled" and int(ended["exitCode"]) in KILLED_CODES


def _how(ended: dict[str, Any]) -> str:
    return f"signal {ended['signal']}" if ended.get("signal") else f"exit code {ended['exitCode']}"


def _waits_for(pod: Pod) -> str:
    """What the first condition that does not hold says, if that is more than which containers it is about."""
    for type_ in ("PodScheduled", "Initialized", "ContainersReady", "Ready"):
        found = condition_of(pod.status.conditions, type_)
        if found is not None and found.status != "True" and found.message:
            return found.message.partition("]: ")[2] if _is_boilerplate(found.message) else found.message
    return ""
