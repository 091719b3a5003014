"""What `kubectl get` prints of KServe's kinds."""

from typing import Any

from tests.resources.serving_objects import runtime, service
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import INFERENCE_SERVICE, REVISION, SERVING_RUNTIME


def row(kind: Kind, manifest: Manifest) -> dict[str, Any]:
    return {column.name: column.value(manifest, 0) for column in kind.columns}


def test_a_service_without_status():
    shown = row(INFERENCE_SERVICE, service())
    assert shown == {
        "Name": "iris",
        "URL": "",
        "Ready": "",
        "Prev": "",
        "Latest": "",
        "PrevRolledoutRevision": "",
        "LatestReadyRevision": "",
        "Age": "<unknown>",
        "Replicas": "0/0",
        "Reason": "",
        "Message": "",
    }


def test_a_service_with_a_canary():
    traffic = [
        {"latestRevision": True, "percent": 20, "revisionName": "iris-predictor-00002"},
        {"percent": 80, "revisionName": "iris-predictor-00001", "tag": "prev"},
    ]
    status = {
        "url": "http://iris-ml.east.localhost:7411",
        "conditions": [{"type": "Ready", "status": "False", "reason": "ModelLoadFailed", "message": "no"}],
        "components": {"predictor": {"traffic": traffic}},
        "replicas": {"replicas": 3, "readyReplicas": 2},
    }
    shown = row(INFERENCE_SERVICE, service() | {"status": status})
    assert shown["Ready"] == "False"
    assert (shown["Prev"], shown["Latest"]) == (80, 20)
    assert shown["PrevRolledoutRevision"] == "iris-predictor-00001"
    assert shown["LatestReadyRevision"] == "iris-predictor-00002"
    assert (shown["Replicas"], shown["Reason"], shown["Message"]) == ("2/3", "ModelLoadFailed", "no")


def test_replicas_of_all_clusters_at_the_hub():
    clusters = {"a": {"replicas": 3, "readyReplicas": 3}, "b": {"replicas": 2}}
    assert row(INFERENCE_SERVICE, service() | {"status": {"clusters": clusters}})["Replicas"] == "3/5"


def test_a_runtime():
    formats = [{"name": "sklearn", "version": "0"}, {"name": "sklearn", "version": "1"}, {"name": "onnx"}]
    shown = row(SERVING_RUNTIME, runtime(supportedModelFormats=formats))
    assert (shown["ModelType"], shown["Containers"]) == ("sklearn", "kserve-container"), (
        "as a custom resource, the first"
    )


def test_a_revision():
    labels = {
        "serving.knative.dev/configuration": "iris-predictor",
        "serving.knative.dev/configurationGeneration": "1",
    }
    manifest = {
        "metadata": {"name": "iris-predictor-00001", "labels": labels},
        "status": {"actualReplicas": 1, "conditions": [{"type": "Ready", "status": "True"}]},
    }
    shown = row(REVISION, manifest)
    assert (shown["Config Name"], shown["Generation"]) == ("iris-predictor", "1")
    assert (shown["Ready"], shown["Actual Replicas"], shown["Desired Replicas"]) == ("True", "1", "0")
