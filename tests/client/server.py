"""A small API server of ConfigMaps over TLS, that records what it is asked and can be told to misbehave."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

COLLECTION = "/api/v1/namespaces/ns/configmaps"
OBJECT = f"{COLLECTION}/a"

Answer = Callable[[web.Request], Any]


@dataclass
class FakeServer:
    """Answers by method and path; `asked` has every request with its body."""

    answers: dict[tuple[str, str], Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    url: str = ""

    def on(self, method: str, path: str, answer: Answer) -> None:
        """Answer this from now on; `answer` returns a response or something to be sent as JSON."""
        self.answers[method, path] = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Record the request, then answer it."""
        raw = await request.read()
        self.asked.append(
            (request.method, request.path_qs, dict(request.headers), json.loads(raw) if raw else None)
        )
        answer = self.answers.get((request.method, request.path))
        if answer is None:
            return web.json_response(status(404, "NotFound", f"{request.path} not found"), status=404)
        found = answer(request)
        if asyncio.iscoroutine(found):
            found = await found
        return found if isinstance(found, web.StreamResponse) else web.json_response(found)


def status(code: int, reason: str, message: str) -> dict[str, Any]:
    """A Status object."""
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }


def config_map(name: str = "a", version: str = "1", **data: str) -> dict[str, Any]:
    """A ConfigMap as a server has it."""
    metadata = {"name": name, "namespace": "ns", "resourceVersion": version}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@contextlib.asynccontextmanager
async def running(tls: ssl.SSLContext | None) -> AsyncIterator[FakeServer]:
    """A server on a free port of loopback until the block ends."""
    server = FakeServer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        host, port = runner.addresses[0][:2]
        server.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()


def lines(*events: dict[str, Any], then: Callable[[], Any] | None = None) -> Answer:
    """A stream of JSON lines, cut in the middle of them; `then` is awaited before it ends."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        raw = b"".join(json.dumps(event).encode() + b"\n" for event in events)
        for start in range(0, len(raw), 7):
            await response.write(raw[start : start + 7])
        if then is not None:
            await then()
        return response

    return answer
