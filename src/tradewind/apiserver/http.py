"""The API as an aiohttp application: who asks for what, and which handler answers.

No request ends in a traceback: what is refused is a Status object, what is unexpected is logged and
answered with a Status 500.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tradewind.apiserver import reads, writes
from tradewind.apiserver.access import Attributes, User, authorize, rules_of
from tradewind.apiserver.backup import BACKUP_HEADERS, BACKUP_PATH, file_chunks, store_copy
from tradewind.apiserver.bodies import decode_manifest_body
from tradewind.apiserver.discovery import AGGREGATED, wants_aggregated
from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.fairness import LEVELS, Level
from tradewind.apiserver.introspection import HEALTH_PATHS, READY_PATH, introspect
from tradewind.apiserver.logs import SINCE_WARNING, log_options, read_log
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.options import boolean, list_options
from tradewind.apiserver.responses import (
    JSON_HEADERS,
    error_response,
    manifest_response,
    warning_header,
)
from tradewind.apiserver.taking_turns import Gate, too_many_requests
from tradewind.apiserver.urls import LOG, Target, target_of, verb_of
from tradewind.apiserver.users import user_of
from tradewind.apiserver.watching import open_watch
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, bad_request
from tradewind.store.entries import Key

MAX_BODY_BYTES = 3 * 1024 * 1024
REQUEST_SECONDS = 60.0
COLLECTION_VERBS = ("list", "deletecollection")
STALLED_SECONDS = 60.0

# The file that a Pod's server process writes its output to, all restarts one after another.
PodLogs = Callable[[Manifest], Path]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Api:
    """One server: its objects, where Pods' logs are (None: it runs no Pods), why it is not ready yet
    ("": it is), who is let in when, and how to end open streams."""

    objects: Objects
    pod_logs: PodLogs | None
    why_not_ready: Callable[[], str]
    gate: Gate
    copying: asyncio.Lock = field(default_factory=asyncio.Lock)
    endings: set[Callable[[], None]] = field(default_factory=set)


def application(
    objects: Objects,
    pod_logs: PodLogs | None = None,
    why_not_ready: Callable[[], str] = lambda: "",
    levels: tuple[Level, ...] = LEVELS,
) -> web.Application:
    """The API of these objects. `/readyz` answers 503 for as long as `why_not_ready` says something.
    `levels` say how much of it who may take.

    More routes may be added beside it. Its streams end when it shuts down.
    """
    api = Api(objects, pod_logs, why_not_ready, Gate(levels))
    app = web.Application(client_max_size=MAX_BODY_BYTES)

    async def handle(request: web.Request) -> web.StreamResponse:
        return await _handle(api, request)

    async def end_streams(_: web.Application) -> None:
        for end in tuple(api.endings):
            end()

    app.router.add_route("*", "/{path:.*}", handle)
    app.on_shutdown.append(end_streams)
    return app


async def _handle(api: Api, request: web.Request) -> web.StreamResponse:
    try:
        return await _answer(api, request)
    except ApiError as error:
        return error_response(error)
    except web.HTTPRequestEntityTooLarge:
        message = f"Request entity too large: limit is {MAX_BODY_BYTES}"
        return error_response(ApiError(413, "RequestEntityTooLarge", message))
    except TimeoutError:
        message = f"Timeout: the request was not done within {REQUEST_SECONDS:.0f} seconds"
        return error_response(ApiError(504, "Timeout", message))
    except RecursionError:
        return error_response(bad_request("the body of the request is nested too deeply"))
    except Exception as error:
        _log.exception("unexpected error in %s %s", request.method, request.path)
        message = f"Internal error occurred: {type(error).__name__}; see the log of the server"
        return error_response(ApiError(500, "InternalError", message))


async def _answer(api: Api, request: web.Request) -> web.StreamResponse:
    user = user_of(request)
    target = target_of(api.objects.served, request.path)
    if target is None:
        return await _answer_path(api, request, user)
    verb = verb_of(request.method, target, boolean(request.query, "watch"))
    if verb == "watch" or (target.subresource == LOG and boolean(request.query, "follow")):
        with api.gate.stream(user):
            return await _read(api, request, user, verb, target)
    goes_through = api.objects.count(target.kind, target.namespace) if verb in COLLECTION_VERBS else 0
    async with api.gate.seats(user, goes_through):
        if verb in ("get", "list"):
            return await _read(api, request, user, verb, target)
        async with asyncio.timeout(REQUEST_SECONDS):
            return await _write(api, request, user, verb, target)


async def _answer_path(api: Api, request: web.Request, user: User) -> web.StreamResponse:
    """What is no resource. Health is told however much there is to do."""
    if request.path.startswith(HEALTH_PATHS):
        return _introspect(api, request, user)
    if request.path == BACKUP_PATH:
        return await _answer_backup(api, request, user)
    async with api.gate.seats(user):
        return _introspect(api, request, user)


async def _answer_backup(api: Api, request: web.Request, user: User) -> web.StreamResponse:
    """The whole store as a file, for those who may do everything; one at a time."""
    authorize(user, Attributes(request.method.lower(), BACKUP_PATH))
    if request.method != "POST":
        raise ApiError(405, "MethodNotAllowed", f"{BACKUP_PATH} is asked for by POST")
    if api.copying.locked():
        raise too_many_requests()
    async with api.copying, store_copy(api.objects) as path:
        return await _send(api, request, file_chunks(path), BACKUP_HEADERS)


def _introspect(api: Api, request: web.Request, user: User) -> web.Response:
    path, accept = request.path, request.headers.get("Accept", "")
    authorize(user, Attributes(request.method.lower(), path))
    if path.startswith(HEALTH_PATHS):
        why_not = api.why_not_ready() if path.startswith(READY_PATH) else ""
        return web.Response(text=why_not or "ok", status=503 if why_not else 200)
    found = introspect(api.objects.served, path, accept)
    if found is None:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    if request.method not in ("GET", "HEAD"):
        raise ApiError(405, "MethodNotAllowed", f"{path} can only be read")
    response = manifest_response(found)
    if path.strip("/") in ("api", "apis"):
        response.headers["Vary"] = "Accept"
        if wants_aggregated(accept):
            response.headers["Content-Type"] = AGGREGATED
    return response


async def _read(api: Api, request: web.Request, user: User, verb: str, target: Target) -> web.StreamResponse:
    objects, query, accept = api.objects, request.query, request.headers.get("Accept", "")
    _authorize(user, verb, target, target.name or list_options(target.kind, query).selection.name)
    if target.subresource == LOG:
        return await _answer_log(api, request, target)
    if verb == "watch":
        stream, lines = open_watch(objects, target, query, accept)
        with stream:
            return await _send(api, request, lines, JSON_HEADERS, stream.end)
    if verb == "list":
        return await _send(api, request, reads.list_objects(objects, target, query, accept), JSON_HEADERS)
    return reads.get_object(objects, target, query, accept)


async def _write(api: Api, request: web.Request, user: User, verb: str, target: Target) -> web.Response:
    """The name of an object to be created is in its body, so that must be read before it is allowed."""
    objects, query = api.objects, request.query
    content_type = request.headers.get("Content-Type", "")
    if verb != "create" or not rules_of(user):
        _authorize(user, verb, target, target.name)
    body = await request.read()
    match verb:
        case "create":
            manifest = decode_manifest_body(target, content_type, body)
            _authorize(user, verb, target, str(manifest["metadata"].get("name", "")))
            return await writes.create(objects, target, query, manifest)
        case "update":
            return await writes.update(objects, target, query, content_type, body)
        case "patch":
            return await writes.patch(objects, target, query, content_type, body)
    return await writes.delete(objects, target, query, content_type, body)


async def _answer_log(api: Api, request: web.Request, target: Target) -> web.StreamResponse:
    if api.pod_logs is None:
        raise bad_request("this server runs no Pods; ask the member that runs this one")
    objects, key = api.objects, (target.kind, target.namespace, target.name)
    pod = decode_manifest(objects.get(*key).data)
    options = log_options(pod, request.query, objects.now_ms())
    stopped = asyncio.Event()

    def is_running() -> bool:
        return not stopped.is_set() and objects.runs(Key(target.kind.resource, *key[1:]))

    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if options.since_ms:
        headers["Warning"] = warning_header(SINCE_WARNING)
    chunks = read_log(api.pod_logs(pod), options, is_running)
    return await _send(api, request, chunks, headers, stopped.set)


async def _send(
    api: Api,
    request: web.Request,
    chunks: AsyncGenerator[bytes, None],
    headers: dict[str, str],
    end: Callable[[], None] = lambda: None,
) -> web.StreamResponse:
    """Stream chunks until they end, or the client stops reading. `end` is called at shutdown."""
    response = web.StreamResponse(headers=headers)
    response.enable_chunked_encoding()
    api.endings.add(end)
    try:
        await response.prepare(request)
        async with aclosing(chunks):
            async for chunk in chunks:
                async with asyncio.timeout(STALLED_SECONDS):
                    await response.write(chunk)
        await response.write_eof()
    except (ConnectionError, TimeoutError):
        _abort(request)
    except Exception:  # too late for a Status: the answer has begun
        _log.exception("unexpected error while answering %s %s", request.method, request.path)
        _abort(request)
    finally:
        api.endings.discard(end)
    return response


def _abort(request: web.Request) -> None:
    """Cut the connection, so that the client does not take a part of an answer for the whole."""
    if request.transport is not None:
        request.transport.abort()


def _authorize(user: User, verb: str, target: Target, name: str) -> None:
    kind = target.kind
    authorize(
        user,
        Attributes(
            verb=verb,
            group=kind.group,
            plural=kind.plural,
            subresource=target.subresource,
            namespace=target.namespace,
            name=name,
        ),
    )
