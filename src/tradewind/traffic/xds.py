"""The xDS server of one Envoy (shell): REST-JSON long polls over the newest `Resources`.

A version is a digest of the content asked for. So it survives a restart of this process, a change of
one cluster's endpoints wakes only their poll, and publishing the same content again does nothing.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from aiohttp import web

from tradewind.base.ports import LOOPBACK
from tradewind.resources.meta import Manifest
from tradewind.traffic.render import Resources
from tradewind.traffic.xds_source import POLL_TIMEOUT_SECONDS

log = logging.getLogger(__name__)

HOLD_SECONDS = POLL_TIMEOUT_SECONDS * 2 / 3
REQUEST_MAX_BYTES = 1024 * 1024
REMEMBERED_MAX = 10_000  # polls whose last answer is remembered
TYPES = {  # last part of the URL → field of `Resources` and type of each
    "clusters": ("clusters", "type.googleapis.com/envoy.config.cluster.v3.Cluster"),
    "endpoints": ("endpoints", "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"),
    "listeners": ("listeners", "type.googleapis.com/envoy.config.listener.v3.Listener"),
    "routes": ("routes", "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"),
}

Encoded = Mapping[str, bytes]  # resources of one type, by name
Answer = tuple[str, bytes]  # version and body


class _Node(msgspec.Struct, frozen=True):
    id: str


class _Request(msgspec.Struct, frozen=True):
    """The part of a DiscoveryRequest that matters; the rest (80 kB about extensions) is not even read."""

    node: _Node
    resource_names: tuple[str, ...] = ()
    version_info: str = ""


@dataclass(frozen=True)
class _Poll:
    """What Envoy asks for; no `names` means all."""

    node: str
    type: str
    names: tuple[str, ...]
    version: str


class Snapshot:
    """The newest resources of one Envoy. Until the first `publish` there are none and polls wait:
    an Envoy that runs keeps what it has."""

    def __init__(self) -> None:
        self._encoded: dict[str, Encoded] | None = None
        self._changed = asyncio.Event()

    def publish(self, resources: Resources) -> bool:
        """Take new resources and wake every poll; False when they are the same as before."""
        encoded = {type_: _encode(type_, resources) for type_ in TYPES}
        if encoded == self._encoded:
            return False
        self._encoded = encoded
        self._changed.set()
        self._changed = asyncio.Event()
        return True

    async def changed(self) -> None:
        """Return at the next `publish` that changes something."""
        await self._changed.wait()

    def answer(self, type_: str, names: tuple[str, ...]) -> Answer | None:
        """The resources of a type, all or some by name, as a DiscoveryResponse and its version.

        None when there are none yet, or none of those named.
        """
        if self._encoded is None:
            return None
        known = self._encoded[type_]
        found = [known[name] for name in names if name in known] if names else list(known.values())
        if names and not found:
            return None
        version = hashlib.sha256(b"\n".join(found)).hexdigest()[:16]
        head = json.dumps({"version_info": version, "type_url": TYPES[type_][1]}).encode()
        return version, head[:-1] + b', "resources": [' + b",".join(found) + b"]}"


def make_application(snapshot: Snapshot, hold_seconds: float = HOLD_SECONDS) -> web.Application:
    """The server's routes: `POST /v3/discovery:{clusters,endpoints,listeners,routes}`."""
    sent: dict[tuple[str, str, tuple[str, ...]], str] = {}

    async def discovery(request: web.Request) -> web.Response:
        try:
            asked = msgspec.json.decode(await request.read(), type=_Request)
        except msgspec.DecodeError as error:
            raise web.HTTPBadRequest(text=f"not a DiscoveryRequest: {error}") from None
        poll = _Poll(asked.node.id, request.match_info["type"], asked.resource_names, asked.version_info)
        answer = await _wait(snapshot, poll, sent.get((poll.node, poll.type, poll.names)), hold_seconds)
        if answer is None:
            return web.Response(status=304)
        version, body = answer
        if len(sent) >= REMEMBERED_MAX:
            sent.clear()
        sent[(poll.node, poll.type, poll.names)] = version
        return web.Response(body=body, content_type="application/json")

    application = web.Application(client_max_size=REQUEST_MAX_BYTES)
    application.router.add_post("/v3/discovery:{type:clusters|endpoints|listeners|routes}", discovery)
    return application


async def start_xds(snapshot: Snapshot, port: int) -> web.AppRunner:
    """Serve on loopback until `cleanup` of what is returned. Raises OSError when the port is taken."""
    # A poll whose Envoy is gone ends with its connection, and no poll delays a shutdown.
    runner = web.AppRunner(
        make_application(snapshot), access_log=None, handler_cancellation=True, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner


async def _wait(snapshot: Snapshot, poll: _Poll, sent: str | None, hold_seconds: float) -> Answer | None:
    """The answer as soon as it is news to this Envoy; None when it still is not after `hold_seconds`.

    An Envoy that polls with an older version than it was sent has refused it. Sending it again at once
    would turn the poll into a busy loop, so it waits for other content, or for the end of the hold.
    """
    deadline = asyncio.get_running_loop().time() + hold_seconds
    warned = False
    while True:
        answer = snapshot.answer(poll.type, poll.names)
        if answer and answer[0] != poll.version and (not poll.version or answer[0] != sent):
            return answer
        if answer and answer[0] != poll.version and not warned:
            log.warning("Envoy %s refused %s %s; its log says why", poll.node, poll.type, poll.names or "")
            warned = True
        try:
            async with asyncio.timeout_at(deadline):
                await snapshot.changed()
        except TimeoutError:
            return answer if answer and answer[0] != poll.version else None


def _encode(type_: str, resources: Resources) -> Encoded:
    field, url = TYPES[type_]
    found: dict[str, Manifest] = getattr(resources, field)
    return {name: msgspec.json.encode({"@type": url, **found[name]}) for name in sorted(found)}
