"""Division by each strategy: a table of cases, and what always holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.objects import cluster, strategy, weights
from tradewind.federation.divide import Division, Shortage, divide, static_weights, strategy_of
from tradewind.resources.work import TargetCluster

DYNAMIC = {
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
AGGREGATED = {"replicaDivisionPreference": "Aggregated"}


def divided(replicas, given_strategy, room=None, previous=None, fresh=False, names="abc"):
    return divide(
        Division(
            replicas=replicas,
            uid="",
            strategy=strategy(given_strategy) if given_strategy is not None else None,
            candidates=[cluster(name) for name in names],
            previous=[TargetCluster(name=name, replicas=share) for name, share in (previous or {}).items()],
            room=room or {},
            fresh=fresh,
        )
    )


@pytest.mark.parametrize(
    ("given_strategy", "row"),
    [
        (None, "Duplicated"),
        ({"replicaSchedulingType": "Duplicated"}, "Duplicated"),
        ({}, "StaticWeight"),
        ({"replicaDivisionPreference": "Weighted"}, "StaticWeight"),
        (DYNAMIC, "DynamicWeight"),
        (DYNAMIC | {"replicaDivisionPreference": "Aggregated"}, "Aggregated"),
        (AGGREGATED, "Aggregated"),
    ],
)
def test_the_row_of_the_table(given_strategy, row):
    assert strategy_of(strategy(given_strategy) if given_strategy is not None else None) == row


@pytest.mark.parametrize(
    ("replicas", "how", "shares"),
    [
        (4, None, {"a": 4, "b": 4, "c": 4}),
        (6, weights(a=3, b=2, c=1), {"a": 3, "b": 2, "c": 1}),
        (6, weights(a=1, b=1), {"a": 3, "b": 3}),  # no rule for c: it is left out
        (6, weights(x=5), {"a": 2, "b": 2, "c": 2}),  # no rule fits anything: all alike
        (7, {}, {"a": 3, "b": 2, "c": 2}),
    ],
)
def test_without_looking_at_room(replicas, how, shares):
    assert divided(replicas, how) == shares


@pytest.mark.parametrize(
    ("replicas", "how", "room", "previous", "shares"),
    [
        # First time: in proportion to room.
        (12, DYNAMIC, {"a": 18, "b": 12, "c": 6}, {}, {"a": 6, "b": 4, "c": 2}),
        # As few clusters as suffice, most room first.
        (8, AGGREGATED, {"a": 6, "b": 5, "c": 4}, {}, {"a": 4, "b": 4}),
        (6, AGGREGATED, {"a": 4, "b": 9, "c": 5}, {}, {"b": 6}),
        # More replicas are added to what is there, and for Aggregated preferably there.
        (12, AGGREGATED, {"a": 20, "b": 6, "c": 6}, {"b": 6}, {"b": 12}),
        (24, DYNAMIC, {"a": 10, "b": 10, "c": 10}, {"a": 2, "b": 4, "c": 6}, {"a": 6, "b": 8, "c": 10}),
        # Fewer are taken away in proportion to what is there; room does not matter.
        (6, DYNAMIC, {}, {"a": 6, "b": 4, "c": 2}, {"a": 3, "b": 2, "c": 1}),
        # As many as before: nothing moves.
        (6, DYNAMIC, {"c": 100}, {"a": 6}, {"a": 6}),
        # What was in a cluster that is no candidate any more is placed anew.
        (6, DYNAMIC, {"a": 0, "b": 10, "c": 0}, {"a": 4, "gone": 2}, {"a": 4, "b": 2, "c": 0}),
    ],
)
def test_by_room(replicas, how, room, previous, shares):
    assert divided(replicas, how, room, previous) == shares


def test_fresh_forgets_what_is_placed():
    room, previous = {"a": 0, "b": 6, "c": 0}, {"a": 6}
    assert divided(6, DYNAMIC, room, previous) == {"a": 6}
    assert divided(6, DYNAMIC, room, previous, fresh=True) == {"a": 3, "b": 3, "c": 0}


def test_a_part_is_never_placed():
    short = divided(12, DYNAMIC, {"a": 3, "b": 3, "c": 3})
    assert short == Shortage("Clusters available replicas 9 are not enough to schedule.")


def test_the_greatest_of_several_weights_counts():
    rules = weights(a=1, b=1)["weightPreference"]["staticWeightList"]
    rules += weights(a=2)["weightPreference"]["staticWeightList"]
    found = strategy({"weightPreference": {"staticWeightList": rules}})
    assert found is not None and found.weight_preference is not None
    listed = found.weight_preference.static_weight_list
    assert static_weights([cluster("a"), cluster("b")], listed) == {"a": 2, "b": 1}


@given(
    st.integers(0, 60),
    st.sampled_from([DYNAMIC, AGGREGATED]),
    st.fixed_dictionaries({name: st.integers(0, 30) for name in "abc"}),
    st.dictionaries(st.sampled_from("abcx"), st.integers(0, 10)),
    st.booleans(),
)
def test_all_or_nothing(replicas, how, room, previous, fresh):
    shares = divided(replicas, how, room, previous, fresh)
    if not isinstance(shares, Shortage):
        assert sum(shares.values()) == replicas
        assert set(shares) <= set("abc")


@given(
    st.integers(0, 60),
    st.sampled_from([DYNAMIC, AGGREGATED]),
    st.fixed_dictionaries({name: st.integers(0, 30) for name in "abc"}),
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 10)),
)
def test_scaling_up_moves_nothing_and_stays_within_room(replicas, how, room, previous):
    shares = divided(replicas, how, room, previous)
    if isinstance(shares, Shortage) or replicas < sum(previous.values()):
        return
    for name, share in shares.items():
        before = previous.get(name, 0)
        assert before <= share <= before + room[name]
