"""Replica processes: how ends are described, and that nothing else is ever signalled."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tradewind.base.processes import ProcessRecord, load_record, start_ticks
from tradewind.node.launch import Launch
from tradewind.node.processes import (
    Exit,
    adopt,
    count_oom_kills,
    describe_exit,
    environment_of,
    find_replicas,
    kill_session,
    record_path,
    start,
    wait_for_end,
)

SLEEP = "import time; time.sleep(600)"


@pytest.mark.parametrize(
    ("code", "killed_here", "oom_killed", "exit_"),
    [
        (0, False, False, Exit(0, "Completed")),
        (3, False, False, Exit(3, "Error")),
        (3, False, True, Exit(3, "Error")),
        (-15, False, False, Exit(143, "Error", 15)),
        (-9, False, False, Exit(137, "Error", 9)),
        (-9, False, True, Exit(137, "OOMKilled", 9)),
        (-9, True, True, Exit(137, "Error", 9)),
        (None, False, False, Exit(137, "ContainerStatusUnknown")),
    ],
)
def test_ends(code: int | None, killed_here: bool, oom_killed: bool, exit_: Exit) -> None:
    assert describe_exit(code, killed_here, oom_killed) == exit_


def test_the_kernels_count_can_be_read() -> None:
    assert count_oom_kills() >= 0


def launch(code: str, port: int = 0) -> Launch:
    return Launch((sys.executable, "-c", code), {"PATH": os.environ["PATH"], "PORT": str(port)}, port)


async def test_a_process_is_recorded_and_its_end_is_noticed(tmp_path: Path) -> None:
    record_file = record_path(tmp_path / "pods", "u1")
    process = start(launch("import sys; sys.exit(4)", 9001), tmp_path / "log", record_file)
    assert load_record(record_file) == process.record
    assert process.record.port == 9001
    async with asyncio.timeout(20):
        assert await process.wait() == Exit(4, "Error")


async def test_a_process_that_cannot_be_recorded_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / "pods").write_text("not a folder")
    marker = tmp_path / "pid"
    code = f"import os; open({str(marker)!r}, 'w').write(str(os.getpid())); {SLEEP}"
    with pytest.raises(OSError):
        start(launch(code), tmp_path / "log", record_path(tmp_path / "pods", "u1"))
    assert not marker.exists() or start_ticks(int(marker.read_text() or "0")) is None


async def test_the_end_of_a_process_that_is_gone_is_noticed_at_once() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    record = ProcessRecord(child.pid, start_ticks(child.pid) or 1)
    child.wait()
    async with asyncio.timeout(5):
        await wait_for_end(record)
        assert await adopt(record).wait() == Exit(137, "ContainerStatusUnknown")


async def test_a_number_that_another_process_has_now_counts_as_ended_and_is_let_alone() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    try:
        earlier = ProcessRecord(stranger.pid, (start_ticks(stranger.pid) or 0) - 1)
        async with asyncio.timeout(5):
            await wait_for_end(earlier)
        process = adopt(earlier)
        process.send(signal.SIGKILL)
        kill_session(earlier)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_process_is_found_by_its_environment_but_not_its_children(tmp_path: Path) -> None:
    folder = tmp_path / "pods"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
    process = start(launch(code, 9001), tmp_path / "log", record_path(folder, "u1"))
    try:
        record_path(folder, "u1").unlink()
        assert find_replicas(folder) == {"u1": process.record}
        assert load_record(record_path(folder, "u1")) == process.record
        assert find_replicas(tmp_path / "elsewhere") == {}
    finally:
        process.send(signal.SIGKILL)
        async with asyncio.timeout(20):
            await process.wait()


def test_records_of_dead_processes_are_found_too(tmp_path: Path) -> None:
    (tmp_path / "u1.json").write_text('{"pid": 4194304, "start_ticks": 5, "port": 0}')
    (tmp_path / "u2.json").write_text("half a rec")
    assert find_replicas(tmp_path) == {"u1": ProcessRecord(4194304, 5)}


def test_the_environment_of_a_process_that_is_not_there_is_empty() -> None:
    assert environment_of(4194304) == {}
    assert environment_of(os.getpid())["PATH"]
