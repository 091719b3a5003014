"""Open-loop load (shell): requests leave at their times whether or not earlier ones were answered.

A closed loop would wait for a slow answer and so hide an outage; an open one counts it.
"""

import asyncio
import time
from dataclasses import dataclass, field
from statistics import quantiles

import aiohttp

MOST_IN_FLIGHT = 2_000


@dataclass(frozen=True)
class LoadRequest:
    """What is sent again and again."""

    url: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """One request that was not answered with 200; `at_seconds` counts from the start of the load."""

    at_seconds: float
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """What came back. Latencies are of successful requests, in the order they ended."""

    sent: int
    latencies_ms: tuple[float, ...]
    failures: tuple[Failure, ...]

    def percentile_ms(self, percent: int) -> float:
        """A latency percentile (1 to 99); 0 when nothing succeeded."""
        if len(self.latencies_ms) < 2:
            return self.latencies_ms[0] if self.latencies_ms else 0.0
        return quantiles(self.latencies_ms, n=100, method="inclusive")[percent - 1]


class Load:
    """A running load. `async with Load(...) as load:` sends until the block ends; then see `report`."""

    def __init__(self, request: LoadRequest, rate_per_second: float, timeout_seconds: float = 10.0) -> None:
        self._request = request
        self._interval_seconds = 1 / rate_per_second
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._latencies_ms: list[float] = []
        self._failures: list[Failure] = []
        self._sent = 0
        self._started = 0.0

    @property
    def report(self) -> LoadReport:
        """What has come back so far."""
        return LoadReport(self._sent, tuple(self._latencies_ms), tuple(self._failures))

    async def __aenter__(self) -> "Load":
        self._session = aiohttp.ClientSession(
            timeout=self._timeout, connector=aiohttp.TCPConnector(limit=MOST_IN_FLIGHT)
        )
        self._started = time.monotonic()
        self._sender = asyncio.create_task(self._send_on_schedule())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop sending, wait for what is in flight, close."""
        self._sender.cancel()
        await asyncio.gather(self._sender, return_exceptions=True)
        await self._session.close()

    async def _send_on_schedule(self) -> None:
        in_flight: set[asyncio.Task[None]] = set()
        try:
            while len(in_flight) < MOST_IN_FLIGHT:
                due = self._started + self._sent * self._interval_seconds
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self._sent += 1
                task = asyncio.create_task(self._send_one())
                in_flight.add(task)
                task.add_done_callback(in_flight.discard)
            self._fail(f"more than {MOST_IN_FLIGHT} requests are unanswered; the load stopped")
        finally:
            await asyncio.gather(*in_flight, return_exceptions=True)

    async def _send_one(self) -> None:
        begun = time.monotonic()
        request = self._request
        try:
            async with self._session.post(
                request.url, data=request.body, headers=request.headers
            ) as response:
                text = await response.text()
                if response.status != 200:
                    self._fail(f"{response.status} {text[:200]}")
                    return
        except (aiohttp.ClientError, TimeoutError) as error:
            self._fail(f"{type(error).__name__} {error}")
            return
        self._latencies_ms.append((time.monotonic() - begun) * 1000)

    def _fail(self, reason: str) -> None:
        self._failures.append(Failure(round(time.monotonic() - self._started, 3), reason))
