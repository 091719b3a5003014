"""Several writes that will happen together, decided upon one after another."""

from collections.abc import Callable

import msgspec

from tradewind.apiserver.rules import at_revision
from tradewind.resources.meta import Manifest
from tradewind.store.entries import MUST_NOT_EXIST, WHATEVER, Key, Write
from tradewind.store.store import Store

decode_manifest: Callable[[bytes], Manifest] = msgspec.json.Decoder(Manifest).decode
encode_json = msgspec.json.Encoder().encode


class Draft:
    """The tip of the store as the writes drafted so far leave it. Nothing happens until they are written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen: dict[Key, Manifest | None] = {}
        self._revisions: dict[Key, int] = {}
        self.writes: list[Write] = []
        self.changed: dict[Key, Manifest | None] = {}

    def get(self, key: Key) -> Manifest | None:
        """The object, or None."""
        if key not in self._seen:
            entry = self._store.tip(key)
            self._revisions[key] = entry.revision if entry else MUST_NOT_EXIST
            self._seen[key] = decode_manifest(entry.data) if entry else None
        return self._seen[key]

    def put(self, key: Key, manifest: Manifest) -> None:
        """Create or replace an object that `get` was asked for."""
        self._add(key, manifest, manifest, deleted=False)

    def remove(self, key: Key, last: Manifest) -> None:
        """Remove an object; those who watch are shown its `last` state."""
        self._add(key, last, None, deleted=True)

    def keys_in(self, namespace: str) -> list[Key]:
        """The keys of everything in a namespace."""
        keys = dict.fromkeys(self._store.tip_keys_in(namespace))
        keys |= dict.fromkeys(key for key in self.changed if key.namespace == namespace)
        return [key for key in keys if key not in self.changed or self.changed[key] is not None]

    def keys_of(self, resource: str) -> list[Key]:
        """The keys of every object of a resource."""
        keys = dict.fromkeys(self._store.tip_keys_of(resource))
        keys |= dict.fromkeys(key for key in self.changed if key.resource == resource)
        return [key for key in keys if key not in self.changed or self.changed[key] is not None]

    def _add(self, key: Key, shown: Manifest, kept: Manifest | None, deleted: bool) -> None:
        expected = self._revisions[key]
        self.writes.append(Write(key, expected, lambda at: encode_json(at_revision(shown, at)), deleted))
        self._seen[key] = self.changed[key] = kept
        self._revisions[key] = WHATEVER
