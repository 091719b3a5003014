"""Processes are found again by who they are, and only they are ever signalled."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.base.processes import (
    ProcessRecord,
    is_alive,
    load_record,
    save_record,
    send_signal,
    spawn_detached,
    stop_all,
)

READY = "print('ready', flush=True); import time; time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {READY}"


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator:
    started = []

    def start(code: str) -> ProcessRecord:
        log = tmp_path / f"{len(started)}.log"
        process, record = spawn_detached([sys.executable, "-c", code], log, os.environ)
        started.append(process)
        while "ready" not in log.read_text():
            assert process.poll() is None
        return record

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_process_is_known_by_pid_and_start(spawn):
    record = spawn(READY)
    assert is_alive(record)
    impostor = ProcessRecord(record.pid, record.start_ticks + 1)
    assert not is_alive(impostor)
    assert not send_signal(impostor, signal.SIGKILL)
    assert is_alive(record)


def test_a_detached_process_has_a_session_of_its_own(spawn):
    record = spawn(READY)
    assert os.getsid(record.pid) == record.pid != os.getsid(0)


def test_stopping_asks_first_and_then_kills(spawn):
    polite, deaf = spawn(READY), spawn(DEAF)
    assert stop_all([polite, deaf], grace_seconds=0.3) == [deaf]
    os.waitpid(deaf.pid, 0)
    assert not is_alive(polite)
    assert not is_alive(deaf)


def test_stopping_what_is_gone_is_no_error(spawn):
    record = spawn(READY)
    assert stop_all([record], grace_seconds=5) == []
    assert stop_all([record], grace_seconds=5) == []


def test_a_record_survives_on_disk_and_a_damaged_one_counts_as_none(tmp_path: Path):
    path = tmp_path / "process.json"
    assert load_record(path) is None
    save_record(path, ProcessRecord(7, 99, 8080))
    assert load_record(path) == ProcessRecord(7, 99, 8080)
    path.write_text('{"pid": 7')
    assert load_record(path) is None
