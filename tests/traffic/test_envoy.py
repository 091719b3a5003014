"""Watching over one real Envoy."""

import asyncio
import contextlib
import dataclasses
import random
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.traffic.real import free_ports
from tradewind.base.layout import PartLayout
from tradewind.base.processes import ProcessRecord, is_alive, load_record, send_signal, stop_all
from tradewind.traffic import envoy as envoy_module
from tradewind.traffic.bootstrap import EnvoyIdentity, make_bootstrap
from tradewind.traffic.envoy import (
    EnvoyError,
    EnvoyProcess,
    Running,
    admin_state,
    ensure_running,
    envoy_version,
    keep_running,
    pause_seconds,
    wait_until_ready,
)
from tradewind.traffic.gateway import GatewayIdentity, gateway_proxy
from tradewind.traffic.render import render
from tradewind.traffic.xds import Snapshot, start_xds

pytestmark = pytest.mark.fleet


@pytest.fixture
async def envoy(tmp_path: Path) -> AsyncIterator[EnvoyProcess]:
    """An Envoy to start, with its xDS server up; whatever of it runs at the end is stopped."""
    port, peer_port, admin_port, xds_port = free_ports(4)
    snapshot = Snapshot()
    snapshot.publish(render(gateway_proxy([], GatewayIdentity("east", "r1", "r1a", port, peer_port))))
    runner = await start_xds(snapshot, xds_port)
    bootstrap = make_bootstrap(EnvoyIdentity("east", "east", admin_port, xds_port, envoy_version()))
    layout = PartLayout(tmp_path / "east", tmp_path / "logs")
    try:
        yield EnvoyProcess(bootstrap, layout, admin_port, (port, peer_port, admin_port))
        if record := load_record(layout.envoy_process):
            stop_all([record], 2)
    finally:
        await runner.cleanup()


def reaped(running: Running) -> None:
    if running.child:
        running.child.wait(5)


@contextlib.asynccontextmanager
async def watched(envoy: EnvoyProcess, running: Running) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(keep_running(envoy, running, random.Random(1)))
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until_another(envoy: EnvoyProcess, before: ProcessRecord) -> ProcessRecord:
    deadline = time.monotonic() + 10
    while True:
        record = load_record(envoy.layout.envoy_process)
        if record and record != before and await admin_state(envoy.admin_port) == "LIVE":
            return record
        assert time.monotonic() < deadline, "Envoy was not started again"
        await asyncio.sleep(0.01)


async def test_it_starts_and_gets_ready(envoy):
    running = await ensure_running(envoy)
    await wait_until_ready(envoy, 10)
    assert load_record(envoy.layout.envoy_process) == running.record
    assert await admin_state(envoy.admin_port) == "LIVE"


async def test_a_running_one_is_adopted(envoy):
    first = await ensure_running(envoy)
    again = await ensure_running(envoy)
    assert again.record == first.record
    assert again.child is None


async def test_one_whose_record_was_never_written_is_found(envoy):
    first = await ensure_running(envoy)
    envoy.layout.envoy_process.unlink()
    again = await ensure_running(envoy)
    assert again.record.pid == first.record.pid
    assert load_record(envoy.layout.envoy_process) == again.record


async def test_another_bootstrap_replaces_it(envoy):
    first = await ensure_running(envoy)
    changed = dataclasses.replace(envoy, bootstrap={**envoy.bootstrap, "stats_flush_interval": "7s"})
    second = await ensure_running(changed)
    reaped(first)
    assert second.record.pid != first.record.pid
    assert not is_alive(first.record)
    await wait_until_ready(changed, 10)


async def test_a_refused_bootstrap_leaves_the_running_one_alone(envoy):
    first = await ensure_running(envoy)
    broken = dataclasses.replace(envoy, bootstrap={**envoy.bootstrap, "misspelt": 1})
    with pytest.raises(EnvoyError, match="misspelt"):
        await ensure_running(broken)
    assert is_alive(first.record)
    assert (await ensure_running(envoy)).record == first.record


async def test_a_taken_port_is_named(envoy):
    with socket.create_server(("127.0.0.1", envoy.ports[0])), pytest.raises(EnvoyError) as error:
        await ensure_running(envoy)
    assert str(envoy.ports[0]) in str(error.value)
    assert "spec.ports.base" in str(error.value)


async def test_not_ready_in_time_is_an_error(envoy):
    with pytest.raises(EnvoyError, match="no answer"):
        await wait_until_ready(envoy, 0)


async def test_a_dead_one_is_started_again(envoy):
    running = await ensure_running(envoy)
    await wait_until_ready(envoy, 10)
    async with watched(envoy, running):
        for _ in range(2):
            before = load_record(envoy.layout.envoy_process)
            assert before
            send_signal(before, signal.SIGKILL)
            await until_another(envoy, before)


async def test_an_adopted_one_is_watched_too(envoy):
    first = await ensure_running(envoy)
    await wait_until_ready(envoy, 10)
    adopted = await ensure_running(envoy)
    async with watched(envoy, adopted):
        send_signal(first.record, signal.SIGKILL)
        reaped(first)
        await until_another(envoy, first.record)


async def test_one_that_hangs_is_killed_and_started_again(envoy, monkeypatch):
    monkeypatch.setattr(envoy_module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(envoy_module, "ANSWER_SECONDS", 0.2)
    running = await ensure_running(envoy)
    await wait_until_ready(envoy, 10)
    async with watched(envoy, running):
        send_signal(running.record, signal.SIGSTOP)
        await until_another(envoy, running.record)


async def test_it_outlives_its_watcher(envoy):
    running = await ensure_running(envoy)
    await wait_until_ready(envoy, 10)
    async with watched(envoy, running) as task:
        await asyncio.sleep(0)
    assert task.cancelled()
    assert is_alive(running.record)


async def test_what_cannot_start_is_tried_again_until_it_can(envoy, caplog):
    running = await ensure_running(envoy)
    await wait_until_ready(envoy, 10)
    async with watched(envoy, running):
        send_signal(running.record, signal.SIGKILL)
        with contextlib.closing(await _taken(envoy.ports[0])):
            await _until_logged(caplog, f"port {envoy.ports[0]} is taken")
        await until_another(envoy, running.record)


async def _taken(port: int) -> socket.socket:
    deadline = time.monotonic() + 5
    while True:
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0)


async def _until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    deadline = time.monotonic() + 5
    while text not in caplog.text:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("deaths", "chance", "wanted"),
    [(1, 1.0, 0.1), (1, 0.0, 0.05), (2, 1.0, 0.2), (5, 1.0, 1.6), (99, 1.0, 30.0)],
)
def test_pauses_grow_up_to_a_bound(deaths, chance, wanted):
    assert pause_seconds(deaths, chance) == pytest.approx(wanted)
