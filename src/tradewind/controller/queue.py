"""Which key to work on next: each key once, never two at a time, failures later and later. No clock."""

import heapq
from dataclasses import dataclass
from random import Random

from tradewind.controller.plan import Key

FIRST_RETRY_MS = 20
LONGEST_RETRY_MS = 10_000


def backoff_ms(failures: int, rng: Random) -> int:
    """Wait before retry number `failures` (from 1): doubling up to the longest, the upper half random."""
    full = min(LONGEST_RETRY_MS, FIRST_RETRY_MS << min(max(failures, 1) - 1, 20))
    return full // 2 + rng.randrange(full // 2 + 1)


@dataclass(frozen=True)
class Outcome:
    """How work on a key ended: `failed` retries with backoff, `wake_at_ms` asks to be looked at again."""

    failed: bool = False
    wake_at_ms: int | None = None


class KeyQueue:
    """Due keys in order of time. A key pushed while it is worked on is worked on once more after."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._due_ms: dict[Key, int] = {}
        self._heap: list[tuple[int, int, Key]] = []
        self._pushes = 0
        self._active: set[Key] = set()
        self._again: set[Key] = set()
        self._failures: dict[Key, int] = {}

    def push(self, key: Key, now_ms: int) -> None:
        """A change concerns `key`: work on it as soon as possible."""
        if key in self._active:
            self._again.add(key)
        else:
            self._schedule(key, now_ms)

    def pop(self, now_ms: int) -> Key | None:
        """A key that is due, now active until `finish`; None when none is."""
        while self._heap and self._heap[0][0] <= now_ms:
            due_ms, _, key = heapq.heappop(self._heap)
            if self._due_ms.get(key) == due_ms:
                del self._due_ms[key]
                self._active.add(key)
                return key
        return None

    def next_due_ms(self) -> int | None:
        """When the next key becomes due; None when nothing waits."""
        while self._heap and self._due_ms.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def finish(self, key: Key, outcome: Outcome, now_ms: int) -> None:
        """Work on `key` has ended."""
        self._active.discard(key)
        if outcome.failed:
            self._failures[key] = self._failures.get(key, 0) + 1
            self._schedule(key, now_ms + backoff_ms(self._failures[key], self._rng))
        else:
            self._failures.pop(key, None)
            if outcome.wake_at_ms is not None:
                self._schedule(key, max(outcome.wake_at_ms, now_ms))
        if key in self._again:
            self._again.discard(key)
            self._schedule(key, now_ms)

    def _schedule(self, key: Key, due_ms: int) -> None:
        """Keep the earlier of two times for the same key."""
        known = self._due_ms.get(key)
        if known is not None and known <= due_ms:
            return
        self._due_ms[key] = due_ms
        self._pushes += 1
        heapq.heappush(self._heap, (due_ms, self._pushes, key))
