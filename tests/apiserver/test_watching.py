"""Watches over HTTP."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest

from tests.apiserver.world import config_map
from tradewind.apiserver import watching
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.store.entries import TooOld
from tradewind.store.watch import Watch

MAPS = "/api/v1/namespaces/d/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
SECONDS = 5.0


@asynccontextmanager
async def watch(api, query: str = "", path: str = MAPS, **headers: str):
    async with api.session().get(f"{path}?watch=1&{query}", headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        yield answer


async def next_event(answer) -> dict:
    return json.loads(await asyncio.wait_for(answer.content.readline(), SECONDS))


def told(event: dict) -> tuple[str, str]:
    return event["type"], event["object"]["metadata"].get("name", "")


async def create(api, *names: str, **metadata) -> None:
    for name in names:
        await api.objects.create(CONFIG_MAP, config_map(name, **metadata))


async def test_without_a_version_a_watch_begins_with_what_is_there(api):
    await create(api, "a", "b")
    async with watch(api) as answer:
        assert [told(await next_event(answer)) for _ in range(2)] == [("ADDED", "a"), ("ADDED", "b")]
        await create(api, "c")
        assert told(await next_event(answer)) == ("ADDED", "c")
        await api.objects.delete(CONFIG_MAP, "d", "a")
        assert told(await next_event(answer)) == ("DELETED", "a")


async def test_a_watch_goes_on_where_a_list_ended(api):
    await create(api, "a")
    _, found = await api.ask("GET", MAPS)
    await create(api, "b")
    async with watch(api, f"resourceVersion={found['metadata']['resourceVersion']}") as answer:
        assert told(await next_event(answer)) == ("ADDED", "b")


async def test_reconnecting_misses_nothing_and_repeats_nothing(api):
    """Every connection is cut after some events; the next begins at the last version seen."""
    version, seen = str(api.objects.revision), []
    writer = asyncio.create_task(create(api, *(f"n{number:03}" for number in range(120))))
    while len(seen) < 120:
        async with watch(api, f"resourceVersion={version}") as answer:
            for _ in range(min(7, 120 - len(seen))):
                event = await next_event(answer)
                seen.append(event["object"]["metadata"]["name"])
                version = event["object"]["metadata"]["resourceVersion"]
    await writer
    assert seen == [f"n{number:03}" for number in range(120)]


async def test_initial_events_end_with_a_bookmark(api):
    """As client-go's WatchList, which `kubectl wait` and `kubectl delete` use."""
    await create(api, "a")
    query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    async with watch(api, query) as answer:
        assert told(await next_event(answer)) == ("ADDED", "a")
        mark = await next_event(answer)
        assert mark["type"] == "BOOKMARK"
        assert mark["object"]["kind"] == "ConfigMap"
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        assert mark["object"]["metadata"]["resourceVersion"] == str(api.objects.revision)


async def test_bookmarks_come_now_and_then_and_at_the_end(api, monkeypatch):
    monkeypatch.setattr(watching, "BOOKMARK_SECONDS", 0.1)
    async with watch(api, "allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion=0") as answer:
        await create(api, "a")
        first = await next_event(answer)
        events = [json.loads(line) async for line in answer.content]
    assert first["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert told(events.pop(0)) == ("ADDED", "a")
    assert 2 <= len(events) <= 12
    assert {event["type"] for event in events} == {"BOOKMARK"}
    assert events[-1]["object"]["metadata"]["resourceVersion"] == str(api.objects.revision)


async def test_a_watch_ends_when_its_time_is_up(api):
    start = time.monotonic()
    async with watch(api, "timeoutSeconds=1") as answer:
        assert await answer.content.read() == b""
    assert 0.9 < time.monotonic() - start < 3


async def test_selectors_narrow_a_watch(api):
    async with watch(api, "labelSelector=a%3Db&fieldSelector=metadata.name!%3Dx") as answer:
        await create(api, "x", labels={"a": "b"})
        await create(api, "y")
        await create(api, "z", labels={"a": "b"})
        assert told(await next_event(answer)) == ("ADDED", "z")
        await api.objects.update(CONFIG_MAP, config_map("z"))
        assert told(await next_event(answer)) == ("DELETED", "z")


async def test_one_object_can_be_watched_by_its_path(api):
    await create(api, "a", "b")
    async with watch(api, path=f"{MAPS}/b") as answer:
        assert told(await next_event(answer)) == ("ADDED", "b")


async def test_only_the_first_table_of_a_watch_has_headers(api):
    await create(api, "a")
    async with watch(api, Accept=TABLE) as answer:
        first = await next_event(answer)
        await create(api, "b")
        second = await next_event(answer)
    assert first["object"]["columnDefinitions"][0]["name"] == "Name"
    assert second["object"]["columnDefinitions"] is None
    assert second["object"]["rows"][0]["cells"][0] == "b"


async def test_a_version_that_is_no_longer_kept_is_410(api, monkeypatch):
    for number in range(20):
        await create(api, f"n{number}")
    monkeypatch.setattr(api.store._memory._histories["configmaps"], "forgotten", 10)
    async with watch(api, "resourceVersion=5") as answer:
        event = await next_event(answer)
        assert await answer.content.read() == b""
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"] == "too old resource version: 5 (10)"


async def test_a_watcher_that_falls_behind_is_told_so_and_dropped(api, monkeypatch):
    async with watch(api, f"resourceVersion={api.objects.revision}") as answer:
        await create(api, "a")
        assert told(await next_event(answer)) == ("ADDED", "a")

        def behind(self):
            raise TooOld(1, 2)

        monkeypatch.setattr(Watch, "_take", behind)
        await create(api, "b")
        event = await next_event(answer)
        assert (event["type"], event["object"]["code"], event["object"]["reason"]) == (
            "ERROR",
            410,
            "Expired",
        )
        assert await answer.content.read() == b""


async def test_a_client_that_goes_away_leaves_nothing_behind(api):
    async with watch(api):
        assert len(api.store._watches["configmaps"]) == 1
    for _ in range(500):
        if not api.store._watches["configmaps"]:
            break
        await asyncio.sleep(0.01)
    assert not api.store._watches["configmaps"]


async def test_shutting_down_ends_watches_and_logs_cleanly_and_soon(api):
    await api.objects.create(
        POD,
        {"metadata": {"name": "p", "namespace": "d"}, "spec": {"containers": [{"name": "c", "image": "i"}]}},
    )
    async with (
        watch(api) as watching_maps,
        api.session().get("/api/v1/namespaces/d/pods/p/log?follow=1") as log,
    ):
        start = time.monotonic()
        await api.server.close()
        assert await watching_maps.content.read() == b"", "ended, not cut off"
        assert await log.content.read() == b""
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("watchers", [50])
async def test_many_watchers_all_hear_everything(api, watchers):
    async def listen() -> list[str]:
        async with watch(api, f"resourceVersion={version}") as answer:
            opened.append(1)
            return [(await next_event(answer))["object"]["metadata"]["name"] for _ in range(40)]

    version, opened = api.objects.revision, []
    listeners = [asyncio.create_task(listen()) for _ in range(watchers)]
    names = [f"n{number}" for number in range(40)]
    await asyncio.gather(*(create(api, name) for name in names))
    heard = await asyncio.gather(*listeners)
    assert len(opened) == watchers
    assert all(one == heard[0] for one in heard)
    assert sorted(heard[0]) == sorted(names)
