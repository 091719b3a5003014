"""Templates and policies → claims and bindings. One controller for each kind that can be propagated."""

from collections.abc import Iterable
from typing import Any

from tradewind.controller.plan import NOTHING, Delete, Effect, Key, Plan, Put, Record
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import binding_kind, is_of, make_binding
from tradewind.federation.keys import CLAIMED_BY
from tradewind.federation.match import (
    CLAIM_ANNOTATIONS,
    CLAIM_LABELS,
    Claim,
    at_stored_version,
    claim,
    without_claim,
)
from tradewind.federation.names import binding_name
from tradewind.federation.works import with_metadata
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, encode, replace
from tradewind.resources.policy import CLUSTER_PROPAGATION_POLICY, PROPAGATION_POLICY
from tradewind.resources.policy_types import PropagationPolicy
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, ResourceBinding

FOREGROUND = "foregroundDeletion"


def make_detector(kind: Kind) -> Controller:
    """The controller that gives every template of `kind` which a policy selects its claim and its binding.

    A template that goes takes its binding along; one that no policy selects any more only loses its
    claim, and what has been propagated stays.
    """

    def step(key: Key, view: View, _: int) -> Plan:
        template = view.get(kind, key.namespace, key.name)
        manifest = view.get_manifest(kind, key.namespace, key.name)
        bound = view.get(binding_kind(key.namespace), key.namespace, binding_name(kind.name, key.name))
        if bound is not None and not is_of(bound, kind, key.name):
            return NOTHING
        if template is None or manifest is None or FOREGROUND in template.metadata.finalizers:
            return Plan(_delete(bound))
        if template.metadata.deletion_timestamp or CLAIMED_BY in template.metadata.labels:
            return NOTHING
        if bound is not None and bound.spec.resource.uid not in ("", template.metadata.uid):
            return Plan(_delete(bound))  # of an earlier object of this name; its deletion brings us back
        claimed = claim(template, _policies(kind, view, key.namespace), _cluster_policies(kind, view))
        if claimed is None:
            return Plan(_release(kind, manifest, bound))
        wanted = make_binding(template, manifest, claimed, bound)
        return Plan((*_claim(kind, manifest, claimed), *_bind(wanted, bound, manifest, claimed)))

    return Controller(f"detector-{kind.plural}", _watches(kind), step)


def _watches(kind: Kind) -> tuple[Watch, ...]:
    def in_namespace(policy: Any, view: View) -> Iterable[Key]:
        return _keys_of(view.list_manifests(kind, policy.metadata.namespace))

    def everywhere(_: Any, view: View) -> Iterable[Key]:
        return _keys_of(view.list_manifests(kind))

    def of_binding(binding: Any, _: View) -> Iterable[Key]:
        resource = binding.spec.resource
        return [Key(resource.namespace, resource.name)] if is_of(binding, kind, resource.name) else []

    policies = (Watch(PROPAGATION_POLICY, in_namespace),) if kind.namespaced else ()
    return (
        Watch(kind, own_key),
        *policies,
        Watch(CLUSTER_PROPAGATION_POLICY, everywhere),
        Watch(RESOURCE_BINDING if kind.namespaced else CLUSTER_RESOURCE_BINDING, of_binding),
    )


def _keys_of(manifests: Iterable[Manifest]) -> list[Key]:
    return [Key(one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in manifests]


def _policies(kind: Kind, view: View, namespace: str) -> list[PropagationPolicy]:
    found = view.list(PROPAGATION_POLICY, namespace) if namespace else []
    return [at_stored_version(policy, kind) for policy in found]


def _cluster_policies(kind: Kind, view: View) -> list[PropagationPolicy]:
    return [at_stored_version(policy, kind) for policy in view.list(CLUSTER_PROPAGATION_POLICY)]


def _claim(kind: Kind, manifest: Manifest, claimed: Claim) -> tuple[Effect, ...]:
    changed = with_metadata(_unclaimed(manifest), claimed.labels, claimed.annotations)
    return (Put(kind, changed),) if changed["metadata"] != _noted(manifest)["metadata"] else ()


def _bind(
    wanted: ResourceBinding, bound: ResourceBinding | None, template: Manifest, claimed: Claim
) -> tuple[Effect, ...]:
    if wanted == bound:
        return ()
    policy = claimed.policy.metadata
    name = f"{policy.namespace}/{policy.name}" if policy.namespace else policy.name
    said = Record(template, "Normal", "ApplyPolicySucceed", f"Apply policy({name}) succeed")
    return Put(binding_kind(wanted.metadata.namespace), encode(wanted)), said


def _release(kind: Kind, manifest: Manifest, bound: ResourceBinding | None) -> tuple[Effect, ...]:
    effects: list[Effect] = []
    if _unclaimed(manifest)["metadata"] != _noted(manifest)["metadata"]:
        effects.append(Put(kind, _unclaimed(manifest)))
    if bound is not None:
        meta = replace(
            bound.metadata,
            labels=without_claim(bound.metadata.labels, CLAIM_LABELS),
            annotations=without_claim(bound.metadata.annotations, CLAIM_ANNOTATIONS),
        )
        if meta != bound.metadata:
            effects.append(Put(binding_kind(meta.namespace), encode(replace(bound, metadata=meta))))
    return tuple(effects)


def _unclaimed(manifest: Manifest) -> Manifest:
    noted = _noted(manifest)
    metadata = noted["metadata"]
    labels = without_claim(metadata["labels"], CLAIM_LABELS)
    annotations = without_claim(metadata["annotations"], CLAIM_ANNOTATIONS)
    return {**noted, "metadata": {**metadata, "labels": labels, "annotations": annotations}}


def _noted(manifest: Manifest) -> Manifest:
    """The manifest with labels and annotations, be they empty, so that two can be compared."""
    return with_metadata(manifest, {}, {})


def _delete(bound: ResourceBinding | None) -> tuple[Effect, ...]:
    if bound is None or bound.metadata.deletion_timestamp:
        return ()
    meta = bound.metadata
    return (Delete(binding_kind(meta.namespace), meta.namespace, meta.name, meta.uid),)
