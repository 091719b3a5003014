"""A real API server process over a real store file, to be killed; and who asks it.

    python -m tests.apiserver.process HOME [DISK_SECONDS]

serves all kinds with HOME/store.db and the certificates in HOME, and prints its port. Its disk may be slow,
so that it is often killed between asking for a write and having it.
"""

import asyncio
import signal
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import aiohttp
import uvloop

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.control import prepare_interpreter
from tradewind.resources.registry import ALL_KINDS
from tradewind.store.database import Database
from tradewind.store.entries import Change
from tradewind.store.sqlite import open_store

START_SECONDS = 20.0


class ServerProcess:
    """Start it, kill it, start it again; the store file stays."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.url = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self, disk_seconds: float = 0.0) -> None:
        """Return when it listens."""
        command = [sys.executable, "-m", "tests.apiserver.process", str(self.home), str(disk_seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = self._process.stdout.readline().strip()
        assert port, "the server did not start"
        self.url = f"https://127.0.0.1:{port}"

    def kill(self) -> None:
        """SIGKILL, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(START_SECONDS)
            self._process.stdout.close()
            self._process = None

    def session(self, user: str = "admin", connections: int = 0) -> aiohttp.ClientSession:
        """A client with the certificate of a user, to be closed by the caller."""
        context = ssl.create_default_context(cafile=str(self.home / "ca.crt"))
        context.load_cert_chain(self.home / f"{user}.crt", self.home / f"{user}.key")
        connector = aiohttp.TCPConnector(ssl=context, limit=connections)
        return aiohttp.ClientSession(self.url, connector=connector, timeout=aiohttp.ClientTimeout(30))


async def run(home: Path) -> None:
    """Serve until killed."""
    store = open_store(home / "store.db")
    objects = Objects(
        catalog(ALL_KINDS), store, lambda: time.time_ns() // 1_000_000, lambda: str(uuid.uuid4())
    )
    tls = TlsFiles(home / "tls.crt", home / "tls.key", home / "ca.crt")
    server = await serve(application(objects), 0, tls)
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def slow_down(disk_seconds: float) -> None:
    """Let every transaction take so much longer, before it begins and before it is told to be done."""
    commit = Database.commit

    def slow_commit(self: Database, changes: Iterable[Change]) -> None:
        time.sleep(disk_seconds / 2)
        commit(self, changes)
        time.sleep(disk_seconds / 2)

    Database.commit = slow_commit


if __name__ == "__main__":
    if (seconds := float(sys.argv[2])) > 0:
        slow_down(seconds)
    prepare_interpreter()
    uvloop.run(run(Path(sys.argv[1])))
