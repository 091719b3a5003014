"""Conditions as Knative writes them: sorted by type, with the time of the last change of status."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.resources.meta import Condition, condition_of
from tradewind.resources.times import time_text

INFO = "Info"  # severity of what Ready does not depend on


@dataclass(frozen=True)
class Verdict:
    """A condition's status ("True", "False", "Unknown") with the reason for anything but True."""

    status: str
    reason: str = ""
    message: str = ""


HOLDS = Verdict("True")


def condition(type_: str, verdict: Verdict, severity: str = "") -> Condition:
    """A condition without its time."""
    return Condition(
        type=type_, status=verdict.status, reason=verdict.reason, message=verdict.message, severity=severity
    )


def dated(wanted: Sequence[Condition], before: Sequence[Condition], now_ms: int) -> list[Condition]:
    """`wanted` by type; a condition whose status is as before keeps its time, the others change now."""
    known, by_type = list(before), sorted(wanted, key=lambda one: one.type)
    return [_dated(one, condition_of(known, one.type), now_ms) for one in by_type]


def _dated(wanted: Condition, before: Condition | None, now_ms: int) -> Condition:
    kept = before.last_transition_time if before and before.status == wanted.status else None
    return Condition(
        type=wanted.type,
        status=wanted.status,
        reason=wanted.reason,
        message=wanted.message,
        severity=wanted.severity,
        last_transition_time=kept or time_text(now_ms),
    )


def all_of(verdicts: Sequence[Verdict]) -> Verdict:
    """True when all are; else the first False one, or the first Unknown one."""
    for status in ("False", "Unknown"):
        for verdict in verdicts:
            if verdict.status == status:
                return verdict
    return HOLDS
