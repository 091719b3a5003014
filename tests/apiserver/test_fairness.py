"""Turns: who is served next, as a table and against what must always hold."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.apiserver import taking_turns
from tradewind.apiserver.access import ANONYMOUS, MASTERS, User
from tradewind.apiserver.access.agents import AGENTS
from tradewind.apiserver.fairness import SYSTEM, WORKLOAD, Level, Ticket, Turns, level_of, seats_for
from tradewind.apiserver.taking_turns import Gate
from tradewind.resources.status import ApiError

SMALL = Level("workload", seats=4, user_seats=3, queued=12, user_queued=8, streams=4, user_streams=3)
ANN, BOB = User("ann"), User("bob")


@pytest.mark.parametrize(
    ("user", "level"),
    [
        (User("system:karmada:agent:m1", (AGENTS,)), SYSTEM),
        (User("system:hub", (MASTERS,)), SYSTEM),
        (User("tradewind-admin", (MASTERS,)), WORKLOAD),
        (User("ann"), WORKLOAD),
        (ANONYMOUS, WORKLOAD),
    ],
)
def test_the_fleet_itself_goes_before_people(user, level):
    assert level_of(user) is level


@pytest.mark.parametrize(("objects", "seats"), [(0, 1), (499, 1), (500, 2), (5000, 11), (10**6, 24)])
def test_a_longer_list_takes_more_seats(objects, seats):
    assert seats_for(WORKLOAD, objects) == seats


def served(turns: Turns) -> list[Ticket]:
    found = []
    while ticket := turns.serve():
        found.append(ticket)
    return found


def test_one_user_leaves_room_for_another():
    turns = Turns(SMALL)
    greedy = [Ticket("greedy", 1) for _ in range(8)]
    assert all(map(turns.ask, greedy))
    assert served(turns) == greedy[:3]
    modest = Ticket("modest", 1)
    turns.ask(modest)
    assert served(turns) == [modest]


def test_who_comes_late_with_little_does_not_wait_behind_who_has_much():
    turns = Turns(SMALL)
    first = [Ticket("greedy", 1) for _ in range(3)] + [Ticket("other", 1)]
    for ticket in first:
        turns.ask(ticket)
    assert len(served(turns)) == 4
    for ticket in [Ticket("greedy", 1) for _ in range(7)]:
        turns.ask(ticket)
    modest = Ticket("modest", 1)
    turns.ask(modest)
    turns.leave(first[0])
    assert served(turns) == [modest]


def test_a_wide_request_is_not_overtaken_for_ever():
    turns = Turns(SMALL)
    running = [Ticket("a", 1), Ticket("b", 1), Ticket("c", 1)]
    for ticket in running:
        turns.ask(ticket)
    assert served(turns) == running
    wide = Ticket("d", 3)
    turns.ask(wide)
    turns.ask(Ticket("a", 1))
    assert served(turns) == [], "it is its turn, so the seat that is free is kept for it"
    turns.leave(running[0])
    turns.leave(running[1])
    assert served(turns)[0] is wide


def test_a_full_queue_refuses():
    turns = Turns(SMALL)
    assert all(turns.ask(Ticket("a", 1)) for _ in range(8))
    assert not turns.ask(Ticket("a", 1)), "of one user"
    assert all(turns.ask(Ticket("b", 1)) for _ in range(4))
    assert not turns.ask(Ticket("c", 1)), "of all together"


steps = st.lists(
    st.tuples(
        st.sampled_from(("ask", "ask", "leave", "give up")), st.sampled_from("abcde"), st.integers(1, 3)
    ),
    max_size=120,
)


@given(steps=steps)
def test_seats_are_never_overdrawn_and_everybody_is_served_in_the_end(steps):
    turns = Turns(SMALL)
    waiting: list[Ticket] = []
    running: list[Ticket] = []

    def serve() -> None:
        for ticket in served(turns):
            waiting.remove(ticket)
            running.append(ticket)
        assert turns.taken == sum(one.seats for one in running) <= SMALL.seats
        for name in "abcde":
            assert sum(one.seats for one in running if one.user == name) <= SMALL.user_seats
        assert turns.queued == len(waiting) <= SMALL.queued
        assert running or not waiting, "nobody waits for nothing"

    for action, name, seats in steps:
        if action == "ask":
            ticket = Ticket(name, seats)
            if turns.ask(ticket):
                waiting.append(ticket)
        elif action == "leave" and running:
            turns.leave(running.pop(seats % len(running)))
        elif action == "give up" and waiting:
            turns.give_up(waiting.pop(seats % len(waiting)))
        serve()
    while running:
        turns.leave(running.pop(0))
        serve()
    assert (waiting, turns.taken, turns.queued) == ([], 0, 0)
    assert not turns._users, "nothing is kept of those who are gone"


@given(widths=st.lists(st.integers(1, 3), min_size=2, max_size=5))
def test_users_that_always_want_more_get_equal_shares(widths):
    """Whatever each one's requests take, in seats they get the same, give or take one request each."""
    level = Level("workload", seats=3, user_seats=3, queued=100, user_queued=100)
    turns = Turns(level)
    got = dict.fromkeys(map(str, range(len(widths))), 0)
    for name, width in zip(got, widths, strict=True):
        for _ in range(4):
            turns.ask(Ticket(name, width))
    running: list[Ticket] = []
    for _ in range(200):
        for ticket in served(turns):
            got[ticket.user] += ticket.seats
            running.append(ticket)
            turns.ask(Ticket(ticket.user, ticket.seats))
        turns.leave(running.pop(0))
    assert max(got.values()) - min(got.values()) <= 2 * max(widths)


def hold(gate: Gate, user: User, until: asyncio.Event, objects: int = 0) -> asyncio.Task[None]:
    async def request() -> None:
        async with gate.seats(user, objects):
            await until.wait()

    return asyncio.create_task(request())


async def turn_over() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_waits_is_let_in_when_a_seat_is_free():
    gate, first, second = Gate((SYSTEM, SMALL)), asyncio.Event(), asyncio.Event()
    running = [hold(gate, ANN, first) for _ in range(3)] + [hold(gate, BOB, first)]
    await turn_over()
    late = hold(gate, BOB, second)
    second.set()
    await turn_over()
    assert not late.done()
    first.set()
    await asyncio.wait_for(asyncio.gather(late, *running), 5)


async def test_a_request_that_is_cancelled_in_the_queue_takes_nothing():
    gate, until = Gate((SYSTEM, SMALL)), asyncio.Event()
    running = [hold(gate, ANN, until) for _ in range(8)]
    await turn_over()
    for task in running[3:]:
        task.cancel()
    await turn_over()
    late = [hold(gate, BOB, until) for _ in range(3)]
    await turn_over()
    until.set()
    await asyncio.wait_for(asyncio.gather(*running[:3], *late), 5)


async def test_a_request_that_is_cancelled_as_its_turn_comes_leaves_its_seat():
    gate, first, never = Gate((SYSTEM, SMALL)), asyncio.Event(), asyncio.Event()
    running = [hold(gate, ANN, first) for _ in range(3)]
    await turn_over()
    queued = [hold(gate, ANN, never) for _ in range(5)]
    await turn_over()
    first.set()
    running[0].cancel()
    for task in queued:
        task.cancel()
    await asyncio.gather(*running, *queued, return_exceptions=True)
    done = asyncio.Event()
    done.set()
    await asyncio.wait_for(asyncio.gather(*(hold(gate, ANN, done) for _ in range(8))), 5)


async def test_too_many_and_too_long_are_told_to_try_again(monkeypatch):
    monkeypatch.setattr(taking_turns, "QUEUE_SECONDS", 0.02)
    gate, until = Gate((SYSTEM, SMALL)), asyncio.Event()
    requests = [hold(gate, ANN, until) for _ in range(12)]
    outcomes = await asyncio.wait_for(asyncio.gather(*requests[3:], return_exceptions=True), 5)
    assert [(error.code, error.reason) for error in outcomes] == [(429, "TooManyRequests")] * 9
    assert outcomes[0].details == {"retryAfterSeconds": 1}
    until.set()
    await asyncio.wait_for(asyncio.gather(*requests[:3]), 5)


def test_streams_are_counted_by_user_and_together():
    gate = Gate((SYSTEM, SMALL))
    opened = [gate.stream(ANN) for _ in range(3)]
    for stream in opened:
        stream.__enter__()
    with pytest.raises(ApiError) as refused, gate.stream(ANN):
        pass
    assert refused.value.code == 429
    with gate.stream(BOB), pytest.raises(ApiError), gate.stream(User("cid")):
        pass
    opened[0].__exit__(None, None, None)
    with gate.stream(ANN):
        pass
