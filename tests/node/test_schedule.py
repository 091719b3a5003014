"""Which Pod goes where: rows of worlds and outcomes, then what must hold for every world."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.node.schedule import Ports, Schedule, free, ports_of, requests, schedule
from tradewind.resources.core import Node, Pod
from tradewind.resources.core_kinds import POD
from tradewind.resources.meta import decode, encode

PORTS = Ports(range(9000, 9003))


def make_pod(
    name: str,
    resources: dict[str, Any] | None = None,
    *,
    version: int = 1,
    ports: int = 0,
    status: dict[str, Any] | None = None,
    **spec: Any,
) -> Pod:
    container = {
        "name": "main",
        "resources": resources or {},
        "ports": [{"containerPort": 8080 + place} for place in range(ports)],
    }
    return decode(
        {
            "metadata": {"namespace": "ml", "name": name, "resourceVersion": str(version)},
            "spec": {"containers": [container], **spec},
            "status": status or {},
        },
        Pod,
    )


def make_node(name: str = "a", labels: dict[str, str] | None = None, **fields: Any) -> Node:
    allocatable = {"cpu": "4", "memory": "8Gi", "pods": "110", "nvidia.com/gpu": "2"} | fields.pop("has", {})
    return decode(
        {
            "metadata": {"name": name, "labels": labels or {}},
            "spec": fields,
            "status": {"allocatable": allocatable},
        },
        Node,
    )


def gpus(count: int) -> dict[str, Any]:
    return {"limits": {"nvidia.com/gpu": str(count)}}


def placed(outcome: Schedule) -> dict[str, str]:
    return {pod.metadata.name: pod.spec.node_name for pod in outcome.bound}


GPU_TAINT = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
EVICTING_TAINT = {"key": "broken", "effect": "NoExecute"}
SOFT_TAINT = {"key": "old", "effect": "PreferNoSchedule"}

REFUSALS = [
    ("no node", [], make_pod("p"), "no nodes available to schedule pods"),
    (
        "a resource that is used up",
        [make_node()],
        make_pod("p", gpus(2)),
        "0/1 nodes are available: 1 Insufficient nvidia.com/gpu (requested 2, free 1).",
    ),
    (
        "a resource that no node has",
        [make_node()],
        make_pod("p", {"requests": {"amd.com/gpu": "1"}}),
        "0/1 nodes are available: 1 Insufficient amd.com/gpu (requested 1, free 0).",
    ),
    (
        "several resources, in order of their names, in units as people write them",
        [make_node()],
        make_pod("p", {"requests": {"memory": "9Gi", "cpu": "4500m"}}),
        "0/1 nodes are available: 1 Insufficient cpu (requested 4500m, free 4), "
        "1 Insufficient memory (requested 9Gi, free 8Gi).",
    ),
    (
        "too many pods",
        [make_node(has={"pods": "1"})],
        make_pod("p"),
        "0/1 nodes are available: 1 Too many pods.",
    ),
    (
        "a cordoned node",
        [make_node(unschedulable=True)],
        make_pod("p"),
        "0/1 nodes are available: 1 node(s) were unschedulable.",
    ),
    (
        "a taint without a toleration",
        [make_node(taints=[GPU_TAINT])],
        make_pod("p"),
        "0/1 nodes are available: 1 node(s) had untolerated taint {gpu: yes}.",
    ),
    (
        "a toleration of another effect",
        [make_node(taints=[EVICTING_TAINT])],
        make_pod("p", tolerations=[{"key": "broken", "operator": "Exists", "effect": "NoSchedule"}]),
        "0/1 nodes are available: 1 node(s) had untolerated taint {broken: }.",
    ),
    (
        "a label that the node lacks",
        [make_node(labels={"gpu-type": "t4"})],
        make_pod("p", nodeSelector={"gpu-type": "a100"}),
        "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector (gpu-type=a100).",
    ),
    (
        "more ports than there are",
        [make_node()],
        make_pod("p", ports=4),
        "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
    ),
    (
        "two nodes, counted by reason",
        [make_node("a", unschedulable=True), make_node("b", unschedulable=True)],
        make_pod("p"),
        "0/2 nodes are available: 2 node(s) were unschedulable.",
    ),
    (
        "a quantity that is none",
        [make_node()],
        make_pod("p", {"requests": {"cpu": "much"}}),
        '0/1 nodes are available: "much" is not a quantity: write a number with an optional suffix, such as '
        '"500m", "2", "1.5", "64Gi", "20M" or "1e3".',
    ),
]


@pytest.mark.parametrize(
    ("nodes", "pod", "message"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_refusals(nodes: list[Node], pod: Pod, message: str) -> None:
    one_gpu_used = make_pod("used", gpus(1), nodeName="a")
    outcome = schedule([one_gpu_used, pod], nodes, PORTS)
    assert [refusal.message for refusal in outcome.refused] == [message]
    assert outcome.bound == ()


FITS = [
    ("nothing asked", make_node(), make_pod("p")),
    ("exactly what is free", make_node(), make_pod("p", {"requests": {"cpu": "4", "memory": "8Gi"}})),
    (
        "nothing of a resource that is not there",
        make_node(),
        make_pod("p", {"requests": {"amd.com/gpu": "0"}}),
    ),
    ("a soft taint", make_node(taints=[SOFT_TAINT]), make_pod("p")),
    (
        "an equal toleration",
        make_node(taints=[GPU_TAINT]),
        make_pod("p", tolerations=[{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]),
    ),
    (
        "a toleration of everything",
        make_node(taints=[GPU_TAINT, EVICTING_TAINT]),
        make_pod("p", tolerations=[{"operator": "Exists"}]),
    ),
    ("its labels", make_node(labels={"a": "1", "b": "2"}), make_pod("p", nodeSelector={"a": "1"})),
]


@pytest.mark.parametrize(("node", "pod"), [row[1:] for row in FITS], ids=[row[0] for row in FITS])
def test_fits(node: Node, pod: Pod) -> None:
    assert placed(schedule([pod], [node], PORTS)) == {"p": "a"}


def test_left_alone_are_bound_deleted_and_gated_pods() -> None:
    pods = [
        make_pod("bound", nodeName="a"),
        make_pod("gated", schedulingGates=[{"name": "wait"}]),
        decode({"metadata": {"name": "deleted", "deletionTimestamp": "2026-01-01T00:00:00Z"}}, Pod),
    ]
    assert schedule(pods, [make_node()], PORTS) == Schedule((), ())


def test_an_ended_pod_frees_what_it_had() -> None:
    ended = make_pod("ended", gpus(2), nodeName="a", status={"phase": "Failed"})
    assert placed(schedule([ended, make_pod("p", gpus(2))], [make_node()], PORTS)) == {"p": "a"}


def test_the_older_version_goes_first_and_a_smaller_pod_may_pass_one_that_waits() -> None:
    pods = [
        make_pod("late", gpus(1), version=30),
        make_pod("huge", gpus(9), version=2),
        make_pod("early", gpus(2), version=10),
    ]
    outcome = schedule(pods, [make_node()], PORTS)
    assert placed(outcome) == {"early": "a"}
    assert [refusal.pod.metadata.name for refusal in outcome.refused] == ["huge", "late"]


def test_each_port_gets_the_lowest_that_no_pod_has_and_nobody_holds() -> None:
    first, second = make_pod("first", ports=1), make_pod("second", ports=1, version=2)
    outcome = schedule([first, second], [make_node()], Ports(range(9000, 9010), frozenset({9001})))
    assert {pod.metadata.name: ports_of(pod) for pod in outcome.bound} == {"first": [9000], "second": [9002]}


def test_a_host_port_that_is_asked_for_is_kept_unless_taken() -> None:
    container = {"name": "c", "ports": [{"containerPort": 80, "hostPort": 9001}, {"containerPort": 81}]}
    asking = decode({"metadata": {"name": "asking"}, "spec": {"containers": [container]}}, Pod)
    [bound] = schedule([asking], [make_node()], PORTS).bound
    assert ports_of(bound) == [9001, 9000]
    [refusal] = schedule([asking], [make_node()], Ports(PORTS.range, frozenset({9001}))).refused
    assert "free ports" in refusal.message


def test_requests_are_the_larger_of_containers_and_init_containers_plus_overhead() -> None:
    def one(cpu: str, **more: str) -> dict[str, Any]:
        return {"name": "c", "resources": {"requests": {"cpu": cpu, **more}}}

    spec = {
        "containers": [one("1"), one("500m", memory="1Gi")],
        "initContainers": [one("2"), one("100m", memory="10")],
        "overhead": {"cpu": "250m"},
    }
    assert requests(decode({"spec": spec}, Pod)) == {
        "cpu": Fraction("2.25"),
        "memory": Fraction(2**30),
        "pods": Fraction(1),
    }


def test_a_limit_counts_as_request_where_no_request_is_given() -> None:
    pod = make_pod("p", {"limits": {"cpu": "4", "memory": "1Gi"}, "requests": {"cpu": "1"}})
    assert requests(pod) == {"cpu": 1, "memory": 2**30, "pods": 1}


cpus = st.sampled_from(["0", "250m", "1", "1500m", "3"])
worlds = st.lists(st.tuples(cpus, st.integers(0, 2), st.integers(0, 2), st.booleans()), max_size=12)


@given(worlds, st.frozensets(st.integers(9000, 9007)))
def test_whatever_comes_nothing_is_over_committed_and_no_port_is_given_twice(
    world: list[tuple[str, int, int, bool]], busy: frozenset[int]
) -> None:
    nodes = [make_node("a"), make_node("b", has={"cpu": "1"})]
    pods = [
        make_pod(f"p{place}", {"requests": {"cpu": cpu}, **gpus(gpu)}, version=place, ports=ports)
        for place, (cpu, gpu, ports, _) in enumerate(world)
    ]
    first = schedule(
        [pod for pod, row in zip(pods, world, strict=True) if row[3]], nodes, Ports(range(9000, 9008), busy)
    )
    waiting = [pod for pod, row in zip(pods, world, strict=True) if not row[3]]
    second = schedule([*first.bound, *waiting], nodes, Ports(range(9000, 9008), busy))
    everybody = [*first.bound, *second.bound]
    for node in nodes:
        assert all(amount >= 0 for amount in free(node, everybody).values())
    given_ports = [port for pod in everybody for port in ports_of(pod)]
    assert len(given_ports) == len(set(given_ports))
    assert busy.isdisjoint(given_ports)
    assert len(everybody) + len(first.refused) + len(second.refused) == len(pods)


@given(worlds)
def test_a_reader_one_step_behind_never_gives_a_place_twice(world: list[tuple[str, int, int, bool]]) -> None:
    """Someone who does not see the first bindings yet decides again, with newer Pods beside. Writes of
    Pods that are bound already fail on their version, and everything after a failed write is dropped."""
    pods = [
        make_pod(f"p{len(world) - place}", {"requests": {"cpu": cpu}}, version=place + 1, ports=ports)
        for place, (cpu, _, ports, _) in enumerate(world)
    ]
    half, ports = len(pods) // 2, Ports(range(9000, 9008))
    first = schedule(pods[:half], [make_node()], ports)
    behind = schedule(pods, [make_node()], ports)
    bound_already = {pod.metadata.name for pod in first.bound}
    written = list(first.bound)
    for pod in behind.bound:
        if pod.metadata.name in bound_already:
            break
        written.append(pod)
    given_ports = [port for pod in written for port in ports_of(pod)]
    assert len(given_ports) == len(set(given_ports))
    assert all(amount >= 0 for amount in free(make_node(), written).values())


@given(worlds, st.booleans())
def test_a_binding_is_an_update_that_the_api_allows(
    world: list[tuple[str, int, int, bool]], prepares: bool
) -> None:
    before = {"initContainers": [{"name": "prepare", "image": "i"}]} if prepares else {}
    pods = {
        f"p{place}": make_pod(f"p{place}", {"requests": {"cpu": cpu}}, ports=ports, **before)
        for place, (cpu, _, ports, _) in enumerate(world)
    }
    outcome = schedule(list(pods.values()), [make_node()], Ports(range(9000, 9008)))
    for bound in outcome.bound:
        assert POD.check_update(encode(bound), encode(pods[bound.metadata.name])) == []
