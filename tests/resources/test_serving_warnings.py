"""Nothing is silently ignored: what has no effect is told, what has one is not."""

from typing import Any

import pytest

from tests.resources.serving_objects import MODEL, runtime, service, warnings, with_model
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import SERVING_RUNTIME

EFFECTIVE: dict[str, Any] = {
    "minReplicas": 3,
    "maxReplicas": 3,
    "serviceAccountName": "reader",
    "terminationGracePeriodSeconds": 60,
    "nodeSelector": {"a": "b"},
    "tolerations": [{"operator": "Exists"}],
    "labels": {"team": "a"},
    "annotations": {"note": "b"},
}
WITHOUT_EFFECT: dict[str, Any] = {
    "maxReplicas": 3,
    "scaleTarget": 10,
    "scaleMetric": "concurrency",
    "scaleMetricType": "Utilization",
    "autoScaling": {"metrics": []},
    "canaryTrafficPercent": 10,
    "containerConcurrency": 4,
    "timeout": 30,
    "logger": {"mode": "all"},
    "batcher": {"maxBatchSize": 8},
    "storageContainerName": "mine",
    "initContainers": [{"name": "first", "image": "a:1"}],
    "volumes": [{"name": "data", "emptyDir": {}}],
    "affinity": {},
    "hostNetwork": True,
    "securityContext": {"runAsUser": 1},
}


def test_a_plain_service_is_accepted_in_silence():
    assert warnings(service()) == {}


@pytest.mark.parametrize("field", EFFECTIVE)
def test_fields_with_an_effect_are_not_warned_about(field: str):
    minimum = {"minReplicas": 3} if field == "maxReplicas" else {}
    assert warnings(service({"model": MODEL, **minimum, field: EFFECTIVE[field]})) == {}


@pytest.mark.parametrize("field", WITHOUT_EFFECT)
def test_fields_without_effect_are_named_with_what_happens_instead(field: str):
    told = warnings(service({"model": MODEL, field: WITHOUT_EFFECT[field]}))
    assert list(told) == [f"spec.predictor.{field}"]
    assert "no effect" in told[f"spec.predictor.{field}"]
    assert len(told[f"spec.predictor.{field}"]) > len("has no effect in this version: ")


CONTAINER_WITHOUT_EFFECT: dict[str, Any] = {
    "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
    "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    "securityContext": {"runAsUser": 1},
    "tty": True,
}


@pytest.mark.parametrize("field", CONTAINER_WITHOUT_EFFECT)
def test_container_fields_without_effect_are_named(field: str):
    told = warnings(service({"model": MODEL | {field: CONTAINER_WITHOUT_EFFECT[field]}}))
    assert list(told) == [f"spec.predictor.model.{field}"]
    container = {"name": "kserve-container", "image": "a:1", "command": ["serve"]}
    told = warnings(service({"containers": [container | {field: CONTAINER_WITHOUT_EFFECT[field]}]}))
    assert list(told) == [f"spec.predictor.containers[0].{field}"]


@pytest.mark.parametrize(
    "field",
    [{"env": [{"name": "A", "value": "b"}]}, {"readinessProbe": {"httpGet": {"path": "/", "port": 8080}}}],
)
def test_container_fields_with_an_effect_are_not_warned_about(field: Manifest):
    assert warnings(service({"model": MODEL | field})) == {}


def test_zero_replicas():
    told = warnings(service({"model": MODEL, "minReplicas": 0}))
    assert "runs one replica" in told["spec.predictor.minReplicas"]


@pytest.mark.parametrize("part", ["transformer", "explainer"])
def test_components_that_are_not_run(part: str):
    manifest = service()
    manifest["spec"][part] = {"containers": [{"name": "kserve-container", "image": "a:1"}]}
    assert "not run" in warnings(manifest)[f"spec.{part}"]


def test_canaries_are_not_run():
    manifest = service(deploymentMode="Standard")
    manifest["spec"]["canary"] = [{"predictor": {"name": "v2", "model": MODEL}}]
    assert "not run" in warnings(manifest)["spec.canary"]


@pytest.mark.parametrize(
    ("containers", "place"),
    [
        ([{"name": "kserve-container", "image": "a:1"}, {"name": "helper", "image": "b:1"}], 1),
        ([{"name": "helper", "image": "b:1"}, {"name": "kserve-container", "image": "a:1"}], 0),
    ],
)
def test_helper_containers_are_not_run(containers: list[Manifest], place: int):
    assert list(warnings(service({"containers": containers}))) == [f"spec.predictor.containers[{place}]"]


def test_containers_beside_a_model_are_not_run():
    told = warnings(service({"model": MODEL, "containers": [{"name": "helper", "image": "b:1"}]}))
    assert list(told) == ["spec.predictor.containers[0]"]


@pytest.mark.parametrize(
    ("key", "value", "warned"),
    [
        ("serving.kserve.io/autoscalerClass", "hpa", True),
        ("serving.kserve.io/autoscalerClass", "none", False),
        ("serving.kserve.io/s3-cabundle", "/ca.pem", True),
        ("serving.kserve.io/s3-endpoint", "s3.a", False),
        ("autoscaling.knative.dev/window", "60s", True),
        ("serving.kserve.io/enable-tag-routing", "true", True),
        ("serving.kserve.io/health-probe-timeout", "30", True),
        ("serving.kserve.io/min-ready-replicas", "1", False),
        ("serving.kserve.io/enable-prometheus-scraping", "true", False),
        ("serving.kserve.io/deploymentMode", "Standard", False),
        ("serving.kserve.io/deploymentMode", "Sideways", True),
        ("example.com/note", "x", False),
    ],
)
def test_annotations(key: str, value: str, warned: bool):
    manifest = service()
    manifest["metadata"]["annotations"] = {key: value}
    assert bool(warnings(manifest)) == warned


def test_a_private_service_is_not_private_here():
    manifest = service()
    manifest["metadata"]["labels"] = {"networking.knative.dev/visibility": "cluster-local"}
    assert "everyone on this machine" in str(warnings(manifest))


def test_models_that_cannot_be_had():
    assert "storageUri" in str(warnings(service(with_model(storage={"key": "k"}))))
    assert "nothing is decrypted" in str(warnings(service(with_model(confidential={"enabled": True}))))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("multiModel", True),
        ("replicas", 2),
        ("workerSpec", {}),
        ("storageHelper", {"disabled": True}),
        ("volumes", [{"name": "data"}]),
        ("containers", [{"name": "kserve-container", "image": "a:1"}, {"name": "b", "image": "b:1"}]),
        ("containers", [{"name": "other", "image": "a:1"}]),
    ],
)
def test_runtimes(field: str, value: Any):
    told = warnings(runtime(**{field: value}), SERVING_RUNTIME)
    assert [path.partition("[")[0] for path in told] == [f"spec.{field}"]


def test_a_plain_runtime_is_accepted_in_silence():
    assert warnings(runtime(tolerations=[{"operator": "Exists"}]), SERVING_RUNTIME) == {}
