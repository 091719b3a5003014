"""create, update, patch, delete and deletecollection over HTTP."""

import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

from aiohttp import web

from tradewind.apiserver.admission import StrictDecodingError
from tradewind.apiserver.applying import applied_config, applied_scale
from tradewind.apiserver.authors import author_name
from tradewind.apiserver.bodies import (
    as_stored,
    decode_body,
    decode_manifest_body,
    duplicates,
    duplicates_in_patch,
    patcher,
    wanted_form,
)
from tradewind.apiserver.draft import decode_manifest, encode_json
from tradewind.apiserver.forms import include_object
from tradewind.apiserver.list_options import list_options
from tradewind.apiserver.objects import DeleteOptions, Objects, WriteOptions, Written
from tradewind.apiserver.options import Query, boolean, delete_options, write_options
from tradewind.apiserver.reads import page_chunks, page_of
from tradewind.apiserver.responses import json_response, manifest_response, object_bytes, success
from tradewind.apiserver.scale import scale_of, scaled
from tradewind.apiserver.urls import SCALE, STATUS, Target
from tradewind.resources.kinds import ScalePaths
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Problem
from tradewind.resources.status import ApiError, bad_request, invalid
from tradewind.store.entries import Key

# Kinds whose update creates what is not there, as upstream's strategies say (`AllowCreateOnUpdate`).
CREATED_ON_UPDATE = frozenset(
    {
        "events",
        "services",
        "leases.coordination.k8s.io",
        "clusterroles.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
        "roles.rbac.authorization.k8s.io",
        "rolebindings.rbac.authorization.k8s.io",
    }
)


# Kinds whose deletion is answered with the object, not with a Status (`ReturnDeletedObject`).
RETURNED_WHEN_DELETED = frozenset({"pods", "services", "serviceaccounts"})


async def create(
    objects: Objects,
    target: Target,
    query: Query,
    user_agent: str,
    manifest: Manifest,
    twice: tuple[str, ...],
) -> web.Response:
    """201 with the stored object. `twice` are errors about fields that stand twice in its text."""
    options = _options(target, query, user_agent, twice)
    return _written(target, await objects.create(target.kind, manifest, options))


async def update(
    objects: Objects,
    target: Target,
    query: Query,
    user_agent: str,
    content_type: str,
    body: bytes,
    may_create: Callable[[], None],
) -> web.Response:
    """200 with the stored object; below `/status` only that is replaced. 201 if it had to be created, which
    `may_create` may refuse."""
    options = _options(target, query, user_agent)
    if target.subresource == SCALE and target.kind.scale:
        scale = decode_body(content_type, body)
        return await _modify_scale(objects, target, target.kind.scale, options, lambda _: scale)
    manifest = decode_manifest_body(target, content_type, body)
    options = replace(options, duplicates=duplicates(content_type, body))
    if target.subresource == STATUS:
        return _written(target, await objects.update_status(target.kind, manifest, options))
    try:
        return _written(target, await objects.update(target.kind, manifest, options))
    except ApiError as error:
        if error.reason != "NotFound" or target.kind.resource not in CREATED_ON_UPDATE:
            raise
    may_create()
    metadata = {name: one for name, one in manifest["metadata"].items() if name != "resourceVersion"}
    manifest |= {"metadata": metadata}
    return await create(objects, target, query, user_agent, manifest, options.duplicates)


async def patch(
    objects: Objects, target: Target, query: Query, user_agent: str, content_type: str, body: bytes
) -> web.Response:
    """200 with the patched object; below `/status` only that is changed."""
    change = patcher(target.kind, content_type, body)
    options = _options(target, query, user_agent)
    if target.subresource == SCALE and target.kind.scale:
        paths = target.kind.scale
        return await _modify_scale(objects, target, paths, options, lambda old: change(scale_of(paths, old)))
    try:
        written = await objects.modify(
            target.kind,
            Key(target.kind.resource, target.namespace, target.name),
            lambda old: as_stored(target, change(old)),
            replace(options, duplicates=duplicates_in_patch(content_type, body)),
            status_only=target.subresource == STATUS,
        )
    except StrictDecodingError as error:
        raise _invalid_patch(error) from None
    return _written(target, written)


def _invalid_patch(error: StrictDecodingError) -> ApiError:
    """What upstream makes of a strict decoding error in a patch: 422, with the whole patched object."""
    patched = json.dumps(encode_json(error.manifest).decode(), ensure_ascii=False)
    problem = Problem("patch", f"Invalid value: {patched}: {error.strict_message}")
    refusal = invalid("", "", "", [problem])
    causes = {"causes": refusal.details["causes"]}
    return ApiError(refusal.code, refusal.reason, refusal.message, causes, warnings=error.warnings)


async def apply(
    objects: Objects, target: Target, query: Query, body: bytes, may_create: Callable[[], None]
) -> web.Response:
    """Server-side apply: 200 with the object, 201 when it was created, which `may_create` may refuse."""
    options = replace(_options(target, query, ""), force=boolean(query, "force"))
    if target.subresource == SCALE and target.kind.scale:
        config = applied_scale(target, target.kind.scale, body)
        written = await objects.apply(target.kind, config, options)
        return manifest_response(scale_of(target.kind.scale, decode_manifest(written.entry.data)))
    config = applied_config(target, body)
    is_status = target.subresource == STATUS
    written = await objects.apply(
        target.kind, config, options, status_only=is_status, before_creation=may_create
    )
    return _written(target, written)


async def delete(
    objects: Objects, target: Target, query: Query, content_type: str, body: bytes
) -> web.Response:
    """200 with a Status when the object is gone, with the object when it waits for something."""
    options = _delete_options(query, content_type, body)
    written = await objects.delete(target.kind, target.namespace, target.name, options)
    if written.gone and target.kind.resource not in RETURNED_WHEN_DELETED:
        return manifest_response(success(target, written.entry))
    return _written(target, written)


async def delete_collection(
    objects: Objects, target: Target, query: Query, accept: str, content_type: str, body: bytes
) -> AsyncGenerator[bytes, None]:
    """The list of what was deleted, as it was before."""
    form, include = wanted_form(accept, of_list=True), include_object(query)
    options = _delete_options(query, content_type, body)
    selected = list_options(target.kind, query, target.namespace)
    page = await page_of(objects, target, selected)
    await objects.delete_collection(target.kind, page.entries, options)
    return page_chunks(objects, target, page, selected, form, include)


def _delete_options(query: Query, content_type: str, body: bytes) -> DeleteOptions:
    asked = decode_body(content_type, body) if body.strip() else {}
    if not isinstance(asked, dict):
        raise bad_request("the body of a delete must be DeleteOptions")
    return delete_options(query, asked)


async def _modify_scale(
    objects: Objects,
    target: Target,
    paths: ScalePaths,
    options: WriteOptions,
    propose: Callable[[Manifest], Any],
) -> web.Response:
    """200 with the new Scale. `propose` makes it of the object."""
    kind = target.kind
    written = await objects.modify(
        kind,
        Key(kind.resource, target.namespace, target.name),
        lambda old: scaled(paths, old, propose(old)),
        options,
    )
    return manifest_response(scale_of(paths, decode_manifest(written.entry.data)))


def _options(target: Target, query: Query, user_agent: str, twice: tuple[str, ...] = ()) -> WriteOptions:
    return replace(
        write_options(query),
        manager=author_name(query, user_agent),
        api_version=target.api_version,
        subresource=target.subresource,
        duplicates=twice,
    )


def _written(target: Target, written: Written) -> web.Response:
    status = 201 if written.created else 200
    return json_response(object_bytes(target, written.entry), status, written.warnings)
