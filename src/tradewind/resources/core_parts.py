"""Small parts of the core kinds' status: conditions, addresses, what a node says of its machine."""

from typing import Any

from tradewind.resources.meta import Condition, Struct, always


class PodCondition(Condition):
    """v1 PodCondition; `last_probe_time` is null since kubelet never sets it."""

    last_probe_time: str | None = None


class PodIP(Struct):
    """One of a Pod's or a host's addresses."""

    ip: str


class NodeCondition(Condition):
    """v1 NodeCondition: when its kubelet last said so, and since when it has been so."""

    last_heartbeat_time: str | None = None


class NodeAddress(Struct):
    """v1 NodeAddress: a Hostname, InternalIP or the like."""

    type: str
    address: str


class NodeSystemInfo(Struct):
    """v1 NodeSystemInfo: what `kubectl describe node` says of the machine."""

    machine_id: str = always(default="", name="machineID")
    system_uuid: str = always(default="", name="systemUUID")
    boot_id: str = always(default="", name="bootID")
    kernel_version: str = always(default="")
    os_image: str = always(default="")
    container_runtime_version: str = always(default="")
    kubelet_version: str = always(default="")
    kube_proxy_version: str = always(default="")
    operating_system: str = always(default="")
    architecture: str = always(default="")
    swap: dict[str, Any] | None = None
