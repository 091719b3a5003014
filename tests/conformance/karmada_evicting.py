"""Upstream's cases about leaving clusters."""

import re
from typing import Any

from tradewind.federation.evict import (
    GRACE_SECONDS,
    Leave,
    all_healthy,
    ends_at_ms,
    evict,
    is_done,
    must_leave,
    purge_mode,
    unhealthy,
)
from tradewind.federation.works import clusters_with_work
from tradewind.resources.core import Taint, Toleration
from tradewind.resources.meta import decode, encode
from tradewind.resources.policy_types import FailoverBehavior
from tradewind.resources.times import time_text
from tradewind.resources.work import AggregatedStatusItem, BindingSpec, BindingStatus, GracefulEvictionTask

Case = dict[str, Any]
FOR_EVER = -1
NOW_MS = 1_800_000_000_000


def _at(text: str | None) -> str | None:
    """`now-60s` as a time."""
    found = re.fullmatch(r"now(?:([+-]\d+)s)?", text or "")
    return time_text(NOW_MS + 1000 * int(found[1] or 0)) if found else None


def _task(given: Case) -> GracefulEvictionTask:
    return decode({**given, "creationTimestamp": _at(given.get("creationTimestamp"))}, GracefulEvictionTask)


def _seconds(text: str | None) -> int:
    return int(str(text).removesuffix("s")) if text else GRACE_SECONDS


def _is_replaced(given: Case) -> bool:
    spec = decode({"clusters": given["scheduled"]}, BindingSpec)
    status = decode({"aggregatedStatus": given["aggregatedStatus"]}, BindingStatus)
    return bool(given["schedulerObservedLatestGeneration"]) and all_healthy(spec, status)


def _kept(given: Case, task: GracefulEvictionTask) -> bool:
    seconds = _seconds(given["timeout"])
    return not is_done(task, replaced=_is_replaced(given), now_ms=NOW_MS, grace_seconds=seconds)


def _assess_task(given: Case, expect: Case) -> tuple[Any, Any]:
    return _kept(given, _task(given["task"])), expect["kept"]


def _assess_tasks(given: Case, expect: Case) -> tuple[Any, Any]:
    kept = [one["fromCluster"] for one in given["tasks"] if _kept(given, _task(one))]
    gone = [one["fromCluster"] for one in given["tasks"] if one["fromCluster"] not in kept]
    return (kept, gone), ([one["fromCluster"] for one in expect["kept"]], expect["evicted"])


def _evict(given: Case, expect: Case) -> tuple[Any, Any]:
    spec = decode(
        {"clusters": given["clusters"], "gracefulEvictionTasks": given["gracefulEvictionTasks"]}, BindingSpec
    )
    found = encode(evict(spec, decode(given["evict"], GracefulEvictionTask)))
    clusters = [{"replicas": 0, **one} for one in found.get("clusters", [])]
    return {"clusters": clusters, "gracefulEvictionTasks": found.get("gracefulEvictionTasks", [])}, expect


def _next_retry(given: Case, expect: Case) -> tuple[Any, Any]:
    seconds = _seconds(given["timeout"])
    ends = [ends_at_ms(one, seconds) for one in map(_task, given["tasks"]) if not one.suppress_deletion]
    retry = min(ends, default=NOW_MS) - NOW_MS
    return f"{retry // 1000}s" if retry else 0, expect["retryAfter"]


def _taints(given: list[Case]) -> list[Taint]:
    return [decode({**one, "timeAdded": _at(one.get("timeAdded"))}, Taint) for one in given]


def _tolerations(given: list[Case]) -> list[Toleration]:
    return [decode(one, Toleration) for one in given]


def _need_eviction(given: Case, expect: Case) -> tuple[Any, Any]:
    tolerations = _tolerations(given["appliedPlacement"]["clusterTolerations"])
    found = must_leave(_taints(given["cluster"]["spec"]["taints"]), tolerations, NOW_MS)
    if isinstance(found, Leave):
        return {"evict": True, "retryAfter": 0}, expect
    retry = FOR_EVER if found.look_at_ms is None else f"{(found.look_at_ms - NOW_MS) // 1000}s"
    return {"evict": False, "retryAfter": retry}, expect


def _min_toleration(given: Case, expect: Case) -> tuple[Any, Any]:
    found = must_leave(_taints(given["taints"]), _tolerations(given["tolerations"]), NOW_MS)
    assert not isinstance(found, Leave)
    seconds = FOR_EVER if found.look_at_ms is None else (found.look_at_ms - NOW_MS) // 1000
    return seconds, expect["seconds"]


def _purge_mode(given: Case, expect: Case) -> tuple[Any, Any]:
    failover = decode(given["failover"], FailoverBehavior) if given.get("failover") is not None else None
    return purge_mode(failover, given["flagPurgeMode"]), expect["purgeMode"]


def _unhealthy(given: Case, expect: Case) -> tuple[Any, Any]:
    items = [decode(one, AggregatedStatusItem) for one in given["aggregatedStatus"]]
    tasks = [decode(one, GracefulEvictionTask) for one in given["gracefulEvictionTasks"]]
    return unhealthy(items, tasks), expect["unhealthy"]


def _existing(given: Case, expect: Case) -> tuple[Any, Any]:
    return clusters_with_work(decode(given["binding"], BindingSpec)), expect["clusters"]


HANDLERS: dict[tuple[str, str], Any] = {
    ("failover", "existing-clusters"): _existing,
    ("failover", "unhealthy-clusters"): _unhealthy,
    ("graceful-eviction", "assess-task"): _assess_task,
    ("graceful-eviction", "assess-tasks"): _assess_tasks,
    ("graceful-eviction", "evict-cluster"): _evict,
    ("graceful-eviction", "next-retry"): _next_retry,
    ("taint-eviction", "need-eviction"): _need_eviction,
    ("taint-eviction", "purge-mode"): _purge_mode,
    ("taint-toleration", "min-toleration-time"): _min_toleration,
}
