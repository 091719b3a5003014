"""Leaving a cluster: when an object must go, and when its old copy may be taken away. Pure.

A cluster that is left moves from `spec.clusters` into a *graceful eviction task*. The scheduler then finds
replicas missing and does not place them there again; what becomes of the old copy is the task's purge mode:

| purge mode | the old copy |
|---|---|
| Gracefully (Graciously) | stays until every new copy is healthy, at most for the grace period |
| Directly (Immediately) | goes at once |
| Never | stays until a person sets `suppressDeletion: false` or removes the task |

Upstream: `pkg/controllers/{cluster,gracefuleviction,applicationfailover}`. Differences: how long an
application has been unhealthy is written on the binding, so that a restart of the hub forgets nothing; a copy
is healthy only with all the replicas that it has to take over; and an object that is nowhere else does not
count as healthy, so that its only copy stays for the whole grace period.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tradewind.federation.taints import NO_EXECUTE, tolerates
from tradewind.resources.core import Taint, Toleration
from tradewind.resources.meta import replace
from tradewind.resources.policy_types import ApplicationFailoverBehavior, FailoverBehavior, PurgeMode
from tradewind.resources.times import time_ms, time_text
from tradewind.resources.work import (
    AggregatedStatusItem,
    BindingSpec,
    BindingStatus,
    GracefulEvictionTask,
    TargetCluster,
)

TAINT_UNTOLERATED = "TaintUntolerated"
APPLICATION_FAILURE = "ApplicationFailure"
TAINT_MANAGER = "TaintManager"
APPLICATION_FAILOVER = "ResourceBindingApplicationFailover"
GRACEFUL = ("", "Gracefully", "Graciously")
GRACE_SECONDS = 600  # upstream --graceful-eviction-timeout
TOLERATION_SECONDS = 300  # upstream's default of decisionConditions.tolerationSeconds


@dataclass(frozen=True)
class Stay:
    """Nothing has to leave now; `look_at_ms` is when that may change, None when it cannot by itself."""

    look_at_ms: int | None = None


@dataclass(frozen=True)
class Leave:
    """The object has to leave the cluster, because of this."""

    why: str


def must_leave(taints: Iterable[Taint], tolerations: Sequence[Toleration], now_ms: int) -> Stay | Leave:
    """Whether NoExecute taints drive an object out: at once if one is not tolerated, else when the
    first of the tolerations is over. A taint without a time counts from now on."""
    look_at_ms: int | None = None
    for taint in (taint for taint in taints if taint.effect == NO_EXECUTE):
        until_ms = _tolerated_until_ms(taint, tolerations, now_ms)
        if until_ms is None:
            continue
        if until_ms <= now_ms:
            return Leave(f"the taint {taint.key}:{NO_EXECUTE} is not tolerated")
        look_at_ms = min(until_ms, look_at_ms or until_ms)
    return Stay(look_at_ms)


def _tolerated_until_ms(taint: Taint, tolerations: Sequence[Toleration], now_ms: int) -> int | None:
    """None for ever; not tolerated is until now."""
    fitting = [one.toleration_seconds for one in tolerations if tolerates(one, taint)]
    if not fitting:
        return now_ms
    limited = [seconds for seconds in fitting if seconds is not None]
    if not limited:
        return None
    added_ms = time_ms(taint.time_added) if taint.time_added else now_ms
    return added_ms + 1000 * max(0, min(limited))


def purge_mode(failover: FailoverBehavior | None, otherwise: PurgeMode) -> PurgeMode:
    """How an object leaves a tainted cluster: as its policy says, Gracefully if that says nothing about it;
    `otherwise` without a policy on cluster failover."""
    if failover is None or failover.cluster is None:
        return otherwise
    return failover.cluster.purge_mode or "Gracefully"


def evict(spec: BindingSpec, task: GracefulEvictionTask) -> BindingSpec:
    """The binding after leaving `task.from_cluster`; as it was when the object is not there.

    A task that exists already stays as it is.
    """
    left = next((one for one in spec.clusters if one.name == task.from_cluster), None)
    if left is None:
        return spec
    tasks = spec.graceful_eviction_tasks
    if all(one.from_cluster != left.name for one in tasks):
        tasks = [*tasks, replace(task, replicas=left.replicas or None)]
    clusters = [one for one in spec.clusters if one.name != left.name]
    return replace(spec, clusters=clusters, graceful_eviction_tasks=tasks)


def application_task(
    cluster: str, behavior: ApplicationFailoverBehavior, before: Sequence[str]
) -> GracefulEvictionTask:
    """The task of an application that is unhealthy in a cluster. `before` are the clusters it was in."""
    graceful = behavior.purge_mode in GRACEFUL
    return GracefulEvictionTask(
        from_cluster=cluster,
        purge_mode=behavior.purge_mode or "Gracefully",
        reason=APPLICATION_FAILURE,
        producer=APPLICATION_FAILOVER,
        grace_period_seconds=behavior.grace_period_seconds if graceful else None,
        suppress_deletion=True if behavior.purge_mode == "Never" else None,
        clusters_before_failover=list(before),
    )


def unhealthy(items: Iterable[AggregatedStatusItem], tasks: Iterable[GracefulEvictionTask]) -> list[str]:
    """Clusters where the object is Unhealthy, other than those it is leaving already."""
    leaving = {task.from_cluster for task in tasks}
    return [
        one.cluster_name for one in items if one.health == "Unhealthy" and one.cluster_name not in leaving
    ]


@dataclass(frozen=True)
class Ailing:
    """Since when an object has been unhealthy without a break, by cluster, in milliseconds; the clusters that
    it has to leave now; and when the next one will be due."""

    since_ms: dict[str, int]
    leave: tuple[str, ...]
    look_at_ms: int | None


def observe_health(
    known: Mapping[str, int], unhealthy_now: Iterable[str], tolerated_seconds: int, now_ms: int
) -> Ailing:
    """The next step of a memory of unhealthy clusters; a cluster that has recovered is forgotten."""
    since_ms = {name: known.get(name, now_ms) for name in sorted(unhealthy_now)}
    due_ms = {name: at + 1000 * tolerated_seconds for name, at in since_ms.items()}
    leave = tuple(name for name, at in due_ms.items() if at <= now_ms)
    return Ailing(since_ms, leave, min((at for at in due_ms.values() if at > now_ms), default=None))


@dataclass(frozen=True)
class Assessment:
    """Tasks that stay, stamped with when they began; clusters whose old copy may go; when to look again."""

    tasks: list[GracefulEvictionTask]
    evicted: tuple[str, ...]
    look_at_ms: int | None


def assess(spec: BindingSpec, status: BindingStatus, *, is_observed: bool, now_ms: int) -> Assessment:
    """Which tasks are done. `is_observed`: the scheduler has seen the binding as it is."""
    replaced = is_observed and all_healthy(spec, status)
    tasks, evicted, ends_ms = [], [], []
    for task in spec.graceful_eviction_tasks:
        task = task if task.creation_timestamp else replace(task, creation_timestamp=time_text(now_ms))
        if is_done(task, replaced=replaced, now_ms=now_ms):
            evicted.append(task.from_cluster)
            continue
        tasks.append(task)
        if task.suppress_deletion is None:
            ends_ms.append(ends_at_ms(task))
    return Assessment(tasks, tuple(evicted), min(ends_ms, default=None))


def is_done(
    task: GracefulEvictionTask, *, replaced: bool, now_ms: int, grace_seconds: int = GRACE_SECONDS
) -> bool:
    """Whether a task is over: a person said so, the grace has passed, or the object is healthy elsewhere.

    Then the old copy may go, and the cluster may be chosen again.
    """
    if task.suppress_deletion is not None:
        return not task.suppress_deletion
    return replaced or now_ms >= ends_at_ms(task, grace_seconds)


def ends_at_ms(task: GracefulEvictionTask, grace_seconds: int = GRACE_SECONDS) -> int:
    """When the grace of a task that has begun is over."""
    seconds = task.grace_period_seconds if task.grace_period_seconds is not None else grace_seconds
    return time_ms(task.creation_timestamp or "") + 1000 * seconds


def all_healthy(spec: BindingSpec, status: BindingStatus) -> bool:
    """Whether the object is somewhere, and healthy wherever it is to be, with all its replicas there ready
    where the cluster counts them."""
    items = {item.cluster_name: item for item in status.aggregated_status}
    return bool(spec.clusters) and all(_is_healthy(one, items.get(one.name)) for one in spec.clusters)


def _is_healthy(target: TargetCluster, item: AggregatedStatusItem | None) -> bool:
    if item is None or item.health != "Healthy":
        return False
    counts = (item.status or {}).get("replicas")
    return not isinstance(counts, dict) or counts.get("readyReplicas", 0) >= target.replicas
