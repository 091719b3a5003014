"""create, update, patch and delete over HTTP."""

from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from tradewind.apiserver.applying import applied_config
from tradewind.apiserver.authors import applier, author_name, check_no_force
from tradewind.apiserver.bodies import as_stored, decode_body, decode_manifest_body, patcher
from tradewind.apiserver.objects import Objects, WriteOptions, Written
from tradewind.apiserver.options import Query, delete_options, write_options
from tradewind.apiserver.responses import json_response, manifest_response, object_bytes, success
from tradewind.apiserver.urls import STATUS, Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request
from tradewind.store.entries import Key


async def create(
    objects: Objects, target: Target, query: Query, user_agent: str, manifest: Manifest
) -> web.Response:
    """201 with the stored object."""
    options = _options(target, query, author_name(query, user_agent, "CreateOptions"))
    return _written(target, await objects.create(target.kind, manifest, options))


async def update(
    objects: Objects, target: Target, query: Query, user_agent: str, content_type: str, body: bytes
) -> web.Response:
    """200 with the stored object; below `/status` only that is replaced."""
    options = _options(target, query, author_name(query, user_agent, "UpdateOptions"))
    manifest = decode_manifest_body(target, content_type, body)
    write = objects.update_status if target.subresource == STATUS else objects.update
    return _written(target, await write(target.kind, manifest, options))


async def patch(
    objects: Objects, target: Target, query: Query, user_agent: str, content_type: str, body: bytes
) -> web.Response:
    """200 with the patched object; below `/status` only that is changed."""
    change = patcher(target.kind, content_type, body)
    check_no_force(query)
    written = await objects.modify(
        target.kind,
        Key(target.kind.resource, target.namespace, target.name),
        lambda old: as_stored(target, change(old)),
        _options(target, query, author_name(query, user_agent, "PatchOptions")),
        status_only=target.subresource == STATUS,
    )
    return _written(target, written)


async def apply(
    objects: Objects, target: Target, query: Query, body: bytes, may_create: Callable[[], None]
) -> web.Response:
    """Server-side apply: 200 with the object, 201 when it was created, which `may_create` may refuse."""
    manager, force = applier(query)
    written = await objects.apply(
        target.kind,
        applied_config(target, body),
        replace(_options(target, query, manager), force=force),
        status_only=target.subresource == STATUS,
        before_creation=may_create,
    )
    return _written(target, written)


async def delete(
    objects: Objects, target: Target, query: Query, content_type: str, body: bytes
) -> web.Response:
    """200 with a Status when the object is gone, with the object when it waits for something."""
    asked = decode_body(content_type, body) if body.strip() else {}
    if not isinstance(asked, dict) or not isinstance(asked.get("preconditions") or {}, dict):
        raise bad_request("the body of a delete must be DeleteOptions")
    written = await objects.delete(target.kind, target.namespace, target.name, delete_options(query, asked))
    if written.gone:
        return manifest_response(success(target, written.entry))
    return _written(target, written)


def _options(target: Target, query: Query, manager: str) -> WriteOptions:
    return replace(write_options(query), manager=manager, api_version=target.api_version)


def _written(target: Target, written: Written) -> web.Response:
    status = 201 if written.created else 200
    return json_response(object_bytes(target, written.entry), status, written.warnings)
