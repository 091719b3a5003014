"""The scheduler's step: a world in, the wanted effects out."""

from collections.abc import Callable, Mapping
from typing import Any

from tradewind.controller.plan import LOCAL, Delete, Effect, Plan, Put, PutStatus, Record
from tradewind.node.controllers import ALL_PODS, LOOK_AGAIN_MS, make_scheduler
from tradewind.resources.core_kinds import NODE, POD
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode

NOW_MS = 1_800_000_000_000


class World:
    def __init__(self, pods: list[Manifest], nodes: list[Manifest]) -> None:
        self.objects = {POD.resource: pods, NODE.resource: nodes}

    def get(self, kind: Kind, namespace: str, name: str, at: str = LOCAL) -> Any | None:
        raise AssertionError("the scheduler looks at all Pods")

    def get_manifest(self, kind: Kind, namespace: str, name: str, at: str = LOCAL) -> Manifest | None:
        raise AssertionError("the scheduler looks at all Pods")

    def list_manifests(self, kind: Kind, namespace: str = "", at: str = LOCAL) -> list[Manifest]:
        return self.objects[kind.resource]

    def list(
        self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None, at: str = LOCAL
    ) -> list[Any]:
        return [decode(one, kind.struct) for one in self.objects[kind.resource]]


NODE_A = {"kind": "Node", "metadata": {"name": "a"}, "status": {"allocatable": {"cpu": "1", "pods": "10"}}}


def pod(name: str, version: int, cpu: str = "600m", **fields: Any) -> Manifest:
    container = {"name": "c", "ports": [{"containerPort": 80}], "resources": {"requests": {"cpu": cpu}}}
    meta = {"namespace": "ml", "name": name, "uid": f"u-{name}", "resourceVersion": str(version)}
    return {
        "kind": "Pod",
        "metadata": {**meta, **fields.pop("metadata", {})},
        "spec": {"containers": [container], **fields.pop("spec", {})},
        **fields,
    }


def step(*pods: Manifest, is_free: Callable[[int], bool] = lambda _: True) -> Plan:
    return make_scheduler(range(9000, 9002), is_free).step(ALL_PODS, World(list(pods), [NODE_A]), NOW_MS)


def shown(effect: Effect) -> str:
    match effect:
        case Put(_, manifest):
            port = manifest["spec"]["containers"][0]["ports"][0]["hostPort"]
            return f"bind {manifest['metadata']['name']} to {manifest['spec']['nodeName']}:{port}"
        case PutStatus(_, manifest):
            return f"status {manifest['metadata']['name']}"
        case Record():
            return f"{effect.reason} {effect.about['metadata']['name']}: {effect.message}"
        case Delete():
            return f"delete {effect.name} {effect.uid} {effect.grace_seconds}"
    raise AssertionError(effect)


def test_bindings_come_first_then_refusals_each_told() -> None:
    plan = step(pod("two", 2), pod("one", 1))
    refusal = "0/1 nodes are available: 1 Insufficient cpu (requested 600m, free 400m)."
    assert [shown(effect) for effect in plan.effects] == [
        "bind one to a:9000",
        "Scheduled one: Successfully assigned ml/one to a",
        "status two",
        f"FailedScheduling two: {refusal}",
    ]
    assert plan.effects[0].manifest["metadata"]["resourceVersion"] == "1"  # type: ignore[union-attr]
    assert plan.wake_at_ms == NOW_MS + LOOK_AGAIN_MS


def test_the_same_refusal_is_told_once() -> None:
    refused = step(pod("one", 1, cpu="2")).effects[0]
    assert isinstance(refused, PutStatus)
    condition = refused.manifest["status"]["conditions"][0]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "PodScheduled",
        "False",
        "Unschedulable",
    )
    assert step(refused.manifest).effects == ()


def test_a_port_that_somebody_else_holds_is_passed_over() -> None:
    plan = step(pod("one", 1), is_free=lambda port: port != 9000)
    assert shown(plan.effects[0]) == "bind one to a:9001"


def test_a_pod_deleted_before_it_was_bound_is_removed() -> None:
    plan = step(pod("one", 1, metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"}))
    assert [shown(effect) for effect in plan.effects] == ["delete one u-one 0"]


def test_while_nothing_waits_no_port_is_tried() -> None:
    def never(_: int) -> bool:
        raise AssertionError("asked")

    assert step(pod("one", 1, spec={"nodeName": "a"}), is_free=never) == Plan()


def test_every_change_of_a_pod_or_node_concerns_the_one_key() -> None:
    controller = make_scheduler(range(1), bool)
    assert {watch.kind.name for watch in controller.watches} == {"Pod", "Node"}
    assert {key for watch in controller.watches for key in watch.keys(None, World([], []))} == {ALL_PODS}
