"""Model → Envoy's resources (API v3, JSON): clusters, endpoints, listeners, routes.

The numbers are those with which no request is lost when a replica, a gateway or a whole cluster is
killed; each says what it is for.
"""

from dataclasses import dataclass

from tradewind.resources.meta import Manifest
from tradewind.traffic.listeners import render_listener
from tradewind.traffic.model import Backend, Endpoint, EndpointGroup, HealthCheck, Locality, Proxy
from tradewind.traffic.routes import render_routes
from tradewind.traffic.xds_source import XDS_SOURCE

HTTP_OPTIONS = "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
CONNECT_TIMEOUT = "1s"
# Below the 5 s after which uvicorn (vLLM) and llama-server close an idle connection under a request.
UPSTREAM_IDLE_TIMEOUT = "4s"
# A busy Python server may be slow to tell its health: two answers in a row must take over 2 s. A dead
# one refuses the connection and is found by its first request; a hung one after 6 s at most.
HEALTH_INTERVAL = "1s"
HEALTH_TIMEOUT = "2s"
HEALTH_UNHEALTHY_INTERVAL = "0.5s"
# Concurrent requests to a backend, and retries among them (Envoy's default of 3 retries loses requests).
MAX_CONCURRENT = 10_000
# Percent: a group keeps all traffic while one endpoint in a thousand works.
OVERPROVISIONING_FACTOR = 100_000


@dataclass(frozen=True)
class Resources:
    """Everything that one Envoy is told, by type and name."""

    clusters: dict[str, Manifest]
    endpoints: dict[str, Manifest]
    listeners: dict[str, Manifest]
    routes: dict[str, Manifest]


def render(proxy: Proxy) -> Resources:
    """Envoy's resources for a proxy. Routes have their listener's name, endpoints their cluster's."""
    return Resources(
        clusters={backend.name: render_cluster(backend) for backend in proxy.backends},
        endpoints={backend.name: render_endpoints(backend) for backend in proxy.backends},
        listeners={listener.name: render_listener(listener) for listener in proxy.listeners},
        routes={listener.name: render_routes(listener) for listener in proxy.listeners},
    )


def render_cluster(backend: Backend) -> Manifest:
    """config.cluster.v3.Cluster. It holds no endpoint: a change of those must not rebuild it."""
    return {
        "name": backend.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": XDS_SOURCE},
        "connect_timeout": CONNECT_TIMEOUT,
        "lb_policy": "LEAST_REQUEST",
        # No traffic to endpoints that are known to be dead; a change of health counts at once.
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"},
        "circuit_breakers": {"thresholds": [_limits()]},
        "outlier_detection": _outlier_detection(),
        "health_checks": [_health_check(backend.health_check)],
        # An endpoint that is taken away gets nothing more, even while its health check still succeeds.
        "ignore_health_on_host_removal": True,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": HTTP_OPTIONS,
                "explicit_http_config": {"http_protocol_options": {}},
                "common_http_protocol_options": {"idle_timeout": UPSTREAM_IDLE_TIMEOUT},
            }
        },
    }


def render_endpoints(backend: Backend) -> Manifest:
    """config.endpoint.v3.ClusterLoadAssignment: one priority for each group, without gaps."""
    return {
        "cluster_name": backend.name,
        "policy": {"overprovisioning_factor": OVERPROVISIONING_FACTOR},
        "endpoints": [_group(priority, group) for priority, group in enumerate(backend.groups)],
    }


def _limits() -> Manifest:
    names = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    return dict.fromkeys(names, MAX_CONCURRENT)


def _outlier_detection() -> Manifest:
    """Puts aside an endpoint that cannot be connected to, before its health check notices.

    What a replica answers never does: one client's bad input would otherwise take all replicas away.
    """
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 5,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        "interval": "1s",
        "base_ejection_time": "3s",
        "max_ejection_percent": 100,
    }


def _health_check(check: HealthCheck) -> Manifest:
    return {
        "interval": HEALTH_INTERVAL,
        "timeout": HEALTH_TIMEOUT,
        "unhealthy_interval": HEALTH_UNHEALTHY_INTERVAL,
        # Envoy's default is 60 s: one failed first probe would be an outage of a minute.
        "no_traffic_interval": HEALTH_INTERVAL,
        "unhealthy_threshold": 2,
        "healthy_threshold": 1,
        "http_health_check": {"path": check.path, "host": check.host},
    }


def _group(priority: int, group: EndpointGroup) -> Manifest:
    return {
        "priority": priority,
        "locality": _locality(group.locality),
        "lb_endpoints": [_endpoint(endpoint) for endpoint in group.endpoints],
    }


def _locality(locality: Locality) -> Manifest:
    known = {"region": locality.region, "zone": locality.zone, "sub_zone": locality.cluster}
    return {key: value for key, value in known.items() if value}


def _endpoint(endpoint: Endpoint) -> Manifest:
    address = {"socket_address": {"address": endpoint.address, "port_value": endpoint.port}}
    return {"endpoint": {"address": address}, "health_status": endpoint.health.value}
