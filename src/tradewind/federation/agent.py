"""The federation's controllers in a member: they fetch its Works from the hub and report back.

While the hub cannot be reached nothing here takes anything away: what is known keeps being applied, reports
fail and are tried again.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tradewind.controller.plan import HUB, NOTHING, Effect, Key, Plan, Put, PutStatus
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.execution import (
    Copy,
    Outcome,
    apply,
    is_of_work,
    left_over,
    remove,
    work_status,
)
from tradewind.federation.health import RENEW_MS, is_fresh
from tradewind.federation.keys import EXECUTION_FINALIZER, WORK_ID
from tradewind.federation.member import (
    MemberIdentity,
    make_cluster,
    make_lease,
    make_status,
    renewal_due_ms,
)
from tradewind.federation.names import permanent_id
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import EVENT, LEASE, NODE, POD
from tradewind.resources.kinds import Kind
from tradewind.resources.labels import (
    CLUSTER_LEASE_NAMESPACE,
    WORK_NAME,
    WORK_NAMESPACE,
    execution_namespace,
)
from tradewind.resources.meta import Manifest, encode, replace
from tradewind.resources.registry import find
from tradewind.resources.work import WORK, Work

# A member's own objects: there are many of them, and none ever comes from the hub.
NEVER_APPLIED = (EVENT, LEASE, NODE, POD)


def agent_controllers(identity: MemberIdentity, kinds: Sequence[Kind]) -> tuple[Controller, ...]:
    """All that a member runs of the federation. `kinds` are those that it serves."""
    return (
        make_heartbeat(identity),
        make_registration(identity),
        make_reporter(identity, kinds),
        make_execution(identity.name, [kind for kind in kinds if kind not in NEVER_APPLIED]),
    )


def make_heartbeat(identity: MemberIdentity) -> Controller:
    """The controller that renews the member's Lease at the hub."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        lease = view.get(LEASE, CLUSTER_LEASE_NAMESPACE, key.name, at=HUB)
        due_ms = renewal_due_ms(lease)
        if now_ms < due_ms:
            return Plan(wake_at_ms=due_ms)
        renewed = make_lease(identity, lease, now_ms)
        return Plan((Put(LEASE, encode(renewed), at=HUB),), now_ms + RENEW_MS)

    watches = (
        Watch(NODE, _this_cluster(identity)),
        Watch(LEASE, _this_cluster(identity), at=HUB, namespace=CLUSTER_LEASE_NAMESPACE, name=identity.name),
    )
    return Controller("heartbeat", watches, step)


def make_registration(identity: MemberIdentity) -> Controller:
    """The controller of the member's Cluster at the hub. A Cluster that was deleted there comes back
    as long as the member runs."""

    def step(key: Key, view: View, _: int) -> Plan:
        known = view.get(CLUSTER, "", key.name, at=HUB)
        wanted = make_cluster(identity, known)
        if wanted == known or (known and known.metadata.deletion_timestamp):
            return NOTHING
        return Plan((Put(CLUSTER, encode(wanted), at=HUB),))

    watches = (
        Watch(NODE, _this_cluster(identity)),
        Watch(CLUSTER, _this_cluster(identity), at=HUB, name=identity.name),
    )
    return Controller("registration", watches, step)


def make_reporter(identity: MemberIdentity, kinds: Sequence[Kind]) -> Controller:
    """The controller of the Cluster's status. It reports only while its Lease is fresh, so that a member
    whose heartbeat fails and a hub that notices do not contradict each other."""

    def step(key: Key, view: View, now_ms: int) -> Plan:
        cluster = view.get(CLUSTER, "", key.name, at=HUB)
        lease = view.get(LEASE, CLUSTER_LEASE_NAMESPACE, key.name, at=HUB)
        if cluster is None or not is_fresh(lease, now_ms):
            return NOTHING
        status = make_status(
            identity,
            cluster.status,
            cluster.spec.resource_models,
            kinds,
            view.list(NODE),
            view.list(POD),
            now_ms,
        )
        if status == cluster.status:
            return NOTHING
        return Plan((PutStatus(CLUSTER, encode(replace(cluster, status=status)), at=HUB),))

    watches = (
        Watch(NODE, _this_cluster(identity)),
        Watch(POD, _this_cluster(identity)),
        Watch(CLUSTER, _this_cluster(identity), at=HUB, name=identity.name),
        Watch(LEASE, _this_cluster(identity), at=HUB, namespace=CLUSTER_LEASE_NAMESPACE, name=identity.name),
    )
    return Controller("reporter", watches, step)


def make_execution(cluster: str, kinds: Sequence[Kind]) -> Controller:
    """The controller that applies Works, keeps what they hold from drifting, and reports in their status.

    `kinds` are those that the cluster can have from a Work.
    """
    namespace = execution_namespace(cluster)

    def step(key: Key, view: View, now_ms: int) -> Plan:
        work = view.get(WORK, key.namespace, key.name, at=HUB)
        if work is None:
            return NOTHING  # whatever has become of the hub, what it once sent stays
        found = _objects_of(work, kinds, view)
        if work.metadata.deletion_timestamp:
            return Plan(_withdraw(work, found))
        copies = [_copy(manifest, kinds, view) for manifest in work.spec.workload.manifests]
        outcomes = [Outcome() if work.spec.suspend_dispatching else apply(copy, cluster) for copy in copies]
        surplus = [] if work.spec.suspend_dispatching else left_over(found, work)
        status = work_status(work, copies, outcomes, now_ms)
        report = PutStatus(WORK, encode(replace(work, status=status)), at=HUB)
        return Plan(
            (
                *(effect for outcome in outcomes for effect in outcome.effects),
                *(effect for kind, one in surplus if (effect := remove(kind, one, preserve=False))),
                *([] if status == work.status else [report]),
            )
        )

    local = (Watch(kind, _work_of(namespace)) for kind in kinds)
    return Controller("execution", (Watch(WORK, own_key, at=HUB, namespace=namespace), *local), step)


def _withdraw(work: Work, found: Sequence[tuple[Kind, Manifest]]) -> tuple[Effect, ...]:
    """Remove what a deleted Work has brought; when nothing is left, let the Work go."""
    preserve = bool(work.spec.preserve_resources_on_deletion)
    if found:
        effects = (remove(kind, manifest, preserve) for kind, manifest in found)
        return tuple(effect for effect in effects if effect is not None)
    finalizers = [one for one in work.metadata.finalizers if one != EXECUTION_FINALIZER]
    if finalizers == work.metadata.finalizers:
        return ()
    metadata = replace(work.metadata, finalizers=finalizers)
    return (Put(WORK, encode(replace(work, metadata=metadata)), at=HUB),)


def _objects_of(work: Work, kinds: Iterable[Kind], view: View) -> list[tuple[Kind, Manifest]]:
    """The objects in the member that come from a Work."""
    identity = permanent_id(WORK.name, work.metadata.namespace, work.metadata.name)
    names = [
        (kind, one.metadata.namespace, one.metadata.name)
        for kind in kinds
        for one in view.list(kind, labels={WORK_ID: identity})
    ]
    manifests = [(kind, view.get_manifest(kind, namespace, name)) for kind, namespace, name in names]
    return [(kind, manifest) for kind, manifest in manifests if manifest and is_of_work(manifest, work)]


def _copy(manifest: Manifest, kinds: Sequence[Kind], view: View) -> Copy:
    kind = find(kinds, str(manifest.get("apiVersion", "")), str(manifest.get("kind", "")))
    metadata = manifest.get("metadata", {})
    if kind is None:
        return Copy(manifest, None, None)
    observed = view.get_manifest(kind, metadata.get("namespace", ""), metadata.get("name", ""))
    return Copy(manifest, kind, observed)


def _work_of(namespace: str) -> Callable[[Any, View], Iterable[Key]]:
    def keys(obj: Any, _: View) -> Iterable[Key]:
        notes = obj.metadata.annotations
        return [Key(namespace, notes[WORK_NAME])] if notes.get(WORK_NAMESPACE) == namespace else []

    return keys


def _this_cluster(identity: MemberIdentity) -> Callable[[Any, View], Iterable[Key]]:
    return lambda _, __: (Key("", identity.name),)
