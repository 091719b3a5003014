"""watch over HTTP: one JSON line per event, until the time is up or either side ends it."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from tradewind.apiserver.bodies import wanted_form
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.events import Event, EventStream
from tradewind.apiserver.forms import bookmark_in, include_object, object_in
from tradewind.apiserver.list_options import ListOptions, list_options
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.options import Query
from tradewind.apiserver.responses import one_chunk
from tradewind.apiserver.urls import Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, gone
from tradewind.store.entries import WatchEnded

BOOKMARK_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
EVENTS_PER_CHUNK = 100
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}

Render = Callable[[Event], bytes]
Bookmark = Callable[[int, Manifest | None], bytes]


async def open_watch(
    objects: Objects, target: Target, query: Query, accept: str
) -> tuple[EventStream | None, AsyncGenerator[bytes, None]]:
    """A stream, to be closed by the caller, and the lines that tell of it. ApiError when it cannot begin.

    Without a resource version, or asked to (`sendInitialEvents`), it begins with all that exists. When the
    version is too old there is no stream, and one line says so, as upstream's watch cache does.
    """
    options = list_options(target.kind, query, target.namespace, target.name, watch=True)
    render, bookmark = _renderers(objects, target, query, accept)
    after = None if options.send_initial_events else options.revision or objects.revision
    await objects.reach(options.revision or 0)
    try:
        stream = objects.watch(target.kind, target.namespace, after, options.selection)
    except ApiError as error:
        if error.code != gone("").code:
            raise
        return None, one_chunk(line("ERROR", encode_json(error.status)))
    return stream, _lines(stream, options, render, bookmark)


async def _lines(
    stream: EventStream, options: ListOptions, render: Render, bookmark: Bookmark
) -> AsyncGenerator[bytes, None]:
    """Chunks of one or more lines. Bookmarks, if asked for, mark the end of the initial objects, every
    BOOKMARK_SECONDS, and the end of the watch."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + (options.timeout_seconds or LONGEST_SECONDS)
    bookmark_at = clock() + BOOKMARK_SECONDS
    async for chunk in _parts(stream.initial, render):
        yield chunk
    if options.send_initial_events and options.bookmarks:
        yield bookmark(stream.revision, INITIAL_EVENTS_END)
    try:
        while (left := deadline - clock()) > 0:
            events = await stream.next(min(left, BOOKMARK_SECONDS))
            async for chunk in _parts(events, render):
                yield chunk
            if options.bookmarks and clock() >= bookmark_at:
                bookmark_at = clock() + BOOKMARK_SECONDS
                yield bookmark(stream.revision, None)
    except WatchEnded:
        pass
    except ApiError as error:
        yield line("ERROR", encode_json(error.status))
        return
    if options.bookmarks:
        yield bookmark(stream.revision, None)


async def _parts(events: list[Event], render: Render) -> AsyncGenerator[bytes, None]:
    """The lines of many events, in chunks; others are served between them."""
    for start in range(0, len(events), EVENTS_PER_CHUNK):
        if start:
            await asyncio.sleep(0)
        yield b"".join(map(render, events[start : start + EVENTS_PER_CHUNK]))


def line(event_type: str, obj: bytes) -> bytes:
    """One event as it travels."""
    return b'{"type":"' + event_type.encode() + b'","object":' + obj + b"}\n"


def _renderers(objects: Objects, target: Target, query: Query, accept: str) -> tuple[Render, Bookmark]:
    """How an event and a bookmark travel. Of tables, only the first has the columns' definitions."""
    form, include = wanted_form(accept, stream=True), include_object(query)
    headers = True

    def render(event: Event) -> bytes:
        nonlocal headers
        shown = object_in(form, target, event.entry, objects.now_ms(), include, headers=headers)
        headers = False
        return line(event.type, shown)

    def bookmark(revision: int, annotations: Manifest | None) -> bytes:
        """Everything up to this revision has been told."""
        metadata: Manifest = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        return line("BOOKMARK", bookmark_in(form, target, metadata))

    return render, bookmark
