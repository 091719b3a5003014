"""The Service of a predictor: the name under which the revision that serves is reached."""

from tradewind.resources import labels
from tradewind.resources.core import Container, Service, ServicePort, ServiceSpec
from tradewind.resources.core_kinds import SERVICE
from tradewind.resources.meta import ObjectMeta, owner_reference, replace
from tradewind.resources.serving import InferenceService, Revision
from tradewind.resources.serving_names import PREDICTOR
from tradewind.serving.names import service_name

PORT = 80


def make_service(service: InferenceService, serving: Revision) -> Service:
    """`NAME-predictor`, port 80, leading to the first port of the serving revision's replicas."""
    container = serving.spec.containers[0]
    shared = {labels.INFERENCE_SERVICE: service.metadata.name, labels.COMPONENT: PREDICTOR}
    return Service(
        api_version=SERVICE.api_version,
        kind=SERVICE.name,
        metadata=ObjectMeta(
            name=service_name(service),
            namespace=service.metadata.namespace,
            labels=shared,
            annotations=_health_path(container),
            owner_references=[owner_reference(service)],
        ),
        spec=ServiceSpec(
            selector={**shared, labels.REVISION: serving.metadata.name},
            ports=[
                ServicePort(
                    name="http",
                    port=PORT,
                    protocol="TCP",
                    target_port=container.ports[0].name,
                )
            ],
        ),
    )


def handed_on(route: Service | None) -> dict[str, str]:
    """What gateways of other clusters must know of the Service: where to ask for health."""
    found = route.metadata.annotations.get(labels.HEALTH_PATH, "") if route else ""
    return {labels.HEALTH_PATH: found} if found else {}


def changed_service(wanted: Service, current: Service | None) -> Service | None:
    """What to write: the new Service, or the current one put right; None if it is as wanted."""
    if current is None:
        return wanted
    spec = replace(current.spec, selector=wanted.spec.selector, ports=wanted.spec.ports)
    others = {key: one for key, one in current.metadata.annotations.items() if key != labels.HEALTH_PATH}
    metadata = replace(current.metadata, annotations=others | wanted.metadata.annotations)
    changed = replace(current, spec=spec, metadata=metadata)
    return None if changed == current else changed


def _health_path(container: Container) -> dict[str, str]:
    """Where the gateway asks for health, when the replica's readiness probe says so."""
    path = ((container.readiness_probe or {}).get("httpGet") or {}).get("path")
    return {labels.HEALTH_PATH: path} if path else {}
