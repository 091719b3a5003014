"""How many more replicas a cluster has room for.

| what the cluster reports | estimate |
|---|---|
| `status.nodes` (Tradewind's members) | for each node that a replica may run on, what fits there |
| grades that know every requested resource | as many nodes of each grade, each with the grade's least |
| sums only | what is allocatable, less what is allocated or about to be |

The sums and the free places for Pods limit every estimate: Pods that wait for a node are only in there. A
resource that the cluster does not have gives 0. Upstream takes the least of all estimates, so that grades
which do not name a requested resource make a cluster full; here they are passed over.

Upstream: `pkg/estimator/client/general.go` and `pkg/estimator/server` (accurate).
"""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial

from tradewind.federation.taints import untolerated
from tradewind.resources.cluster_types import Cluster, NodeCapacity, ResourceSummary
from tradewind.resources.core import RequestedResources
from tradewind.resources.node_fit import selects_node
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.work import NodeClaim, ReplicaRequirements

PODS = "pods"
PODS_PER_NODE = 110  # of the virtual nodes that stand for a grade


def room_for(cluster: Cluster, requirements: ReplicaRequirements | None) -> int:
    """How many more replicas fit; 0 for a cluster that reports nothing."""
    summary = cluster.status.resource_summary
    if summary is None:
        return 0
    slots = free_amount(summary, PODS)
    if requirements is None:
        return slots
    room = room_by_resources(summary, requirements.resource_request, slots)
    if cluster.status.nodes:
        return min(room, room_on_nodes(cluster.status.nodes, requirements))
    by_grades = room_by_grades(cluster, requirements.resource_request)
    return room if by_grades is None else min(room, by_grades)


def room_on_nodes(nodes: list[NodeCapacity], requirements: ReplicaRequirements) -> int:
    """The sum over the nodes that a replica can run on."""
    claim = requirements.node_claim or NodeClaim()
    return sum(
        one.count * _times(requirements.resource_request, partial(_amount, one.free), _slots(one.free))
        for one in nodes
        if _takes(one, claim)
    )


def room_by_grades(cluster: Cluster, requested: RequestedResources) -> int | None:
    """As many nodes of each grade as are reported, each with the grade's least; None where no grades are
    known or a requested resource is not in them. The grade that begins at 0 adds nothing."""
    summary, models = cluster.status.resource_summary, cluster.spec.resource_models
    if summary is None or not summary.allocatable_modelings or not models:
        return None
    counts = {one.grade: one.count for one in summary.allocatable_modelings}
    room = 0
    for model in models:
        least: RequestedResources = {one.name: one.min for one in model.ranges}
        if any(name not in least for name, amount in requested.items() if parse_quantity(amount) > 0):
            return None
        room += counts.get(model.grade, 0) * _times(requested, partial(_amount, least), PODS_PER_NODE)
    return room


def room_by_resources(summary: ResourceSummary, requested: RequestedResources, most: int) -> int:
    """How often all requested resources fit into the sums of what is free, at most `most` times."""
    return _times(requested, lambda name: _free(summary, name), most)


def free_amount(summary: ResourceSummary, name: str) -> int:
    """Whole units of a resource that are free; never below 0."""
    return max(0, math.floor(_free(summary, name)))


def _times(requested: RequestedResources, free: Callable[[str], Fraction], most: int) -> int:
    for name, amount in requested.items():
        size = parse_quantity(amount)
        if size > 0:
            most = min(most, math.floor(free(name) / size))
    return max(0, most)


def _takes(node: NodeCapacity, claim: NodeClaim) -> bool:
    name = node.labels.get("kubernetes.io/hostname", "")
    if untolerated(node.taints, claim.tolerations):
        return False
    return selects_node(name, node.labels, claim.node_selector, claim.hard_node_affinity)


def _slots(free: RequestedResources) -> int:
    return math.floor(parse_quantity(free[PODS])) if PODS in free else PODS_PER_NODE


def _free(summary: ResourceSummary, name: str) -> Fraction:
    return (
        _amount(summary.allocatable, name)
        - _amount(summary.allocated, name)
        - _amount(summary.allocating, name)
    )


def _amount(amounts: RequestedResources, name: str) -> Fraction:
    return parse_quantity(amounts.get(name, 0))
