"""Which serving runtimes are refused, in upstream's words."""

from typing import Any

import pytest

from tests.resources.serving_objects import refusals, runtime
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME, SERVING_RUNTIME

LEADER = {"name": "kserve-container", "image": "a:1"}
WORKER = {"name": "worker-container", "image": "a:1"}
PREFIX = "the ServingRuntime mine is invalid: "


def formats(*rows: tuple[str, int | None, bool]) -> list[Manifest]:
    return [
        {"name": name, "autoSelect": auto, **({"priority": priority} if priority else {})}
        for name, priority, auto in rows
    ]


ROWS: list[tuple[dict[str, Any], str]] = [
    ({}, ""),
    ({"supportedModelFormats": formats(("sklearn", 1, True), ("sklearn", 1, True))}, ""),
    ({"supportedModelFormats": formats(("sklearn", 1, True), ("sklearn", 2, False))}, ""),
    ({"supportedModelFormats": formats(("sklearn", None, True), ("sklearn", 2, True))}, ""),
    (
        {"supportedModelFormats": formats(("sklearn", 1, True), ("sklearn", 2, True))},
        "different priorities assigned for the model format sklearn under the servingruntime mine",
    ),
    (
        {"containers": [{**LEADER, "env": [{"name": "PYTHONPATH", "value": "x"}]}]},
        'the ServingRuntime "mine" is invalid: setting PYTHONPATH in container "kserve-container" is not '
        "allowed for security reasons",
    ),
    ({"workerSpec": {"containers": [WORKER]}}, ""),
    (
        {"workerSpec": {"containers": [WORKER, {"name": "b"}]}},
        PREFIX + "setting multiple containers in workerSpec is not allowed",
    ),
    (
        {"workerSpec": {"pipelineParallelSize": 0}},
        PREFIX + "the WorkerSpec.PipelineParallelSize cannot be less than 1(0)",
    ),
    (
        {"workerSpec": {}, "containers": [{**LEADER, "env": [{"name": "PIPELINE_PARALLEL_SIZE"}]}]},
        PREFIX + "setting PIPELINE_PARALLEL_SIZE in environment variables is not allowed",
    ),
    (
        {"workerSpec": {"containers": [{**WORKER, "resources": {"limits": {"example.com/gpu": "1"}}}]}},
        PREFIX + "unknown GPU resource type in a container(worker-container)",
    ),
    (
        {"containers": [{**LEADER, "resources": {"limits": {"cpu": "many"}}}]},
        'Invalid value: "many" is not a quantity',
    ),
    ({"disabled": True, "containers": [{**LEADER, "env": [{"name": "PYTHONPATH"}]}]}, ""),
]


@pytest.mark.parametrize(("spec", "text"), ROWS)
def test_runtimes(spec: dict[str, Any], text: str):
    found = refusals(runtime(**spec), SERVING_RUNTIME)
    assert len(found) == bool(text)
    assert not text or found[0].startswith(text)


def test_a_cluster_runtime_is_called_by_its_kind():
    priorities = formats(("sklearn", 1, True), ("sklearn", 2, True))
    manifest = runtime("ClusterServingRuntime", supportedModelFormats=priorities)
    (message,) = refusals(manifest, CLUSTER_SERVING_RUNTIME)
    assert message.endswith("under the clusterservingruntime mine")


def test_pod_fields_that_a_runtime_does_not_have_are_unknown():
    (message,) = refusals(runtime(initContainers=[]), SERVING_RUNTIME)
    assert 'unknown field "initContainers"' in message
