"""Pods to live through, one observation at a time."""

from tradewind.node.life import (
    Adopted,
    Command,
    Deleted,
    Ended,
    Exited,
    Fetched,
    FetchFailed,
    Observation,
    Probed,
    Progressed,
    Spec,
    Started,
    StartFailed,
    State,
    Tell,
    Tick,
)
from tradewind.node.lifecycle import step
from tradewind.node.probes import HttpGet, Probe, Role, TcpSocket

NOW_MS = 1_800_000_000_000
URI = "s3://models/fraud"
SPEC = Spec("fraud-0_ml(u1)", "main", (URI,), "Always", 5_000, 500)
READINESS = Probe(Role.READINESS, HttpGet(9001), period_ms=1_000, failure_threshold=2)
LIVENESS = Probe(Role.LIVENESS, TcpSocket(9001), period_ms=1_000, failure_threshold=2)
STARTUP = Probe(Role.STARTUP, HttpGet(9001), period_ms=1_000, failure_threshold=3)

OBSERVATIONS: tuple[Observation, ...] = (
    Tick(),
    Progressed(1, 2),
    Fetched(),
    FetchFailed("Error", "no bucket"),
    Started(7, (READINESS,)),
    StartFailed("RunContainerError", "no such program"),
    Probed(Role.READINESS, False, "refused"),
    Exited(Ended(1, "Error", "boom", NOW_MS - 10, NOW_MS)),
    Adopted(7, (READINESS,), True, True),
    Deleted(5_000),
)


def ended(code: int = 1, ran_ms: int = 10, at_ms: int = NOW_MS) -> Exited:
    return Exited(Ended(code, "Error", "boom", at_ms - ran_ms, at_ms))


class Life:
    """Steps through observations and keeps the state, the commands and the clock."""

    def __init__(self, spec: Spec = SPEC, state: State | None = None) -> None:
        self.spec = spec
        self.state = state or State()
        self.now_ms = NOW_MS
        self.commands: tuple[Command, ...] = ()

    def see(self, *seen: Observation) -> "Life":
        for one in seen:
            self.state, self.commands = step(self.state, one, self.spec, self.now_ms)
        return self

    def wait(self) -> int:
        """Let time pass until a tick is due; how long that was."""
        assert self.state.due_ms is not None, "nothing is awaited"
        waited_ms = self.state.due_ms - self.now_ms
        self.now_ms = self.state.due_ms
        self.see(Tick())
        return waited_ms

    def run(self, *probes: Probe) -> "Life":
        """Up to a running process."""
        return self.see(Tick(), Fetched(), Started(7, probes))

    @property
    def told(self) -> list[str]:
        return [command.reason for command in self.commands if isinstance(command, Tell)]

    @property
    def done(self) -> list[Command]:
        return [command for command in self.commands if not isinstance(command, Tell)]
