"""How far a revision's replicas are, from their Pods."""

from collections.abc import Iterable
from dataclasses import dataclass

from tradewind.resources.core import Pod
from tradewind.resources.meta import condition_of, is_true

FINAL_PHASES = ("Failed", "Succeeded")


@dataclass(frozen=True)
class ReplicaCount:
    """The replicas of one revision. `without_room` fit on no node; `under_way` are neither ready nor
    without room, failing ones included; `leaving` are being deleted and hold their resources until then.
    """

    ready: int = 0
    without_room: int = 0
    under_way: int = 0
    leaving: int = 0

    @property
    def total(self) -> int:
        """All that are not leaving."""
        return self.ready + self.without_room + self.under_way

    @property
    def is_full(self) -> bool:
        """Every replica that fits is ready, and others do not fit."""
        return self.without_room > 0 and self.under_way == 0


def count_replicas(pods: Iterable[Pod]) -> ReplicaCount:
    """Each Pod counts once."""
    ready = without_room = under_way = leaving = 0
    for pod in pods:
        if is_leaving(pod):
            leaving += 1
        elif is_ready(pod):
            ready += 1
        elif has_no_room(pod):
            without_room += 1
        else:
            under_way += 1
    return ReplicaCount(ready, without_room, under_way, leaving)


def is_leaving(pod: Pod) -> bool:
    """Whether the Pod's deletion has been asked for."""
    return pod.metadata.deletion_timestamp is not None


def is_ready(pod: Pod) -> bool:
    """Whether the Pod serves."""
    return not is_leaving(pod) and is_true(pod.status.conditions, "Ready")


def has_ended(pod: Pod) -> bool:
    """Whether the Pod will never run again."""
    return pod.status.phase in FINAL_PHASES


def has_no_room(pod: Pod) -> bool:
    """Whether the scheduler has looked for a node for the Pod and found none."""
    scheduled = condition_of(pod.status.conditions, "PodScheduled")
    return scheduled is not None and scheduled.status == "False" and not has_ended(pod)


def newest_first(pods: Iterable[Pod]) -> list[Pod]:
    """By creation, then by name, as upstream looks at them."""
    by_name = sorted(pods, key=lambda pod: pod.metadata.name)
    return sorted(by_name, key=lambda pod: pod.metadata.creation_timestamp or "", reverse=True)
