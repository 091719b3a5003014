"""The rules of `workerSpec` of an InferenceService."""

from typing import Any

import pytest

from tests.resources.serving_objects import refusals, service
from tradewind.resources.meta import Manifest

PREFIX = 'the InferenceService "iris" is invalid: '
GPU = {"limits": {"example.com/gpu": "1"}}
UNKNOWN = (
    "Unknown GPU resource type. Set 'serving.kserve.io/gpu-resource-types' annotation to use custom gpu "
    "resource type"
)


def several_nodes(model: Manifest, workers: Manifest, **annotations: str) -> Manifest:
    whole = {"modelFormat": {"name": "huggingface"}, "storageUri": "pvc://a", **model}
    return service({"model": whole, "workerSpec": workers}, **({"autoscalerClass": "none"} | annotations))


ROWS: list[tuple[Manifest, Manifest, dict[str, Any], str]] = [
    ({}, {}, {}, ""),
    ({"storageUri": "oci://a"}, {"tensorParallelSize": 2}, {}, ""),
    (
        {},
        {"containers": [{"name": "a"}, {"name": "b"}]},
        {},
        "setting multiple containers in workerSpec is not allowed",
    ),
    (
        {"env": [{"name": "TENSOR_PARALLEL_SIZE", "value": "2"}]},
        {},
        {},
        "setting TENSOR_PARALLEL_SIZE in environment variables is not allowed",
    ),
    ({}, {"pipelineParallelSize": 0}, {}, "WorkerSpec.PipelineParallelSize cannot be less than 1(0)"),
    ({}, {"tensorParallelSize": -1}, {}, "WorkerSpec.TensorParallelSize cannot be less than 1(-1)"),
    ({"resources": GPU}, {}, {}, UNKNOWN),
    ({}, {"containers": [{"name": "w", "resources": GPU}]}, {}, UNKNOWN),
    ({"resources": GPU}, {}, {"gpu-resource-types": '["example.com/gpu"]'}, ""),
    ({"resources": GPU}, {}, {"gpu-resource-types": "not json"}, UNKNOWN),
    ({"storageUri": "s3://a"}, {}, {}, "Multinode only supports 'pvc' and 'oci' Storage Protocol(s3)"),
    ({}, {}, {"autoscalerClass": "hpa"}, "Multinode only supports 'none' autoscaler(hpa)"),
]


@pytest.mark.parametrize(("model", "workers", "annotations", "text"), ROWS)
def test_workers(model: Manifest, workers: Manifest, annotations: dict[str, str], text: str):
    wanted = [PREFIX + text] if text else []
    assert refusals(several_nodes(model, workers, **annotations)) == wanted


def test_a_model_is_needed_where_all_nodes_find_it():
    manifest = service(
        {"model": {"modelFormat": {"name": "huggingface"}}, "workerSpec": {}}, autoscalerClass="none"
    )
    assert refusals(manifest) == [f"{PREFIX}StorageURI must be set for multinode enabled"]
