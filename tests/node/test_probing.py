"""Probes against real sockets and commands."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.node.s3_server import free_port
from tradewind.node.probes import Action, Exec, HttpGet, Probe, Role, TcpSocket
from tradewind.node.probing import ask


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/slow":
            await asyncio.sleep(1)
        if request.path == "/headers":
            return web.Response(status=200 if request.headers.get("X-Probe") == "yes" else 400)
        return web.Response(status=int(request.path.rpartition("/")[2]), headers={"Location": "/500"})

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield port
    await runner.cleanup()


async def answer_to(action: Action, timeout_ms: int = 5_000, **environment: str) -> tuple[bool, str]:
    async with aiohttp.ClientSession() as http:
        return await ask(Probe(Role.READINESS, action, timeout_ms=timeout_ms), http, environment)


@pytest.mark.parametrize(
    ("status", "passes"), [(200, True), (204, True), (302, True), (404, False), (503, False)]
)
async def test_http_statuses(port: int, status: int, passes: bool) -> None:
    message = "" if passes else f"HTTP probe failed with statuscode: {status}"
    assert await answer_to(HttpGet(port, f"/{status}")) == (passes, message)


async def test_headers_are_sent(port: int) -> None:
    assert await answer_to(HttpGet(port, "/headers", headers=(("X-Probe", "yes"),))) == (True, "")


async def test_no_answer_in_time(port: int) -> None:
    assert await answer_to(HttpGet(port, "/slow"), timeout_ms=100) == (False, "no answer within 100 ms")


async def test_nobody_listens() -> None:
    port = free_port()
    for action in (HttpGet(port), TcpSocket(port)):
        success, message = await answer_to(action)
        assert not success
        assert str(port) in message


async def test_a_connection_is_enough(port: int) -> None:
    assert await answer_to(TcpSocket(port)) == (True, "")


async def test_commands(tmp_path: Path) -> None:
    assert await answer_to(Exec(("/bin/sh", "-c", 'test "$MARK" = yes')), MARK="yes") == (True, "")
    assert await answer_to(Exec(("/bin/sh", "-c", "exit 3"))) == (False, "command /bin/sh exited with 3")
    success, message = await answer_to(Exec(("/no/such/program",)))
    assert not success
    assert "/no/such/program" in message


async def test_a_command_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    number = tmp_path / "pid"
    command = Exec(("/bin/sh", "-c", f"echo $$ > {number}; exec sleep 600"))
    began_at = time.monotonic()
    assert await answer_to(command, timeout_ms=500) == (False, "no answer within 500 ms")
    assert time.monotonic() - began_at < 10
    assert not Path(f"/proc/{number.read_text().strip()}").exists()
