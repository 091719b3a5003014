"""What a component may say about autoscaling, by mode and autoscaler class."""

from typing import Any

import pytest

from tests.resources.serving_objects import MODEL, refusals, service
from tradewind.resources.meta import Manifest

PERCENT = "the target utilization percentage should be a [1-100] integer"


def scaled(mode: str, class_: str, **predictor: Any) -> Manifest:
    annotations = {"deploymentMode": mode, "autoscalerClass": class_}
    return service(
        {"model": MODEL, **predictor}, **{key: value for key, value in annotations.items() if value}
    )


def metric(type_: str, **source: Any) -> Manifest:
    return {"metrics": [{"type": type_, **source}]}


def resource(name: str, **target: Any) -> Manifest:
    return metric("Resource", resource={"name": name, "target": target})


def queried(type_: str, query: str = "sum(x)", **target: Any) -> Manifest:
    field = "external" if type_ == "External" else "podmetric"
    return metric(type_, **{field: {"metric": {"backend": "b", "query": query}, "target": target}})


HPA: list[tuple[Manifest, str]] = [
    ({}, ""),
    ({"scaleMetric": "cpu", "scaleTarget": 80}, ""),
    ({"scaleMetric": "rps"}, "[rps] is not a supported metric"),
    ({"scaleTarget": 0}, PERCENT),
    ({"scaleTarget": 101}, PERCENT),
    ({"scaleMetric": "memory", "scaleTarget": 200}, PERCENT),
    ({"scaleMetric": "memory", "scaleTarget": 0}, "the target memory should be greater than 1 MiB"),
    ({"autoScaling": resource("memory", averageValue="1Gi")}, ""),
    (
        {"autoScaling": metric("External")},
        "invalid HPA metric source type with value [External],valid metric source types are Resource",
    ),
    (
        {"autoScaling": metric("Resource")},
        "metricSpec.Resource is not set for resource metric source type",
    ),
]
KEDA: list[tuple[Manifest, str]] = [
    ({}, ""),
    ({"scaleMetric": "cpu"}, "ScaleMetric is not supported for KEDA"),
    ({"autoScaling": resource("cpu", type="Utilization", averageUtilization=50)}, ""),
    ({"autoScaling": resource("cpu", type="Value")}, "the cpu target value type should be Utilization"),
    ({"autoScaling": resource("cpu", type="Utilization")}, "the AverageUtilization type should be set"),
    ({"autoScaling": resource("cpu", type="Utilization", averageUtilization=0)}, PERCENT),
    (
        {"autoScaling": resource("memory", type="Value")},
        "the memory target value type should be AverageValue or Utilization",
    ),
    (
        {"autoScaling": resource("memory", type="AverageValue", averageValue="1Ki")},
        "the memory target value should be greater than 1 MiB",
    ),
    ({"autoScaling": resource("memory", type="AverageValue", averageValue="1Gi")}, ""),
    ({"autoScaling": resource("disk", type="Value")}, "resource type disk is not supported"),
    ({"autoScaling": metric("Resource")}, "metricSpec.Resource is not set for resource metric source type"),
    ({"autoScaling": metric("External")}, "metricSpec.External is not set for external metric source type"),
    ({"autoScaling": metric("PodMetric")}, "metricSpec.PodMetric is not set for pod metric source type"),
    ({"autoScaling": queried("External", type="Value", value="10")}, ""),
    (
        {"autoScaling": queried("External", query="", type="Value", value="1")},
        "the query should not be empty",
    ),
    ({"autoScaling": queried("PodMetric", type="Value")}, "the target threshold value should not be empty"),
    (
        {"autoScaling": queried("PodMetric", type="AverageValue", value="1")},
        "the AverageValue type should be set",
    ),
    (
        {"autoScaling": metric("Other")},
        "unknown KEDA metric type with value [Other].Valid types are Resource,External,PodMetric",
    ),
]
KPA: list[tuple[Manifest, str]] = [
    ({}, ""),
    ({"scaleMetric": "concurrency", "scaleTarget": 10}, ""),
    ({"scaleMetric": "rps", "scaleTarget": 0}, "the target for rps should be greater than 1"),
    ({"scaleMetric": "cpu"}, "[cpu] is not a supported metric"),
    ({"scaleMetric": "gpu_memory_utilization", "scaleTarget": 70}, ""),
    (
        {"deploymentStrategy": {"type": "Recreate"}},
        "customizing deploymentStrategy is only supported for raw deployment mode",
    ),
]
ROWS = [
    *(("Standard", "hpa", *row) for row in HPA),
    *(("Standard", "keda", *row) for row in KEDA),
    *(("", "", *row) for row in KPA),
    *(("Knative", "", *row) for row in KPA),
    ("Standard", "", {"scaleMetric": "anything", "deploymentStrategy": {}}, ""),
    ("Standard", "external", {"scaleMetric": "anything"}, ""),
]


@pytest.mark.parametrize(("mode", "class_", "predictor", "text"), ROWS)
def test_scaling(mode: str, class_: str, predictor: Manifest, text: str):
    assert refusals(scaled(mode, class_, **predictor)) == ([text] if text else [])


def test_the_hpa_class_of_knative_has_the_rules_of_hpa():
    manifest = scaled("", "", scaleMetric="cpu", scaleTarget=80)
    manifest["metadata"]["annotations"]["autoscaling.knative.dev/class"] = "hpa.autoscaling.knative.dev"
    assert refusals(manifest) == []
