"""The Pods of a revision: which to create and which to delete."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, islice

from tradewind.resources.core import Pod, PodSpec
from tradewind.resources.core_kinds import POD
from tradewind.resources.meta import ObjectMeta, decode, encode, owner_reference
from tradewind.resources.serving import Revision
from tradewind.resources.times import time_ms
from tradewind.serving.names import pod_name
from tradewind.serving.replicas import has_ended, has_no_room, is_leaving, is_ready, newest_first
from tradewind.serving.revisions import TEMPLATE_DIGEST

REPLACE_ENDED_AFTER_MS = 10_000  # of its creation, so that Pods that end at once do not follow each other


@dataclass(frozen=True)
class PodPlan:
    """Pods to create and to delete, and when an ended one becomes due for replacement."""

    create: tuple[Pod, ...] = ()
    delete: tuple[Pod, ...] = ()
    wake_at_ms: int | None = None


def plan_pods(revision: Revision, wanted: int, pods: Sequence[Pod], now_ms: int) -> PodPlan:
    """What brings the revision to `wanted` replicas. `pods` are all of its own, leaving ones included.

    Surplus goes in this order: without room, not ready, ready; of equals the newest first. A Pod that has
    ended for good is replaced, not sooner than ten seconds after its creation.
    """
    staying = [pod for pod in pods if not is_leaving(pod)]
    ended = [pod for pod in staying if has_ended(pod) and _due_ms(pod) <= now_ms]
    kept = [pod for pod in staying if not has_ended(pod) or _due_ms(pod) > now_ms]
    surplus = _least_useful_first(kept)[: max(0, len(kept) - wanted)]
    later = [_due_ms(pod) for pod in kept if has_ended(pod)]
    return PodPlan(
        create=tuple(_new_pods(revision, wanted - len(kept), pods)),
        delete=(*ended, *surplus),
        wake_at_ms=min(later, default=None),
    )


def make_pod(revision: Revision, name: str) -> Pod:
    """A replica of the revision; it goes when the revision goes."""
    template = revision.metadata
    spec = {name: value for name, value in encode(revision.spec).items() if name in _POD_FIELDS}
    return Pod(
        api_version=POD.api_version,
        kind=POD.name,
        metadata=ObjectMeta(
            name=name,
            namespace=template.namespace,
            labels=dict(template.labels),
            annotations={key: value for key, value in template.annotations.items() if key != TEMPLATE_DIGEST},
            owner_references=[owner_reference(revision)],
        ),
        spec=decode(spec, PodSpec),
    )


_POD_FIELDS = PodSpec.__struct_encode_fields__  # type: ignore[attr-defined]


def _due_ms(pod: Pod) -> int:
    created = pod.metadata.creation_timestamp
    return time_ms(created) + REPLACE_ENDED_AFTER_MS if created else 0


def _least_useful_first(pods: Sequence[Pod]) -> list[Pod]:
    def use(pod: Pod) -> int:
        return 2 if is_ready(pod) else 0 if has_no_room(pod) or has_ended(pod) else 1

    return sorted(newest_first(pods), key=use)


def _new_pods(revision: Revision, missing: int, pods: Sequence[Pod]) -> list[Pod]:
    """Under names that no Pod has, not even one that is leaving."""
    taken = {pod.metadata.name for pod in pods}
    meta = revision.metadata
    names = (pod_name(meta.name, meta.uid, ordinal) for ordinal in count())
    free = (name for name in names if name not in taken)
    return [make_pod(revision, name) for name in islice(free, max(0, missing))]
