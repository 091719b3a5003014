"""How many replicas may start at the same time on one machine (shell).

Starting is mostly computing (imports, unpickling). Ten replicas started at once on four CPUs are all ready
late; started a few at a time, the first is ready as early as if it were alone. Ten predict servers on four
CPUs, first and last ready: all at once 2.7 s and 3.0 s, four at a time 1.2 s and 3.4 s, two at a time 0.9 s
and 4.9 s.

Members of one machine share its CPUs, so the places are files that whoever starts a replica holds
locked. A lock ends with its process: a killed member keeps no place.
"""

import asyncio
import contextlib
from contextlib import ExitStack
from pathlib import Path

from tradewind.base.files import exclusive_lock

LEASE_SECONDS = 10.0  # a replica that loads longer no longer holds the others back
LOOK_SECONDS = 0.02


class Slot:
    """A place among the starting; given back once, by `release` or when its lease ends."""

    def __init__(self, held: ExitStack, lease_seconds: float) -> None:
        self._held = held
        self._timer = asyncio.get_running_loop().call_later(lease_seconds, held.close)

    def release(self) -> None:
        """Give the place back; a second time does nothing."""
        self._timer.cancel()
        self._held.close()


class StartSlots:
    """`count` places in `folder`, shared with other processes; within this one handed out in the order of
    asking."""

    def __init__(self, folder: Path, count: int, lease_seconds: float = LEASE_SECONDS) -> None:
        self._places = [folder / f"{place}.lock" for place in range(count)]
        self._lease_seconds = lease_seconds
        self._next = asyncio.Lock()

    async def take(self) -> Slot:
        """Wait for a place. Raises OSError when the folder cannot be written."""
        async with self._next:
            while True:
                for place in self._places:
                    held = ExitStack()
                    with contextlib.suppress(BlockingIOError):
                        held.enter_context(exclusive_lock(place, blocking=False))
                        return Slot(held, self._lease_seconds)
                await asyncio.sleep(LOOK_SECONDS)
