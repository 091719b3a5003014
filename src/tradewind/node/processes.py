"""The process of a replica (shell): started and written down, watched for its end, and found again.

A record `UID.json` in the member's folder of Pods says which process runs a Pod. Every replica also carries
the path of its record in its environment, so that one whose member died between starting it and writing
the record is found all the same.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tradewind.base.processes import (
    ProcessRecord,
    is_alive,
    load_record,
    save_record,
    send_signal,
    spawn_detached,
    start_ticks,
)
from tradewind.node.launch import Launch
from tradewind.node.threads import in_thread

RECORD_VARIABLE = "TRADEWIND_POD_RECORD"
SESSION_FIELD = 4  # of /proc/PID/stat after the command (proc(5) field 6)
UNKNOWN_EXIT_CODE = 137  # what kubelet reports for a container that it finds gone


@dataclass(frozen=True)
class Exit:
    """How a process ended: v1 ContainerStateTerminated without its times."""

    exit_code: int
    reason: str
    signal: int = 0


@dataclass
class ReplicaProcess:
    """A running replica. `child` is None when an earlier life of the member started it; `oom_kills` is how
    often the kernel had killed for memory by then."""

    record: ProcessRecord
    child: subprocess.Popen[bytes] | None
    oom_kills: int
    killed_here: bool = False

    def send(self, number: signal.Signals) -> None:
        """Signal it; nothing happens when it has ended."""
        if number is signal.SIGKILL:
            self.killed_here = True
        send_signal(self.record, number)

    async def wait(self) -> Exit:
        """Wait for its end; what it leaves running in its session is killed."""
        await wait_for_end(self.record)
        await in_thread(kill_session, self.record)  # before `poll` gives the number back to the kernel
        code = self.child.poll() if self.child else None
        return describe_exit(code, self.killed_here, count_oom_kills() > self.oom_kills)


def record_path(folder: Path, uid: str) -> Path:
    """Where the record of a Pod's process is kept."""
    return folder / f"{uid}.json"


def start(launch: Launch, log: Path, record_file: Path) -> ReplicaProcess:
    """Start a process and write it down; if that fails, it is stopped again. Raises OSError or ValueError."""
    oom_kills = count_oom_kills()
    environment = launch.environment | {RECORD_VARIABLE: str(record_file.absolute())}
    child, record = spawn_detached(launch.arguments, log, environment, launch.port)
    try:
        save_record(record_file, record)
    except OSError:
        child.kill()
        child.wait()
        raise
    return ReplicaProcess(record, child, oom_kills)


def adopt(record: ProcessRecord) -> ReplicaProcess:
    """Take over a process that an earlier life of the member started."""
    return ReplicaProcess(record, None, count_oom_kills())


async def wait_for_end(record: ProcessRecord) -> None:
    """Return when the process of `record` has ended, or if it has already."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return
    try:
        if start_ticks(record.pid) in (None, record.start_ticks):  # else the number is already another's
            loop.add_reader(handle, ended.set)
            await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


def describe_exit(code: int | None, killed_here: bool, oom_killed: bool) -> Exit:
    """Kubernetes' exit code and reason for a return code as subprocess gives it (negative: a signal; None:
    not known, because the process was not this member's child). `oom_killed`: the kernel has meanwhile
    killed some process for want of memory."""
    if code is None:
        return Exit(UNKNOWN_EXIT_CODE, "ContainerStatusUnknown")
    if code >= 0:
        return Exit(code, "Error" if code else "Completed")
    out_of_memory = -code == signal.SIGKILL and oom_killed and not killed_here
    return Exit(128 - code, "OOMKilled" if out_of_memory else "Error", -code)


def count_oom_kills() -> int:
    """How many processes the kernel has killed for want of memory since boot."""
    lines = Path("/proc/vmstat").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def kill_session(leader: ProcessRecord) -> None:
    """SIGKILL whatever the ended process of `leader` has left running in its session.

    Nothing is done when its number already belongs to a new process, whose session it then would be.
    """
    if start_ticks(leader.pid) not in (None, leader.start_ticks):
        return
    for pid, session in _sessions():
        ticks = start_ticks(pid)
        if session == leader.pid and pid != leader.pid and ticks is not None and ticks >= leader.start_ticks:
            send_signal(ProcessRecord(pid, ticks), signal.SIGKILL)


def find_replicas(folder: Path) -> dict[str, ProcessRecord]:
    """Every process that runs, or ran, a Pod of this member, by Pod uid: what the records in `folder` say,
    and what carries the path of a record there. The latter is then written down."""
    found = {path.stem: record for path in folder.glob("*.json") if (record := load_record(path))}
    for uid, record in _marked(folder):
        if uid not in found or not is_alive(found[uid]):
            save_record(record_path(folder, uid), record)
            found[uid] = record
    return found


def _marked(folder: Path) -> Iterator[tuple[str, ProcessRecord]]:
    """Session leaders that carry a record's path: a replica's own children inherit its environment."""
    for pid, session in _sessions():
        if pid != session:
            continue
        environment, ticks = environment_of(pid), start_ticks(pid)
        record_file = Path(environment.get(RECORD_VARIABLE, ""))
        if ticks is not None and record_file.parent == folder.absolute():
            port = environment.get("PORT", "")
            yield record_file.stem, ProcessRecord(pid, ticks, int(port) if port.isdigit() else 0)


def environment_of(pid: int) -> dict[str, str]:
    """The environment that a process was started with; empty when it is gone or another user's."""
    try:
        raw = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return {}
    pairs = (os.fsdecode(entry).partition("=") for entry in raw.split(b"\0") if entry)
    return {name: value for name, _, value in pairs}


def _sessions() -> Iterator[tuple[int, int]]:
    """Every process and its session, zombies too."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            yield int(entry.name), int(fields[SESSION_FIELD - 1])
