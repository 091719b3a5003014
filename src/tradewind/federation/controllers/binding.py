"""Bindings and templates → Works, one for each cluster; Works that no binding wants any more are deleted."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tradewind.controller.plan import Delete, Effect, Key, Plan, Put
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import FindKind, binding_kind
from tradewind.federation.interpret import Part, parts
from tradewind.federation.keys import (
    BINDING_ID,
    BINDING_NAME,
    BINDING_NAMESPACE,
    CLUSTER_BINDING_ID,
    CLUSTER_BINDING_NAME,
)
from tradewind.federation.names import binding_name, cluster_of_namespace
from tradewind.federation.works import binding_id, clusters_with_work, make_work, merge_targets
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import encode, replace
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, WORK, ResourceBinding, Work


def make_binding_controller(kinds: Sequence[Kind], find_kind: FindKind) -> Controller:
    """The controller that renders Works. `kinds` are those that can be propagated; `find_kind` finds one by
    `apiVersion` and `kind`."""

    def step(key: Key, view: View, _: int) -> Plan:
        binding = view.get(binding_kind(key.namespace), key.namespace, key.name)
        works = view.list(WORK, labels=work_labels(key))
        if binding is None or binding.metadata.deletion_timestamp:
            return Plan(tuple(delete_work(work) for work in works if not work.metadata.deletion_timestamp))
        resource = binding.spec.resource
        kind = find_kind(resource.api_version, resource.kind)
        template = view.get_manifest(kind, resource.namespace, resource.name) if kind else None
        if template is None:
            return Plan()  # the detector is about to delete the binding
        staying = clusters_with_work(binding.spec)
        wanted = _wanted(template, binding, view)
        return Plan(plan_works(wanted, works, staying))

    watches = (
        Watch(RESOURCE_BINDING, own_key),
        Watch(CLUSTER_RESOURCE_BINDING, own_key),
        Watch(WORK, binding_of_work),
        Watch(CLUSTER, _no_keys),  # read for weights; a change of a cluster goes through the scheduler
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


def _wanted(template: dict[str, Any], binding: ResourceBinding, view: View) -> list[Work]:
    clusters = [one for one in view.list(CLUSTER) if not one.metadata.deletion_timestamp]
    there = {cluster.metadata.name for cluster in clusters}
    shares = parts(template, binding.spec, clusters)
    return [
        make_work(template, binding, target.name, shares.get(target.name, Part(target.replicas)))
        for target in merge_targets(binding.spec)
        if target.name in there
    ]


def _put(wanted: Work, known: Work | None) -> tuple[Effect, ...]:
    if known is None:
        return (Put(WORK, encode(wanted)),)
    if known.metadata.deletion_timestamp:
        return ()
    metadata = replace(
        known.metadata,
        labels={**known.metadata.labels, **wanted.metadata.labels},
        annotations={**known.metadata.annotations, **wanted.metadata.annotations},
        finalizers=list(dict.fromkeys([*known.metadata.finalizers, *wanted.metadata.finalizers])),
    )
    changed = replace(known, metadata=metadata, spec=wanted.spec)
    return () if changed == known else (Put(WORK, encode(changed)),)


def _name(work: Work) -> tuple[str, str]:
    return work.metadata.namespace, work.metadata.name


def _bound(kind: Kind) -> Callable[[Any, View], Iterable[Key]]:
    def keys(template: Any, _: View) -> Iterable[Key]:
        meta = template.metadata
        return [Key(meta.namespace, binding_name(kind.name, meta.name))]

    return keys


def _no_keys(_: Any, __: View) -> Iterable[Key]:
    return ()
