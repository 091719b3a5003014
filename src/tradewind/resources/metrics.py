"""metrics.k8s.io: what Pods and nodes use now, as metrics-server serves it to `kubectl top`."""

from tradewind.resources.columns import NAME
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest, Object, Struct, always

Usage = dict[str, str]  # "cpu": "1500000n", "memory": "2048Ki"


class ContainerMetrics(Struct):
    """What one container uses."""

    name: str
    usage: Usage


class PodMetrics(Object):
    """The usage of a Pod's containers over the `window` before the `timestamp`."""

    timestamp: str = always(default="")
    window: str = always(default="")
    containers: list[ContainerMetrics] = always(default=[])


class NodeMetrics(Object):
    """The usage of a node over the `window` before the `timestamp`."""

    timestamp: str = always(default="")
    window: str = always(default="")
    usage: Usage = always(default={})


def _used(name: str) -> Column:
    """As metrics-server prints a Pod: the usage of its first container, which here is its only one."""

    def value(metrics: Manifest, _: int) -> str:
        usages = [one["usage"] for one in metrics.get("containers", ())] or [metrics["usage"]]
        return str(usages[0].get(name, ""))

    return Column(name, value)


_COLUMNS = (NAME, _used("cpu"), _used("memory"), Column("Window", lambda metrics, _: str(metrics["window"])))

POD_METRICS = Kind(
    group="metrics.k8s.io",
    versions=("v1beta1",),
    name="PodMetrics",
    plural="pods",
    struct=PodMetrics,
    has_status=False,
    columns=_COLUMNS,
    verbs=("get", "list"),
)
NODE_METRICS = Kind(
    group="metrics.k8s.io",
    versions=("v1beta1",),
    name="NodeMetrics",
    plural="nodes",
    struct=NodeMetrics,
    namespaced=False,
    has_status=False,
    columns=_COLUMNS,
    verbs=("get", "list"),
)
