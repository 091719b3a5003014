"""create, update, patch and delete over HTTP."""

from aiohttp import web

from tradewind.apiserver.bodies import as_stored, decode_body, decode_manifest_body, patcher
from tradewind.apiserver.objects import Objects, Written
from tradewind.apiserver.options import Query, delete_options, write_options
from tradewind.apiserver.responses import json_response, manifest_response, object_bytes, success
from tradewind.apiserver.urls import STATUS, Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request
from tradewind.store.entries import Key


async def create(objects: Objects, target: Target, query: Query, manifest: Manifest) -> web.Response:
    """201 with the stored object."""
    written = await objects.create(target.kind, manifest, write_options(query))
    return _written(target, written, 201)


async def update(
    objects: Objects, target: Target, query: Query, content_type: str, body: bytes
) -> web.Response:
    """200 with the stored object; below `/status` only that is replaced."""
    manifest = decode_manifest_body(target, content_type, body)
    write = objects.update_status if target.subresource == STATUS else objects.update
    return _written(target, await write(target.kind, manifest, write_options(query)))


async def patch(
    objects: Objects, target: Target, query: Query, content_type: str, body: bytes
) -> web.Response:
    """200 with the patched object; below `/status` only that is changed."""
    change = patcher(target.kind, content_type, body)
    written = await objects.modify(
        target.kind,
        Key(target.kind.resource, target.namespace, target.name),
        lambda old: as_stored(target, change(old)),
        write_options(query),
        status_only=target.subresource == STATUS,
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


def _written(target: Target, written: Written, status: int = 200) -> web.Response:
    return json_response(object_bytes(target, written.entry), status, written.warnings)
