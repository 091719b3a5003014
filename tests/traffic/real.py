"""Real Envoys, replicas as processes, and load, for the tests beside this."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from yarl import URL

from tests.traffic.objects import imported_slice, local_slice
from tradewind.base.layout import PartLayout
from tradewind.base.processes import stop_all
from tradewind.traffic.bootstrap import EnvoyIdentity, make_bootstrap
from tradewind.traffic.envoy import (
    EnvoyProcess,
    Running,
    ensure_running,
    envoy_version,
    wait_until_ready,
)
from tradewind.traffic.front_door import GatewaySite, front_door_proxy
from tradewind.traffic.gateway import GatewayIdentity, gateway_proxy
from tradewind.traffic.render import Resources, render
from tradewind.traffic.xds import Snapshot, start_xds

UPSTREAM = Path(__file__).with_name("upstream.py")
DEADLINE_SECONDS = 10


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


async def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until the condition holds; fail after a deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"timed out waiting until {what}"
        await asyncio.sleep(0.005)


@dataclass
class Replica:
    """A replica process."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)


@contextlib.contextmanager
def replicas(*names: str, health_path: str = "/v2/health/ready") -> Iterator[list[Replica]]:
    """Running replicas that accept connections; killed at the end."""
    started = []
    try:
        for name, port in zip(names, free_ports(len(names)), strict=True):
            process = subprocess.Popen([sys.executable, str(UPSTREAM), name, str(port), health_path])
            started.append(Replica(name, port, process))
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not all(_listens(one.port) for one in started):
            assert time.monotonic() < deadline, f"not all of {names} have started"
            time.sleep(0.01)
        yield started
    finally:
        for one in started:
            one.process.kill()
            one.process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class ProxyUnderTest:
    """An Envoy with its xDS server."""

    port: int
    envoy: EnvoyProcess
    running: Running
    snapshot: Snapshot
    runner: aiohttp.web.AppRunner
    xds_port: int
    peer_port: int = 0
    identity: GatewayIdentity | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.running.record.pid

    def kill(self) -> None:
        """SIGKILL, and nobody starts it again."""
        stop_all([self.running.record], 0)
        assert self.running.child
        self.running.child.wait()

    def serve(self, *slices: object) -> None:
        """Publish the configuration for these EndpointSlices."""
        assert self.identity
        self.snapshot.publish(render(gateway_proxy(slices, self.identity)))  # type: ignore[arg-type]

    async def stats(self, pattern: str) -> dict[str, int]:
        """Envoy's counters and gauges whose names match."""
        url = f"http://127.0.0.1:{self.envoy.admin_port}/stats?format=json&filter={pattern}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            found = (await answer.json())["stats"]
        return {one["name"]: one["value"] for one in found if "value" in one}

    async def until_stat(self, name: str, holds: Callable[[int], bool]) -> None:
        """Wait until a statistic has a value; fail after a deadline."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not holds((await self.stats(f"^{name}$")).get(name, 0)):
            assert time.monotonic() < deadline, f"timed out: {name}, {await self.stats(name)}"
            await asyncio.sleep(0.01)

    def rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6


@contextlib.asynccontextmanager
async def _proxy(
    folder: Path, name: str, ports: list[int], render_first: Callable[[], Resources]
) -> AsyncIterator[ProxyUnderTest]:
    listening, admin_port, xds_port = ports[:-2], ports[-2], ports[-1]
    snapshot = Snapshot()
    snapshot.publish(render_first())
    identity = EnvoyIdentity(name, name, admin_port, xds_port, envoy_version())
    layout = PartLayout(folder / name, folder / "logs" / name)
    envoy = EnvoyProcess(make_bootstrap(identity), layout, admin_port, (*listening, admin_port))
    running = await ensure_running(envoy)
    runner = await start_xds(snapshot, xds_port)
    made = ProxyUnderTest(listening[0], envoy, running, snapshot, runner, xds_port)
    try:
        await wait_until_ready(envoy, DEADLINE_SECONDS)
        yield made
    finally:
        stop_all([running.record], 0)
        assert running.child
        running.child.wait()
        await made.runner.cleanup()


@contextlib.asynccontextmanager
async def gateway(folder: Path, cluster: str, region: str = "r1") -> AsyncIterator[ProxyUnderTest]:
    """A gateway that serves nothing yet."""
    ports = free_ports(4)
    identity = GatewayIdentity(cluster, region, region + "a", ports[0], ports[1])
    first = render(gateway_proxy([], identity))
    async with _proxy(folder, cluster, ports, lambda: first) as made:
        made.identity, made.peer_port = identity, ports[1]
        yield made


@contextlib.asynccontextmanager
async def front_door(folder: Path, sites: list[GatewaySite]) -> AsyncIterator[ProxyUnderTest]:
    """A front door to these gateways."""
    ports = free_ports(3)
    async with _proxy(folder, "front-door", ports, lambda: render(front_door_proxy(sites, ports[0]))) as made:
        yield made


@dataclass
class Load:
    """What became of requests that were sent at a steady rate."""

    answers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    latencies_ms: list[float] = field(default_factory=list)
    served_by: list[tuple[float, str]] = field(default_factory=list)  # when it was sent, and who answered

    @property
    def sent(self) -> int:
        return sum(self.answers.values()) + len(self.errors)


@contextlib.asynccontextmanager
async def load(
    url: str, rate: int = 200, headers: dict[str, str] | None = None, body: bytes = b"{}"
) -> AsyncIterator[Load]:
    """POST at `rate` a second while the block runs; every request is finished when it ends."""
    result, tasks = Load(), set()
    timeout = aiohttp.ClientTimeout(total=DEADLINE_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:

        async def send() -> None:
            began = time.monotonic()
            try:
                async with session.post(url, data=body, headers=headers) as answer:
                    said = await answer.json()
                    if answer.status != 200:
                        result.errors.append(f"{answer.status} {said}")
                        return
                    result.answers[said["name"]] += 1
                    result.served_by.append((began, said["name"]))
                    result.latencies_ms.append((time.monotonic() - began) * 1000)
            except (aiohttp.ClientError, TimeoutError) as error:
                result.errors.append(repr(error))

        async def send_all() -> None:
            next_at = time.monotonic()
            while True:
                task = asyncio.create_task(send())
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                next_at += 1 / rate
                await asyncio.sleep(max(0.0, next_at - time.monotonic()))

        sender = asyncio.create_task(send_all())
        try:
            yield result
        finally:
            sender.cancel()
            await asyncio.gather(*tasks)


async def until_healthy(proxy: ProxyUnderTest, count: int, backend: str = "ml/fraud-predictor") -> None:
    """Wait until Envoy takes so many endpoints of a backend for working."""
    await proxy.until_stat(f"cluster.{backend}.update_success", lambda value: value > 0)
    await proxy.until_stat(f"cluster.{backend}.membership_healthy", lambda value: value == count)


async def call(url: str, **options: object) -> tuple[int, dict, dict[str, str]]:
    """POST once; status, JSON body, headers."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_SECONDS)) as session,
        session.post(URL(url, encoded=True), **options) as answer,  # type: ignore[arg-type]
    ):
        return answer.status, await answer.json(), {k.lower(): v for k, v in answer.headers.items()}


def local(*replicas: Replica, service: str = "fraud", draining: tuple[Replica, ...] = ()) -> list[object]:
    """Slices of local replicas, the empty one when there is none."""
    slices = [local_slice(service, one.port) for one in replicas]
    slices += [local_slice(service, one.port, terminating=True) for one in draining]
    return slices or [local_slice(service, None)]


def imported(*gateways: ProxyUnderTest, service: str = "fraud") -> list[object]:
    """Imported slices for other gateways, nearest first."""
    return [
        imported_slice(service, f"peer-{one.peer_port}", one.peer_port, place)
        for place, one in enumerate(gateways, 1)
    ]
