"""Requests to the API servers of a fleet: synchronous, one connection each, standard library only.

`status` must answer within 300 ms, interpreter included; the HTTP library that everything else uses takes
half of that only to be imported. So the commands that read, wait and delete ask through this module.
"""

import functools
import http.client
import json
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tradewind.base.layout import FleetLayout
from tradewind.base.ports import LOOPBACK, hub_ports, member_ports
from tradewind.cli.home import RunningFleet
from tradewind.cli.options import home_option
from tradewind.client.connection import ssl_context
from tradewind.client.urls import collection_path, object_path, query
from tradewind.client.warnings import warning_text
from tradewind.parts import admin_connection
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, error_from_status

HUB = "hub"
TIMEOUT_SECONDS = 10.0
RESULT = TypeVar("RESULT")


@dataclass(frozen=True)
class Server:
    """One API server: `name` is `hub` or the cluster's; `repair` is the command that brings it back."""

    name: str
    url: str
    tls: ssl.SSLContext
    repair: str


@dataclass(frozen=True)
class Answer:
    """What a server answered: an object, and its warnings for the user."""

    manifest: Manifest
    warnings: tuple[str, ...] = ()


def hub_server(running: RunningFleet) -> Server:
    """The hub's API."""
    port = hub_ports(running.fleet.spec.ports.base).api
    return _server(running, HUB, port, "tradewind up")


def member_server(running: RunningFleet, cluster: str) -> Server:
    """A member's API. Raises CliError when the fleet has no cluster of this name."""
    port = member_ports(running.fleet.spec.ports.base, running.index_of(cluster)).api
    return _server(running, cluster, port, f"tradewind drill revive {cluster}")


def member_servers(running: RunningFleet) -> list[Server]:
    """Every member's API, in the fleet file's order."""
    return [member_server(running, name) for name in running.clusters]


def get_object(server: Server, kind: Kind, namespace: str, name: str) -> Manifest:
    """One object. Raises ApiError."""
    return request(server, "GET", object_path(kind, namespace if kind.namespaced else "", name)).manifest


def list_objects(
    server: Server,
    kind: Kind,
    namespace: str = "",
    selector: str = "",
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> list[Manifest]:
    """Every object of a kind in a namespace, or in all for "", each with its apiVersion and kind."""
    path = collection_path(kind, namespace) + query({"labelSelector": selector})
    found = request(server, "GET", path, timeout_seconds=timeout_seconds).manifest
    return [{"apiVersion": kind.api_version, "kind": kind.name, **item} for item in found.get("items") or []]


def delete_object(server: Server, kind: Kind, namespace: str, name: str) -> None:
    """Ask for deletion; the object may stay for a while, for its finalizers or its grace."""
    request(server, "DELETE", object_path(kind, namespace if kind.namespaced else "", name))


def request(
    server: Server,
    method: str,
    path: str,
    body: Manifest | None = None,
    content_type: str = "application/json",
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """One request, answered by an object. Raises ApiError; 503 when the server cannot be reached."""
    address = urlsplit(server.url)
    connection = http.client.HTTPSConnection(
        address.hostname or LOOPBACK, address.port, timeout=timeout_seconds, context=server.tls
    )
    headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if body else {})
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        manifest = _decoded(response.read())
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(server, error) from error
    finally:
        connection.close()
    if response.status >= 300:
        raise error_from_status({"code": response.status, **manifest})
    return Answer(manifest, tuple(map(warning_text, response.headers.get_all("Warning") or [])))


def _server(running: RunningFleet, name: str, port: int, repair: str) -> Server:
    layout = running.layout
    return Server(name, f"https://{LOOPBACK}:{port}", _tls(layout), repair + home_option(layout.home))


@functools.cache
def _tls(layout: FleetLayout) -> ssl.SSLContext:
    """One for all servers of a fleet: they share the authority, and the administrator is one."""
    return ssl_context(admin_connection(layout, api_port=0))


def ask_all(
    servers: Sequence[Server], ask: Callable[[Server], RESULT]
) -> list[tuple[Server, RESULT | ApiError]]:
    """Ask several servers at once; each one's answer, or the error it gave, in the same order."""

    def attempt(server: Server) -> RESULT | ApiError:
        try:
            return ask(server)
        except ApiError as error:
            return error

    if not servers:
        return []
    with ThreadPoolExecutor(max_workers=len(servers)) as pool:
        return list(zip(servers, pool.map(attempt, servers), strict=True))


def _decoded(raw: bytes) -> Manifest:
    try:
        answer: Any = json.loads(raw)
    except ValueError:
        answer = None
    return answer if isinstance(answer, dict) else {"message": raw.decode(errors="replace")[:300]}


def _unreachable(server: Server, error: Exception) -> ApiError:
    what = "the hub" if server.name == HUB else f"cluster {server.name}"
    message = f"{what} does not answer at {server.url} ({error}); bring it back with: {server.repair}"
    return ApiError(503, "ServiceUnavailable", message)
