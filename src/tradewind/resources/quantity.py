"""Kubernetes quantities, parsed once into exact numbers (apimachinery `resource.Quantity`)."""

import math
import re
from fractions import Fraction
from typing import Any

# Powers of 1024 and of 1000.
BINARY_SUFFIXES = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
DECIMAL_SUFFIXES = {
    "n": -3,
    "u": -2,
    "m": -1,
    "": 0,
    "k": 1,
    "M": 2,
    "G": 3,
    "T": 4,
    "P": 5,
    "E": 6,
}  # of 1000
ALLOWED = 'a number with an optional suffix, such as "500m", "2", "1.5", "64Gi", "20M" or "1e3"'
LARGEST = Fraction(2**63 - 1)  # upstream caps what is larger
SMALLEST_STEP = 10**9  # upstream rounds away from zero to a whole number of these parts
MAX_LENGTH = 64
MAX_EXPONENT = 200  # beyond any text of MAX_LENGTH characters: capped or rounded all the same

_FORM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE]?))", re.ASCII)


def parse_quantity(value: str | int | float) -> Fraction:
    """The exact amount, within upstream's bounds: at most 2^63-1 in size, in steps of a billionth.

    Raises ValueError that names the value and what is allowed.
    """
    text = value if isinstance(value, str) else _number_text(value)
    match = _FORM.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if match is None:
        raise ValueError(f'"{text[:MAX_LENGTH]}" is not a quantity: write {ALLOWED}')
    sign, digits, exponent, suffix = match.groups()
    size = _bounded(Fraction(digits) * _factor(exponent, suffix))
    return -size if sign == "-" else size


def memory_bytes(value: str | int | float) -> int:
    """A memory quantity in bytes, rounded up. Raises ValueError as `parse_quantity`."""
    return math.ceil(parse_quantity(value))


def cpu_millis(value: str | int | float) -> int:
    """A CPU quantity in thousandths of a core, rounded up. Raises ValueError as `parse_quantity`."""
    return math.ceil(parse_quantity(value) * 1000)


def format_quantity(amount: Fraction | int, binary: bool = False) -> str:
    """The canonical text: a whole number with the largest suffix that loses nothing.

    `binary` chooses Ki, Mi, Gi for whole amounts of 1024 and more, as upstream does for memory.
    """
    exact = Fraction(amount)
    if binary and exact.denominator == 1 and abs(exact) >= 1024:
        return _with_suffix(exact, 1024, BINARY_SUFFIXES | {"": 0})
    return _with_suffix(Fraction(math.ceil(exact * SMALLEST_STEP), SMALLEST_STEP), 1000, DECIMAL_SUFFIXES)


def canonical(value: Any) -> Any:
    """A quantity as Kubernetes writes it back: `0.5` is "500m", 1 is "1", "1.5Gi" is "1536Mi".

    Text with an exponent stays, and so does what is no quantity.
    """
    try:
        amount = parse_quantity(value)
    except (ValueError, TypeError):
        return value
    text = str(value)
    if "e" in text or "E" in text[:-1]:
        return text
    return format_quantity(amount, binary=text.endswith("i"))


def _number_text(value: int | float) -> str:
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f'"{value}" is not a quantity: write {ALLOWED}')
    return repr(value)


def _factor(exponent: str | None, suffix: str) -> Fraction:
    if exponent:
        return _power(10, max(-MAX_EXPONENT, min(MAX_EXPONENT, int(exponent[1:]))))
    if suffix in BINARY_SUFFIXES:
        return _power(1024, BINARY_SUFFIXES[suffix])
    return _power(1000, DECIMAL_SUFFIXES[suffix])


def _bounded(size: Fraction) -> Fraction:
    return min(LARGEST, Fraction(math.ceil(size * SMALLEST_STEP), SMALLEST_STEP))


def _with_suffix(amount: Fraction, base: int, powers: dict[str, int]) -> str:
    if amount == 0:
        return "0"
    for suffix, power in sorted(powers.items(), key=lambda item: item[1], reverse=True):
        count: Fraction = amount / _power(base, power)
        if count.denominator == 1:
            return f"{count.numerator}{suffix}"
    raise AssertionError(f"{amount} is not a whole number of the smallest unit")


def _power(base: int, power: int) -> Fraction:
    return Fraction(base**power) if power >= 0 else Fraction(1, base**-power)
