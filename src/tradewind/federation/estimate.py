"""How many more replicas a cluster has room for, from the sums that it reports.

This is upstream's general estimator without resource models (`pkg/estimator/client/general.go`): free Pod
slots, and for each requested resource what is allocatable, less what is allocated or about to be. A resource
that the cluster does not have gives 0. Nodes are not looked at, so a large replica may still find no node.
"""

import math
from fractions import Fraction

from tradewind.resources.cluster_types import Cluster, ResourceSummary
from tradewind.resources.core import RequestedResources
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.work import ReplicaRequirements

PODS = "pods"


def room_for(cluster: Cluster, requirements: ReplicaRequirements | None) -> int:
    """How many more replicas fit; 0 for a cluster that reports nothing."""
    summary = cluster.status.resource_summary
    if summary is None:
        return 0
    slots = free_amount(summary, PODS)
    requested = requirements.resource_request if requirements else {}
    return max(0, min(slots, room_by_resources(summary, requested, slots)))


def room_by_resources(summary: ResourceSummary, requested: RequestedResources, most: int) -> int:
    """How often all requested resources fit into what is free, at most `most` times."""
    for name, amount in requested.items():
        size = parse_quantity(amount)
        if size > 0:
            most = min(most, math.floor(_free(summary, name) / size))
    return max(0, most)


def free_amount(summary: ResourceSummary, name: str) -> int:
    """Whole units of a resource that are free; never below 0."""
    return max(0, math.floor(_free(summary, name)))


def _free(summary: ResourceSummary, name: str) -> Fraction:
    return (
        _amount(summary.allocatable, name)
        - _amount(summary.allocated, name)
        - _amount(summary.allocating, name)
    )


def _amount(amounts: RequestedResources, name: str) -> Fraction:
    return parse_quantity(amounts.get(name, 0))
