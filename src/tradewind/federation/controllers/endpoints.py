"""Bindings, what clusters report, and clusters → endpoint Works for every cluster of the fleet."""

from collections.abc import Iterable
from typing import Any

from tradewind.controller.plan import Key, Plan
from tradewind.controller.view import Controller, View, Watch
from tradewind.federation.controllers.binding import plan_works
from tradewind.federation.controllers.status import every_bound_service, service_of_binding
from tradewind.federation.dispatch import make_endpoint_works, providers, service_labels, service_of_labels
from tradewind.federation.names import binding_name
from tradewind.federation.service_reports import reports
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import RESOURCE_BINDING, WORK


def make_endpoints_controller() -> Controller:
    """The controller of the endpoints that clusters import from each other, keyed by InferenceService."""

    def step(key: Key, view: View, _: int) -> Plan:
        name = binding_name(INFERENCE_SERVICE.name, key.name)
        binding = view.get(RESOURCE_BINDING, key.namespace, name)
        works = view.list(WORK, labels=service_labels(key.namespace, key.name))
        if binding is None or binding.metadata.deletion_timestamp:
            return Plan(plan_works([], works, staying=()))
        clusters = [one for one in view.list(CLUSTER) if not one.metadata.deletion_timestamp]
        serving = providers(reports(binding.spec, binding.status, clusters), clusters)
        wanted = make_endpoint_works(key.namespace, key.name, serving, clusters)
        return Plan(plan_works(wanted, works, staying=()))

    watches = (
        Watch(RESOURCE_BINDING, service_of_binding),
        Watch(CLUSTER, every_bound_service),
        Watch(WORK, _service_of_work),
    )
    return Controller("endpoints", watches, step)


def _service_of_work(work: Any, _: View) -> Iterable[Key]:
    found = service_of_labels(work.metadata.labels)
    return (Key(*found),) if found else ()
