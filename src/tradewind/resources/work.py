"""Karmada's bindings and works (work.karmada.io): where an object goes, and what one cluster gets of it.

Upstream: `pkg/apis/work/v1alpha2` and `v1alpha1`. Users read them; the hub and the members write them.
"""

from typing import Annotated, Any, Literal

from msgspec import field

from tradewind.resources.columns import CUSTOM_AGE, NAME, at, condition_text
from tradewind.resources.core import RequestedResources, Toleration
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Condition, Manifest, Object, Struct
from tradewind.resources.policy_types import FailoverBehavior, Placement, PurgeMode, SuspendClusters
from tradewind.resources.schema import ATOMIC

Health = Literal["", "Healthy", "Unhealthy", "Unknown"]


class ObjectReference(Struct):
    """The object that a binding is for."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class NodeClaim(Struct):
    """Which nodes a replica can run on."""

    hard_node_affinity: Annotated[dict[str, Any] | None, ATOMIC] = None
    node_selector: dict[str, str] = {}
    tolerations: list[Toleration] = []


class ReplicaRequirements(Struct):
    """What one replica needs."""

    node_claim: NodeClaim | None = None
    resource_request: RequestedResources = {}
    namespace: str = ""
    priority_class_name: str = ""


class Component(Struct):
    """One of several Pod templates of an object that is scheduled as a whole."""

    name: str
    replicas: int
    replica_requirements: ReplicaRequirements | None = None


class TargetComponent(Struct):
    """How many replicas of a component a cluster gets."""

    name: str
    replicas: int


class TargetCluster(Struct):
    """A cluster that an object goes to, with its share of the replicas."""

    name: str
    replicas: int = 0
    components: list[TargetComponent] = []


class GracefulEvictionTask(Struct):
    """A cluster that an object is leaving."""

    from_cluster: str
    purge_mode: PurgeMode = ""
    replicas: int | None = None
    reason: str = ""
    message: str = ""
    producer: str = ""
    grace_period_seconds: int | None = None
    suppress_deletion: bool | None = None
    preserved_label_state: dict[str, str] = {}
    creation_timestamp: str | None = None
    clusters_before_failover: list[str] = []


class BindingSnapshot(Struct):
    """A binding whose object depends on this one, and where that object goes."""

    name: str
    namespace: str = ""
    clusters: list[TargetCluster] = []


class BindingSuspension(Struct):
    """The policy's suspension, and that of scheduling, which is set on the binding itself."""

    dispatching: bool | None = None
    dispatching_on_clusters: SuspendClusters | None = None
    scheduling: bool | None = None


class BindingPriority(Struct):
    """The binding's place in the scheduling queue."""

    priority: int = 0


class WorkloadAffinityGroups(Struct):
    """The groups that the object is in by its labels."""

    affinity_group: str = ""
    anti_affinity_group: str = ""


class BindingSpec(Struct):
    """What to place (written by the detector) and where it is placed (`clusters`, by the scheduler)."""

    resource: ObjectReference = ObjectReference(api_version="", kind="", name="")
    propagate_deps: bool = False
    replica_requirements: ReplicaRequirements | None = None
    replicas: int = 0
    components: list[Component] = []
    clusters: list[TargetCluster] = []
    placement: Placement | None = None
    graceful_eviction_tasks: list[GracefulEvictionTask] = []
    required_by: list[BindingSnapshot] = []
    scheduler_name: str = ""
    failover: FailoverBehavior | None = None
    conflict_resolution: Literal["Abort", "Overwrite"] = "Abort"
    reschedule_triggered_at: str | None = None
    suspension: BindingSuspension | None = None
    preserve_resources_on_deletion: bool | None = None
    schedule_priority: BindingPriority | None = None
    workload_affinity_groups: WorkloadAffinityGroups | None = None


class AggregatedStatusItem(Struct):
    """What one cluster says of the object; `status` is the object's own."""

    cluster_name: str
    status: dict[str, Any] | None = None
    applied: bool = False
    applied_message: str = ""
    health: Health = ""


class BindingStatus(Struct):
    """How far scheduling is (conditions Scheduled, FullyApplied), and what the clusters say."""

    scheduler_observed_generation: int = 0
    scheduler_observed_affinity_name: str = field(default="", name="schedulerObservingAffinityName")
    last_scheduled_time: str | None = None
    conditions: list[Condition] = []
    aggregated_status: list[AggregatedStatusItem] = []


class ResourceBinding(Object):
    """Joins an object to its clusters; as ClusterResourceBinding, a cluster-scoped object."""

    spec: BindingSpec = BindingSpec()
    status: BindingStatus = BindingStatus()


class WorkloadTemplate(Struct):
    """The objects of a Work."""

    manifests: list[dict[str, Any]] = []


class WorkSpec(Struct):
    """What a cluster is to have."""

    workload: WorkloadTemplate = WorkloadTemplate()
    suspend_dispatching: bool | None = None
    preserve_resources_on_deletion: bool | None = None


class ResourceIdentifier(Struct):
    """Which manifest of a Work; `ordinal` is its place."""

    ordinal: int
    version: str
    kind: str
    name: str
    group: str = ""
    resource: str = ""
    namespace: str = ""


class ManifestStatus(Struct):
    """The status of one object in the cluster."""

    identifier: ResourceIdentifier
    status: dict[str, Any] | None = None
    health: Health = ""


class WorkStatus(Struct):
    """Whether the cluster has applied it (conditions Applied, Dispatching), and what became of it."""

    conditions: list[Condition] = []
    manifest_statuses: list[ManifestStatus] = []


class Work(Object):
    """Objects for one cluster, in the namespace that is the cluster's own at the hub."""

    spec: WorkSpec = WorkSpec()
    status: WorkStatus = WorkStatus()


def _workload_kind(work: Manifest, _: int) -> str:
    manifests = at(work, "spec", "workload", "manifests") or [{}]
    return str(manifests[0].get("kind", ""))


_BINDING_COLUMNS = (
    NAME,
    Column("Scheduled", condition_text("Scheduled")),
    Column("FullyApplied", condition_text("FullyApplied")),
    CUSTOM_AGE,
)

RESOURCE_BINDING = Kind(
    group="work.karmada.io",
    versions=("v1alpha2",),
    name="ResourceBinding",
    plural="resourcebindings",
    struct=ResourceBinding,
    short_names=("rb",),
    categories=("karmada-io",),
    columns=_BINDING_COLUMNS,
)
CLUSTER_RESOURCE_BINDING = Kind(
    group="work.karmada.io",
    versions=("v1alpha2",),
    name="ClusterResourceBinding",
    plural="clusterresourcebindings",
    struct=ResourceBinding,
    namespaced=False,
    short_names=("crb",),
    categories=("karmada-io",),
    columns=_BINDING_COLUMNS,
)
WORK = Kind(
    group="work.karmada.io",
    versions=("v1alpha1",),
    name="Work",
    plural="works",
    struct=Work,
    short_names=("wk",),
    categories=("karmada-io",),
    columns=(
        NAME,
        Column("Workload-Kind", _workload_kind),
        Column("Applied", condition_text("Applied")),
        CUSTOM_AGE,
    ),
)

KINDS = (RESOURCE_BINDING, CLUSTER_RESOURCE_BINDING, WORK)
