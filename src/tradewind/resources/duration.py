"""Durations as Kubernetes writes them ("30s", "1m30s": Go's `time.ParseDuration`), in milliseconds."""

import re
from fractions import Fraction

ALLOWED = 'numbers with units h, m, s or ms, such as "30s", "1m30s" or "500ms"'
MAX_LENGTH = 64

_UNIT_MS = {
    "ns": Fraction(1, 1_000_000),
    "us": Fraction(1, 1000),
    "µs": Fraction(1, 1000),  # micro sign
    "μs": Fraction(1, 1000),  # Greek letter mu
    "ms": Fraction(1),
    "s": Fraction(1000),
    "m": Fraction(60_000),
    "h": Fraction(3_600_000),
}
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_WHOLE = re.compile(rf"([+-]?)(0|(?:{_PART.pattern})+)", re.ASCII)


def parse_duration(text: str) -> int:
    """Whole milliseconds, what is smaller dropped.

    Raises ValueError that names the value and what is allowed.
    """
    match = _WHOLE.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise ValueError(f'"{text[:MAX_LENGTH]}" is not a duration: write {ALLOWED}')
    total = sum((Fraction(number) * _UNIT_MS[unit] for number, unit in _PART.findall(match[2])), Fraction(0))
    return int(-total if match[1] == "-" else total)
