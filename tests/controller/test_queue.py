"""The queue as its users see it: push, pop and finish with literal times."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tradewind.controller.plan import Key
from tradewind.controller.queue import LONGEST_RETRY_MS, KeyQueue, Outcome, backoff_ms

A, B = Key("ml", "a"), Key("ml", "b")
DONE = Outcome()


def queue() -> KeyQueue:
    return KeyQueue(Random(7))


def test_a_key_pushed_twice_is_worked_on_once():
    keys = queue()
    keys.push(A, 0)
    keys.push(A, 1)
    assert keys.pop(1) == A
    keys.finish(A, DONE, 2)
    assert keys.pop(3) is None


def test_keys_come_in_the_order_they_were_pushed():
    keys = queue()
    keys.push(B, 0)
    keys.push(A, 0)
    assert [keys.pop(0), keys.pop(0), keys.pop(0)] == [B, A, None]


def test_a_key_pushed_while_it_is_worked_on_comes_once_more_after():
    keys = queue()
    keys.push(A, 0)
    assert keys.pop(0) == A
    keys.push(A, 1)
    assert keys.pop(1) is None
    keys.finish(A, DONE, 2)
    assert keys.pop(2) == A


def test_a_failed_key_waits_longer_each_time_until_it_succeeds():
    keys, now, waits = queue(), 0, []
    keys.push(A, now)
    for _ in range(4):
        assert keys.pop(now) == A
        keys.finish(A, Outcome(failed=True), now)
        due = keys.next_due_ms()
        assert due is not None
        assert keys.pop(due - 1) is None
        waits.append(due - now)
        now = due
    assert waits == sorted(waits)
    assert waits[3] >= 80
    assert keys.pop(now) == A
    keys.finish(A, DONE, now)
    assert keys.next_due_ms() is None


def test_a_wake_up_that_was_asked_for_comes_at_its_time():
    keys = queue()
    keys.push(A, 0)
    keys.pop(0)
    keys.finish(A, Outcome(wake_at_ms=500), 10)
    assert keys.pop(499) is None
    assert keys.pop(500) == A


def test_a_change_comes_before_a_later_wake_up_and_replaces_it():
    keys = queue()
    keys.push(A, 0)
    keys.pop(0)
    keys.finish(A, Outcome(wake_at_ms=500), 10)
    keys.push(A, 20)
    assert keys.pop(20) == A
    keys.finish(A, DONE, 21)
    assert keys.pop(600) is None


@given(st.integers(1, 200), st.integers())
def test_backoff_is_never_longer_than_the_longest(failures: int, seed: int):
    assert 0 < backoff_ms(failures, Random(seed)) <= LONGEST_RETRY_MS


@given(st.lists(st.sampled_from(["push", "pop", "finish", "fail"]), max_size=60))
def test_no_key_is_ever_lost(actions: list[str]):
    """Whatever happens, a pushed key is due, active, or was finished after its last push."""
    keys, now, active, owed = queue(), 0, False, False
    for action in actions:
        now += 10
        if action == "push":
            keys.push(A, now)
            owed = True
        elif action == "pop" and not active and keys.pop(now) == A:
            active, owed = True, False
        elif action in ("finish", "fail") and active:
            keys.finish(A, Outcome(failed=action == "fail"), now)
            active, owed = False, owed or action == "fail"
    if active:
        keys.finish(A, DONE, now)
    assert (keys.next_due_ms() is not None) == owed
