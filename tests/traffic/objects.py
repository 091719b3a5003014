"""Objects of the API as other parts write them, for tests."""

from tradewind.resources import labels
from tradewind.resources.core import (
    Container,
    ContainerPort,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Pod,
    PodSpec,
    PodStatus,
    Service,
    ServicePort,
    ServiceSpec,
)
from tradewind.resources.meta import Condition, ObjectMeta

MEMBER_LABELS = {labels.INFERENCE_SERVICE: "fraud", labels.COMPONENT: "predictor"}


def make_service(**changes: object) -> Service:
    spec: dict = {
        "selector": MEMBER_LABELS,
        "ports": [ServicePort(name="http", port=80, target_port="http1", protocol="TCP")],
    }
    annotations = changes.pop("annotations", {})
    return Service(
        api_version="v1",
        kind="Service",
        metadata=ObjectMeta(
            name="fraud-predictor",
            namespace="ml",
            uid="service-uid",
            labels=MEMBER_LABELS,
            annotations=annotations,
        ),
        spec=ServiceSpec(**(spec | changes)),
    )


def make_pod(
    name: str,
    host_port: int = 9001,
    ready: bool = True,
    deleting: bool = False,
    phase: str = "Running",
    pod_ip: str = "127.0.0.1",
    pod_labels: dict[str, str] = MEMBER_LABELS,
) -> Pod:
    port = ContainerPort(name="http1", container_port=8080, host_port=host_port)
    return Pod(
        api_version="v1",
        kind="Pod",
        metadata=ObjectMeta(
            name=name,
            namespace="ml",
            uid=f"uid-{name}",
            labels=pod_labels,
            deletion_timestamp="2030-01-01T00:00:00Z" if deleting else None,
        ),
        spec=PodSpec(node_name="node-1", containers=[Container(name="kserve-container", ports=[port])]),
        status=PodStatus(
            phase=phase,
            pod_ip=pod_ip,
            conditions=[Condition(type="Ready", status="True" if ready else "False")],
        ),
    )


def local_slice(
    service: str,
    port: int | None,
    namespace: str = "ml",
    ready: bool = True,
    terminating: bool = False,
    annotations: dict[str, str] | None = None,
) -> EndpointSlice:
    """As the endpoints controller writes it for `service`'s predictor; without a port, the empty slice."""
    conditions = EndpointConditions(ready=ready and not terminating, serving=ready, terminating=terminating)
    return EndpointSlice(
        metadata=ObjectMeta(
            name=f"{service}-predictor.{port}" if port else f"{service}-predictor",
            namespace=namespace,
            labels={
                labels.INFERENCE_SERVICE: service,
                labels.COMPONENT: "predictor",
                labels.SERVICE_NAME: f"{service}-predictor",
            },
            annotations=annotations or {},
        ),
        endpoints=[Endpoint(addresses=["127.0.0.1"], conditions=conditions)] if port else [],
        ports=[EndpointPort(name="http", port=port)] if port else [],
    )


def imported_slice(
    service: str,
    cluster: str,
    port: int,
    priority: int | str | None,
    namespace: str = "ml",
    ready: bool | None = True,
) -> EndpointSlice:
    """As the hub sends it for another cluster's gateway."""
    annotations = {} if priority is None else {labels.PRIORITY: str(priority)}
    return EndpointSlice(
        metadata=ObjectMeta(
            name=f"imported-{cluster}-{service}-predictor",
            namespace=namespace,
            labels={
                labels.INFERENCE_SERVICE: service,
                labels.COMPONENT: "predictor",
                labels.SERVICE_NAME: f"{service}-predictor",
                labels.CLUSTER: cluster,
            },
            annotations=annotations,
        ),
        endpoints=[
            Endpoint(
                addresses=["127.0.0.1"], conditions=EndpointConditions(ready=ready), zone=f"{cluster}-zone"
            )
        ],
        ports=[EndpointPort(name="http", port=port)],
    )
