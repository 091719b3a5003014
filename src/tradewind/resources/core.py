"""Core kinds (v1), leases, events and endpoint slices, as far as a member and its tools need them.

Pod fields that mean nothing to processes on one machine (affinity, security context, most volumes)
are kept as they are written, so that they come back on read and travel on to Kubernetes.
"""

from typing import Annotated, Any

from msgspec import field

from tradewind.resources.core_parts import NodeAddress, NodeCondition, NodeSystemInfo, PodCondition, PodIP
from tradewind.resources.meta import Object, Struct, always
from tradewind.resources.schema import ATOMIC, keyed

RequestedResources = dict[str, str | int | float]  # "cpu": "500m", "nvidia.com/gpu": 1


class EnvVar(Struct):
    """One environment variable; `value_from` names a Secret or ConfigMap key, or a field."""

    name: str
    value: str = ""
    value_from: dict[str, Annotated[dict[str, Any], ATOMIC]] | None = None


class ContainerPort(Struct):
    """A port of a container. `host_port` is where it really listens on this machine's loopback."""

    container_port: int
    name: str = ""
    protocol: str = ""
    host_port: int = 0
    host_ip: str = field(default="", name="hostIP")


class ResourceRequirements(Struct):
    """Requests and limits, as quantities."""

    limits: RequestedResources = {}
    requests: RequestedResources = {}
    claims: Annotated[list[dict[str, Any]], keyed("name")] = []


class VolumeMount(Struct):
    """Where a volume appears inside a container."""

    name: str
    mount_path: str
    sub_path: str = ""
    sub_path_expr: str = ""
    read_only: bool | None = None
    recursive_read_only: str = ""
    mount_propagation: str = ""


class Container(Struct):
    """v1 Container. `image` names a server; see the node's launcher table."""

    name: str = ""
    image: str = ""
    image_pull_policy: str = ""
    command: list[str] = []
    args: list[str] = []
    working_dir: str = ""
    env: Annotated[list[EnvVar], keyed("name")] = []
    env_from: list[dict[str, Any]] = []
    ports: Annotated[list[ContainerPort], keyed("containerPort", "protocol", protocol="TCP")] = []
    resources: ResourceRequirements = ResourceRequirements()
    volume_mounts: Annotated[list[VolumeMount], keyed("mountPath")] = []
    volume_devices: Annotated[list[dict[str, Any]], keyed("devicePath")] = []
    liveness_probe: dict[str, Any] | None = None
    readiness_probe: dict[str, Any] | None = None
    startup_probe: dict[str, Any] | None = None
    lifecycle: dict[str, Any] | None = None
    resize_policy: list[dict[str, Any]] = []
    restart_policy: str = ""
    restart_policy_rules: list[dict[str, Any]] = []
    security_context: dict[str, Any] | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    tty: bool | None = None
    termination_message_path: str = ""
    termination_message_policy: str = ""


class Toleration(Struct):
    """v1 Toleration; no `toleration_seconds` tolerates for ever."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class Taint(Struct):
    """v1 Taint, used by nodes and by Karmada clusters."""

    key: str
    effect: str
    value: str = ""
    time_added: str | None = None


class PodSpecFields(Struct):
    """The fields of v1 PodSpec besides its containers; KServe's components carry them inline, there without
    keys of containers, volumes, host aliases and pull secrets."""

    init_containers: list[Container] = []
    volumes: list[dict[str, Any]] = []
    node_selector: Annotated[dict[str, str], ATOMIC] = {}
    node_name: str = ""
    affinity: dict[str, Any] | None = None
    tolerations: list[Toleration] = []
    service_account_name: str = ""
    service_account: str = ""
    automount_service_account_token: bool | None = None
    termination_grace_period_seconds: int | None = None
    active_deadline_seconds: int | None = None
    restart_policy: str = ""
    dns_policy: str = ""
    dns_config: dict[str, Any] | None = None
    host_network: bool | None = None
    host_pid: bool | None = field(default=None, name="hostPID")
    host_ipc: bool | None = field(default=None, name="hostIPC")
    host_users: bool | None = None
    host_aliases: list[dict[str, Any]] = []
    hostname: str = ""
    hostname_override: str = ""
    subdomain: str = ""
    set_hostname_as_fqdn: bool | None = field(default=None, name="setHostnameAsFQDN")
    share_process_namespace: bool | None = None
    security_context: dict[str, Any] | None = None
    image_pull_secrets: list[Annotated[dict[str, Any], ATOMIC]] = []
    scheduler_name: str = ""
    scheduling_gates: Annotated[list[dict[str, Any]], keyed("name")] = []
    priority: int | None = None
    priority_class_name: str = ""
    preemption_policy: str = ""
    readiness_gates: list[dict[str, Any]] = []
    runtime_class_name: str = ""
    enable_service_links: bool | None = None
    overhead: RequestedResources = {}
    topology_spread_constraints: Annotated[
        list[dict[str, Any]], keyed("topologyKey", "whenUnsatisfiable")
    ] = []
    ephemeral_containers: list[dict[str, Any]] = []
    os: dict[str, Any] | None = None
    resource_claims: Annotated[list[dict[str, Any]], keyed("name")] = []


class PodSpec(PodSpecFields):
    """v1 PodSpec."""

    init_containers: Annotated[list[Container], keyed("name")] = []
    volumes: Annotated[list[dict[str, Any]], keyed("name")] = []
    host_aliases: Annotated[list[dict[str, Any]], keyed("ip")] = []
    image_pull_secrets: Annotated[list[Annotated[dict[str, Any], ATOMIC]], keyed("name")] = []
    ephemeral_containers: Annotated[list[dict[str, Any]], keyed("name")] = []
    containers: Annotated[list[Container], keyed("name")] = []


# Reasons of a waiting container that mean "not its turn yet"; every other one is a failure.
NOT_YET = ("", "PodInitializing", "ContainerCreating")
# How kubelet begins a Pod's Ready message (`status/generate.go`); names follow, then "]", then ": " and why.
UNREADY_CONTAINERS = "containers with unready status: ["


class ContainerStatus(Struct):
    """What became of a container: `state` has one of `waiting`, `running`, `terminated`."""

    name: str
    ready: bool = always(default=False)
    started: bool | None = None
    restart_count: int = always(default=0)
    image: str = always(default="")
    image_id: str = always(default="", name="imageID")
    container_id: str = field(default="", name="containerID")
    state: dict[str, Any] = always(default={})
    last_state: dict[str, Any] = always(default={})
    resources: ResourceRequirements | None = None
    allocated_resources: RequestedResources = {}
    allocated_resources_status: list[dict[str, Any]] = []
    volume_mounts: list[dict[str, Any]] = []
    user: dict[str, Any] | None = None
    stop_signal: str = ""


class PodStatus(Struct):
    """v1 PodStatus."""

    phase: str = ""
    reason: str = ""
    message: str = ""
    observed_generation: int = 0
    nominated_node_name: str = ""
    conditions: Annotated[list[PodCondition], keyed("type")] = []
    host_ip: str = field(default="", name="hostIP")
    host_ips: list[PodIP] = field(default_factory=list, name="hostIPs")
    pod_ip: str = field(default="", name="podIP")
    pod_ips: list[PodIP] = field(default_factory=list, name="podIPs")
    start_time: str | None = None
    init_container_statuses: list[ContainerStatus] = []
    container_statuses: list[ContainerStatus] = []
    ephemeral_container_statuses: list[ContainerStatus] = []
    qos_class: str = ""
    resize: str = ""
    resources: ResourceRequirements | None = None
    allocated_resources: RequestedResources = {}
    resource_claim_statuses: list[dict[str, Any]] = []


class Pod(Object):
    """A replica."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class NodeSpec(Struct):
    """v1 NodeSpec."""

    taints: list[Taint] = []
    unschedulable: bool | None = None
    pod_cidr: str = field(default="", name="podCIDR")
    pod_cidrs: list[str] = field(default_factory=list, name="podCIDRs")
    provider_id: str = field(default="", name="providerID")


class NodeStatus(Struct):
    """v1 NodeStatus: `capacity` is what the machine has, `allocatable` what Pods may ask for."""

    phase: str = ""
    capacity: RequestedResources = {}
    allocatable: RequestedResources = {}
    conditions: Annotated[list[NodeCondition], keyed("type")] = []
    addresses: Annotated[list[NodeAddress], keyed("type")] = []
    daemon_endpoints: dict[str, Any] = {}
    node_info: NodeSystemInfo = NodeSystemInfo()
    images: list[dict[str, Any]] = []
    volumes_in_use: list[str] = []
    volumes_attached: list[dict[str, Any]] = []
    config: dict[str, Any] | None = None
    runtime_handlers: list[dict[str, Any]] = []
    features: dict[str, Any] | None = None


class Node(Object):
    """What Pods run on; a member on one machine has one."""

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()


class ServicePort(Struct):
    """A port of a Service; `target_port` is a container port's name or number."""

    port: int
    name: str = ""
    protocol: str = ""
    app_protocol: str | None = None
    target_port: int | str | None = None
    node_port: int = 0


class ServiceSpec(Struct):
    """v1 ServiceSpec."""

    selector: Annotated[dict[str, str], ATOMIC] = {}
    ports: Annotated[list[ServicePort], keyed("port", "protocol", protocol="TCP")] = []
    type: str = ""
    cluster_ip: str = field(default="", name="clusterIP")
    cluster_ips: list[str] = field(default_factory=list, name="clusterIPs")
    external_name: str = ""
    session_affinity: str = ""
    ip_families: list[str] = []
    ip_family_policy: str = ""
    internal_traffic_policy: str = ""
    traffic_distribution: str | None = None
    publish_not_ready_addresses: bool = False


class Service(Object):
    """A name for the ready Pods that its selector finds."""

    spec: ServiceSpec = ServiceSpec()
    status: dict[str, Any] = {}


class EndpointConditions(Struct):
    """discovery.k8s.io EndpointConditions; a draining replica is `serving` and `terminating`, not `ready`."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Endpoint(Struct):
    """One or more addresses that answer alike."""

    addresses: list[str]
    conditions: EndpointConditions = EndpointConditions()
    target_ref: dict[str, Any] | None = None
    node_name: str | None = None
    zone: str | None = None
    hostname: str | None = None
    hints: dict[str, Any] | None = None


class EndpointPort(Struct):
    """The port of every endpoint in a slice."""

    port: int | None = None
    name: str = ""
    protocol: str = ""
    app_protocol: str | None = None


class EndpointSlice(Object):
    """discovery.k8s.io/v1 EndpointSlice: endpoints of one Service that share the same ports."""

    address_type: str = always(default="IPv4")
    endpoints: list[Endpoint] = []
    ports: list[EndpointPort] = []


class Secret(Object):
    """v1 Secret; `data` is base64, `string_data` is write-only plain text."""

    type: str = ""
    data: dict[str, str] = {}
    string_data: dict[str, str] = {}
    immutable: bool | None = None


class ConfigMap(Object):
    """v1 ConfigMap."""

    data: dict[str, str] = {}
    binary_data: dict[str, str] = {}
    immutable: bool | None = None


class ServiceAccount(Object):
    """v1 ServiceAccount; its secrets give storage credentials, as in KServe."""

    secrets: Annotated[list[Annotated[dict[str, Any], ATOMIC]], keyed("name")] = []
    image_pull_secrets: list[dict[str, Any]] = []
    automount_service_account_token: bool | None = None


class Namespace(Object):
    """v1 Namespace."""

    spec: dict[str, Any] = {}
    status: dict[str, Any] = {}


class Event(Object):
    """v1 Event: something that happened to `involved_object`."""

    involved_object: Annotated[dict[str, Any], ATOMIC] = always(default={})
    reason: str = ""
    message: str = ""
    type: str = ""
    count: int = 0
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    source: dict[str, Any] = {}
    reporting_component: str = ""
    reporting_instance: str = ""
    action: str = ""
    related: dict[str, Any] | None = None
    series: dict[str, Any] | None = None


class LeaseSpec(Struct):
    """coordination.k8s.io/v1 LeaseSpec; times are RFC 3339 with microseconds."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Lease(Object):
    """Who is alive: a member renews its Lease at the hub as its heartbeat."""

    spec: LeaseSpec = LeaseSpec()
