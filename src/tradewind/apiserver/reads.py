"""get, list and the reading half of deletecollection over HTTP."""

from collections.abc import AsyncGenerator

from aiohttp import web

from tradewind.apiserver.bodies import PARTIAL_LIST, TABLE, Form, wanted_form
from tradewind.apiserver.draft import decode_manifest, encode_json
from tradewind.apiserver.forms import include_object, object_in
from tradewind.apiserver.list_options import LATEST, ListOptions, continue_token, list_options, revision_of
from tradewind.apiserver.objects import Objects, Page
from tradewind.apiserver.options import Query
from tradewind.apiserver.responses import (
    json_response,
    list_chunks,
    manifest_of,
    manifest_response,
    one_chunk,
    table_chunks,
)
from tradewind.apiserver.scale import scale_of
from tradewind.apiserver.tables import partial, table_head, table_rows
from tradewind.apiserver.urls import SCALE, Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, gone

INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new "
    "list without the continue parameter, or use the continue token in this response to retrieve the "
    "remainder of the results. Continuing with the provided token results in an inconsistent list - objects "
    "that were created, modified, or deleted between the time the first chunk was returned and now may show "
    "up in the list."
)


async def get_object(objects: Objects, target: Target, query: Query, accept: str) -> web.Response:
    """One object, not older than the resource version asked for; as it is, in part, or as a table."""
    form = wanted_form(accept)
    await objects.reach(revision_of(query))
    entry = objects.get(target.kind, target.namespace, target.name)
    if target.subresource == SCALE and target.kind.scale:
        return manifest_response(scale_of(target.kind.scale, decode_manifest(entry.data)))
    return json_response(object_in(form, target, entry, objects.now_ms(), include_object(query)))


async def list_objects(
    objects: Objects, target: Target, query: Query, accept: str
) -> AsyncGenerator[bytes, None]:
    """All objects that are selected, or a part of them with a token for the next, as chunks of one answer."""
    form, include = wanted_form(accept, of_list=True), include_object(query)
    options = list_options(target.kind, query, target.namespace)
    page = await page_of(objects, target, options)
    return page_chunks(objects, target, page, options, form, include)


async def page_of(objects: Objects, target: Target, options: ListOptions) -> Page:
    """The objects asked for, at the revision asked for (upstream `GetList`). 410 with a new token when a
    list cannot go on as it began, 504 when the revision is still to come."""
    at, token = options.exact_revision, options.token
    await objects.reach(at or options.revision or 0)
    try:
        return objects.page(
            target.kind,
            target.namespace,
            options.selection,
            options.limit,
            after=token.after if token else None,
            at=at,
        )
    except ApiError as error:
        if error.code != gone("").code or token is None:
            raise
        resumed = continue_token(LATEST, token.after, target.namespace)
        raise ApiError(error.code, error.reason, INCONSISTENT, metadata={"continue": resumed}) from None


def page_chunks(
    objects: Objects, target: Target, page: Page, options: ListOptions, form: Form, include: str
) -> AsyncGenerator[bytes, None]:
    """A list in the form asked for."""
    metadata = _list_metadata(page, options, target.namespace)
    if not form.kind:
        return list_chunks(target, page.entries, metadata)
    manifests = (manifest_of(target, entry) for entry in page.entries)
    if form.kind == TABLE:
        rows = table_rows(target.kind, manifests, objects.now_ms(), include, form.version)
        return table_chunks(table_head(target.kind, metadata, version=form.version), rows)
    items = [partial(manifest, form.api_version) for manifest in manifests]
    shown = {"kind": PARTIAL_LIST, "apiVersion": form.api_version, "metadata": metadata, "items": items}
    return one_chunk(encode_json(shown))


def _list_metadata(page: Page, options: ListOptions, namespace: str) -> Manifest:
    metadata: Manifest = {"resourceVersion": str(page.revision)}
    if page.last is not None:
        metadata["continue"] = continue_token(page.revision, page.last, namespace)
        if options.counts_remaining:
            metadata["remainingItemCount"] = page.remaining
    return metadata
