"""get and list of kinds that are worked out when they are asked for, with the selectors that all have."""

from collections.abc import AsyncGenerator

from aiohttp import web

from tradewind.apiserver.bodies import TABLE, wanted_form
from tradewind.apiserver.computed import Computed
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.options import Query, list_options
from tradewind.apiserver.reads import include_object
from tradewind.apiserver.responses import json_response, list_chunks, one_chunk
from tradewind.apiserver.tables import table
from tradewind.apiserver.urls import Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import not_found
from tradewind.store.entries import Entry, Key


def get_computed(computed: Computed, target: Target, query: Query, accept: str, now_ms: int) -> web.Response:
    """One object, as it is or as a table of one row."""
    form, found = wanted_form(accept), _read(computed, target)
    manifest = next((one for one in found if one["metadata"]["name"] == target.name), None)
    if manifest is None:
        raise not_found(target.kind.resource, target.name)
    if form == TABLE:
        manifest = table(target.kind, [manifest], now_ms, metadata={}, include=include_object(query))
    return json_response(encode_json(manifest))


def list_computed(
    computed: Computed, target: Target, query: Query, accept: str, now_ms: int
) -> AsyncGenerator[bytes, None]:
    """All objects that are selected. There are no parts and no past of such a list."""
    form, selection = wanted_form(accept), list_options(target.kind, query).selection
    read = [(_entry(target, manifest), manifest) for manifest in _read(computed, target)]
    found = [(entry, manifest) for entry, manifest in read if selection.matches(entry)]
    if form != TABLE:
        return list_chunks(target, [entry for entry, _ in found], {})
    manifests = [manifest for _, manifest in found]
    shown = table(target.kind, manifests, now_ms, metadata={}, include=include_object(query))
    return one_chunk(encode_json(shown))


def _read(computed: Computed, target: Target) -> list[Manifest]:
    assert computed.read is not None
    return computed.read(target.namespace)


def _entry(target: Target, manifest: Manifest) -> Entry:
    metadata = manifest["metadata"]
    key = Key(target.kind.resource, metadata.get("namespace", ""), metadata["name"])
    return Entry(key, 0, encode_json(manifest))
