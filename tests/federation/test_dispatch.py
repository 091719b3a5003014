"""Endpoints of other clusters, in the order in which each cluster asks them."""

import json

import pytest

from tests.federation.objects import SERVICE, cluster
from tradewind.federation.dispatch import make_endpoint_works, providers, service_labels, service_of_labels
from tradewind.federation.service_reports import reports
from tradewind.resources import labels
from tradewind.resources.work import AggregatedStatusItem, BindingSpec, BindingStatus, TargetCluster


def site(name, region, order, rtt_ms, ready="True", peer=True):
    notes = {labels.FLEET_ORDER: str(order), labels.ROUND_TRIP_MS: json.dumps(rtt_ms)}
    if peer:
        notes[labels.PEER_GATEWAY] = f"127.0.0.1:{7400 + order}"
    return cluster(name, ready, annotations=notes, region=region, zones=[f"{region}a"])


EAST = site("east", "us-east-1", 0, {"us-west-2": 65, "eu-west-1": 80})
WEST = site("west", "us-west-2", 1, {"us-east-1": 65, "eu-west-1": 140})
EUROPE = site("europe", "eu-west-1", 2, {"us-east-1": 80, "us-west-2": 140})
FLEET = [EAST, EUROPE, WEST]


def dispatched(ready_replicas, clusters=FLEET, notes=None):
    """For each cluster, the slices it imports, when these clusters have so many ready replicas."""
    items = [
        AggregatedStatusItem(
            cluster_name=name,
            applied=True,
            status={"replicas": {"replicas": 2, "readyReplicas": ready}, "annotations": notes or {}},
        )
        for name, ready in ready_replicas.items()
    ]
    spec = BindingSpec(resource=SERVICE, clusters=[TargetCluster(name=name) for name in ready_replicas])
    found = reports(spec, BindingStatus(aggregated_status=items), clusters)
    works = make_endpoint_works("ml", "fraud", providers(found, clusters), clusters)
    return {
        work.metadata.namespace.removeprefix("karmada-es-"): work.spec.workload.manifests for work in works
    }


def order(slices):
    return {
        one["metadata"]["annotations"][labels.PRIORITY]: one["metadata"]["labels"][labels.CLUSTER]
        for one in slices
    }


def test_every_cluster_gets_all_others_nearest_first():
    found = dispatched({"east": 2, "west": 2, "europe": 2})
    assert {name: order(slices) for name, slices in found.items()} == {
        "east": {"1": "west", "2": "europe"},
        "west": {"1": "east", "2": "europe"},
        "europe": {"1": "east", "2": "west"},
    }


def test_clusters_without_the_service_get_it_too_and_a_lone_one_gets_nothing():
    assert {name: order(slices) for name, slices in dispatched({"west": 1}).items()} == {
        "east": {"1": "west"},
        "europe": {"1": "west"},
    }


def test_the_shape_of_a_slice():
    [slice_, _] = dispatched({"east": 2, "west": 2, "europe": 2}, notes={labels.HEALTH_PATH: "/health"})[
        "east"
    ]
    assert (slice_["apiVersion"], slice_["kind"]) == ("discovery.k8s.io/v1", "EndpointSlice")
    meta = slice_["metadata"]
    assert (meta["namespace"], meta["name"]) == ("ml", "imported-west-fraud-predictor")
    assert (
        meta["labels"]
        | {
            "kubernetes.io/service-name": "fraud-predictor",
            "serving.kserve.io/inferenceservice": "fraud",
            "component": "predictor",
            "tradewind.dev/cluster": "west",
            "endpointslice.kubernetes.io/managed-by": "endpointslice.karmada.io",
            "karmada.io/managed": "true",
        }
        == meta["labels"]
    )
    assert meta["annotations"][labels.HEALTH_PATH] == "/health"
    assert slice_["endpoints"] == [
        {"addresses": ["127.0.0.1"], "conditions": {"ready": True}, "zone": "us-west-2a"}
    ]
    assert slice_["ports"] == [{"port": 7401, "name": "http", "protocol": "TCP"}]


@pytest.mark.parametrize("heard_of", ["True", "Unknown"])
@pytest.mark.parametrize(("replicas", "ready"), [(1, True), (0, False)])
def test_readiness_is_that_of_the_replicas_whatever_the_hub_hears(replicas, heard_of, ready):
    west = site("west", "us-west-2", 1, {}, ready=heard_of)
    [slice_] = dispatched({"west": replicas}, [EAST, west])["east"]
    assert slice_["endpoints"][0]["conditions"] == {"ready": ready}


def test_a_cluster_without_a_peer_gateway_provides_nothing():
    assert dispatched({"west": 1}, [EAST, site("west", "us-west-2", 1, {}, peer=False)]) == {}


def test_the_labels_lead_back_to_the_service():
    assert service_of_labels(service_labels("ml", "fraud")) == ("ml", "fraud")
    assert service_of_labels({}) is None
