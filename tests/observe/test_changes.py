"""What is told between two looks: each change once, nothing twice."""

import itertools

from tests.observe.objects import failing_pod, loading_pod, ready_pod, service
from tests.observe.test_status import CLUSTERS, DEAD, FACTS, FLEET, HUB, PODS, READY, with_member
from tradewind.observe.changes import changes
from tradewind.observe.status import HubObjects, fleet_status


def test_at_first_everything_is_new():
    lines = changes(None, fleet_status(FLEET, HUB, PODS, FACTS))
    assert lines == [
        "cluster east: ready",
        "cluster west: ready",
        "replica east/a: ready",
        "replica east/b: ready",
        "replica west/c: ready",
        "service ml/fraud: ready, 3 of 3 replicas",
    ]


def test_nothing_is_told_twice():
    status = fleet_status(FLEET, HUB, PODS, FACTS)
    assert changes(status, status) == []


def test_a_death_is_told_with_its_consequences():
    before = fleet_status(FLEET, HUB, PODS, FACTS)
    after = fleet_status(FLEET, HUB, {**PODS, "west": None}, with_member(DEAD))
    reason = "process is not running; revive it with: tradewind drill revive west"
    assert changes(before, after) == [
        f"cluster west: not ready: {reason}",
        f"service ml/fraud: ready, 2 of 3 replicas: west: {reason}",
        "replica west/c: gone",
    ]


def test_replicas_are_told_step_by_step():
    def look(*pods):
        hub = HubObjects(CLUSTERS, [service("fraud", READY, clusters={"east": {"replicas": 1}})])
        return fleet_status(FLEET, hub, {"east": list(pods), "west": []}, FACTS)

    steps = [look(), look(loading_pod("a")), look(failing_pod("a")), look(ready_pod("a"))]
    told = [changes(before, after) for before, after in itertools.pairwise(steps)]
    assert told == [
        ["replica east/a: loading", "service ml/fraud: not ready, 0 of 1 replicas"],
        ["replica east/a: failing: CrashLoopBackOff: back-off 4s; last line: no such file"],
        ["replica east/a: ready"],
    ]


def test_a_problem_is_told_while_it_is_new():
    before = fleet_status(FLEET, HUB, PODS, FACTS)
    after = fleet_status(FLEET, None, PODS, FACTS)
    assert changes(before, after)[0].startswith("the hub runs but does not answer")
    assert not changes(after, after)
