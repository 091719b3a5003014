"""From a template and a binding to what one cluster is given: a Work.

Order, as upstream (`pkg/controllers/binding/common.go`): prune the template, give it the cluster's part
of the replicas, then label and annotate. Overrides come between the last two, so that they win.
"""

from collections.abc import Mapping

from tradewind.federation.interpret import Part, interpreter_of
from tradewind.federation.keys import (
    BINDING_ID,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_BINDING_ID,
    CLUSTER_BINDING_NAME,
    CONFLICT_RESOLUTION,
    EXECUTION_FINALIZER,
    MANAGED_ANNOTATIONS,
    MANAGED_LABELS,
    TEMPLATE_GENERATION,
    TEMPLATE_UID,
    WORK_ID,
)
from tradewind.federation.names import permanent_id, work_name
from tradewind.federation.place import is_workload
from tradewind.federation.prune import prune
from tradewind.resources.labels import MANAGED, WORK_NAME, WORK_NAMESPACE, execution_namespace
from tradewind.resources.meta import Manifest, ObjectMeta
from tradewind.resources.work import (
    WORK,
    BindingSpec,
    BindingSuspension,
    ResourceBinding,
    TargetCluster,
    Work,
    WorkloadTemplate,
    WorkSpec,
)

OVERWRITE, ABORT = "overwrite", "abort"


def render(template: Manifest, spec: BindingSpec, part: Part) -> Manifest:
    """The template as a cluster with this part gets it, before overrides and labels."""
    pruned = prune(template)
    interpreter = interpreter_of(template)
    return interpreter.revise(pruned, part) if interpreter and is_workload(spec) else pruned


def make_work(
    template: Manifest, binding: ResourceBinding, cluster: str, rendered: Manifest, notes: Mapping[str, str]
) -> Work:
    """The Work that carries `rendered`, made from `template`, to `cluster`; `notes` are more annotations of
    the Work."""
    metadata = template.get("metadata", {})
    name = work_name(str(template.get("kind", "")), metadata["name"], metadata.get("namespace", ""))
    resolution = conflict_resolution(metadata.get("annotations", {}), binding.spec)
    labelled = with_metadata(
        rendered,
        labels=binding_labels(binding),
        annotations={
            **binding_annotations(binding),
            CONFLICT_RESOLUTION: resolution,
            TEMPLATE_UID: metadata.get("uid", ""),
            TEMPLATE_GENERATION: str(metadata.get("generation", 0)),
        },
    )
    preserve = binding.spec.preserve_resources_on_deletion
    return wrap(
        [labelled],
        ObjectMeta(
            name=name,
            namespace=execution_namespace(cluster),
            labels=binding_labels(binding),
            annotations={**binding_annotations(binding), CONFLICT_RESOLUTION: resolution, **notes},
        ),
        WorkSpec(
            suspend_dispatching=is_suspended(binding.spec.suspension, cluster) or None,
            preserve_resources_on_deletion=preserve or None,
        ),
    )


def wrap(manifests: list[Manifest], meta: ObjectMeta, spec: WorkSpec) -> Work:
    """A Work that holds these manifests, each told which Work it comes from."""
    identity = permanent_id(WORK.name, meta.namespace, meta.name)
    told = [
        record_managed(
            with_metadata(
                manifest,
                labels={MANAGED: "true", WORK_ID: identity},
                annotations={WORK_NAME: meta.name, WORK_NAMESPACE: meta.namespace},
            )
        )
        for manifest in manifests
    ]
    return Work(
        api_version=WORK.api_version,
        kind=WORK.name,
        metadata=ObjectMeta(
            name=meta.name,
            namespace=meta.namespace,
            labels={**meta.labels, WORK_ID: identity},
            annotations=meta.annotations,
            finalizers=[EXECUTION_FINALIZER],
        ),
        spec=WorkSpec(
            workload=WorkloadTemplate(manifests=told),
            suspend_dispatching=spec.suspend_dispatching,
            preserve_resources_on_deletion=spec.preserve_resources_on_deletion,
        ),
    )


def merge_targets(spec: BindingSpec) -> list[TargetCluster]:
    """The binding's own clusters, and those of objects that depend on this one."""
    targets = {target.name: target for target in spec.clusters}
    for snapshot in spec.required_by:
        for target in snapshot.clusters:
            targets.setdefault(target.name, target)
    return list(targets.values())


def clusters_with_work(spec: BindingSpec) -> list[str]:
    """Clusters whose Work stays: the targets, and those being left gradually."""
    leaving = [
        task.from_cluster
        for task in spec.graceful_eviction_tasks
        if task.purge_mode not in ("Directly", "Immediately")
    ]
    return list(dict.fromkeys([target.name for target in merge_targets(spec)] + leaving))


def is_suspended(suspension: BindingSuspension | None, cluster: str) -> bool:
    """Whether nothing new is pushed to the cluster."""
    if suspension is None:
        return False
    named = suspension.dispatching_on_clusters
    return bool(suspension.dispatching) or (named is not None and cluster in named.cluster_names)


def conflict_resolution(annotations: Mapping[str, str], spec: BindingSpec) -> str:
    """What to do about an object that is in a cluster already: the template's word before the policy's."""
    own = annotations.get(CONFLICT_RESOLUTION, "")
    if own in (OVERWRITE, ABORT):
        return own
    return OVERWRITE if spec.conflict_resolution == "Overwrite" else ABORT


def binding_labels(binding: ResourceBinding) -> dict[str, str]:
    """The label by which Works and copies are found from their binding."""
    meta = binding.metadata
    key = BINDING_ID if meta.namespace else CLUSTER_BINDING_ID
    return {key: binding_id(meta.namespace, meta.name)}


def binding_id(namespace: str, name: str) -> str:
    """The permanent id of a binding; `namespace` is "" for a cluster-scoped one."""
    return permanent_id("ResourceBinding" if namespace else "ClusterResourceBinding", namespace, name)


def binding_annotations(binding: ResourceBinding) -> dict[str, str]:
    """The binding's name, on Works and copies."""
    meta = binding.metadata
    if meta.namespace:
        return {BINDING_NAMESPACE: meta.namespace, BINDING_NAME: meta.name}
    return {CLUSTER_BINDING_NAME: meta.name}


def with_metadata(manifest: Manifest, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Manifest:
    """A copy of the manifest with these labels and annotations added."""
    metadata = manifest.get("metadata", {})
    added = {
        "labels": {**metadata.get("labels", {}), **labels},
        "annotations": {**metadata.get("annotations", {}), **annotations},
    }
    return {**manifest, "metadata": {**metadata, **added}}


def record_managed(manifest: Manifest) -> Manifest:
    """The manifest with a note of which of its labels and annotations come from the hub, so that a cluster
    can tell later which of them were taken away."""
    metadata = manifest.get("metadata", {})
    own = {*metadata.get("annotations", {}), MANAGED_LABELS, MANAGED_ANNOTATIONS}
    notes = {
        MANAGED_LABELS: ",".join(sorted(metadata.get("labels", {}))),
        MANAGED_ANNOTATIONS: ",".join(sorted(own)),
    }
    return with_metadata(manifest, {}, notes)
