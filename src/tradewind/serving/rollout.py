"""Which revision takes the traffic, and how many replicas each one has.

A new revision is started beside the one that serves and takes over when all its replicas are ready, or
as many as there is room for. Only then, and in a later step, the old one's replicas go. A revision that
never becomes ready takes nothing over, and the last good one stays whole.

When the old revision's replicas hold the room that the new one needs, the old one gives some up: of N
replicas at most a quarter, at least one (Kubernetes' maxUnavailable), and none if there is only one. That
many may be missing from both revisions together. While a replica of the new one is still on its way, or
fails, nothing more is given up. The new one takes over as soon as it has as many ready replicas as are left
of the old, so that what serves never falls below half.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind.serving.replicas import ReplicaCount

NONE_YET = ReplicaCount()


@dataclass(frozen=True)
class Rollout:
    """`serving` is the revision that takes the traffic; `replicas` names those that have any."""

    serving: str
    latest: str
    replicas: Mapping[str, int]

    @property
    def is_over(self) -> bool:
        """Whether the latest revision serves."""
        return self.serving == self.latest


def plan_rollout(
    revisions: Sequence[str], rolled_out: str, routed: str, counts: Mapping[str, ReplicaCount], wanted: int
) -> Rollout:
    """The next step. `revisions` are all there are, oldest first, at least one; `rolled_out` is the last that
    took over and was ready, `routed` the one that the route leads to, each "" if there is none; `wanted`
    is the number of replicas, at least 1.
    """
    latest, serving = revisions[-1], _serving(revisions, rolled_out, routed, counts)
    if serving == latest:
        return Rollout(latest, latest, {latest: wanted})
    old, new = counts.get(serving, NONE_YET), counts.get(latest, NONE_YET)
    if _takes_over(old, new, wanted):
        return Rollout(latest, latest, {latest: wanted, serving: old.total})
    return Rollout(serving, latest, {latest: wanted, serving: _left_of_old(old, new, wanted)})


def _serving(
    revisions: Sequence[str], rolled_out: str, routed: str, counts: Mapping[str, ReplicaCount]
) -> str:
    """Before the first revision is rolled out, the one that the route leads to if it answers, else the
    newest: a first revision that never worked holds nothing up."""
    if rolled_out in revisions:
        return rolled_out
    return routed if routed in revisions and counts.get(routed, NONE_YET).ready else revisions[-1]


def _takes_over(old: ReplicaCount, new: ReplicaCount, wanted: int) -> bool:
    if new.ready >= wanted:
        return True
    if new.ready == 0:
        return False
    return old.ready == 0 or (new.is_full and new.ready >= min(old.ready, _enough(wanted)))


def _left_of_old(old: ReplicaCount, new: ReplicaCount, wanted: int) -> int:
    """How many replicas the serving revision keeps, or gets back, while the new one is not ready."""
    if not new.without_room:
        return wanted
    if not new.is_full:
        return min(wanted, old.total)
    return min(old.ready, max(_enough(wanted) - new.ready, new.ready, wanted // 2))


def _enough(wanted: int) -> int:
    """How many replicas must be ready while room is made."""
    return wanted - max(1, wanted // 4) if wanted > 1 else wanted
