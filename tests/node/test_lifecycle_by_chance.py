"""Lives of Pods in a world that does its worst: what must hold all the same."""

import signal
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.node.lives import LIVENESS, READINESS, SPEC, STARTUP, Life, ended
from tradewind.node.life import (
    Ask,
    Command,
    Create,
    Deleted,
    Exited,
    Fetch,
    Fetched,
    FetchFailed,
    Kill,
    Observation,
    Phase,
    Probed,
    Started,
    StartFailed,
    StopFetch,
    Tick,
)
from tradewind.node.lifecycle import GOOD_RUN_MS


class World:
    """Does what is commanded, badly: answers late or with failures, lets processes die, deletes the Pod."""

    def __init__(self, seed: int, models: bool) -> None:
        self.rng = Random(seed)
        self.life = Life(replace(SPEC, models=SPEC.models if models else ()))
        self.pending: list[Observation] = []
        self.pid = 0
        self.pids = 0
        self.creating = False
        self.fetching = False

    def perform(self, command: Command) -> None:
        match command:
            case Fetch():
                assert not self.fetching, "two downloads"
                self.fetching = True
            case StopFetch():
                self.fetching = False
            case Create():
                assert not self.creating, "two starts"
                assert not self.pid, "a second process"
                self.creating = True
            case Kill(number):
                assert self.pid or Exited in map(type, self.pending), "nothing to signal"
                if self.pid and (number is signal.SIGKILL or self.rng.random() < 0.5):
                    self.exit()
            case Ask(probe):
                self.pending.append(Probed(probe.role, self.rng.random() < 0.6, "said so"))

    def exit(self) -> None:
        self.pid = 0
        self.pending = [one for one in self.pending if not isinstance(one, Probed)]
        self.pending.append(ended(self.rng.choice([0, 1, 137]), self.rng.choice([10, GOOD_RUN_MS])))

    def answer_fetch(self) -> None:
        self.fetching = False
        self.pending.append(Fetched() if self.rng.random() < 0.5 else FetchFailed("Error", "x"))

    def answer_create(self) -> None:
        self.creating = False
        if self.rng.random() < 0.3:
            self.pending.append(StartFailed("RunContainerError", "x"))
            return
        self.pids += 1
        self.pid = self.pids
        probes = tuple(probe for probe in (STARTUP, LIVENESS, READINESS) if self.rng.random() < 0.5)
        self.pending.append(Started(self.pid, probes))

    def turn(self) -> None:
        """One thing happens."""
        state, roll = self.life.state, self.rng.random()
        if self.pending and roll < 0.6:
            self.see(self.pending.pop(0))
        elif self.fetching and roll < 0.8:
            self.answer_fetch()
        elif self.creating and roll < 0.8:
            self.answer_create()
        elif self.pid and roll < 0.85:
            self.exit()
        elif state.due_ms is not None:
            self.life.now_ms = max(self.life.now_ms, state.due_ms)
            self.see(Tick())

    def see(self, seen: Observation) -> None:
        self.life.see(seen)
        for command in self.life.commands:
            self.perform(command)
        if isinstance(seen, Exited):
            assert not self.life.state.ready


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.integers(0, 120))
def test_whatever_happens_there_is_one_process_at_most_and_deletion_ends_it(
    seed: int, models: bool, turns: int
) -> None:
    world = World(seed, models)
    world.see(Tick())
    for _ in range(turns):
        world.turn()
        state = world.life.state
        assert state.phase is not Phase.GONE
        assert not state.ready or world.pid or world.pending, "ready without a process"
    world.see(Deleted(5_000))
    for _ in range(2_000):
        if world.life.state.phase is Phase.GONE:
            break
        world.turn()
    assert world.life.state.phase is Phase.GONE
    assert world.pid == 0
    assert not world.creating
    assert not world.fetching


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_something_is_always_awaited(seed: int, models: bool) -> None:
    """No life stands still: while it is not over, something is due, under way, or running unprobed."""
    world = World(seed, models)
    world.see(Tick())
    for _ in range(200):
        world.turn()
        awaited = world.life.state.due_ms is not None or world.pending or world.fetching or world.creating
        assert awaited or world.pid
