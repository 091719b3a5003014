"""A real server over TLS in a thread of its own, and a client that sends what it is told, byte by byte."""

import asyncio
import http.client
import json
import logging
import ssl
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.apiserver.conftest import now_ms, tls_home
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.resources.registry import ALL_KINDS
from tradewind.store.store import memory_store

__all__ = ["tls_home"]

ANSWER_SECONDS = 10
# What a server may say that is not the client's mistake: a resource version that is still to come.
NOT_YET = (504, "Timeout")


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    code: int
    body: bytes

    @property
    def status(self) -> Any:
        """The body as JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass
class Fuzzed:
    """A running server and the connection to it. Both live on whatever is sent."""

    port: int
    tls: ssl.SSLContext
    files: Path
    log: "Messages"
    connection: http.client.HTTPSConnection | None = field(default=None)

    def send(
        self, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """The answer, which must come in time and be no failure of the server."""
        try:
            answer = self._send(method, target, body, headers or {})
        except TimeoutError:
            raise AssertionError(f"no answer: {(method, target, headers, body[:2000])}") from None
        except (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionError, ssl.SSLError):
            self.connection = None  # it may cut a connection that it cannot make sense of, but must live on
            answer = self._send("GET", "/livez", b"", {})
            assert answer.code == 200, (method, target, headers, body[:2000])
        unexpected, self.log.unexpected = self.log.unexpected, []
        assert not unexpected, (method, target, headers, body[:2000], unexpected)
        if answer.code >= 500:
            reason = answer.status and answer.status.get("reason")
            assert (answer.code, reason) == NOT_YET, (method, target, body[:2000], answer)
        return answer

    def _send(self, method: str, target: str, body: bytes, headers: dict[str, str]) -> Answer:
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port, context=self.tls, timeout=ANSWER_SECONDS
            )
        connection = self.connection
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            if body or method in ("POST", "PUT", "PATCH"):
                connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name, value.encode())
            connection.endheaders(body or None)
            with connection.getresponse() as response:
                answer = Answer(response.status, response.read())
            if method == "CONNECT":  # what follows on this connection is for the tunnel that was asked for
                connection.close()
                self.connection = None
            return answer
        except BaseException:
            connection.close()
            self.connection = None
            raise


class Messages(logging.Handler):
    """Errors that the server did not expect; each is a bug, whatever it answered."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.unexpected: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.unexpected.append(self.format(record))


@pytest.fixture(scope="module")
def fuzzed(tls_home) -> Iterator[Fuzzed]:
    """A server of every kind over a store in memory, used by all tests of a module."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    messages = Messages()
    logging.getLogger().addHandler(messages)

    def run(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    async def start() -> tuple[Any, Any]:
        store = memory_store()
        objects = Objects(catalog(ALL_KINDS), store, now_ms, lambda: str(uuid.uuid4()))
        tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
        return store, await serve(application(objects, lambda _: tls_home / "pod.log"), 0, tls)

    store, server = run(start())
    context = ssl.create_default_context(cafile=str(tls_home / "ca.crt"))
    context.load_cert_chain(tls_home / "admin.crt", tls_home / "admin.key")
    fuzzed = Fuzzed(server.port, context, tls_home, messages)
    yield fuzzed
    assert fuzzed.send("GET", "/readyz").body == b"ok"
    if fuzzed.connection:
        fuzzed.connection.close()
    run(server.close())
    run(store.close())
    logging.getLogger().removeHandler(messages)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def until(seconds: float) -> Iterator[int]:
    """0, 1, 2, … for so many seconds."""
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        yield number
        number += 1
