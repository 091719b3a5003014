"""The life of one Pod as a table: what is seen, in which phase, leads to which state and commands.

```
 NEW --> FETCHING -----> CREATING ------> RUNNING ----> DRAINING --> STOPPING --> GONE
           |   ^           |   ^          |  |  \\
           v   |           v   |          |  |   `--> RESTARTING (a probe failed)
      FETCH_BACKOFF   CREATE_BACKOFF      |  |             |
                               ^          |  v             v
                 FINISHED <---------------'  CRASH_BACKOFF, and on to CREATING
```

`step` is pure. The shell performs commands and hands back what came of them, each as one observation;
`State.due_ms` says when it must hand in a `Tick`. Rules, all kubelet's unless said otherwise:

- A container that ends is restarted at once the first time, then after 1 s, 2 s, 4 s ... 60 s; ten minutes of
  running start the count anew. These are the figures of the gate ReduceDefaultCrashLoopBackOffDecay
  (KEP-4603); the default of 10 s to 5 min is for nodes that many users share. Model downloads and
  containers that cannot be created wait by the same rule.
- A container that runs but never becomes ready is left alone; only a startup or liveness probe restarts it.
- Deletion: a ready replica first goes on answering for `drain_ms`, while gateways learn that it ends; then
  SIGTERM; then, at the end of the grace, SIGKILL until it is gone.
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass, replace

from tradewind.node.life import (
    Adopted,
    Ask,
    Command,
    Create,
    Deleted,
    Ended,
    Exited,
    Fetch,
    Fetched,
    FetchFailed,
    Kill,
    Observation,
    Phase,
    Probed,
    Progressed,
    Spec,
    Started,
    StartFailed,
    State,
    StopCreate,
    StopFetch,
    Tell,
    Tick,
    Trouble,
)
from tradewind.node.probes import Probe, Role, Tally, answered, asked, begin

FIRST_DELAY_MS = 1_000
LONGEST_DELAY_MS = 60_000
GOOD_RUN_MS = 600_000
SHORTEST_STOP_MS = 1_000  # kubelet's minimum, also for a grace of 0
KILL_AGAIN_MS = 1_000
QUIET_START_MS = 5_000  # so long a server that has never been ready is only loading


@dataclass(frozen=True)
class Moment:
    """What is seen of which Pod, and when."""

    seen: Observation
    spec: Spec
    now_ms: int


Outcome = tuple[State, tuple[Command, ...]]
Handler = Callable[[State, Moment], Outcome]


def step(state: State, seen: Observation, spec: Spec, now_ms: int) -> Outcome:
    """What follows from an observation. The same arguments always give the same outcome.

    What a phase's row does not name means nothing there: it answers a command that the Pod has moved past.
    """
    handler = TABLE[state.phase].get(type(seen))
    return handler(state, Moment(seen, spec, now_ms)) if handler else (state, ())


def restart_delay_ms(failures: int) -> int:
    """Wait before a restart after the `failures`-th failure in a row (from 1): 0, 1 s, 2 s ... 60 s."""
    return min(LONGEST_DELAY_MS, FIRST_DELAY_MS << min(failures - 2, 16)) if failures > 1 else 0


def _begin(state: State, at: Moment) -> Outcome:
    if state.fetched or not at.spec.models:
        return _create(state)
    fetching = replace(
        state, phase=Phase.FETCHING, due_ms=None, trouble=None, progress=None, fetch_started_at_ms=at.now_ms
    )
    return fetching, (Fetch(),)


def _create(state: State) -> Outcome:
    return replace(state, phase=Phase.CREATING, due_ms=None, trouble=None), (Create(),)


def _progressed(state: State, at: Moment) -> Outcome:
    assert isinstance(at.seen, Progressed)
    first = Tell("Normal", "Pulling", f"Pulling model {', '.join(at.spec.models)}", initial=True)
    return replace(state, progress=at.seen), () if state.progress else (first,)


def _fetched(state: State, at: Moment) -> Outcome:
    models, told = ", ".join(at.spec.models), "already present on machine"
    if state.progress:
        took_seconds = (at.now_ms - state.fetch_started_at_ms) / 1000
        told = f"pulled in {took_seconds:.3f}s ({state.progress.total_bytes} bytes)"
    here = replace(state, fetched=True, fetch_finished_at_ms=at.now_ms, fetch_failures=0)
    creating, commands = _create(here)
    return creating, (*commands, Tell("Normal", "Pulled", f"Model {models} {told}", initial=True))


def _fetch_failed(state: State, at: Moment) -> Outcome:
    assert isinstance(at.seen, FetchFailed)
    reason, message = at.seen.reason, at.seen.message
    failures = state.fetch_failures + 1
    delay_ms = restart_delay_ms(failures)
    waiting = replace(
        state,
        phase=Phase.FETCH_BACKOFF,
        due_ms=at.now_ms + delay_ms,
        trouble=Trouble(reason, message),
        fetch_failures=failures,
    )
    if reason == "Error":
        ended = Ended(1, reason, message, state.fetch_started_at_ms, at.now_ms)
        why = Trouble("CrashLoopBackOff", f"back-off {delay_ms // 1000}s downloading again: {message}")
        waiting = replace(waiting, trouble=why, fetch_ended=ended)
    return waiting, (Tell("Warning", "Failed", message, initial=True),)


def _fetch_again(state: State, at: Moment) -> Outcome:
    return _begin(replace(state, fetch_restarts=state.fetch_restarts + 1), at)


def _started(state: State, at: Moment) -> Outcome:
    assert isinstance(at.seen, Started)
    running = replace(
        state,
        phase=Phase.RUNNING,
        pid=at.seen.pid,
        started_at_ms=at.now_ms,
        tallies=tuple(begin(probe, at.now_ms) for probe in at.seen.probes),
        unready_because="",
    )
    asking, commands = _ask(running, at)
    created = Tell("Normal", "Created", f"Created container: {at.spec.container}")
    return asking, (*commands, created, Tell("Normal", "Started", f"Started container {at.spec.container}"))


def _start_failed(state: State, at: Moment) -> Outcome:
    assert isinstance(at.seen, StartFailed)
    failures = state.failures + 1
    waiting = replace(
        state,
        phase=Phase.CREATE_BACKOFF,
        due_ms=at.now_ms + restart_delay_ms(failures),
        trouble=Trouble(at.seen.reason, at.seen.message),
        failures=failures,
    )
    return waiting, (Tell("Warning", "Failed", f"Error: {at.seen.message}"),)


def _adopted(state: State, at: Moment) -> Outcome:
    """Neither restarted nor reported unready: it may be serving right now. Probes say what has changed."""
    assert isinstance(at.seen, Adopted)
    before = {Role.STARTUP: at.seen.was_started, Role.READINESS: at.seen.was_ready}
    running = replace(
        state,
        phase=Phase.RUNNING,
        pid=at.seen.pid,
        started_at_ms=state.started_at_ms or at.now_ms,
        tallies=tuple(
            replace(begin(probe, at.now_ms), passed=before.get(probe.role)) for probe in at.seen.probes
        ),
    )
    return _ask(running, at)


def _ask(state: State, at: Moment) -> Outcome:
    """Ask every probe that is due, and wake up for the next one."""
    starting_up = state.starting_up
    tallies: list[Tally] = []
    commands: list[Command] = []
    for tally in state.tallies:
        due = _has_turn(tally, starting_up) and tally.due_ms is not None and tally.due_ms <= at.now_ms
        tallies.append(asked(tally) if due else tally)
        commands += [Ask(tally.probe)] if due else []
    waits = [tally.due_ms for tally in tallies if _has_turn(tally, starting_up) and tally.due_ms is not None]
    return replace(state, tallies=tuple(tallies), due_ms=min(waits, default=None)), tuple(commands)


def _has_turn(tally: Tally, starting_up: bool) -> bool:
    """The startup probe alone until it has passed, then never again."""
    return (tally.probe.role is Role.STARTUP) == starting_up


def _probed(state: State, at: Moment) -> Outcome:
    seen, was_ready = at.seen, state.ready
    assert isinstance(seen, Probed)
    tally = next((one for one in state.tallies if one.probe.role is seen.role and one.due_ms is None), None)
    if tally is None:
        return state, ()
    counted = answered(tally, seen.success, at.now_ms)
    told = "" if seen.success else f"{seen.role.capitalize()} probe failed: {seen.message}"
    state = replace(state, tallies=tuple(counted if one is tally else one for one in state.tallies))
    if seen.role is Role.READINESS:
        loading = (
            not (was_ready or state.unready_because) and at.now_ms - state.started_at_ms < QUIET_START_MS
        )
        state = replace(state, unready_because="" if loading else told)
    elif counted.passed is False:
        return _restart(state, at, counted.probe, told)
    asking, commands = _ask(state, at)
    unhealthy = (Tell("Warning", "Unhealthy", told),) if was_ready and not asking.ready else ()
    return asking, (*commands, *unhealthy)


def _restart(state: State, at: Moment, probe: Probe, told: str) -> Outcome:
    grace_ms = at.spec.grace_ms if probe.grace_ms is None else probe.grace_ms
    due_ms = at.now_ms + max(SHORTEST_STOP_MS, grace_ms)
    why = f"Container {at.spec.container} failed {probe.role} probe, will be restarted"
    return replace(state, phase=Phase.RESTARTING, due_ms=due_ms), (
        Kill(signal.SIGTERM),
        Tell("Warning", "Unhealthy", told),
        Tell("Normal", "Killing", why),
    )


def _exited(state: State, at: Moment) -> Outcome:
    assert isinstance(at.seen, Exited)
    ended, policy = at.seen.ended, at.spec.restart_policy
    good_run = ended.finished_at_ms - ended.started_at_ms >= GOOD_RUN_MS
    failures = 1 if good_run else state.failures + 1
    state = replace(state, ended=ended, pid=0, tallies=(), failures=failures)
    if policy == "Never" or (policy == "OnFailure" and ended.exit_code == 0):
        return replace(state, phase=Phase.FINISHED, due_ms=None), ()
    delay_ms = restart_delay_ms(failures)
    message = (
        f"back-off {delay_ms // 1000}s restarting failed container={at.spec.container} pod={at.spec.name}: "
        f"exit code {ended.exit_code}: {ended.message}"
    )
    waiting = replace(
        state,
        phase=Phase.CRASH_BACKOFF,
        due_ms=at.now_ms + delay_ms,
        trouble=Trouble("CrashLoopBackOff", message),
    )
    told = f"Back-off restarting failed container {at.spec.container} in pod {at.spec.name}"
    return waiting, (Tell("Warning", "BackOff", told),) if delay_ms else ()


def _run_again(state: State, at: Moment) -> Outcome:
    return _begin(replace(state, restarts=state.restarts + 1), at)


def _gone(state: State, _: Moment) -> Outcome:
    return replace(state, phase=Phase.GONE, due_ms=None), ()


def _give_up_fetch(state: State, at: Moment) -> Outcome:
    return _gone(state, at)[0], (StopFetch(),)


def _give_up_create(state: State, at: Moment) -> Outcome:
    """A process may be about to start: wait for the answer, so that none is left behind."""
    return replace(state, phase=Phase.STOPPING, due_ms=None, stop_by_ms=_stop_by_ms(at)), (StopCreate(),)


def _stop_by_ms(at: Moment) -> int:
    assert isinstance(at.seen, Deleted)
    return at.now_ms + max(SHORTEST_STOP_MS, at.seen.grace_ms)


def _drain(state: State, at: Moment) -> Outcome:
    state = replace(state, stop_by_ms=_stop_by_ms(at))
    if not state.ready or not at.spec.drain_ms:
        return _terminate(state, at)
    return replace(state, phase=Phase.DRAINING, due_ms=at.now_ms + at.spec.drain_ms), ()


def _drain_faster(state: State, at: Moment) -> Outcome:
    return replace(state, stop_by_ms=min(state.stop_by_ms, _stop_by_ms(at))), ()


def _terminate(state: State, at: Moment) -> Outcome:
    told = Tell("Normal", "Killing", f"Stopping container {at.spec.container}")
    return replace(state, phase=Phase.STOPPING, due_ms=state.stop_by_ms), (Kill(signal.SIGTERM), told)


def _terminate_late(state: State, at: Moment) -> Outcome:
    """The process started although it was no longer wanted."""
    due_ms = max(state.stop_by_ms, at.now_ms + SHORTEST_STOP_MS)
    return replace(state, due_ms=due_ms, stop_by_ms=due_ms), (Kill(signal.SIGTERM),)


def _stop_faster(state: State, at: Moment) -> Outcome:
    stop_by_ms = min(state.stop_by_ms, _stop_by_ms(at))
    due_ms = None if state.due_ms is None else min(state.due_ms, stop_by_ms)
    return replace(state, stop_by_ms=stop_by_ms, due_ms=due_ms), ()


def _stop_instead(state: State, at: Moment) -> Outcome:
    """Deleted while it is stopped for a restart: SIGTERM is sent already."""
    stop_by_ms = min(state.due_ms or at.now_ms, _stop_by_ms(at))
    return replace(state, phase=Phase.STOPPING, due_ms=stop_by_ms, stop_by_ms=stop_by_ms), ()


def _kill(state: State, at: Moment) -> Outcome:
    return replace(state, due_ms=at.now_ms + KILL_AGAIN_MS), (Kill(signal.SIGKILL),)


TABLE: dict[Phase, dict[type[Observation], Handler]] = {
    Phase.NEW: {Tick: _begin, Adopted: _adopted, Exited: _exited, Deleted: _gone},
    Phase.FETCHING: {
        Progressed: _progressed,
        Fetched: _fetched,
        FetchFailed: _fetch_failed,
        Deleted: _give_up_fetch,
    },
    Phase.FETCH_BACKOFF: {Tick: _fetch_again, Deleted: _gone},
    Phase.CREATING: {Started: _started, StartFailed: _start_failed, Deleted: _give_up_create},
    Phase.CREATE_BACKOFF: {Tick: _begin, Deleted: _gone},
    Phase.RUNNING: {Tick: _ask, Probed: _probed, Exited: _exited, Deleted: _drain},
    Phase.RESTARTING: {Tick: _kill, Exited: _exited, Deleted: _stop_instead},
    Phase.CRASH_BACKOFF: {Tick: _run_again, Deleted: _gone},
    Phase.FINISHED: {Deleted: _gone},
    Phase.DRAINING: {Tick: _terminate, Exited: _gone, Deleted: _drain_faster},
    Phase.STOPPING: {
        Tick: _kill,
        Started: _terminate_late,
        StartFailed: _gone,
        Exited: _gone,
        Deleted: _stop_faster,
    },
    Phase.GONE: {},
}
