"""Serving an application over TLS on this machine's loopback."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from tradewind.base.ports import LOOPBACK

SHUTDOWN_SECONDS = 5.0
KEEPALIVE_SECONDS = 120.0
BACKLOG = 1024


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


async def serve(app: web.Application, port: int, tls: TlsFiles) -> Server:
    """Listen on loopback; port 0 takes a free one. Raises OSError when the port is taken."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        keepalive_timeout=KEEPALIVE_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, port, ssl_context=tls_context(tls), backlog=BACKLOG)
    try:
        await site.start()
    except BaseException:
        await runner.cleanup()
        raise
    actual = runner.addresses[0][1]
    return Server(f"https://{LOOPBACK}:{actual}", actual, runner.cleanup)
