"""The status of an InferenceService at the hub: one answer for all its clusters.

**Ready** says whether requests are answered, since every gateway of the fleet sends them on to clusters that
serve. So it is True while the service is ready in at least one cluster that the hub hears from; it is
Unknown while the only clusters that may serve are out of the hub's sight; otherwise as in the worst cluster.
**AllClustersReady** says whether all is as it should be; it is False as long as any cluster is not ready, and
names it. Every other condition that clusters report is merged as Ready is, but those of TRUE_EVERYWHERE must
hold in all of them. A condition that is not True
has the reason of the worst cluster, and a message that begins with that cluster's name.

`clusters` has each cluster's replicas with what is wrong there, `replicas` their sum.
"""

from collections.abc import Sequence

from tradewind.federation.conditions import replace_conditions
from tradewind.federation.service_reports import UNREACHABLE, Report
from tradewind.resources.meta import Condition, condition_of
from tradewind.resources.serving import (
    ComponentStatus,
    FailureInfo,
    InferenceService,
    InferenceServiceStatus,
    ModelCopies,
    ModelStates,
    ModelStatus,
    ReplicaCounts,
)
from tradewind.resources.work import ResourceBinding

READY, ALL_READY = "Ready", "AllClustersReady"
TRUE_EVERYWHERE = ("LatestDeploymentReady", "Stopped")  # a roll-out is over when it is over in every cluster
LOADED = "Loaded"
MODEL_STATES = ("FailedToLoad", "", "Pending", "Loading", "Standby", LOADED)  # worst first
SEVERITY = {"False": 0, "Unknown": 1, "True": 2}


def service_status(
    service: InferenceService,
    binding: ResourceBinding | None,
    found: Sequence[Report],
    front_door_url: str,
    now_ms: int,
) -> InferenceServiceStatus:
    """The status to be written. `found` has a report for each cluster of the binding; `front_door_url`
    is where users reach the whole fleet, "" if there is no such place."""
    known = service.status.conditions
    if not found:
        wanted = [_unplaced(service, binding)]
        return InferenceServiceStatus(
            observed_generation=service.metadata.generation,
            conditions=replace_conditions(known, wanted, now_ms),
        )
    first = next((report for report in found if report.is_ready), None) or next(
        (report for report in found if report.status), None
    )
    shown = first.status if first and first.status else InferenceServiceStatus()
    url = _url(service, front_door_url, shown)
    return InferenceServiceStatus(
        observed_generation=min(service.metadata.generation, *(one.generation for one in found)),
        conditions=replace_conditions(known, _conditions(found, binding), now_ms),
        url=url,
        address={"url": url} if url else {},
        components=_components(shown, url),
        model_status=_model_status(found),
        deployment_mode=shown.deployment_mode,
        serving_runtime_name=shown.serving_runtime_name,
        cluster_serving_runtime_name=shown.cluster_serving_runtime_name,
        replicas=_sum_of_replicas(found),
        clusters={report.cluster: report.counts for report in found},
    )


def _unplaced(service: InferenceService, binding: ResourceBinding | None) -> Condition:
    """Why the service is in no cluster."""
    meta = service.metadata
    if binding is None:
        message = (
            f'no PropagationPolicy in namespace "{meta.namespace}" and no ClusterPropagationPolicy selects '
            f'InferenceService "{meta.name}"; apply one whose spec.resourceSelectors names it'
        )
        return Condition(type=READY, status="False", reason="NoPolicyMatches", message=message)
    scheduled = condition_of(binding.status.conditions, "Scheduled")
    if scheduled is None or scheduled.status == "True":
        return Condition(
            type=READY, status="Unknown", reason="Scheduling", message="clusters are being chosen"
        )
    return Condition(type=READY, status="False", reason=scheduled.reason, message=scheduled.message)


def _conditions(found: Sequence[Report], binding: ResourceBinding | None) -> list[Condition]:
    types = {one.type for report in found if report.status for one in report.status.conditions}
    merged = [_merged(type_, found) for type_ in sorted(types | {READY})]
    return sorted([*merged, _all_ready(found, binding)], key=lambda one: one.type)


def _merged(type_: str, found: Sequence[Report]) -> Condition:
    verdicts = [(report, report.condition(type_)) for report in found]
    severity = next((one.severity for _, one in verdicts if one.severity), "")
    enough = all if type_ in TRUE_EVERYWHERE else any
    if enough(one.status == "True" for _, one in verdicts):
        return Condition(type=type_, status="True", severity=severity)
    worst = _worst_first(found, type_)
    status = "Unknown" if any(_may_serve(report) for report in found) else worst[0][1].status
    return Condition(
        type=type_, status=status, reason=worst[0][1].reason, message=_named(worst), severity=severity
    )


def _may_serve(report: Report) -> bool:
    return report.trouble is not None and report.trouble.reason == UNREACHABLE and report.was_ready


def _all_ready(found: Sequence[Report], binding: ResourceBinding | None) -> Condition:
    scheduled = condition_of(binding.status.conditions, "Scheduled") if binding else None
    if scheduled is not None and scheduled.status == "False":
        return Condition(
            type=ALL_READY,
            status="False",
            reason=scheduled.reason,
            message=scheduled.message,
            severity="Info",
        )
    worst = [verdict for verdict in _worst_first(found, READY) if verdict[1].status != "True"]
    if not worst:
        return Condition(type=ALL_READY, status="True", severity="Info")
    return Condition(
        type=ALL_READY, status="False", reason=worst[0][1].reason, message=_named(worst), severity="Info"
    )


def _worst_first(found: Sequence[Report], type_: str) -> list[tuple[str, Condition]]:
    verdicts = [(report.cluster, report.condition(type_)) for report in found]
    return sorted(verdicts, key=lambda verdict: SEVERITY.get(verdict[1].status, 1))


def _named(verdicts: Sequence[tuple[str, Condition]]) -> str:
    told = ((cluster, one.message or one.reason) for cluster, one in verdicts)
    return "; ".join(f"{cluster}: {text}" for cluster, text in told if text)


def _url(service: InferenceService, front_door_url: str, shown: InferenceServiceStatus) -> str:
    """Through the front door by path (every gateway knows that route), else one cluster's own."""
    if not front_door_url:
        return shown.url
    return f"{front_door_url.rstrip('/')}/serving/{service.metadata.namespace}/{service.metadata.name}"


def _components(shown: InferenceServiceStatus, url: str) -> dict[str, ComponentStatus]:
    """Revisions and traffic as one serving cluster has them, under the fleet's URL."""
    return {
        name: ComponentStatus(
            latest_ready_revision=component.latest_ready_revision,
            latest_created_revision=component.latest_created_revision,
            latest_rolledout_revision=component.latest_rolledout_revision,
            previous_rolledout_revision=component.previous_rolledout_revision,
            traffic=component.traffic,
            url=url,
            address=component.address,
        )
        for name, component in shown.components.items()
    }


def _model_status(found: Sequence[Report]) -> ModelStatus | None:
    """The worst cluster's model; Loaded is said of the active one where any cluster has it."""
    told = [(one.cluster, one.status.model_status) for one in found if one.status and one.status.model_status]
    if not told:
        return None
    cluster, worst = min(told, key=lambda pair: _state_rank(pair[1]))
    active = [model.states.active_model_state for _, model in told if model.states]
    copies = [model.copies for _, model in told if model.copies]
    states = worst.states or ModelStates()
    return ModelStatus(
        transition_status=worst.transition_status,
        states=ModelStates(
            active_model_state=LOADED if LOADED in active else states.active_model_state,
            target_model_state=states.target_model_state,
        ),
        copies=ModelCopies(
            failed_copies=sum(one.failed_copies for one in copies),
            total_copies=sum(one.total_copies for one in copies),
        ),
        last_failure_info=_failure(cluster, worst.last_failure_info),
    )


def _state_rank(model: ModelStatus) -> int:
    state = model.states.target_model_state if model.states else ""
    return MODEL_STATES.index(state) if state in MODEL_STATES else 0


def _failure(cluster: str, failure: FailureInfo | None) -> FailureInfo | None:
    if failure is None:
        return None
    return FailureInfo(
        location=f"{cluster}/{failure.location}",
        reason=failure.reason,
        message=failure.message,
        model_revision_name=failure.model_revision_name,
        time=failure.time,
        exit_code=failure.exit_code,
    )


def _sum_of_replicas(found: Sequence[Report]) -> ReplicaCounts:
    counts = [(report.cluster, report.counts) for report in found]
    return ReplicaCounts(
        replicas=sum(one.replicas for _, one in counts),
        ready_replicas=sum(one.ready_replicas for _, one in counts),
        why=next((f"{cluster}: {one.why}" for cluster, one in counts if one.why), ""),
    )
