"""What the hub understands of an InferenceService."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.objects import SERVICE, cluster, placement, service, weights
from tradewind.federation.interpret import Part, health_of, interpreter_of, parts
from tradewind.resources.meta import Manifest
from tradewind.resources.work import BindingSpec, TargetCluster

CLUSTERS = [cluster(name) for name in "abc"]


def interpreted(manifest: Manifest):
    found = interpreter_of(manifest)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("predictor", "replicas"), [({}, 1), ({"minReplicas": 0}, 0), ({"minReplicas": 4}, 4)]
)
def test_replicas(predictor, replicas):
    manifest = service(**predictor)
    count, requirements = interpreted(manifest).replicas(manifest)
    assert count == replicas
    assert requirements is not None  # a sleeping service still is a workload


def test_what_a_replica_needs():
    model = {
        "modelFormat": {"name": "vllm"},
        "resources": {"requests": {"cpu": "1500m", "memory": "1Gi"}, "limits": {"nvidia.com/gpu": "2"}},
    }
    sidecar = {
        "name": "agent",
        "resources": {"requests": {"cpu": "500m"}, "limits": {"cpu": "1", "memory": "1Gi"}},
    }
    manifest = service(
        model=model,
        containers=[sidecar],
        nodeSelector={"gpu": "a100"},
        tolerations=[{"key": "gpu", "operator": "Exists"}],
    )
    _, requirements = interpreted(manifest).replicas(manifest)
    assert requirements.resource_request == {"cpu": "2", "memory": "2Gi", "nvidia.com/gpu": "2"}
    assert requirements.node_claim.node_selector == {"gpu": "a100"}
    assert requirements.node_claim.tolerations[0].key == "gpu"


@pytest.mark.parametrize(
    ("part", "predictor"),
    [
        (Part(2, 5), {"minReplicas": 2, "maxReplicas": 5}),
        (Part(2), {"minReplicas": 2, "maxReplicas": 20}),
        (Part(0, 1), {"minReplicas": 0, "maxReplicas": 1}),
    ],
)
def test_revise(part, predictor):
    manifest = service(minReplicas=6, maxReplicas=20)
    revised = interpreted(manifest).revise(manifest, part)["spec"]["predictor"]
    assert {name: revised[name] for name in predictor} == predictor
    assert manifest["spec"]["predictor"]["minReplicas"] == 6


@pytest.mark.parametrize(
    ("status", "health"),
    [
        ({"conditions": [{"type": "Ready", "status": "True"}]}, "Healthy"),
        ({"conditions": [{"type": "Ready", "status": "False"}]}, "Unhealthy"),
        ({"conditions": [{"type": "Ready", "status": "Unknown"}]}, "Unknown"),
        (None, "Unknown"),
    ],
)
def test_health(status, health):
    assert health_of(service(status=status)) == health


def test_a_kind_without_an_interpreter_is_healthy():
    assert health_of({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}) == "Healthy"


def parts_of(most, shares, how):
    spec = BindingSpec(
        resource=SERVICE,
        placement=placement({"replicaScheduling": how} if how else {}),
        clusters=[TargetCluster(name=name, replicas=share) for name, share in shares.items()],
    )
    return parts(service(maxReplicas=most), spec, CLUSTERS)


@pytest.mark.parametrize(
    ("most", "shares", "how", "maxima"),
    [
        (12, {"a": 3, "b": 2, "c": 1}, weights(a=3, b=2, c=1), {"a": 6, "b": 4, "c": 2}),
        # c has a weight but no share: the others divide the maximum among themselves.
        (10, {"a": 1, "b": 1}, weights(a=3, b=2, c=1), {"a": 6, "b": 4}),
        # Never below the cluster's own minimum.
        (4, {"a": 1, "b": 3}, weights(a=9, b=1), {"a": 4, "b": 3}),
        # Never 0, which would mean no limit.
        (2, {"a": 0, "b": 0, "c": 0}, weights(a=1, b=1, c=1), {"a": 1, "b": 1, "c": 1}),
        (0, {"a": 1, "b": 1}, weights(a=1, b=1), {"a": 0, "b": 0}),
        (8, {"a": 2, "b": 2}, None, {"a": 8, "b": 8}),
        (9, {"a": 4, "b": 2}, {"replicaDivisionPreference": "Aggregated"}, {"a": 6, "b": 3}),
    ],
)
def test_parts_of_the_maximum(most, shares, how, maxima):
    found = parts_of(most, shares, how)
    assert {name: part.most for name, part in found.items()} == maxima
    assert {name: part.replicas for name, part in found.items()} == shares


@given(st.integers(1, 60), st.fixed_dictionaries({name: st.integers(0, 9) for name in "abc"}))
def test_maxima_hold_minima_and_add_up(most, shares):
    found = parts_of(most, shares, weights(a=3, b=2, c=1))
    assert all(part.most >= max(1, part.replicas) for part in found.values())
    if most >= 60 - 12 and not any(shares.values()):
        assert sum(part.most for part in found.values()) == most
