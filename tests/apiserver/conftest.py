"""A world of objects; a real server over TLS with a certificate for each sort of user; real kubectl."""

import asyncio
import json
import ssl
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.apiserver.world import World
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import Server, TlsFiles, serve
from tradewind.base.certificates import issue, make_authority, write_credentials
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.review_kinds import REVIEW_KINDS
from tradewind.store.store import Store, memory_store

KUBECTL = Path(sys.executable).with_name("kubectl")
KUBECTL_SECONDS = 20
USERS = {
    "admin": ("admin", ["system:masters"]),
    "agent": ("system:karmada:agent:m1", ["system:karmada:agents"]),
    "nobody": ("nobody", []),
}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
async def world():
    return World()


@dataclass(frozen=True)
class Result:
    """What kubectl said."""

    code: int
    out: str
    err: str


@dataclass
class Api:
    """A running server and how to talk to it."""

    home: Path
    server: Server
    objects: Objects
    store: Store
    logs: Path
    sessions: dict[str, aiohttp.ClientSession] = field(default_factory=dict)

    def session(self, user: str = "admin") -> aiohttp.ClientSession:
        if user not in self.sessions:
            context = ssl.create_default_context(cafile=str(self.home / "ca.crt"))
            if user:
                context.load_cert_chain(self.home / f"{user}.crt", self.home / f"{user}.key")
            connector = aiohttp.TCPConnector(ssl=context)
            self.sessions[user] = aiohttp.ClientSession(self.server.url, connector=connector)
        return self.sessions[user]

    async def ask(
        self, method: str, path: str, body: Any = None, user: str = "admin", **headers: str
    ) -> tuple[int, Any]:
        """Status code and body, decoded if it is JSON."""
        code, answer, _ = await self.ask_all(method, path, body, user, **headers)
        return code, answer

    async def ask_all(
        self, method: str, path: str, body: Any = None, user: str = "admin", **headers: str
    ) -> tuple[int, Any, Any]:
        """As `ask`, with the headers of the answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        async with self.session(user).request(method, path, data=data, headers=given) as answer:
            text = await answer.text()
            is_json = answer.content_type.startswith("application/json")
            return answer.status, json.loads(text) if is_json else text, answer.headers

    async def start_kubectl(self, *arguments: str, user: str = "admin") -> asyncio.subprocess.Process:
        """The real kubectl, running; the caller sees to its end."""
        return await asyncio.create_subprocess_exec(
            str(KUBECTL),
            f"--context={user}",
            *arguments,
            env={
                "KUBECONFIG": str(self.home / "kubeconfig"),
                "HOME": str(self.home),
                "PATH": "/usr/bin:/bin",
            },
            cwd=self.home,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def kubectl(self, *arguments: str, stdin: str = "", user: str = "admin") -> Result:
        """What kubectl says; never longer than KUBECTL_SECONDS."""
        process = await self.start_kubectl(*arguments, user=user)
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), KUBECTL_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Result(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture(scope="session")
def tls_home(tmp_path_factory) -> Path:
    """One authority and its certificates for all tests."""
    home = tmp_path_factory.mktemp("tls")
    authority = make_authority("test", now_ms())
    write_credentials(authority, home / "ca.crt", home / "ca.key")
    server = issue(authority, "server", now_ms(), hosts=["127.0.0.1"])
    write_credentials(server, home / "tls.crt", home / "tls.key")
    for user, (name, groups) in USERS.items():
        credentials = issue(authority, name, now_ms(), organizations=groups)
        write_credentials(credentials, home / f"{user}.crt", home / f"{user}.key")
    return home


def kubeconfig(home: Path, url: str) -> str:
    cluster = {"server": url, "certificate-authority": str(home / "ca.crt")}
    users = [
        {
            "name": user,
            "user": {
                "client-certificate": str(home / f"{user}.crt"),
                "client-key": str(home / f"{user}.key"),
            },
        }
        for user in USERS
    ]
    contexts = [{"name": user, "context": {"cluster": "c", "user": user, "namespace": "d"}} for user in USERS]
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": users,
            "contexts": contexts,
        }
    )


@pytest.fixture
async def api(tls_home, tmp_path):
    """A server of every kind over a store in memory."""
    async with serving(tls_home, tmp_path) as running:
        yield running


@asynccontextmanager
async def serving(tls_home: Path, tmp_path: Path, **options: Any) -> AsyncIterator[Api]:
    """As the fixture `api`, with more options of `application`."""
    store = memory_store()
    objects = Objects(catalog([*ALL_KINDS, *REVIEW_KINDS]), store, now_ms, lambda: str(uuid.uuid4()))
    logs = tmp_path / "logs"
    tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
    server = await serve(application(objects, lambda _: logs, **options), 0, tls)
    for name in ("ca.crt", *(f"{user}.{end}" for user in USERS for end in ("crt", "key"))):
        (tmp_path / name).symlink_to(tls_home / name)
    (tmp_path / "kubeconfig").write_text(kubeconfig(tmp_path, server.url))
    running = Api(tmp_path, server, objects, store, logs)
    yield running
    for session in running.sessions.values():
        await session.close()
    await server.close()
    await store.close()
