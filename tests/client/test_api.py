"""The HTTPS client and `apply` against the real API server, side by side with real kubectl."""

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.client.tls import Authority, now_ms
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.base.certificates import write_credentials
from tradewind.client.apply import apply
from tradewind.client.base import WatchEvent
from tradewind.client.connection import Connection
from tradewind.client.http import HttpClient
from tradewind.client.kubeconfig import fleet_kubeconfig
from tradewind.resources.core_kinds import CONFIG_MAP, POD, SECRET
from tradewind.resources.meta import Manifest
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.registry import MEMBER_KINDS
from tradewind.resources.status import ApiError
from tradewind.store.store import memory_store

DEADLINE_SECONDS = 20


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    authority = Authority()
    files = TlsFiles(tmp_path / "tls.crt", tmp_path / "tls.key", tmp_path / "ca.crt")
    write_credentials(authority.server(), files.certificate, files.private_key)
    files.authority.write_text(authority.pem)
    store = memory_store()
    server = await serve(
        application(Objects(catalog(MEMBER_KINDS), store, now_ms, lambda: str(uuid.uuid4()))), 0, files
    )
    yield authority.connection(server.url)
    await server.close()


@pytest.fixture
async def client(connection: Connection) -> AsyncIterator[HttpClient]:
    async with HttpClient(connection) as found:
        yield found


def config_map(name: str = "a", namespace: str = "default", **data: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


async def kubectl(
    connection: Connection, folder: Path, *arguments: str, manifest: Manifest | None = None
) -> str:
    """What kubectl says, run against this server."""
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(json.dumps(fleet_kubeconfig({"hub": connection}, "hub")))
    found = await asyncio.to_thread(
        subprocess.run,
        [Path(sys.executable).with_name("kubectl"), *arguments],
        input=json.dumps(manifest) if manifest else None,
        capture_output=True,
        check=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        env={"KUBECONFIG": str(kubeconfig), "HOME": str(folder)},
    )
    return found.stdout


async def code_of(request: object) -> tuple[int, str]:
    with pytest.raises(ApiError) as caught:
        await request  # type: ignore[misc]
    return caught.value.code, caught.value.reason


async def test_an_object_lives_and_dies(client: HttpClient):
    created = await client.create(CONFIG_MAP, config_map(x="1"))
    assert await client.get(CONFIG_MAP, "default", "a") == created
    updated = await client.update(CONFIG_MAP, {**created, "data": {"x": "2"}})
    patched = await client.patch(CONFIG_MAP, "default", "a", {"data": {"y": "3"}})
    assert (updated["data"], patched["data"]) == ({"x": "2"}, {"x": "2", "y": "3"})
    assert (await client.list(CONFIG_MAP, "default", "app=a")).items == [patched]
    assert (await client.list(CONFIG_MAP, label_selector="app!=a")).items == []
    await client.delete(CONFIG_MAP, "default", "a", uid=created["metadata"]["uid"])
    assert await code_of(client.get(CONFIG_MAP, "default", "a")) == (404, "NotFound")


async def test_refusals_keep_upstreams_reasons(client: HttpClient):
    created = await client.create(CONFIG_MAP, config_map())
    await client.patch(CONFIG_MAP, "default", "a", {"data": {"x": "1"}})
    assert await code_of(client.create(CONFIG_MAP, config_map())) == (409, "AlreadyExists")
    assert await code_of(client.update(CONFIG_MAP, created)) == (409, "Conflict")
    assert await code_of(client.delete(CONFIG_MAP, "default", "a", uid="another")) == (409, "Conflict")
    assert await code_of(client.delete(CONFIG_MAP, "default", "b")) == (404, "NotFound")
    assert await code_of(client.create(CONFIG_MAP, config_map("A"))) == (422, "Invalid")


async def test_a_watch_goes_on_from_a_list(client: HttpClient):
    await client.create(CONFIG_MAP, config_map())
    listing = await client.list(CONFIG_MAP)
    seen: list[WatchEvent] = []

    async def follow() -> None:
        async for event in client.watch(CONFIG_MAP, resource_version=listing.resource_version):
            if event.type != "BOOKMARK":
                seen.append(event)
            if len(seen) == 3:
                return

    following = asyncio.create_task(follow())
    await client.create(CONFIG_MAP, config_map("b"))
    await client.patch(CONFIG_MAP, "default", "a", {"data": {"x": "1"}})
    await client.delete(CONFIG_MAP, "default", "b")
    async with asyncio.timeout(DEADLINE_SECONDS):
        await following
    assert [(event.type, event.manifest["metadata"]["name"]) for event in seen] == [
        ("ADDED", "b"),
        ("MODIFIED", "a"),
        ("DELETED", "b"),
    ]


async def test_a_pods_status_is_written_apart(client: HttpClient):
    spec = {"containers": [{"name": "c", "image": "i"}]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}, "spec": spec}
    created = await client.create(POD, pod)
    await client.update_status(POD, {**created, "spec": {}, "status": {"phase": "Running"}})
    found = await client.get(POD, "default", "p")
    assert (found["status"]["phase"], len(found["spec"]["containers"])) == ("Running", 1)
    table = await client.get_table(POD, "default")
    assert [column["name"] for column in table["columnDefinitions"][:3]] == ["Name", "Ready", "Status"]
    assert table["rows"][0]["cells"][:3] == ["p", "0/1", "Running"]


async def test_warnings_of_the_kind_reach_the_caller(connection: Connection):
    told: list[str] = []
    metadata = {"name": "a", "namespace": "default"}
    rule = {"apiVersion": "networking.istio.io/v1beta1", "kind": "DestinationRule", "metadata": metadata}
    async with HttpClient(connection, told.append) as client:
        await client.create(DESTINATION_RULE, {**rule, "spec": {"host": "h"}})
    assert len(told) == 2
    assert "has no effect in this version" in told[0]
    assert told[1] == 'namespace "default" did not exist and was created'


async def test_a_secret_is_stored_encoded(client: HttpClient):
    metadata = {"name": "s", "namespace": "default"}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"a": "hi"}}
    created = await client.create(SECRET, secret)
    assert (created["data"], created.get("stringData")) == ({"a": "aGk="}, None)


async def test_kubectl_and_apply_take_turns(connection: Connection, client: HttpClient, tmp_path: Path):
    """Both keep the same annotation in the same words, so neither undoes or repeats the other."""
    wanted = config_map(html="<b>&é", x="1")
    assert (await apply(client, CONFIG_MAP, wanted)).outcome == "created"
    told = await kubectl(connection, tmp_path, "apply", "-f", "-", manifest=wanted)
    assert told == "configmap/a unchanged\n"
    assert (await apply(client, CONFIG_MAP, wanted)).outcome == "unchanged"
    told = await kubectl(connection, tmp_path, "apply", "-f", "-", manifest=config_map(x="2", y="3"))
    assert told == "configmap/a configured\n"
    applied = await apply(client, CONFIG_MAP, config_map(y="3"))
    assert (applied.outcome, applied.manifest["data"]) == ("configured", {"y": "3"})
    told = await kubectl(connection, tmp_path, "apply", "-f", "-", manifest=config_map(y="3"))
    assert told == "configmap/a unchanged\n"


async def test_kubectl_first(connection: Connection, client: HttpClient, tmp_path: Path):
    wanted = config_map(html="<b>&é", x="1")
    assert await kubectl(connection, tmp_path, "apply", "-f", "-", manifest=wanted) == "configmap/a created\n"
    assert (await apply(client, CONFIG_MAP, wanted)).outcome == "unchanged"
