"""Who is served next when there is more to do than can be done at once. Plain data: no clock, no waiting.

In the spirit of upstream's API Priority and Fairness: requests are sorted into priority levels by who
asks, each level has seats of its own, and within a level users take turns, however many requests each of
them sends. A request that makes the server work longer takes more seats.

Other than upstream, `system:masters` is not exempt: it is whom people are, with all their loops.
"""

from collections import deque
from dataclasses import dataclass, field

from tradewind.apiserver.access import User
from tradewind.apiserver.access.agents import AGENTS

SYSTEM_USERS = ("system:hub",)
OBJECTS_PER_SEAT = 500  # of a list: what takes about as long as a write


@dataclass(frozen=True)
class Level:
    """What requests of one priority may take, together and those of one user: `seats` at once, a place in
    the queue for `queued` more, `streams` (watches, followed logs) and `connections` at once.

    A user's connections are more than the rest together, so that who goes too far gets an answer.
    """

    name: str
    seats: int = 32
    user_seats: int = 24
    queued: int = 1024
    user_queued: int = 128
    streams: int = 1024
    user_streams: int = 256
    connections: int = 1536
    user_connections: int = 512


SYSTEM = Level("system")
WORKLOAD = Level("workload")
LEVELS = (SYSTEM, WORKLOAD)


def level_of(user: User) -> Level:
    """Where the requests of a user belong: what holds the fleet together goes before all else."""
    return SYSTEM if AGENTS in user.groups or user.name in SYSTEM_USERS else WORKLOAD


def seats_for(level: Level, objects: int) -> int:
    """How many seats a request takes that goes through so many objects; never more than one user has."""
    return min(level.user_seats, 1 + objects // OBJECTS_PER_SEAT)


@dataclass(frozen=True, eq=False)
class Ticket:
    """A request that wants seats."""

    user: str
    seats: int


@dataclass
class _User:
    """One user's share of a level. `turn` is how far it has come in the common virtual time."""

    waiting: deque[tuple[int, Ticket]] = field(default_factory=deque)
    taken: int = 0
    turn: int = 0


class Turns:
    """The seats of one level, and who waits for them (start-time fair queuing, counted in seats).

    Each request starts, in virtual time, where the one before it of the same user ended, but not before
    now; the one that starts first is served first. So who has had little goes before who has had much,
    and nobody saves up by being idle.
    """

    def __init__(self, level: Level) -> None:
        self.level = level
        self.taken = 0
        self.queued = 0
        self._now = 0
        self._users: dict[str, _User] = {}

    def ask(self, ticket: Ticket) -> bool:
        """Join the queue, for `serve` to decide; False when there is no room for another."""
        user = self._users.setdefault(ticket.user, _User())
        if self.queued >= self.level.queued or len(user.waiting) >= self.level.user_queued:
            return False
        start = max(self._now, user.turn)
        user.turn = start + ticket.seats
        user.waiting.append((start, ticket))
        self.queued += 1
        return True

    def serve(self) -> Ticket | None:
        """The next request that has its seats from now on; None when nobody waits or all must wait."""
        found = min(
            (
                (user.waiting[0][0], name)
                for name, user in self._users.items()
                if user.waiting and user.taken + user.waiting[0][1].seats <= self.level.user_seats
            ),
            default=None,
        )
        if found is None:
            return None
        start, name = found
        user = self._users[name]
        ticket = user.waiting[0][1]
        if self.taken + ticket.seats > self.level.seats:
            return None  # whoever is next waits for enough seats, so that small requests do not starve it
        user.waiting.popleft()
        self.queued -= 1
        user.taken += ticket.seats
        self.taken += ticket.seats
        self._now = start
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """A request that was served is done: its seats are free."""
        user = self._users[ticket.user]
        user.taken -= ticket.seats
        self.taken -= ticket.seats
        self._forget_idle()

    def give_up(self, ticket: Ticket) -> None:
        """A request that still waits is withdrawn."""
        user = self._users[ticket.user]
        user.waiting = deque(one for one in user.waiting if one[1] is not ticket)
        self.queued -= 1
        self._forget_idle()

    def _forget_idle(self) -> None:
        """While nobody waits, it does not matter who has had how much."""
        if not self.queued:
            self._users = {name: user for name, user in self._users.items() if user.taken}
