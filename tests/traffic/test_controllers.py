"""The endpoints controller over a cache, and the snapshots made from one."""

import pytest

from tests.traffic.objects import local_slice, make_pod, make_service
from tradewind.controller.cache import Cache, Source
from tradewind.controller.plan import Delete, Key, Put
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import ENDPOINT_SLICE, POD, SERVICE
from tradewind.resources.meta import Manifest, Object, encode, replace
from tradewind.traffic.controllers import (
    ENDPOINTS,
    front_door_snapshot,
    gateway_snapshot,
    keys_of_pod,
    keys_of_slice,
)
from tradewind.traffic.gateway import GatewayIdentity

KEY = Key("ml", "fraud-predictor")


@pytest.fixture
def cache() -> Cache:
    made = Cache()
    for kind in (SERVICE, POD, ENDPOINT_SLICE, CLUSTER):
        made.add_source(Source("local", kind.resource))
    return made


def put(cache: Cache, kind, *objects: Object) -> None:
    cache.replace(Source("local", kind.resource), kind, [encode(one) for one in objects], 1)


def test_pods_become_slices(cache):
    put(cache, SERVICE, make_service())
    put(cache, POD, make_pod("a", 9001), make_pod("other", 9002, pod_labels={"app": "db"}))
    (effect,) = ENDPOINTS.step(KEY, cache, 0).effects
    assert isinstance(effect, Put)
    assert effect.manifest["metadata"]["name"] == "fraud-predictor.9001"


def performed(cache: Cache) -> list[Manifest]:
    return [effect.manifest for effect in ENDPOINTS.step(KEY, cache, 0).effects if isinstance(effect, Put)]


def test_performed_once_it_is_at_rest(cache):
    put(cache, SERVICE, make_service())
    put(cache, POD, make_pod("a", 9001), make_pod("b", 9002))
    manifests = performed(cache)
    cache.replace(Source("local", ENDPOINT_SLICE.resource), ENDPOINT_SLICE, manifests, 2)
    assert ENDPOINTS.step(KEY, cache, 0).effects == ()


@pytest.mark.parametrize("deleted", [True, False])
def test_without_its_service_a_slice_goes(cache, deleted):
    service = make_service()
    put(cache, SERVICE, service)
    put(cache, POD, make_pod("a", 9001))
    cache.replace(Source("local", ENDPOINT_SLICE.resource), ENDPOINT_SLICE, performed(cache), 2)
    gone = replace(service, metadata=replace(service.metadata, deletion_timestamp="2030-01-01T00:00:00Z"))
    put(cache, SERVICE, *([gone] if deleted else []))
    (effect,) = ENDPOINTS.step(KEY, cache, 0).effects
    assert isinstance(effect, Delete)
    assert effect.name == "fraud-predictor.9001"


def test_imported_slices_are_not_touched(cache):
    imported = local_slice("fraud", 7001)
    put(cache, ENDPOINT_SLICE, imported)
    assert ENDPOINTS.step(KEY, cache, 0).effects == ()


def test_what_concerns_a_service(cache):
    put(cache, SERVICE, make_service())
    assert keys_of_pod(make_pod("a"), cache) == [KEY]
    assert keys_of_pod(make_pod("a", pod_labels={}), cache) == []
    assert keys_of_slice(local_slice("fraud", 9001), cache) == [KEY]


def test_the_gateways_snapshot(cache):
    put(cache, ENDPOINT_SLICE, local_slice("fraud", 9001))
    resources = gateway_snapshot(cache, GatewayIdentity("east", "r1", "r1a", 8081, 8082))
    assert set(resources.clusters) == {"ml/fraud-predictor", "ml/fraud-predictor/local"}
    assert set(resources.listeners) == set(resources.routes) == {"gateway", "peer-gateway"}
    assert set(resources.endpoints) == set(resources.clusters)


def test_the_front_doors_snapshot(cache):
    manifest = {
        "metadata": {"name": "east", "annotations": {"tradewind.dev/gateway": "127.0.0.1:7411"}},
        "spec": {"region": "us"},
    }
    cache.replace(Source("local", CLUSTER.resource), CLUSTER, [manifest], 1)
    assert set(front_door_snapshot(cache, 7401).clusters) == {"region/us", "fleet"}
