"""`up` and `down` as far as the command line goes: what is printed, who is stopped, what Ctrl-C does.

Starting real processes is tested with the fleet; here its starting and stopping are recorded.
"""

import json
import signal
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import LiveFleet
from tradewind import fleet as fleets
from tradewind import parts
from tradewind.base.files import exclusive_lock
from tradewind.fleet import DownReport


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was started and stopped, in order."""
    done: list[str] = []

    async def start(_layout, fleet, report) -> None:
        done.append(f"up {fleet.metadata.name}")
        report("started hub")

    def stop(_layout, report) -> DownReport:
        done.append("down")
        report("stopped hub")
        return DownReport(stopped=("hub", "east"), killed=("west",))

    monkeypatch.setattr(fleets, "up", start)
    monkeypatch.setattr(fleets, "down", stop)
    return done


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[int, object]:
    """Signal handlers that the command has set, which must not stay in the test's own process."""
    found: dict[int, object] = {}
    monkeypatch.setattr(signal, "signal", found.__setitem__)
    return found


def interrupt_after(monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    """Ctrl-C while the status is being watched."""
    waits: Iterator[int] = iter(range(rounds))

    def sleep(_seconds: float) -> None:
        if next(waits, None) is None:
            raise KeyboardInterrupt

    monkeypatch.setattr("tradewind.cli.watching.time.sleep", sleep)


def test_detached_prints_where_everything_is_and_returns(fleet, run, started):
    answer = run("up", "--detach", "--home", fleet.home)
    base = fleet.running.fleet.spec.ports.base
    lines = answer.out.splitlines()
    assert (answer.code, started) == (0, ["up demo"])
    assert lines[0] == "started hub"
    assert lines[2].split() == [
        "east",
        "east-1",
        f"https://127.0.0.1:{base + 10}",
        f"http://127.0.0.1:{base + 11}",
    ]
    assert f"front door  http://127.0.0.1:{base + 1}" in lines
    assert f"KUBECONFIG={fleet.home}/kubeconfig kubectl --context hub" in answer.out
    assert lines[-1] == f"stop it with: tradewind down --home {fleet.home}"


def test_in_the_foreground_it_tells_changes_and_ctrl_c_stops_it(fleet, run, started, handlers, monkeypatch):
    interrupt_after(monkeypatch, rounds=1)
    answer = run("up", "--home", fleet.home)
    assert (answer.code, started) == (0, ["up demo", "down"])
    assert answer.out.count("cluster east: not ready: has not joined the hub yet\n") == 1
    assert answer.out.endswith("stopped hub\nstopped 3 processes; killed, for not ending in time: west\n")
    assert handlers[signal.SIGINT] is signal.SIG_IGN  # a second Ctrl-C must not leave it half stopped


def test_sigterm_and_hangup_stop_it_too(fleet, run, started, handlers, monkeypatch):
    interrupt_after(monkeypatch, rounds=0)
    run("up", "--home", fleet.home)
    for number in (signal.SIGTERM, signal.SIGHUP):
        with pytest.raises(KeyboardInterrupt):
            handlers[number](number, None)


def test_ctrl_c_while_it_starts_stops_it(fleet, run, started, handlers, monkeypatch):
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fleets, "up", interrupted)
    assert run("up", "--home", fleet.home).code == 0
    assert started == ["down"]


def test_ctrl_c_while_it_starts_detached_leaves_it_and_says_so(fleet, run, started, monkeypatch):
    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fleets, "up", interrupted)
    answer = run("up", "--detach", "--home", fleet.home)
    assert (answer.code, started) == (130, [])
    assert f"stop it with: tradewind down --home {fleet.home}" in answer.out


def test_a_fleet_that_does_not_start_is_left_as_it_is(fleet, run, started, handlers, monkeypatch):
    async def fail(*_: object) -> None:
        raise parts.FleetError("east is not ready: no Envoy")

    monkeypatch.setattr(fleets, "up", fail)
    answer = run("up", "--home", fleet.home)
    assert (answer.code, answer.err, started) == (1, "tradewind: east is not ready: no Envoy\n", [])


def test_a_second_up_says_so(fleet, run, started):
    with exclusive_lock(fleet.running.layout.lock):
        answer = run("up", "--home", fleet.home)
    assert (answer.code, started) == (1, [])
    assert f"another `tradewind up` holds {fleet.home}" in answer.err


def test_the_watch_ends_when_the_fleet_is_stopped_from_elsewhere(fleet, run, started, handlers, monkeypatch):
    def stop_all(_seconds: float) -> None:
        for name in tuple(fleet.servers.running):
            fleet.die(name)

    monkeypatch.setattr("tradewind.cli.watching.time.sleep", stop_all)
    answer = run("up", "--home", fleet.home)
    assert (answer.code, started) == (0, ["up demo"])
    assert answer.out.endswith("the fleet was stopped from elsewhere\n")


def test_a_terminal_is_redrawn(fleet, run, monkeypatch):
    interrupt_after(monkeypatch, rounds=1)
    monkeypatch.setattr("tradewind.cli.watching.sys.stdout", FakeTerminal(sys.stdout))
    answer = run("status", "-w", "--home", fleet.home)
    assert answer.code == 130
    assert answer.out.count("\x1b[H\x1b[2J") == 2


class FakeTerminal:
    """Standard output that claims to be a terminal."""

    def __init__(self, stream: object) -> None:
        self.stream = stream

    def isatty(self) -> bool:
        return True

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def test_a_watch_as_json_prints_a_line_for_every_change(fleet, run, monkeypatch):
    interrupt_after(monkeypatch, rounds=3)
    lines = run("status", "-w", "-o", "json", "--home", fleet.home).out.splitlines()
    assert len(lines) == 1
    assert json.loads(lines[0])["fleet"] == "demo"


def test_a_first_up_without_a_file_starts_the_built_in_fleet(run, started, tmp_path, monkeypatch):
    monkeypatch.setattr("tradewind.cli.up._start", lambda _layout, fleet: started.append(fleet.metadata.name))
    assert run("up", "--detach", "--home", str(tmp_path)).code == 0
    assert started == ["demo"]


def test_warnings_about_a_fleet_file_are_told(run, started, tmp_path, monkeypatch):
    monkeypatch.setattr("tradewind.cli.up._start", lambda _layout, fleet: started.append(fleet.metadata.name))
    file = tmp_path / "fleet.yaml"
    file.write_text(
        "apiVersion: tradewind.dev/v1alpha1\nkind: Fleet\nmetadata: {name: mine}\n"
        "spec: {ports: {base: 40000}, clusters: [{name: east}]}\n"
    )
    answer = run("up", "-f", str(file), "--detach", "--home", str(tmp_path / "home"))
    assert started == ["mine"]
    assert answer.err.startswith(f"warning: {file}: spec.ports.base: ")


def test_down_tells_what_it_stopped(fleet: LiveFleet, run, started):
    answer = run("down", "--home", fleet.home)
    assert answer.out == "stopped hub\nstopped 3 processes; killed, for not ending in time: west\n"
