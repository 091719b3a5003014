"""get and list over HTTP."""

from collections.abc import AsyncGenerator

from aiohttp import web

from tradewind.apiserver.bodies import TABLE, wanted_form
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.identity import too_large
from tradewind.apiserver.objects import Objects, Page
from tradewind.apiserver.options import ListOptions, Query, continue_token, list_options
from tradewind.apiserver.responses import json_response, list_chunks, manifest_of, object_bytes, table_chunks
from tradewind.apiserver.tables import INCLUDES, METADATA, table, table_head, table_rows
from tradewind.apiserver.urls import Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request, gone


def get_object(objects: Objects, target: Target, query: Query, accept: str) -> web.Response:
    """One object, as it is or as a table of one row."""
    form = wanted_form(accept)
    entry = objects.get(target.kind, target.namespace, target.name)
    if form != TABLE:
        return json_response(object_bytes(target, entry))
    manifest = manifest_of(target, entry)
    metadata = {"resourceVersion": manifest["metadata"]["resourceVersion"]}
    shown = table(target.kind, [manifest], objects.now_ms(), metadata=metadata, include=include_object(query))
    return json_response(encode_json(shown))


def list_objects(objects: Objects, target: Target, query: Query, accept: str) -> AsyncGenerator[bytes, None]:
    """All objects that are selected, or a part of them with a token for the next, as chunks of one answer."""
    form = wanted_form(accept)
    options = list_options(target.kind, query)
    check_revision(options, objects.revision)
    page = objects.page(target.kind, target.namespace, options.selection, options.limit, options.after)
    metadata = _list_metadata(page, options)
    if form != TABLE:
        return list_chunks(target, page.entries, metadata)
    manifests = (manifest_of(target, entry) for entry in page.entries)
    rows = table_rows(target.kind, manifests, objects.now_ms(), include_object(query))
    return table_chunks(table_head(target.kind, metadata), rows)


def check_revision(options: ListOptions, current: int) -> None:
    """Only the present can be listed: 504 for a resource version to come, 410 for exactly a past one."""
    if options.revision is None:
        return
    if options.revision > current:
        raise too_large(options.revision, current)
    if options.exact and options.revision != current:
        raise gone("The resourceVersion for the provided list is too old.")


def include_object(query: Query) -> str:
    """How much of each object a table has."""
    include = query.get("includeObject") or METADATA
    if include not in INCLUDES:
        raise bad_request(f'includeObject is "{include}"; must be one of {", ".join(INCLUDES)}')
    return include


def _list_metadata(page: Page, options: ListOptions) -> Manifest:
    """The parts of one list share the revision of the first, so that a watch from there misses nothing."""
    revision = options.continued_at or page.revision
    metadata: Manifest = {"resourceVersion": str(revision)}
    if page.last is not None:
        metadata |= {
            "continue": continue_token(revision, page.last),
            "remainingItemCount": page.remaining,
        }
    return metadata
