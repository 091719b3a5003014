"""Ages as kubectl prints them: the cases of apimachinery's `TestHumanDuration`, and the shared columns."""

import pytest

from tradewind.resources.columns import AGE, NAME, at, condition_text, field_text, human_duration, since
from tradewind.resources.times import time_text

SECOND, MINUTE, HOUR, DAY, YEAR = 1000, 60_000, 3_600_000, 86_400_000, 365 * 86_400_000


@pytest.mark.parametrize(
    ("elapsed_ms", "text"),
    [
        (SECOND, "1s"),
        (70 * SECOND, "70s"),
        (190 * SECOND, "3m10s"),
        (2 * MINUTE, "2m"),
        (10 * MINUTE + 59 * SECOND, "10m"),
        (70 * MINUTE, "70m"),
        (47 * HOUR, "47h"),
        (3 * HOUR + 10 * MINUTE, "3h10m"),
        (8 * HOUR + 10 * MINUTE, "8h"),
        (49 * HOUR, "2d1h"),
        (48 * HOUR, "2d"),
        (8 * DAY + 2 * HOUR, "8d"),
        (367 * DAY, "367d"),
        (2 * YEAR + 25 * HOUR, "2y1d"),
        (2 * YEAR, "2y"),
        (8 * YEAR + 3 * DAY, "8y"),
        (-1999, "0s"),
        (-2000, "<invalid>"),
    ],
)
def test_a_span_is_coarser_the_longer_it_is(elapsed_ms: int, text: str):
    assert human_duration(elapsed_ms) == text


def test_an_age_counts_from_the_creation():
    pod = {"metadata": {"name": "a", "creationTimestamp": time_text(1_000_000)}}
    assert AGE.value(pod, 1_005_000) == "5s"
    assert NAME.value(pod, 0) == "a"
    assert AGE.value({"metadata": {}}, 0) == "<unknown>"
    assert since("not a time", 0) == "<invalid>"


def test_fields_and_conditions_are_found_or_absent():
    manifest = {
        "spec": {"replicas": 0, "text": ""},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert field_text("spec", "replicas")(manifest, 0) == "0"
    assert field_text("spec", "text", absent="<none>")(manifest, 0) == "<none>"
    assert field_text("spec", "text", "deeper", absent="-")(manifest, 0) == "-"
    assert at(manifest, "spec", "missing") is None
    assert condition_text("Ready")(manifest, 0) == "True"
    assert condition_text("Ready", "reason")(manifest, 0) == ""
    assert condition_text("Other")(manifest, 0) == ""
