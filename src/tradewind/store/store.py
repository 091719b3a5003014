"""The store: reads and watches of what is durable, writes checked against what is on its way.

Two states: the *committed* one, which reads and watches see, and the *tip*, which includes writes in
flight and against which the next write is checked. A write joins the tip at once; when the journal
has made it durable it joins the committed state, watchers are woken, and only then does its writer
hear of it. If the journal fails, the tip falls back to the committed state and every write in flight
fails. All methods belong to the event loop's thread.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tradewind.store.database import write_database
from tradewind.store.entries import (
    WHATEVER,
    Change,
    Entry,
    Key,
    Overloaded,
    Stale,
    StorageFailed,
    StoreError,
    Write,
)
from tradewind.store.journal import Journal, NoJournal, Outcomes
from tradewind.store.memory import Memory
from tradewind.store.watch import Watch

Entries = tuple[Entry, ...]
MAX_GROUPS_IN_FLIGHT = 4096
MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Changes that become durable together, and who waits for that."""

    changes: tuple[Change, ...]
    durable: asyncio.Future[Entries]

    @property
    def size_bytes(self) -> int:
        return sum(len(change.entry.data) for change in self.changes)


class Store:
    """See the module. Needs a running event loop; `close` it at the end."""

    def __init__(self, memory: Memory, journal: Journal) -> None:
        self._memory = memory
        self._journal = journal
        self._loop = asyncio.get_running_loop()
        self._tip_revision = memory.revision
        self._tip: dict[Key, tuple[Change, _Group]] = {}
        self._in_flight: deque[_Group] = deque()
        self._in_flight_bytes = 0
        self._watches: dict[str, dict[Watch, None]] = {}
        self._followers: dict[str, list[Callable[[Change], None]]] = {}
        self._closed = False
        self._committed: asyncio.Future[None] | None = None
        self.on_rollback: Callable[[], None] = lambda: None
        journal.start(Outcomes(self._on_durable, self._on_failed))

    @property
    def revision(self) -> int:
        """The revision of the last committed change."""
        return self._memory.revision

    def get(self, key: Key) -> Entry | None:
        """The committed object, or None."""
        return self._memory.get(key)

    def entries(self, resource: str, namespace: str = "") -> list[Entry]:
        """Committed objects sorted by namespace and name; those of one namespace, or with "" of all."""
        return self._memory.entries(resource, namespace)

    def entries_at(self, resource: str, namespace: str, revision: int) -> list[Entry]:
        """`entries` as they were at a past revision. Raises TooOld when that is no longer known."""
        return self._memory.entries_at(resource, namespace, revision)

    async def reach(self, revision: int, timeout_seconds: float) -> bool:
        """Wait until this revision is committed, but not for longer; whether it is."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while self.revision < revision and not self._closed:
                    await asyncio.shield(self._next_commit())
        except TimeoutError:
            pass
        return self.revision >= revision

    def _next_commit(self) -> asyncio.Future[None]:
        if self._committed is None:
            self._committed = self._loop.create_future()
        return self._committed

    def _tell_committed(self) -> None:
        committed, self._committed = self._committed, None
        if committed is not None:
            committed.set_result(None)

    def count(self, resource: str, namespace: str = "") -> int:
        """How many committed objects there are in one namespace, or with "" in all."""
        return self._memory.count(resource, namespace)

    def everything(self) -> Iterable[Entry]:
        """Every committed object."""
        return self._memory.everything()

    def tip(self, key: Key) -> Entry | None:
        """The object with all writes in flight, or None. Only for deciding about the next write."""
        staged = self._tip.get(key)
        if staged is None:
            return self._memory.get(key)
        change = staged[0]
        return None if change.deleted else change.entry

    def tip_keys_in(self, namespace: str) -> list[Key]:
        """The keys of everything in a namespace, with all writes in flight."""
        keys = dict.fromkeys(self._memory.keys_in(namespace))
        for key, (change, _) in self._tip.items():
            if key.namespace != namespace:
                continue
            if change.deleted:
                keys.pop(key, None)
            else:
                keys[key] = None
        return list(keys)

    def tip_keys_of(self, resource: str) -> list[Key]:
        """The keys of every object of a resource, with all writes in flight."""
        keys = dict.fromkeys(entry.key for entry in self._memory.entries(resource))
        for key, (change, _) in self._tip.items():
            if key.resource == resource and change.deleted:
                keys.pop(key, None)
            elif key.resource == resource:
                keys[key] = None
        return list(keys)

    async def settle(self, key: Key) -> None:
        """Wait until no write to this object is in flight. Raises what the last of them raises."""
        while staged := self._tip.get(key):
            await asyncio.shield(staged[1].durable)

    def watch(self, resource: str, namespace: str, after: int) -> Watch:
        """Changes of a resource after a revision. Raises TooOld when they are no longer known."""
        self._memory.changes(resource, namespace, after)
        watch = Watch(self._memory, resource, namespace, after, self._forget_watch)
        self._watches.setdefault(resource, {})[watch] = None
        return watch

    def follow(self, resource: str, take_in: Callable[[Change], None]) -> None:
        """Tell of all that exists of a resource, then of each change when it is committed, before its writer
        hears of it. For what must never lag behind; `take_in` must not wait, write or raise."""
        for entry in self._memory.entries(resource):
            take_in(Change(entry, None))
        self._followers.setdefault(resource, []).append(take_in)

    def _tell_followers(self, changes: Sequence[Change]) -> None:
        for change in changes:
            for take_in in self._followers.get(change.entry.key.resource, ()):
                take_in(change)

    def write(self, writes: Sequence[Write]) -> asyncio.Future[Entries]:
        """Ask for writes that happen together or not at all; the future has what was written, once durable.

        Takes effect in the tip at once. Raises Stale, Overloaded, ObjectTooLarge, or StoreError when the
        store is closed, and then has changed nothing. The future raises StorageFailed.
        """
        self._admit()
        group = _Group(tuple(self._staged(writes)), self._loop.create_future())
        for change in group.changes:
            self._tip[change.entry.key] = (change, group)
        self._tip_revision += len(group.changes)
        self._in_flight.append(group)
        self._in_flight_bytes += group.size_bytes
        self._journal.append(group.changes)
        # Who asked may lose interest; that must not cancel it for those who settle on it.
        return asyncio.shield(group.durable)

    def _admit(self) -> None:
        if self._closed:
            raise StoreError("the store is closed: its process is shutting down")
        if len(self._in_flight) >= MAX_GROUPS_IN_FLIGHT or self._in_flight_bytes >= MAX_BYTES_IN_FLIGHT:
            raise Overloaded(
                f"{len(self._in_flight)} writes ({self._in_flight_bytes} bytes) wait for the disk already; "
                "try again in a moment"
            )

    def _staged(self, writes: Sequence[Write]) -> list[Change]:
        """The changes that the writes make of the tip, each seeing those before it in the group."""
        earlier: dict[Key, Entry | None] = {}
        changes = []
        for revision, write in enumerate(writes, self._tip_revision + 1):
            before = earlier[write.key] if write.key in earlier else self.tip(write.key)
            actual = before.revision if before else 0
            if write.expected not in (actual, WHATEVER) or (write.delete and not before):
                raise Stale(write.key, actual)
            entry = write.entry(revision)
            earlier[write.key] = None if write.delete else entry
            changes.append(Change(entry, before, write.delete))
        return changes

    def _on_durable(self, count: int) -> None:
        groups = [self._in_flight.popleft() for _ in range(count)]
        for group in groups:
            self._in_flight_bytes -= group.size_bytes
            self._memory.apply(group.changes)
            self._tell_followers(group.changes)
            for change in group.changes:
                key = change.entry.key
                if self._tip[key][0] is change:
                    del self._tip[key]
        for group in groups:
            group.durable.set_result(tuple(change.entry for change in group.changes))
        for resource in {change.entry.key.resource for group in groups for change in group.changes}:
            for watch in self._watches.get(resource, ()):
                watch.wake()
        self._tell_committed()

    def _on_failed(self, error: StorageFailed) -> None:
        lost, self._in_flight, self._in_flight_bytes = self._in_flight, deque(), 0
        self._tip.clear()
        self._journal.reset()
        self.on_rollback()
        for group in lost:
            group.durable.set_exception(error)

    def end_watches(self, resource: str) -> None:
        """End all watches of a resource, once each has handed out what is durable."""
        for watch in tuple(self._watches.get(resource, ())):
            watch.finish()

    def _forget_watch(self, watch: Watch) -> None:
        self._watches.get(watch.resource, {}).pop(watch, None)

    async def copy_to(self, path: Path) -> int:
        """Write what is committed now into a new store file, while this one goes on; returns its revision.

        Raises StoreError.
        """
        revision, entries = self._memory.revision, list(self._memory.everything())
        await asyncio.to_thread(write_database, path, entries, revision)
        return revision

    async def close(self) -> None:
        """Refuse further writes, finish those in flight, end all watches."""
        self._closed = True
        for watches in self._watches.values():
            for watch in watches:
                watch.end()
        self._tell_committed()
        await self._journal.close()


def memory_store() -> Store:
    """An empty store that forgets everything with its process."""
    return Store(Memory(), NoJournal())
