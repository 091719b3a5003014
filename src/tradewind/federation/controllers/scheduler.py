"""Bindings and clusters → `spec.clusters` and the condition Scheduled."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from tradewind.controller.plan import NOTHING, Effect, Key, Plan, Put, PutStatus, Record
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import binding_kind, template_of
from tradewind.federation.conditions import with_condition
from tradewind.federation.keys import APPLIED_PLACEMENT, BINDING_MANAGED_BY, CLUSTER_POLICY_ID, POLICY_ID
from tradewind.federation.place import NotPlaced, Placed
from tradewind.federation.schedule import reschedule_pending, schedule, why_schedule
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.meta import Condition, condition_of, encode, replace
from tradewind.resources.policy_types import DEFAULT_SCHEDULER, Placement
from tradewind.resources.times import time_text
from tradewind.resources.work import (
    CLUSTER_RESOURCE_BINDING,
    RESOURCE_BINDING,
    BindingSpec,
    BindingStatus,
    ResourceBinding,
)

SUCCESS = "Binding has been scheduled successfully."
RESPONSIBLE = (POLICY_ID, CLUSTER_POLICY_ID, BINDING_MANAGED_BY)


def make_scheduler() -> Controller:
    """The controller that places every binding which is this scheduler's."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        binding = view.get(binding_kind(key.namespace), key.namespace, key.name)
        if binding is None or not is_scheduled_here(binding):
            return NOTHING
        clusters = view.list(CLUSTER)
        applied = binding.metadata.annotations.get(APPLIED_PLACEMENT, "")
        if not why_schedule(binding.spec, binding.status, applied, clusters):
            known = Placed(tuple(binding.spec.clusters), binding.status.scheduler_observed_affinity_name)
            return Plan(_effects(binding, _settle(binding, known, now_ms)))
        outcome = schedule(binding.spec, binding.status, clusters)
        return Plan(_effects(binding, _settle(binding, outcome, now_ms)))

    watches = (
        Watch(RESOURCE_BINDING, own_key),
        Watch(CLUSTER_RESOURCE_BINDING, own_key),
        Watch(CLUSTER, _all_bindings),
    )
    return Controller("scheduler", watches, step)


def is_scheduled_here(binding: ResourceBinding) -> bool:
    """Whether a binding is claimed, stays, is not suspended and asks for this scheduler."""
    labels, suspension = binding.metadata.labels, binding.spec.suspension
    return (
        any(labels.get(key) for key in RESPONSIBLE)
        and not binding.metadata.deletion_timestamp
        and not (suspension and suspension.scheduling)
        and binding.spec.scheduler_name in ("", DEFAULT_SCHEDULER)
    )


@dataclass(frozen=True)
class _Result:
    """What a binding is to be after an outcome."""

    annotations: dict[str, str]
    spec: BindingSpec
    status: BindingStatus


def _settle(binding: ResourceBinding, outcome: Placed | NotPlaced, now_ms: int) -> _Result:
    annotations, spec, status = binding.metadata.annotations, binding.spec, binding.status
    conditions = with_condition(status.conditions, _condition(outcome), now_ms)
    status = replace(status, conditions=conditions)
    if isinstance(outcome, NotPlaced) and not outcome.clear:
        return _Result(annotations, spec, status)
    placement = msgspec.json.encode(encode(spec.placement or Placement()), order="deterministic")
    annotations = {**annotations, APPLIED_PLACEMENT: placement.decode()}
    if isinstance(outcome, NotPlaced):
        return _Result(annotations, replace(spec, clusters=[]), status)
    placed = replace(spec, clusters=list(outcome.clusters))
    return _Result(annotations, placed, _observed(binding, placed, outcome, status, now_ms))


def _observed(
    binding: ResourceBinding, placed: BindingSpec, outcome: Placed, status: BindingStatus, now_ms: int
) -> BindingStatus:
    """What the scheduler has seen and done, after a success."""
    moved = placed != binding.spec
    anew = moved or reschedule_pending(binding.spec, binding.status) or not status.last_scheduled_time
    return replace(
        status,
        scheduler_observed_generation=binding.metadata.generation + moved,
        scheduler_observed_affinity_name=outcome.affinity_name,
        last_scheduled_time=time_text(now_ms) if anew else status.last_scheduled_time,
    )


def _condition(outcome: Placed | NotPlaced) -> Condition:
    if isinstance(outcome, Placed):
        return Condition(type="Scheduled", status="True", reason="Success", message=SUCCESS)
    return Condition(type="Scheduled", status="False", reason=outcome.reason, message=outcome.message)


def _effects(binding: ResourceBinding, result: _Result) -> tuple[Effect, ...]:
    kind = binding_kind(binding.metadata.namespace)
    moved = result.spec != binding.spec or result.annotations != binding.metadata.annotations
    metadata = replace(binding.metadata, annotations=result.annotations)
    effects: list[Effect] = []
    if moved:
        effects.append(Put(kind, encode(replace(binding, metadata=metadata, spec=result.spec))))
    if result.status != binding.status:
        # After an own write the version known here is old; the other writer of this status, which
        # gathers what clusters report, writes its part again if this should overwrite it.
        version = "" if moved else metadata.resource_version
        written = replace(metadata, resource_version=version)
        effects.append(PutStatus(kind, encode(replace(binding, metadata=written, status=result.status))))
    return (*effects, *_events(binding, result))


def _events(binding: ResourceBinding, result: _Result) -> tuple[Effect, ...]:
    """An event on the template whenever the outcome is another than before."""
    before = condition_of(binding.status.conditions, "Scheduled")
    after = condition_of(result.status.conditions, "Scheduled")
    assert after is not None
    same = before is not None and (before.status, before.message) == (after.status, after.message)
    if same and result.spec.clusters == binding.spec.clusters:
        return ()
    about = template_of(binding)
    if after.status != "True":
        return (Record(about, "Warning", "ScheduleBindingFailed", after.message),)
    shares = ", ".join(f"{target.name}:{target.replicas}" for target in result.spec.clusters)
    message = f"Binding has been scheduled successfully. Result: {{{shares}}}"
    return (Record(about, "Normal", "ScheduleBindingSucceed", message),)


def _all_bindings(_: Any, view: View) -> Iterable[Key]:
    found = [*view.list(RESOURCE_BINDING), *view.list(CLUSTER_RESOURCE_BINDING)]
    return [Key(one.metadata.namespace, one.metadata.name) for one in found]
