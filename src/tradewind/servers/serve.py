"""The life of the server: listen, load, warm up, serve until a signal, drain.

It listens before it loads, so that whoever probes it learns why it is not ready. On SIGTERM readiness
turns 503 at once; the replica goes on answering what still arrives, until nothing is in flight for a
moment (requests that a gateway had already sent are then answered, too) or half the drain time is
over; then it stops listening, closes idle connections and waits for the rest.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from functools import partial
from time import perf_counter

from aiohttp import web

from tradewind.servers import frameworks
from tradewind.servers.admission import Admission
from tradewind.servers.app import make_app
from tradewind.servers.errors import StartError
from tradewind.servers.events import emit
from tradewind.servers.flags import Settings
from tradewind.servers.lifecycle import Event
from tradewind.servers.metrics import make_metrics
from tradewind.servers.model import ServedModel
from tradewind.servers.state import ServerState
from tradewind.servers.warm_up import warm_up
from tradewind.servers.workers import Workers

LOAD_TIMEOUT_SECONDS = 3600.0
QUIET_SECONDS = 0.1


async def serve(settings: Settings, environment: Mapping[str, str]) -> None:
    """Serve until SIGTERM or SIGINT and drain. Raises StartError when it cannot listen or load."""
    admission = Admission(settings.max_in_flight)
    metrics = make_metrics(settings.model_name, admission)
    state = ServerState(settings, environment, Workers(settings.predict_threads), admission, metrics)
    terminated = _on_signals()
    runner = await _listen(state)
    try:
        await _load_until(terminated, state)
    except StartError:
        await runner.cleanup()
        raise
    await terminated.wait()
    state.advance(Event.TERMINATE)
    emit("draining", model=settings.model_name, in_flight=admission.in_flight)
    await _drain(state, runner)
    emit("stopped", model=settings.model_name, unanswered=admission.in_flight)


async def _listen(state: ServerState) -> web.AppRunner:
    settings = state.settings
    runner = web.AppRunner(
        make_app(state),
        access_log=None,
        keepalive_timeout=settings.keep_alive_seconds,
        shutdown_timeout=settings.drain_seconds / 2,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.http_port).start()
    except OSError as error:
        await runner.cleanup()
        raise StartError(
            f"cannot listen on {settings.host}:{settings.http_port}: {_cause(error)}; "
            f"choose another --host or --http_port"
        ) from None
    emit("listening", model=settings.model_name, host=settings.host, port=runner.addresses[0][1])
    return runner


def _cause(error: OSError) -> str:
    """The system's words; asyncio wraps them in its own, and a name look-up has no number of theirs."""
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror)


async def _load_until(terminated: asyncio.Event, state: ServerState) -> None:
    """Load the model, or give up when the signal comes first."""
    loading = asyncio.create_task(_load(state))
    stopping = asyncio.create_task(terminated.wait())
    await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if loading.done():
        loading.result()
    loading.cancel()


async def _load(state: ServerState) -> None:
    started = perf_counter()
    call = partial(_load_and_warm_up, state.settings, state.environment)
    try:
        state.served = await state.workers.run(call, LOAD_TIMEOUT_SECONDS)
    except TimeoutError:
        raise StartError(
            f"model {state.settings.model_name} did not load within {LOAD_TIMEOUT_SECONDS:g} s"
        ) from None
    state.advance(Event.LOADED)
    emit("ready", model=state.settings.model_name, load_ms=round((perf_counter() - started) * 1000))


def _load_and_warm_up(settings: Settings, environment: Mapping[str, str]) -> ServedModel:
    model = frameworks.load(settings.framework, settings.model_dir, environment)
    return warm_up(settings.model_name, settings.framework, model)


async def _drain(state: ServerState, runner: web.AppRunner) -> None:
    half_seconds = state.settings.drain_seconds / 2
    try:
        async with asyncio.timeout(half_seconds):
            await state.admission.until_quiet(QUIET_SECONDS)
    except TimeoutError:
        emit("drain_is_slow", in_flight=state.admission.in_flight)
    try:
        async with asyncio.timeout(half_seconds):
            for site in runner.sites:
                await site.stop()
            # connections that were accepted just before may still bring their request
            await state.admission.until_quiet(QUIET_SECONDS)
            await runner.cleanup()
    except TimeoutError:
        emit("drain_incomplete", in_flight=state.admission.in_flight)


def _on_signals() -> asyncio.Event:
    terminated = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, terminated.set)
    return terminated
