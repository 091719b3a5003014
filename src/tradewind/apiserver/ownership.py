"""Who belongs to whom: what goes when an owner goes.

Unlike upstream, where a garbage collector notices some time later, dependents go in the same
transaction as their owner: no crash can leave them behind.
"""

from collections.abc import Callable, Iterable
from enum import Enum

import msgspec

from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.rules import is_in_foreground
from tradewind.resources.meta import Manifest
from tradewind.store.entries import Entry, Key


class _Owner(msgspec.Struct, frozen=True):
    uid: str


class _Metadata(msgspec.Struct, frozen=True, rename="camel"):
    owner_references: list[_Owner] = []


class _Owned(msgspec.Struct, frozen=True):
    metadata: _Metadata = _Metadata()


_decode_owners = msgspec.json.Decoder(_Owned).decode


class OwnerIndex:
    """The keys of dependents by the uid of their owners. May name too many; the caller looks at each."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._dependents: dict[str, dict[Key, None]] = {}
        self._owners: dict[Key, tuple[str, ...]] = {}
        for entry in entries:
            owners = _decode_owners(entry.data).metadata.owner_references
            self._set(entry.key, tuple(owner.uid for owner in owners))

    def dependents(self, uid: str) -> tuple[Key, ...]:
        """Who names this owner."""
        return tuple(self._dependents.get(uid, ()))

    def record(self, key: Key, manifest: Manifest | None) -> None:
        """An object is now this, or with None is gone."""
        references = owner_references(manifest) if manifest else []
        self._set(key, tuple(reference["uid"] for reference in references))

    def _set(self, key: Key, owners: tuple[str, ...]) -> None:
        for uid in self._owners.pop(key, ()):
            dependents = self._dependents[uid]
            dependents.pop(key, None)
            if not dependents:
                del self._dependents[uid]
        if owners:
            self._owners[key] = owners
        for uid in owners:
            self._dependents.setdefault(uid, {})[key] = None


def owner_references(manifest: Manifest) -> list[Manifest]:
    """The object's owner references."""
    return manifest["metadata"].get("ownerReferences", [])  # type: ignore[no-any-return]


class Owner(Enum):
    """What an owner reference points at (upstream `classifyReferences`): an owner that stays, one that is
    gone or was replaced by another of its name, or one that waits for its dependents to go."""

    SOLID = "solid"
    DANGLING = "dangling"
    WAITING = "waiting"


def owner_key(manifest: Manifest, reference: Manifest, served: Catalog) -> Key | None:
    """Where the owner is; None when its kind is not served here."""
    kind = served.owner_kind(reference["apiVersion"], reference["kind"])
    if kind is None:
        return None
    namespace = manifest["metadata"].get("namespace", "") if kind.namespaced else ""
    return Key(kind.resource, namespace, reference["name"])


def owner_state(
    manifest: Manifest, reference: Manifest, served: Catalog, find: Callable[[Key], Manifest | None]
) -> Owner:
    """What one of an object's owner references points at. An owner of a kind that is not served here counts
    as one that stays: nobody here can tell."""
    key = owner_key(manifest, reference, served)
    if key is None:
        return Owner.SOLID
    owner = find(key)
    if owner is None or owner["metadata"]["uid"] != reference["uid"]:
        return Owner.DANGLING
    return Owner.WAITING if is_in_foreground(owner) else Owner.SOLID
