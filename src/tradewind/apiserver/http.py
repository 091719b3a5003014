"""The API as an aiohttp application: who asks for what, and which handler answers.

No request ends in a traceback: what is refused is a Status object, what is unexpected is logged and
answered with a Status 500.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from aiohttp import web

from tradewind.apiserver import reads, writes
from tradewind.apiserver.access import User
from tradewind.apiserver.audit import CLIENT_WENT, Asked
from tradewind.apiserver.audit_log import AuditLog
from tradewind.apiserver.backup import BACKUP_HEADERS, BACKUP_PATH, file_chunks, store_copy
from tradewind.apiserver.bodies import decode_manifest_body, duplicates, is_apply, wants_yaml
from tradewind.apiserver.bootstrapping import restore_roles
from tradewind.apiserver.computed import Computed
from tradewind.apiserver.computed_reads import get_computed, list_computed
from tradewind.apiserver.doorkeeper import Doorkeeper, show_audit_id
from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.fairness import LEVELS, Level
from tradewind.apiserver.introspection import HEALTH_PATHS, introspect
from tradewind.apiserver.logs import goes_on, log_options, log_source, read_log
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.openapi.publish import Publisher
from tradewind.apiserver.options import boolean, check_write_options
from tradewind.apiserver.responses import (
    JSON_HEADERS,
    as_yaml,
    error_response,
    manifest_response,
    one_chunk,
)
from tradewind.apiserver.reviews import admitted_review, computed_reviews
from tradewind.apiserver.taking_turns import Gate, too_many_requests
from tradewind.apiserver.tokens import TokenKey, make_key, read_key
from tradewind.apiserver.urls import LOG, TOKEN, Target, method_not_allowed, target_of, verb_of, without_watch
from tradewind.apiserver.watching import open_watch
from tradewind.base.pod_logs import log_file
from tradewind.resources.meta import Manifest
from tradewind.resources.review_kinds import TOKEN_REQUEST
from tradewind.resources.status import ApiError, bad_request
from tradewind.store.entries import Key

MAX_BODY_BYTES = 3 * 1024 * 1024
REQUEST_SECONDS = 60.0
COLLECTION_VERBS = ("list", "deletecollection")
STALLED_SECONDS = 60.0

# The folder of a Pod's logs: see `base.pod_logs`.
PodLogs = Callable[[Manifest], Path]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Api:
    """One server: its objects, who may do what with them, the kinds it works out on demand, where Pods' logs
    are (None: it runs no Pods), why it is not ready yet ("": it is), who is let in when, how to end open
    streams, and its OpenAPI documents."""

    objects: Objects
    doorkeeper: Doorkeeper
    computed: dict[str, Computed]
    pod_logs: PodLogs | None
    why_not_ready: Callable[[], str]
    gate: Gate
    copying: asyncio.Lock = field(default_factory=asyncio.Lock)
    endings: set[Callable[[], None]] = field(default_factory=set)
    publisher: Publisher = field(default_factory=Publisher)


def application(
    objects: Objects,
    pod_logs: PodLogs | None = None,
    why_not_ready: Callable[[], str] = lambda: "",
    computed: Iterable[Computed] = (),
    token_key: TokenKey | None = None,
    audit_log: AuditLog | None = None,
    levels: tuple[Level, ...] = LEVELS,
) -> web.Application:
    """The API of these objects. `/readyz` answers 500 for as long as `why_not_ready` says something.
    `levels` say how much of it who may take.

    The kinds of `computed` must be among those that the objects' catalog serves. `token_key` signs the tokens
    of ServiceAccounts; without one they end with the process. More routes may be added beside it. Its streams
    end when it shuts down.
    """
    doorkeeper = Doorkeeper(objects, token_key or read_key(make_key()), audit_log)
    reviews = computed_reviews(doorkeeper.authorizer, doorkeeper.accounts, objects.now_ms)
    on_demand = {one.kind.resource: one for one in (*reviews, *computed)}
    api = Api(objects, doorkeeper, on_demand, pod_logs, why_not_ready, Gate(levels))
    app = web.Application(client_max_size=MAX_BODY_BYTES)

    async def handle(request: web.Request) -> web.StreamResponse:
        asked = doorkeeper.hear(request)
        code, body = CLIENT_WENT, None
        try:
            response = await _handle(api, request, asked)
            code, body = response.status, getattr(response, "body", None)
            if "Upgrade" in request.headers:  # aiohttp reads nothing more from a client that asked for one
                response.force_close()
        finally:
            doorkeeper.complete(asked, code, body)
        return as_yaml(response) if wants_yaml(request.headers.get("Accept", "")) else response

    async def start(_: web.Application) -> None:
        await restore_roles(objects)

    async def end_streams(_: web.Application) -> None:
        for end in tuple(api.endings):
            end()

    app.router.add_route("*", "/{path:.*}", handle)
    app.on_startup.append(start)
    app.on_response_prepare.append(show_audit_id)
    app.on_shutdown.append(end_streams)
    return app


async def _handle(api: Api, request: web.Request, asked: Asked) -> web.StreamResponse:
    try:
        return await _answer(api, request, asked)
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


async def _answer(api: Api, request: web.Request, asked: Asked) -> web.StreamResponse:
    user = api.doorkeeper.admit(request, asked)
    path, only_watch = without_watch(request.path)
    target = target_of(api.objects.served, path)
    if target is None:
        return await _answer_path(api, request, user)
    verb = verb_of(request.method, target, only_watch or boolean(request.query, "watch"))
    if only_watch and verb != "watch":
        raise method_not_allowed()
    if verb == "watch" or (target.subresource == LOG and boolean(request.query, "follow")):
        with api.gate.stream(user):
            return await _read(api, request, verb, target)
    goes_through = api.objects.count(target.kind, target.namespace) if verb in COLLECTION_VERBS else 0
    async with api.gate.seats(user, goes_through):
        if verb in ("get", "list"):
            return await _read(api, request, verb, target)
        if verb == "deletecollection":
            return await _delete_collection(api, request, target)
        async with asyncio.timeout(REQUEST_SECONDS):
            return await _write(api, request, user, asked, verb, target)


async def _answer_path(api: Api, request: web.Request, user: User) -> web.StreamResponse:
    """What is no resource. Health is told however much there is to do."""
    if request.path.startswith(HEALTH_PATHS):
        return await _introspect(api, request)
    if request.path == BACKUP_PATH:
        return await _answer_backup(api, request)
    async with api.gate.seats(user):
        return await _introspect(api, request)


async def _answer_backup(api: Api, request: web.Request) -> web.StreamResponse:
    """The whole store as a file; one at a time."""
    if request.method != "POST":
        raise ApiError(405, "MethodNotAllowed", f"{BACKUP_PATH} is asked for by POST")
    if api.copying.locked():
        raise too_many_requests()
    async with api.copying, store_copy(api.objects) as path:
        return await _send(api, request, file_chunks(path), BACKUP_HEADERS)


async def _introspect(api: Api, request: web.Request) -> web.Response:
    return await introspect(request, api.objects.served, api.publisher, api.why_not_ready())


async def _read(api: Api, request: web.Request, verb: str, target: Target) -> web.StreamResponse:
    objects, query, accept = api.objects, request.query, request.headers.get("Accept", "")
    if target.subresource == LOG:
        return await _answer_log(api, request, target)
    computed = api.computed.get(target.kind.resource)
    if computed is not None:
        asked = (objects, computed, target, query, accept)
        if verb == "list":
            return await _send(api, request, list_computed(*asked), JSON_HEADERS)
        return get_computed(*asked)
    if verb == "watch":
        stream, lines = await open_watch(objects, target, query, accept)
        with stream or nullcontext():
            return await _send(api, request, lines, JSON_HEADERS, stream.end if stream else _nothing_to_end)
    if verb == "list":
        chunks = await reads.list_objects(objects, target, query, accept)
        return await _send(api, request, chunks, JSON_HEADERS)
    return await reads.get_object(objects, target, query, accept)


async def _delete_collection(api: Api, request: web.Request, target: Target) -> web.StreamResponse:
    """As long as it takes, as upstream: every part of it is a write of its own."""
    query, headers = request.query, request.headers
    async with asyncio.timeout(REQUEST_SECONDS):
        body = await request.read()
    chunks = await writes.delete_collection(
        api.objects, target, query, headers.get("Accept", ""), headers.get("Content-Type", ""), body
    )
    return await _send(api, request, chunks, JSON_HEADERS)


async def _write(
    api: Api, request: web.Request, user: User, asked: Asked, verb: str, target: Target
) -> web.Response:
    objects, query = api.objects, request.query
    content_type = request.headers.get("Content-Type", "")
    user_agent = request.headers.get("User-Agent", "")
    body = await request.read()
    if verb in ("create", "update", "patch"):
        check_write_options(query, verb, applies=verb == "patch" and is_apply(content_type))
    if target.subresource == TOKEN:
        return _issue_token(api, target, content_type, body)
    may_create = partial(api.doorkeeper.admit_creation, user, asked)
    match verb:
        case "create":
            manifest = decode_manifest_body(target, content_type, body)
            computed = api.computed.get(target.kind.resource)
            if computed is not None and computed.create is not None:
                return manifest_response(computed.create(user, target, manifest), 201)
            asked.name = str(manifest["metadata"].get("name", ""))
            twice = duplicates(content_type, body)
            return await writes.create(objects, target, query, user_agent, manifest, twice)
        case "update":
            return await writes.update(objects, target, query, user_agent, content_type, body, may_create)
        case "patch" if is_apply(content_type):
            return await writes.apply(objects, target, query, body, may_create)
        case "patch":
            return await writes.patch(objects, target, query, user_agent, content_type, body)
    return await writes.delete(objects, target, query, content_type, body)


def _issue_token(api: Api, target: Target, content_type: str, body: bytes) -> web.Response:
    asked = Target(TOKEN_REQUEST, TOKEN_REQUEST.versions[0], target.namespace)
    request = admitted_review(TOKEN_REQUEST, decode_manifest_body(asked, content_type, body))
    issued = api.doorkeeper.accounts.issue(target.namespace, target.name, request, api.objects.new_uid())
    return manifest_response(issued, 201)


async def _answer_log(api: Api, request: web.Request, target: Target) -> web.StreamResponse:
    if api.pod_logs is None:
        raise bad_request("this server runs no Pods; ask the member that runs this one")
    objects, key = api.objects, Key(target.kind.resource, target.namespace, target.name)
    pod = decode_manifest(objects.get(target.kind, target.namespace, target.name).data)
    options = log_options(target.name, request.query, objects.now_ms())
    source = log_source(pod, request.query)
    headers = {"Content-Type": "text/plain"}
    if source is None:
        return await _send(api, request, one_chunk(b""), headers)
    stopped = asyncio.Event()

    def is_running() -> bool:
        return not stopped.is_set() and goes_on(objects.find(key), source)

    path = log_file(api.pod_logs(pod), source.container, source.restart)
    return await _send(api, request, read_log(path, options, is_running), headers, stopped.set)


def _nothing_to_end() -> None:
    """Streams that end by themselves soon."""


async def _send(
    api: Api,
    request: web.Request,
    chunks: AsyncGenerator[bytes, None],
    headers: dict[str, str],
    end: Callable[[], None] = _nothing_to_end,
) -> web.StreamResponse:
    """Stream chunks until they end, or the client stops reading. `end` is called at shutdown.

    What is to be YAML is answered whole.
    """
    if headers is JSON_HEADERS and wants_yaml(request.headers.get("Accept", "")):
        async with aclosing(chunks):
            return web.Response(body=b"".join([chunk async for chunk in chunks]), headers=headers)
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
