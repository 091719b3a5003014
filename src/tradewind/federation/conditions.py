"""Conditions in a status: set one, leave the others, and keep the time of its last change."""

from collections.abc import Sequence

from tradewind.resources.meta import Condition, condition_of
from tradewind.resources.times import time_text


def with_condition(conditions: Sequence[Condition], condition: Condition, now_ms: int) -> list[Condition]:
    """`conditions` with this one in place of the one of its type; a new one comes last."""
    known = condition_of(list(conditions), condition.type)
    stamped = _stamped(condition, known, now_ms)
    if known is None:
        return [*conditions, stamped]
    return [stamped if one.type == condition.type else one for one in conditions]


def replace_conditions(
    known: Sequence[Condition], wanted: Sequence[Condition], now_ms: int
) -> list[Condition]:
    """Exactly the wanted conditions; one whose status is as before keeps its time."""
    return [_stamped(one, condition_of(list(known), one.type), now_ms) for one in wanted]


def _stamped(condition: Condition, known: Condition | None, now_ms: int) -> Condition:
    unchanged = known is not None and known.status == condition.status and known.last_transition_time
    return Condition(
        type=condition.type,
        status=condition.status,
        reason=condition.reason,
        message=condition.message,
        severity=condition.severity,
        observed_generation=condition.observed_generation,
        last_transition_time=known.last_transition_time if known and unchanged else time_text(now_ms),
    )
