"""From Leases to conditions and taints: the table of the module, row by row, and no flapping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.objects import NOW_MS, cluster, taint
from tradewind.federation.health import (
    EVICTION_AFTER_MS,
    GRACE_MS,
    MOST_BETWEEN_LOOKS_MS,
    RECONNECT_MS,
    RECOVERY_MS,
    RENEW_MS,
    STARTUP_GRACE_MS,
    Vigil,
    examine,
    is_fresh,
    look,
)
from tradewind.federation.taints import taint_text
from tradewind.resources.core import Lease, LeaseSpec
from tradewind.resources.meta import condition_of
from tradewind.resources.times import micro_time_text, time_text

LONG_WATCH = Vigil(since_ms=NOW_MS - 3_600_000, last_ms=NOW_MS)
UNREACHABLE = "cluster.karmada.io/unreachable:NoSchedule"
NOT_READY = "cluster.karmada.io/not-ready:NoSchedule"


def lease(age_ms):
    return None if age_ms is None else Lease(spec=LeaseSpec(renew_time=micro_time_text(NOW_MS - age_ms)))


def outcome(ready, age_ms, vigil=LONG_WATCH, taints=()):
    finding = examine(cluster("east", ready, taints=list(taints)), lease(age_ms), vigil, NOW_MS)
    found = condition_of(finding.conditions, "Ready")
    said = (found.status, found.reason) if found else None
    return said, [taint_text(one) for one in finding.taints]


@pytest.mark.parametrize(
    ("ready", "age_ms", "said", "taints"),
    [
        ("True", 0, ("True", ""), []),
        ("True", GRACE_MS - 1, ("True", ""), []),
        ("False", 0, ("False", ""), [NOT_READY]),
        ("Unknown", 0, ("Unknown", ""), [UNREACHABLE]),
        (None, 0, None, [NOT_READY]),
        ("True", GRACE_MS, ("Unknown", "ClusterStatusUnknown"), [UNREACHABLE]),
        ("False", GRACE_MS, ("Unknown", "ClusterStatusUnknown"), [UNREACHABLE]),
        ("Unknown", GRACE_MS, ("Unknown", ""), [UNREACHABLE]),
        (None, GRACE_MS, ("Unknown", "ClusterStatusNeverUpdated"), [UNREACHABLE]),
        (None, None, ("Unknown", "ClusterStatusNeverUpdated"), [UNREACHABLE]),
    ],
)
def test_the_table(ready, age_ms, said, taints):
    assert outcome(ready, age_ms) == (said, taints)


def test_other_taints_stay():
    held = [taint("gpu-only"), taint("cluster.karmada.io/not-ready")]
    assert outcome("True", 0, taints=held)[1] == ["gpu-only:NoSchedule"]


@pytest.mark.parametrize(
    ("back_ms", "left"), [(0, [UNREACHABLE]), (RECOVERY_MS - 1, [UNREACHABLE]), (RECOVERY_MS, [])]
)
def test_a_cluster_that_was_away_gets_new_work_only_after_a_while(back_ms, left):
    back = cluster("east", "True", taints=[taint("cluster.karmada.io/unreachable")])
    now_ms = NOW_MS + back_ms
    finding = examine(back, Lease(spec=LeaseSpec(renew_time=micro_time_text(now_ms))), LONG_WATCH, now_ms)
    assert [taint_text(one) for one in finding.taints] == left


@pytest.mark.parametrize(
    ("away_ms", "watched_ms", "effects"),
    [
        (EVICTION_AFTER_MS - 1, EVICTION_AFTER_MS, ["NoSchedule"]),
        (EVICTION_AFTER_MS, EVICTION_AFTER_MS, ["NoSchedule", "NoExecute"]),
        # A hub that was away itself waits as long again.
        (EVICTION_AFTER_MS, EVICTION_AFTER_MS - 1, ["NoSchedule"]),
    ],
)
def test_what_is_there_should_move_after_a_long_silence(away_ms, watched_ms, effects):
    now_ms = NOW_MS + away_ms
    vigil = Vigil(now_ms - watched_ms, now_ms)
    finding = examine(cluster("east", "Unknown"), lease(0), vigil, now_ms)
    assert [one.effect for one in finding.taints] == effects
    assert finding.taints[-1].time_added == (time_text(now_ms) if len(effects) == 2 else None)


def test_the_time_of_the_last_heartbeat_is_told():
    finding = examine(cluster("east"), lease(GRACE_MS), LONG_WATCH, NOW_MS)
    found = condition_of(finding.conditions, "Ready")
    assert found is not None and "The last heartbeat came at 2027-01-15T07:59:50" in found.message


@pytest.mark.parametrize(
    ("watching_ms", "age_ms", "status"),
    [
        (0, 3_600_000, "True"),
        (RECONNECT_MS - 1, 3_600_000, "True"),
        (RECONNECT_MS, 3_600_000, "Unknown"),
        (RECONNECT_MS, GRACE_MS - 1, "True"),
    ],
)
def test_a_hub_that_has_just_come_back_gives_members_time(watching_ms, age_ms, status):
    said, _ = outcome("True", age_ms, Vigil(NOW_MS - watching_ms, NOW_MS))
    assert said is not None and said[0] == status


def test_a_cluster_that_never_reported_has_longer():
    just_before = Vigil(NOW_MS - STARTUP_GRACE_MS + 1, NOW_MS)
    assert outcome(None, None, just_before)[0] is None
    assert outcome(None, None, Vigil(NOW_MS - STARTUP_GRACE_MS, NOW_MS))[0] is not None


@pytest.mark.parametrize(
    ("gap_ms", "begins_anew"),
    [(0, False), (MOST_BETWEEN_LOOKS_MS, False), (MOST_BETWEEN_LOOKS_MS + 1, True), (-1, True)],
)
def test_a_gap_starts_the_vigil_anew(gap_ms, begins_anew):
    vigil = look(Vigil(since_ms=5, last_ms=NOW_MS - gap_ms), NOW_MS)
    assert vigil == (Vigil(NOW_MS, NOW_MS) if begins_anew else Vigil(5, NOW_MS))
    assert look(None, NOW_MS) == Vigil(NOW_MS, NOW_MS)


@given(st.lists(st.integers(0, GRACE_MS - RENEW_MS - 1), min_size=1, max_size=30))
def test_late_renewals_within_the_grace_are_never_held_against_a_member(delays_ms):
    now_ms, vigil = NOW_MS, LONG_WATCH
    for delay_ms in delays_ms:
        renewed = Lease(spec=LeaseSpec(renew_time=micro_time_text(now_ms)))
        now_ms += RENEW_MS + delay_ms
        finding = examine(cluster("east"), renewed, vigil, now_ms)
        assert condition_of(finding.conditions, "Ready").status == "True"


def test_freshness():
    assert is_fresh(lease(GRACE_MS - 1), NOW_MS)
    assert not is_fresh(lease(GRACE_MS), NOW_MS)
    assert not is_fresh(None, NOW_MS)
