"""The controller of InferenceServices: what it watches, and its step."""

from collections.abc import Iterable
from typing import Any

from tradewind.controller.plan import NOTHING, Key, Plan
from tradewind.controller.view import Controller, View, Watch, own_key, owner_key
from tradewind.resources import labels
from tradewind.resources.core_kinds import POD, SECRET, SERVICE, SERVICE_ACCOUNT
from tradewind.resources.serving_kinds import (
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    REVISION,
    SERVING_RUNTIME,
)
from tradewind.resources.serving_names import PREDICTOR
from tradewind.serving.step import plan_service
from tradewind.serving.world import read_world


def inference_service_controller(cluster: str, gateway_port: int) -> Controller:
    """Runs the InferenceServices of one member; their URLs name its cluster and its gateway's port."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        world = read_world(key, view)
        return plan_service(world, cluster, gateway_port, now_ms) if world else NOTHING

    return Controller(
        name="inferenceservice",
        watches=(
            Watch(INFERENCE_SERVICE, own_key),
            Watch(REVISION, owner_key(INFERENCE_SERVICE.name)),
            Watch(POD, _labelled_service),
            Watch(SERVICE, _named_service),
            Watch(SERVING_RUNTIME, _services_around),
            Watch(CLUSTER_SERVING_RUNTIME, _services_around),
            Watch(SECRET, _services_around),
            Watch(SERVICE_ACCOUNT, _services_around),
        ),
        step=step,
    )


def _labelled_service(obj: Any, _: View) -> Iterable[Key]:
    name = obj.metadata.labels.get(labels.INFERENCE_SERVICE)
    return [Key(obj.metadata.namespace, name)] if name else []


def _named_service(obj: Any, _: View) -> Iterable[Key]:
    """Also of a Service that is somebody else's: when it goes, the name is free."""
    name, suffix = obj.metadata.name, f"-{PREDICTOR}"
    return [Key(obj.metadata.namespace, name.removesuffix(suffix))] if name.endswith(suffix) else []


def _services_around(obj: Any, view: View) -> Iterable[Key]:
    """Every service that may refer to the object: of its namespace, or all for a cluster-scoped one."""
    services = view.list(INFERENCE_SERVICE, obj.metadata.namespace)
    return [Key(one.metadata.namespace, one.metadata.name) for one in services]
