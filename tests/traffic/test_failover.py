"""What is lost when something dies: real Envoys, real replicas, 200 requests a second."""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.traffic.real import (
    Load,
    ProxyUnderTest,
    call,
    front_door,
    gateway,
    imported,
    load,
    local,
    replicas,
    until,
    until_healthy,
)
from tradewind.resources.locality import Site
from tradewind.traffic.front_door import GatewaySite
from tradewind.traffic.xds import start_xds

pytestmark = pytest.mark.fleet

PATH = "/serving/ml/fraud/v1/models/fraud:predict?delay_ms=20"
WARM_UP = 100  # requests before something is killed
AFTERWARDS = 200  # requests after it


@pytest.fixture
async def fleet(tmp_path: Path) -> AsyncIterator[list[ProxyUnderTest]]:
    """Three gateways that serve nothing yet."""
    async with contextlib.AsyncExitStack() as stack:
        starting = [gateway(tmp_path, f"g{number}", f"r{number}") for number in (1, 2, 3)]
        yield await asyncio.gather(*map(stack.enter_async_context, starting))


async def more(result: Load, count: int) -> None:
    """Wait until so many more requests are answered."""
    wanted = sum(result.answers.values()) + len(result.errors) + count
    await until(lambda: sum(result.answers.values()) + len(result.errors) >= wanted, f"{count} more answers")


def first_after(result: Load, since: float, name: str) -> float:
    """Milliseconds from `since` to the first request that `name` answered."""
    return min(sent - since for sent, by in result.served_by if by == name and sent >= since) * 1000


async def test_killed_replicas_cost_nothing(fleet):
    """The last one of three keeps all the traffic: other clusters are for when nothing local works."""
    east, west, _ = fleet
    with replicas("a1", "a2", "a3", "b") as (a1, a2, a3, b):
        east.serve(*local(a1, a2, a3), *imported(west))
        west.serve(*local(b))
        await until_healthy(west, 1)
        await until_healthy(east, 4)
        async with load(east.url + PATH) as result:
            await more(result, WARM_UP)
            a1.signal(signal.SIGKILL)
            await more(result, AFTERWARDS)
            a2.signal(signal.SIGKILL)
            await until_healthy(east, 2)
            alone = time.monotonic()
            await more(result, AFTERWARDS)
        assert result.errors == []
        assert {by for sent, by in result.served_by if sent > alone} == {"a3"}


async def test_the_last_local_replica_the_nearest_and_then_the_next(fleet):
    """One cluster after another loses its replica; each time the next one takes over."""
    east, west, south = fleet
    with replicas("a", "b", "c") as (a, b, c):
        east.serve(*local(a), *imported(west, south))
        west.serve(*local(b), *imported(east, south))
        south.serve(*local(c), *imported(west, east))
        for one in fleet:
            await until_healthy(one, 3)
        async with load(east.url + PATH) as result:
            await more(result, WARM_UP)
            assert set(result.answers) == {"a"}
            a.signal(signal.SIGKILL)
            a_died = time.monotonic()
            await more(result, AFTERWARDS)
            assert set(result.answers) == {"a", "b"}
            b.signal(signal.SIGKILL)
            b_died = time.monotonic()
            await more(result, AFTERWARDS)
        assert result.errors == []
        assert first_after(result, a_died, "b") < 500
        assert first_after(result, b_died, "c") < 500


async def test_a_whole_cluster_with_its_gateway(fleet):
    """The gateway that serves in our stead dies together with its replica."""
    east, west, south = fleet
    with replicas("b", "c") as (b, c):
        east.serve(*local(), *imported(west, south))
        west.serve(*local(b), *imported(east, south))
        south.serve(*local(c), *imported(west, east))
        await until_healthy(east, 2)
        async with load(east.url + PATH) as result:
            await more(result, WARM_UP)
            west.kill()
            b.signal(signal.SIGKILL)
            died = time.monotonic()
            await more(result, AFTERWARDS)
        assert result.errors == []
        assert set(result.answers) == {"b", "c"}
        assert first_after(result, died, "c") < 500


async def test_large_bodies_survive_a_kill(fleet):
    east, _, _ = fleet
    with replicas("a1", "a2") as (a1, a2):
        east.serve(*local(a1, a2))
        await until_healthy(east, 2)
        async with load(east.url + PATH, rate=20, body=b"x" * 7_000_000) as result:
            await more(result, 10)
            a1.signal(signal.SIGKILL)
            await more(result, 30)
        assert result.errors == []


async def test_a_draining_replica_gets_nothing_new_and_finishes_what_it_has(fleet):
    east, _, _ = fleet
    with replicas("a1", "a2") as (a1, a2):
        east.serve(*local(a1, a2))
        await until_healthy(east, 2)
        async with load(east.url + PATH.replace("20", "300"), rate=100) as result:
            await more(result, WARM_UP)
            east.serve(*local(a2, draining=(a1,)))
            await until_healthy(east, 1)
            drained = time.monotonic()
            await more(result, AFTERWARDS)
        assert result.errors == []
        assert result.answers["a1"] > 0
        assert {by for sent, by in result.served_by if sent > drained} == {"a2"}


async def test_a_replica_that_answers_503_is_passed_over(fleet):
    """A gateway asks another cluster when the replica refuses."""
    east, west, _ = fleet
    with replicas("a", "b") as (a, b):
        east.serve(*local(a), *imported(west))
        west.serve(*local(b), *imported(east))
        await until_healthy(east, 2)
        status, said, _ = await call(f"{east.url}/serving/ml/fraud/x?refuse=a")
        assert (status, said["name"]) == (200, "b")


async def test_a_replica_that_hangs_is_bounded(fleet):
    """New requests avoid it after 6 s at most; those that it holds are sent elsewhere when it is killed."""
    east, _, _ = fleet
    with replicas("a1", "a2") as (a1, a2):
        east.serve(*local(a1, a2))
        await until_healthy(east, 2)
        async with load(east.url + PATH, rate=50) as result:
            await more(result, 50)
            a1.signal(signal.SIGSTOP)
            stopped = time.monotonic()
            await until_healthy(east, 1)
            found = time.monotonic()
            await more(result, 50)
            a1.signal(signal.SIGKILL)
        assert found - stopped < 7
        assert result.errors == []
        late = [
            ms for (sent, _), ms in zip(result.served_by, result.latencies_ms, strict=True) if sent > found
        ]
        assert max(late) < 1000


async def test_the_configuration_outlives_the_control_plane(fleet):
    east, _, _ = fleet
    with replicas("a1", "a2") as (a1, a2):
        east.serve(*local(a1))
        await until_healthy(east, 1)
        async with load(east.url + PATH) as result:
            await east.runner.cleanup()
            await more(result, WARM_UP)
        assert (result.errors, set(result.answers)) == ([], {"a1"})
        log_size = east.envoy.layout.envoy_log.stat().st_size
        async with load(east.url + PATH) as result:
            await more(result, WARM_UP)
        assert east.envoy.layout.envoy_log.stat().st_size - log_size < 10_000
        # The control plane is back, with news.
        east.runner = await start_xds(east.snapshot, east.xds_port)
        east.serve(*local(a2))
        await until_served_by(east, "a2")


async def until_served_by(proxy: ProxyUnderTest, name: str) -> None:
    deadline = time.monotonic() + 10
    while (await call(proxy.url + PATH))[1].get("name") != name:
        assert time.monotonic() < deadline, f"{name} was never asked"
        await asyncio.sleep(0.01)


async def test_a_killed_gateway_behind_the_front_door(fleet, tmp_path):
    east, west, _ = fleet
    with replicas("a", "b") as (a, b):
        east.serve(*local(a), *imported(west))
        west.serve(*local(b), *imported(east))
        await until_healthy(east, 2)
        await until_healthy(west, 2)
        sites = [
            GatewaySite(Site("g1", "r1", order=0), "127.0.0.1", east.port),
            GatewaySite(Site("g2", "r2", order=1), "127.0.0.1", west.port),
        ]
        async with front_door(tmp_path, sites) as door:
            await until_healthy(door, 2, "fleet")
            async with load(door.url + PATH) as result:
                await more(result, WARM_UP)
                assert set(result.answers) == {"a"}
                east.kill()
                died = time.monotonic()
                await more(result, AFTERWARDS)
            assert result.errors == []
            assert first_after(result, died, "b") < 500
