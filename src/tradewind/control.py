"""What the hub's and the members' processes share (shell): an API over its store, and an orderly life.

A control process may be killed at any time; starting it again is the same code as starting it first.
"""

import asyncio
import gc
import logging
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec
import uvloop

from tradewind.apiserver.audit_log import AuditLog
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.computed import Computed
from tradewind.apiserver.expiry import keep_sweeping
from tradewind.apiserver.http import PodLogs, application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.apiserver.tokens import TokenKey, read_key
from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.client.local import LocalClient
from tradewind.node.logs import rotate
from tradewind.resources.core_kinds import EVENT
from tradewind.resources.fleet import Fleet
from tradewind.resources.kinds import Kind
from tradewind.resources.review_kinds import REVIEW_KINDS
from tradewind.store.entries import StoreError
from tradewind.store.sqlite import open_store
from tradewind.traffic.envoy import (
    EnvoyError,
    EnvoyProcess,
    ensure_running,
    keep_running,
    wait_until_ready,
)
from tradewind.traffic.xds import Snapshot, start_xds

log = logging.getLogger(__name__)

ENVOY_READY_SECONDS = 20.0
LOOK_AT_LOGS_SECONDS = 30.0
# How long the store's writer waits for the interpreter when the API computes, at each of its statements.
SWITCH_SECONDS = 0.0002
# Objects live long, and a collection of the oldest generation goes through all of them while everybody waits.
# Allocations before the first, then collections of each before one of the next; Python's are 700, 10, 10.
COLLECT_AFTER = (20_000, 20, 100)
CONTROLLERS, GATEWAY = "its controllers", "its gateway"


@dataclass
class Readiness:
    """What a part still waits for. `/readyz` answers once nothing is left."""

    waiting_for: set[str] = field(default_factory=lambda: {CONTROLLERS, GATEWAY})

    def why_not(self) -> str:
        """What is missing, in words; "" when the part is ready."""
        return f"waiting for {' and '.join(sorted(self.waiting_for))}" if self.waiting_for else ""

    def reached(self, what: str) -> None:
        """One thing less to wait for."""
        self.waiting_for.discard(what)


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def load_fleet_of(layout: FleetLayout) -> Fleet:
    """The fleet that this process is part of, as `tradewind up` wrote it down."""
    return msgspec.json.decode(layout.fleet_file.read_bytes(), type=Fleet)


def token_key(part: PartLayout) -> TokenKey:
    """The key of a part's tokens, as `tradewind up` made it."""
    return read_key(part.token_key.read_bytes())


@asynccontextmanager
async def open_api(
    layout: FleetLayout,
    part: PartLayout,
    kinds: Iterable[Kind],
    port: int,
    readiness: Readiness,
    manager: str,
    pod_logs: PodLogs | None = None,
    computed: Sequence[Computed] = (),
) -> AsyncIterator[LocalClient]:
    """Serve a part's objects, and kinds that are worked out on demand, over TLS until the block ends; gives
    the client for inside this process, which writes as `manager`.

    Raises CannotOpen when the store is damaged, OSError when the port is taken.
    """
    store = open_store(part.database)
    try:
        served = catalog([*kinds, *REVIEW_KINDS, *(one.kind for one in computed)])
        objects = Objects(served, store, now_ms, lambda: str(uuid.uuid4()))
        await objects.ensure_namespaces()
        tls = TlsFiles(part.certificate, part.private_key, layout.ca_certificate)
        with closing(AuditLog(part.audit_log)) as audit_log:
            app = application(objects, pod_logs, readiness.why_not, computed, token_key(part), audit_log)
            server = await serve(app, port, tls)
            try:
                async with _meanwhile(keep_sweeping(objects, EVENT)):
                    yield LocalClient(objects, manager)
            finally:
                await server.close()
    finally:
        await store.close()


@asynccontextmanager
async def _meanwhile(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Do this until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def keep_logs_small(part: PartLayout) -> None:
    """Bound what the control process and its Envoy write, until cancelled: each one's log, and as much of
    what came before."""
    while True:
        for path in (part.log, part.envoy_log):
            try:
                await asyncio.to_thread(rotate, path)
            except OSError as error:
                log.warning("%s cannot be rotated: %s", path, error)
        await asyncio.sleep(LOOK_AT_LOGS_SECONDS)


async def run_beside_envoy(
    envoy: EnvoyProcess,
    snapshot: Snapshot,
    xds_port: int,
    readiness: Readiness,
    chance: Random,
    loops: Iterable[Coroutine[None, None, None]],
) -> None:
    """Run `loops`, and an Envoy that is configured from `snapshot`, until cancelled; Envoy goes on then.

    Raises EnvoyError when it cannot be started, OSError when the xDS port is taken.
    """
    xds = await start_xds(snapshot, xds_port)
    try:
        async with asyncio.TaskGroup() as tasks:
            for loop in (*loops, keep_logs_small(envoy.layout)):
                tasks.create_task(loop)
            running = await ensure_running(envoy)
            tasks.create_task(keep_running(envoy, running, chance))
            await wait_until_ready(envoy, ENVOY_READY_SECONDS)
            readiness.reached(GATEWAY)
    finally:
        await xds.cleanup()


def prepare_interpreter() -> None:
    """Set what a process that serves an API over many objects needs; once everything is imported."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def run_part(main: Callable[[], Awaitable[None]]) -> None:
    """Run a control process until SIGTERM or SIGINT; it exits 1, with one line that says why, on an error
    that a user can mend."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    prepare_interpreter()
    try:
        uvloop.run(_until_told_to_stop(main))
    except* (StoreError, EnvoyError, OSError) as group:
        sys.exit(f"error: {_first(group)}")
    except* Exception as group:
        error = _first(group)
        log.critical("internal error", exc_info=group)
        sys.exit(f"error: internal error, {type(error).__name__}: {error}; this is a bug in tradewind")


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def _until_told_to_stop(main: Callable[[], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(main())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        log.info("stopped")


def part_arguments() -> tuple[FleetLayout, tuple[str, ...]]:
    """The home folder and what follows it on the command line of a control process."""
    return FleetLayout(Path(sys.argv[1])), tuple(sys.argv[2:])
