"""The vocabulary of a Pod's life: its state, what a node can see of it and what it can do about it."""

import signal
from dataclasses import dataclass
from enum import StrEnum

from tradewind.node.probes import Probe, Role, Tally


class Phase(StrEnum):
    """Where a Pod is in its life on this node."""

    NEW = "New"
    FETCHING = "Fetching"
    FETCH_BACKOFF = "FetchBackOff"
    CREATING = "Creating"
    CREATE_BACKOFF = "CreateBackOff"
    RUNNING = "Running"
    RESTARTING = "Restarting"
    CRASH_BACKOFF = "CrashBackOff"
    FINISHED = "Finished"
    DRAINING = "Draining"
    STOPPING = "Stopping"
    GONE = "Gone"


@dataclass(frozen=True)
class Ended:
    """How a container, or the download before it, ended: v1 ContainerStateTerminated. `pid` is 0 when it was
    no process of its own."""

    exit_code: int
    reason: str
    message: str
    started_at_ms: int
    finished_at_ms: int
    signal: int = 0
    pid: int = 0


@dataclass(frozen=True)
class Trouble:
    """Why a container waits: v1 ContainerStateWaiting."""

    reason: str
    message: str


# What the shell sees.


@dataclass(frozen=True)
class Tick:
    """The time in `State.due_ms` has come."""


@dataclass(frozen=True)
class Progressed:
    """The download has this many bytes of all."""

    done_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Fetched:
    """The models are in local folders."""


@dataclass(frozen=True)
class FetchFailed:
    """The models could not be had; a `reason` other than "Error" means that it was not even tried."""

    reason: str
    message: str


@dataclass(frozen=True)
class Started:
    """The container's process runs and is to be asked these probes."""

    pid: int
    probes: tuple[Probe, ...]


@dataclass(frozen=True)
class StartFailed:
    """There is no process, and none will come of the last `Create`."""

    reason: str
    message: str


@dataclass(frozen=True)
class Probed:
    """The answer to a probe."""

    role: Role
    success: bool
    message: str


@dataclass(frozen=True)
class Exited:
    """The container's process has ended."""

    ended: Ended


@dataclass(frozen=True)
class Adopted:
    """The process that an earlier life of this node's member started still runs, and stood so."""

    pid: int
    probes: tuple[Probe, ...]
    was_started: bool
    was_ready: bool


@dataclass(frozen=True)
class Deleted:
    """The Pod is to end within this grace. May come again with a shorter one."""

    grace_ms: int


Observation = (
    Tick | Progressed | Fetched | FetchFailed | Started | StartFailed | Probed | Exited | Adopted | Deleted
)

# What the shell is to do.


@dataclass(frozen=True)
class Fetch:
    """Bring the models here; ends in Fetched or FetchFailed."""


@dataclass(frozen=True)
class StopFetch:
    """Give the download up."""


@dataclass(frozen=True)
class Create:
    """Start the container's process; ends in exactly one Started or StartFailed."""


@dataclass(frozen=True)
class StopCreate:
    """Do not start it if that can still be avoided; the Create's answer comes all the same."""


@dataclass(frozen=True)
class Ask:
    """Carry out a probe; ends in Probed."""

    probe: Probe


@dataclass(frozen=True)
class Kill:
    """Send a signal to the process."""

    number: signal.Signals


@dataclass(frozen=True)
class Tell:
    """Record an Event about the Pod's container, or about its init container."""

    type: str
    reason: str
    message: str
    initial: bool = False


Command = Fetch | StopFetch | Create | StopCreate | Ask | Kill | Tell


@dataclass(frozen=True)
class Spec:
    """What of a Pod its life depends on. `name` and `container` are for messages."""

    name: str
    container: str
    models: tuple[str, ...]
    restart_policy: str
    grace_ms: int
    drain_ms: int


@dataclass(frozen=True)
class State:
    """All there is to know of a Pod on this node.

    `failures` and `fetch_failures` count in a row and choose the next delay; `ended` and `fetch_ended` are
    the latest ends; `fetched` says that the models' folders are known; `pid` is 0 while nothing runs.
    """

    phase: Phase = Phase.NEW
    due_ms: int | None = None
    trouble: Trouble | None = None
    fetched: bool = False
    fetch_started_at_ms: int = 0
    fetch_finished_at_ms: int = 0
    fetch_failures: int = 0
    fetch_restarts: int = 0
    fetch_ended: Ended | None = None
    progress: Progressed | None = None
    pid: int = 0
    started_at_ms: int = 0
    tallies: tuple[Tally, ...] = ()
    unready_because: str = ""
    failures: int = 0
    restarts: int = 0
    ended: Ended | None = None
    stop_by_ms: int = 0

    @property
    def initialized(self) -> bool:
        """Whether the models are there, so that the container may run."""
        return self.phase not in (Phase.NEW, Phase.FETCHING, Phase.FETCH_BACKOFF)

    @property
    def starting_up(self) -> bool:
        """Whether a startup probe has yet to pass; until then no other probe is asked."""
        return any(tally.probe.role is Role.STARTUP and not tally.passed for tally in self.tallies)

    @property
    def started(self) -> bool:
        """Whether the process runs and its start-up, if it has a probe for that, is over."""
        return self.phase in (Phase.RUNNING, Phase.DRAINING) and not self.starting_up

    @property
    def ready(self) -> bool:
        """Whether the replica should get requests. One that drains still answers those it gets."""
        return self.started and all(
            tally.passed for tally in self.tallies if tally.probe.role is Role.READINESS
        )
