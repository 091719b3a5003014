"""Whether clusters are there: from the Lease that each renews to conditions and taints.

| lease | condition Ready before | Ready after | taint |
|---|---|---|---|
| renewed in time | True | as it is | none |
| renewed in time | False | as it is | not-ready:NoSchedule |
| renewed in time | Unknown | as it is: the member says True itself | unreachable:NoSchedule |
| renewed in time | True for less than RECOVERY_MS, after unreachable | as it is | stays |
| renewed in time | none yet | as it is | not-ready:NoSchedule |
| too old | any other | Unknown, ClusterStatusUnknown | unreachable:NoSchedule |
| too old or missing | none yet | Unknown, ClusterStatusNeverUpdated | unreachable:NoSchedule |

A Lease is only called too old by a hub that has itself been watching for all that time: after a start, a
pause or a sleep of the machine, members get time to come back. These taints only keep new work away. When
Ready has not been True for EVICTION_AFTER_MS, the same taint comes with the effect NoExecute as well, and
what does not tolerate it moves (`failover`). Upstream had that until 1.13; since then a ClusterTaintPolicy or
a person must add it.

Upstream: `pkg/controllers/cluster/cluster_controller.go`, `pkg/util/helper/taint.go`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.federation.conditions import with_condition
from tradewind.federation.keys import NOT_READY_TAINT, UNREACHABLE_TAINT
from tradewind.federation.taints import NO_EXECUTE, change_taints
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.core import Lease, Taint
from tradewind.resources.meta import Condition, condition_of, replace
from tradewind.resources.times import time_ms, time_text

# On one machine a renewal takes a millisecond, so five missed ones mean that a member is gone, and
# `tradewind status` should say so while the user is still looking. Across real networks upstream's
# figures hold: renewed every 10 s, given up after 40 s, 60 s for a cluster that has never reported.
RENEW_MS = 2_000
GRACE_MS = 10_000
STARTUP_GRACE_MS = 60_000
LOOK_MS = 2_000  # how often the hub looks while nothing changes
MOST_BETWEEN_LOOKS_MS = 5_000  # a longer gap means that the hub itself was not running
RECONNECT_MS = 20_000  # after such a gap: members try again at least every 10 s

RECOVERY_MS = 10_000  # upstream --cluster-success-threshold is 30 s, three times its heartbeat
EVICTION_AFTER_MS = 300_000  # upstream --failover-eviction-timeout

READY = "Ready"


@dataclass(frozen=True)
class Vigil:
    """How long the hub has been watching without a gap, and when it last looked."""

    since_ms: int
    last_ms: int


@dataclass(frozen=True)
class Finding:
    """What a cluster's conditions and taints should be, and when to look again."""

    conditions: list[Condition]
    taints: list[Taint]
    look_at_ms: int


def look(vigil: Vigil | None, now_ms: int) -> Vigil:
    """The vigil after one more look; a gap starts it anew."""
    if vigil is None or not 0 <= now_ms - vigil.last_ms <= MOST_BETWEEN_LOOKS_MS:
        return Vigil(now_ms, now_ms)
    return Vigil(vigil.since_ms, now_ms)


def examine(cluster: Cluster, lease: Lease | None, vigil: Vigil, now_ms: int) -> Finding:
    """What is to be said of a cluster now."""
    conditions = known = cluster.status.conditions
    if now_ms >= _deadline_ms(cluster, lease, vigil):
        conditions = with_condition(known, _silent(condition_of(known, READY), lease), now_ms)
    ready, taints = condition_of(conditions, READY), cluster.spec.taints
    if not _is_recovering(taints, ready, now_ms):
        taints = expected_taints(taints, ready, lasts=_lasts(ready, vigil, now_ms), now_ms=now_ms)
    return Finding(conditions, taints, now_ms + LOOK_MS)


def expected_taints(
    taints: Sequence[Taint], ready: Condition | None, *, lasts: bool, now_ms: int
) -> list[Taint]:
    """A cluster's taints with those that follow from its condition Ready; others stay. `lasts`: it has been
    other than True for so long that what is there should move."""
    status = ready.status if ready else "False"
    own = {"True": "", "False": NOT_READY_TAINT}.get(status, UNREACHABLE_TAINT)
    wanted = [Taint(key=own, effect="NoSchedule")] if own else []
    if own and lasts:
        wanted.append(Taint(key=own, effect=NO_EXECUTE))
    kept = [(taint.key, taint.effect) for taint in wanted]
    unwanted = [
        Taint(key=key, effect=effect)
        for key in (NOT_READY_TAINT, UNREACHABLE_TAINT)
        for effect in ("NoSchedule", NO_EXECUTE)
        if (key, effect) not in kept
    ]
    changed = change_taints(taints, add=wanted, remove=unwanted)
    return [_stamped(taint, now_ms) for taint in changed]


def _stamped(taint: Taint, now_ms: int) -> Taint:
    """What is tolerated for some time is tolerated from the time when it began."""
    if taint.effect != NO_EXECUTE or taint.time_added:
        return taint
    return replace(taint, time_added=time_text(now_ms))


def _lasts(ready: Condition | None, vigil: Vigil, now_ms: int) -> bool:
    """Whether a cluster has not been ready for EVICTION_AFTER_MS, all of them watched by this hub."""
    if ready is None or ready.status == "True" or not ready.last_transition_time:
        return False
    return now_ms >= max(time_ms(ready.last_transition_time), vigil.since_ms) + EVICTION_AFTER_MS


def _is_recovering(taints: Sequence[Taint], ready: Condition | None, now_ms: int) -> bool:
    """Whether a cluster that was unreachable has been back for too short a time to be given new work."""
    if ready is None or ready.status != "True" or not ready.last_transition_time:
        return False
    was_away = any(taint.key == UNREACHABLE_TAINT for taint in taints)
    return was_away and now_ms < time_ms(ready.last_transition_time) + RECOVERY_MS


def is_fresh(lease: Lease | None, now_ms: int) -> bool:
    """Whether a Lease was renewed within the grace."""
    renewed_ms = _renewed_ms(lease)
    return renewed_ms is not None and now_ms - renewed_ms < GRACE_MS


def _deadline_ms(cluster: Cluster, lease: Lease | None, vigil: Vigil) -> int:
    renewed_ms = _renewed_ms(lease)
    if renewed_ms is not None:
        return max(renewed_ms + GRACE_MS, vigil.since_ms + RECONNECT_MS)
    created = cluster.metadata.creation_timestamp
    return max(time_ms(created) if created else 0, vigil.since_ms) + STARTUP_GRACE_MS


def _renewed_ms(lease: Lease | None) -> int | None:
    return time_ms(lease.spec.renew_time) if lease and lease.spec.renew_time else None


def _silent(ready: Condition | None, lease: Lease | None) -> Condition:
    """Said once; a cluster that was silent before keeps what was said of it."""
    if ready is None:
        return Condition(
            type=READY,
            status="Unknown",
            reason="ClusterStatusNeverUpdated",
            message="Cluster status controller never posted cluster status.",
        )
    if ready.status == "Unknown":
        return ready
    last = f" The last heartbeat came at {lease.spec.renew_time}." if lease and lease.spec.renew_time else ""
    return Condition(
        type=READY,
        status="Unknown",
        reason="ClusterStatusUnknown",
        message=f"Cluster status controller stopped posting cluster status.{last}",
    )
