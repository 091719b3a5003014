"""How fast the API is: durable writes, lists and watches over TLS, one server process, one client process.

    python bench/api.py [--seconds 5]

Prints a table and writes bench/out/api.json. Every write is acknowledged only after an fsync.
"""

import argparse
import asyncio
import json
import multiprocessing
import ssl
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import psutil
import uvloop

from measure import print_table, write_json
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.base.certificates import issue, make_authority, write_credentials
from tradewind.resources.registry import HUB_KINDS
from tradewind.store.sqlite import open_store

CLIENTS = (1, 16, 64)
OBJECTS = 10_000
WATCHERS = 100
WATCHED_WRITES_PER_SECOND = 500
PATH = "/api/v1/namespaces/bench/configmaps"
VALUE = "x" * 512


@dataclass(frozen=True)
class Row:
    """One measurement."""

    name: str
    value: float
    unit: str
    target: str = ""


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def make_files(home: Path) -> TlsFiles:
    authority = make_authority("bench", now_ms())
    write_credentials(authority, home / "ca.crt", home / "ca.key")
    server = issue(authority, "hub", now_ms(), hosts=["127.0.0.1"])
    write_credentials(server, home / "tls.crt", home / "tls.key")
    admin = issue(authority, "admin", now_ms(), organizations=["system:masters"])
    write_credentials(admin, home / "admin.crt", home / "admin.key")
    return TlsFiles(home / "tls.crt", home / "tls.key", home / "ca.crt")


def run_server(home: Path, ready: Connection, stop: Connection) -> None:
    """A hub's API and nothing else, until `stop` is written to."""

    async def main() -> None:
        store = open_store(home / "store.db")
        objects = Objects(catalog(HUB_KINDS), store, now_ms, lambda: str(uuid.uuid4()))
        files = TlsFiles(home / "tls.crt", home / "tls.key", home / "ca.crt")
        server = await serve(application(objects), 0, files)
        ready.send(server.port)
        await asyncio.get_running_loop().run_in_executor(None, stop.recv)
        await server.close()
        await store.close()

    uvloop.run(main())


def config_map(name: str, value: str = VALUE) -> bytes:
    return json.dumps({"metadata": {"name": name}, "data": {"value": value}}).encode()


async def create(session: aiohttp.ClientSession, name: str) -> None:
    async with session.post(
        PATH, data=config_map(name), headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 201, await answer.text()
        await answer.read()


async def update(session: aiohttp.ClientSession, name: str, value: str) -> None:
    body = config_map(name, value)
    async with session.put(
        f"{PATH}/{name}", data=body, headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 200, await answer.text()
        await answer.read()


async def rate(
    clients: int, seconds: float, write: Callable[[int, int], Awaitable[None]]
) -> tuple[float, list[float]]:
    """Writes a second with so many clients at once, and how long each took in milliseconds."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        count = 0
        while (start := time.perf_counter()) < end:
            await write(number, count)
            took.append(1000 * (time.perf_counter() - start))
            count += 1

    start = time.perf_counter()
    await asyncio.gather(*map(client, range(clients)))
    return len(took) / (time.perf_counter() - start), took


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def measure_writes(session: aiohttp.ClientSession, seconds: float) -> list[Row]:
    rows = []
    targets = {1: "≥ 450", 16: "≥ 1,100", 64: "≥ 2,000"}
    for clients in CLIENTS:
        created, took = await rate(clients, seconds, lambda c, n, k=clients: create(session, f"c{k}-{c}-{n}"))
        rows += [
            Row(f"creates, {clients} clients", created, "/s", targets[clients]),
            Row(f"create p50, {clients} clients", statistics.median(took), "ms"),
            Row(f"create p99, {clients} clients", percentile(took, 0.99), "ms"),
        ]
    for clients in CLIENTS:
        updated, took = await rate(
            clients, seconds, lambda c, n, k=clients: update(session, f"c{k}-{c}-0", f"{VALUE}{n}")
        )
        rows += [
            Row(f"updates, {clients} clients", updated, "/s"),
            Row(f"update p99, {clients} clients", percentile(took, 0.99), "ms"),
        ]
    return rows


async def measure_list(session: aiohttp.ClientSession) -> list[Row]:
    listed = "/api/v1/namespaces/listed/configmaps"
    pending = iter(range(OBJECTS))

    async def fill() -> None:
        for number in pending:
            body = config_map(f"listed-{number}")
            async with session.post(
                listed, data=body, headers={"Content-Type": "application/json"}
            ) as answer:
                assert answer.status == 201, await answer.text()

    await asyncio.gather(*(fill() for _ in range(64)))
    took = []
    for _ in range(10):
        start = time.perf_counter()
        async with session.get(listed) as answer:
            size = len(await answer.read())
        took.append(1000 * (time.perf_counter() - start))
    return [
        Row(f"list of {OBJECTS:,} ConfigMaps", statistics.median(took), "ms", "≤ 210"),
        Row("its size", size / 1e6, "MB"),
    ]


async def measure_watch(session: aiohttp.ClientSession, seconds: float) -> list[Row]:
    """WATCHERS watches of one namespace while WATCHED_WRITES_PER_SECOND are written into it. All count
    their events; one in ten reads them, so that this client is not what is measured."""
    path = "/api/v1/namespaces/watched/configmaps"
    late: list[float] = []
    counts = [0] * WATCHERS
    async with session.get(path) as answer:
        revision = (await answer.json())["metadata"]["resourceVersion"]
    opened = asyncio.Barrier(WATCHERS + 1)

    async def watch(number: int) -> None:
        query = {"watch": "1", "resourceVersion": revision, "timeoutSeconds": str(int(seconds) + 2)}
        async with session.get(path, params=query) as answer:
            await opened.wait()
            chunks = answer.content if number % 10 == 0 else answer.content.iter_any()
            async for chunk in chunks:
                counts[number] += chunk.count(b"\n")
                if number % 10 == 0:
                    sent = json.loads(chunk)["object"]["data"]["value"]
                    late.append(1000 * (time.perf_counter() - float(sent)))

    watchers = [asyncio.create_task(watch(number)) for number in range(WATCHERS)]
    await opened.wait()
    writes = []
    start = time.perf_counter()
    for number in range(int(seconds * WATCHED_WRITES_PER_SECOND)):
        await asyncio.sleep(max(0.0, start + number / WATCHED_WRITES_PER_SECOND - time.perf_counter()))
        body = config_map(f"watched-{number}", str(time.perf_counter()))
        writes.append(asyncio.create_task(post(session, path, body)))
    await asyncio.gather(*writes, *watchers)
    assert counts == [len(writes)] * WATCHERS, "a watch missed an event"
    name = f"watch, {WATCHERS} watchers, {WATCHED_WRITES_PER_SECOND} writes/s"
    return [
        Row(f"{name}, p50", statistics.median(late), "ms"),
        Row(f"{name}, p99", percentile(late, 0.99), "ms", "≤ 20"),
    ]


async def post(session: aiohttp.ClientSession, path: str, body: bytes) -> None:
    async with session.post(path, data=body, headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 201, await answer.text()


async def measure(home: Path, port: int, server: psutil.Process, seconds: float) -> list[Row]:
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    context.load_cert_chain(home / "admin.crt", home / "admin.key")
    connector = aiohttp.TCPConnector(limit=0, ssl=context)
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
        idle = server.memory_info().rss
        rows = [Row("memory at rest", idle / 1e6, "MB", "≤ 120")]
        rows += await measure_list(session)
        full = server.memory_info().rss
        rows.append(Row(f"memory per {OBJECTS:,} objects", (full - idle) / 1e6, "MB"))
        rows += await measure_writes(session, seconds)
        rows += await measure_watch(session, seconds)
        rows.append(Row("memory at the end", server.memory_info().rss / 1e6, "MB"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_files(home)
        ready, ready_in = multiprocessing.Pipe(duplex=False)
        stop_out, stop = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("spawn").Process(
            target=run_server, args=(home, ready_in, stop_out), daemon=True
        )
        process.start()
        port = ready.recv()
        try:
            rows = uvloop.run(measure(home, port, psutil.Process(process.pid), arguments.seconds))
        finally:
            stop.send(None)
            process.join(10)
    shown = [(row.name, f"{row.value:,.1f}", row.unit, row.target) for row in rows]
    print_table("API server", ("what", "measured", "unit", "target"), shown)
    write_json("api", [asdict(row) for row in rows])


if __name__ == "__main__":
    main()
