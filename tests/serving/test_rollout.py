"""Which revision serves and how many replicas each has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.serving.replicas import ReplicaCount
from tradewind.serving.rollout import Rollout, plan_rollout


def count(ready: int = 0, room: int = 0, way: int = 0, leaving: int = 0) -> ReplicaCount:
    return ReplicaCount(ready, room, way, leaving)


ROWS = [
    ("the only revision", ["1"], "", {}, 2, Rollout("1", "1", {"1": 2})),
    ("the rolled-out one alone", ["1"], "1", {"1": count(2)}, 2, Rollout("1", "1", {"1": 2})),
    (
        "a new one starts beside it",
        ["1", "2"],
        "1",
        {"1": count(2)},
        2,
        Rollout("1", "2", {"2": 2, "1": 2}),
    ),
    (
        "a partly ready one waits",
        ["1", "2"],
        "1",
        {"1": count(2), "2": count(1, way=1)},
        2,
        Rollout("1", "2", {"2": 2, "1": 2}),
    ),
    (
        "a ready one takes over, and nothing goes yet",
        ["1", "2"],
        "1",
        {"1": count(2), "2": count(2)},
        2,
        Rollout("2", "2", {"2": 2, "1": 2}),
    ),
    (
        "then the old one goes",
        ["1", "2"],
        "2",
        {"1": count(2), "2": count(2)},
        2,
        Rollout("2", "2", {"2": 2}),
    ),
    (
        "nothing to lose",
        ["1", "2"],
        "1",
        {"1": count(0, way=2), "2": count(1, way=1)},
        2,
        Rollout("2", "2", {"2": 2, "1": 2}),
    ),
    (
        "one in between goes at once",
        ["1", "2", "3"],
        "1",
        {"1": count(2), "2": count(way=2)},
        2,
        Rollout("1", "3", {"3": 2, "1": 2}),
    ),
    ("never worked", ["1", "2"], "", {"1": count(way=2)}, 2, Rollout("2", "2", {"2": 2})),
    (
        "answers, though not fully rolled out",
        ["1", "2"],
        "",
        {"1": count(1, way=1), "2": count(way=2)},
        2,
        Rollout("1", "2", {"2": 2, "1": 2}),
    ),
    (
        "the rolled-out one is gone",
        ["2", "3"],
        "1",
        {"2": count(1), "3": count(way=1)},
        1,
        Rollout("3", "3", {"3": 1}),
    ),
    (
        "the first one answers, and the second begins to",
        ["1", "2"],
        "",
        {"1": count(2), "2": count(1, way=1)},
        2,
        Rollout("1", "2", {"2": 2, "1": 2}),
    ),
    (
        "no room: one of four is given up",
        ["1", "2"],
        "1",
        {"1": count(4), "2": count(room=4)},
        4,
        Rollout("1", "2", {"2": 4, "1": 3}),
    ),
    (
        "no room: two of eight",
        ["1", "2"],
        "1",
        {"1": count(8), "2": count(room=8)},
        8,
        Rollout("1", "2", {"2": 8, "1": 6}),
    ),
    (
        "what was given up is still leaving",
        ["1", "2"],
        "1",
        {"1": count(3, leaving=1), "2": count(room=4)},
        4,
        Rollout("1", "2", {"2": 4, "1": 3}),
    ),
    (
        "given up, and not yet taken",
        ["1", "2"],
        "1",
        {"1": count(3), "2": count(room=4)},
        4,
        Rollout("1", "2", {"2": 4, "1": 3}),
    ),
    (
        "the next one is on its way",
        ["1", "2"],
        "1",
        {"1": count(3), "2": count(way=1, room=3)},
        4,
        Rollout("1", "2", {"2": 4, "1": 3}),
    ),
    (
        "the next one is ready",
        ["1", "2"],
        "1",
        {"1": count(3), "2": count(1, room=3)},
        4,
        Rollout("1", "2", {"2": 4, "1": 2}),
    ),
    (
        "as many as are left",
        ["1", "2"],
        "1",
        {"1": count(2), "2": count(2, room=2)},
        4,
        Rollout("2", "2", {"2": 4, "1": 2}),
    ),
    (
        "room for most of the new one",
        ["1", "2"],
        "1",
        {"1": count(3), "2": count(2, room=1)},
        3,
        Rollout("2", "2", {"2": 3, "1": 3}),
    ),
    (
        "the only replica is not given up",
        ["1", "2"],
        "1",
        {"1": count(1), "2": count(room=1)},
        1,
        Rollout("1", "2", {"2": 1, "1": 1}),
    ),
    (
        "what does not serve holds no room",
        ["1", "2"],
        "1",
        {"1": count(0, way=1), "2": count(room=1)},
        1,
        Rollout("1", "2", {"2": 1, "1": 0}),
    ),
    (
        "lost replicas of the serving one come back when there is room",
        ["1", "2"],
        "1",
        {"1": count(1), "2": count(way=2)},
        2,
        Rollout("1", "2", {"2": 2, "1": 2}),
    ),
]


@pytest.mark.parametrize(
    ("revisions", "rolled_out", "counts", "wanted", "result"),
    [row[1:] for row in ROWS],
    ids=[r[0] for r in ROWS],
)
def test_rollout(
    revisions: list[str],
    rolled_out: str,
    counts: dict[str, ReplicaCount],
    wanted: int,
    result: Rollout,
):
    routed = "1"
    assert plan_rollout(revisions, rolled_out, routed, counts, wanted) == result


COUNTS = st.builds(
    ReplicaCount,
    ready=st.integers(0, 9),
    without_room=st.integers(0, 9),
    under_way=st.integers(0, 9),
    leaving=st.integers(0, 2),
)


@given(old=COUNTS, new=COUNTS, middle=COUNTS, wanted=st.integers(1, 9))
def test_what_serves_is_kept_until_something_better_serves(
    old: ReplicaCount, new: ReplicaCount, middle: ReplicaCount, wanted: int
):
    plan = plan_rollout(["1", "2", "3"], "1", "1", {"1": old, "2": middle, "3": new}, wanted)
    assert plan.serving in ("1", "3")
    assert plan.replicas["3"] == wanted
    if plan.serving == "3":
        assert new.ready >= min(wanted, max(1, old.ready)) or new.ready >= wanted - max(1, wanted // 4) > 0
        assert plan.replicas["1"] == old.total
        return
    if plan.replicas["1"] < min(old.ready, wanted):
        assert new.without_room and not new.under_way
        assert plan.replicas["1"] >= min(old.ready, max(new.ready, wanted // 2))
        given_up = max(1, wanted // 4) if wanted > 1 else 0
        assert plan.replicas["1"] + new.ready >= wanted - given_up
