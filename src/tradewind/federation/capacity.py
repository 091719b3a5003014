"""What a member tells of its nodes: sums, free resources node by node, and how many nodes are of each grade.

Upstream: `pkg/controllers/status/cluster_status_controller.go` and `pkg/modeling`. The free resources of
single nodes are Tradewind's own: they stand in for upstream's accurate estimator, which asks each member.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from fractions import Fraction

from tradewind.resources.cluster_types import (
    AllocatableModeling,
    NodeCapacity,
    ResourceModel,
    ResourceSummary,
)
from tradewind.resources.core import Container, Node, Pod, RequestedResources
from tradewind.resources.meta import is_true, replace
from tradewind.resources.quantity import format_quantity, parse_quantity

FINISHED = ("Succeeded", "Failed")
BINARY_RESOURCES = ("memory", "ephemeral-storage")
PODS = "pods"

Amounts = dict[str, Fraction]


def summarize(nodes: Iterable[Node], pods: Iterable[Pod]) -> ResourceSummary:
    """Sums over the member: of all nodes, ready or not; of Pods that have a node; of Pods that wait for one.

    A Pod that has ended counts no more; every other one counts as one of `pods`.
    """
    allocatable: Amounts = {}
    allocated: Amounts = {}
    allocating: Amounts = {}
    for node in nodes:
        _add(allocatable, node.status.allocatable)
    for pod in pods:
        if pod.status.phase not in FINISHED:
            _add(allocated if pod.spec.node_name else allocating, _requests(pod))
    return ResourceSummary(
        allocatable=_written(allocatable), allocated=_written(allocated), allocating=_written(allocating)
    )


def node_capacities(nodes: Iterable[Node], pods: Sequence[Pod]) -> list[NodeCapacity]:
    """What is free on each node that takes Pods; nodes that are alike in everything are told once."""
    told: dict[str, NodeCapacity] = {}
    for node in sorted(nodes, key=lambda one: one.metadata.name):
        if node.spec.unschedulable or not is_true(node.status.conditions, "Ready"):
            continue
        free = free_on(node, pods)
        one = NodeCapacity(
            count=1,
            free=_written({name: max(amount, Fraction(0)) for name, amount in free.items()}),
            labels=node.metadata.labels,
            taints=node.spec.taints,
        )
        known = told.get(repr(one))
        told[repr(one)] = replace(known or one, count=known.count + 1 if known else 1)
    return list(told.values())


def free_on(node: Node, pods: Iterable[Pod]) -> Amounts:
    """What Pods may still ask of a node; below zero when it is over-committed."""
    free: Amounts = {}
    _add(free, node.status.allocatable)
    for pod in pods:
        on_node = pod.spec.node_name and pod.spec.node_name == node.metadata.name
        if on_node and pod.status.phase not in FINISHED:
            for name, amount in _requests(pod).items():
                free[name] = free.get(name, Fraction(0)) - parse_quantity(amount)
    return free


def modelings(
    models: Sequence[ResourceModel], nodes: Iterable[Node], pods: Sequence[Pod]
) -> list[AllocatableModeling]:
    """How many nodes are of each grade by what is free on them; none for models of unequal resources.

    A node is of the lowest grade that one of its resources is of. One without a free place for a Pod is not
    counted (upstream stops counting there).
    """
    if not models or any(_names(model) != _names(models[0]) for model in models):
        return []
    counts = dict.fromkeys((model.grade for model in models), 0)
    for node in nodes:
        free = free_on(node, pods)
        if PODS in free and free[PODS] <= 0:
            continue
        place = min(
            last_grade(_minimums(models, name), free.get(name, Fraction(0))) for name in _names(models[0])
        )
        if place >= 0:
            counts[models[place].grade] += 1
    return [AllocatableModeling(grade=grade, count=count) for grade, count in counts.items()]


def last_grade(minimums: Sequence[Fraction], amount: Fraction) -> int:
    """The place of the last minimum that is not above the amount; -1 when all are."""
    return bisect_right(minimums, amount) - 1


def _names(model: ResourceModel) -> list[str]:
    return [one.name for one in model.ranges]


def _minimums(models: Sequence[ResourceModel], name: str) -> list[Fraction]:
    """The grades' minimums of a resource; the first grade begins at 0, whatever it says (upstream
    `standardizeResourceModels`)."""
    found = [parse_quantity(one.min) for model in models for one in model.ranges if one.name == name]
    return [Fraction(0), *found[1:]]


def _requests(pod: Pod) -> RequestedResources:
    """The containers' requests together, or one init container's if that asks for more; and one Pod."""
    together: Amounts = {PODS: Fraction(1)}
    for container in pod.spec.containers:
        _add(together, _container_requests(container))
    for container in pod.spec.init_containers:
        for name, amount in _container_requests(container).items():
            together[name] = max(together.get(name, Fraction(0)), parse_quantity(amount))
    return _written(together)


def _container_requests(container: Container) -> RequestedResources:
    return container.resources.limits | container.resources.requests


def _add(total: Amounts, amounts: RequestedResources) -> None:
    for name, amount in amounts.items():
        total[name] = total.get(name, Fraction(0)) + parse_quantity(amount)


def _written(amounts: Amounts) -> RequestedResources:
    return {name: format_quantity(amounts[name], binary=name in BINARY_RESOURCES) for name in sorted(amounts)}
