"""The Node object of a member: what the fleet file says it has, and where it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tradewind.base.ports import LOOPBACK
from tradewind.resources.core import Node, NodeSpec, NodeStatus, RequestedResources, Taint
from tradewind.resources.core_kinds import NODE
from tradewind.resources.meta import Condition, Manifest, ObjectMeta, encode
from tradewind.resources.times import time_text

MAX_PODS = 110  # kubelet's default


@dataclass(frozen=True)
class NodeConfig:
    """A node as the fleet file declares it: `capacity` as quantities, "" for an unknown place. `version` is
    that of the software, which `kubectl get nodes` prints."""

    name: str
    capacity: RequestedResources
    version: str
    region: str = ""
    zone: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Taint, ...] = ()


def make_node(config: NodeConfig, now_ms: int) -> Manifest:
    """A Ready node that offers all of its capacity, labelled with Kubernetes' well-known labels."""
    capacity: RequestedResources = {"pods": str(MAX_PODS), **config.capacity}
    ready = Condition(
        type="Ready",
        status="True",
        reason="NodeReady",
        message="the node runs Pods as processes of this machine",
        last_transition_time=time_text(now_ms),
    )
    return encode(
        Node(
            api_version=NODE.api_version,
            kind=NODE.name,
            metadata=ObjectMeta(name=config.name, labels=_labels(config)),
            spec=NodeSpec(taints=list(config.taints)),
            status=NodeStatus(
                capacity=capacity,
                allocatable=capacity,
                conditions=[ready],
                addresses=[
                    {"type": "InternalIP", "address": LOOPBACK},
                    {"type": "Hostname", "address": config.name},
                ],
                node_info={"operatingSystem": "linux", "kubeletVersion": config.version},
            ),
        )
    )


def _labels(config: NodeConfig) -> dict[str, str]:
    place = {
        "topology.kubernetes.io/region": config.region,
        "topology.kubernetes.io/zone": config.zone,
        "kubernetes.io/hostname": config.name,
        "kubernetes.io/os": "linux",
    }
    return {key: value for key, value in place.items() if value} | dict(config.labels)
