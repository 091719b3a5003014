"""Clusters and their Leases → conditions and taints; and the removal of a cluster that leaves."""

from collections.abc import Iterable
from typing import Any

from tradewind.controller.plan import NOTHING, Delete, Effect, Key, Plan, Put, PutStatus, Record
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.controllers.binding import delete_work
from tradewind.federation.controllers.scheduler import is_scheduled_here
from tradewind.federation.health import Finding, Vigil, examine, look
from tradewind.federation.keys import CLUSTER_FINALIZER, EXECUTION_FINALIZER
from tradewind.federation.names import cluster_of_namespace
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.core_kinds import LEASE, NAMESPACE
from tradewind.resources.labels import CLUSTER_LEASE_NAMESPACE, execution_namespace
from tradewind.resources.meta import condition_of, encode, is_true, replace
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, WORK, Work


def make_cluster_controller() -> Controller:
    """The controller that watches over the members.

    A cluster that is deleted stays until the scheduler has moved everything away and the member has
    removed its copies; of one that is not heard of, copies are left where they are.
    """
    vigil: Vigil | None = None

    def step(key: Key, view: View, now_ms: int) -> Plan:
        nonlocal vigil
        vigil = look(vigil, now_ms)
        cluster = view.get(CLUSTER, "", key.name)
        if cluster is None:
            return NOTHING
        if cluster.metadata.deletion_timestamp:
            return Plan(_leave(cluster, view))
        lease = view.get(LEASE, CLUSTER_LEASE_NAMESPACE, key.name)
        finding = examine(cluster, lease, vigil, now_ms)
        return Plan(_effects(cluster, finding), finding.look_at_ms)

    watches = (
        Watch(CLUSTER, own_key),
        Watch(LEASE, _cluster_of_lease, namespace=CLUSTER_LEASE_NAMESPACE),
        Watch(WORK, _leaving_cluster_of_work),
        Watch(RESOURCE_BINDING, _leaving_clusters),
        Watch(CLUSTER_RESOURCE_BINDING, _leaving_clusters),
    )
    return Controller("cluster", watches, step)


def _effects(cluster: Cluster, finding: Finding) -> tuple[Effect, ...]:
    """The object first, its status when that has been stored: each write guards against changes between."""
    finalizers = list(dict.fromkeys([*cluster.metadata.finalizers, CLUSTER_FINALIZER]))
    changed = replace(
        cluster,
        metadata=replace(cluster.metadata, finalizers=finalizers),
        spec=replace(cluster.spec, taints=finding.taints),
    )
    if changed != cluster:
        return (Put(CLUSTER, encode(changed)),)
    if finding.conditions == cluster.status.conditions:
        return ()
    status = replace(cluster.status, conditions=finding.conditions)
    manifest = encode(replace(cluster, status=status))
    ready = condition_of(finding.conditions, "Ready")
    assert ready is not None
    return PutStatus(CLUSTER, manifest), Record(manifest, "Warning", ready.reason, ready.message)


def _leave(cluster: Cluster, view: View) -> tuple[Effect, ...]:
    name = cluster.metadata.name
    bindings = [*view.list(RESOURCE_BINDING), *view.list(CLUSTER_RESOURCE_BINDING)]
    moving = [binding for binding in bindings if is_scheduled_here(binding)]
    if any(target.name == name for binding in moving for target in binding.spec.clusters):
        return ()
    works = view.list(WORK, execution_namespace(name))
    if works:
        is_heard_of = is_true(cluster.status.conditions, "Ready")
        return tuple(effect for work in works for effect in _remove_work(work, is_heard_of))
    finalizers = [one for one in cluster.metadata.finalizers if one != CLUSTER_FINALIZER]
    if finalizers == cluster.metadata.finalizers:
        return ()
    gone = replace(cluster, metadata=replace(cluster.metadata, finalizers=finalizers))
    return (
        Delete(LEASE, CLUSTER_LEASE_NAMESPACE, name),
        Delete(NAMESPACE, "", execution_namespace(name)),
        Put(CLUSTER, encode(gone)),
    )


def _remove_work(work: Work, is_heard_of: bool) -> tuple[Effect, ...]:
    """Delete a Work; where no member answers, take away the finalizer that it would have to remove."""
    meta = work.metadata
    if not meta.deletion_timestamp:
        return (delete_work(work),)
    if is_heard_of or EXECUTION_FINALIZER not in meta.finalizers:
        return ()
    finalizers = [one for one in meta.finalizers if one != EXECUTION_FINALIZER]
    return (Put(WORK, encode(replace(work, metadata=replace(meta, finalizers=finalizers)))),)


def _cluster_of_lease(lease: Any, _: View) -> Iterable[Key]:
    return (Key("", lease.metadata.name),)


def _leaving_cluster_of_work(work: Any, view: View) -> Iterable[Key]:
    name = cluster_of_namespace(work.metadata.namespace)
    cluster = view.get(CLUSTER, "", name)
    return (Key("", name),) if cluster and cluster.metadata.deletion_timestamp else ()


def _leaving_clusters(_: Any, view: View) -> Iterable[Key]:
    return [
        Key("", cluster.metadata.name)
        for cluster in view.list(CLUSTER)
        if cluster.metadata.deletion_timestamp
    ]
