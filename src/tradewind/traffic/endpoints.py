"""Service + Pods → EndpointSlices: who answers for a Service, by the rules of Kubernetes.

As kube-controller-manager's endpointslice controller, with one difference: a replica listens on its
container port's `hostPort` on this machine, so endpoints that listen on the same ports share a slice.
"""

from collections.abc import Iterable, Sequence

from tradewind.controller.plan import Delete, Effect, Plan, Put
from tradewind.resources import labels
from tradewind.resources.core import (
    ContainerPort,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    Pod,
    Service,
    ServicePort,
)
from tradewind.resources.core_kinds import ENDPOINT_SLICE
from tradewind.resources.meta import ObjectMeta, encode, is_true, owner_reference, replace
from tradewind.traffic import names

MANAGER = "endpointslice-controller.k8s.io"
FINISHED_PHASES = ("Succeeded", "Failed")
COPIED_ANNOTATIONS = (labels.HEALTH_PATH,)

Ports = tuple[EndpointPort, ...]


def plan_endpoints(service: Service, pods: Iterable[Pod], slices: Iterable[EndpointSlice]) -> Plan:
    """The writes that make `slices`, those of this manager for the Service, say what its Pods are.

    New slices come before old ones go: a Service that has endpoints is never without.
    """
    found = {one.metadata.name: one for one in slices}
    wanted = {one.metadata.name: one for one in make_slices(service, pods)}
    puts = [effect for one in wanted.values() for effect in _put(one, found.get(one.metadata.name))]
    deletes = [_delete(one) for name, one in found.items() if name not in wanted]
    return Plan((*puts, *deletes))


def plan_removal(slices: Iterable[EndpointSlice]) -> Plan:
    """The writes after a Service is gone: none of its slices stays."""
    return Plan(tuple(_delete(one) for one in slices))


def make_slices(service: Service, pods: Iterable[Pod]) -> list[EndpointSlice]:
    """The slices of a Service, by name: one for each set of ports that its Pods listen on.

    Without any endpoint there is one empty slice, by which gateways know that the Service exists.
    A Service without a selector has none: its endpoints are somebody else's.
    """
    selector = service.spec.selector
    if not selector:
        return []
    endpoints: dict[Ports, list[Endpoint]] = {}
    for pod in pods:
        ports = _ports(service.spec.ports, pod)
        if ports and _selects(selector, pod) and _has_address(pod):
            endpoints.setdefault(ports, []).append(make_endpoint(service, pod))
    slices = [_make_slice(service, ports, found) for ports, found in endpoints.items()]
    return sorted(slices, key=lambda one: one.metadata.name) or [_make_slice(service, (), [])]


def make_endpoint(service: Service, pod: Pod) -> Endpoint:
    """The endpoint of a Pod. One that is being deleted is not `ready`; while it answers it is `serving`."""
    answers = is_true(pod.status.conditions, "Ready") or service.spec.publish_not_ready_addresses
    terminating = pod.metadata.deletion_timestamp is not None
    return Endpoint(
        addresses=[pod.status.pod_ip],
        conditions=EndpointConditions(
            ready=service.spec.publish_not_ready_addresses or (answers and not terminating),
            serving=answers,
            terminating=terminating,
        ),
        target_ref={
            "kind": "Pod",
            "namespace": pod.metadata.namespace,
            "name": pod.metadata.name,
            "uid": pod.metadata.uid,
        },
        node_name=pod.spec.node_name or None,
    )


def host_port(target: int | str | None, pod: Pod) -> int | None:
    """Where a Pod really listens for a Service's `targetPort` (name or number); None if it does not."""
    declared = [port for container in pod.spec.containers for port in container.ports]
    return next((port.host_port for port in declared if port.host_port and _is_target(port, target)), None)


def services_of(pod: Pod, services: Iterable[Service]) -> list[str]:
    """Names of those `services` (of the Pod's namespace) that select it."""
    return [
        service.metadata.name
        for service in services
        if service.spec.selector and _selects(service.spec.selector, pod)
    ]


def _is_target(port: ContainerPort, target: int | str | None) -> bool:
    return target == (port.name if isinstance(target, str) else port.container_port)


def _selects(selector: dict[str, str], pod: Pod) -> bool:
    return selector.items() <= pod.metadata.labels.items()


def _has_address(pod: Pod) -> bool:
    return bool(pod.status.pod_ip) and pod.status.phase not in FINISHED_PHASES


def _ports(wanted: Sequence[ServicePort], pod: Pod) -> Ports:
    """The Service's ports that this Pod has, as numbers of this machine."""
    return tuple(
        EndpointPort(
            port=number, name=port.name, protocol=port.protocol or "TCP", app_protocol=port.app_protocol
        )
        for port in wanted
        if (number := host_port(port.port if port.target_port is None else port.target_port, pod))
    )


def _make_slice(service: Service, ports: Ports, endpoints: list[Endpoint]) -> EndpointSlice:
    own = service.metadata
    return EndpointSlice(
        api_version=ENDPOINT_SLICE.api_version,
        kind=ENDPOINT_SLICE.name,
        metadata=ObjectMeta(
            name=names.slice_name(own.name, [port.port for port in ports if port.port]),
            namespace=own.namespace,
            labels={**own.labels, labels.SERVICE_NAME: own.name, labels.SLICE_MANAGED_BY: MANAGER},
            annotations={key: own.annotations[key] for key in COPIED_ANNOTATIONS if key in own.annotations},
            owner_references=[owner_reference(service)],
        ),
        endpoints=endpoints,
        ports=list(ports),
    )


def _put(wanted: EndpointSlice, found: EndpointSlice | None) -> list[Effect]:
    if found is None:
        return [Put(ENDPOINT_SLICE, encode(wanted))]
    changed = replace(
        found,
        metadata=replace(
            found.metadata,
            labels=wanted.metadata.labels,
            annotations=wanted.metadata.annotations,
            owner_references=wanted.metadata.owner_references,
        ),
        endpoints=wanted.endpoints,
        ports=wanted.ports,
    )
    return [] if changed == found else [Put(ENDPOINT_SLICE, encode(changed))]


def _delete(found: EndpointSlice) -> Effect:
    own = found.metadata
    return Delete(ENDPOINT_SLICE, own.namespace, own.name, own.uid)
