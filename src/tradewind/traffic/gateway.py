"""EndpointSlices → what a member's gateway does.

Two listeners. The public one routes users: to local replicas while one works, then to the gateways
of other clusters in the order that the hub annotated. The peer one is for those gateways: it knows
local replicas only, so a request crosses clusters at most once and cannot run in a circle.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from tradewind.resources import labels
from tradewind.resources.core import Endpoint as SliceEndpoint
from tradewind.resources.core import EndpointSlice
from tradewind.traffic import names
from tradewind.traffic.model import (
    Backend,
    Endpoint,
    EndpointGroup,
    Health,
    HealthCheck,
    Listener,
    Locality,
    Match,
    Proxy,
    Refusal,
    Retry,
    Route,
    VirtualHost,
)

DEFAULT_HEALTH_PATH = "/v2/health/ready"  # Open Inference Protocol
GATEWAY_HEALTH_PATH = "/healthz/ready"  # as Istio's ingress gateway
IP_ADDRESS_TYPES = ("IPv4", "IPv6")
NO_PRIORITY = 1_000_000  # an imported slice that has no place in the order comes last

# Two tries among local replicas, two at the nearest cluster, two at the next. A replica's own 503
# (model not loaded, queue full) counts as a refusal.
PUBLIC_RETRY = Retry(retries=5, tries_per_group=2, statuses=(503,))
# A peer's caller has other clusters to ask: a 503 goes back to it at once.
PEER_RETRY = Retry(retries=1, tries_per_group=2)


@dataclass(frozen=True)
class GatewayIdentity:
    """Whose gateway it is, where that is, and the ports it listens on."""

    cluster: str
    region: str
    zone: str
    port: int
    peer_port: int


@dataclass(frozen=True)
class _ServiceSlices:
    """The slices of one Service of an InferenceService: local ones, and imported ones nearest first."""

    namespace: str
    service: str
    inference_service: str
    local: tuple[EndpointSlice, ...]
    imported: tuple[EndpointSlice, ...]


def gateway_proxy(slices: Iterable[EndpointSlice], identity: GatewayIdentity) -> Proxy:
    """All that the gateway of `identity` does, from every EndpointSlice of an InferenceService."""
    services = _services(slices)
    backends = [backend for service in services for backend in _backends(service, identity)]
    return Proxy((_public_listener(services, identity), _peer_listener(services, identity)), tuple(backends))


def _services(slices: Iterable[EndpointSlice]) -> list[_ServiceSlices]:
    relevant = [one for one in slices if _is_relevant(one)]
    return [
        _service(namespace, service, list(group))
        for (namespace, service), group in groupby(sorted(relevant, key=_slice_key), key=_service_key)
    ]


def _is_relevant(one: EndpointSlice) -> bool:
    own = one.metadata.labels
    return (
        one.address_type in IP_ADDRESS_TYPES
        and labels.INFERENCE_SERVICE in own
        and labels.SERVICE_NAME in own
    )


def _service_key(one: EndpointSlice) -> tuple[str, str]:
    return one.metadata.namespace, one.metadata.labels[labels.SERVICE_NAME]


def _slice_key(one: EndpointSlice) -> tuple[tuple[str, str], int, str]:
    return _service_key(one), _priority(one), one.metadata.name


def _priority(one: EndpointSlice) -> int:
    text = one.metadata.annotations.get(labels.PRIORITY, "")
    return int(text) if text.isdecimal() else NO_PRIORITY


def _service(namespace: str, service: str, slices: Sequence[EndpointSlice]) -> _ServiceSlices:
    return _ServiceSlices(
        namespace,
        service,
        inference_service=slices[0].metadata.labels[labels.INFERENCE_SERVICE],
        local=tuple(one for one in slices if labels.CLUSTER not in one.metadata.labels),
        imported=tuple(one for one in slices if labels.CLUSTER in one.metadata.labels),
    )


def _backends(service: _ServiceSlices, identity: GatewayIdentity) -> list[Backend]:
    check = HealthCheck(_health_path(service), names.service_host(service.namespace, service.service))
    local = _local_groups(service, identity)
    everywhere = Backend(
        names.backend(service.namespace, service.service), check, (*local, *_imported_groups(service))
    )
    if not service.local:
        return [everywhere]
    return [everywhere, Backend(names.local_backend(service.namespace, service.service), check, local)]


def _local_groups(service: _ServiceSlices, identity: GatewayIdentity) -> tuple[EndpointGroup, ...]:
    locality = Locality(identity.region, identity.zone, identity.cluster)
    endpoints = tuple(found for one in service.local for found in _endpoints(one))
    return (EndpointGroup(locality, endpoints),) if endpoints else ()


def _imported_groups(service: _ServiceSlices) -> tuple[EndpointGroup, ...]:
    """One group for each imported slice that has an endpoint, so that there are no gaps in the order."""
    groups = [(_imported_locality(one), tuple(_endpoints(one))) for one in service.imported]
    return tuple(EndpointGroup(locality, endpoints) for locality, endpoints in groups if endpoints)


def _imported_locality(one: EndpointSlice) -> Locality:
    zone = next((endpoint.zone for endpoint in one.endpoints if endpoint.zone), "")
    return Locality(zone=zone, cluster=one.metadata.labels[labels.CLUSTER])


def _endpoints(one: EndpointSlice) -> list[Endpoint]:
    """Endpoints to configure. One that is not ready is left out, unless it has requests to finish."""
    port = next((port.port for port in one.ports if port.port), None)
    return [
        Endpoint(address, port, health)
        for endpoint in one.endpoints
        if port and (health := _health(endpoint))
        for address in endpoint.addresses
    ]


def _health(endpoint: SliceEndpoint) -> Health | None:
    """None for an endpoint that must not be asked; `ready` unknown counts as ready, as in Kubernetes."""
    if endpoint.conditions.terminating:
        return Health.DRAINING
    return None if endpoint.conditions.ready is False else Health.HEALTHY


def _health_path(service: _ServiceSlices) -> str:
    annotated = (
        one.metadata.annotations.get(labels.HEALTH_PATH) for one in (*service.local, *service.imported)
    )
    return next((path for path in annotated if path), DEFAULT_HEALTH_PATH)


def _public_listener(services: Sequence[_ServiceSlices], identity: GatewayIdentity) -> Listener:
    by_path = VirtualHost("paths", ("*",), tuple(_public_route(one, by_path=True) for one in services))
    return Listener(
        name="gateway",
        port=identity.port,
        virtual_hosts=(*_public_hosts(services), by_path),
        retry=PUBLIC_RETRY,
        unknown=Refusal(
            404,
            f"cluster {identity.cluster} knows no InferenceService for path %REQ(:PATH):256% of host "
            "%REQ(:AUTHORITY):256%; ask for /serving/NAMESPACE/NAME/... or for host NAME-NAMESPACE."
            f"{identity.cluster}.localhost (`tradewind status` lists the services)",
        ),
        not_ready=Refusal(
            503,
            f"no replica of InferenceService %ROUTE_NAME% is ready, neither in cluster {identity.cluster} "
            "nor in another one (`tradewind status` says why)",
        ),
        cluster=identity.cluster,
        health_path=GATEWAY_HEALTH_PATH,
    )


def _public_hosts(services: Sequence[_ServiceSlices]) -> list[VirtualHost]:
    """One virtual host for each host name.

    `a-b` in namespace `c` and `a` in `b-c` have the same one (as with KServe's default domain
    template); the first by namespace then has it, and the other is reached by path.
    """
    routes = {
        names.public_host(one.namespace, one.inference_service): _public_route(one, by_path=False)
        for one in reversed(services)
    }
    return [VirtualHost(host, (host,), (routes[host],)) for host in sorted(routes)]


def _public_route(service: _ServiceSlices, by_path: bool) -> Route:
    namespace, name = service.namespace, service.inference_service
    return Route(
        name=f"{namespace}/{name}",
        backend=names.backend(namespace, service.service),
        match=Match(path_prefix=names.public_path(namespace, name) if by_path else ""),
        host=names.service_host(namespace, service.service),
    )


def _peer_listener(services: Sequence[_ServiceSlices], identity: GatewayIdentity) -> Listener:
    not_here = Refusal(
        503,
        f"no replica of %REQ(:AUTHORITY):256% is ready in cluster {identity.cluster} "
        "(`tradewind status` says why)",
    )
    return Listener(
        name="peer-gateway",
        port=identity.peer_port,
        virtual_hosts=tuple(_peer_host(one) for one in services if one.local),
        retry=PEER_RETRY,
        unknown=not_here,
        not_ready=not_here,
        cluster=identity.cluster,
    )


def _peer_host(service: _ServiceSlices) -> VirtualHost:
    """A gateway that runs no replica of a service may not know its health path and then asks for the
    default one: that is passed on to where this service's replicas tell their health."""
    host = names.service_host(service.namespace, service.service)
    route = Route(
        name=f"{service.namespace}/{service.inference_service}",
        backend=names.local_backend(service.namespace, service.service),
        host=host,
    )
    path = _health_path(service)
    if path == DEFAULT_HEALTH_PATH:
        return VirtualHost(host, (host,), (route,))
    health = Route(
        name=route.name,
        backend=route.backend,
        match=Match(path=DEFAULT_HEALTH_PATH),
        rewritten_path=path,
        host=host,
    )
    return VirtualHost(host, (host,), (health, route))
