"""`tradewind down` ends what the fleet started, and nothing else."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.base.layout import FleetLayout
from tradewind.base.processes import ProcessRecord, is_alive, save_record, spawn_detached
from tradewind.credentials import prepare
from tradewind.fleet import down
from tradewind.node.processes import RECORD_VARIABLE, record_path
from tradewind.resources.fleet import builtin_fleet

FLEET = builtin_fleet()
MEMBER = FLEET.spec.clusters[0].name
RUN = "print('ready', flush=True); import time; time.sleep(60)"


@pytest.fixture
def layout(tmp_path: Path) -> FleetLayout:
    found = FleetLayout(tmp_path / "home")
    prepare(found, FLEET, 1_800_000_000_000)
    return found


@pytest.fixture
def spawn(tmp_path: Path) -> Iterator:
    started = []

    def start(**environment: str) -> ProcessRecord:
        log = tmp_path / f"{len(started)}.log"
        command = [sys.executable, "-c", RUN]
        process, record = spawn_detached(command, log, {**os.environ, **environment})
        started.append(process)
        while "ready" not in log.read_text():
            assert process.poll() is None
        return record

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_control_processes_and_what_serves_are_stopped_by_their_records(layout: FleetLayout, spawn):
    part = layout.member(MEMBER)
    control, envoy, replica, stranger = spawn(), spawn(), spawn(), spawn()
    save_record(part.process, control)
    save_record(part.envoy_process, envoy)
    save_record(record_path(part.pods, "uid"), replica)
    report = down(layout, lambda _: None)
    assert not any(map(is_alive, (control, envoy, replica)))
    assert is_alive(stranger)
    assert set(report.stopped) == {MEMBER, f"{MEMBER} envoy", f"{MEMBER} replica (pid {replica.pid})"}
    assert not list(part.pods.glob("*.json"))


def test_a_replica_whose_record_was_never_written_is_stopped_too(layout: FleetLayout, spawn):
    """Its member died between starting it and writing that down."""
    unwritten = record_path(layout.member(MEMBER).pods, "uid").absolute()
    replica = spawn(**{RECORD_VARIABLE: str(unwritten)})
    down(layout, lambda _: None)
    assert not is_alive(replica)


def test_nothing_to_stop_is_no_error(layout: FleetLayout):
    report = down(layout, lambda _: None)
    assert (report.stopped, report.killed) == ((), ())
