"""Which Pod runs on which node, and on which ports: what kube-scheduler decides, for nodes of one machine.

Filters and their wording follow kube-scheduler's plugins (`pkg/scheduler/framework/plugins`: noderesources,
tainttoleration, nodeaffinity, nodeunschedulable, nodeports; `framework/types.go` FitError): a Pod fits a node
that passes all of them. Differences: numbers are added to the message; of several nodes that fit the first
by name is taken; every container port without a `hostPort` gets one, since replicas share one loopback.

Example: two nodes free of taints, `a` with 1 GPU of 2 in use and `b` with none. A Pod that requests 2 GPUs:
"0/2 nodes are available: 1 Insufficient nvidia.com/gpu (requested 2, free 0), 1 Insufficient
nvidia.com/gpu (requested 2, free 1)."
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tradewind.resources.core import (
    Container,
    ContainerPort,
    Node,
    Pod,
    RequestedResources,
    Taint,
    Toleration,
)
from tradewind.resources.meta import replace
from tradewind.resources.quantity import format_quantity, parse_quantity

PODS = "pods"
BINARY_RESOURCES = ("memory", "ephemeral-storage")
REPELLING_EFFECTS = ("NoSchedule", "NoExecute")
ENDED_PHASES = ("Succeeded", "Failed")

Amounts = dict[str, Fraction]


@dataclass(frozen=True)
class Refusal:
    """A Pod that fits nowhere now; `message` is what its PodScheduled condition says."""

    pod: Pod
    message: str


@dataclass(frozen=True)
class Schedule:
    """`bound` are Pods with their `nodeName` and host ports set, `refused` those to try again later."""

    bound: tuple[Pod, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True)
class Ports:
    """Host ports to choose from, and those that are in use although no Pod has them."""

    range: range
    busy: frozenset[int] = frozenset()


def schedule(pods: Sequence[Pod], nodes: Sequence[Node], ports: Ports) -> Schedule:
    """Bind every Pod that fits among `pods`, which are all there are: bound ones count against capacity.

    Waiting Pods are taken in the order of their resource versions. So a Pod that a stale reader still sees
    as waiting is decided before any Pod it has not seen, and the write of a decision taken twice fails on
    its version before a second Pod is given the same port. Pods with scheduling gates, and Pods being
    deleted, are left alone.
    """
    placed = [pod for pod in pods if pod.spec.node_name and pod.status.phase not in ENDED_PHASES]
    bound: list[Pod] = []
    refused: list[Refusal] = []
    for pod in sorted(filter(_waits, pods), key=_age):
        outcome = _bind(pod, sorted(nodes, key=lambda node: node.metadata.name), placed, ports)
        if isinstance(outcome, Pod):
            bound.append(outcome)
            placed.append(outcome)
        else:
            refused.append(outcome)
    return Schedule(tuple(bound), tuple(refused))


def _waits(pod: Pod) -> bool:
    return not (pod.spec.node_name or pod.spec.scheduling_gates or pod.metadata.deletion_timestamp)


def _age(pod: Pod) -> tuple[int, str, str]:
    version = pod.metadata.resource_version
    return int(version) if version.isdigit() else 0, pod.metadata.namespace, pod.metadata.name


def _bind(pod: Pod, nodes: Sequence[Node], placed: Sequence[Pod], ports: Ports) -> Pod | Refusal:
    reasons: Counter[str] = Counter()
    try:
        chosen = choose_ports(pod, placed, ports)
        for node in nodes:
            unfit = why_unfit(pod, node, placed)
            if chosen is None:
                unfit.append("node(s) didn't have free ports for the requested pod ports")
            if not unfit and chosen is not None:
                return replace(chosen, spec=replace(chosen.spec, node_name=node.metadata.name))
            reasons.update(unfit)
    except ValueError as error:
        return Refusal(pod, f"0/{len(nodes)} nodes are available: {error}.")
    if not nodes:
        return Refusal(pod, "no nodes available to schedule pods")
    told = ", ".join(sorted(f"{count} {reason}" for reason, count in reasons.items()))
    return Refusal(pod, f"0/{len(nodes)} nodes are available: {told}.")


def why_unfit(pod: Pod, node: Node, placed: Iterable[Pod]) -> list[str]:
    """Every reason why this node cannot take the Pod; none when it can. Raises ValueError for a quantity."""
    reasons = []
    if node.spec.unschedulable:
        reasons.append("node(s) were unschedulable")
    taint = _untolerated(node.spec.taints, pod.spec.tolerations)
    if taint:
        reasons.append(f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}")
    missing = pod.spec.node_selector.items() - node.metadata.labels.items()
    if missing:
        wanted = ", ".join(f"{key}={value}" for key, value in sorted(missing))
        reasons.append(f"node(s) didn't match Pod's node affinity/selector ({wanted})")
    return reasons + _insufficient(requests(pod), free(node, placed))


def _insufficient(wanted: Mapping[str, Fraction], left: Mapping[str, Fraction]) -> list[str]:
    short = {name: left.get(name, Fraction(0)) for name in sorted(wanted)}
    return [
        "Too many pods"
        if name == PODS
        else f"Insufficient {name} (requested {_text(name, wanted[name])}, free {_text(name, amount)})"
        for name, amount in short.items()
        if wanted[name] > max(amount, Fraction(0))
    ]


def _text(name: str, amount: Fraction) -> str:
    return format_quantity(amount, binary=name in BINARY_RESOURCES)


def free(node: Node, placed: Iterable[Pod]) -> Amounts:
    """What Pods may still ask of the node; below zero when it is over-committed."""
    left = _amounts(node.status.allocatable or node.status.capacity)
    for pod in placed:
        if pod.spec.node_name == node.metadata.name:
            for name, amount in requests(pod).items():
                left[name] = left.get(name, Fraction(0)) - amount
    return left


def requests(pod: Pod) -> Amounts:
    """What a Pod takes: the sum of its containers or its largest init container, whichever is more of each
    resource, plus overhead, and one Pod (kubernetes `pkg/api/v1/resource` PodRequests)."""
    total: Amounts = {}
    for container in pod.spec.containers:
        total = _plus(total, _container_requests(container))
    for container in pod.spec.init_containers:
        largest = _container_requests(container)
        total = {
            name: max(total.get(name, Fraction(0)), largest.get(name, Fraction(0)))
            for name in total | largest
        }
    return _plus(total, _amounts(pod.spec.overhead)) | {PODS: Fraction(1)}


def _container_requests(container: Container) -> Amounts:
    """Its requests; a resource with a limit alone requests the limit."""
    return _amounts(container.resources.limits | container.resources.requests)


def _amounts(quantities: RequestedResources) -> Amounts:
    return {name: parse_quantity(quantity) for name, quantity in quantities.items()}


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, Fraction(0)) + other.get(name, Fraction(0)) for name in one | other}


def _untolerated(taints: Iterable[Taint], tolerations: Sequence[Toleration]) -> Taint | None:
    for taint in taints:
        if taint.effect in REPELLING_EFFECTS and not any(_tolerates(one, taint) for one in tolerations):
            return taint
    return None


def _tolerates(toleration: Toleration, taint: Taint) -> bool:
    """kubernetes `component-helpers/scheduling/corev1` ToleratesTaint: an empty key or effect means any."""
    if toleration.effect not in ("", taint.effect) or toleration.key not in ("", taint.key):
        return False
    return toleration.operator == "Exists" or toleration.value == taint.value


def ports_of(pod: Pod) -> list[int]:
    """The host ports of a Pod."""
    return [port.host_port for container in pod.spec.containers for port in container.ports if port.host_port]


def choose_ports(pod: Pod, placed: Iterable[Pod], ports: Ports) -> Pod | None:
    """The Pod with a host port for each container port, the lowest free ones; None when there are not enough
    or one that it asks for is taken."""
    taken = {port for other in placed for port in ports_of(other)} | ports.busy
    wanted = ports_of(pod)
    if not taken.isdisjoint(wanted):
        return None
    candidates = iter([port for port in ports.range if port not in taken and port not in wanted])

    def filled(port: ContainerPort) -> ContainerPort:
        return port if port.host_port else replace(port, host_port=next(candidates))

    try:
        containers = [
            replace(container, ports=[filled(port) for port in container.ports])
            for container in pod.spec.containers
        ]
    except StopIteration:
        return None
    return replace(pod, spec=replace(pod.spec, containers=containers))
