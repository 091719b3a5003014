"""The loop over the real API rules in memory: it converges, retries, and outlives what fails beside it."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import pytest

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import Objects
from tradewind.client.local import LocalClient
from tradewind.controller.plan import HUB, LOCAL, Delete, Key, Plan, Put, Record
from tradewind.controller.run import Observer, Runner
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.resources.core_kinds import CONFIG_MAP, EVENT, NAMESPACE, SECRET
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError
from tradewind.store.store import memory_store

WAIT_SECONDS = 5.0


def config(name: str, **data: str) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "ml", "name": name},
        "data": data,
    }


def copy_step(key: Key, view: View, _: int) -> Plan:
    """Every ConfigMap `x` has a copy `x-copy` with the same data, and no copy stays without its original."""
    if key.name.endswith("-copy"):
        original = view.get(CONFIG_MAP, key.namespace, key.name.removesuffix("-copy"))
        return Plan() if original else Plan((Delete(CONFIG_MAP, key.namespace, key.name),))
    original = view.get(CONFIG_MAP, key.namespace, key.name)
    copy = view.get_manifest(CONFIG_MAP, key.namespace, f"{key.name}-copy")
    if original is None or (copy and copy.get("data") == original.data):
        return Plan()
    return Plan((Put(CONFIG_MAP, (copy or config(f"{key.name}-copy")) | {"data": original.data}),))


def with_its_copy(obj: Any, _: View) -> list[Key]:
    name = obj.metadata.name.removesuffix("-copy")
    return [Key(obj.metadata.namespace, name), Key(obj.metadata.namespace, f"{name}-copy")]


COPIER = Controller("copier", (Watch(CONFIG_MAP, with_its_copy),), copy_step)


@pytest.fixture
async def client() -> LocalClient:
    uids = (f"00000000-0000-4000-8000-{number:012d}" for number in itertools.count())
    served = catalog([CONFIG_MAP, SECRET, EVENT, NAMESPACE])
    return LocalClient(Objects(served, memory_store(), lambda: 1_000, lambda: next(uids)))


class Unreachable(LocalClient):
    """A place that nobody answers from."""

    def __init__(self) -> None:
        pass

    async def list(self, *_: Any, **__: Any) -> Any:
        raise ApiError(503, "ServiceUnavailable", "nobody answers")


@asynccontextmanager
async def running(client: LocalClient, *controllers: Controller, **options: Any) -> AsyncIterator[Runner]:
    clients = {LOCAL: client, HUB: Unreachable()} | options.pop("clients", {})
    clock = itertools.count(1_000_000, 1)
    now_ms = options.pop("now_ms", lambda: next(clock))
    runner = Runner(clients, controllers, options.pop("observers", ()), now_ms, Random(7))
    task = asyncio.create_task(runner.run())
    try:
        yield runner
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not await condition():
            await asyncio.sleep(0.005)


async def data_of(client: LocalClient, name: str) -> dict[str, str] | None:
    try:
        return (await client.get(CONFIG_MAP, "ml", name)).get("data", {})
    except ApiError:
        return None


async def test_it_converges_on_what_is_there_and_on_what_comes(client: LocalClient):
    await client.create(CONFIG_MAP, config("before", a="1"))
    async with running(client, COPIER):
        await client.create(CONFIG_MAP, config("after", b="2"))
        await until(lambda: _has(client, "before-copy", {"a": "1"}))
        await until(lambda: _has(client, "after-copy", {"b": "2"}))


async def test_drift_is_put_right_and_orphans_go(client: LocalClient):
    await client.create(CONFIG_MAP, config("x", a="1"))
    async with running(client, COPIER):
        await until(lambda: _has(client, "x-copy", {"a": "1"}))
        await client.patch(CONFIG_MAP, "ml", "x-copy", {"data": {"a": "changed by hand"}})
        await until(lambda: _has(client, "x-copy", {"a": "1"}))
        await client.delete(CONFIG_MAP, "ml", "x")
        await until(lambda: _has(client, "x-copy", None))


async def _has(client: LocalClient, name: str, wanted: dict[str, str] | None) -> bool:
    return await data_of(client, name) == wanted


async def test_a_step_that_fails_is_tried_again_and_others_go_on(client: LocalClient):
    tries = itertools.count()

    def step(key: Key, view: View, now_ms: int) -> Plan:
        if key.name == "bad" and next(tries) < 3:
            raise ValueError("a bug that only this object meets")
        return copy_step(key, view, now_ms)

    await client.create(CONFIG_MAP, config("bad", a="1"))
    await client.create(CONFIG_MAP, config("good", a="1"))
    async with running(client, Controller("copier", COPIER.watches, step)):
        await until(lambda: _has(client, "good-copy", {"a": "1"}))
        await until(lambda: _has(client, "bad-copy", {"a": "1"}))
    assert next(tries) >= 4


async def test_a_write_that_is_refused_is_decided_again(client: LocalClient):
    """The first write meets a conflict; the second look sees why and succeeds."""
    refusals = iter([ApiError(409, "Conflict", "somebody was faster")])

    class Contested(LocalClient):
        async def create(self, kind: Any, manifest: Manifest) -> Manifest:
            if manifest["metadata"]["name"].endswith("-copy") and (error := next(refusals, None)):
                raise error
            return await super().create(kind, manifest)

    contested = Contested(client._objects)
    await client.create(CONFIG_MAP, config("x", a="1"))
    async with running(contested, COPIER):
        await until(lambda: _has(client, "x-copy", {"a": "1"}))


async def test_a_place_that_cannot_be_reached_stops_only_who_looks_at_it(client: LocalClient):
    seen: list[Key] = []

    def far_step(key: Key, _: View, __: int) -> Plan:
        seen.append(key)
        return Plan()

    far = Controller("far", (Watch(CONFIG_MAP, own_key), Watch(SECRET, own_key, at=HUB)), far_step)
    await client.create(CONFIG_MAP, config("x", a="1"))
    async with running(client, COPIER, far):
        await until(lambda: _has(client, "x-copy", {"a": "1"}))
    assert seen == []


async def test_a_wake_up_comes_without_any_change(client: LocalClient):
    looks: list[int] = []

    def step(_: Key, __: View, now_ms: int) -> Plan:
        looks.append(now_ms)
        return Plan(wake_at_ms=now_ms + 5)

    await client.create(CONFIG_MAP, config("x"))
    async with running(client, Controller("clock", (Watch(CONFIG_MAP, own_key),), step)):

        async def often() -> bool:
            return len(looks) >= 3

        await until(often)
    assert all(later - earlier >= 5 for earlier, later in itertools.pairwise(looks))


async def test_an_observer_is_told_once_all_its_kinds_are_known_and_at_every_change(client: LocalClient):
    seen: list[list[str]] = []
    observer = Observer(
        "names",
        (CONFIG_MAP, SECRET),
        lambda view: seen.append([one.metadata.name for one in view.list(CONFIG_MAP)]),
    )
    await client.create(CONFIG_MAP, config("a"))
    async with running(client, observers=[observer]):
        await until(lambda: _seen(seen, ["a"]))
        await client.create(CONFIG_MAP, config("b"))
        await until(lambda: _seen(seen, ["a", "b"]))
    assert seen[0] == ["a"]


async def _seen(seen: list[list[str]], wanted: list[str]) -> bool:
    return bool(seen) and seen[-1] == wanted


async def test_a_repeated_event_is_counted(client: LocalClient):
    about = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "ml", "name": "x", "uid": "u"},
    }
    looks = itertools.count()

    def step(_: Key, __: View, now_ms: int) -> Plan:
        wake_at_ms = now_ms + 1 if next(looks) < 2 else None
        return Plan((Record(about, "Warning", "Odd", "something is odd"),), wake_at_ms)

    await client.create(CONFIG_MAP, config("x"))
    async with running(client, Controller("teller", (Watch(CONFIG_MAP, own_key),), step)):

        async def counted() -> bool:
            events = (await client.list(EVENT, "ml")).items
            return [one["count"] for one in events] == [3]

        await until(counted)
    event = (await client.list(EVENT, "ml")).items[0]
    assert (event["reason"], event["source"], event["involvedObject"]["name"]) == (
        "Odd",
        {"component": "teller"},
        "x",
    )
