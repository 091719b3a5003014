"""Quantities against the cases of apimachinery's own documentation, and invariants over all of them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.resources.quantity import (
    BINARY_SUFFIXES,
    DECIMAL_SUFFIXES,
    LARGEST,
    canonical,
    cpu_millis,
    format_quantity,
    memory_bytes,
    parse_quantity,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", Fraction(0)),
        ("1", Fraction(1)),
        ("+1", Fraction(1)),
        ("-1", Fraction(-1)),
        (".5", Fraction(1, 2)),
        ("5.", Fraction(5)),
        ("500m", Fraction(1, 2)),
        ("100u", Fraction(1, 10_000)),
        ("100n", Fraction(1, 10_000_000)),
        ("1k", Fraction(1000)),
        ("1.5G", Fraction(1_500_000_000)),
        ("1Ki", Fraction(1024)),
        ("64Gi", Fraction(64 * 1024**3)),
        ("0.5Mi", Fraction(512 * 1024)),
        ("1e3", Fraction(1000)),
        ("1E3", Fraction(1000)),
        ("1E", Fraction(10**18)),
        ("12e-1", Fraction(6, 5)),
        (2, Fraction(2)),
        (0.1, Fraction(1, 10)),
        (1e21, LARGEST),
    ],
)
def test_what_kubernetes_reads_is_read_exactly(text: str | int | float, amount: Fraction):
    assert parse_quantity(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 Gi", "1gi", "1KI", "abc", "1.2.3", "1e", "e3", "--1", "1,5", "١", "1" * 65, "NaN", "inf"],
)
def test_other_text_is_refused_with_the_value_and_what_is_allowed(text: str):
    with pytest.raises(ValueError, match="is not a quantity: write a number") as caught:
        parse_quantity(text)
    assert text[:64] in str(caught.value)


@pytest.mark.parametrize("value", [True, float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value: float):
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(value)


def test_what_is_beyond_the_bounds_is_capped_and_rounded_up_as_upstream_does():
    assert parse_quantity("1e1000000000000") == LARGEST
    assert parse_quantity("100E") == LARGEST
    assert parse_quantity("-100E") == -LARGEST
    assert parse_quantity("0.1n") == Fraction(1, 10**9)
    assert parse_quantity("-1e-1000000000000") == Fraction(-1, 10**9)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("64Gi", 68_719_476_736), ("1.5", 2), ("1m", 1), (4096, 4096), ("8G", 8_000_000_000)],
)
def test_memory_is_whole_bytes_rounded_up(value: str | int, expected: int):
    assert memory_bytes(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("2", 2000), ("250m", 250), (0.5, 500), ("1u", 1), ("1.0001", 1001)]
)
def test_cpu_is_thousandths_rounded_up(value: str | float, expected: int):
    assert cpu_millis(value) == expected


@pytest.mark.parametrize(
    ("amount", "binary", "text"),
    [
        (0, False, "0"),
        (0, True, "0"),
        (Fraction(1, 2), False, "500m"),
        (Fraction(1, 2), True, "500m"),
        (4000, False, "4k"),
        (1500, False, "1500"),
        (68_719_476_736, True, "64Gi"),
        (68_719_476_736, False, "68719476736"),
        (1536 * 1024, True, "1536Ki"),
        (1000, True, "1k"),
        (2000, True, "2000"),
        (-2048, True, "-2Ki"),
        (Fraction(1, 10**9), False, "1n"),
    ],
)
def test_amounts_are_printed_in_canonical_form(amount: Fraction | int, binary: bool, text: str):
    assert format_quantity(amount, binary) == text


@given(
    number=st.decimals(min_value=-10_000, max_value=10_000, places=3),
    suffix=st.sampled_from([*BINARY_SUFFIXES, *DECIMAL_SUFFIXES]),
    binary=st.booleans(),
)
def test_printing_loses_nothing(number: object, suffix: str, binary: bool):
    amount = parse_quantity(f"{number}{suffix}")
    assert parse_quantity(format_quantity(amount, binary)) == amount


@given(st.text())
def test_any_text_is_read_or_refused(text: str):
    try:
        assert abs(parse_quantity(text)) <= LARGEST
    except ValueError as error:
        assert "is not a quantity" in str(error)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (1, "1"),
        (1.5, "1500m"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1.5Gi", "1536Mi"),
        ("1024Ki", "1Mi"),
        ("1E", "1E"),
        ("1e3", "1e3"),
        ("lots", "lots"),
        (None, None),
    ],
)
def test_quantities_are_written_back_canonically(given, written):
    assert canonical(given) == written
