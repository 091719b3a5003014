"""What Karmada's policies hold (policy.karmada.io/v1alpha1): what goes where, and how clusters differ.

Upstream: `pkg/apis/policy/v1alpha1` of karmada-io/karmada; names, enumerations and defaults are its own.
`addIfAbsent` of overriders is Tradewind's addition, and old spellings of purge modes stay accepted.
"""

from typing import Annotated, Any, Literal

from msgspec import field

from tradewind.resources.core import Toleration
from tradewind.resources.meta import LabelSelector, LabelSelectorRequirement, Object, Struct
from tradewind.resources.schema import ATOMIC

DEFAULT_SCHEDULER = "default-scheduler"

Operator = Literal["add", "remove", "replace"]
LooseOperator = Literal["add", "remove", "replace", "addIfAbsent"]
# Immediately and Graciously were renamed Directly and Gracefully in Karmada v1.15 and refused since v1.19.
PurgeMode = Literal["", "Directly", "Gracefully", "Never", "Immediately", "Graciously"]
SpreadField = Literal["", "cluster", "region", "zone", "provider"]


class ResourceSelector(Struct):
    """Which objects a policy is for. A `name` makes `label_selector` moot."""

    api_version: str
    kind: str
    namespace: str = ""
    name: str = ""
    label_selector: Annotated[LabelSelector | None, ATOMIC] = None


class FieldSelector(Struct):
    """Which clusters, by `provider`, `region` or `zone`."""

    match_expressions: list[LabelSelectorRequirement] = []


class ClusterAffinity(Struct):
    """Which clusters: all that are not excluded and match every part that is set."""

    label_selector: Annotated[LabelSelector | None, ATOMIC] = None
    field_selector: FieldSelector | None = None
    cluster_names: list[str] = []
    exclude: list[str] = []


class OverflowClusterAffinity(ClusterAffinity):
    """Clusters that take what the group's own clusters have no room for."""

    affinity_name: str = ""


class ClusterAffinityTerm(ClusterAffinity):
    """One of several groups of clusters, tried in order."""

    affinity_name: str = ""
    overflow_affinities: list[OverflowClusterAffinity] = []


class SpreadConstraint(Struct):
    """Over how many clusters, regions, zones or providers to spread."""

    spread_by_field: SpreadField = ""
    spread_by_label: str = ""
    max_groups: int = 0
    min_groups: int = 0


class StaticClusterWeight(Struct):
    """The weight of the clusters that `target_cluster` matches."""

    target_cluster: ClusterAffinity
    weight: int


class ClusterPreferences(Struct):
    """Weights of clusters; a dynamic weight takes precedence over the static list."""

    static_weight_list: list[StaticClusterWeight] = []
    dynamic_weight: Literal["", "AvailableReplicas"] = ""


class ReplicaSchedulingStrategy(Struct):
    """Whether every cluster gets all replicas (Duplicated) or a share (Divided)."""

    replica_scheduling_type: Literal["Duplicated", "Divided"] = "Divided"
    replica_division_preference: Literal["", "Aggregated", "Weighted"] = ""
    weight_preference: ClusterPreferences | None = None


class WorkloadAffinityTerm(Struct):
    """Workloads with the same value of this label belong together, or apart."""

    group_by_label_key: str


class WorkloadAffinity(Struct):
    """Which workloads to keep together and which apart."""

    affinity: WorkloadAffinityTerm | None = None
    anti_affinity: WorkloadAffinityTerm | None = None


class Placement(Struct):
    """Where objects go. Without `replica_scheduling` every cluster gets all replicas."""

    cluster_affinity: ClusterAffinity | None = None
    cluster_affinities: list[ClusterAffinityTerm] = []
    cluster_tolerations: list[Toleration] = []
    spread_constraints: list[SpreadConstraint] = []
    replica_scheduling: ReplicaSchedulingStrategy | None = None
    workload_affinity: WorkloadAffinity | None = None


class DecisionConditions(Struct):
    """How long an application may be unhealthy in a cluster."""

    toleration_seconds: int | None = None


class StatePreservationRule(Struct):
    """A value of the old copy's status that becomes a label of the new copy."""

    alias_label_name: str
    json_path: str


class StatePreservation(Struct):
    """What a new copy is told of the state of the old one."""

    rules: list[StatePreservationRule]


class ApplicationFailoverBehavior(Struct):
    """What to do when an application is unhealthy in a cluster."""

    decision_conditions: DecisionConditions = DecisionConditions()
    purge_mode: PurgeMode = ""
    grace_period_seconds: int | None = None
    state_preservation: StatePreservation | None = None


class ClusterFailoverBehavior(Struct):
    """What to do when a cluster fails."""

    purge_mode: Literal["", "Directly", "Gracefully"] = ""
    state_preservation: StatePreservation | None = None


class FailoverBehavior(Struct):
    """How an object moves away from what fails."""

    application: ApplicationFailoverBehavior | None = None
    cluster: ClusterFailoverBehavior | None = None


class SuspendClusters(Struct):
    """Clusters by name."""

    cluster_names: list[str] = []


class Suspension(Struct):
    """Stops the pushing of content, everywhere or to some clusters; deletion goes on."""

    dispatching: bool | None = None
    dispatching_on_clusters: SuspendClusters | None = None


class SchedulePriority(Struct):
    """Where the binding's priority in the scheduling queue comes from."""

    priority_class_source: Literal["KubePriorityClass"]
    priority_class_name: str


class PropagationSpec(Struct):
    """Which objects go where, and how."""

    resource_selectors: list[ResourceSelector] = []
    association: bool = False
    propagate_deps: bool = False
    placement: Placement = Placement()
    priority: int = 0
    preemption: Literal["Always", "Never"] = "Never"
    dependent_overrides: list[str] = []
    scheduler_name: str = DEFAULT_SCHEDULER
    failover: FailoverBehavior | None = None
    conflict_resolution: Literal["Abort", "Overwrite"] = "Abort"
    activation_preference: Literal["", "Lazy"] = ""
    suspension: Suspension | None = None
    preserve_resources_on_deletion: bool | None = None
    schedule_priority: SchedulePriority | None = None


class PropagationPolicy(Object):
    """A policy of one namespace or, as ClusterPropagationPolicy, of all."""

    spec: PropagationSpec = PropagationSpec()


class LabelAnnotationOverrider(Struct):
    """A change of labels or annotations; `addIfAbsent` leaves existing keys alone."""

    operator: LooseOperator
    value: dict[str, str]


class ImagePredicate(Struct):
    """Where in the object the image is, as a JSON pointer."""

    path: str


class ImageOverrider(Struct):
    """A change of one part of an image's name."""

    component: Literal["Registry", "Repository", "Tag"]
    operator: Operator
    predicate: ImagePredicate | None = None
    value: str = ""


class CommandArgsOverrider(Struct):
    """A change of a container's command or arguments."""

    container_name: str
    operator: Literal["add", "remove"]
    value: list[str] = []


class PlaintextOverrider(Struct):
    """A JSON patch operation."""

    path: str
    operator: LooseOperator
    value: Any = None


class SubPatchOperation(Struct):
    """A JSON patch operation inside a field that holds JSON or YAML text."""

    sub_path: str
    operator: Operator
    value: Any = None


class FieldOverrider(Struct):
    """Changes inside a field that holds JSON or YAML text."""

    field_path: str
    json_operations: list[SubPatchOperation] = field(default_factory=list, name="json")
    yaml_operations: list[SubPatchOperation] = field(default_factory=list, name="yaml")


class Overriders(Struct):
    """Changes to an object, applied in this order: image, command, args, labels, annotations, field,
    plaintext."""

    plaintext: list[PlaintextOverrider] = []
    image_overrider: list[ImageOverrider] = []
    command_overrider: list[CommandArgsOverrider] = []
    args_overrider: list[CommandArgsOverrider] = []
    labels_overrider: list[LabelAnnotationOverrider] = []
    annotations_overrider: list[LabelAnnotationOverrider] = []
    field_overrider: list[FieldOverrider] = []


class RuleWithCluster(Struct):
    """Changes for the clusters that `target_cluster` matches; None matches all."""

    overriders: Overriders = Overriders()
    target_cluster: ClusterAffinity | None = None


class OverrideSpec(Struct):
    """How objects differ between clusters. Top-level `target_cluster` and `overriders` are deprecated."""

    resource_selectors: list[ResourceSelector] = []
    override_rules: list[RuleWithCluster] = []
    target_cluster: ClusterAffinity | None = None
    overriders: Overriders = Overriders()


class OverridePolicy(Object):
    """An override of one namespace or, as ClusterOverridePolicy, of all."""

    spec: OverrideSpec = OverrideSpec()
