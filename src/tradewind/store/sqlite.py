"""A journal in SQLite: one writer thread, and one fsync for all groups that wait (group commit)."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue

from tradewind.store.database import Database, open_database
from tradewind.store.entries import Change, StorageFailed
from tradewind.store.journal import Outcomes
from tradewind.store.memory import Memory
from tradewind.store.store import Store

CHANGES_PER_TRANSACTION = 2000
CLOSE_SECONDS = 10.0

_Group = Sequence[Change]


class _Signal:
    """Something in the queue that is not a group."""


_RESET = _Signal()
_CLOSE = _Signal()


class SqliteJournal:
    """While one transaction is on its way to the disk, the groups of the next one gather in a queue.

    The queue needs no bound of its own: the store limits what is in flight.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: SimpleQueue[_Group | _Signal] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    def start(self, outcomes: Outcomes) -> None:
        """Start the writer thread; `outcomes` are reported to the running event loop."""
        self._outcomes = outcomes
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def append(self, group: _Group) -> None:
        """Hand a group to the writer."""
        self._queue.put(group)

    def reset(self) -> None:
        """Let the writer go on after a failure."""
        self._queue.put(_RESET)

    async def close(self) -> None:
        """Write what waits, stop the writer, close the file; within CLOSE_SECONDS."""
        self._queue.put(_CLOSE)
        await asyncio.to_thread(self._thread.join, CLOSE_SECONDS)

    def _run(self) -> None:
        signal: _Signal | None = None
        while signal is not _CLOSE:
            groups, signal = self._take()
            if groups and not self._commit(groups):
                while signal is None:
                    _, signal = self._take()
        self._database.close()

    def _take(self) -> tuple[list[_Group], _Signal | None]:
        """Groups that wait, up to the size of a transaction or a signal; blocks until there is something."""
        groups: list[_Group] = []
        count = 0
        item = self._queue.get()
        while not isinstance(item, _Signal):
            groups.append(item)
            count += len(item)
            if count >= CHANGES_PER_TRANSACTION:
                return groups, None
            try:
                item = self._queue.get_nowait()
            except Empty:
                return groups, None
        return groups, item

    def _commit(self, groups: list[_Group]) -> bool:
        try:
            self._database.commit(change for group in groups for change in group)
        except Exception as error:  # whatever it is, those who wait must hear of it
            if not isinstance(error, StorageFailed):
                error = StorageFailed(f"the store {self._database.path} failed: {error!r}")
            self._loop.call_soon_threadsafe(self._outcomes.failed, error)
            return False
        self._loop.call_soon_threadsafe(self._outcomes.durable, len(groups))
        return True


def open_store(path: Path) -> Store:
    """The store in this file, which is created when missing. Raises CannotOpen. Needs a running loop."""
    database = open_database(path)
    try:
        entries, revision = database.load()
    except BaseException:
        database.close()
        raise
    return Store(Memory(entries, revision), SqliteJournal(database))
