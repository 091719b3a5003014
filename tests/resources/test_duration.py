"""Durations as Go reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.resources.duration import parse_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("30s", 30_000),
        ("1m30s", 90_000),
        ("1h", 3_600_000),
        ("1.5h", 5_400_000),
        (".5s", 500),
        ("5.s", 5_000),
        ("500ms", 500),
        ("1500us", 1),
        ("1500µs", 1),
        ("999999ns", 0),
        ("-1m", -60_000),
        ("+1m", 60_000),
        ("1s1s", 2_000),
    ],
)
def test_what_go_reads_is_read(text: str, milliseconds: int):
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "30", "s", "1 s", "1d", "1m 30s", "-", ".s", "1e3s", "s30", "1" * 70 + "s"]
)
def test_other_text_is_refused_with_the_value_and_what_is_allowed(text: str):
    with pytest.raises(ValueError, match="is not a duration: write numbers with units") as caught:
        parse_duration(text)
    assert text[:64] in str(caught.value)


@given(st.integers(0, 1000), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_the_parts_add_up(hours: int, minutes: int, seconds: int, milliseconds: int):
    text = f"{hours}h{minutes}m{seconds}s{milliseconds}ms"
    assert parse_duration(text) == ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds
