"""Waiting for changes of one resource."""

import asyncio
from collections.abc import Callable
from typing import Self

from tradewind.store.entries import Change, WatchEnded
from tradewind.store.memory import Memory


class Watch:
    """A place in the history of a resource. Use it as a context manager, or call `close`.

    `revision` is how far it has come: every change up to it has been handed out, once and in order.
    """

    def __init__(
        self, memory: Memory, resource: str, namespace: str, after: int, forget: Callable[["Watch"], None]
    ) -> None:
        self.resource = resource
        self.revision = after
        self._memory = memory
        self._namespace = namespace
        self._forget = forget
        self._changed = asyncio.Event()
        self._ended = self._finishing = False

    async def next(self, timeout_seconds: float | None = None) -> list[Change]:
        """The changes since the last call, at least one; none only when the time is up.

        Raises TooOld when the watch was too slow and WatchEnded when it was ended.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                while not (found := self._take()):
                    await self._changed.wait()
        except TimeoutError:
            return []
        return found

    def _take(self) -> list[Change]:
        if self._ended:
            raise WatchEnded
        self._changed.clear()
        found = self._memory.changes(self.resource, self._namespace, self.revision)
        if self._finishing and not found:
            raise WatchEnded
        self.revision = max(self.revision, self._memory.revision)
        return found

    def wake(self) -> None:
        """Look again: something may have changed."""
        self._changed.set()

    def end(self) -> None:
        """Let whoever waits go, with WatchEnded."""
        self._ended = True
        self._changed.set()

    def finish(self) -> None:
        """As `end`, but only once all that has happened was handed out."""
        self._finishing = True
        self._changed.set()

    def close(self) -> None:
        """Stop being woken."""
        self._forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
