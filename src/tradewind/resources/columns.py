"""Columns that kinds share, and texts as kubectl prints them (apimachinery `duration.HumanDuration`)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tradewind.resources.kinds import Column
from tradewind.resources.meta import Manifest
from tradewind.resources.times import time_ms

NONE = "<none>"
UNKNOWN = "<unknown>"


def at(manifest: Manifest, *path: str) -> Any:
    """The value under these field names; None when any of them is missing."""
    value: Any = manifest
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def field_text(*path: str, absent: str = "") -> Callable[[Manifest, int], str]:
    """A column's value: the field's text, or `absent`."""

    def value(manifest: Manifest, _: int) -> str:
        found = at(manifest, *path)
        if isinstance(found, bool):
            return "true" if found else "false"
        return absent if found is None or found == "" else str(found)

    return value


def condition_text(type_: str, part: str = "status") -> Callable[[Manifest, int], str]:
    """A column's value: `part` of the condition of this type, "" when there is none."""

    def value(manifest: Manifest, _: int) -> str:
        found = condition(manifest, type_)
        return str(found.get(part, "")) if found else ""

    return value


def condition(manifest: Manifest, type_: str) -> Manifest | None:
    """The condition of this type in `status.conditions`."""
    conditions: list[Manifest] = at(manifest, "status", "conditions") or []
    return next((one for one in conditions if one.get("type") == type_), None)


def since(text: str | None, now_ms: int) -> str:
    """How long ago an RFC 3339 time was, as in the AGE column; `<unknown>` when there is none."""
    if not text:
        return UNKNOWN
    try:
        return human_duration(now_ms - time_ms(text))
    except ValueError:
        return "<invalid>"


def human_duration(elapsed_ms: int) -> str:
    """A span as kubectl prints it, coarser the longer: `5s`, `3m20s`, `5h10m`, `2d`, `3y20d`."""
    if elapsed_ms <= -2000:
        return "<invalid>"
    seconds = max(0, elapsed_ms) // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 180:
        return _two(minutes, "m", seconds % 60 if minutes < 10 else 0, "s")
    if hours < 48:
        return _two(hours, "h", minutes % 60 if hours < 8 else 0, "m")
    if days < 730:
        return _two(days, "d", hours % 24 if days < 8 else 0, "h")
    return _two(days // 365, "y", days % 365 if days < 8 * 365 else 0, "d")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def age(manifest: Manifest, now_ms: int) -> str:
    """The AGE column's value."""
    return since(at(manifest, "metadata", "creationTimestamp"), now_ms)


NAME = Column(
    "Name",
    field_text("metadata", "name"),
    description="Name must be unique within a namespace. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names",
)
AGE = Column(
    "Age", age, description="CreationTimestamp is the server time when this object was created, in UTC."
)
CUSTOM_AGE = replace(AGE, type="date")  # of a CustomResourceDefinition's `additionalPrinterColumns`
