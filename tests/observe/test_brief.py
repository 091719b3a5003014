"""What a service's line says beside the lines of its replicas."""

import pytest

from tests.observe.objects import condition, failing_pod, loading_pod, ready_pod, service
from tests.observe.test_status import READY, one_service
from tradewind.observe.brief import brief, unexplained

NOT_PLACED = condition("Ready", "False", "NoPolicyMatches", "no PropagationPolicy selects it")
WHY_EAST = {"replicas": 2, "why": "a: Loading: containers with unready status"}
WHY_WEST = {"replicas": 1, "why": "unreachable; these are the last known figures"}

CASES = {
    "all is well": (
        service("fraud", READY, clusters={"east": {"replicas": 1, "readyReplicas": 1}}),
        {},
        "",
        "",
    ),
    "nobody runs it": (
        service("fraud", NOT_PLACED),
        {},
        "NoPolicyMatches: no PropagationPolicy selects it",
        "NoPolicyMatches: no PropagationPolicy selects it",
    ),
    "its replicas tell": (
        service("fraud", clusters={"east": WHY_EAST}),
        {"east": [loading_pod("a"), failing_pod("b"), loading_pod("c"), ready_pod("d")]},
        "",
        "2 loading, 1 failing",
    ),
    "one cluster has replicas that tell, another has none": (
        service("fraud", clusters={"east": WHY_EAST, "west": WHY_WEST}),
        {"east": [loading_pod("a")]},
        "west: unreachable; these are the last known figures",
        "west: unreachable; these are the last known figures; 1 loading",
    ),
}


@pytest.mark.parametrize(("manifest", "pods", "alone", "whole"), CASES.values(), ids=CASES)
def test_brief(manifest, pods, alone, whole):
    found = one_service(manifest, pods)
    assert (unexplained(found), brief(found)) == (alone, whole)
