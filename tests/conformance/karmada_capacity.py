"""Upstream's cases about nodes, grades and what fits into them."""

from typing import Any

from tests.conformance.karmada_placing import cluster
from tradewind.federation.capacity import last_grade, modelings, node_capacities
from tradewind.federation.estimate import room_by_grades, room_on_nodes
from tradewind.resources.cluster_types import ResourceModel
from tradewind.resources.core import Node, Pod
from tradewind.resources.meta import decode, encode
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.work import ReplicaRequirements

Case = dict[str, Any]


def _nodes(given: Case) -> list[Node]:
    return [
        decode(
            {
                "metadata": {"name": one["name"] or "", "labels": one.get("labels") or {}},
                "spec": {"taints": one.get("taints") or []},
                "status": {
                    "allocatable": one["allocatable"],
                    "conditions": [{"type": "Ready", "status": "True"}],
                },
            },
            Node,
        )
        for one in given["nodes"]
    ]


def _pods(given: Case) -> list[Pod]:
    found = []
    for one in given.get("pods") or []:
        asked = one["requests"] if isinstance(one["requests"], list) else [one["requests"]]
        containers = [{"name": "c", "resources": {"requests": requests}} for requests in asked]
        spec = {"nodeName": one.get("node") or "", "containers": containers}
        found.append(decode({"spec": spec, "status": {"phase": one.get("phase") or ""}}, Pod))
    return found


def _modelings(given: Case, expect: Case) -> tuple[Any, Any]:
    models = [decode(one, ResourceModel) for one in given["resourceModels"]]
    found = [encode(one) for one in modelings(models, _nodes(given), _pods(given))]
    return found or None, expect["allocatableModelings"]


def _last_grade(given: Case, expect: Case) -> tuple[Any, Any]:
    minimums = [parse_quantity(one) for one in given["minimums"]]
    return last_grade(minimums, parse_quantity(given["value"])), expect["index"]


def _by_grades(given: Case, expect: Case) -> tuple[Any, Any]:
    requirements = decode(given["replicaRequirements"], ReplicaRequirements)
    room = room_by_grades(cluster(given["cluster"]), requirements.resource_request)
    return {"error": True} if room is None else {"maxReplicas": room}, expect


def _on_nodes(given: Case, expect: Case) -> tuple[Any, Any]:
    told = node_capacities(_nodes(given), _pods(given))
    requirements = decode(given["replicaRequirements"], ReplicaRequirements)
    return room_on_nodes(told, requirements), expect["maxReplicas"]


HANDLERS: dict[tuple[str, str], Any] = {
    ("accurate-estimator", "max-available-replicas"): _on_nodes,
    ("resource-model", "allocatable-modelings"): _modelings,
    ("resource-model", "last-grade-not-above"): _last_grade,
    ("resource-model", "max-replicas-by-model"): _by_grades,
}
