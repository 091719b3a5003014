"""What a component may say about autoscaling, by mode (kserve `inference_service_validation.go`)."""

from collections.abc import Iterator, Mapping

from tradewind.resources.problems import Cause, Problem
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.serving import ComponentExtension
from tradewind.resources.serving_names import AUTOSCALER_CLASS, DEPLOYMENT_MODE, KNATIVE_CLASS, STANDARD
from tradewind.resources.serving_parts import MetricSpec, MetricTarget
from tradewind.resources.shape import join

HPA_METRICS = ("cpu", "memory")
KPA_METRICS = ("concurrency", "rps")
# Metrics that Tradewind scales on by name; upstream's enum refuses them, `tradewind check` says so.
NAMED_METRICS = ("gpu_memory_utilization",)
HPA_CLASS = "hpa.autoscaling.knative.dev"
SMALLEST_MEMORY_BYTES = 1024**2
PERCENT_RULE = "the target utilization percentage should be a [1-100] integer"


def check_scaling(
    path: str, component: ComponentExtension, annotations: Mapping[str, str]
) -> Iterator[Problem]:
    """The rules of the autoscaler that mode and class choose; without a mode, Knative's."""
    if annotations.get(DEPLOYMENT_MODE) == STANDARD:
        match annotations.get(AUTOSCALER_CLASS):
            case "hpa":
                yield from _check_hpa(path, component)
            case "keda":
                yield from _check_keda(path, component)
    elif annotations.get(KNATIVE_CLASS) == HPA_CLASS:
        yield from _check_hpa(path, component)
    else:
        yield from _check_kpa(path, component)


def _check_metric(path: str, metric: str, allowed: tuple[str, ...]) -> Iterator[Problem]:
    if metric not in (*allowed, *NAMED_METRICS):
        yield Problem(join(path, "scaleMetric"), f"[{metric}] is not a supported metric", Cause.NOT_SUPPORTED)


def _check_hpa(path: str, component: ComponentExtension) -> Iterator[Problem]:
    metric, target = component.scale_metric or "cpu", component.scale_target
    yield from _check_metric(path, metric, HPA_METRICS)
    at = join(path, "scaleTarget")
    # Upstream applies the upper bound of percentages to every metric.
    if target is not None and (target > 100 or (metric == "cpu" and target < 1)):
        yield Problem(at, PERCENT_RULE)
    elif target is not None and metric == "memory" and target < 1:
        yield Problem(at, "the target memory should be greater than 1 MiB")
    for one_path, one in _metrics(path, component):
        if one.type != "Resource":
            yield Problem(
                join(one_path, "type"),
                f"invalid HPA metric source type with value [{one.type}],"
                "valid metric source types are Resource",
                Cause.NOT_SUPPORTED,
            )
        elif one.resource is None:
            yield Problem(one_path, "metricSpec.Resource is not set for resource metric source type")


def _check_kpa(path: str, component: ComponentExtension) -> Iterator[Problem]:
    if component.deployment_strategy is not None:
        yield Problem(
            join(path, "deploymentStrategy"),
            "customizing deploymentStrategy is only supported for raw deployment mode",
            Cause.FORBIDDEN,
        )
    metric = component.scale_metric or "concurrency"
    yield from _check_metric(path, metric, KPA_METRICS)
    if metric == "rps" and component.scale_target is not None and component.scale_target < 1:
        yield Problem(join(path, "scaleTarget"), "the target for rps should be greater than 1")


def _check_keda(path: str, component: ComponentExtension) -> Iterator[Problem]:
    if component.scale_metric is not None:
        at = join(path, "scaleMetric")
        yield Problem(at, "ScaleMetric is not supported for KEDA", Cause.FORBIDDEN)
    for one_path, one in _metrics(path, component):
        match one.type:
            case "Resource":
                yield from _check_resource(one_path, one)
            case "External":
                yield from _check_query(one_path, one)
            case "PodMetric":
                yield from _check_pod_metric(one_path, one)
            case other:
                yield Problem(
                    join(one_path, "type"),
                    f"unknown KEDA metric type with value [{other}]."
                    "Valid types are Resource,External,PodMetric",
                    Cause.NOT_SUPPORTED,
                )


def _metrics(path: str, component: ComponentExtension) -> Iterator[tuple[str, MetricSpec]]:
    metrics = component.auto_scaling.metrics if component.auto_scaling else []
    for place, one in enumerate(metrics):
        yield f"{path}.autoScaling.metrics[{place}]", one


def _check_resource(path: str, metric: MetricSpec) -> Iterator[Problem]:
    if metric.resource is None:
        yield Problem(path, "metricSpec.Resource is not set for resource metric source type")
        return
    target, at = metric.resource.target, join(path, "resource.target.type")
    match metric.resource.name:
        case "cpu" if target.type != "Utilization":
            yield Problem(at, "the cpu target value type should be Utilization")
        case "memory" if target.type not in ("AverageValue", "Utilization"):
            yield Problem(at, "the memory target value type should be AverageValue or Utilization")
        case "memory" if target.type == "AverageValue" and _is_small(target):
            at = join(path, "resource.target.averageValue")
            yield Problem(at, "the memory target value should be greater than 1 MiB")
        case "cpu" | "memory":
            yield from _check_target(join(path, "resource.target"), target)
        case other:
            yield Problem(join(path, "resource.name"), f"resource type {other} is not supported")


def _is_small(target: MetricTarget) -> bool:
    try:
        return parse_quantity(target.average_value or 0) < SMALLEST_MEMORY_BYTES
    except ValueError:
        return True


def _check_query(path: str, metric: MetricSpec) -> Iterator[Problem]:
    if metric.external is None:
        yield Problem(path, "metricSpec.External is not set for external metric source type")
        return
    at = join(path, "external")
    yield from _check_query_and_threshold(at, metric.external.metric.query, metric.external.target)


def _check_pod_metric(path: str, metric: MetricSpec) -> Iterator[Problem]:
    if metric.podmetric is None:
        yield Problem(path, "metricSpec.PodMetric is not set for pod metric source type")
        return
    at = join(path, "podmetric")
    yield from _check_query_and_threshold(at, metric.podmetric.metric.query, metric.podmetric.target)


def _check_query_and_threshold(path: str, query: str, target: MetricTarget) -> Iterator[Problem]:
    if not query:
        yield Problem(join(path, "metric.query"), "the query should not be empty", Cause.REQUIRED)
    if target.value is None:
        at = join(path, "target.value")
        yield Problem(at, "the target threshold value should not be empty", Cause.REQUIRED)
    else:
        yield from _check_target(join(path, "target"), target)


def _check_target(path: str, target: MetricTarget) -> Iterator[Problem]:
    match target.type:
        case "Utilization" if target.average_utilization is None:
            yield Problem(path, "the AverageUtilization type should be set")
        case "Utilization" if not 1 <= (target.average_utilization or 0) <= 100:
            yield Problem(join(path, "averageUtilization"), PERCENT_RULE)
        case "AverageValue" if target.average_value is None:
            yield Problem(path, "the AverageValue type should be set")
        case "Value" if target.value is None:
            yield Problem(path, "the Value type should be set")
