"""One step of an InferenceService: from the world as it is to the writes that bring it nearer.

A new revision is written alone, and everything else is decided when it is there. Pods are created
before the route moves, the route moves before Pods are deleted, and the status comes last.
"""

from collections.abc import Mapping, Sequence

from tradewind.controller.plan import Delete, Effect, Plan, Put, PutStatus, Record
from tradewind.resources import labels
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import POD, SERVICE
from tradewind.resources.meta import Condition, Manifest, condition_of, encode, is_true, replace
from tradewind.resources.serving import InferenceService, InferenceServiceStatus, Revision, RevisionStatus
from tradewind.resources.serving_kinds import INFERENCE_SERVICE, REVISION
from tradewind.resources.serving_names import MIN_READY_REPLICAS, PREDICTOR, STOP
from tradewind.serving.conditions import HOLDS, Verdict
from tradewind.serving.errors import InvalidService
from tradewind.serving.pods import PodPlan, plan_pods
from tradewind.serving.render import Template, render
from tradewind.serving.replicas import count_replicas
from tradewind.serving.revision_status import revision_status
from tradewind.serving.revisions import next_revision, outdated_revisions
from tradewind.serving.rollout import Rollout, plan_rollout
from tradewind.serving.services import changed_service, handed_on, make_service
from tradewind.serving.status import NO_ROUTE, Progress, service_status, stopped_status
from tradewind.serving.world import World

# Knative's words (`pkg/reconciler/revision`).
REVISION_READY = "Revision becomes ready upon all resources being ready"


def plan_service(world: World, cluster: str, gateway_port: int, now_ms: int) -> Plan:
    """The step of a service that is there and not being deleted."""
    if world.service.metadata.annotations.get(STOP, "").lower() == "true":
        return _stop(world, now_ms)
    template, invalid = _rendered(world)
    revision = next_revision(world.service, template, world.revisions) if template else None
    if revision is not None:
        return _new_revision(world, revision)
    rollout = _rollout(world)
    replicas = rollout.replicas if rollout else {}
    plans = _plan_all_pods(world, replicas, now_ms)
    statuses = _revision_statuses(world, replicas, now_ms)
    progress = Progress(
        wanted=wanted_replicas(world.service),
        rollout=rollout,
        statuses=statuses,
        pods=world.pods,
        route=_route_verdict(world),
        notes=handed_on(world.route if world.owns_route else None),
        choice=template.choice if template else None,
        invalid=invalid,
    )
    status = service_status(world.service, progress, cluster, gateway_port, now_ms)
    effects = (
        *_created_pods(plans),
        *_route(world, rollout),
        *_deleted_pods(plans),
        *_outdated(world, replicas),
        *_changed_revisions(world, statuses),
        *_status(world, status),
    )
    wakes = [plan.wake_at_ms for plan in plans if plan.wake_at_ms is not None]
    return Plan(effects, min(wakes, default=None))


def wanted_replicas(service: InferenceService) -> int:
    """`minReplicas`, at least 1: nothing would wake a service up from zero in this version."""
    minimum = service.spec.predictor.min_replicas
    return max(1, 1 if minimum is None else minimum)


def _least_ready(service: InferenceService) -> int:
    text = service.metadata.annotations.get(MIN_READY_REPLICAS, "1")
    return int(text) if text.isdecimal() else 1


def _rendered(world: World) -> tuple[Template | None, InvalidService | None]:
    try:
        return render(world.service, world.around), None
    except InvalidService as error:
        return None, error


def _rollout(world: World) -> Rollout | None:
    if not world.revisions:
        return None
    known = world.service.status.components.get(PREDICTOR)
    return plan_rollout(
        [one.metadata.name for one in world.revisions],
        known.latest_rolledout_revision if known else "",
        world.route.spec.selector.get(labels.REVISION, "") if world.route else "",
        {name: count_replicas(pods) for name, pods in world.pods.items()},
        wanted_replicas(world.service),
    )


def _new_revision(world: World, revision: Revision) -> Plan:
    text = f"created revision {revision.metadata.name}"
    return Plan((Put(REVISION, encode(revision)), Record(world.manifest, "Normal", "RevisionCreated", text)))


def _plan_all_pods(world: World, replicas: Mapping[str, int], now_ms: int) -> list[PodPlan]:
    """Of every revision, oldest first."""
    return [
        plan_pods(one, replicas.get(one.metadata.name, 0), world.pods[one.metadata.name], now_ms)
        for one in world.revisions
    ]


def _revision_statuses(world: World, replicas: Mapping[str, int], now_ms: int) -> dict[str, RevisionStatus]:
    least_ready = _least_ready(world.service)
    return {
        one.metadata.name: revision_status(
            one, replicas.get(one.metadata.name, 0), world.pods[one.metadata.name], least_ready, now_ms
        )
        for one in world.revisions
    }


def _stop(world: World, now_ms: int) -> Plan:
    """Everything that runs goes; the revisions stay."""
    route: list[Effect] = []
    if world.route is not None and world.owns_route:
        meta = world.route.metadata
        route.append(Delete(SERVICE, meta.namespace, meta.name, meta.uid))
    gone = _deleted_pods(_plan_all_pods(world, {}, now_ms))
    return Plan((*route, *gone, *_status(world, stopped_status(world.service, now_ms))))


def _created_pods(plans: Sequence[PodPlan]) -> list[Effect]:
    return [Put(POD, encode(pod)) for plan in plans for pod in plan.create]


def _deleted_pods(plans: Sequence[PodPlan]) -> list[Effect]:
    return [_deleted(pod) for plan in plans for pod in plan.delete]


def _deleted(pod: Pod) -> Delete:
    return Delete(POD, pod.metadata.namespace, pod.metadata.name, pod.metadata.uid)


def _route(world: World, rollout: Rollout | None) -> list[Effect]:
    """The Service leads to the revision that takes the traffic; one that is somebody else's is left alone."""
    if rollout is None or (world.route is not None and not world.owns_route):
        return []
    serving = next(one for one in world.revisions if one.metadata.name == rollout.serving)
    changed = changed_service(make_service(world.service, serving), world.route)
    return [Put(SERVICE, encode(changed))] if changed else []


def _route_verdict(world: World) -> Verdict:
    if world.owns_route:
        return HOLDS
    if world.route is None:
        return NO_ROUTE
    text = f"the Service {world.route.metadata.name} exists and belongs to somebody else: delete or rename it"
    return Verdict("False", NO_ROUTE.reason, text)


def _outdated(world: World, replicas: Mapping[str, int]) -> list[Effect]:
    in_use = [name for name, pods in world.pods.items() if pods or replicas.get(name)]
    gone = [one.metadata for one in outdated_revisions(world.revisions, in_use)]
    return [Delete(REVISION, meta.namespace, meta.name, meta.uid) for meta in gone]


def _changed_revisions(world: World, statuses: Mapping[str, RevisionStatus]) -> list[Effect]:
    effects: list[Effect] = []
    for one in world.revisions:
        status = statuses[one.metadata.name]
        if status == one.status:
            continue
        manifest = encode(replace(one, status=status))
        effects.append(PutStatus(REVISION, manifest))
        if is_true(status.conditions, "Ready") and not is_true(one.status.conditions, "Ready"):
            effects.append(Record(manifest, "Normal", "RevisionReady", REVISION_READY))
    return effects


def _status(world: World, status: InferenceServiceStatus) -> list[Effect]:
    before = world.service.status
    if status == before:
        return []
    manifest: Manifest = {**world.manifest, "status": encode(status)}
    return [PutStatus(INFERENCE_SERVICE, manifest), *_events(world, before, status)]


def _events(world: World, before: InferenceServiceStatus, status: InferenceServiceStatus) -> list[Effect]:
    """What a user should hear of: readiness that came or went, and a new reason why a revision fails."""
    name, found = world.service.metadata.name, []
    was, now = condition_of(before.conditions, "Ready"), condition_of(status.conditions, "Ready")
    if _is_true(now) and not _is_true(was):
        found.append(("Normal", "InferenceServiceReady", f"InferenceService [{name}] is Ready"))
    if _is_true(was) and now is not None and not _is_true(now):
        text = f"InferenceService [{name}] is no longer Ready because of: {now.reason}: {now.message}"
        found.append(("Warning", "InferenceServiceNotReady", text))
    was = condition_of(before.conditions, "LatestDeploymentReady")
    now = condition_of(status.conditions, "LatestDeploymentReady")
    if now is not None and now.status == "False" and (was is None or now.message != was.message):
        found.append(("Warning", now.reason, now.message))
    return [Record(world.manifest, *one) for one in found]


def _is_true(condition: Condition | None) -> bool:
    return condition is not None and condition.status == "True"
