"""Serving an application over TLS on this machine's loopback."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError as BadRequest

from tradewind.apiserver.connections import (
    GOODBYE_SECONDS,
    HANDSHAKE_SECONDS,
    Door,
    allow_many_files,
)
from tradewind.base.ports import LOOPBACK

SHUTDOWN_SECONDS = 5.0
KEEPALIVE_SECONDS = 120.0
BACKLOG = 1024
LINE_BYTES = 64 * 1024  # of the URL, and of each header


@dataclass(frozen=True)
class TlsFiles:
    """PEM files: the server's certificate and key, and the authority whose client certificates count."""

    certificate: Path
    private_key: Path
    authority: Path


@dataclass(frozen=True)
class Server:
    """A server that runs. `close` ends its streams, waits for requests for SHUTDOWN_SECONDS at most."""

    url: str
    port: int
    close: Callable[[], Awaitable[None]]


def tls_context(files: TlsFiles) -> ssl.SSLContext:
    """TLS 1.2 or later; a client certificate is optional, but one that is shown must be the authority's.

    Raises OSError or ssl.SSLError when a file is missing or wrong.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(files.authority))
    context.load_cert_chain(files.certificate, files.private_key)
    context.verify_mode = ssl.CERT_OPTIONAL
    context.set_alpn_protocols(["http/1.1"])
    return context


def _logger() -> logging.Logger:
    """aiohttp logs a traceback for every client that does not speak HTTP; it got its 400, that is enough."""
    logger = logging.getLogger(__name__)
    logger.filters = [lambda record: not (record.exc_info and isinstance(record.exc_info[1], BadRequest))]
    return logger


async def serve(app: web.Application, port: int, tls: TlsFiles) -> Server:
    """Listen on loopback; port 0 takes a free one. Raises OSError when the port is taken."""
    allow_many_files()
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        logger=_logger(),
        auto_decompress=False,
        keepalive_timeout=KEEPALIVE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
    )
    await runner.setup()
    server = runner.server
    assert server is not None
    try:
        listening = await asyncio.get_running_loop().create_server(
            lambda: Door(server, server),
            LOOPBACK,
            port,
            ssl=tls_context(tls),
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=GOODBYE_SECONDS,
        )
    except BaseException:
        await runner.cleanup()
        raise

    async def close() -> None:
        listening.close()
        await runner.cleanup()

    actual: int = listening.sockets[0].getsockname()[1]
    return Server(f"https://{LOOPBACK}:{actual}", actual, close)
