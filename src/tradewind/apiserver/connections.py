"""Accepting connections (shell): so many of each user, closed when they are silent for too long.

Who connects is known once TLS has shaken hands; until then only time and the queue of the system bound it.
"""

import asyncio
import resource
from collections import Counter
from collections.abc import Callable
from typing import cast

from aiohttp import web

from tradewind.apiserver.access import User
from tradewind.apiserver.fairness import LEVELS, level_of
from tradewind.apiserver.users import user_of_connection

HANDSHAKE_SECONDS = 10.0
GOODBYE_SECONDS = 5.0  # for the end of TLS, before the connection is just cut
FILES = 2 * sum(level.connections for level in LEVELS)  # open ones: connections, and all else in a process

Protocols = Callable[[], asyncio.Protocol]


def may_connect(user: User, connected: Counter[User]) -> bool:
    """Whether a user may have one more connection, beside these. Pure."""
    level = level_of(user)
    together = sum(count for one, count in connected.items() if level_of(one) is level)
    return connected[user] < level.user_connections and together < level.connections


class Door(asyncio.Protocol):
    """A connection until it is known whose it is; then the server's own protocol takes over."""

    def __init__(self, server: web.Server, protocol: Protocols) -> None:
        self._server = server
        self._protocol = protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or cut it."""
        opened = cast(asyncio.Transport, transport)
        there = (one.transport for one in self._server.connections)
        connected = Counter(user_of_connection(one) for one in there if one is not None)
        if not may_connect(user_of_connection(opened), connected):
            opened.abort()
            return
        protocol = self._protocol()
        opened.set_protocol(protocol)
        protocol.connection_made(opened)


def allow_many_files() -> None:
    """Let this process have as many files open as its connections need, if the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
