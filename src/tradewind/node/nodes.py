"""The Node object of a member, and its Lease: what the fleet file says it has, and how its machine does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tradewind.base.ports import LOOPBACK
from tradewind.node.vitals import Vitals
from tradewind.resources.core import Lease, LeaseSpec, Node, NodeSpec, NodeStatus, RequestedResources, Taint
from tradewind.resources.core_kinds import LEASE, NODE
from tradewind.resources.core_parts import NodeAddress, NodeCondition, NodeSystemInfo
from tradewind.resources.meta import ObjectMeta, OwnerReference, condition_of, replace
from tradewind.resources.quantity import canonical
from tradewind.resources.times import micro_time_text, time_ms, time_text

COMPONENT = "kubelet"  # what Events name as their source; dashboards know it
MAX_PODS = 110  # kubelet's default
LEASE_NAMESPACE = "kube-node-lease"
LEASE_SECONDS = 40  # as kubelet's
REPORT_MS = 300_000  # kubelet's nodeStatusReportFrequency
# kubelet's hard eviction thresholds. Nothing is evicted here; the conditions say how things are.
LEAST_MEMORY_BYTES = 100 * 1024 * 1024
LEAST_DISK_SHARE = 0.10
LEAST_INODES_SHARE = 0.05


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


def make_node(config: NodeConfig, vitals: Vitals, now_ms: int, known: Sequence[NodeCondition] = ()) -> Node:
    """A Ready node that offers all of its capacity, labelled with Kubernetes' well-known labels.

    `known` are its conditions as published last: those that still hold keep the time of their transition.
    """
    declared = {"pods": str(MAX_PODS), **config.capacity}
    capacity: RequestedResources = {name: canonical(amount) for name, amount in declared.items()}
    return Node(
        api_version=NODE.api_version,
        kind=NODE.name,
        metadata=ObjectMeta(name=config.name, labels=node_labels(config, vitals)),
        spec=NodeSpec(taints=list(config.taints)),
        status=NodeStatus(
            capacity=capacity,
            allocatable=capacity,
            conditions=[_timed(one, known, now_ms) for one in _conditions(vitals)],
            addresses=[
                NodeAddress(type="InternalIP", address=LOOPBACK),
                NodeAddress(type="Hostname", address=config.name),
            ],
            node_info=_system(config, vitals),
        ),
    )


def is_due(wanted: NodeStatus, stored: NodeStatus) -> bool:
    """Whether a status is to be written: it says something new, or its heartbeat is REPORT_MS old."""
    before = {one.type: one for one in stored.conditions}
    for condition in wanted.conditions:
        known = before.get(condition.type)
        if known is None or replace(known, last_heartbeat_time=condition.last_heartbeat_time) != condition:
            return True
        if time_ms(condition.last_heartbeat_time or "") - _heartbeat_ms(known) >= REPORT_MS:
            return True
    return replace(wanted, conditions=[]) != replace(stored, conditions=[])


def _heartbeat_ms(condition: NodeCondition) -> int:
    return time_ms(condition.last_heartbeat_time) if condition.last_heartbeat_time else 0


def _conditions(vitals: Vitals) -> list[NodeCondition]:
    """In kubelet's order and words (`pkg/kubelet/nodestatus/setters.go`)."""
    short_of_memory = vitals.memory_available_bytes < LEAST_MEMORY_BYTES
    short_of_disk = vitals.disk_free_share < LEAST_DISK_SHARE or vitals.inodes_free_share < LEAST_INODES_SHARE
    return [
        NodeCondition(
            type="MemoryPressure",
            status=str(short_of_memory),
            reason=f"KubeletHas{'Insufficient' if short_of_memory else 'Sufficient'}Memory",
            message=f"kubelet has {'insufficient' if short_of_memory else 'sufficient'} memory available",
        ),
        NodeCondition(
            type="DiskPressure",
            status=str(short_of_disk),
            reason="KubeletHasDiskPressure" if short_of_disk else "KubeletHasNoDiskPressure",
            message=f"kubelet has {'' if short_of_disk else 'no '}disk pressure",
        ),
        NodeCondition(
            type="PIDPressure",
            status="False",
            reason="KubeletHasSufficientPID",
            message="kubelet has sufficient PID available",
        ),
        NodeCondition(
            type="Ready", status="True", reason="KubeletReady", message="kubelet is posting ready status"
        ),
    ]


def _timed(condition: NodeCondition, known: Sequence[NodeCondition], now_ms: int) -> NodeCondition:
    before, now = condition_of(known, condition.type), time_text(now_ms)
    since = before.last_transition_time if before and before.status == condition.status else None
    return replace(condition, last_heartbeat_time=now, last_transition_time=since or now)


def _system(config: NodeConfig, vitals: Vitals) -> NodeSystemInfo:
    return NodeSystemInfo(
        machine_id=vitals.machine_id,
        system_uuid=vitals.machine_id,
        boot_id=vitals.boot_id,
        kernel_version=vitals.kernel_version,
        os_image=vitals.os_image,
        container_runtime_version=f"process://{config.version.removeprefix('v')}",
        kubelet_version=config.version,
        operating_system="linux",
        architecture=vitals.architecture,
    )


def node_labels(config: NodeConfig, vitals: Vitals) -> dict[str, str]:
    """Kubernetes' well-known labels, and those that the fleet file gives it."""
    place = {
        "topology.kubernetes.io/region": config.region,
        "topology.kubernetes.io/zone": config.zone,
        "kubernetes.io/arch": vitals.architecture,
        "kubernetes.io/hostname": config.name,
        "kubernetes.io/os": "linux",
    }
    return {key: value for key, value in place.items() if value} | dict(config.labels)


def make_node_lease(node: Node, now_ms: int) -> Lease:
    """The Lease by which a node says that it is alive, as kubelet's: it goes when its Node goes."""
    owner = OwnerReference(
        api_version=NODE.api_version, kind=NODE.name, name=node.metadata.name, uid=node.metadata.uid
    )
    return Lease(
        api_version=LEASE.api_version,
        kind=LEASE.name,
        metadata=ObjectMeta(name=node.metadata.name, namespace=LEASE_NAMESPACE, owner_references=[owner]),
        spec=LeaseSpec(
            holder_identity=node.metadata.name,
            lease_duration_seconds=LEASE_SECONDS,
            renew_time=micro_time_text(now_ms),
        ),
    )
