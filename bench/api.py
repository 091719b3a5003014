"""How fast the API is: durable writes, lists and watches over TLS, one server process, one client process.

    python bench/api.py [--seconds 5]

Prints a table and writes bench/out/api.json. Every write is acknowledged only after an fsync. The last rows
are what a member's agent notices of a client in a loop, with and without fairness.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import ssl
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp
import psutil
import uvloop

from measure import print_table, write_json
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.fairness import LEVELS
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.base.certificates import issue, make_authority, write_credentials
from tradewind.control import prepare_interpreter
from tradewind.resources.registry import HUB_KINDS
from tradewind.store.sqlite import open_store

CLIENTS = (1, 16, 64)
OBJECTS = 10_000
WATCHERS = 100
CONNECTIONS = 400  # fewer than the server lets one user have
WATCHED_WRITES_PER_SECOND = 500
PATH = "/api/v1/namespaces/bench/configmaps"
LISTED = "/api/v1/namespaces/listed/configmaps"
VALUE = "x" * 512
USERS = (
    ("admin", "admin", "system:masters"),
    ("agent", "system:karmada:agent:m1", "system:karmada:agents"),
)
LEASES = "/apis/coordination.k8s.io/v1/namespaces/karmada-cluster/leases"
GREEDY_CONNECTIONS = 64
RENEWALS_PER_SECOND = 20
UNFAIR = tuple(replace(level, seats=10**9, user_seats=10**6, queued=10**9) for level in LEVELS)
SPAWN = multiprocessing.get_context("spawn")
TABLE = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}


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
    for name, user, group in USERS:
        credentials = issue(authority, user, now_ms(), organizations=[group])
        write_credentials(credentials, home / f"{name}.crt", home / f"{name}.key")
    return TlsFiles(home / "tls.crt", home / "tls.key", home / "ca.crt")


def run_server(home: Path, fair: bool, ready: Connection, stop: Connection) -> None:
    """A hub's API and nothing else, until `stop` is written to."""
    prepare_interpreter()

    async def main() -> None:
        store = open_store(home / "store.db")
        objects = Objects(catalog(HUB_KINDS), store, now_ms, lambda: str(uuid.uuid4()))
        files = TlsFiles(home / "tls.crt", home / "tls.key", home / "ca.crt")
        server = await serve(application(objects, levels=LEVELS if fair else UNFAIR), 0, files)
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
    pending = iter(range(OBJECTS))

    async def fill() -> None:
        for number in pending:
            body = config_map(f"listed-{number}")
            async with session.post(
                LISTED, data=body, headers={"Content-Type": "application/json"}
            ) as answer:
                assert answer.status == 201, await answer.text()

    await asyncio.gather(*(fill() for _ in range(64)))
    took = []
    for _ in range(10):
        start = time.perf_counter()
        async with session.get(LISTED) as answer:
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
    total = int(seconds * WATCHED_WRITES_PER_SECOND)
    async with session.get(path) as answer:
        revision = (await answer.json())["metadata"]["resourceVersion"]
    opened = asyncio.Barrier(WATCHERS + 1)

    async def watch(number: int) -> None:
        query = {"watch": "1", "resourceVersion": revision, "timeoutSeconds": str(10 * int(seconds) + 10)}
        async with session.get(path, params=query) as answer:
            await opened.wait()
            chunks = answer.content if number % 10 == 0 else answer.content.iter_any()
            async for chunk in chunks:
                counts[number] += chunk.count(b"\n")
                if number % 10 == 0:
                    sent = json.loads(chunk)["object"]["data"]["value"]
                    late.append(1000 * (time.perf_counter() - float(sent)))
                if counts[number] >= total:
                    return

    watchers = [asyncio.create_task(watch(number)) for number in range(WATCHERS)]
    await opened.wait()
    writes = []
    start = time.perf_counter()
    for number in range(total):
        await asyncio.sleep(max(0.0, start + number / WATCHED_WRITES_PER_SECOND - time.perf_counter()))
        body = config_map(f"watched-{number}", str(time.perf_counter()))
        writes.append(asyncio.create_task(post(session, path, body)))
    await asyncio.gather(*writes, *watchers)
    assert counts == [total] * WATCHERS, "a watch missed an event"
    name = f"watch, {WATCHERS} watchers, {WATCHED_WRITES_PER_SECOND} writes/s"
    return [
        Row(f"{name}, p50", statistics.median(late), "ms"),
        Row(f"{name}, p99", percentile(late, 0.99), "ms", "≤ 20"),
    ]


async def post(session: aiohttp.ClientSession, path: str, body: bytes) -> None:
    """Create; again when the server says so, which it does on a machine that is too slow for the rate."""
    headers = {"Content-Type": "application/json"}
    while True:
        async with session.post(path, data=body, headers=headers) as answer:
            assert answer.status in (201, 429), await answer.text()
        if answer.status == 201:
            return
        await asyncio.sleep(0.05)


def tls_of(home: Path, user: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    context.load_cert_chain(home / f"{user}.crt", home / f"{user}.key")
    return context


def run_greedy(home: Path, port: int, listing: bool) -> None:
    """A client in a loop, until it is killed: lists or creates over GREEDY_CONNECTIONS."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(limit=0, ssl=tls_of(home, "admin"))
        async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:

            async def ask(number: int) -> None:
                for count in itertools.count():
                    if listing:
                        async with session.get(
                            "/api/v1/namespaces/listed/configmaps", headers=TABLE
                        ) as answer:
                            await answer.read()
                    else:
                        await create(session, f"greedy-{number}-{count}")

            await asyncio.gather(*map(ask, range(GREEDY_CONNECTIONS)))

    uvloop.run(main())


async def measure_fairness(home: Path, port: int, seconds: float, name: str) -> list[Row]:
    """How long an agent's renewal takes while another client does as much as it can."""
    rows = []
    connector = aiohttp.TCPConnector(ssl=tls_of(home, "agent"))
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
        async with session.post(LEASES, json={"metadata": {"name": "m1"}, "spec": {}}) as answer:
            assert answer.status == 201, await answer.text()
        for listing in (False, True):
            greedy = SPAWN.Process(target=run_greedy, args=(home, port, listing), daemon=True)
            greedy.start()
            try:
                await asyncio.sleep(2)
                took = await renewals(session, seconds)
            finally:
                greedy.kill()
                greedy.join()
            what = f"renewal, 64 connections {'list 10,000' if listing else 'create'}, {name}"
            rows += [
                Row(f"{what}, p50", statistics.median(took), "ms"),
                Row(f"{what}, slowest", max(took), "ms"),
            ]
    return rows


async def renewals(session: aiohttp.ClientSession, seconds: float) -> list[float]:
    took = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end or len(took) < 5:
        headers = {"Content-Type": "application/merge-patch+json"}
        patch = json.dumps({"spec": {"leaseTransitions": len(took)}})
        async with session.patch(f"{LEASES}/m1", data=patch, headers=headers) as answer:
            assert answer.status == 200, await answer.text()
            await answer.read()
        took.append(1000 * (time.perf_counter() - start))
        await asyncio.sleep(1 / RENEWALS_PER_SECOND)
    return took


async def measure(home: Path, port: int, server: psutil.Process, seconds: float) -> list[Row]:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=tls_of(home, "admin"))
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
        idle = server.memory_info().rss
        rows = [Row("memory at rest", idle / 1e6, "MB", "≤ 120")]
        rows += await measure_list(session)
        full = server.memory_info().rss
        rows.append(Row(f"memory per {OBJECTS:,} objects", (full - idle) / 1e6, "MB"))
        rows += await measure_writes(session, seconds)
        rows += await measure_watch(session, seconds)
        rows.append(Row("memory at the end", server.memory_info().rss / 1e6, "MB"))
    return rows + await measure_fairness(home, port, seconds, "fair")


async def measure_unfair(home: Path, port: int, _: psutil.Process, seconds: float) -> list[Row]:
    connector = aiohttp.TCPConnector(limit=0, ssl=tls_of(home, "admin"))
    async with aiohttp.ClientSession(f"https://127.0.0.1:{port}", connector=connector) as session:
        await measure_list(session)
    return await measure_fairness(home, port, seconds, "not fair")


Measure = Callable[[Path, int, psutil.Process, float], Coroutine[None, None, list[Row]]]


def with_server(measure_it: Measure, fair: bool, seconds: float) -> list[Row]:
    """Rows measured of a server of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_files(home)
        ready, ready_in = multiprocessing.Pipe(duplex=False)
        stop_out, stop = multiprocessing.Pipe(duplex=False)
        process = SPAWN.Process(target=run_server, args=(home, fair, ready_in, stop_out), daemon=True)
        process.start()
        port = ready.recv()
        try:
            return uvloop.run(measure_it(home, port, psutil.Process(process.pid), seconds))
        finally:
            stop.send(None)
            process.join(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    seconds = parser.parse_args().seconds
    rows = with_server(measure, True, seconds) + with_server(measure_unfair, False, seconds)
    shown = [(row.name, f"{row.value:,.1f}", row.unit, row.target) for row in rows]
    print_table("API server", ("what", "measured", "unit", "target"), shown)
    write_json("api", [asdict(row) for row in rows])


if __name__ == "__main__":
    main()
