"""What every client can do. Decisions and controllers know only this, never where the objects live."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal, Protocol

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest

EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


@dataclass(frozen=True)
class WatchEvent:
    """One change; for DELETED `manifest` is the last state, for BOOKMARK only its resource version counts."""

    type: EventType
    manifest: Manifest


@dataclass(frozen=True)
class Listing:
    """All objects of a kind at one resource version, from which a watch can go on."""

    items: list[Manifest]
    resource_version: str


class Client(Protocol):
    """Objects of one API server. Every method raises `ApiError` with upstream's reason and code;
    a server that cannot be reached is `ApiError` 503 `ServiceUnavailable`. `namespace` is "" for
    cluster-scoped kinds and, in `list` and `watch`, for all namespaces; `name` narrows these to one object.
    """

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """The object, or 404 NotFound."""
        ...

    async def list(
        self, kind: Kind, namespace: str = "", label_selector: str = "", name: str = ""
    ) -> Listing:
        """Every matching object, sorted by namespace and name."""
        ...

    def watch(
        self, kind: Kind, namespace: str = "", resource_version: str = "", name: str = ""
    ) -> AsyncIterator[WatchEvent]:
        """Changes after `resource_version`, each once and in order, until the server ends the watch.

        410 Expired when that version is no longer kept. Close the iterator to stop.
        """
        ...

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        """The stored object; 409 AlreadyExists when the name is taken."""
        ...

    async def update(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replace all but status. A `resourceVersion` in the manifest must be current, else 409 Conflict."""
        ...

    async def update_status(self, kind: Kind, manifest: Manifest) -> Manifest:
        """Replace status only; the same rule for `resourceVersion`."""
        ...

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """Apply a JSON merge patch (RFC 7386)."""
        ...

    async def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", grace_seconds: int | None = None
    ) -> None:
        """Ask for deletion; finalizers and, for Pods, the grace come first. 409 when `uid` is another's."""
        ...
