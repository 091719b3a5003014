"""Processes that outlive whoever started them, found again by a recorded identity.

A pid alone is reused by the kernel; a pid with its start time is not. Every process that a fleet
starts is written down as a `ProcessRecord`, so that a restarted member adopts it, `down` stops
it, and nothing else is ever signalled. Linux only: identity and exit notice come from /proc and pidfd.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tradewind.base.files import write_atomic

START_TIME_FIELD = 19  # of /proc/PID/stat after the command, in clock ticks since boot (proc(5) field 22)


@dataclass(frozen=True)
class ProcessRecord:
    """Who a process is: `start_ticks` tells it from a later process with the same pid."""

    pid: int
    start_ticks: int
    port: int = 0


def start_ticks(pid: int) -> int | None:
    """When `pid` started, in clock ticks since boot; None when there is no such live process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[START_TIME_FIELD - 1])


def is_alive(record: ProcessRecord) -> bool:
    """Whether the very process of `record` still runs; a zombie does not count."""
    return start_ticks(record.pid) == record.start_ticks


def send_signal(record: ProcessRecord, number: signal.Signals) -> bool:
    """Signal the process of `record`, and only that one; False when it is already gone."""
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return False
    try:
        if not is_alive(record):
            return False
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True


def spawn_detached(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str], port: int = 0
) -> tuple[subprocess.Popen[bytes], ProcessRecord]:
    """Start a process in a session of its own, its output appended to `log`.

    Raises OSError when the program cannot be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    return process, ProcessRecord(process.pid, start_ticks(process.pid) or 0, port)


def save_record(path: Path, record: ProcessRecord) -> None:
    """Write `record` down, durably."""
    write_atomic(path, json.dumps(asdict(record)))


def load_record(path: Path) -> ProcessRecord | None:
    """The record at `path`; None when there is none or it is not readable as one."""
    try:
        return ProcessRecord(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def stop_all(records: Sequence[ProcessRecord], grace_seconds: float) -> list[ProcessRecord]:
    """SIGTERM every record at once, SIGKILL what still runs after the grace; returns those killed."""
    waiting = [record for record in records if send_signal(record, signal.SIGTERM)]
    deadline = time.monotonic() + grace_seconds
    while waiting and time.monotonic() < deadline:
        time.sleep(0.02)
        waiting = [record for record in waiting if is_alive(record)]
    return [record for record in waiting if send_signal(record, signal.SIGKILL)]
