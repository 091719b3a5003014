"""Model → Envoy's route configurations (config.route.v3.RouteConfiguration)."""

import re

from tradewind.resources.meta import Manifest
from tradewind.traffic.model import Listener, Match, Retry, Route, VirtualHost

REGION_HEADER = "x-tradewind-region"  # where a client is, in its words
CLUSTER_HEADER = "x-tradewind-cluster"  # in answers: the cluster whose replica gave it
UNSERVED_HEADER = "x-tradewind-unserved"  # in answers: this gateway has nothing that could serve it

# A larger body is sent on as it comes and is lost with the replica that it was sent to.
RETRIED_BODY_MAX_BYTES = 8 * 1024 * 1024
# What has not begun to answer may be sent again: inference has no side effects.
RETRY_ON = ("connect-failure", "refused-stream", "reset", "unavailable", "cancelled")
RETRY_PAUSE = {"base_interval": "0.005s", "max_interval": "0.05s"}


def render_routes(listener: Listener) -> Manifest:
    """The routes of a listener. Ports in a Host do not matter."""
    hosts = [_virtual_host(host, listener) for host in listener.virtual_hosts]
    return {
        "name": listener.name,
        "ignore_port_in_host_matching": True,
        "response_headers_to_add": _cluster_header(listener.cluster),
        "virtual_hosts": hosts,
    }


def _cluster_header(cluster: str) -> list[Manifest]:
    if not cluster:
        return []
    return [{"header": {"key": CLUSTER_HEADER, "value": cluster}, "append_action": "ADD_IF_ABSENT"}]


def _virtual_host(host: VirtualHost, listener: Listener) -> Manifest:
    own = [_health_route(listener.health_path)] if listener.health_path and "*" in host.domains else []
    return {
        "name": host.name,
        "domains": list(host.domains),
        "routes": [*own, *map(_route, host.routes)],
        "retry_policy": _retry_policy(listener.retry),
        "request_body_buffer_limit": RETRIED_BODY_MAX_BYTES,
    }


def _health_route(path: str) -> Manifest:
    answer = {"status": 200, "body": {"inline_string": "ready\n"}}
    return {"name": "health", "match": {"path": path}, "direct_response": answer}


def _route(route: Route) -> Manifest:
    """No time limit on the whole answer, which would cut long streams: `listeners` bounds silence instead."""
    action: Manifest = {"cluster": route.backend, "timeout": "0s"}
    if route.host:
        action["host_rewrite_literal"] = route.host
    if route.rewritten_path:
        action["prefix_rewrite"] = route.rewritten_path
    if route.match.path_prefix:
        # `/serving/ns/name/v1/x` and `/serving/ns/name` become `/v1/x` and `/`; the query is not matched.
        pattern = {"regex": f"^{re.escape(route.match.path_prefix)}/?"}
        action["regex_rewrite"] = {"pattern": pattern, "substitution": "/"}
    return {"name": route.name, "match": _match(route.match), "route": action}


def _match(match: Match) -> Manifest:
    if match.path:
        wanted: Manifest = {"path": match.path}
    elif match.path_prefix:
        wanted = {"path_separated_prefix": match.path_prefix}
    else:
        wanted = {"prefix": "/"}
    if match.region:
        wanted["headers"] = [{"name": REGION_HEADER, "string_match": {"exact": match.region}}]
    return wanted


def _retry_policy(retry: Retry) -> Manifest:
    """`previous_hosts` avoids the endpoint that failed, `previous_priorities` the group that did."""
    conditions = [*RETRY_ON]
    policy: Manifest = {}
    if retry.statuses:
        conditions.append("retriable-status-codes")
        policy["retriable_status_codes"] = list(retry.statuses)
    if retry.unserved:
        conditions.append("retriable-headers")
        policy["retriable_headers"] = [{"name": UNSERVED_HEADER, "present_match": True}]
    return {
        "retry_on": ",".join(conditions),
        "num_retries": retry.retries,
        "retry_back_off": RETRY_PAUSE,
        "host_selection_retry_max_attempts": 5,
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {
                    "@type": "type.googleapis.com/"
                    "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
                },
            }
        ],
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
                "update_frequency": retry.tries_per_group,
            },
        },
        **policy,
    }
