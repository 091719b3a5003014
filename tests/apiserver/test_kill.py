"""kill -9 of the API server under writes over HTTPS: what was acknowledged is there, whole and once."""

import asyncio
import itertools
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from tests.apiserver.process import ServerProcess
from tests.apiserver.world import config_map

CREATORS, COUNTERS = 6, 3
MAPS = "/api/v1/configmaps"
CUT = (aiohttp.ClientError, TimeoutError, OSError, json.JSONDecodeError)


@dataclass
class Known:
    """What clients know: what was acknowledged, and what they asked for without hearing of it."""

    there: dict[str, dict[str, Any]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    unsure: set[str] = field(default_factory=set)
    counted: dict[str, int] = field(default_factory=dict)
    maybe_counted: dict[str, int] = field(default_factory=dict)
    versions: dict[int, str] = field(default_factory=dict)
    acknowledged: int = 0

    def heard(self, version: str, what: str) -> None:
        """A version that was given out, and what for: never for two things."""
        assert self.versions.setdefault(int(version), what) == what
        self.acknowledged += 1


def path_of(name: str) -> str:
    """Every object has a namespace of its own, which is made in the same transaction."""
    return f"/api/v1/namespaces/{name}/configmaps"


async def create_and_delete(session: aiohttp.ClientSession, known: Known, names: Any) -> None:
    for number, name in enumerate(names):
        known.unsure.add(name)
        async with session.post(path_of(name), json=config_map("a", name)) as answer:
            made = await answer.json()
            assert answer.status == 201, made
        known.heard(made["metadata"]["resourceVersion"], f"created {name}")
        known.unsure.discard(name)
        known.there[name] = made
        if number % 3 == 0:
            del known.there[name]
            known.unsure.add(name)
            async with session.delete(f"{path_of(name)}/a") as answer:
                assert answer.status == 200, await answer.text()
                await answer.read()
            known.unsure.discard(name)
            known.gone.add(name)


async def count(session: aiohttp.ClientSession, known: Known, name: str) -> None:
    """Read, add one, write what was read; several do so with the same object."""
    path = f"{path_of('counters')}/{name}"
    while True:
        async with session.get(path) as answer:
            found = await answer.json()
        found["data"]["n"] = str(int(found["data"]["n"]) + 1)
        known.maybe_counted[name] += 1
        async with session.put(path, json=found) as answer:
            written = await answer.json()
            assert answer.status in (200, 409), written
        known.maybe_counted[name] -= 1
        if answer.status == 200:
            known.heard(written["metadata"]["resourceVersion"], f"{name} is {found['data']['n']}")
            known.counted[name] += 1


@dataclass
class Informer:
    """A cache as client-go's: a list, then a watch from there; after a cut the watch goes on where it was."""

    cache: dict[str, str] = field(default_factory=dict)
    version: int = 0
    events: int = 0

    async def run(self, session: aiohttp.ClientSession) -> None:
        if not self.version or not await self._watch(session):
            await self._list(session)
            assert await self._watch(session)

    async def _list(self, session: aiohttp.ClientSession) -> None:
        async with session.get(MAPS) as answer:
            found = await answer.json()
        assert int(found["metadata"]["resourceVersion"]) >= self.version, "versions do not go back"
        self.version = int(found["metadata"]["resourceVersion"])
        self.cache = {place(one): one["metadata"]["resourceVersion"] for one in found["items"]}

    async def _watch(self, session: aiohttp.ClientSession) -> bool:
        """False when what happened meanwhile is not known any more, as after a restart."""
        query = {"watch": "1", "resourceVersion": str(self.version), "timeoutSeconds": "30"}
        async with session.get(MAPS, params=query) as answer:
            if answer.status == 410:
                return False
            assert answer.status == 200, await answer.text()
            async for line in answer.content:
                event = json.loads(line)
                if event["type"] == "ERROR":
                    return False
                self._apply(event)
        return True

    def _apply(self, event: dict[str, Any]) -> None:
        obj, name = event["object"], place(event["object"])
        version = int(obj["metadata"]["resourceVersion"])
        assert version > self.version, "every event once and in order"
        assert (event["type"] == "ADDED") == (name not in self.cache), event
        self.version = version
        self.events += 1
        if event["type"] == "DELETED":
            del self.cache[name]
        else:
            self.cache[name] = obj["metadata"]["resourceVersion"]


def place(obj: dict[str, Any]) -> str:
    return f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"


async def until_cut(work: Awaitable[None]) -> None:
    try:
        await work
    except CUT:
        pass


async def check(session: aiohttp.ClientSession, known: Known) -> dict[str, Any]:
    """The server has what was acknowledged; what was not is there as a whole or not at all."""
    async with session.get(MAPS) as answer:
        listing = await answer.json()
    async with session.get("/api/v1/namespaces") as answer:
        namespaces = {one["metadata"]["name"] for one in (await answer.json())["items"]}
    assert int(listing["metadata"]["resourceVersion"]) >= max(known.versions)
    found = {one["metadata"]["namespace"]: one for one in listing["items"] if one["metadata"]["name"] == "a"}
    for name, made in known.there.items():
        assert found[name] == made | {"kind": "ConfigMap", "apiVersion": "v1"}
    assert not known.gone & found.keys()
    assert set(found) <= known.there.keys() | known.unsure
    assert set(found) <= namespaces, "an object and its namespace are written together"
    for name in known.unsure & found.keys():
        known.there[name] = found[name]
    known.gone |= known.unsure - found.keys()
    known.unsure.clear()
    for one in listing["items"]:
        if one["metadata"]["namespace"] == "counters":
            check_counter(known, one["metadata"]["name"], int(one["data"]["n"]))
    return listing


def check_counter(known: Known, name: str, value: int) -> None:
    assert known.counted[name] <= value <= known.counted[name] + known.maybe_counted[name]
    known.counted[name], known.maybe_counted[name] = value, 0


async def start_counters(session: aiohttp.ClientSession, known: Known) -> None:
    for number in range(COUNTERS):
        name = f"c{number}"
        known.counted[name] = known.maybe_counted[name] = 0
        async with session.post(path_of("counters"), json=config_map(name, "counters", {"n": "0"})) as answer:
            assert answer.status == 201


async def one_life(
    server: ServerProcess, known: Known, informer: Informer, seconds: float, names: Callable[[int], Any]
) -> None:
    """Write until the server is killed, so many seconds after the first acknowledgement."""
    before = known.acknowledged
    async with server.session() as session:
        clients = [create_and_delete(session, known, names(number)) for number in range(CREATORS)]
        clients += [count(session, known, f"c{number % COUNTERS}") for number in range(2 * COUNTERS)]
        work = [until_cut(one) for one in (*clients, informer.run(session))]
        running = asyncio.gather(*work)
        while known.acknowledged == before:
            await asyncio.sleep(0.001)
        await asyncio.sleep(seconds)
        server.kill()
        await asyncio.wait_for(running, 30)


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(900)
async def test_no_acknowledged_write_is_lost(tls_home, tmp_path, kills):
    for file in tls_home.iterdir():
        (tmp_path / file.name).symlink_to(file)
    chance, server, known, informer = random.Random(kills), ServerProcess(tmp_path), Known(), Informer()

    def names(life: int) -> Callable[[int], Any]:
        return lambda client: (f"n{life}-{client}-{number}" for number in itertools.count())

    server.start()
    try:
        async with server.session() as session:
            await start_counters(session, known)
        for life in range(kills):
            await one_life(server, known, informer, chance.uniform(0.0, 0.2), names(life))
            server.start(disk_seconds=0.02 * (life % 2))
            async with server.session() as session:
                listing = await check(session, known)
        async with server.session() as session:
            await informer._list(session)
        assert informer.cache == {place(one): one["metadata"]["resourceVersion"] for one in listing["items"]}
    finally:
        server.kill()
    assert known.acknowledged > 10 * kills
    assert informer.events > kills
