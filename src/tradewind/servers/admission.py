"""How many predictions a replica takes at a time, and when it has none left."""

import asyncio
import contextlib
from collections.abc import Iterator

from tradewind.servers.errors import UNAVAILABLE, Refusal

RETRY_AFTER_SECONDS = 1


class Admission:
    """Counts the requests between their admission and their answer; more than `limit` are refused."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0
        self.admitted = 0
        self.refused = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @contextlib.contextmanager
    def admit(self) -> Iterator[None]:
        """Hold one place. Raises Refusal (503, Retry-After) when all are taken."""
        if self.in_flight >= self.limit:
            self.refused += 1
            raise Refusal(
                UNAVAILABLE,
                f"{self.limit} requests are in flight, the limit of this replica; retry, or add replicas",
                {"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        self.in_flight += 1
        self.admitted += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if self.in_flight == 0:
                self._idle.set()

    async def until_quiet(self, quiet_seconds: float) -> None:
        """Return when nothing is in flight and nothing was admitted for `quiet_seconds`."""
        seen = -1
        while self.in_flight or seen != self.admitted:
            await self._idle.wait()
            seen = self.admitted
            await asyncio.sleep(quiet_seconds)
