"""`status.modelStatus`: how far the model is, from the newest replica of the latest revision.

Rules and words: kserve `inference_service_status.go`, PropagateModelStatus. As there, `totalCopies` counts
ready replicas and the last failure stays on record after it was mended.
"""

from collections.abc import Sequence
from typing import Any

from tradewind.resources.core import ContainerStatus, Pod
from tradewind.resources.serving import FailureInfo, ModelCopies, ModelStates, ModelStatus
from tradewind.resources.serving_names import KSERVE_CONTAINER, STORAGE_INITIALIZER
from tradewind.serving.errors import InvalidService
from tradewind.serving.replicas import is_leaving, is_ready, newest_first
from tradewind.serving.troubles import MODEL_LOAD_FAILED, failed_end, last_line

PENDING, LOADING, LOADED, FAILED_TO_LOAD = "Pending", "Loading", "Loaded", "FailedToLoad"
UP_TO_DATE, IN_PROGRESS, BLOCKED, INVALID_SPEC = (
    "UpToDate",
    "InProgress",
    "BlockedByFailedLoad",
    "InvalidSpec",
)
TRANSITIONS = {PENDING: IN_PROGRESS, LOADING: IN_PROGRESS, LOADED: UP_TO_DATE, FAILED_TO_LOAD: BLOCKED}
FAILING_REASONS = ("Error", "CrashLoopBackOff")


def model_status(
    before: ModelStatus | None, revision: str, pods: Sequence[Pod], loaded: bool, serves: bool
) -> ModelStatus:
    """The model of the latest revision, whose Pods these are. `loaded` says that it takes the traffic and is
    ready, `serves` that some revision is."""
    before = before or ModelStatus()
    staying = newest_first(pod for pod in pods if not is_leaving(pod))
    state, ended = _target_state(staying[0] if staying else None, loaded, _target(before))
    failure = before.last_failure_info
    if ended is not None:
        failure = FailureInfo(
            location=staying[0].metadata.name,
            reason=MODEL_LOAD_FAILED,
            message=last_line(str(ended.get("message") or "")),
            model_revision_name=revision,
            time=ended.get("finishedAt"),
            exit_code=ended.get("exitCode"),
        )
    return ModelStatus(
        transition_status=TRANSITIONS[state],
        states=ModelStates(active_model_state=_active(serves), target_model_state=state),
        copies=ModelCopies(total_copies=sum(1 for pod in staying if is_ready(pod))),
        last_failure_info=failure,
    )


def invalid_model_status(before: ModelStatus | None, error: InvalidService, serves: bool) -> ModelStatus:
    """The spec cannot be rendered, so no model is loaded for it."""
    return ModelStatus(
        transition_status=INVALID_SPEC,
        states=ModelStates(active_model_state=_active(serves), target_model_state=FAILED_TO_LOAD),
        copies=before.copies if before else None,
        last_failure_info=FailureInfo(reason=error.reason, message=error.summary),
    )


def _active(serves: bool) -> str:
    return LOADED if serves else PENDING


def _target(before: ModelStatus) -> str:
    known = before.states.target_model_state if before.states else ""
    return known if known in TRANSITIONS else PENDING


def _target_state(pod: Pod | None, loaded: bool, before: str) -> tuple[str, dict[str, Any] | None]:
    """The state, and how the container ended that is to blame for it."""
    if pod is None:
        return PENDING, None
    initializer = _container(pod.status.init_container_statuses, STORAGE_INITIALIZER)
    if initializer is not None and (found := _download_state(initializer, before)):
        return found
    if loaded:
        return LOADED, None
    server = _container(pod.status.container_statuses, KSERVE_CONTAINER)
    if server is not None and _has_failed(server):
        return FAILED_TO_LOAD, failed_end(server)
    return PENDING, None


def _download_state(initializer: ContainerStatus, before: str) -> tuple[str, dict[str, Any] | None] | None:
    if "running" in initializer.state:
        # A download that failed before may fail again: nothing is said until it ends.
        return (before if initializer.last_state.get("terminated") else LOADING), None
    if _has_failed(initializer):
        return FAILED_TO_LOAD, failed_end(initializer)
    return None


def _has_failed(container: ContainerStatus) -> bool:
    terminated, waiting = container.state.get("terminated") or {}, container.state.get("waiting") or {}
    if terminated.get("exitCode", 0) != 0:
        return True
    return terminated.get("reason") in FAILING_REASONS or waiting.get("reason") in FAILING_REASONS


def _container(statuses: Sequence[ContainerStatus], name: str) -> ContainerStatus | None:
    return next((one for one in statuses if one.name == name), None)
