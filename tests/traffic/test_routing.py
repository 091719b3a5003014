"""What users see of a real gateway and a real front door."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
import pytest_asyncio

from tests.traffic.objects import local_slice
from tests.traffic.real import (
    ProxyUnderTest,
    Replica,
    call,
    front_door,
    gateway,
    imported,
    local,
    replicas,
    until_healthy,
)
from tradewind.resources import labels
from tradewind.resources.locality import Site
from tradewind.traffic.front_door import GatewaySite

pytestmark = [pytest.mark.fleet, pytest.mark.asyncio(loop_scope="module")]

PATH = "/serving/ml/fraud"
HOST = {"Host": "fraud-ml.east.localhost"}
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def pair() -> Iterator[list[Replica]]:
    """Two replicas."""
    with replicas("a1", "a2") as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def envoys(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[ProxyUnderTest, ProxyUnderTest]]:
    """The gateways of clusters east and west."""
    folder = tmp_path_factory.mktemp("gateways")
    async with gateway(folder, "east", "r1") as first, gateway(folder, "west", "r2") as second:
        yield first, second


@pytest.fixture
def east(envoys: tuple[ProxyUnderTest, ProxyUnderTest]) -> ProxyUnderTest:
    return envoys[0]


@pytest.fixture
def west(envoys: tuple[ProxyUnderTest, ProxyUnderTest]) -> ProxyUnderTest:
    return envoys[1]


@pytest_asyncio.fixture(loop_scope="module")
async def served(east: ProxyUnderTest, pair: list[Replica]) -> ProxyUnderTest:
    """The gateway of cluster east with one replica of ml/fraud."""
    east.serve(*local(pair[0]))
    await until_healthy(east, 1)
    return east


def site(name: str, region: str, order: int, proxy: ProxyUnderTest) -> GatewaySite:
    return GatewaySite(Site(name, region, order=order), "127.0.0.1", proxy.port)


@pytest.mark.parametrize(
    ("path", "headers", "wanted"),
    [
        (f"{PATH}/v2/models/fraud/infer?a=1&b=%2F", {}, "/v2/models/fraud/infer?a=1&b=%2F"),
        (f"{PATH}/", {}, "/"),
        (PATH, {}, "/"),
        (f"{PATH}?q=1", {}, "/?q=1"),
        (f"{PATH}/v1/models/org%2Fname:predict", {}, "/v1/models/org%2Fname:predict"),
        (f"{PATH}/x/../v1/models", {}, "/v1/models"),
        ("/v1/models/fraud:predict", HOST, "/v1/models/fraud:predict"),
        ("/v1/models/fraud:predict", {"Host": "fraud-ml.example.com:8080"}, "/v1/models/fraud:predict"),
        (f"{PATH}/v1/x", HOST, f"{PATH}/v1/x"),
    ],
)
async def test_paths_and_hosts(served, path, headers, wanted):
    status, said, answer_headers = await call(served.url + path, headers=headers)
    assert (status, said["path"]) == (200, wanted)
    assert said["host"] == "fraud-predictor.ml.svc.cluster.local"
    assert answer_headers["x-tradewind-cluster"] == "east"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/serving/ml/fraudulent/v1/x", {}),
        ("/", {}),
        ("/serving/ml", {}),
        (f"{PATH}/../../other/fraud/x", {}),
        ("/v1/models", {"Host": "fraud.ml.east.localhost"}),
        ('/say/"quotes"', {}),
    ],
)
async def test_an_unknown_address_is_404_and_says_what_to_do(served, path, headers):
    status, said, answer_headers = await call(served.url + path, headers=headers)
    assert status == 404
    assert "/serving/NAMESPACE/NAME" in said["error"]
    assert path.rpartition("/")[2].partition('"')[0] in said["error"]
    assert answer_headers["content-type"] == "application/json"
    assert answer_headers["x-tradewind-unserved"] == "NR"


async def test_a_known_service_with_nothing_ready_is_503_at_once(east):
    east.serve(*local())
    await east.until_stat("cluster.ml/fraud-predictor.update_success", lambda count: count > 0)
    began = time.monotonic()
    status, said, answer_headers = await call(f"{east.url}{PATH}/v1/x")
    assert status == 503
    assert "ml/fraud" in said["error"] and "tradewind status" in said["error"]
    assert answer_headers["x-tradewind-unserved"] == "UH"
    assert time.monotonic() - began < 0.5


async def test_what_a_replica_answers_is_passed_on(served):
    for status in (400, 422, 500):
        found, said, headers = await call(f"{served.url}{PATH}/x?status={status}")
        assert (found, said["name"]) == (status, "a1")
        assert "x-tradewind-unserved" not in headers


async def test_bad_input_takes_no_replica_away(served):
    """Twenty 500s in a row are one client's problem."""
    for _ in range(20):
        assert (await call(f"{served.url}{PATH}/x?status=500"))[0] == 500
    assert (await call(f"{served.url}{PATH}/x"))[0] == 200


async def test_a_client_cannot_change_how_it_is_proxied(served):
    headers = {"x-envoy-upstream-rq-timeout-ms": "1", "x-envoy-max-retries": "0"}
    status, said, _ = await call(f"{served.url}{PATH}/x?delay_ms=50", headers=headers)
    assert status == 200
    assert not set(headers) & set(said["headers"])


@pytest.mark.parametrize("megabytes", [1, 7, 20])
async def test_large_bodies_pass(served, megabytes):
    body = b"x" * (megabytes * MEGABYTE)
    status, said, _ = await call(f"{served.url}{PATH}/x", data=body)
    assert (status, said["body_bytes"]) == (200, len(body))


async def test_a_stream_arrives_as_it_is_written(served):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{served.url}{PATH}/tokens?count=10") as answer,
    ):
        times = [time.monotonic() async for line in answer.content if line.startswith(b"data")]
    assert len(times) == 11
    assert times[-1] - times[0] > 0.1


async def test_a_new_endpoint_is_used_within_100_ms(served, pair):
    slowest_ms = 0.0
    for next_one in (pair[1], pair[0], pair[1]):
        await asyncio.sleep(0.1)
        began = time.monotonic()
        served.serve(*local(next_one))
        while (await call(f"{served.url}{PATH}/x"))[1].get("name") != next_one.name:
            assert time.monotonic() - began < 5
        slowest_ms = max(slowest_ms, (time.monotonic() - began) * 1000)
    assert slowest_ms < 100
    assert await served.stats("update_rejected|rds.*rejected") == {} or not any(
        (await served.stats("rejected")).values()
    )


async def test_a_peer_that_does_not_know_the_health_path_serves_all_the_same(east, west):
    """West has no replica and no word of where a replica of east tells its health."""
    with replicas("llm", health_path="/health") as (llm,):
        east.serve(local_slice("fraud", llm.port, annotations={labels.HEALTH_PATH: "/health"}))
        west.serve(*imported(east))
        await until_healthy(west, 1)
        status, said, headers = await call(f"{west.url}{PATH}/x")
        assert (status, said["name"], headers["x-tradewind-cluster"]) == (200, "llm", "east")


async def test_two_gateways_with_nothing_do_not_ask_each_other_for_ever(east, west):
    east.serve(*local(), *imported(west))
    west.serve(*local(), *imported(east))
    await until_healthy(east, 0)
    began = time.monotonic()
    status, said, _ = await call(f"{east.url}{PATH}/x")
    assert (status, time.monotonic() - began < 0.5) == (503, True)
    assert "nor in another one" in said["error"]
    # Not even with one hop forced: a peer never passes on.
    host = {"Host": "fraud-predictor.ml.svc.cluster.local"}
    status, said, _ = await call(f"http://127.0.0.1:{west.peer_port}/x", headers=host)
    assert (status, "in cluster west" in said["error"]) == (503, True)


async def test_a_peer_refuses_what_it_does_not_run_with_503(east):
    """So that the gateway that asked goes on to the next cluster."""
    status, said, _ = await call(f"http://127.0.0.1:{east.peer_port}/x", headers={"Host": "unknown"})
    assert (status, "unknown" in said["error"]) == (503, True)


async def test_the_front_door_asks_by_region_and_passes_everything_on(tmp_path, served, west, pair):
    west.serve(*local(pair[1]))
    await until_healthy(west, 1)
    async with front_door(tmp_path, [site("east", "r1", 0, served), site("west", "r2", 1, west)]) as door:
        for backend in ("fleet", "region/r1", "region/r2"):
            await until_healthy(door, 2, backend)
        for region, wanted in (("r1", "east"), ("r2", "west"), ("atlantis", "east"), (None, "east")):
            headers = {"x-tradewind-region": region} if region else {}
            status, _, answer = await call(f"{door.url}{PATH}/x?y=1", headers=headers)
            assert (status, answer["x-tradewind-cluster"]) == (200, wanted)
        status, said, _ = await call(f"{door.url}/v1/x", headers=HOST)
        assert (status, said["path"]) == (200, "/v1/x")


async def test_a_gateway_that_does_not_know_a_service_yet_is_passed_over(tmp_path, served, west):
    west.serve()
    async with front_door(tmp_path, [site("west", "r2", 0, west), site("east", "r1", 1, served)]) as door:
        await until_healthy(door, 2, "fleet")
        status, _, headers = await call(f"{door.url}{PATH}/x")
        assert (status, headers["x-tradewind-cluster"]) == (200, "east")
        status, said, _ = await call(f"{door.url}/serving/ml/unknown/x")
        assert (status, "/serving/ml/unknown/x" in said["error"]) == (404, True)


async def test_a_front_door_without_gateways_says_so(tmp_path):
    async with front_door(tmp_path, []) as door:
        status, said, _ = await call(f"{door.url}{PATH}/x")
        assert (status, "no gateway of the fleet" in said["error"]) == (503, True)
