"""Objects at their latest revision, and a bounded history of changes for those who watch.

Plain synchronous data: no clock, no waiting, no IO. A watcher has no queue of its own: it asks for what
changed after the revision that it has seen, and one that is too slow finds its place in the history gone.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tradewind.store.entries import Change, Entry, Key, TooOld


@dataclass(frozen=True)
class HistoryLimits:
    """How much is kept of each resource's changes, whichever is reached first."""

    changes: int = 4096
    size_bytes: int = 4 * 1024 * 1024


@dataclass
class _History:
    """Changes of one resource, oldest first; those up to revision `forgotten` are gone."""

    forgotten: int
    changes: list[Change] = field(default_factory=list)
    size_bytes: int = 0

    def append(self, change: Change, limits: HistoryLimits) -> None:
        self.changes.append(change)
        self.size_bytes += _size_bytes(change)
        if len(self.changes) > limits.changes or self.size_bytes > limits.size_bytes:
            self._forget(limits)

    def _forget(self, limits: HistoryLimits) -> None:
        """Drop the oldest quarter at least, so that the price of dropping is spread over many changes."""
        count = 0
        most = limits.changes * 3 // 4
        while len(self.changes) - count > most or self.size_bytes > limits.size_bytes * 3 // 4:
            self.size_bytes -= _size_bytes(self.changes[count])
            count += 1
        self.forgotten = self.changes[count - 1].entry.revision
        del self.changes[:count]

    def after(self, revision: int) -> list[Change]:
        if revision < self.forgotten:
            raise TooOld(revision, self.forgotten)
        return self.changes[bisect_right(self.changes, revision, key=_revision) :]


def _revision(change: Change) -> int:
    return change.entry.revision


def _size_bytes(change: Change) -> int:
    return len(change.entry.data) + (len(change.previous.data) if change.previous else 0)


class Memory:
    """All objects by resource, namespace and name. `revision` is that of the last change applied."""

    def __init__(
        self, entries: Iterable[Entry] = (), revision: int = 0, limits: HistoryLimits | None = None
    ) -> None:
        self.revision = revision
        self._limits = limits or HistoryLimits()
        self._first_revision = revision
        self._objects: dict[str, dict[str, dict[str, Entry]]] = {}
        self._histories: dict[str, _History] = {}
        for entry in entries:
            self._put(entry)

    def get(self, key: Key) -> Entry | None:
        """The object, or None."""
        return self._objects.get(key.resource, {}).get(key.namespace, {}).get(key.name)

    def entries(self, resource: str, namespace: str = "") -> list[Entry]:
        """Objects sorted by namespace and name; those of one namespace, or with "" of all."""
        by_namespace = self._objects.get(resource, {})
        wanted = [namespace] if namespace else sorted(by_namespace)
        return [
            by_name[name] for one in wanted if (by_name := by_namespace.get(one)) for name in sorted(by_name)
        ]

    def entries_at(self, resource: str, namespace: str, revision: int) -> list[Entry]:
        """`entries` as they were at a past revision: the present with every later change undone.

        Raises TooOld when those changes are no longer known.
        """
        later = self.changes(resource, namespace, revision)
        if not later:
            return self.entries(resource, namespace)
        then: dict[Key, Entry | None] = {entry.key: entry for entry in self.entries(resource, namespace)}
        for change in reversed(later):
            then[change.entry.key] = change.previous
        return [entry for _, entry in sorted(then.items()) if entry is not None]

    def count(self, resource: str, namespace: str = "") -> int:
        """How many objects there are in one namespace, or with "" in all."""
        by_namespace = self._objects.get(resource, {})
        return len(by_namespace.get(namespace, {})) if namespace else sum(map(len, by_namespace.values()))

    def keys_in(self, namespace: str) -> list[Key]:
        """The keys of everything in a namespace, whatever the resource."""
        return [
            entry.key
            for by_namespace in self._objects.values()
            for entry in by_namespace.get(namespace, {}).values()
        ]

    def everything(self) -> Iterable[Entry]:
        """Every object, in no promised order."""
        return (
            entry
            for by_namespace in self._objects.values()
            for by_name in by_namespace.values()
            for entry in by_name.values()
        )

    def apply(self, changes: Sequence[Change]) -> None:
        """Make changes that are in the order of their revisions, each newer than all before."""
        for change in changes:
            entry = change.entry
            if change.deleted:
                self._remove(entry.key)
            else:
                self._put(entry)
            self.revision = entry.revision
            self._history(entry.key.resource).append(change, self._limits)

    def changes(self, resource: str, namespace: str, after: int) -> list[Change]:
        """What happened to a resource (in one namespace, or with "" in all) after a revision, in order.

        Raises TooOld when that is no longer known.
        """
        found = self._history(resource).after(after)
        return [change for change in found if change.entry.key.namespace == namespace] if namespace else found

    def _history(self, resource: str) -> _History:
        return self._histories.setdefault(resource, _History(self._first_revision))

    def _put(self, entry: Entry) -> None:
        key = entry.key
        self._objects.setdefault(key.resource, {}).setdefault(key.namespace, {})[key.name] = entry

    def _remove(self, key: Key) -> None:
        by_namespace = self._objects[key.resource]
        del by_namespace[key.namespace][key.name]
        if not by_namespace[key.namespace]:
            del by_namespace[key.namespace]
