"""What clusters report → the binding's status, and from there the status of the service itself."""

from collections.abc import Iterable
from typing import Any

from tradewind.controller.plan import NOTHING, Key, Plan, PutStatus
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.aggregate import aggregate, fully_applied
from tradewind.federation.bindings import binding_kind, is_of
from tradewind.federation.conditions import with_condition
from tradewind.federation.controllers.binding import binding_of_work, work_labels
from tradewind.federation.names import binding_name
from tradewind.federation.service_reports import reports
from tradewind.federation.service_status import service_status
from tradewind.federation.works import clusters_with_work
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.meta import encode, replace
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, WORK


def make_binding_status() -> Controller:
    """The controller of `aggregatedStatus` and of the condition FullyApplied."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        kind = binding_kind(key.namespace)
        binding = view.get(kind, key.namespace, key.name)
        if binding is None or binding.metadata.deletion_timestamp:
            return NOTHING
        items = aggregate(view.list(WORK, labels=work_labels(key)), binding.spec.resource)
        applied = fully_applied(items, clusters_with_work(binding.spec))
        status = replace(
            binding.status,
            aggregated_status=items,
            conditions=with_condition(binding.status.conditions, applied, now_ms),
        )
        if status == binding.status:
            return NOTHING
        return Plan((PutStatus(kind, encode(replace(binding, status=status))),))

    watches = (
        Watch(RESOURCE_BINDING, own_key),
        Watch(CLUSTER_RESOURCE_BINDING, own_key),
        Watch(WORK, binding_of_work),
    )
    return Controller("binding-status", watches, step)


def make_service_status(front_door_url: str) -> Controller:
    """The controller of the status of InferenceServices at the hub. `front_door_url` is where users reach
    the fleet, "" if there is no front door."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        service = view.get(INFERENCE_SERVICE, key.namespace, key.name)
        if service is None or service.metadata.deletion_timestamp:
            return NOTHING
        name = binding_name(INFERENCE_SERVICE.name, key.name)
        binding = view.get(RESOURCE_BINDING, key.namespace, name)
        found = reports(binding.spec, binding.status, view.list(CLUSTER)) if binding else []
        status = service_status(service, binding, found, front_door_url, now_ms)
        if status == service.status:
            return NOTHING
        return Plan((PutStatus(INFERENCE_SERVICE, encode(replace(service, status=status))),))

    watches = (
        Watch(INFERENCE_SERVICE, own_key),
        Watch(RESOURCE_BINDING, service_of_binding),
        Watch(CLUSTER, every_bound_service),
    )
    return Controller("service-status", watches, step)


def service_of_binding(binding: Any, _: View) -> Iterable[Key]:
    """The key of the InferenceService that a binding is for."""
    resource = binding.spec.resource
    if not is_of(binding, INFERENCE_SERVICE, resource.name):
        return ()
    return (Key(resource.namespace, resource.name),)


def every_bound_service(_: Any, view: View) -> Iterable[Key]:
    """The keys of all InferenceServices that have a binding."""
    return [key for binding in view.list(RESOURCE_BINDING) for key in service_of_binding(binding, view)]
