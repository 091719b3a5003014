"""Kills real processes that the test started, by their records, and looks at who is left."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.processes import ProcessRecord, is_alive, save_record, start_ticks
from tradewind.rehearse.drill import kill

SLEEP = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)",
)


class Cluster:
    """A member made of sleeping processes: control, Envoy and two replicas."""

    def __init__(self, part: PartLayout) -> None:
        self.processes: list[subprocess.Popen[bytes]] = []
        self.control = self.start(part.process)
        self.envoy = self.start(part.envoy_process)
        self.replicas = [self.start(part.pods / f"uid-{place}.json") for place in range(2)]

    def start(self, path: Path) -> ProcessRecord:
        process = subprocess.Popen(SLEEP)
        self.processes.append(process)
        record = ProcessRecord(process.pid, start_ticks(process.pid) or 0)
        save_record(path, record)
        return record

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture
def layout(tmp_path: Path) -> FleetLayout:
    return FleetLayout(tmp_path)


@pytest.fixture
def east(layout: FleetLayout) -> Iterator[Cluster]:
    cluster = Cluster(layout.member("east"))
    yield cluster
    cluster.end()


@pytest.fixture
def west(layout: FleetLayout) -> Iterator[Cluster]:
    cluster = Cluster(layout.member("west"))
    yield cluster
    cluster.end()


def test_kills_all_of_one_cluster_and_nothing_of_another(layout, east, west):
    report = kill(layout, "east", keep_gateway=False)
    assert (report.control, report.gateway) == (east.control.pid, east.envoy.pid)
    assert report.replicas == tuple(record.pid for record in east.replicas)
    assert not any(map(is_alive, (east.control, east.envoy, *east.replicas)))
    assert all(map(is_alive, (west.control, west.envoy, *west.replicas)))


def test_keeps_the_gateway(layout, east):
    report = kill(layout, "east", keep_gateway=True)
    assert report.gateway is None
    assert is_alive(east.envoy)
    assert not any(map(is_alive, (east.control, *east.replicas)))


def test_what_is_dead_already_is_not_reported(layout, east):
    kill(layout, "east", keep_gateway=True)
    report = kill(layout, "east", keep_gateway=False)
    assert (report.control, report.gateway, report.replicas) == (None, east.envoy.pid, ())
    assert not report.is_empty
    assert kill(layout, "east", keep_gateway=False).is_empty


def test_a_record_of_an_earlier_process_with_the_same_pid_kills_nobody(layout, east):
    """The pid lives, but it is not the process that was written down."""
    part = layout.member("east")
    save_record(part.process, ProcessRecord(east.control.pid, east.control.start_ticks - 1))
    assert kill(layout, "east", keep_gateway=True).control is None
    assert is_alive(east.control)


def test_damaged_records_are_passed_over(layout, east):
    (layout.member("east").pods / "damaged.json").write_text("{")
    assert len(kill(layout, "east", keep_gateway=True).replicas) == 2


def test_an_unknown_cluster_has_nothing_to_kill(layout):
    assert kill(layout, "nowhere", keep_gateway=False).is_empty
