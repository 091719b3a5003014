"""What a binding does about clusters that fail: the steps of `evict` put together. Pure.

In this order: tasks that are over end; the object leaves clusters in which it has been unhealthy for too
long, then those whose taints it does not tolerate. It leaves a cluster only if the scheduler could do without
it: the only copy, or one that a spread constraint needs, stays until there is another place, unlike upstream.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind.federation.evict import (
    TAINT_MANAGER,
    TAINT_UNTOLERATED,
    TOLERATION_SECONDS,
    Leave,
    application_task,
    assess,
    evict,
    must_leave,
    observe_health,
    purge_mode,
    unhealthy,
)
from tradewind.federation.place import NotPlaced
from tradewind.federation.schedule import schedule
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.core import Toleration
from tradewind.resources.meta import replace
from tradewind.resources.work import BindingSpec, BindingStatus, GracefulEvictionTask

RETRY_MS = 10_000  # until it is tried again whether the object could go elsewhere


@dataclass(frozen=True)
class Situation:
    """What is known when a decision is made.

    `tolerations` are those of the placement that was applied, `unhealthy_since_ms` what the last decision has
    left, `is_observed` says that the scheduler has seen the binding as it is, and `taint_evictions` how many
    times taints may drive an object out now.
    """

    spec: BindingSpec
    status: BindingStatus
    clusters: Sequence[Cluster]
    tolerations: Sequence[Toleration]
    unhealthy_since_ms: Mapping[str, int]
    is_observed: bool
    taint_evictions: int
    now_ms: int


@dataclass(frozen=True)
class Told:
    """Something to be recorded as an event."""

    is_warning: bool
    reason: str
    message: str


@dataclass(frozen=True)
class Decision:
    """The binding's next spec, what to remember and to tell, and when to look again (None: when something
    changes). `by_taint` counts the clusters left because of taints."""

    spec: BindingSpec
    unhealthy_since_ms: dict[str, int]
    told: tuple[Told, ...] = ()
    look_at_ms: int | None = None
    by_taint: int = 0


def decide(now: Situation) -> Decision:
    """The next step away from what fails."""
    decision = end_tasks(now)
    decision = _leave_unhealthy(now, decision)
    for name in sorted(target.name for target in now.spec.clusters):
        decision = _leave_tainted(now, decision, name)
    return decision


def end_tasks(now: Situation) -> Decision:
    """Only the first step: tasks that are over end, nothing else moves."""
    found = assess(now.spec, now.status, is_observed=now.is_observed, now_ms=now.now_ms)
    told = tuple(
        Told(False, "EvictWorkloadFromClusterSucceed", f"The copy in cluster {name} is no longer needed.")
        for name in found.evicted
    )
    spec = replace(now.spec, graceful_eviction_tasks=found.tasks)
    return Decision(spec, dict(now.unhealthy_since_ms), told, found.look_at_ms)


def _leave_unhealthy(now: Situation, before: Decision) -> Decision:
    behavior = now.spec.failover.application if now.spec.failover else None
    if behavior is None:
        return dataclasses.replace(before, unhealthy_since_ms={})
    targets = [target.name for target in before.spec.clusters]
    sick = unhealthy(now.status.aggregated_status, before.spec.graceful_eviction_tasks)
    seconds = behavior.decision_conditions.toleration_seconds
    ailing = observe_health(
        before.unhealthy_since_ms,
        [name for name in sick if name in targets],
        TOLERATION_SECONDS if seconds is None else seconds,
        now.now_ms,
    )
    decision = dataclasses.replace(
        before,
        unhealthy_since_ms=ailing.since_ms,
        look_at_ms=_sooner(before.look_at_ms, ailing.look_at_ms),
    )
    for name in ailing.leave:
        why = f"the application was unhealthy there for {seconds} s"
        decision = _leave(now, decision, application_task(name, behavior, targets), why)
    return decision


def _leave_tainted(now: Situation, before: Decision, name: str) -> Decision:
    cluster = next((one for one in now.clusters if one.metadata.name == name), None)
    if cluster is None:
        return before
    found = must_leave(cluster.spec.taints, now.tolerations, now.now_ms)
    if not isinstance(found, Leave):
        return _looking(before, found.look_at_ms)
    if before.by_taint >= now.taint_evictions:
        return _looking(before, now.now_ms + RETRY_MS)
    task = GracefulEvictionTask(
        from_cluster=name,
        purge_mode=purge_mode(now.spec.failover, "Gracefully"),
        reason=TAINT_UNTOLERATED,
        message=found.why,
        producer=TAINT_MANAGER,
    )
    after = _leave(now, before, task, found.why)
    return dataclasses.replace(after, by_taint=before.by_taint + (after.spec != before.spec))


def _leave(now: Situation, before: Decision, task: GracefulEvictionTask, why: str) -> Decision:
    """Leave one cluster, if the scheduler could do without it."""
    name = task.from_cluster
    spec = evict(before.spec, task)
    if spec == before.spec:
        return before
    elsewhere = schedule(spec, now.status, now.clusters)
    if isinstance(elsewhere, NotPlaced):
        told = Told(
            True,
            "EvictWorkloadFromClusterFailed",
            f"It should leave cluster {name} ({why}), but stays: {elsewhere.message}",
        )
        return _with(before, before.spec, told, now.now_ms + RETRY_MS)
    told = Told(
        True,
        "EvictWorkloadFromClusterSucceed",
        f"It leaves cluster {name} {task.purge_mode.lower()}: {why}.",
    )
    return _with(before, spec, told, before.look_at_ms)


def _with(before: Decision, spec: BindingSpec, told: Told, look_at_ms: int | None) -> Decision:
    after = dataclasses.replace(before, spec=spec, told=(*before.told, told))
    return _looking(after, look_at_ms)


def _looking(decision: Decision, look_at_ms: int | None) -> Decision:
    return dataclasses.replace(decision, look_at_ms=_sooner(decision.look_at_ms, look_at_ms))


def _sooner(one: int | None, other: int | None) -> int | None:
    return min((at for at in (one, other) if at is not None), default=None)
