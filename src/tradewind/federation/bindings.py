"""The binding of an object: made from its template and the policy that claims it.

Upstream: `BuildResourceBinding` and `ApplyPolicy` (`pkg/detector/detector.go`).
"""

from collections.abc import Callable
from typing import Any

from tradewind.federation.interpret import interpreter_of
from tradewind.federation.keys import TEMPLATE_GENERATION
from tradewind.federation.match import CLAIM_ANNOTATIONS, CLAIM_LABELS, Claim, without_claim
from tradewind.federation.names import binding_name
from tradewind.federation.works import binding_labels
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, Object, ObjectMeta, owner_reference, replace
from tradewind.resources.policy_types import PropagationSpec, Suspension
from tradewind.resources.work import (
    CLUSTER_RESOURCE_BINDING,
    RESOURCE_BINDING,
    BindingSpec,
    BindingSuspension,
    ObjectReference,
    ResourceBinding,
)

FindKind = Callable[[str, str], Kind | None]  # by apiVersion and kind; None for a kind that is not served


def binding_kind(namespace: str) -> Kind:
    """ResourceBinding in a namespace, ClusterResourceBinding where that is ""."""
    return RESOURCE_BINDING if namespace else CLUSTER_RESOURCE_BINDING


def make_binding(
    template: Object, manifest: Manifest, claimed: Claim, known: ResourceBinding | None
) -> ResourceBinding:
    """The binding of a template (`manifest` is the same object as a dictionary).

    From a `known` one it keeps what the scheduler and others have written: clusters, evictions, dependents.
    A lazy policy's own changes wait until the template changes too.
    """
    meta = template.metadata
    before = known or ResourceBinding(
        api_version=binding_kind(meta.namespace).api_version,
        kind=binding_kind(meta.namespace).name,
        metadata=ObjectMeta(name=binding_name(template.kind, meta.name), namespace=meta.namespace),
    )
    if known is not None and _waits(claimed, before, meta):
        return known
    labels = without_claim(before.metadata.labels, CLAIM_LABELS)
    annotations = without_claim(before.metadata.annotations, CLAIM_ANNOTATIONS)
    metadata = replace(
        before.metadata,
        labels={**labels, **claimed.labels, **binding_labels(before)},
        annotations={**annotations, **claimed.annotations, TEMPLATE_GENERATION: str(meta.generation)},
        owner_references=[owner_reference(template)],
    )
    spec = _spec(template, manifest, claimed.policy.spec, before.spec)
    return replace(before, metadata=metadata, spec=spec)


def binding_of_dependency(
    template: Object, known: ResourceBinding | None, parent: ResourceBinding
) -> ResourceBinding:
    """The binding of an object that the object of `parent` needs: as it is if there is one, else a new one
    that treats clusters as the parent does. Whom it is required by is for the caller to add."""
    if known is not None:
        return known
    meta = template.metadata
    kind = binding_kind(meta.namespace)
    binding = ResourceBinding(
        api_version=kind.api_version,
        kind=kind.name,
        metadata=ObjectMeta(
            name=binding_name(template.kind, meta.name),
            namespace=meta.namespace,
            owner_references=[owner_reference(template)],
        ),
        spec=BindingSpec(
            resource=_reference(template),
            conflict_resolution=parent.spec.conflict_resolution,
            preserve_resources_on_deletion=parent.spec.preserve_resources_on_deletion,
        ),
    )
    return replace(binding, metadata=replace(binding.metadata, labels=binding_labels(binding)))


def merge_suspension(
    binding: BindingSuspension | None, policy: Suspension | None
) -> BindingSuspension | None:
    """The policy's suspension, and that of scheduling which somebody has set on the binding."""
    scheduling = binding.scheduling if binding else None
    if policy is None:
        return BindingSuspension(scheduling=scheduling) if scheduling is not None else None
    return BindingSuspension(
        dispatching=policy.dispatching,
        dispatching_on_clusters=policy.dispatching_on_clusters,
        scheduling=scheduling,
    )


def template_of(binding: ResourceBinding) -> Manifest:
    """The template of a binding, as far as an event about it must know."""
    resource = binding.spec.resource
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"namespace": resource.namespace, "name": resource.name, "uid": resource.uid},
    }


def is_of(binding: ResourceBinding, kind: Kind, name: str) -> bool:
    """Whether a binding is for the object of this kind and name in its namespace."""
    resource = binding.spec.resource
    served = [kind.api_version_of(version) for version in kind.versions]
    return resource.kind == kind.name and resource.api_version in served and resource.name == name


def _waits(claimed: Claim, known: ResourceBinding, template: ObjectMeta) -> bool:
    """Whether a lazy policy that already holds the object must leave its binding as it is."""
    if claimed.policy.spec.activation_preference != "Lazy":
        return False
    held = claimed.labels.items() <= known.metadata.labels.items()
    applied = known.metadata.annotations.get(TEMPLATE_GENERATION)
    return held and applied == str(template.generation)


def _spec(template: Object, manifest: Manifest, policy: PropagationSpec, before: BindingSpec) -> BindingSpec:
    interpreter = interpreter_of(manifest)
    replicas, requirements = interpreter.replicas(manifest) if interpreter else (0, None)
    changes: dict[str, Any] = {
        "resource": _reference(template),
        "replicas": replicas,
        "replica_requirements": requirements,
        "propagate_deps": policy.propagate_deps,
        "placement": policy.placement,
        "scheduler_name": policy.scheduler_name,
        "failover": policy.failover,
        "conflict_resolution": policy.conflict_resolution,
        "suspension": merge_suspension(before.suspension, policy.suspension),
        "preserve_resources_on_deletion": policy.preserve_resources_on_deletion,
    }
    return replace(before, **changes)


def _reference(template: Object) -> ObjectReference:
    """Without the template's resourceVersion: it changes with every status, and the binding with it."""
    meta = template.metadata
    return ObjectReference(
        api_version=template.api_version,
        kind=template.kind,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
    )
