"""get and list of kinds that are worked out when they are asked for, in the forms and with the selectors that
all have. There is no past of such a list, and it comes whole."""

from collections.abc import AsyncGenerator

from aiohttp import web

from tradewind.apiserver.bodies import wanted_form
from tradewind.apiserver.computed import Computed
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.forms import include_object, object_in
from tradewind.apiserver.list_options import list_options
from tradewind.apiserver.objects import Objects, Page
from tradewind.apiserver.options import Query
from tradewind.apiserver.reads import page_chunks
from tradewind.apiserver.responses import json_response
from tradewind.apiserver.urls import Target
from tradewind.resources.status import not_found
from tradewind.store.entries import Entry, Key

NO_REVISION = 0  # what is worked out is of no revision


def get_computed(
    objects: Objects, computed: Computed, target: Target, query: Query, accept: str
) -> web.Response:
    """One object, or 404."""
    form = wanted_form(accept)
    entry = next((one for one in _entries(computed, target) if one.key.name == target.name), None)
    if entry is None:
        raise not_found(target.kind.resource, target.name)
    return json_response(object_in(form, target, entry, objects.now_ms(), include_object(query)))


def list_computed(
    objects: Objects, computed: Computed, target: Target, query: Query, accept: str
) -> AsyncGenerator[bytes, None]:
    """All objects that are selected."""
    form, options = wanted_form(accept, of_list=True), list_options(target.kind, query, target.namespace)
    found = [one for one in _entries(computed, target) if options.selection.matches(one)]
    return page_chunks(objects, target, Page(found, NO_REVISION), options, form, include_object(query))


def _entries(computed: Computed, target: Target) -> list[Entry]:
    assert computed.read is not None
    return [
        Entry(_key(target, one["metadata"]), NO_REVISION, encode_json(one))
        for one in computed.read(target.namespace)
    ]


def _key(target: Target, metadata: dict[str, str]) -> Key:
    return Key(target.kind.resource, metadata.get("namespace", ""), metadata["name"])
