"""Starts and stops a whole fleet on this machine (shell).

`up` leads to the same state from nothing, from a crashed fleet and from one that runs: what is
missing is made, what is dead is started, what lives is left alone. `down` ends exactly the processes
that are written down under the home folder.
"""

import contextlib
import os
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradewind.base.files import exclusive_lock
from tradewind.base.layout import FleetLayout
from tradewind.base.ports import LOOPBACK, is_free
from tradewind.base.processes import (
    ProcessRecord,
    is_alive,
    load_record,
    save_record,
    spawn_detached,
    stop_all,
)
from tradewind.federation.keys import NOT_READY_TAINT, UNREACHABLE_TAINT
from tradewind.parts import (
    FleetError,
    Part,
    admin_connection,
    find_unrecorded,
    forget_processes,
    is_control,
    last_line,
    live_records,
    member_part,
    part_alive,
    parts_of,
    stored_fleet,
)
from tradewind.resources.fleet import Fleet
from tradewind.resources.meta import Manifest

if TYPE_CHECKING:
    import aiohttp

READY_SECONDS = 30.0
STOP_GRACE_SECONDS = 10.0
POLL_SECONDS = 0.03

Report = Callable[[str], None]


@dataclass(frozen=True)
class DownReport:
    """What `down` ended: processes that stopped when asked, and those that had to be killed."""

    stopped: tuple[str, ...]
    killed: tuple[str, ...]


@contextlib.contextmanager
def held(layout: FleetLayout) -> Iterator[None]:
    """Be the one that starts or repairs the fleet in this home. Raises FleetError when another is."""
    layout.home.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(exclusive_lock(layout.lock, blocking=False))
        except BlockingIOError:
            raise FleetError(
                f"another `tradewind up` holds {layout.home}; look with `tradewind status`, stop it with "
                "`tradewind down`, or start a second fleet with another --home and spec.ports.base"
            ) from None
        yield


async def up(layout: FleetLayout, fleet: Fleet, report: Report) -> None:
    """Start or repair the fleet and wait until every part is ready.

    Raises FleetError: all of it runs already, it runs with another fleet file, a port is taken, or a
    part is not ready in time. Parts that were started stay, for `status`, `down` or another `up`.
    """
    from tradewind.credentials import prepare  # 60 ms that commands which only look should not pay

    parts = parts_of(layout, fleet)
    _refuse_a_running_one(layout, fleet, parts)
    prepare(layout, fleet, time.time_ns() // 1_000_000)
    _refuse_taken_ports([part for part in parts if not part_alive(part.layout)])
    for part in parts:
        if not part_alive(part.layout):
            start(part)
            report(f"started {part.name}")
    await wait_ready(layout, parts, READY_SECONDS)
    await _wait_until_joined(layout, parts)


def start_member(layout: FleetLayout, fleet: Fleet, name: str) -> None:
    """Start the control process of one member, which then brings back its gateway and its replicas."""
    part = member_part(layout, fleet, name)
    if part_alive(part.layout):
        raise FleetError(f'the member "{name}" runs already')
    _refuse_taken_ports([part])
    start(part)


def start(part: Part) -> None:
    """Start a part's control process, detached from this one."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    _, record = spawn_detached((sys.executable, *part.arguments), part.layout.log, environment, part.api_port)
    save_record(part.layout.process, record)


async def wait_ready(layout: FleetLayout, parts: list[Part], deadline_seconds: float) -> None:
    """Wait until every part answers /readyz: its API, its controllers and its Envoy work.

    Raises FleetError naming the first part that died or was not ready in time, with its last log line.
    """
    import asyncio  # with the next one 120 ms that commands which only look should not pay

    import aiohttp

    trust = ssl.create_default_context(cafile=str(layout.ca_certificate))
    until = time.monotonic() + deadline_seconds
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust), timeout=aiohttp.ClientTimeout(total=2)
    ) as session:
        await asyncio.gather(*(_wait_for_part(session, part, until) for part in parts))


async def _wait_until_joined(layout: FleetLayout, parts: list[Part]) -> None:
    """Wait until the hub counts every member as ready."""
    import asyncio

    from tradewind.client.http import HttpClient
    from tradewind.resources.cluster import CLUSTER

    hub, *members = parts
    until = time.monotonic() + READY_SECONDS
    missing = [part.name for part in members]
    async with HttpClient(admin_connection(layout, hub.api_port)) as client:
        while missing:
            listing = await client.list(CLUSTER)
            joined = {one["metadata"]["name"] for one in listing.items if _is_ready(one)}
            missing = [part.name for part in members if part.name not in joined]
            if missing and time.monotonic() > until:
                raise FleetError(
                    f"{', '.join(missing)} did not join the hub within {READY_SECONDS:.0f} s; "
                    f"see: tradewind logs {missing[0]} --home {layout.home}"
                )
            await asyncio.sleep(POLL_SECONDS if missing else 0)


def _is_ready(manifest: Manifest) -> bool:
    """Ready, and no longer tainted for not having been so: what is applied now may be placed there."""
    conditions = manifest.get("status", {}).get("conditions", [])
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    taints = manifest.get("spec", {}).get("taints", [])
    return ready and not any(taint["key"] in (NOT_READY_TAINT, UNREACHABLE_TAINT) for taint in taints)


async def _wait_for_part(session: "aiohttp.ClientSession", part: Part, until: float) -> None:
    import asyncio

    import aiohttp

    url, last = f"https://{LOOPBACK}:{part.api_port}/readyz", "it does not answer yet"
    while True:
        try:
            async with session.get(url) as response:
                if response.status == 200:
                    return
                last = _failed_checks(await response.text())
        except (aiohttp.ClientError, TimeoutError):
            pass
        if not part_alive(part.layout):
            raise FleetError(f"{part.name} ended: {last_line(part.layout)} (log: {part.layout.log})")
        if time.monotonic() > until:
            raise FleetError(
                f"{part.name} is not ready: {last}; last log line: {last_line(part.layout)} "
                f"(log: {part.layout.log})"
            )
        await asyncio.sleep(POLL_SECONDS)


def _failed_checks(text: str) -> str:
    """What /readyz says is wrong, without what is right."""
    failed = [line.removeprefix("[-]") for line in text.splitlines() if line.startswith("[-]")]
    return "; ".join(failed or [text])[:300]


def down(layout: FleetLayout, report: Report) -> DownReport:
    """Stop everything that this home's records name, and nothing else; in-flight requests may finish.

    Control processes go first, so that nothing is started again behind our back.
    """
    control = {name: one for name, one in live_records(layout).items() if is_control(name)}
    killed = _stop(control, report)
    find_unrecorded(layout)  # what a member was just starting has a process, but maybe no record yet
    serving = live_records(layout)
    killed += _stop(serving, report)
    forget_processes(layout)
    names = [*control, *serving]
    return DownReport(tuple(name for name in names if name not in killed), tuple(killed))


def _stop(records: Mapping[str, ProcessRecord], report: Report) -> list[str]:
    """Stop these together; returns the names of those that had to be killed."""
    forced = stop_all(list(records.values()), STOP_GRACE_SECONDS)
    for name in records:
        report(f"stopped {name}")
    return [name for name, record in records.items() if record in forced]


def _refuse_a_running_one(layout: FleetLayout, fleet: Fleet, parts: list[Part]) -> None:
    known, running = stored_fleet(layout), live_records(layout)
    if known is not None and running and known != fleet:
        raise FleetError(
            f"{layout.home} runs the fleet {known.metadata.name!r} with another fleet file; "
            f"stop it first with: tradewind down --home {layout.home}"
        )
    if all(part.name in running and f"{part.name} envoy" in running for part in parts):
        raise FleetError(
            f"the fleet {fleet.metadata.name!r} is already running in {layout.home}; see it with "
            f"`tradewind status --home {layout.home}`, stop it with `tradewind down --home {layout.home}`"
        )


def _refuse_taken_ports(parts: list[Part]) -> None:
    """A live Envoy of a dead member keeps its ports; any other holder is a stranger."""
    for part in parts:
        envoy = load_record(part.layout.envoy_process)
        adopted = envoy is not None and is_alive(envoy)
        for port in part.own_ports + (() if adopted else part.envoy_ports):
            if not is_free(port):
                raise FleetError(
                    f"port {port} on {LOOPBACK}, which {part.name} needs, is taken by another process; "
                    "end that process, or set spec.ports.base in the fleet file to another number"
                )
