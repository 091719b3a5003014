"""A client of the API in this process: the same rules, no HTTP."""

from collections.abc import AsyncIterator

from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.events import Event
from tradewind.apiserver.json_patch import merge_patch
from tradewind.apiserver.objects import DeleteOptions, Objects, WriteOptions
from tradewind.apiserver.selectors import parse_selection
from tradewind.client.base import Listing, WatchEvent
from tradewind.client.urls import name_selector
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request
from tradewind.store.entries import Key, WatchEnded


class LocalClient:
    """`client.base.Client` over the objects of this process, whose writes are said to be by `manager`."""

    def __init__(self, objects: Objects, manager: str = "tradewind") -> None:
        self._objects = objects
        # Strict: a misspelt field in our own code is a bug to be seen.
        self._options = WriteOptions(field_validation="Strict", manager=manager)

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """The object, or 404."""
        return decode_manifest(self._objects.get(kind, namespace, name).data)

    async def list(
        self, kind: Kind, namespace: str = "", label_selector: str = "", name: str = ""
    ) -> Listing:
        """Matching objects, sorted by namespace and name."""
        page = self._objects.page(kind, namespace, parse_selection(kind, label_selector, name_selector(name)))
        return Listing([decode_manifest(entry.data) for entry in page.entries], str(page.revision))

    async def watch(
        self, kind: Kind, namespace: str = "", resource_version: str = "", name: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """Changes after a resource version, or with "" first all that exists. Ends with the server."""
        selection = parse_selection(kind, field_selector=name_selector(name))
        with self._objects.watch(kind, namespace, _revision(resource_version), selection) as stream:
            for event in stream.initial:
                yield _watch_event(event)
            while True:
                try:
                    events = await stream.next()
                except WatchEnded:
                    return
                for event in events:
                    yield _watch_event(event)

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The stored object."""
        return decode_manifest((await self._objects.create(kind, manifest, self._options)).entry.data)

    async def update(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replace all but status."""
        return decode_manifest((await self._objects.update(kind, manifest, self._options)).entry.data)

    async def update_status(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replace status only."""
        return decode_manifest((await self._objects.update_status(kind, manifest, self._options)).entry.data)

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """Apply a JSON merge patch."""
        key = Key(kind.resource, namespace, name)
        written = await self._objects.modify(kind, key, lambda old: merge_patch(old, patch), self._options)
        return decode_manifest(written.entry.data)

    async def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", grace_seconds: int | None = None
    ) -> None:
        """Ask for deletion."""
        await self._objects.delete(kind, namespace, name, DeleteOptions(grace_seconds, uid))


def _revision(resource_version: str) -> int | None:
    if not resource_version:
        return None
    if not resource_version.isdecimal():
        raise bad_request(f'resourceVersion is "{resource_version}"; must be one that this server gave out')
    return int(resource_version)


def _watch_event(event: Event) -> WatchEvent:
    return WatchEvent(event.type, decode_manifest(event.entry.data))
