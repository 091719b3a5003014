"""What a member tells of its nodes, and how many replicas the hub takes that for."""

from typing import Any

import pytest

from tests.federation.objects import cluster, taint
from tradewind.federation.capacity import last_grade, modelings, node_capacities, summarize
from tradewind.federation.estimate import room_by_grades, room_for
from tradewind.resources.cluster_types import (
    AllocatableModeling,
    Cluster,
    NodeCapacity,
    ResourceModel,
    ResourceModelRange,
    ResourceSummary,
)
from tradewind.resources.core import Node, Pod, Taint, Toleration
from tradewind.resources.meta import decode, replace
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.work import NodeClaim, ReplicaRequirements

GPU = "nvidia.com/gpu"


def node(name: str = "n", ready: str = "True", taints: list[Taint] | None = None, **has: str) -> Node:
    found = {key.replace("gpu", GPU): amount for key, amount in has.items()}
    status = {"allocatable": found, "conditions": [{"type": "Ready", "status": ready}]}
    one = decode({"metadata": {"name": name}, "status": status}, Node)
    return replace(one, spec=replace(one.spec, taints=taints or []))


def pod(on: str, phase: str = "Running", first: dict[str, str] | None = None, **requests: str) -> Pod:
    named = {key.replace("gpu", GPU): amount for key, amount in requests.items()}
    spec = {
        "nodeName": on,
        "containers": [{"name": "c", "resources": {"requests": named}}],
        "initContainers": [{"name": "i", "resources": {"requests": first or {}}}],
    }
    return decode({"metadata": {"name": "p"}, "spec": spec, "status": {"phase": phase}}, Pod)


def test_sums():
    found = summarize(
        [node(cpu="8", memory="16Gi", pods="110"), node(ready="False", cpu="8", memory="16Gi")],
        [
            pod("n", cpu="500m", memory="1Gi"),
            pod("n", cpu="1", memory="1Gi", first={"cpu": "2"}),
            pod("n", "Succeeded", cpu="4"),
            pod("", "Pending", cpu="3"),
        ],
    )
    assert found.allocatable == {"cpu": "16", "memory": "32Gi", "pods": "110"}
    assert found.allocated == {"cpu": "2500m", "memory": "2Gi", "pods": "2"}
    assert found.allocating == {"cpu": "3", "pods": "1"}


def test_free_resources_are_told_node_by_node_and_alike_nodes_once():
    nodes = [
        node("a", cpu="8", gpu="4"),
        node("b", cpu="8", gpu="4"),
        node("c", cpu="8", gpu="4"),
        node("broken", ready="False", cpu="8"),
    ]
    found = node_capacities(nodes, [pod("b", cpu="1", gpu="3")])
    assert [(one.count, one.free) for one in found] == [
        (2, {"cpu": "8", GPU: "4"}),
        (1, {"cpu": "7", GPU: "1", "pods": "0"}),
    ]


def test_a_cordoned_node_has_nothing_free():
    cordoned = node("a", cpu="8")
    cordoned = replace(cordoned, spec=replace(cordoned.spec, unschedulable=True))
    assert node_capacities([cordoned], []) == []


GRADES = [
    ResourceModel(grade=0, ranges=[ResourceModelRange(name=GPU, min="0", max="2")]),
    ResourceModel(grade=1, ranges=[ResourceModelRange(name=GPU, min="2", max="4")]),
    ResourceModel(grade=2, ranges=[ResourceModelRange(name=GPU, min="4", max="8")]),
]


def test_nodes_are_counted_by_grade():
    nodes = [
        node("a", gpu="8", pods="5"),
        node("b", gpu="3"),
        node("c", gpu="4", pods="1"),
        node("d", cpu="1"),
    ]
    found = modelings(GRADES, nodes, [pod("c", cpu="1")])
    assert [(one.grade, one.count) for one in found] == [(0, 1), (1, 1), (2, 1)]


def test_grades_of_unequal_resources_count_nothing():
    other = ResourceModel(grade=1, ranges=[ResourceModelRange(name="cpu", min="2", max="4")])
    assert modelings([GRADES[0], other], [node(gpu="4")], []) == []


@pytest.mark.parametrize(
    ("amount", "place"), [("0", -1), ("999m", -1), ("1", 0), ("1999m", 0), ("2", 1), ("70", 1)]
)
def test_the_last_grade_that_is_not_above(amount, place):
    assert last_grade([parse_quantity("1"), parse_quantity("2")], parse_quantity(amount)) == place


def reporting(nodes: list[NodeCapacity] | None = None, **sums: Any) -> Cluster:
    one = cluster("east")
    summary = ResourceSummary(allocatable={"pods": "110", **sums})
    return replace(one, status=replace(one.status, resource_summary=summary, nodes=nodes or []))


def needs(claim: NodeClaim | None = None, **requests: str) -> ReplicaRequirements:
    named = {key.replace("gpu", GPU): amount for key, amount in requests.items()}
    return ReplicaRequirements(node_claim=claim, resource_request=named)


def free(count: int = 1, labels: dict[str, str] | None = None, taints: list[Taint] | None = None, **has: str):
    named = {key.replace("gpu", GPU): amount for key, amount in has.items()}
    return NodeCapacity(count=count, free=named, labels=labels or {}, taints=taints or [])


ON_SPOT = [taint("spot")]
A100 = {"gpu-type": "a100"}
NODES = [
    pytest.param([free(4, gpu="1")], needs(gpu="2"), 0, id="four single GPUs hold no replica of two"),
    pytest.param([free(4, gpu="1")], needs(gpu="1"), 4, id="but four of one"),
    pytest.param([free(gpu="5"), free(gpu="3")], needs(gpu="2"), 3, id="per node, rounded down"),
    pytest.param([free(gpu="4", cpu="3")], needs(gpu="1", cpu="2"), 1, id="the scarcest resource decides"),
    pytest.param([free(gpu="4", pods="2")], needs(gpu="1"), 2, id="places for Pods count"),
    pytest.param([free(gpu="4", taints=ON_SPOT)], needs(gpu="1"), 0, id="a taint keeps away"),
    pytest.param(
        [free(gpu="4", taints=ON_SPOT)],
        needs(NodeClaim(tolerations=[Toleration(key="spot", operator="Exists")]), gpu="1"),
        4,
        id="unless tolerated",
    ),
    pytest.param(
        [free(gpu="4", labels=A100), free(gpu="4")],
        needs(NodeClaim(node_selector=A100), gpu="1"),
        4,
        id="selector",
    ),
    pytest.param(
        [free(gpu="4", labels=A100), free(gpu="4")],
        needs(
            NodeClaim(
                hard_node_affinity={
                    "nodeSelectorTerms": [
                        {"matchExpressions": [{"key": "gpu-type", "operator": "DoesNotExist"}]}
                    ]
                }
            ),
            gpu="1",
        ),
        4,
        id="affinity",
    ),
]


@pytest.mark.parametrize(("nodes", "requirements", "room"), NODES)
def test_room_on_nodes(nodes, requirements, room):
    assert room_for(reporting(nodes, **{GPU: "100", "cpu": "100"}), requirements) == room


def test_sums_limit_what_nodes_have():
    """Pods that wait for a node are counted in the sums alone."""
    assert room_for(reporting([free(gpu="8")], **{GPU: "3"}), needs(gpu="1")) == 3


def graded(**counts: int) -> Cluster:
    one = reporting(**{GPU: "100", "cpu": "100"})
    summary = one.status.resource_summary
    assert summary is not None
    found = [AllocatableModeling(grade=int(name[1:]), count=count) for name, count in counts.items()]
    return replace(
        one,
        spec=replace(one.spec, resource_models=GRADES),
        status=replace(one.status, resource_summary=replace(summary, allocatable_modelings=found)),
    )


@pytest.mark.parametrize(
    ("counts", "requirements", "room"),
    [
        ({"g1": 2, "g2": 1}, needs(gpu="2"), 4),
        ({"g0": 9}, needs(gpu="1"), 0),
        ({"g1": 2, "g2": 1}, needs(gpu="5"), 0),
        ({"g1": 2}, needs(gpu="2", cpu="10"), None),
        ({}, needs(gpu="1"), None),
    ],
)
def test_room_by_grades(counts, requirements, room):
    assert room_by_grades(graded(**counts), requirements.resource_request) == room


def test_grades_that_do_not_know_a_resource_are_passed_over():
    assert room_for(graded(g1=2), needs(cpu="10")) == 10
