"""Bindings with `propagateDeps` → the bindings of what their objects need.

The binding of a dependency is not scheduled: it lists its parents, and goes wherever one of them goes. If a
policy of its own claims the dependency too, it goes to both. Upstream: `pkg/dependenciesdistributor`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tradewind.controller.plan import Delete, Effect, Key, Plan, Put
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.bindings import FindKind, binding_kind, binding_of_dependency
from tradewind.federation.dependencies import KINDS, Dependency, attach, dependencies, detach
from tradewind.federation.match import CLAIM_LABELS
from tradewind.federation.names import binding_name
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import decode, encode, replace
from tradewind.resources.work import (
    CLUSTER_RESOURCE_BINDING,
    RESOURCE_BINDING,
    BindingSnapshot,
    ResourceBinding,
)


def make_dependencies(kinds: Sequence[Kind], find_kind: FindKind) -> Controller:
    """The controller of `requiredBy`. `kinds` are those that can be propagated; `find_kind` finds one by
    `apiVersion` and `kind`."""

    def step(key: Key, view: View, _: int) -> Plan:
        parent = view.get(binding_kind(key.namespace), key.namespace, key.name)
        needed = _needed(parent, find_kind, view) if parent else []
        places = {_place(one): one for one in needed}
        attached = {
            (one.metadata.namespace, one.metadata.name): one
            for one in _all_bindings(view)
            if _lists(one, key)
        }
        gone = [one for place, one in attached.items() if place not in places]
        return Plan(
            (
                *(effect for one in gone for effect in _detached(one, key)),
                *(effect for one in needed if parent for effect in _attached(one, parent, view)),
            )
        )

    watches = (
        Watch(RESOURCE_BINDING, _self_and_parents),
        Watch(CLUSTER_RESOURCE_BINDING, _self_and_parents),
        *(Watch(kind, _bound(kind)) for kind in kinds),
        *(Watch(kind, _parents_near(kind)) for kind in KINDS),
    )
    return Controller("dependencies", watches, step)


def _needed(parent: ResourceBinding, find_kind: FindKind, view: View) -> list[Dependency]:
    resource = parent.spec.resource
    kind = find_kind(resource.api_version, resource.kind)
    if kind is None or not parent.spec.propagate_deps or parent.metadata.deletion_timestamp:
        return []
    manifest = view.get_manifest(kind, resource.namespace, resource.name)
    if manifest is None:
        return []
    found = dependencies(
        manifest, resource.namespace, lambda one: view.get_manifest(one.kind, one.namespace, one.name)
    )
    return [one for one in found if (one.kind_name, one.name) != (resource.kind, resource.name)]


def _place(dependency: Dependency) -> tuple[str, str]:
    return dependency.namespace, binding_name(dependency.kind_name, dependency.name)


def _attached(dependency: Dependency, parent: ResourceBinding, view: View) -> tuple[Effect, ...]:
    namespace, name = _place(dependency)
    kind = binding_kind(namespace)
    known = view.get(kind, namespace, name)
    template = decode(view.get_manifest(dependency.kind, namespace, dependency.name), dependency.kind.struct)
    wanted = binding_of_dependency(template, known, parent)
    snapshot = BindingSnapshot(
        name=parent.metadata.name, namespace=parent.metadata.namespace, clusters=parent.spec.clusters
    )
    required_by = attach(wanted.spec.required_by, snapshot)
    wanted = replace(wanted, spec=replace(wanted.spec, required_by=required_by))
    if wanted == known or (known and known.metadata.deletion_timestamp):
        return ()
    return (Put(kind, encode(wanted)),)


def _detached(binding: ResourceBinding, parent: Key) -> tuple[Effect, ...]:
    """Take a parent away; a binding that nobody wants any more goes."""
    meta = binding.metadata
    kind = binding_kind(meta.namespace)
    required_by = detach(binding.spec.required_by, parent.namespace, parent.name)
    if meta.deletion_timestamp:
        return ()
    if required_by or any(label in meta.labels for label in CLAIM_LABELS):
        changed = replace(binding, spec=replace(binding.spec, required_by=required_by))
        return (Put(kind, encode(changed)),)
    return (Delete(kind, meta.namespace, meta.name, meta.uid),)


def _lists(binding: ResourceBinding, parent: Key) -> bool:
    wanted = (parent.namespace, parent.name)
    return any((one.namespace, one.name) == wanted for one in binding.spec.required_by)


def _all_bindings(view: View) -> list[Any]:
    return [*view.list(RESOURCE_BINDING), *view.list(CLUSTER_RESOURCE_BINDING)]


def _self_and_parents(binding: Any, view: View) -> Iterable[Key]:
    parents = [Key(one.namespace, one.name) for one in binding.spec.required_by]
    return [*own_key(binding, view), *parents]


def _bound(kind: Kind) -> Callable[[Any, View], Iterable[Key]]:
    """The binding of an object, which may need others."""

    def keys(template: Any, _: View) -> Iterable[Key]:
        meta = template.metadata
        return [Key(meta.namespace, binding_name(kind.name, meta.name))]

    return keys


def _parents_near(kind: Kind) -> Callable[[Any, View], Iterable[Key]]:
    """The bindings that may need an object of this kind: those of its namespace, or all."""

    def keys(obj: Any, view: View) -> Iterable[Key]:
        namespace = obj.metadata.namespace if kind.namespaced else ""
        found = view.list(RESOURCE_BINDING, namespace)
        return [Key(one.metadata.namespace, one.metadata.name) for one in found if one.spec.propagate_deps]

    return keys
