"""Status of a revision, as Knative writes it."""

from collections.abc import Sequence

from tradewind.resources.core import Pod
from tradewind.resources.meta import is_true
from tradewind.resources.serving import Revision, RevisionStatus
from tradewind.serving.conditions import HOLDS, INFO, Verdict, condition, dated
from tradewind.serving.replicas import ReplicaCount, count_replicas
from tradewind.serving.troubles import Severity, Trouble, worst_trouble

NO_TRAFFIC = Verdict("False", "NoTraffic", "The target is not receiving traffic.")


def revision_status(
    revision: Revision, wanted: int, pods: Sequence[Pod], least_ready: int, now_ms: int
) -> RevisionStatus:
    """What became of a revision. `pods` are all of its own; `least_ready` replicas keep it Ready once it was.

    A revision that should have no replicas keeps its last verdict.
    """
    before = revision.status.conditions
    counts, trouble = count_replicas(pods), worst_trouble(pods)
    if wanted == 0:
        kept = [one for one in before if one.type != "Active"]
        conditions = [*kept, condition("Active", NO_TRAFFIC, INFO)]
    else:
        ready = is_up(counts, wanted, least_ready, is_true(before, "Ready"))
        conditions = [
            condition("Active", HOLDS, INFO),
            condition("ContainerHealthy", _healthy(counts, trouble)),
            condition("Ready", HOLDS if ready else verdict_on(trouble)),
            condition("ResourcesAvailable", _resources(counts, trouble)),
        ]
    return RevisionStatus(
        observed_generation=revision.metadata.generation,
        conditions=dated(conditions, before, now_ms),
        desired_replicas=wanted,
        actual_replicas=counts.ready,
    )


def is_up(counts: ReplicaCount, wanted: int, least_ready: int, was_up: bool) -> bool:
    """Whether a revision counts as ready: all replicas are, or all that fit; afterwards, while enough are."""
    if counts.ready < max(1, min(least_ready, wanted)):
        return False
    return was_up or counts.ready >= wanted or counts.is_full


def verdict_on(trouble: Trouble | None) -> Verdict:
    """Why a revision is not ready: False when something is wrong, Unknown while it is under way."""
    if trouble is None:
        return Verdict("Unknown", "Deploying", "its replicas are being created")
    status = "Unknown" if trouble.severity is Severity.UNDER_WAY else "False"
    return Verdict(status, trouble.reason, f"{trouble.pod}: {trouble.message}")


def _healthy(counts: ReplicaCount, trouble: Trouble | None) -> Verdict:
    if trouble and trouble.severity is Severity.FAILED:
        return verdict_on(trouble)
    return HOLDS if counts.ready else Verdict("Unknown", "Deploying")


def _resources(counts: ReplicaCount, trouble: Trouble | None) -> Verdict:
    if trouble and trouble.severity is Severity.NO_ROOM:
        return verdict_on(trouble)
    return HOLDS if counts.ready or counts.under_way else Verdict("Unknown", "Deploying")
