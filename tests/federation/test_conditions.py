"""Conditions keep the time of their last change of status."""

from tradewind.federation.conditions import replace_conditions, with_condition
from tradewind.resources.meta import Condition

NOW_MS = 1_800_000_000_000
NOW = "2027-01-15T08:00:00Z"
EARLIER = "2027-01-01T00:00:00Z"
READY = Condition(type="Ready", status="True", reason="Old", last_transition_time=EARLIER)
OTHER = Condition(type="Other", status="False", last_transition_time=EARLIER)


def test_a_new_condition_comes_last_and_begins_now():
    found = with_condition([OTHER], Condition(type="Ready", status="True"), NOW_MS)
    assert [(one.type, one.last_transition_time) for one in found] == [("Other", EARLIER), ("Ready", NOW)]


def test_another_reason_is_no_change_of_status():
    [found, _] = with_condition([READY, OTHER], Condition(type="Ready", status="True", reason="New"), NOW_MS)
    assert (found.reason, found.last_transition_time) == ("New", EARLIER)


def test_another_status_begins_now():
    [found, other] = with_condition([READY, OTHER], Condition(type="Ready", status="False"), NOW_MS)
    assert found.last_transition_time == NOW
    assert other == OTHER


def test_replacing_keeps_times_and_drops_the_rest():
    wanted = [Condition(type="Ready", status="True"), Condition(type="New", status="True")]
    found = replace_conditions([READY, OTHER], wanted, NOW_MS)
    assert [(one.type, one.last_transition_time) for one in found] == [("Ready", EARLIER), ("New", NOW)]
