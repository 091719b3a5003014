"""WorkloadRebalancers → bindings that are to be divided anew.

Upstream: `pkg/controllers/workloadrebalancer/workloadrebalancer_controller.go`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tradewind.controller.plan import NOTHING, Delete, Effect, Key, Plan, Put, PutStatus
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import binding_kind
from tradewind.federation.names import binding_name
from tradewind.resources.meta import encode, replace
from tradewind.resources.rebalancer import (
    WORKLOAD_REBALANCER,
    ObservedWorkload,
    RebalancedObject,
    WorkloadRebalancer,
    WorkloadRebalancerStatus,
)
from tradewind.resources.times import time_ms, time_text
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, ResourceBinding

NOT_FOUND = "ReferencedBindingNotFound"


@dataclass(frozen=True)
class _Outcome:
    observed: ObservedWorkload
    effects: tuple[Effect, ...] = ()


def make_rebalancer() -> Controller:
    """The controller that asks the scheduler to divide objects anew, once for each state of a request."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        request = view.get(WORKLOAD_REBALANCER, "", key.name)
        if request is None or request.metadata.deletion_timestamp:
            return NOTHING
        if request.status.observed_generation == request.metadata.generation and request.status.finish_time:
            return _expire(request, now_ms)
        workloads = _in_order(request)
        if (settled_ms := max((_scheduled_ms(one, view) for one in workloads), default=0)) > now_ms:
            return Plan(wake_at_ms=settled_ms)
        outcomes = [_trigger(one, request, view, now_ms) for one in workloads]
        status = WorkloadRebalancerStatus(
            observed_workloads=[one.observed for one in outcomes],
            observed_generation=request.metadata.generation,
            finish_time=time_text(now_ms),
        )
        return Plan(
            (
                *(effect for one in outcomes for effect in one.effects),
                PutStatus(WORKLOAD_REBALANCER, encode(replace(request, status=status))),
            )
        )

    watches = (
        Watch(WORKLOAD_REBALANCER, own_key),
        Watch(RESOURCE_BINDING, _no_keys),
        Watch(CLUSTER_RESOURCE_BINDING, _no_keys),
    )
    return Controller("rebalancer", watches, step)


def _expire(request: WorkloadRebalancer, now_ms: int) -> Plan:
    seconds = request.spec.ttl_seconds_after_finished
    if seconds is None:
        return NOTHING
    due_ms = time_ms(request.status.finish_time or "") + 1000 * seconds
    if now_ms < due_ms:
        return Plan(wake_at_ms=due_ms)
    return Plan((Delete(WORKLOAD_REBALANCER, "", request.metadata.name, request.metadata.uid),))


def _in_order(request: WorkloadRebalancer) -> list[RebalancedObject]:
    unique = dict.fromkeys(
        (one.kind, one.namespace, one.name, one.api_version) for one in request.spec.workloads
    )
    return [
        RebalancedObject(api_version=version, kind=kind, name=name, namespace=namespace)
        for kind, namespace, name, version in sorted(unique)
    ]


def _scheduled_ms(one: RebalancedObject, view: View) -> int:
    """The second after that in which an object was scheduled: a request in the same one would be overlooked,
    since these times have no fractions."""
    binding: ResourceBinding | None = view.get(
        binding_kind(one.namespace), one.namespace, binding_name(one.kind, one.name)
    )
    last = binding.status.last_scheduled_time if binding else None
    return time_ms(last) + 1000 if last else 0


def _trigger(one: RebalancedObject, request: WorkloadRebalancer, view: View, now_ms: int) -> _Outcome:
    known = {observed.workload: observed for observed in request.status.observed_workloads}
    if known.get(one, ObservedWorkload(workload=one)).result == "Successful":
        return _Outcome(known[one])
    kind = binding_kind(one.namespace)
    binding: ResourceBinding | None = view.get(kind, one.namespace, binding_name(one.kind, one.name))
    if binding is None:
        return _Outcome(ObservedWorkload(workload=one, result="Failed", reason=NOT_FOUND))
    asked = replace(binding.spec, reschedule_triggered_at=time_text(now_ms))
    return _Outcome(
        ObservedWorkload(workload=one, result="Successful"),
        (Put(kind, encode(replace(binding, spec=asked))),),
    )


def _no_keys(_: Any, __: View) -> Iterable[Key]:
    return ()
