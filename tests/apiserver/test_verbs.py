"""Verbs and rules of objects over HTTP that have no file of their own."""

import asyncio
import json
import ssl

import pytest

from tests.apiserver.conftest import now_ms
from tests.apiserver.world import config_map, manifest_of, pod
from tradewind.apiserver import http
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import NAME_ATTEMPTS, Objects, WriteOptions
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.registry import ALL_KINDS
from tradewind.resources.status import ApiError
from tradewind.store.store import memory_store

MAPS = "/api/v1/namespaces/d/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/d/leases"
SECONDS = 10.0


def generated(**metadata):
    made = config_map(generateName="run-", **metadata)
    del made["metadata"]["name"]
    return made


def objects_with_uids(*numbers: int) -> Objects:
    """Their generated names are equal when the numbers are."""
    uids = iter(numbers)
    store = memory_store()
    return Objects(catalog(ALL_KINDS), store, now_ms, lambda: f"00000000-0000-4000-8000-{next(uids):012d}")


async def test_a_generated_name_that_is_taken_is_tried_anew():
    objects = objects_with_uids(1, 9, 1, 1, 2)  # the second is the namespace's
    first = await objects.create(CONFIG_MAP, generated())
    second = await objects.create(CONFIG_MAP, generated())
    assert first.entry.key.name != second.entry.key.name


async def test_a_generated_name_is_not_tried_for_ever():
    objects = objects_with_uids(1, 9, *[1] * NAME_ATTEMPTS)
    await objects.create(CONFIG_MAP, generated())
    with pytest.raises(ApiError) as raised:
        await objects.create(CONFIG_MAP, generated())
    error = raised.value
    assert (error.code, error.reason, error.details["retryAfterSeconds"]) == (409, "AlreadyExists", 1)
    assert error.message.endswith(
        "already exists, the server was not able to generate a unique name for the object"
    )


async def test_a_name_that_was_given_is_not_tried_anew():
    objects = objects_with_uids(1, 9, 2)
    await objects.create(CONFIG_MAP, config_map(generateName="run-"))
    with pytest.raises(ApiError, match="already exists"):
        await objects.create(CONFIG_MAP, config_map(generateName="run-"))


async def test_an_update_creates_leases_but_not_config_maps(api):
    lease = {"metadata": {"name": "l", "resourceVersion": "7"}, "spec": {"holderIdentity": "me"}}
    code, stored = await api.ask("PUT", f"{LEASES}/l", lease)
    assert (code, stored["spec"]["holderIdentity"]) == (201, "me")
    del lease["metadata"]["resourceVersion"]
    assert (await api.ask("PUT", f"{LEASES}/l", lease))[0] == 200
    code, status = await api.ask("PUT", f"{MAPS}/a", config_map())
    assert (code, status["reason"]) == (404, "NotFound")


@pytest.mark.parametrize(
    ("metadata", "says"),
    [
        ({"deletionTimestamp": "2030-01-01T00:00:00Z"}, "metadata.deletionTimestamp: Invalid value"),
        (
            {"deletionGracePeriodSeconds": 5},
            "metadata.deletionGracePeriodSeconds: Invalid value: 5: field is",
        ),
    ],
)
async def test_metadata_that_only_a_deletion_sets(world, metadata, says):
    stored = await world.create(CONFIG_MAP, config_map(**metadata))
    assert not set(metadata) & set(stored["metadata"]), "on create it is ignored"
    with pytest.raises(ApiError) as raised:
        await world.update(CONFIG_MAP, config_map(**metadata))
    assert (raised.value.code, says in raised.value.message) == (422, True), raised.value.message


async def test_metadata_that_the_server_keeps(world):
    stored = await world.create(CONFIG_MAP, config_map(selfLink="/x", generation=9, uid="mine"))
    kept = {
        "creationTimestamp": "2001-01-01T00:00:00Z",
        "generation": 9,
        "selfLink": "/x",
        "generateName": "x",
    }
    changed = await world.update(CONFIG_MAP, config_map(data={"b": "c"}, **kept))
    assert "selfLink" not in changed["metadata"]
    moving = ("resourceVersion", "managedFields")
    same = {name: one for name, one in changed["metadata"].items() if name not in moving}
    assert same == {name: one for name, one in stored["metadata"].items() if name not in moving}


async def test_immutable_fields_are_checked_of_updates_and_patches_not_of_status(world):
    options = WriteOptions()
    await world.create(CONFIG_MAP, config_map() | {"immutable": True})
    with pytest.raises(ApiError) as raised:
        await world.update(CONFIG_MAP, config_map(data={"x": "y"}) | {"immutable": True})
    assert raised.value.message == (
        'ConfigMap "a" is invalid: data: Forbidden: field is immutable when `immutable` is set'
    )
    stored = await world.create(POD, pod())
    reported = stored | {
        "status": {"phase": "Running"},
        "spec": {"containers": [{"name": "x", "image": "y"}]},
    }
    written = await world.objects.update_status(POD, reported, options)
    assert manifest_of(written.entry)["spec"] == stored["spec"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{MAPS}/a"),
        ("HEAD", f"{MAPS}/a"),
        ("OPTIONS", MAPS),
        ("GET", "/api/v1/watch/nodes/n/status"),
        ("DELETE", "/api/v1/watch/nodes/n"),
    ],
)
async def test_methods_that_are_not_there(api, method, path):
    async with api.session().request(method, path) as answer:
        assert answer.status == 405


@pytest.mark.parametrize(
    "path", ["/api/v1/watch/configmaps", f"/api/v1/watch{MAPS[7:]}", f"/api/v1/watch{MAPS[7:]}/a"]
)
async def test_the_older_paths_of_watches(api, path):
    await api.objects.create(CONFIG_MAP, config_map())
    async with api.session().get(path) as answer:
        event = json.loads(await asyncio.wait_for(answer.content.readline(), SECONDS))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")


@pytest.mark.parametrize(
    ("kind", "path", "returned"), [(POD, "pods/p", "Pod"), (CONFIG_MAP, "configmaps/a", "Status")]
)
async def test_what_a_deletion_is_answered_with(api, kind, path, returned):
    await api.objects.create(kind, pod() if kind is POD else config_map())
    code, answer = await api.ask("DELETE", f"/api/v1/namespaces/d/{path}")
    assert (code, answer["kind"]) == (200, returned)


@pytest.mark.parametrize("namespace", ["A", "a.b", "x" * 64])
async def test_names_of_namespaces_are_labels(api, namespace):
    code, status = await api.ask(
        "POST", f"/api/v1/namespaces/{namespace}/configmaps", config_map(namespace="")
    )
    assert (code, status["details"]["causes"][0]["field"]) == (422, "metadata.namespace")


async def test_a_watcher_that_stops_reading_is_dropped_and_costs_nothing_meanwhile(api, monkeypatch):
    """It has no queue: what it did not read waits in the history that all watchers share."""
    monkeypatch.setattr(http, "STALLED_SECONDS", 0.3)
    context = ssl.create_default_context(cafile=str(api.home / "ca.crt"))
    context.load_cert_chain(api.home / "admin.crt", api.home / "admin.key")
    reader, writer = await asyncio.open_connection("127.0.0.1", api.server.port, ssl=context, limit=1024)
    writer.write(f"GET {MAPS}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), SECONDS)
    watches = api.store._watches["configmaps"]
    assert len(watches) == 1
    deadline = asyncio.get_running_loop().time() + SECONDS
    for number in range(10_000):
        await api.objects.create(CONFIG_MAP, config_map(f"n{number}", data={"big": "x" * 100_000}))
        await api.objects.delete(CONFIG_MAP, "d", f"n{number}")
        await asyncio.sleep(0.01)
        if not watches:
            break
        assert asyncio.get_running_loop().time() < deadline
    assert not watches
    writer.transport.abort()
