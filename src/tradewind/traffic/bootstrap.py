"""What an Envoy starts from: who it is, where it asks for configuration, and its limits."""

from dataclasses import dataclass

from tradewind.base.ports import LOOPBACK
from tradewind.resources.meta import Manifest
from tradewind.traffic.xds_source import XDS_CLUSTER, XDS_SOURCE

DOWNSTREAM_CONNECTIONS_MAX = 10_000
# Retried requests keep up to 8 MiB of body each; past this much memory new requests are refused (503).
HEAP_MAX_BYTES = 2 * 1024**3
POLLS_MAX = 10_000  # one for each backend and listener
XDS_LIMITS = ("max_connections", "max_pending_requests", "max_requests")
PAUSE = "5s"  # and so the longest until a server that is back is asked again
# Statistics that answer a question about traffic; all others are not even allocated.
STATISTICS = (
    "cluster.*.upstream_rq_*",
    "cluster.*.upstream_cx_(active|total|connect_fail|destroy_remote_with_active_rq)",
    "cluster.*.(membership_*|lb_healthy_panic|update_rejected|update_success)",
    "cluster.*.(health_check|outlier_detection).*",
    "http.*.(downstream_rq_*|downstream_cx_(active|total)|rds.*)",
    "listener_manager.*",
    "cluster_manager.*",
    "server.*",
    "overload.*",
)


@dataclass(frozen=True)
class EnvoyIdentity:
    """Who an Envoy is, and its two ports: its own administration, and our xDS server."""

    node: str
    cluster: str
    admin_port: int
    xds_port: int
    version: str
    region: str = ""
    zone: str = ""


def make_bootstrap(identity: EnvoyIdentity) -> Manifest:
    """config.bootstrap.v3.Bootstrap. Every address in it is loopback."""
    pause = _pause_address(identity.admin_port)
    return {
        "node": {
            "id": identity.node,
            "cluster": identity.cluster,
            "locality": {"region": identity.region, "zone": identity.zone},
            # A new Envoy must be started when its program changes.
            "metadata": {"envoy": identity.version},
        },
        "admin": {"address": _loopback(identity.admin_port), "ignore_global_conn_limit": True},
        "dynamic_resources": {"cds_config": XDS_SOURCE, "lds_config": XDS_SOURCE},
        "static_resources": {
            "clusters": [_xds_cluster(identity.xds_port, pause)],
            "listeners": [_pause_listener(pause)],
        },
        "stats_config": {
            "stats_matcher": {"inclusion_list": {"patterns": [_pattern(one) for one in STATISTICS]}}
        },
        "overload_manager": _overload_manager(),
    }


def _loopback(port: int) -> Manifest:
    return {"socket_address": {"address": LOOPBACK, "port_value": port}}


def _xds_cluster(port: int, pause: Manifest) -> Manifest:
    """Our server; while it is away polls go to the pause listener.

    A poll costs Envoy 0.7 ms (it tells of each of its 500 extensions) and a line in its log when it
    fails, and there is one for each backend. Refused at once, they would fill a core and the disk.
    """
    return {
        "name": XDS_CLUSTER,
        "type": "STATIC",
        "connect_timeout": "1s",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}, "update_merge_window": "0s"},
        "circuit_breakers": {"thresholds": [dict.fromkeys(XDS_LIMITS, POLLS_MAX)]},
        "health_checks": [
            {
                "interval": "0.5s",
                "timeout": "2s",
                "no_traffic_interval": "0.5s",
                "unhealthy_threshold": 1,
                "healthy_threshold": 1,
                "tcp_health_check": {},
            }
        ],
        "load_assignment": {
            "cluster_name": XDS_CLUSTER,
            "endpoints": [
                {"priority": 0, "lb_endpoints": [{"endpoint": {"address": _loopback(port)}}]},
                {
                    "priority": 1,
                    "lb_endpoints": [
                        {
                            "endpoint": {
                                "address": pause,
                                "health_check_config": {"disable_active_health_check": True},
                            }
                        }
                    ],
                },
            ],
        },
    }


def _pause_address(admin_port: int) -> Manifest:
    """An abstract Unix socket: no file, and as much this Envoy's alone as the port is."""
    return {"pipe": {"path": f"@tradewind-pause-{admin_port}"}}


def _pause_listener(pause: Manifest) -> Manifest:
    """Answers every poll with "nothing new", late."""
    filters = "type.googleapis.com/envoy.extensions.filters"
    delay = {"fixed_delay": PAUSE, "percentage": {"numerator": 100}}
    routes = [{"match": {"prefix": "/"}, "direct_response": {"status": 304}}]
    manager = {
        "@type": f"{filters}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "pause",
        "route_config": {"virtual_hosts": [{"name": "pause", "domains": ["*"], "routes": routes}]},
        "http_filters": [
            {
                "name": "envoy.filters.http.fault",
                "typed_config": {"@type": f"{filters}.http.fault.v3.HTTPFault", "delay": delay},
            },
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{filters}.http.router.v3.Router"},
            },
        ],
    }
    network_filter = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return {"name": "pause", "address": pause, "filter_chains": [{"filters": [network_filter]}]}


def _pattern(glob: str) -> Manifest:
    """A pattern where `*` is any text and the rest a regular expression without dots of its own."""
    return {"safe_regex": {"regex": glob.replace(".", "\\.").replace("*", ".*")}}


def _overload_manager() -> Manifest:
    monitors = "type.googleapis.com/envoy.extensions.resource_monitors"
    heap = "envoy.resource_monitors.fixed_heap"
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{monitors}.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": DOWNSTREAM_CONNECTIONS_MAX,
                },
            },
            {
                "name": heap,
                "typed_config": {
                    "@type": f"{monitors}.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": HEAP_MAX_BYTES,
                },
            },
        ],
        "actions": [
            {
                "name": "envoy.overload_actions.stop_accepting_requests",
                "triggers": [{"name": heap, "threshold": {"value": 0.95}}],
            }
        ],
    }
