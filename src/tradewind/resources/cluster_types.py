"""What Karmada's Cluster holds (cluster.karmada.io/v1alpha1): a member as the hub knows it."""

from typing import Literal

from msgspec import field

from tradewind.resources.core import RequestedResources, Taint
from tradewind.resources.meta import Condition, Object, Struct


class SecretReference(Struct):
    """A Secret with credentials."""

    namespace: str = ""
    name: str = ""


class ResourceModelRange(Struct):
    """From `min` (inclusive) up to `max` (exclusive) of one resource, as quantities."""

    name: str
    min: str | int | float
    max: str | int | float


class ResourceModel(Struct):
    """One grade of nodes: those whose free resources are within the ranges."""

    grade: int
    ranges: list[ResourceModelRange]


class ClusterSpec(Struct):
    """Where a member is and how it is reached. `zone` is deprecated and moves into `zones`."""

    id: str = ""
    sync_mode: Literal["", "Push", "Pull"] = ""
    api_endpoint: str = ""
    secret_ref: SecretReference | None = None
    impersonator_secret_ref: SecretReference | None = None
    insecure_skip_tls_verification: bool = field(default=False, name="insecureSkipTLSVerification")
    proxy_url: str = field(default="", name="proxyURL")
    proxy_header: dict[str, str] = {}
    provider: str = ""
    region: str = ""
    zone: str = ""
    zones: list[str] = []
    taints: list[Taint] = []
    resource_models: list[ResourceModel] = []


class ApiResource(Struct):
    """A kind that a member serves; `name` is its plural."""

    name: str
    kind: str


class ApiEnablement(Struct):
    """The kinds of one API group and version that a member serves."""

    group_version: str
    resources: list[ApiResource] = []


class NodeSummary(Struct):
    """How many nodes there are, and how many are ready."""

    total_num: int = 0
    ready_num: int = 0


class AllocatableModeling(Struct):
    """How many nodes are of a grade."""

    grade: int
    count: int


class ResourceSummary(Struct):
    """Sums over a member: of its nodes, of Pods that have a node, and of Pods that wait for one."""

    allocatable: RequestedResources = {}
    allocating: RequestedResources = {}
    allocated: RequestedResources = {}
    allocatable_modelings: list[AllocatableModeling] = []


class NodeCapacity(Struct):
    """What is free on each of `count` nodes that are alike."""

    count: int
    free: RequestedResources = {}
    labels: dict[str, str] = {}
    taints: list[Taint] = []


class ClusterStatus(Struct):
    """What a member reports, and whether it still does (condition Ready). `nodes` is Tradewind's own."""

    kubernetes_version: str = ""
    api_enablements: list[ApiEnablement] = []
    conditions: list[Condition] = []
    node_summary: NodeSummary | None = None
    resource_summary: ResourceSummary | None = None
    nodes: list[NodeCapacity] = []
    remedy_actions: list[str] = []


class Cluster(Object):
    """A member of the fleet."""

    spec: ClusterSpec = ClusterSpec()
    status: ClusterStatus = ClusterStatus()
