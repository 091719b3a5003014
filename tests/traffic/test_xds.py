"""The xDS server as Envoy sees it: long polls, versions by content."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from tests.traffic.objects import local_slice
from tests.traffic.real import free_ports
from tradewind.resources.meta import Manifest
from tradewind.traffic.gateway import GatewayIdentity, gateway_proxy
from tradewind.traffic.render import Resources, render
from tradewind.traffic.xds import Snapshot, make_application, start_xds

IDENTITY = GatewayIdentity("east", "r1", "r1a", 8081, 8082)
HOLD_SECONDS = 0.2


def resources(*ports: int, service: str = "fraud") -> Resources:
    return render(gateway_proxy([local_slice(service, port) for port in ports], IDENTITY))


def two_services(fraud_port: int, spam_port: int) -> Resources:
    slices = [local_slice("fraud", fraud_port), local_slice("spam", spam_port)]
    return render(gateway_proxy(slices, IDENTITY))


@pytest.fixture
async def snapshot() -> Snapshot:
    return Snapshot()


@pytest.fixture
async def client(snapshot: Snapshot) -> AsyncIterator[TestClient]:
    async with TestClient(TestServer(make_application(snapshot, HOLD_SECONDS))) as made:
        yield made


@pytest.fixture
async def patient(snapshot):
    """A client whose polls are held far longer than any test takes: only a change answers them."""
    async with TestClient(TestServer(make_application(snapshot, 60))) as made:
        yield made


async def poll(client: TestClient, type_: str, version: str = "", *names: str, node: str = "n1") -> Manifest:
    """The body of the answer; {} for "nothing new"."""
    body = {
        "node": {"id": node, "extensions": [{"name": "x"}]},
        "version_info": version,
        "resource_names": names,
    }
    async with client.post(f"/v3/discovery:{type_}", json=body) as answer:
        assert answer.status in (200, 304)
        return await answer.json() if answer.status == 200 else {}


@pytest.mark.parametrize(
    ("type_", "names", "wanted"),
    [
        ("clusters", (), "envoy.config.cluster.v3.Cluster"),
        ("listeners", (), "envoy.config.listener.v3.Listener"),
        ("routes", ("gateway",), "envoy.config.route.v3.RouteConfiguration"),
        ("endpoints", ("ml/fraud-predictor",), "envoy.config.endpoint.v3.ClusterLoadAssignment"),
    ],
)
async def test_each_type_is_served(client, snapshot, type_, names, wanted):
    snapshot.publish(resources(9001))
    found = await poll(client, type_, "", *names)
    assert found["type_url"] == f"type.googleapis.com/{wanted}"
    assert found["version_info"]
    assert {one["@type"] for one in found["resources"]} == {f"type.googleapis.com/{wanted}"}
    assert not names or len(found["resources"]) == 1


async def test_nothing_is_said_before_the_first_publish(client, patient, snapshot):
    """A member that restarts must not take the routes from an Envoy that runs."""
    assert await poll(client, "clusters") == {}
    waiting = asyncio.create_task(poll(patient, "clusters"))
    await asyncio.sleep(0)
    snapshot.publish(resources(9001))
    assert (await waiting)["resources"]


async def test_a_poll_with_the_current_version_is_held_until_it_changes(client, patient, snapshot):
    snapshot.publish(resources(9001))
    version = (await poll(client, "endpoints", "", "ml/fraud-predictor"))["version_info"]
    assert await poll(client, "endpoints", version, "ml/fraud-predictor") == {}
    waiting = asyncio.create_task(poll(patient, "endpoints", version, "ml/fraud-predictor"))
    await asyncio.sleep(HOLD_SECONDS / 4)
    assert not waiting.done()
    snapshot.publish(resources(9002))
    (found,) = (await waiting)["resources"]
    assert (
        found["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]["port_value"]
        == 9002
    )


async def test_all_waiting_polls_are_woken_at_once(patient, snapshot):
    snapshot.publish(resources(9001))
    version = (await poll(patient, "clusters"))["version_info"]
    waiting = [asyncio.create_task(poll(patient, "clusters", version, node=f"n{n}")) for n in range(50)]
    await asyncio.sleep(HOLD_SECONDS / 4)
    assert not any(task.done() for task in waiting)
    snapshot.publish(resources(9001, service="spam"))
    assert len({found["version_info"] for found in await asyncio.gather(*waiting)} - {version}) == 1


async def test_a_change_of_endpoints_is_no_change_of_anything_else(client, snapshot):
    snapshot.publish(two_services(9001, 9002))
    asked = [
        ("clusters", ()),
        ("listeners", ()),
        ("routes", ("gateway",)),
        ("endpoints", ("ml/spam-predictor",)),
    ]
    versions = [(await poll(client, type_, "", *names))["version_info"] for type_, names in asked]
    snapshot.publish(two_services(9003, 9002))
    for (type_, names), version in zip(asked, versions, strict=True):
        assert await poll(client, type_, version, *names) == {}


async def test_publishing_the_same_changes_nothing(snapshot):
    assert snapshot.publish(resources(9001))
    assert not snapshot.publish(resources(9001))


async def test_versions_survive_a_restart(client, snapshot):
    snapshot.publish(resources(9001))
    again = Snapshot()
    again.publish(resources(9001))
    assert (await poll(client, "clusters"))["version_info"] == again.answer("clusters", ())[0]  # type: ignore[index]


async def test_refused_content_is_not_sent_in_a_loop(client, snapshot, caplog):
    snapshot.publish(resources(9001))
    good = (await poll(client, "clusters"))["version_info"]
    snapshot.publish(resources(9001, service="spam"))
    bad = (await poll(client, "clusters", good))["version_info"]
    # An Envoy that refused it polls with what it has; only at the end of the hold it is told once more.
    began = asyncio.get_running_loop().time()
    assert (await poll(client, "clusters", good))["version_info"] == bad
    assert asyncio.get_running_loop().time() - began >= HOLD_SECONDS * 0.9
    assert "n1 refused clusters" in caplog.text


async def test_a_new_envoy_gets_what_an_older_one_of_the_same_name_had(client, snapshot):
    snapshot.publish(resources(9001))
    first = await poll(client, "clusters")
    assert await poll(client, "clusters") == first


async def test_an_unknown_name_waits_until_it_is_known(patient, snapshot):
    snapshot.publish(resources(9001))
    waiting = asyncio.create_task(poll(patient, "endpoints", "", "ml/spam-predictor"))
    await asyncio.sleep(HOLD_SECONDS / 4)
    snapshot.publish(two_services(9001, 9002))
    assert (await waiting)["resources"][0]["cluster_name"] == "ml/spam-predictor"


async def test_a_removed_resource_is_gone(client, snapshot):
    snapshot.publish(two_services(9001, 9002))
    snapshot.publish(resources(9001))
    names = [one["name"] for one in (await poll(client, "clusters"))["resources"]]
    assert names == ["ml/fraud-predictor", "ml/fraud-predictor/local"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"node": 1}', '{"node": {"id": "x"}, "version_info": 7}'])
async def test_nonsense_is_refused(client, body):
    async with client.post("/v3/discovery:clusters", data=body) as answer:
        assert answer.status == 400


async def test_a_taken_port_is_an_error(snapshot):
    (port,) = free_ports(1)
    runner = await start_xds(snapshot, port)
    try:
        with pytest.raises(OSError):
            await start_xds(snapshot, port)
    finally:
        await runner.cleanup()


async def test_it_listens_on_loopback_and_answers(snapshot):
    (port,) = free_ports(1)
    snapshot.publish(resources(9001))
    runner = await start_xds(snapshot, port)
    try:
        async with (
            ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{port}/v3/discovery:clusters", json={"node": {"id": "a"}}
            ) as answer,
        ):
            assert answer.status == 200
        assert [address[0] for address in runner.addresses] == ["127.0.0.1"]
    finally:
        await runner.cleanup()


def test_every_part_of_the_resources_is_served():
    assert {field.name for field in dataclasses.fields(Resources)} == {
        "clusters",
        "endpoints",
        "listeners",
        "routes",
    }
