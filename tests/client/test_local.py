"""The client inside a process keeps to the contract of `client.base.Client`."""

import asyncio
import uuid

import pytest

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import Objects
from tradewind.client.base import Client
from tradewind.client.local import LocalClient
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.registry import MEMBER_KINDS
from tradewind.resources.status import ApiError
from tradewind.store.store import Store, memory_store

SECONDS = 5.0


def config_map(name: str = "a", **data: str):
    metadata = {"name": name, "namespace": "d", "labels": {"n": name}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@pytest.fixture
async def store():
    return memory_store()


@pytest.fixture
async def client(store: Store) -> Client:
    return LocalClient(Objects(catalog(MEMBER_KINDS), store, lambda: 0, lambda: str(uuid.uuid4())))


async def test_reads_and_writes(client):
    created = await client.create(CONFIG_MAP, config_map(x="1"))
    assert await client.get(CONFIG_MAP, "d", "a") == created
    updated = await client.update(CONFIG_MAP, created | {"data": {"x": "2"}})
    assert updated["data"] == {"x": "2"}
    patched = await client.patch(CONFIG_MAP, "d", "a", {"data": {"x": None, "y": "3"}})
    assert patched["data"] == {"y": "3"}
    await client.create(CONFIG_MAP, config_map("b"))
    listing = await client.list(CONFIG_MAP, "d")
    assert [item["metadata"]["name"] for item in listing.items] == ["a", "b"]
    assert [item["metadata"]["name"] for item in (await client.list(CONFIG_MAP, "", "n=b")).items] == ["b"]
    await client.delete(CONFIG_MAP, "d", "a", uid=created["metadata"]["uid"])
    with pytest.raises(ApiError, match="not found"):
        await client.get(CONFIG_MAP, "d", "a")


async def test_what_it_writes_is_said_to_be_by_its_manager(store):
    objects = Objects(catalog(MEMBER_KINDS), store, lambda: 0, lambda: str(uuid.uuid4()))
    made = await LocalClient(objects, "tradewind-member").create(CONFIG_MAP, config_map())
    assert [entry["manager"] for entry in made["metadata"]["managedFields"]] == ["tradewind-member"]


async def test_status_is_apart(client):
    pod = {
        "metadata": {"name": "p", "namespace": "d"},
        "spec": {"nodeName": "n", "containers": [{"name": "c", "image": "i"}]},
    }
    created = await client.create(POD, pod | {"status": {"phase": "Failed"}})
    assert created["status"] == {"phase": "Pending", "qosClass": "BestEffort"}
    running = await client.update_status(POD, created | {"status": {"phase": "Running"}})
    assert running["status"] == {"phase": "Running"}
    await client.delete(POD, "d", "p")
    assert (await client.get(POD, "d", "p"))["metadata"]["deletionGracePeriodSeconds"] == 30
    await client.delete(POD, "d", "p", grace_seconds=0)
    assert (await client.list(POD)).items == []


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: client.create(CONFIG_MAP, config_map()), 409),
        (lambda client: client.create(CONFIG_MAP, config_map("b") | {"dta": {}}), 400),
        (lambda client: client.update(CONFIG_MAP, config_map("nobody")), 404),
        (lambda client: client.patch(CONFIG_MAP, "d", "a", {"metadata": {"resourceVersion": "1"}}), 409),
        (lambda client: client.delete(CONFIG_MAP, "d", "a", uid="other"), 409),
        (lambda client: client.list(CONFIG_MAP, "d", "="), 400),
        (lambda client: anext(client.watch(CONFIG_MAP, "d", "x")), 400),
        (lambda client: anext(client.watch(CONFIG_MAP, "d", "99")), 504),
    ],
)
async def test_refusals_are_api_errors(client, call, code):
    await client.create(CONFIG_MAP, config_map())
    with pytest.raises(ApiError) as raised:
        await call(client)
    assert raised.value.code == code


async def test_a_watch_from_a_list_on(client):
    await client.create(CONFIG_MAP, config_map())
    listing = await client.list(CONFIG_MAP)
    watch = client.watch(CONFIG_MAP, "d", listing.resource_version)
    waiting = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0)
    await client.create(CONFIG_MAP, config_map("b"))
    event = await asyncio.wait_for(waiting, SECONDS)
    assert (event.type, event.manifest["metadata"]["name"]) == ("ADDED", "b")
    await client.delete(CONFIG_MAP, "d", "a")
    event = await asyncio.wait_for(anext(watch), SECONDS)
    assert (event.type, event.manifest["metadata"]["name"]) == ("DELETED", "a")
    await watch.aclose()


async def test_a_watch_without_a_version_begins_with_what_is_there_and_ends_with_the_store(client, store):
    await client.create(CONFIG_MAP, config_map())
    watch = client.watch(CONFIG_MAP)
    event = await asyncio.wait_for(anext(watch), SECONDS)
    assert (event.type, event.manifest["metadata"]["name"]) == ("ADDED", "a")
    await store.close()
    assert [event async for event in watch] == []


async def test_a_watch_that_is_closed_is_forgotten(client, store):
    await client.create(CONFIG_MAP, config_map())
    watch = client.watch(CONFIG_MAP)
    await anext(watch)
    await watch.aclose()
    assert not store._watches["configmaps"]
