"""Prometheus metrics of a replica: KServe's histograms by their names, the queue, and the process."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tradewind.servers.admission import Admission

LABELS = ("model_name",)


@dataclass(frozen=True)
class Metrics:
    """What is observed for each request, in seconds, already bound to the model's label."""

    registry: CollectorRegistry
    preprocess: Histogram
    predict: Histogram
    postprocess: Histogram


def make_metrics(model_name: str, admission: Admission) -> Metrics:
    """The metrics of a server for one model; `request_explain_seconds` stays at zero, as nothing explains."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_AdmissionCollector(model_name, admission))

    def histogram(step: str, help_text: str) -> Histogram:
        name = f"request_{step}_seconds"
        return Histogram(name, f"{help_text} request latency", LABELS, registry=registry).labels(model_name)

    histogram("explain", "explain")
    return Metrics(
        registry=registry,
        preprocess=histogram("preprocess", "pre-process"),
        predict=histogram("predict", "predict"),
        postprocess=histogram("postprocess", "post-process"),
    )


def exposition(metrics: Metrics, accept: str) -> tuple[bytes, str]:
    """All metrics in the text format that the `Accept` header asks for, and its content type."""
    encoder, content_type = choose_encoder(accept)
    return encoder(metrics.registry), content_type


class _AdmissionCollector(Collector):
    """Reads the admission's counts when scraped, so that a request pays nothing for them."""

    def __init__(self, model_name: str, admission: Admission) -> None:
        self._labels = [model_name]
        self._admission = admission

    def collect(self) -> Iterator[Metric]:
        """The requests in flight, their limit, and those refused for it."""
        in_flight = GaugeMetricFamily("tradewind_requests_in_flight", "not yet answered", labels=LABELS)
        in_flight.add_metric(self._labels, self._admission.in_flight)
        limit = GaugeMetricFamily("tradewind_requests_in_flight_limit", "more are refused", labels=LABELS)
        limit.add_metric(self._labels, self._admission.limit)
        refused = CounterMetricFamily("tradewind_requests_refused", "refused over the limit", labels=LABELS)
        refused.add_metric(self._labels, self._admission.refused)
        yield from (in_flight, limit, refused)
