"""watch over HTTP: one JSON line per event, until the time is up or either side ends it."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from tradewind.apiserver.bodies import TABLE, wanted_form
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.events import Event, EventStream
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.options import ListOptions, Query, list_options
from tradewind.apiserver.reads import include_object
from tradewind.apiserver.responses import manifest_of, object_bytes
from tradewind.apiserver.tables import table
from tradewind.apiserver.urls import Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError
from tradewind.store.entries import WatchEnded

BOOKMARK_SECONDS = 60.0
LONGEST_SECONDS = 3600.0
INITIAL_EVENTS_END = {"k8s.io/initial-events-end": "true"}

Render = Callable[[Event], bytes]


def open_watch(
    objects: Objects, target: Target, query: Query, accept: str
) -> tuple[EventStream, AsyncGenerator[bytes, None]]:
    """A stream, to be closed by the caller, and the lines that tell of it. ApiError when it cannot begin.

    Without a resource version, or asked to (`sendInitialEvents`), it begins with all that exists.
    """
    options = list_options(target.kind, query, target.name)
    render = _renderer(objects, target, query) if wanted_form(accept) == TABLE else _plain(target)
    after = None if options.send_initial_events else options.revision
    stream = objects.watch(target.kind, target.namespace, after, options.selection)
    return stream, _lines(stream, options, target, render)


async def _lines(
    stream: EventStream, options: ListOptions, target: Target, render: Render
) -> AsyncGenerator[bytes, None]:
    """Chunks of one or more lines. Bookmarks, if asked for, mark the end of the initial objects, every
    BOOKMARK_SECONDS, and the end of the watch."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + (options.timeout_seconds or LONGEST_SECONDS)
    bookmark_at = clock() + BOOKMARK_SECONDS
    for start in range(0, len(stream.initial), 100):
        yield b"".join(map(render, stream.initial[start : start + 100]))
        await asyncio.sleep(0)  # others are served between the parts
    if options.send_initial_events and options.bookmarks:
        yield bookmark(target, stream.revision, INITIAL_EVENTS_END)
    try:
        while (left := deadline - clock()) > 0:
            events = await stream.next(min(left, BOOKMARK_SECONDS))
            if events:
                yield b"".join(map(render, events))
            if options.bookmarks and clock() >= bookmark_at:
                bookmark_at = clock() + BOOKMARK_SECONDS
                yield bookmark(target, stream.revision)
    except WatchEnded:
        pass
    except ApiError as error:
        yield line("ERROR", encode_json(error.status))
        return
    if options.bookmarks:
        yield bookmark(target, stream.revision)


def line(event_type: str, obj: bytes) -> bytes:
    """One event as it travels."""
    return b'{"type":"' + event_type.encode() + b'","object":' + obj + b"}\n"


def bookmark(target: Target, revision: int, annotations: Manifest | None = None) -> bytes:
    """The line that says: everything up to this revision has been told."""
    metadata: Manifest = {"resourceVersion": str(revision), "creationTimestamp": None}
    if annotations:
        metadata["annotations"] = annotations
    obj = {"kind": target.kind.name, "apiVersion": target.api_version, "metadata": metadata}
    return line("BOOKMARK", encode_json(obj))


def _plain(target: Target) -> Render:
    return lambda event: line(event.type, object_bytes(target, event.entry))


def _renderer(objects: Objects, target: Target, query: Query) -> Render:
    """Tables of one row; only the first has the columns' definitions."""
    include = include_object(query)
    headers = True

    def render(event: Event) -> bytes:
        nonlocal headers
        manifest = manifest_of(target, event.entry)
        metadata = {"resourceVersion": manifest["metadata"]["resourceVersion"]}
        shown = table(
            target.kind, [manifest], objects.now_ms(), metadata=metadata, include=include, headers=headers
        )
        headers = False
        return line(event.type, encode_json(shown))

    return render
