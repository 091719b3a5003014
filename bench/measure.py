"""What the benchmarks share: medians with their spread, closed-loop HTTP load, a table, a JSON file."""

import asyncio
import json
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

OUT = Path(__file__).parent / "out"
TABLE_WIDTH = 110


@dataclass(frozen=True)
class Spread:
    """The median of several rounds, and the lowest and highest."""

    median: float
    lowest: float
    highest: float

    def __str__(self) -> str:
        digits = 0 if self.median >= 100 else 2
        return f"{self.median:,.{digits}f} ({self.lowest:,.{digits}f}-{self.highest:,.{digits}f})"


def spread(values: Sequence[float]) -> Spread:
    """Over the rounds of one measurement."""
    return Spread(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Load:
    """One round of HTTP load."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float


async def http_load(port: int, request: bytes, connections: int, seconds: float) -> Load:
    """Send `request` over so many loopback connections, each waiting for its answer before the next.

    Raises RuntimeError for an answer that is not 200 and for a connection that ends.
    """
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    clients = [_Client(request, started + seconds) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)
    await asyncio.gather(*(client.done for client in clients))
    elapsed = time.perf_counter() - started
    latencies = sorted(latency for client in clients for latency in client.latencies)
    return Load(
        requests_per_second=len(latencies) / elapsed,
        p50_ms=latencies[len(latencies) // 2] * 1000,
        p99_ms=latencies[len(latencies) * 99 // 100] * 1000,
    )


class _Client(asyncio.Protocol):
    """Nothing but the HTTP that the load needs, so that the client does not become the bottleneck."""

    def __init__(self, request: bytes, deadline: float) -> None:
        self.request = request
        self.deadline = deadline
        self.latencies: list[float] = []
        self.received = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        self.sent = time.perf_counter()
        if self.sent < self.deadline:
            self.transport.write(self.request)
        else:
            self.done.set_result(None)
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        if b" 200 " not in head[:16]:
            self.done.set_exception(RuntimeError(f"the server answered {self.received[:300]!r}"))
            return
        self.latencies.append(time.perf_counter() - self.sent)
        self.received = b""
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"the connection ended: {error}"))


def _content_length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; the first column is text, the others are numbers."""
    table = Table(title=title)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    Console(width=TABLE_WIDTH).print(table)


def write_json(name: str, results: Any) -> Path:
    """Write `results` with the machine they were measured on to bench/out/NAME.json."""
    OUT.mkdir(exist_ok=True)
    machine = {"cpus": psutil.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    path = OUT / f"{name}.json"
    path.write_text(json.dumps({"machine": machine, "results": results}, indent=1) + "\n")
    return path
