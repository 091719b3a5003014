"""Webster's method against a slow twin that gives out one seat after the other, and by known answers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.federation.webster import breaks_ties_downward, webster

names = st.sampled_from("abcdef")
weights_of = st.dictionaries(names, st.integers(0, 200), max_size=6)
initial_of = st.dictionaries(names, st.integers(0, 12), max_size=4)
uids = st.sampled_from(["", "x", "y", "d43fdeeb-d750-4e2b-bee3-64eb94534f4c"])


def one_by_one(replicas, weights, uid, initial):
    shares = {name: initial.get(name, 0) for name in sorted({*weights, *initial})}
    if not any(weights.values()):
        return shares
    order = sorted(shares, reverse=breaks_ties_downward(uid))
    for _ in range(replicas):
        quotients = {name: Fraction(weights.get(name, 0), 2 * shares[name] + 1) for name in order}
        best = max(quotients.values())
        tied = [name for name in order if quotients[name] == best]
        winner = min(tied, key=lambda name: shares[name])
        shares[winner] += 1
    return shares


@given(st.integers(0, 80), weights_of, uids, initial_of)
def test_it_equals_giving_out_one_seat_after_the_other(replicas, weights, uid, initial):
    assert webster(replicas, weights, uid, initial) == one_by_one(replicas, weights, uid, initial)


@given(st.integers(0, 500), weights_of.filter(lambda weights: any(weights.values())), uids)
def test_all_replicas_are_given_and_none_without_weight(replicas, weights, uid):
    shares = webster(replicas, weights, uid)
    assert sum(shares.values()) == replicas
    assert all(weights[name] for name, share in shares.items() if share)


@given(st.integers(0, 300), weights_of.filter(lambda weights: any(weights.values())), uids)
def test_one_more_replica_takes_none_away(replicas, weights, uid):
    before, after = webster(replicas, weights, uid), webster(replicas + 1, weights, uid)
    assert all(after[name] >= before[name] for name in before)


@pytest.mark.parametrize(
    ("replicas", "weights", "shares"),
    [
        (6, {"a": 3, "b": 2, "c": 1}, {"a": 3, "b": 2, "c": 1}),
        (3, {"a": 3, "b": 2, "c": 1}, {"a": 1, "b": 1, "c": 1}),
        (2, {"a": 2, "b": 1}, {"a": 1, "b": 1}),
        (10, {"a": 40, "b": 35, "c": 25}, {"a": 4, "b": 3, "c": 3}),
        (0, {"a": 1}, {"a": 0}),
        (4, {}, {}),
        (4, {"a": 0}, {"a": 0}),
    ],
)
def test_known_answers(replicas, weights, shares):
    assert webster(replicas, weights) == shares


def test_ties_fall_to_either_end_of_the_alphabet_by_uid():
    odd, even = "d43fdeeb-d750-4e2b-bee3-64eb94534f4c", "4858ca61-3ff8-4095-8267-f3d059d8074c"
    assert webster(5, {"a": 1, "b": 1}, odd) == {"a": 2, "b": 3}
    assert webster(5, {"a": 1, "b": 1}, even) == {"a": 3, "b": 2}


@pytest.mark.timeout(2)
def test_the_time_does_not_grow_with_the_number_of_replicas():
    shares = webster(2**62, {"a": 3, "b": 2, "c": 1})
    assert sum(shares.values()) == 2**62
