"""`drill kill` on processes that the test started, and `drill revive` with its starting recorded."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import LiveFleet
from tradewind.base.processes import ProcessRecord, is_alive, save_record, start_ticks


@pytest.fixture
def west(fleet: LiveFleet) -> Iterator[list[ProcessRecord]]:
    """Real processes behind the records of one cluster: control, Envoy and a replica."""
    part = fleet.running.layout.member("west")
    processes, records = [], []
    for path in (part.process, part.envoy_process, part.pods / "uid.json"):
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        processes.append(process)
        records.append(ProcessRecord(process.pid, start_ticks(process.pid) or 0))
        save_record(path, records[-1])
    yield records
    for process in processes:
        process.kill()
        process.wait()


def test_kill_names_who_died_and_how_to_go_on(fleet, run, west):
    control, envoy, replica = west
    answer = run("drill", "kill", "west", "--home", fleet.home)
    assert answer.out.splitlines() == [
        f"killed the control process of west (pid {control.pid})",
        f"killed its gateway (pid {envoy.pid})",
        f"killed 1 of its replicas (pid {replica.pid})",
        f"bring it back with: tradewind drill revive west --home {fleet.home}",
    ]
    assert not any(map(is_alive, west))


def test_kill_keeps_the_gateway(fleet, run, west):
    answer = run("drill", "kill", "west", "--keep-gateway", "--home", fleet.home)
    assert "kept its gateway" in answer.out.splitlines()
    assert [is_alive(record) for record in west] == [False, True, False]


def test_kill_of_a_dead_cluster_is_a_mistake(fleet, run, west):
    run("drill", "kill", "west", "--home", fleet.home)
    answer = run("drill", "kill", "west", "--home", fleet.home)
    assert (answer.code, answer.out) == (1, "")
    assert (
        "nothing of cluster west was running; bring it back with: tradewind drill revive west" in answer.err
    )


def test_revive_starts_the_member_and_waits_for_it(fleet, run, monkeypatch):
    done: list[str] = []

    async def wait(_layout, parts, _seconds) -> None:
        done.append(f"waited for {parts[0].name}")

    monkeypatch.setattr(
        "tradewind.cli.drill.start_member", lambda _layout, _fleet, name: done.append(f"started {name}")
    )
    monkeypatch.setattr("tradewind.cli.drill.wait_ready", wait)
    answer = run("drill", "revive", "west", "--home", fleet.home)
    assert done == ["started west", "waited for west"]
    assert answer.out.startswith("west is back: ready after ")
