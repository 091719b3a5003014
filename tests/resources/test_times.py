"""RFC 3339 text to milliseconds and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.resources.times import canonical_time, micro_time_text, time_ms, time_text

LAST_MS = 4_102_444_800_000  # 2100-01-01


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2026-08-01T12:00:00Z", 1_785_585_600_000),
        ("2026-08-01T12:00:00.250000Z", 1_785_585_600_250),
        ("2026-08-01T14:00:00+02:00", 1_785_585_600_000),
        ("2026-08-01T12:00:00", 1_785_585_600_000),
    ],
)
def test_both_forms_are_read(text: str, at_ms: int):
    assert time_ms(text) == at_ms


def test_other_text_is_refused():
    with pytest.raises(ValueError):
        time_ms("yesterday")


@given(st.integers(0, LAST_MS))
def test_micro_times_keep_milliseconds_and_times_whole_seconds(at_ms: int):
    assert time_ms(micro_time_text(at_ms)) == at_ms
    assert time_ms(time_text(at_ms)) == at_ms // 1000 * 1000


@pytest.mark.parametrize(
    ("given", "seconds", "micro"),
    [
        ("2026-08-01T12:00:00Z", "2026-08-01T12:00:00Z", "2026-08-01T12:00:00.000000Z"),
        ("2026-08-01T14:00:00.1234+02:00", "2026-08-01T12:00:00Z", "2026-08-01T12:00:00.123400Z"),
        ("2026-08-01T12:00:00", "2026-08-01T12:00:00Z", "2026-08-01T12:00:00.000000Z"),
        ("soon", "soon", "soon"),
        (None, None, None),
        (5, 5, 5),
    ],
)
def test_times_are_written_back_in_utc(given, seconds, micro):
    assert (canonical_time(given), canonical_time(given, micro=True)) == (seconds, micro)
