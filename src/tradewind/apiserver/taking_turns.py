"""Letting requests in, each in its turn (shell); the decisions are those of `fairness`."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from tradewind.apiserver.access import User
from tradewind.apiserver.fairness import Level, Ticket, Turns, level_of, seats_for
from tradewind.resources.status import ApiError

RETRY_AFTER_SECONDS = 1
QUEUE_SECONDS = 15.0  # as upstream, a quarter of what a request may take


@dataclass(eq=False)
class _Waiter:
    """A request before its turn. It may be `served` and no longer want to be, in this order or the other."""

    turn: asyncio.Future[None]
    served: bool = False


class Gate:
    """One server's seats and streams."""

    def __init__(self, levels: tuple[Level, ...]) -> None:
        self._turns = {level.name: Turns(level) for level in levels}
        self._streams: Counter[tuple[str, str]] = Counter()
        self._waiters: dict[Ticket, _Waiter] = {}

    @asynccontextmanager
    async def seats(self, user: User, objects: int = 0) -> AsyncIterator[None]:
        """Hold the seats of a request that goes through so many objects. 429 when too many wait already,
        or for too long."""
        turns = self._turns[level_of(user).name]
        ticket = Ticket(user.name, seats_for(turns.level, objects))
        if not turns.ask(ticket):
            raise too_many_requests()
        waiter = self._waiters[ticket] = _Waiter(asyncio.get_running_loop().create_future())
        self._serve(turns)
        try:
            if waiter.served:
                await asyncio.sleep(0)  # so that those who came at the same time are seen, and take turns
            else:
                await _in_time(waiter.turn)
            yield
        finally:
            del self._waiters[ticket]
            if waiter.served:
                turns.leave(ticket)
            else:
                turns.give_up(ticket)
            self._serve(turns)

    def _serve(self, turns: Turns) -> None:
        while ticket := turns.serve():
            waiter = self._waiters[ticket]
            waiter.served = True
            if not waiter.turn.done():
                waiter.turn.set_result(None)

    @contextmanager
    def stream(self, user: User) -> Iterator[None]:
        """Count an answer that goes on for long. 429 when this user, or all together, have too many."""
        level = self._turns[level_of(user).name].level
        own = (level.name, user.name)
        if self._streams[own] >= level.user_streams or self._open_streams(level) >= level.streams:
            raise too_many_requests()
        self._streams[own] += 1
        try:
            yield
        finally:
            self._streams[own] -= 1
            if not self._streams[own]:
                del self._streams[own]

    def _open_streams(self, level: Level) -> int:
        return sum(count for (name, _), count in self._streams.items() if name == level.name)


async def _in_time(turn: asyncio.Future[None]) -> None:
    try:
        async with asyncio.timeout(QUEUE_SECONDS):
            await turn
    except TimeoutError:
        raise too_many_requests() from None


def too_many_requests() -> ApiError:
    """429 with when to try again, as upstream's filters answer it."""
    details = {"retryAfterSeconds": RETRY_AFTER_SECONDS}
    return ApiError(429, "TooManyRequests", "Too many requests, please try again later.", details)
