"""What one client may take from the others: sizes, requests, streams, connections, time."""

import asyncio
import json
import ssl
import statistics
import subprocess
import sys
import time
import uuid
from collections import Counter
from dataclasses import replace

import aiohttp
import psutil
import pytest

from tests.apiserver.conftest import now_ms
from tests.apiserver.process import ServerProcess
from tests.apiserver.world import config_map
from tradewind.apiserver import connections, http
from tradewind.apiserver.access import User
from tradewind.apiserver.access.agents import AGENTS
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.connections import may_connect
from tradewind.apiserver.fairness import SYSTEM, WORKLOAD
from tradewind.apiserver.http import MAX_BODY_BYTES, application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.resources.core_kinds import CONFIG_MAP
from tradewind.resources.registry import ALL_KINDS
from tradewind.store.store import memory_store

MAPS = "/api/v1/namespaces/d/configmaps"
WORKS = "/apis/work.karmada.io/v1alpha1/namespaces/karmada-es-m1/works"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/karmada-cluster/leases"
SECONDS = 10.0


async def until(happens, seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it does not happen"
        await asyncio.sleep(0.01)


async def test_a_body_that_is_too_large(api):
    code, status = await api.ask("POST", MAPS, b" " * (MAX_BODY_BYTES + 1))
    assert (code, status["reason"]) == (413, "RequestEntityTooLarge")
    assert status["message"] == "Request entity too large: limit is 3145728"


async def test_an_object_that_is_too_large(api):
    part = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "x" * 800_000}}
    work = {"metadata": {"name": "w"}, "spec": {"workload": {"manifests": [part]}}}
    code, made = await api.ask("POST", WORKS, work)
    assert code == 201
    work["spec"]["workload"]["manifests"] = [part, part]
    for method, path in (("POST", WORKS), ("POST", f"{WORKS}?dryRun=All"), ("PUT", f"{WORKS}/w")):
        name = "v" if method == "POST" else "w"
        code, status = await api.ask(method, path, work | {"metadata": {"name": name}})
        assert (code, status["reason"]) == (413, "RequestEntityTooLarge")
        assert status["message"].startswith(
            f'Request entity too large: works.work.karmada.io "karmada-es-m1/{name}" would have 1600'
        )
        assert status["message"].endswith("bytes, and at most 1572864 are stored")
    assert await api.ask("GET", f"{WORKS}/w") == (200, made)


@pytest.mark.parametrize("what", ["url", "header", "headers"])
async def test_what_comes_before_the_body_is_bounded(api, what):
    path = f"{MAPS}?labelSelector={'a' * 70_000}" if what == "url" else MAPS
    headers = {"X-A": "a" * 70_000} if what == "header" else {}
    if what == "headers":
        headers = {f"X-{number}": "a" for number in range(2000)}
    async with api.session().get(path, headers=headers) as answer:
        assert answer.status in (400, 414, 431)
    assert (await api.ask("GET", MAPS))[0] == 200


async def test_a_selector_of_some_kilobytes_is_taken(api):
    names = ",".join(f"name-{number}" for number in range(3000))
    assert (await api.ask("GET", f"{MAPS}?labelSelector=app+in+({names})"))[0] == 200


@pytest.fixture
async def narrow(tls_home):
    """A server that lets each user do very little; gives its URL and its objects."""
    small = {"seats": 2, "user_seats": 1, "queued": 4, "user_queued": 2, "streams": 3, "user_streams": 2}
    levels = tuple(replace(level, **small) for level in (SYSTEM, WORKLOAD))
    store = memory_store()
    objects = Objects(catalog(ALL_KINDS), store, now_ms, lambda: str(uuid.uuid4()))
    tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
    server = await serve(application(objects, levels=levels), 0, tls)
    yield server
    await server.close()
    await store.close()


def client(home, url: str, user: str = "admin") -> aiohttp.ClientSession:
    context = ssl.create_default_context(cafile=str(home / "ca.crt"))
    if user:
        context.load_cert_chain(home / f"{user}.crt", home / f"{user}.key")
    return aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(ssl=context, limit=0))


async def test_more_requests_than_may_wait_are_told_to_come_again(narrow, tls_home):
    """Uploads that do not go on hold their seats; one more than may run and wait gets 429 at once."""
    never = asyncio.Event()

    async def stuck():
        yield b"{"
        await never.wait()

    async with client(tls_home, narrow.url) as session:
        uploads = [asyncio.create_task(session.post(MAPS, data=stuck())) for _ in range(3)]
        answer = None
        deadline = time.monotonic() + SECONDS
        while answer is None or answer.status == 200:
            assert time.monotonic() < deadline
            with pytest.MonkeyPatch.context():
                try:
                    answer = await asyncio.wait_for(session.get(MAPS), 0.5)
                except TimeoutError:
                    continue
        assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
        status = await answer.json()
        assert status["reason"] == "TooManyRequests"
        assert status["message"] == "Too many requests, please try again later."
        async with client(tls_home, narrow.url, "agent") as agent, agent.get(f"{LEASES}/m1") as found:
            assert found.status == 404, "agents have seats of their own"
        async with session.get("/livez") as alive:
            assert alive.status == 200
        for upload in uploads:
            upload.cancel()
        await asyncio.gather(*uploads, return_exceptions=True)


async def test_more_watches_than_a_user_may_have(narrow, tls_home):
    async with client(tls_home, narrow.url) as session:
        watches = [await session.get(f"{MAPS}?watch=1") for _ in range(2)]
        assert [watch.status for watch in watches] == [200, 200]
        async with session.get(f"{MAPS}?watch=1") as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        async with session.get(MAPS) as answer:
            assert answer.status == 200, "reading goes on"
        watches[0].close()

        async def watch_again() -> int:
            async with session.get(f"{MAPS}?watch=1&timeoutSeconds=1") as again:
                return again.status

        deadline = time.monotonic() + SECONDS
        while await watch_again() != 200:
            assert time.monotonic() < deadline
        watches[1].close()


def test_connections_are_counted_by_user_and_level():
    agent, ann, bob = (
        User("system:karmada:agent:m1", (AGENTS,)),
        User("ann"),
        User("bob"),
    )
    full = Counter({ann: WORKLOAD.user_connections})
    assert not may_connect(ann, full)
    assert may_connect(bob, full)
    crowd = Counter({User(f"u{number}"): 100 for number in range(WORKLOAD.connections // 100 + 1)})
    assert not may_connect(bob, crowd)
    assert may_connect(agent, crowd)


async def test_a_connection_too_many_is_cut(tls_home, narrow, monkeypatch):
    monkeypatch.setattr(connections, "level_of", lambda _: replace(WORKLOAD, user_connections=2))
    async with client(tls_home, narrow.url) as session:
        watches = [await session.get(f"{MAPS}?watch=1") for _ in range(2)]
        with pytest.raises(aiohttp.ClientError):
            await session.get(MAPS)
        async with client(tls_home, narrow.url, "nobody") as other, other.get(MAPS) as answer:
            assert answer.status == 403, "others get in"
        watches[0].close()
        monkeypatch.undo()
        async with session.get(MAPS) as answer:
            assert answer.status == 200
        watches[1].close()


async def test_who_says_nothing_is_not_kept(tls_home, monkeypatch):
    monkeypatch.setattr("tradewind.apiserver.serving.HANDSHAKE_SECONDS", 0.2)
    monkeypatch.setattr("tradewind.apiserver.serving.KEEPALIVE_SECONDS", 0.3)
    store = memory_store()
    objects = Objects(catalog(ALL_KINDS), store, now_ms, lambda: str(uuid.uuid4()))
    tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
    server = await serve(application(objects), 0, tls)
    try:
        silent, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await asyncio.wait_for(silent.read(), SECONDS) == b"", "no handshake"
        writer.close()
        trust = ssl.create_default_context(cafile=str(tls_home / "ca.crt"))
        for said in (b"", b"GET /livez HTTP/1.1\r\nX-Slow: "):
            idle, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=trust)
            writer.write(said)
            assert await asyncio.wait_for(idle.read(), SECONDS) == b"", said
            writer.close()
    finally:
        await server.close()
        await store.close()


async def test_a_watcher_that_stops_reading_is_dropped(api, monkeypatch):
    """It holds a bounded part of the memory, and for a bounded time."""
    monkeypatch.setattr(http, "STALLED_SECONDS", 0.2)
    context = api.session().connector._ssl
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context, limit=1024)
    writer.write(f"GET {MAPS}?watch=1 HTTP/1.1\r\nHost: a\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()
    watches = api.store._watches["configmaps"]
    assert len(watches) == 1
    for number in range(60):
        await api.objects.create(CONFIG_MAP, config_map(f"n{number}") | {"data": {"a": "x" * 200_000}})
    await until(lambda: not watches)
    writer.transport.abort()


async def test_an_agent_is_not_starved_by_a_client_in_a_loop(tls_home, tmp_path):
    """64 connections ask for long lists, over and over. Without turns a renewal would wait behind all of
    them, for seconds."""
    for file in tls_home.iterdir():
        (tmp_path / file.name).symlink_to(file)
    server = ServerProcess(tmp_path)
    server.start()
    greedy = None
    try:
        async with server.session() as admin, server.session("agent") as agent:
            await fill(admin, 3000)
            lease = {"metadata": {"name": "m1"}, "spec": {"holderIdentity": "m1"}}
            async with agent.post(LEASES, json=lease) as made:
                assert made.status == 201, await made.text()
            command = [sys.executable, "-m", "tests.apiserver.greedy", server.url, str(tmp_path), "64", MAPS]
            greedy = subprocess.Popen(command)
            await asyncio.to_thread(busy, greedy)
            took = [await renew(agent, number) for number in range(12)]
    finally:
        if greedy is not None:
            greedy.kill()
            greedy.wait()
        server.kill()
    assert statistics.median(took) < 0.5, took


def busy(process: subprocess.Popen[bytes]) -> None:
    """Return when it has used some time: it has started and asks."""
    psutil.Process(process.pid).cpu_percent(None)
    deadline = time.monotonic() + SECONDS
    while sum(psutil.Process(process.pid).cpu_times()[:2]) < 1.0 and time.monotonic() < deadline:
        time.sleep(0.05)


async def fill(session: aiohttp.ClientSession, count: int) -> None:
    pending = iter(range(count))

    async def create() -> None:
        for number in pending:
            async with session.post(MAPS, json=config_map(f"c{number}")) as made:
                assert made.status == 201, await made.text()

    await asyncio.gather(*(create() for _ in range(32)))


async def renew(session: aiohttp.ClientSession, number: int) -> float:
    start = time.perf_counter()
    patch = {"spec": {"leaseTransitions": number}}
    headers = {"Content-Type": "application/merge-patch+json"}
    async with session.patch(f"{LEASES}/m1", data=json.dumps(patch), headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        await answer.read()
    await asyncio.sleep(0.05)
    return time.perf_counter() - start - 0.05
