"""Which Pods a revision creates and deletes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.serving.cluster import START_MS
from tests.serving.objects import LOADING, NO_MODEL, NO_ROOM, READY, pod, revision
from tradewind.resources.core import Pod
from tradewind.resources.meta import Manifest
from tradewind.serving.pods import make_pod, plan_pods
from tradewind.serving.replicas import has_ended, is_leaving, is_ready

FAILED = {"phase": "Failed"}


def deleted(wanted: int, *pods: Pod, now_ms: int = START_MS) -> list[str]:
    return [one.metadata.name for one in plan_pods(revision(), wanted, pods, now_ms).delete]


def created(wanted: int, *pods: Pod) -> int:
    return len(plan_pods(revision(), wanted, pods, START_MS).create)


@pytest.mark.parametrize(
    ("wanted", "pods", "creates", "deletes"),
    [
        (0, [], 0, []),
        (2, [], 2, []),
        (2, [pod("a", READY), pod("b", NO_MODEL)], 0, []),
        (2, [pod("a", READY), pod("b", READY, leaving=True)], 1, []),
        (0, [pod("a", READY), pod("b", READY, leaving=True)], 0, ["a"]),
        (1, [pod("a", READY), pod("b", NO_MODEL, created_s=1)], 0, ["b"]),
        (1, [pod("a", NO_ROOM), pod("b", LOADING)], 0, ["a"]),
        (1, [pod("a", READY, created_s=1), pod("b", READY, created_s=2)], 0, ["b"]),
        (2, [pod("a", NO_ROOM), pod("b", LOADING), pod("c", READY), pod("d", READY)], 0, ["a", "b"]),
    ],
)
def test_plans(wanted: int, pods: list[Pod], creates: int, deletes: list[str]):
    assert created(wanted, *pods) == creates
    assert deleted(wanted, *pods) == deletes


def test_an_ended_pod_is_replaced_when_it_is_ten_seconds_old():
    pods = [pod("a", FAILED, created_s=5)]
    early = plan_pods(revision(), 1, pods, START_MS + 14_999)
    assert (early.create, early.delete, early.wake_at_ms) == ((), (), START_MS + 15_000)
    due = plan_pods(revision(), 1, pods, START_MS + 15_000)
    assert len(due.create) == 1 and due.delete == (pods[0],) and due.wake_at_ms is None


def test_a_pod_carries_the_revisions_template():
    one = revision(labels={"team": "a"}, annotations={"note": "b", "tradewind.dev/template-digest": "c"})
    made = make_pod(one, "iris-predictor-00001-x")
    assert made.metadata.labels == {"team": "a"}
    assert made.metadata.annotations == {"note": "b"}
    assert [(ref.kind, ref.uid) for ref in made.metadata.owner_references] == [
        ("Revision", "uid-iris-predictor-00001")
    ]
    assert made.spec.containers == one.spec.containers


def test_names_are_new_and_the_same_for_the_same_world():
    first = plan_pods(revision(), 3, [], START_MS).create
    assert first == plan_pods(revision(), 3, [], START_MS).create
    again = plan_pods(revision(), 5, first, START_MS).create
    assert len({one.metadata.name for one in (*first, *again)}) == 5


STATUSES: list[Manifest] = [READY, LOADING, NO_ROOM, NO_MODEL, FAILED, {}]
PODS = st.lists(st.tuples(st.sampled_from(STATUSES), st.integers(0, 59), st.booleans()), max_size=8).map(
    lambda rows: [
        pod(f"p{place}", status, created_s, leaving)
        for place, (status, created_s, leaving) in enumerate(rows)
    ]
)


@given(pods=PODS, wanted=st.integers(0, 8), now_s=st.integers(0, 80))
def test_after_a_plan_there_are_as_many_as_wanted(pods: list[Pod], wanted: int, now_s: int):
    plan = plan_pods(revision(), wanted, pods, START_MS + now_s * 1000)
    kept = [one for one in pods if one not in plan.delete and not is_leaving(one)]
    assert len(kept) + len(plan.create) == wanted
    assert not any(is_leaving(one) for one in plan.delete)
    assert not (plan.create and [one for one in plan.delete if not has_ended(one)])
    lost = [one for one in plan.delete if is_ready(one)]
    assert not lost or all(is_ready(one) for one in kept)
    following = plan_pods(revision(), wanted, [*kept, *plan.create], START_MS + now_s * 1000)
    assert not following.create and not following.delete
