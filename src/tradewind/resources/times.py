"""Points in time: RFC 3339 text in objects, integer milliseconds since the epoch in decisions."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

SECONDS, MICRO = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def time_text(at_ms: int) -> str:
    """metav1 Time: whole seconds, UTC, for example `2026-08-01T12:00:00Z`."""
    return _second_text(at_ms // 1000)


@lru_cache(maxsize=256)  # one write needs the same second several times, and formatting is slow
def _second_text(at_seconds: int) -> str:
    return _at(1000 * at_seconds).strftime(SECONDS)


def micro_time_text(at_ms: int) -> str:
    """metav1 MicroTime, as Leases and newer Events use it: `2026-08-01T12:00:00.250000Z`."""
    return _at(at_ms).strftime(MICRO)


def time_ms(text: str) -> int:
    """The milliseconds of either form; a time without a zone is UTC. Raises ValueError for other text."""
    at = datetime.fromisoformat(text)
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def canonical_time(value: Any, *, micro: bool = False) -> Any:
    """A time as Kubernetes writes it back, whatever the zone it was sent in; what is no time stays."""
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    in_utc = at.astimezone(UTC) if at.tzinfo else at
    return in_utc.strftime(MICRO if micro else SECONDS)


def _at(at_ms: int) -> datetime:
    return _EPOCH + at_ms * _MILLISECOND
