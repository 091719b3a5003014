"""Lists: in parts that belong together, of past revisions, of metadata alone."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apiserver.world import World, config_map
from tradewind.apiserver import objects as objects_module
from tradewind.apiserver.bodies import PARTIAL, PARTIAL_LIST
from tradewind.resources.core_kinds import CONFIG_MAP, NODE
from tradewind.store.entries import Key

ALL, MAPS = "/api/v1/configmaps", "/api/v1/namespaces/d/configmaps"
META = "g=meta.k8s.io"


async def create(api, *names: str, **metadata) -> int:
    for name in names:
        await api.objects.create(CONFIG_MAP, config_map(name, **metadata))
    return api.objects.revision


def names(answer) -> list[str]:
    return [item["metadata"]["name"] for item in answer["items"]]


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["create", "update", "delete"]), st.sampled_from("de"), st.sampled_from("abcdefgh")
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(before=WRITES, limit=st.integers(1, 4), between=st.lists(WRITES, min_size=8, max_size=8))
def test_the_parts_of_a_list_are_of_one_revision_whatever_happens_meanwhile(before, limit, between):
    async def write(world: World, verb: str, namespace: str, name: str) -> None:
        there = name in world.names(CONFIG_MAP, namespace)
        value = {"revision": str(world.objects.revision)}
        if verb == "create" and not there:
            await world.create(CONFIG_MAP, config_map(name, namespace, value))
        elif verb == "update" and there:
            await world.update(CONFIG_MAP, config_map(name, namespace, value))
        elif verb == "delete" and there:
            await world.delete(CONFIG_MAP, name, namespace)

    async def run() -> None:
        world = World()
        for one in before:
            await write(world, *one)
        whole = world.objects.page(CONFIG_MAP)
        seen, after = [], None
        for writes in between:
            page = world.objects.page(CONFIG_MAP, limit=limit, after=after, at=whole.revision)
            seen, after = seen + page.entries, page.last
            assert page.revision == whole.revision
            assert page.remaining == len(whole.entries) - len(seen)
            if after is None:
                break
            for one in writes:
                await write(world, *one)
        assert seen == whole.entries[: len(seen)]
        assert after is not None or seen == whole.entries
        await world.store.close()

    asyncio.run(run())


async def test_a_list_in_parts(api):
    revision = await create(api, "a", "b", "c", "d", "e")
    _, first = await api.ask("GET", f"{ALL}?limit=2")
    assert first["metadata"]["remainingItemCount"] == 3
    await create(api, "aa", "cc")
    await api.objects.delete(CONFIG_MAP, "d", "d")
    _, second = await api.ask("GET", f"{ALL}?limit=2&continue={first['metadata']['continue']}")
    _, third = await api.ask("GET", f"{ALL}?limit=2&continue={second['metadata']['continue']}")
    assert names(first) + names(second) + names(third) == ["a", "b", "c", "d", "e"]
    assert {part["metadata"]["resourceVersion"] for part in (first, second, third)} == {str(revision)}
    assert third["metadata"] == {"resourceVersion": str(revision)}


async def test_what_is_left_is_not_counted_of_a_selection(api):
    await create(api, "a", "b", "c", labels={"x": "y"})
    _, found = await api.ask("GET", f"{MAPS}?limit=1&labelSelector=x")
    assert "remainingItemCount" not in found["metadata"]
    assert found["metadata"]["continue"]


async def test_a_list_that_took_too_long_can_go_on_with_what_is_there_now(api, monkeypatch):
    await create(api, "a", "b", "c")
    _, first = await api.ask("GET", f"{MAPS}?limit=1")
    await create(api, "bb")
    history = api.store._memory._histories["configmaps"]
    monkeypatch.setattr(history, "forgotten", api.objects.revision)
    code, status = await api.ask("GET", f"{MAPS}?limit=1&continue={first['metadata']['continue']}")
    assert (code, status["reason"]) == (410, "Expired")
    assert status["message"].startswith("The provided continue parameter is too old to display a consistent")
    resumed = status["metadata"]["continue"]
    _, rest = await api.ask("GET", f"{MAPS}?continue={resumed}")
    assert names(rest) == ["b", "bb", "c"]
    assert rest["metadata"]["resourceVersion"] == str(api.objects.revision)


async def test_lists_at_and_after_a_revision(api, monkeypatch):
    then = await create(api, "a")
    await create(api, "b")
    now = api.objects.revision
    for query, expected, at in (
        (f"resourceVersion={then}&resourceVersionMatch=Exact", ["a"], then),
        (f"resourceVersion={then}&limit=5", ["a"], then),
        (f"resourceVersion={then}", ["a", "b"], now),
        (f"resourceVersion={then}&resourceVersionMatch=NotOlderThan", ["a", "b"], now),
        ("resourceVersion=0", ["a", "b"], now),
    ):
        _, found = await api.ask("GET", f"{MAPS}?{query}")
        assert (names(found), found["metadata"]["resourceVersion"]) == (expected, str(at)), query
    monkeypatch.setattr(api.store._memory._histories["configmaps"], "forgotten", now)
    code, status = await api.ask("GET", f"{MAPS}?resourceVersion={then}&resourceVersionMatch=Exact")
    assert (code, status["message"]) == (410, "The resourceVersion for the provided list is too old.")


@pytest.mark.parametrize("path", [MAPS, f"{MAPS}/a", f"{MAPS}?resourceVersionMatch=Exact"])
async def test_a_revision_to_come_is_waited_for_but_not_long(api, monkeypatch, path):
    monkeypatch.setattr(objects_module, "FUTURE_SECONDS", 0.05)
    now = await create(api, "a")
    asking = f"{path}{'&' if '?' in path else '?'}resourceVersion={now + 1}"
    code, status = await api.ask("GET", asking)
    assert (code, status["reason"]) == (504, "Timeout")
    assert status["message"] == f"Timeout: Too large resource version: {now + 1}, current: {now}"
    assert status["details"]["causes"] == [
        {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    ]
    monkeypatch.setattr(objects_module, "FUTURE_SECONDS", 10)
    waiting = asyncio.create_task(api.ask("GET", asking))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await create(api, "b")
    assert (await waiting)[0] == 200


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_metadata_alone(api, version):
    await create(api, "a")
    as_one = f"application/json;as={PARTIAL};v={version};{META}"
    _, one = await api.ask("GET", f"{MAPS}/a", Accept=as_one)
    assert (one["kind"], one["apiVersion"]) == (PARTIAL, f"meta.k8s.io/{version}")
    assert one["metadata"] == json.loads(api.objects.get(CONFIG_MAP, "d", "a").data)["metadata"]
    assert "data" not in one
    as_list = f"application/json;as={PARTIAL_LIST};v={version};{META}"
    _, found = await api.ask("GET", f"{MAPS}?limit=1", Accept=as_list)
    assert (found["kind"], found["apiVersion"]) == (PARTIAL_LIST, f"meta.k8s.io/{version}")
    assert found["items"] == [one]
    assert found["metadata"]["resourceVersion"] == str(api.objects.revision)
    async with api.session().get(
        f"{MAPS}?watch=1&allowWatchBookmarks=1", headers={"Accept": as_one}
    ) as answer:
        first, mark = [json.loads(await answer.content.readline()) for _ in range(2)]
    assert (first["type"], first["object"]) == ("ADDED", one)
    assert (mark["type"], mark["object"]["kind"]) == ("BOOKMARK", PARTIAL)


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        (MAPS, PARTIAL, "you requested PartialObjectMetadata, but the requested object is a list"),
        (
            f"{MAPS}/a",
            PARTIAL_LIST,
            "you requested PartialObjectMetadataList, but the requested object is not",
        ),
    ],
)
async def test_a_form_that_does_not_fit(api, path, form, says):
    await create(api, "a")
    code, status = await api.ask("GET", path, Accept=f"application/json;as={form};v=v1;{META}")
    assert (code, status["reason"], says in status["message"]) == (406, "NotAcceptable", True)


async def test_tables_of_the_older_version(api):
    await create(api, "a")
    accept = f"application/json;as=Table;v=v1beta1;{META}"
    for path in (MAPS, f"{MAPS}/a"):
        _, shown = await api.ask("GET", path, Accept=accept)
        assert (shown["kind"], shown["apiVersion"]) == ("Table", "meta.k8s.io/v1beta1")
        assert shown["rows"][0]["object"]["apiVersion"] == "meta.k8s.io/v1beta1"


DELETED = [  # query, body, who is left
    ("", None, []),
    ("labelSelector=x%3Dy", None, ["c"]),
    ("fieldSelector=metadata.name%3Db", None, ["a", "c"]),
    ("limit=2", None, ["c"]),
    ("", {"dryRun": ["All"]}, ["a", "b", "c"]),
    ("dryRun=All", None, ["a", "b", "c"]),
]


@pytest.mark.parametrize(("query", "body", "left"), DELETED)
async def test_a_collection_is_deleted(api, query, body, left):
    await create(api, "a", "b", labels={"x": "y"})
    await create(api, "c")
    await create(api, "elsewhere", namespace="e")
    code, answer = await api.ask("DELETE", f"{MAPS}?{query}", body)
    assert (code, answer["kind"]) == (200, "ConfigMapList")
    assert set(names(answer)) == {"a", "b", "c"} - (set() if "dryRun" in query or body else set(left))
    assert [entry.key.name for entry in api.objects.page(CONFIG_MAP, "d").entries] == left
    assert api.store.get(Key("configmaps", "e", "elsewhere"))


@pytest.mark.parametrize(
    ("query", "body", "code", "reason"),
    [
        ("", {"propagationPolicy": "x"}, 422, "Invalid"),
        ("", {"preconditions": {"uid": "x"}}, 409, "Conflict"),
        ("labelSelector=a%3D%3D%3Db", None, 400, "BadRequest"),
        ("resourceVersionMatch=Exact", None, 422, "Invalid"),
    ],
)
async def test_a_collection_is_not_deleted_by_mistake(api, query, body, code, reason):
    await create(api, "a", "b")
    answered, status = await api.ask("DELETE", f"{MAPS}?{query}", body)
    assert (answered, status["reason"]) == (code, reason)
    assert len(api.objects.page(CONFIG_MAP, "d").entries) == 2


async def test_a_large_collection_of_a_cluster_scoped_kind(api):
    for number in range(1200):
        await api.objects.create(NODE, {"metadata": {"name": f"n{number}"}})
    code, answer = await api.ask("DELETE", "/api/v1/nodes")
    assert (code, len(answer["items"])) == (200, 1200)
    assert api.objects.page(NODE).entries == []
