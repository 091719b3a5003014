"""Leaving clusters that fail."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.objects import NOW_MS, SERVICE, cluster, placement, taint
from tests.federation.test_capacity import needs
from tradewind.federation.evict import Leave, Stay, assess, evict, must_leave, observe_health, purge_mode
from tradewind.federation.failover import RETRY_MS, Decision, Situation, decide
from tradewind.resources.core import Taint, Toleration
from tradewind.resources.meta import decode, replace
from tradewind.resources.policy_types import FailoverBehavior
from tradewind.resources.times import time_text
from tradewind.resources.work import (
    AggregatedStatusItem,
    BindingSpec,
    BindingStatus,
    GracefulEvictionTask,
    TargetCluster,
)

SECOND = 1000


def no_execute(key: str = "broken", ago_seconds: int = 0) -> Taint:
    return Taint(key=key, effect="NoExecute", time_added=time_text(NOW_MS - SECOND * ago_seconds))


def tolerating(key: str = "broken", seconds: int | None = None) -> Toleration:
    return Toleration(key=key, operator="Exists", effect="NoExecute", toleration_seconds=seconds)


@pytest.mark.parametrize(
    ("taints", "tolerations", "outcome"),
    [
        ([], [], Stay()),
        ([taint("broken")], [], Stay()),
        ([no_execute()], [], Leave("the taint broken:NoExecute is not tolerated")),
        ([no_execute()], [tolerating()], Stay()),
        ([no_execute()], [tolerating(seconds=60)], Stay(NOW_MS + 60 * SECOND)),
        ([no_execute(ago_seconds=50)], [tolerating(seconds=60)], Stay(NOW_MS + 10 * SECOND)),
        (
            [no_execute(ago_seconds=60)],
            [tolerating(seconds=60)],
            Leave("the taint broken:NoExecute is not tolerated"),
        ),
        ([no_execute()], [tolerating(seconds=60), tolerating(seconds=20)], Stay(NOW_MS + 20 * SECOND)),
        (
            [no_execute(), no_execute("other")],
            [tolerating(), tolerating("other", 5)],
            Stay(NOW_MS + 5 * SECOND),
        ),
        (
            [no_execute(), no_execute("other")],
            [tolerating()],
            Leave("the taint other:NoExecute is not tolerated"),
        ),
    ],
)
def test_taints_that_drive_out(taints, tolerations, outcome):
    assert must_leave(taints, tolerations, NOW_MS) == outcome


@pytest.mark.parametrize(
    ("failover", "mode"),
    [
        (None, "Directly"),
        ({}, "Directly"),
        ({"cluster": {}}, "Gracefully"),
        ({"cluster": {"purgeMode": "Directly"}}, "Directly"),
        ({"cluster": {"purgeMode": "Gracefully"}}, "Gracefully"),
    ],
)
def test_how_a_tainted_cluster_is_left(failover, mode):
    behavior = None if failover is None else decode(failover, FailoverBehavior)
    assert purge_mode(behavior, "Directly") == mode


def targets(**shares: int) -> list[TargetCluster]:
    return [TargetCluster(name=name, replicas=share) for name, share in shares.items()]


def task(name: str, ago_seconds: int = 0, **more: Any) -> GracefulEvictionTask:
    begun = time_text(NOW_MS - SECOND * ago_seconds)
    return GracefulEvictionTask(from_cluster=name, creation_timestamp=begun, **more)


def said(**health: str) -> BindingStatus:
    items = [
        AggregatedStatusItem(cluster_name=name, applied=True, health=one) for name, one in health.items()
    ]
    return decode(
        {"aggregatedStatus": [{"clusterName": i.cluster_name, "health": i.health} for i in items]},
        BindingStatus,
    )


@pytest.mark.parametrize(
    ("tasks", "clusters", "status", "evicted"),
    [
        ([task("a")], targets(b=1), said(b="Healthy"), ("a",)),
        ([task("a")], targets(b=1), said(b="Unknown"), ()),
        ([task("a")], targets(b=1, c=1), said(b="Healthy"), ()),
        ([task("a")], targets(), said(), ()),
        ([task("a", 600)], targets(), said(), ("a",)),
        ([task("a", 120, grace_period_seconds=120)], targets(b=1), said(b="Unhealthy"), ("a",)),
        ([task("a", 119, grace_period_seconds=120)], targets(b=1), said(b="Unhealthy"), ()),
        ([task("a", 9999, suppress_deletion=True)], targets(b=1), said(b="Healthy"), ()),
        ([task("a", suppress_deletion=False)], targets(b=1), said(b="Unknown"), ("a",)),
    ],
)
def test_when_an_old_copy_may_go(tasks, clusters, status, evicted):
    spec = BindingSpec(clusters=clusters, graceful_eviction_tasks=tasks)
    found = assess(spec, status, is_observed=True, now_ms=NOW_MS)
    assert found.evicted == evicted
    assert len(found.tasks) == len(tasks) - len(evicted)


def test_until_the_scheduler_has_looked_nothing_goes():
    spec = BindingSpec(clusters=targets(b=1), graceful_eviction_tasks=[task("a")])
    assert assess(spec, said(b="Healthy"), is_observed=False, now_ms=NOW_MS).evicted == ()


def test_a_new_task_is_stamped_and_looked_at_when_its_grace_is_over():
    fresh = GracefulEvictionTask(from_cluster="a", grace_period_seconds=30)
    spec = BindingSpec(clusters=targets(b=1), graceful_eviction_tasks=[fresh])
    found = assess(spec, said(), is_observed=True, now_ms=NOW_MS)
    assert found.tasks[0].creation_timestamp == time_text(NOW_MS)
    assert found.look_at_ms == NOW_MS + 30 * SECOND


@given(
    st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.integers(1, 40)), max_size=12), st.integers(1, 60)
)
def test_only_what_is_ill_without_a_break_leaves(looks, tolerated):
    """The obvious twin: the whole history."""
    known: dict[str, int] = {}
    now_ms = NOW_MS
    history: list[tuple[int, set[str]]] = []
    for ill, seconds in looks:
        now_ms += seconds * SECOND
        history.append((now_ms, ill))
        found = observe_health(known, ill, tolerated, now_ms)
        known = found.since_ms
        for name in "abc":
            since = None
            for at_ms, sick in history:
                since = (since or at_ms) if name in sick else None
            assert (name in found.leave) == (since is not None and now_ms - since >= tolerated * SECOND)


FAILOVER = {
    "application": {
        "decisionConditions": {"tolerationSeconds": 60},
        "purgeMode": "Graciously",
        "gracePeriodSeconds": 120,
    }
}
EQUAL = {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Weighted"}


def situation(clusters: str = "abc", shares: dict[str, int] | None = None, **more: Any) -> Situation:
    """A service of 6 replicas, two in each of three clusters, of which at least two are asked for."""
    spread = [{"spreadByField": "cluster", "minGroups": 2, "maxGroups": 3}]
    spec = BindingSpec(
        resource=SERVICE,
        replicas=6,
        replica_requirements=needs(),
        placement=placement({"replicaScheduling": EQUAL, "spreadConstraints": spread}),
        clusters=targets(**(shares or {"a": 2, "b": 2, "c": 2})),
        failover=decode(more.pop("failover", {}), FailoverBehavior),
        graceful_eviction_tasks=more.pop("tasks", []),
    )
    taints = more.pop("taints", {})
    fleet = [cluster(name, taints=taints.get(name, [])) for name in clusters]
    given_status = more.pop("status", BindingStatus())
    known = {"tolerations": [], "unhealthy_since_ms": {}, "is_observed": True, "taint_evictions": 1}
    return Situation(spec=spec, status=given_status, clusters=fleet, now_ms=NOW_MS, **(known | more))


def where(decision: Decision) -> tuple[str, str]:
    """The clusters that the object is in, and those that it is leaving."""
    spec = decision.spec
    return (
        "".join(one.name for one in spec.clusters),
        "".join(one.from_cluster for one in spec.graceful_eviction_tasks),
    )


def test_a_taint_drives_the_object_out():
    decision = decide(situation(taints={"b": [no_execute()]}))
    assert where(decision) == ("ac", "b")
    left = decision.spec.graceful_eviction_tasks[0]
    assert (left.reason, left.purge_mode, left.replicas) == ("TaintUntolerated", "Gracefully", 2)
    assert decision.by_taint == 1
    assert decision.told[0].reason == "EvictWorkloadFromClusterSucceed"


def test_taints_of_a_whole_region_are_obeyed_one_at_a_time():
    tainted = {"a": [no_execute()], "b": [no_execute()]}
    decision = decide(situation("abcd", {"a": 2, "b": 2, "c": 2}, taints=tainted))
    assert where(decision) == ("bc", "a")
    assert decision.look_at_ms == NOW_MS + RETRY_MS


def test_when_the_rate_is_used_up_nothing_moves():
    decision = decide(situation(taints={"b": [no_execute()]}, taint_evictions=0))
    assert where(decision) == ("abc", "")
    assert decision.look_at_ms is not None


def test_what_a_spread_constraint_needs_stays():
    decision = decide(situation("ab", {"a": 3, "b": 3}, taints={"b": [no_execute()]}))
    assert where(decision) == ("ab", "")
    assert decision.told[0].is_warning
    assert "stays" in decision.told[0].message
    assert decision.by_taint == 0


def test_a_tolerated_taint_is_waited_for():
    decision = decide(situation(taints={"b": [no_execute()]}, tolerations=[tolerating(seconds=30)]))
    assert where(decision) == ("abc", "")
    assert decision.look_at_ms == NOW_MS + 30 * SECOND


ILL = said(a="Healthy", b="Unhealthy", c="Healthy")


def test_an_unhealthy_application_leaves_after_its_time():
    first = decide(situation(failover=FAILOVER, status=ILL))
    assert where(first) == ("abc", "")
    assert first.unhealthy_since_ms == {"b": NOW_MS}
    assert first.look_at_ms == NOW_MS + 60 * SECOND
    later = decide(situation(failover=FAILOVER, status=ILL, unhealthy_since_ms={"b": NOW_MS - 60 * SECOND}))
    assert where(later) == ("ac", "b")
    left = later.spec.graceful_eviction_tasks[0]
    assert (left.purge_mode, left.grace_period_seconds, left.reason) == (
        "Graciously",
        120,
        "ApplicationFailure",
    )


def test_an_application_that_recovers_is_forgotten():
    well = said(a="Healthy", b="Healthy", c="Healthy")
    decision = decide(
        situation(failover=FAILOVER, status=well, unhealthy_since_ms={"b": NOW_MS - 59 * SECOND})
    )
    assert decision.unhealthy_since_ms == {}


def test_without_a_policy_nobody_leaves_for_being_ill():
    decision = decide(situation(status=ILL, unhealthy_since_ms={"b": 0}))
    assert where(decision) == ("abc", "")
    assert decision.unhealthy_since_ms == {}


def test_the_only_healthy_ones_are_not_given_up_for_the_last_place():
    """Two of two clusters are ill; with at least two asked for, both stay."""
    ill = said(a="Unhealthy", b="Unhealthy")
    since = {"a": 0, "b": 0}
    decision = decide(
        situation("ab", {"a": 3, "b": 3}, failover=FAILOVER, status=ill, unhealthy_since_ms=since)
    )
    assert where(decision) == ("ab", "")


def test_a_finished_task_frees_the_cluster():
    well = said(a="Healthy", c="Healthy")
    decision = decide(situation(shares={"a": 3, "c": 3}, tasks=[task("b", 5)], status=well))
    assert where(decision) == ("ac", "")
    assert "cluster b" in decision.told[0].message


def test_evicting_twice_changes_nothing():
    spec = situation().spec
    once = evict(spec, GracefulEvictionTask(from_cluster="b"))
    assert evict(once, GracefulEvictionTask(from_cluster="b")) == once
    again = replace(once, clusters=spec.clusters)
    assert evict(again, GracefulEvictionTask(from_cluster="b", message="again")) == once
