"""Status of an InferenceService: conditions, URL, components, model, and replicas with their why.

Ready means that the service answers: the revision that takes the traffic is ready and the route is
there. How a newer revision is doing is said by LatestDeploymentReady, `modelStatus` and `replicas.why`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tradewind.resources.core import Pod
from tradewind.resources.meta import Condition, condition_of
from tradewind.resources.serving import (
    ComponentStatus,
    InferenceService,
    InferenceServiceStatus,
    ModelStatus,
    ReplicaCounts,
    RevisionStatus,
    TrafficTarget,
)
from tradewind.resources.serving_names import PREDICTOR, deployment_mode
from tradewind.serving import names
from tradewind.serving.conditions import HOLDS, INFO, Verdict, all_of, condition, dated
from tradewind.serving.errors import InvalidService
from tradewind.serving.model_status import invalid_model_status, model_status
from tradewind.serving.replicas import count_replicas
from tradewind.serving.rollout import Rollout
from tradewind.serving.runtimes import Choice
from tradewind.serving.troubles import Severity, Trouble, worst_trouble

STOPPED = Verdict("False", "Stopped")
NO_ROUTE = Verdict("Unknown", "Predictor ingress not created")
DEPLOYING = Verdict("Unknown", "Deploying", "the first revision is being created")


@dataclass(frozen=True)
class Progress:
    """What became of a service in one step. `rollout` is None before its first revision exists; `statuses`
    and `pods` go by revision name; `route` says whether the Service is there; `notes` are the
    annotations that the hub hands on to other clusters' gateways; `invalid` says why there is no template.
    """

    wanted: int
    rollout: Rollout | None
    statuses: Mapping[str, RevisionStatus]
    pods: Mapping[str, Sequence[Pod]]
    route: Verdict
    notes: dict[str, str] = field(default_factory=dict)
    choice: Choice | None = None
    invalid: InvalidService | None = None


def service_status(
    service: InferenceService, progress: Progress, cluster: str, gateway_port: int, now_ms: int
) -> InferenceServiceStatus:
    """The whole status. `cluster` and `gateway_port` make the URL."""
    before, has_route = service.status, progress.route.status == "True"
    serves = progress.rollout is not None and _verdict(progress, progress.rollout.serving).status == "True"
    return InferenceServiceStatus(
        observed_generation=service.metadata.generation,
        conditions=dated(_conditions(progress), before.conditions, now_ms),
        url=names.url(service, cluster, gateway_port) if has_route else "",
        address={"url": names.address(service)} if has_route else {},
        components=_components(service, progress, cluster, gateway_port),
        model_status=_model_status(before, progress, serves),
        deployment_mode=deployment_mode(service.status.deployment_mode, service.metadata.annotations),
        serving_runtime_name=_runtime_name(progress, cluster_scoped=False),
        cluster_serving_runtime_name=_runtime_name(progress, cluster_scoped=True),
        annotations=progress.notes,
        replicas=_replicas(progress),
    )


def stopped_status(service: InferenceService, now_ms: int) -> InferenceServiceStatus:
    """A service whose `stop` annotation is set: nothing runs, and what was is forgotten."""
    conditions = [
        condition("IngressReady", STOPPED),
        condition("PredictorReady", STOPPED),
        condition("Ready", STOPPED),
        condition("Stopped", HOLDS, INFO),
    ]
    return InferenceServiceStatus(
        observed_generation=service.metadata.generation,
        conditions=dated(conditions, service.status.conditions, now_ms),
        deployment_mode=deployment_mode(service.status.deployment_mode, service.metadata.annotations),
        replicas=ReplicaCounts(why="stopped by its annotation"),
    )


def _conditions(progress: Progress) -> list[Condition]:
    serving = _serving_verdict(progress)
    return [
        condition("IngressReady", progress.route),
        condition("LatestDeploymentReady", _latest_verdict(progress), INFO),
        condition("PredictorReady", serving),
        condition("Ready", all_of([serving, progress.route])),
        condition("Stopped", Verdict("False"), INFO),
    ]


def _serving_verdict(progress: Progress) -> Verdict:
    if progress.rollout is not None:
        return _verdict(progress, progress.rollout.serving)
    return _invalid_verdict(progress.invalid) if progress.invalid else DEPLOYING


def _latest_verdict(progress: Progress) -> Verdict:
    rollout = progress.rollout
    if progress.invalid is not None:
        return _invalid_verdict(progress.invalid)
    if rollout is None:
        return DEPLOYING
    latest = _verdict(progress, rollout.latest)
    if latest.status != "True" or rollout.is_over:
        return latest
    return Verdict("Unknown", "TakingOver", f"{rollout.latest} takes over from {rollout.serving}")


def _invalid_verdict(invalid: InvalidService) -> Verdict:
    return Verdict("False", invalid.reason, invalid.message)


def _verdict(progress: Progress, revision: str) -> Verdict:
    """The revision's own Ready condition."""
    status = progress.statuses.get(revision)
    ready = condition_of(status.conditions, "Ready") if status else None
    return Verdict(ready.status, ready.reason, ready.message) if ready else DEPLOYING


def _components(
    service: InferenceService, progress: Progress, cluster: str, gateway_port: int
) -> dict[str, ComponentStatus]:
    """Knative's rules: a revision is rolled out once it takes all traffic and is ready."""
    rollout = progress.rollout
    if rollout is None:
        return {}
    before = service.status.components.get(PREDICTOR, ComponentStatus())
    rolled_out, previous = before.latest_rolledout_revision, before.previous_rolledout_revision
    serves = _verdict(progress, rollout.serving).status == "True"
    if serves and rollout.is_over and rolled_out != rollout.serving:
        rolled_out, previous = rollout.serving, rolled_out
    target = TrafficTarget(percent=100, revision_name=rollout.serving, latest_revision=True)
    predictor = ComponentStatus(
        latest_created_revision=rollout.latest,
        latest_ready_revision=rollout.serving if serves else before.latest_ready_revision,
        latest_rolledout_revision=rolled_out,
        previous_rolledout_revision=previous,
        traffic=[target] if serves else [],
        url=names.url(service, cluster, gateway_port),
        address={"url": names.address(service)},
    )
    return {PREDICTOR: predictor}


def _model_status(before: InferenceServiceStatus, progress: Progress, serves: bool) -> ModelStatus:
    if progress.invalid is not None:
        return invalid_model_status(before.model_status, progress.invalid, serves)
    rollout = progress.rollout
    latest = rollout.latest if rollout else ""
    loaded = serves and rollout is not None and rollout.is_over
    return model_status(before.model_status, latest, progress.pods.get(latest, ()), loaded, serves)


def _replicas(progress: Progress) -> ReplicaCounts:
    serving = progress.pods.get(progress.rollout.serving, ()) if progress.rollout else ()
    ready = count_replicas(serving).ready
    return ReplicaCounts(replicas=progress.wanted, ready_replicas=ready, why=_why(progress, ready))


def _why(progress: Progress, ready: int) -> str:
    """What keeps replicas, or a newer revision, from being ready; "" when all is as wanted."""
    rollout = progress.rollout
    found = []
    if progress.invalid is not None:
        found.append(progress.invalid.message)
    elif rollout is None:
        found.append(DEPLOYING.message)
    elif not rollout.is_over:
        found.append(_held_up(rollout, worst_trouble(progress.pods.get(rollout.latest, ()))))
    if rollout is not None and ready < progress.wanted:
        trouble = worst_trouble(progress.pods.get(rollout.serving, ()))
        found.append(str(trouble) if trouble else "its replicas are being created")
    return "; ".join(found)


def _held_up(rollout: Rollout, trouble: Trouble | None) -> str:
    """Why the latest revision does not serve yet."""
    keeps = f"{rollout.serving} keeps serving"
    if trouble is None:
        return f"{rollout.latest} is being rolled out, {keeps}"
    if trouble.severity is Severity.NO_ROOM:
        return (
            f"{rollout.latest} has no room beside {rollout.serving}, which keeps serving: {trouble.message}; "
            "add capacity, lower its requests or minReplicas, or take replicas from another service"
        )
    return f"{rollout.latest} is not ready, {keeps}: {trouble}"


def _runtime_name(progress: Progress, cluster_scoped: bool) -> str:
    choice = progress.choice
    return choice.runtime.metadata.name if choice and choice.cluster_scoped is cluster_scoped else ""
