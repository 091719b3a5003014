"""Model → Envoy's listeners (config.listener.v3.Listener): one HTTP connection manager on a loopback port.

Routes come by RDS, so a listener never changes while its ports stay: a changed one drains connections.
"""

from tradewind.base.ports import LOOPBACK
from tradewind.resources.meta import Manifest
from tradewind.traffic.model import Listener, Refusal
from tradewind.traffic.routes import UNSERVED_HEADER
from tradewind.traffic.xds_source import XDS_SOURCE

TYPE_PREFIX = "type.googleapis.com/envoy.extensions"
# Silence in both directions before a request is given up (504): Knative's default for the time to the
# first byte. It must exceed the longest answer that is not streamed; streams end only when they stall.
SILENCE_MAX = "300s"
REQUEST_HEADERS_MAX = "10s"
REQUEST_BODY_MAX = "300s"

# What Envoy knows when it has nothing (left) to send a request to; see `RESPONSE_FLAGS` in its manual.
NO_ROUTE = ("NR",)
NO_HEALTHY_ENDPOINT = ("UH", "NC")  # NC: the route has come, its backend comes in a moment
NO_ENDPOINT_ANSWERED = ("UF", "UC", "UO")
CUT_OFF = ("UC", "UPE", "SI")  # answers that ended too early although their status was sent


def render_listener(listener: Listener) -> Manifest:
    """One listener, on a port that no other process may share."""
    return {
        "name": listener.name,
        "address": {"socket_address": {"address": LOOPBACK, "port_value": listener.port}},
        "enable_reuse_port": False,
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": _connection_manager(listener),
                    }
                ]
            }
        ],
    }


def _connection_manager(listener: Listener) -> Manifest:
    """Edge settings as Envoy's manual advises, for clients that are not trusted.

    With `use_remote_address`, and no address declared internal, `x-envoy-*` headers have no effect.
    """
    return {
        "@type": f"{TYPE_PREFIX}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": listener.name,
        "rds": {"route_config_name": listener.name, "config_source": XDS_SOURCE},
        "use_remote_address": True,
        "normalize_path": True,
        "stream_idle_timeout": SILENCE_MAX,
        "request_headers_timeout": REQUEST_HEADERS_MAX,
        "request_timeout": REQUEST_BODY_MAX,
        "http2_protocol_options": {
            "max_concurrent_streams": 100,
            "initial_stream_window_size": 65_536,
            "initial_connection_window_size": 1_048_576,
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": f"{TYPE_PREFIX}.filters.http.router.v3.Router"},
            }
        ],
        "local_reply_config": _local_replies(listener),
        "access_log": [_access_log(listener.name)],
    }


def _local_replies(listener: Listener) -> Manifest:
    """Every answer of the proxy's own is JSON `{"error": ...}`.

    When another gateway might serve the request, `x-tradewind-unserved` says so and why.
    """
    return {
        "mappers": [
            _refusal(NO_ROUTE, listener.unknown),
            _refusal(NO_HEALTHY_ENDPOINT, listener.not_ready),
            _mapper(
                {"response_flag_filter": {"flags": list(NO_ENDPOINT_ANSWERED)}},
                "every replica or gateway that was asked failed: %LOCAL_REPLY_BODY%",
                unserved=True,
            ),
            _mapper(
                {"status_code_filter": {"comparison": _at_least(400, f"{listener.name}.refused")}},
                "%LOCAL_REPLY_BODY% (%RESPONSE_CODE_DETAILS%)",
            ),
        ]
    }


def _refusal(flags: tuple[str, ...], refusal: Refusal) -> Manifest:
    mapper = _mapper({"response_flag_filter": {"flags": list(flags)}}, refusal.error, unserved=True)
    return {**mapper, "status_code": refusal.status}


def _mapper(condition: Manifest, error: str, unserved: bool = False) -> Manifest:
    mapper: Manifest = {
        "filter": condition,
        "body_format_override": {"json_format": {"error": error}},
    }
    if unserved:
        header = {"key": UNSERVED_HEADER, "value": "%RESPONSE_FLAGS%"}
        mapper["headers_to_add"] = [{"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return mapper


def _access_log(listener: str) -> Manifest:
    """To Envoy's own log, only what failed: a line for each request would be the largest file of a fleet."""
    failed = {"status_code_filter": {"comparison": _at_least(500, f"{listener}.logged")}}
    cut_off = {"response_flag_filter": {"flags": list(CUT_OFF)}}
    fields = {
        "time": "%START_TIME%",
        "listener": listener,
        "route": "%ROUTE_NAME%",
        "method": "%REQ(:METHOD)%",
        "host": "%REQ(:AUTHORITY)%",
        "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):256%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "tries": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
        "upstream": "%UPSTREAM_HOST%",
        "duration_ms": "%DURATION%",
        "request_id": "%REQ(X-REQUEST-ID)%",
    }
    return {
        "name": "envoy.access_loggers.stdout",
        "filter": {"or_filter": {"filters": [failed, cut_off]}},
        "typed_config": {
            "@type": f"{TYPE_PREFIX}.access_loggers.stream.v3.StdoutAccessLog",
            "log_format": {"json_format": fields},
        },
    }


def _at_least(status: int, runtime_key: str) -> Manifest:
    return {"op": "GE", "value": {"default_value": status, "runtime_key": runtime_key}}
