"""A local copy of the objects that controllers look at, kept current by watches and by own writes."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from tradewind.controller.plan import LOCAL
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode

log = logging.getLogger(__name__)


class Source(NamedTuple):
    """Objects that one watch brings: whose (LOCAL or HUB), of which kind, and "" or what narrows them."""

    at: str
    resource: str
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True)
class Entry:
    """One cached object in both forms."""

    version: int
    manifest: Manifest
    typed: Any


@dataclass
class _Shelf:
    """The objects of one source. `seen` is the newest version that its watch has delivered."""

    entries: dict[tuple[str, str], Entry] = field(default_factory=dict)
    seen: int = 0
    synced: bool = False


def version_of(manifest: Manifest) -> int:
    """The resource version as a number, so that two can be compared; 0 when it has none."""
    text = str(manifest.get("metadata", {}).get("resourceVersion", ""))
    return int(text) if text.isdigit() else 0


def name_of(manifest: Manifest) -> tuple[str, str]:
    """Namespace ("" if none) and name."""
    meta = manifest.get("metadata", {})
    return meta.get("namespace", ""), meta.get("name", "")


class Cache:
    """Implements `View`. Only the tasks that feed it (`replace`, `upsert`, `remove`) change it."""

    def __init__(self) -> None:
        self._shelves: dict[Source, _Shelf] = {}

    def add_source(self, source: Source) -> None:
        """Make room for a source; until its first `replace` it counts as not synced."""
        self._shelves.setdefault(source, _Shelf())

    def is_synced(self, sources: Iterable[Source]) -> bool:
        """Whether every one of these sources has been listed once."""
        return all(self._shelves[source].synced for source in sources)

    def replace(self, source: Source, kind: Kind, manifests: list[Manifest], version: int) -> list[Any]:
        """Take a fresh listing; returns the typed objects that came, changed or went."""
        shelf = self._shelves[source]
        fresh = {name_of(manifest): manifest for manifest in manifests}
        gone = [entry for name, entry in shelf.entries.items() if name not in fresh]
        for entry in gone:
            del shelf.entries[name_of(entry.manifest)]
        changed = [self._store(shelf, kind, manifest) for manifest in fresh.values()]
        shelf.seen, shelf.synced = max(shelf.seen, version), True
        return [entry.typed for entry in gone] + [typed for typed in changed if typed is not None]

    def upsert(self, source: Source, kind: Kind, manifest: Manifest, watched: bool) -> Any | None:
        """Take one object; returns it typed, or None when the cache already has it as new or newer.

        An own write that the watch has overtaken is ignored: what the watch said since is newer.
        """
        shelf = self._shelves[source]
        version = version_of(manifest)
        if watched:
            shelf.seen = max(shelf.seen, version)
        elif version <= shelf.seen:
            return None
        return self._store(shelf, kind, manifest)

    def remove(self, source: Source, manifest: Manifest) -> Any | None:
        """Forget an object; returns its last typed form, or None when it was not there."""
        shelf = self._shelves[source]
        shelf.seen = max(shelf.seen, version_of(manifest))
        entry = shelf.entries.pop(name_of(manifest), None)
        return entry.typed if entry else None

    def _store(self, shelf: _Shelf, kind: Kind, manifest: Manifest) -> Any | None:
        name, version = name_of(manifest), version_of(manifest)
        known = shelf.entries.get(name)
        if known is not None and known.version >= version > 0:
            return None
        try:
            typed = decode(manifest, kind.struct)
        except msgspec.ValidationError as error:
            log.warning("object left out: %s %s/%s does not fit its kind: %s", kind.resource, *name, error)
            return None
        shelf.entries[name] = Entry(version, manifest, typed)
        return typed

    def _entries(self, kind: Kind, namespace: str, at: str) -> list[Entry]:
        shelves = [
            shelf
            for source, shelf in self._shelves.items()
            if (source.at, source.resource) == (at, kind.resource) and source.namespace in ("", namespace)
        ]
        if not shelves:
            raise LookupError(f"no watch on {kind.resource} at {at} in namespace {namespace!r}")
        found = {name: entry for shelf in shelves for name, entry in shelf.entries.items()}
        return [found[name] for name in sorted(found) if not namespace or name[0] == namespace]

    def _entry(self, kind: Kind, namespace: str, name: str, at: str) -> Entry | None:
        for scope in ("", namespace):
            for only in ("", name):
                shelf = self._shelves.get(Source(at, kind.resource, scope, only))
                if shelf is not None and (entry := shelf.entries.get((namespace, name))):
                    return entry
        return None

    def get(self, kind: Kind, namespace: str, name: str, at: str = LOCAL) -> Any | None:
        """See `View.get`."""
        entry = self._entry(kind, namespace, name, at)
        return entry.typed if entry else None

    def get_manifest(self, kind: Kind, namespace: str, name: str, at: str = LOCAL) -> Manifest | None:
        """See `View.get_manifest`."""
        entry = self._entry(kind, namespace, name, at)
        return entry.manifest if entry else None

    def list_manifests(self, kind: Kind, namespace: str = "", at: str = LOCAL) -> list[Manifest]:
        """See `View.list_manifests`."""
        return [entry.manifest for entry in self._entries(kind, namespace, at)]

    def list(
        self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None, at: str = LOCAL
    ) -> list[Any]:
        """See `View.list`."""
        wanted = (labels or {}).items()
        return [
            entry.typed
            for entry in self._entries(kind, namespace, at)
            if all(entry.typed.metadata.labels.get(key) == value for key, value in wanted)
        ]
