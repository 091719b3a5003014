"""What Pods use, from what their processes had used at two moments: metrics-server's arithmetic. Pure.

A container's memory is the sum of its processes' resident sets, so pages that they share count in each.
Its CPU is the processor time between two readings, divided by the time between them; a container that has
started since the reading before is measured from its start.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tradewind.resources.core import Pod
from tradewind.resources.meta import Manifest, ObjectMeta, encode
from tradewind.resources.metrics import (
    NODE_METRICS,
    POD_METRICS,
    ContainerMetrics,
    NodeMetrics,
    PodMetrics,
    Usage,
)
from tradewind.resources.times import time_text


@dataclass(frozen=True)
class Reading:
    """What the processes of one container had used: `started_ms` is when the first of them began, and
    `start_ticks` the same as the kernel counts it, which tells it from another."""

    at_ms: int
    started_ms: int
    start_ticks: int
    cpu_ms: int
    memory_bytes: int


@dataclass(frozen=True)
class PodUsage:
    """What the container of a Pod uses, over the `window_ms` until `at_ms`."""

    pod: Pod
    at_ms: int
    window_ms: int
    cpu_nanocores: int
    memory_bytes: int


def pod_usage(pod: Pod, now: Reading, before: Reading | None, longest_ms: int) -> PodUsage | None:
    """What a Pod uses; None while that cannot be told: there is one reading only, and its process has been
    running for longer than `longest_ms`, so that the mean since its start says nothing about now."""
    if before is None or before.start_ticks != now.start_ticks:
        since_ms, used_before_ms = now.started_ms, 0
    else:
        since_ms, used_before_ms = before.at_ms, before.cpu_ms
    window_ms = now.at_ms - since_ms
    if not 0 < window_ms <= longest_ms:
        return None
    used_ms = max(0, now.cpu_ms - used_before_ms)
    return PodUsage(pod, now.at_ms, window_ms, used_ms * 1_000_000_000 // window_ms, now.memory_bytes)


def all_usage(
    pods: Mapping[str, Pod], now: Mapping[str, Reading], before: Mapping[str, Reading], longest_ms: int
) -> tuple[PodUsage, ...]:
    """What each Pod uses of those that can be told, by name. All mappings are by Pod uid."""
    found = (
        pod_usage(pods[uid], one, before.get(uid), longest_ms) for uid, one in now.items() if uid in pods
    )
    return tuple(sorted(filter(None, found), key=lambda one: _name(one.pod)))


def _name(pod: Pod) -> tuple[str, str]:
    return pod.metadata.namespace, pod.metadata.name


def pod_metrics(usages: Iterable[PodUsage], namespace: str) -> list[Manifest]:
    """The PodMetrics of a namespace, or of all for ""."""
    return [encode(_pod_metrics(one)) for one in usages if namespace in ("", one.pod.metadata.namespace)]


def _pod_metrics(usage: PodUsage) -> PodMetrics:
    meta, container = usage.pod.metadata, usage.pod.spec.containers[0]
    now = time_text(usage.at_ms)
    return PodMetrics(
        api_version=POD_METRICS.api_version,
        kind=POD_METRICS.name,
        metadata=ObjectMeta(
            name=meta.name, namespace=meta.namespace, labels=meta.labels, creation_timestamp=now
        ),
        timestamp=now,
        window=_duration(usage.window_ms),
        containers=[
            ContainerMetrics(name=container.name, usage=_usage(usage.cpu_nanocores, usage.memory_bytes))
        ],
    )


def node_metrics(node: str, labels: Mapping[str, str], usages: Sequence[PodUsage], now_ms: int) -> Manifest:
    """The NodeMetrics of a node: what its Pods use together. The rest of the machine is not the node's."""
    return encode(
        NodeMetrics(
            api_version=NODE_METRICS.api_version,
            kind=NODE_METRICS.name,
            metadata=ObjectMeta(name=node, labels=dict(labels), creation_timestamp=time_text(now_ms)),
            timestamp=time_text(max((one.at_ms for one in usages), default=now_ms)),
            window=_duration(max((one.window_ms for one in usages), default=0)),
            usage=_usage(sum(one.cpu_nanocores for one in usages), sum(one.memory_bytes for one in usages)),
        )
    )


def _usage(cpu_nanocores: int, memory_bytes: int) -> Usage:
    """In the units that metrics-server uses."""
    return {"cpu": f"{cpu_nanocores}n", "memory": f"{-(-memory_bytes // 1024)}Ki"}


def _duration(span_ms: int) -> str:
    """As Go prints it: `15s`, `14.92s`."""
    return f"{span_ms / 1000:.3f}".rstrip("0").rstrip(".") + "s"
