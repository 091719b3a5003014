"""How far a replica is, in one word and one reason, from its Pod.

A replica goes waiting -> scheduled -> downloading -> loading -> ready. It is `failing` while the node
backs off before another try, and `draining` from the moment its deletion is asked for. The order of
the rules is the order in which a Pod starts, so the first thing that is not done names the state.
"""

from typing import Any

from tradewind.resources import labels
from tradewind.resources.core import NOT_YET, UNREADY_CONTAINERS
from tradewind.resources.meta import Manifest

WAITING = "waiting"
SCHEDULED = "scheduled"
DOWNLOADING = "downloading"
LOADING = "loading"
READY = "ready"
FAILING = "failing"
DRAINING = "draining"


def replica_state(pod: Manifest) -> tuple[str, str]:
    """The state of a Pod and why it is not ready; the reason is "" where the state says enough.

    A failure's reason ends with what the node wrote about it: the last line of the replica's log.
    """
    status = pod.get("status") or {}
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return DRAINING, "finishes its requests, then ends"
    if status.get("phase") == "Failed":
        return FAILING, _text(status.get("reason"), status.get("message")) or "the replica has failed"
    if not (pod.get("spec") or {}).get("nodeName"):
        return WAITING, _condition_message(status, "PodScheduled")
    for initial in status.get("initContainerStatuses") or []:
        state = _download_state(initial)
        if state is not None:
            return state
    containers = status.get("containerStatuses") or []
    if not containers:
        return SCHEDULED, ""
    return _server_state(containers[0], status)


def service_of(pod: Manifest) -> str:
    """The InferenceService that a Pod belongs to; "" when it belongs to none."""
    found = ((pod.get("metadata") or {}).get("labels") or {}).get(labels.INFERENCE_SERVICE, "")
    return str(found)


def _download_state(initial: Manifest) -> tuple[str, str] | None:
    state = initial.get("state") or {}
    terminated = state.get("terminated")
    if terminated is not None and not terminated.get("exitCode", 0):
        return None
    if "running" in state:
        return DOWNLOADING, str(state["running"].get("message", "")).removeprefix(f"{DOWNLOADING} ")
    failure = _failure(initial)
    return (FAILING, failure) if failure else (SCHEDULED, "")


def _server_state(container: Manifest, status: Manifest) -> tuple[str, str]:
    if container.get("ready"):
        return READY, ""
    if "running" in (container.get("state") or {}):
        return LOADING, _restarts(container) or _unready_because(status)
    failure = _failure(container)
    return (FAILING, failure) if failure else (LOADING, _restarts(container))


def _unready_because(status: Manifest) -> str:
    """What the readiness probe answered; the list of containers before it says nothing to people."""
    message = _condition_message(status, "ContainersReady")
    return message.partition("]: ")[2] if message.startswith(UNREADY_CONTAINERS) else message


def _failure(container: Manifest) -> str:
    state = container.get("state") or {}
    waiting, terminated = state.get("waiting") or {}, state.get("terminated")
    if terminated is not None:
        return _ended(terminated)
    if waiting.get("reason", "") in NOT_YET:
        return ""
    return _text(waiting.get("reason"), waiting.get("message") or _last_end(container))


def _restarts(container: Manifest) -> str:
    count = container.get("restartCount", 0)
    last = _last_end(container)
    return f"restarted {count} times; last: {last}" if count and last else ""


def _last_end(container: Manifest) -> str:
    last = (container.get("lastState") or {}).get("terminated")
    return _ended(last) if last else ""


def _ended(terminated: Manifest) -> str:
    return _text(f"{terminated.get('reason') or 'Ended'} ({_how(terminated)})", terminated.get("message"))


def _how(terminated: Manifest) -> str:
    signal = terminated.get("signal")
    return f"signal {signal}" if signal else f"exit code {terminated.get('exitCode', 0)}"


def _text(reason: Any, message: Any) -> str:
    return ": ".join(str(part).strip() for part in (reason, message) if part)


def _condition_message(status: Manifest, type_: str) -> str:
    for condition in status.get("conditions") or []:
        if condition.get("type") == type_ and condition.get("status") != "True":
            return str(condition.get("message") or condition.get("reason") or "")
    return ""
