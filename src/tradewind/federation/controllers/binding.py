"""Bindings, templates and overrides → Works, one for each cluster; orphaned Works are deleted."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tradewind.controller.plan import Delete, Effect, Key, Plan, Put, PutStatus, Record
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import FindKind, binding_kind
from tradewind.federation.conditions import with_condition
from tradewind.federation.interpret import Part, parts
from tradewind.federation.keys import (
    APPLIED_CLUSTER_OVERRIDES,
    APPLIED_OVERRIDES,
    BINDING_ID,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_BINDING_ID,
    CLUSTER_BINDING_NAME,
)
from tradewind.federation.match import at_stored_version
from tradewind.federation.names import binding_name, cluster_of_namespace
from tradewind.federation.override_report import CONDITION, override_condition, override_notes
from tradewind.federation.overrides import NotOverridden, Overridden, override
from tradewind.federation.works import binding_id, clusters_with_work, make_work, merge_targets, render
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, Object, condition_of, decode, encode, replace
from tradewind.resources.policy import CLUSTER_OVERRIDE_POLICY, OVERRIDE_POLICY
from tradewind.resources.policy_types import OverridePolicy
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, WORK, ResourceBinding, Work


def make_binding_controller(kinds: Sequence[Kind], find_kind: FindKind) -> Controller:
    """The controller that renders Works. `kinds` are those that can be propagated; `find_kind` finds one by
    `apiVersion` and `kind`."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        binding = view.get(binding_kind(key.namespace), key.namespace, key.name)
        works = view.list(WORK, labels=work_labels(key))
        if binding is None or binding.metadata.deletion_timestamp:
            return Plan(tuple(delete_work(work) for work in works if not work.metadata.deletion_timestamp))
        resource = binding.spec.resource
        kind = find_kind(resource.api_version, resource.kind)
        template = view.get_manifest(kind, resource.namespace, resource.name) if kind else None
        if kind is None or template is None:
            return Plan()  # the detector is about to delete the binding
        made = _make_works(template, binding, _Policies.of(kind, resource.namespace, view), view)
        wanted = [one for one in made if isinstance(one, Work)]
        failures = [one for one in made if isinstance(one, NotOverridden)]
        staying = clusters_with_work(binding.spec)
        return Plan((*plan_works(wanted, works, staying), *_report(binding, template, failures, now_ms)))

    watches = (
        Watch(RESOURCE_BINDING, own_key),
        Watch(CLUSTER_RESOURCE_BINDING, own_key),
        Watch(WORK, binding_of_work),
        Watch(CLUSTER, _bindings_to),
        Watch(OVERRIDE_POLICY, _bindings_near),
        Watch(CLUSTER_OVERRIDE_POLICY, _bindings_near),
        *(Watch(kind, _bound(kind)) for kind in kinds),
    )
    return Controller("binding", watches, step)


def plan_works(wanted: Sequence[Work], works: Sequence[Work], staying: Sequence[str]) -> tuple[Effect, ...]:
    """The writes that make `works` the wanted ones. Of the others, those in clusters that are `staying` are
    left as they are. A Work that is being deleted is waited for."""
    known = {(work.metadata.namespace, work.metadata.name): work for work in works}
    names = {(work.metadata.namespace, work.metadata.name) for work in wanted}
    puts = [effect for work in wanted for effect in _put(work, known.get(_name(work)))]
    orphans = [
        work
        for work in works
        if _name(work) not in names
        and cluster_of_namespace(work.metadata.namespace) not in staying
        and not work.metadata.deletion_timestamp
    ]
    return (*puts, *(delete_work(work) for work in orphans))


def delete_work(work: Work) -> Delete:
    """The deletion of a Work; its cluster removes what it holds first."""
    return Delete(WORK, work.metadata.namespace, work.metadata.name, work.metadata.uid)


def work_labels(binding: Key) -> dict[str, str]:
    """The labels of the Works of a binding, whether or not it still exists."""
    label = BINDING_ID if binding.namespace else CLUSTER_BINDING_ID
    return {label: binding_id(binding.namespace, binding.name)}


def binding_of_work(work: Any, _: View) -> Iterable[Key]:
    """The key of the binding that a Work comes from."""
    notes = work.metadata.annotations
    if BINDING_NAME in notes:
        return [Key(notes.get(BINDING_NAMESPACE, ""), notes[BINDING_NAME])]
    return [Key("", notes[CLUSTER_BINDING_NAME])] if CLUSTER_BINDING_NAME in notes else []


@dataclass(frozen=True)
class _Policies:
    """The override policies that an object of one kind may be changed by."""

    general: list[OverridePolicy]
    own: list[OverridePolicy]

    @classmethod
    def of(cls, kind: Kind, namespace: str, view: View) -> "_Policies":
        own = view.list(OVERRIDE_POLICY, namespace) if namespace else []
        general = view.list(CLUSTER_OVERRIDE_POLICY)
        return cls(
            [at_stored_version(one, kind) for one in general], [at_stored_version(one, kind) for one in own]
        )


def _make_works(
    template: Manifest, binding: ResourceBinding, policies: _Policies, view: View
) -> list[Work | NotOverridden]:
    """For each cluster of the binding its Work, or why its object cannot be made."""
    clusters = {one.metadata.name: one for one in view.list(CLUSTER) if not one.metadata.deletion_timestamp}
    shares = parts(template, binding.spec, list(clusters.values()))
    typed = decode(template, Object)
    made: list[Work | NotOverridden] = []
    for target in merge_targets(binding.spec):
        if target.name not in clusters:
            continue
        rendered = render(template, binding.spec, shares.get(target.name, Part(target.replicas)))
        outcome = override(rendered, typed, clusters[target.name], policies.general, policies.own)
        if isinstance(outcome, Overridden):
            notes = override_notes(outcome.applied)
            made.append(make_work(template, binding, target.name, outcome.manifest, notes))
        else:
            made.append(outcome)
    return made


def _report(
    binding: ResourceBinding, template: Manifest, failures: Sequence[NotOverridden], now_ms: int
) -> tuple[Effect, ...]:
    """A condition on the binding and an event on the template, when what is to be said is new.

    Nothing is said as long as no override has ever failed.
    """
    known = condition_of(binding.status.conditions, CONDITION)
    wanted = override_condition(failures)
    if known is None and not failures:
        return ()
    if known is not None and (known.status, known.message) == (wanted.status, wanted.message):
        return ()
    conditions = with_condition(binding.status.conditions, wanted, now_ms)
    changed = replace(binding, status=replace(binding.status, conditions=conditions))
    level = "Warning" if failures else "Normal"
    return (
        PutStatus(binding_kind(binding.metadata.namespace), encode(changed)),
        Record(template, level, wanted.reason, wanted.message),
    )


def _put(wanted: Work, known: Work | None) -> tuple[Effect, ...]:
    if known is None:
        return (Put(WORK, encode(wanted)),)
    if known.metadata.deletion_timestamp:
        return ()
    metadata = replace(
        known.metadata,
        labels={**known.metadata.labels, **wanted.metadata.labels},
        annotations={**_without_override_notes(known), **wanted.metadata.annotations},
        finalizers=list(dict.fromkeys([*known.metadata.finalizers, *wanted.metadata.finalizers])),
    )
    changed = replace(known, metadata=metadata, spec=wanted.spec)
    return () if changed == known else (Put(WORK, encode(changed)),)


def _without_override_notes(work: Work) -> dict[str, str]:
    notes = (APPLIED_OVERRIDES, APPLIED_CLUSTER_OVERRIDES)
    return {key: value for key, value in work.metadata.annotations.items() if key not in notes}


def _name(work: Work) -> tuple[str, str]:
    return work.metadata.namespace, work.metadata.name


def _bound(kind: Kind) -> Callable[[Any, View], Iterable[Key]]:
    def keys(template: Any, _: View) -> Iterable[Key]:
        meta = template.metadata
        return [Key(meta.namespace, binding_name(kind.name, meta.name))]

    return keys


def _bindings_near(policy: Any, view: View) -> Iterable[Key]:
    """All bindings that a policy may concern: of its namespace, or all."""
    namespace = policy.metadata.namespace
    found = view.list(RESOURCE_BINDING, namespace)
    found += [] if namespace else view.list(CLUSTER_RESOURCE_BINDING)
    return [Key(one.metadata.namespace, one.metadata.name) for one in found]


def _bindings_to(cluster: Any, view: View) -> Iterable[Key]:
    """The bindings that name a cluster: it may have come back since the scheduler chose it, or match other
    overrides than before."""
    name = cluster.metadata.name
    found = [*view.list(RESOURCE_BINDING), *view.list(CLUSTER_RESOURCE_BINDING)]
    return [
        Key(one.metadata.namespace, one.metadata.name)
        for one in found
        if any(target.name == name for target in merge_targets(one.spec))
    ]
