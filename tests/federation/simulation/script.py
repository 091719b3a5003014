"""What users do and what breaks, drawn from a seed."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.federation.simulation.process import Process
from tests.federation.simulation.simulation import REGIONS, Simulation
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import SECRET
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.policy import OVERRIDE_POLICY, PROPAGATION_POLICY
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.times import time_text
from tradewind.resources.work import RESOURCE_BINDING

NAMESPACE = "ml"
SERVICES = ("fraud", "search")
CLUSTERS = tuple(REGIONS)
SELECTOR = {"apiVersion": INFERENCE_SERVICE.api_version, "kind": INFERENCE_SERVICE.name}
TAINTS = (
    {"key": "maintenance", "effect": "NoExecute"},
    {"key": "cluster.karmada.io/unschedulable", "effect": "NoSchedule"},
)
Action = Callable[["Simulation", Random], str]


def put(simulation: Simulation, kind: Kind, manifest: Manifest) -> None:
    """Create an object at the hub or change it."""
    world, meta = simulation.hub, manifest["metadata"]
    whole = kind.default({"apiVersion": kind.api_version, "kind": kind.name, **manifest})
    known = world.get(kind, meta.get("namespace", ""), meta["name"])
    if known is None:
        world.create(kind, whole)
    elif "deletionTimestamp" not in known["metadata"]:
        world.update(kind, {**whole, "metadata": {**known["metadata"], **meta}})


def drop(simulation: Simulation, kind: Kind, namespace: str, name: str) -> None:
    """Delete an object at the hub, if it is there."""
    if simulation.hub.get(kind, namespace, name) is not None:
        simulation.hub.delete(kind, namespace, name)


def put_service(simulation: Simulation, script: Random) -> str:
    name, replicas = script.choice(SERVICES), script.choice((0, 1, 2, 3, 6))
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}
    if script.random() < 0.4:
        model["env"] = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "token", "key": "t"}}}]  # type: ignore[assignment]
    predictor = {"minReplicas": replicas, "maxReplicas": script.choice((6, 12)), "model": model}
    about = {"namespace": NAMESPACE, "name": name}
    put(simulation, INFERENCE_SERVICE, {"metadata": about, "spec": {"predictor": predictor}})
    return name


def drop_service(simulation: Simulation, script: Random) -> str:
    name = script.choice(SERVICES)
    drop(simulation, INFERENCE_SERVICE, NAMESPACE, name)
    return name


def put_secret(simulation: Simulation, script: Random) -> str:
    about = {"namespace": NAMESPACE, "name": "token"}
    put(simulation, SECRET, {"metadata": about, "data": {"t": script.choice(("YQ==", "Yg=="))}})
    return ""


def drop_secret(simulation: Simulation, _: Random) -> str:
    drop(simulation, SECRET, NAMESPACE, "token")
    return ""


def division(script: Random) -> Manifest:
    """A way to divide replicas."""
    weights = [
        {"targetCluster": {"clusterNames": [name]}, "weight": script.randint(1, 3)} for name in CLUSTERS
    ]
    return script.choice(
        (
            {"replicaSchedulingType": "Duplicated"},
            {"replicaSchedulingType": "Divided", "replicaDivisionPreference": "Aggregated"},
            {
                "replicaSchedulingType": "Divided",
                "replicaDivisionPreference": "Weighted",
                "weightPreference": {"staticWeightList": weights},
            },
            {
                "replicaSchedulingType": "Divided",
                "replicaDivisionPreference": "Weighted",
                "weightPreference": {"dynamicWeight": "AvailableReplicas"},
            },
        )
    )


def placement(script: Random) -> Manifest:
    """Where objects go: clusters by name, groups of them, tolerations, spread."""
    found: dict[str, Any] = {"replicaScheduling": division(script)}
    some = script.sample(CLUSTERS, script.randint(1, 3))
    if script.random() < 0.2:
        found["clusterAffinities"] = [
            {"affinityName": "first", "clusterNames": some[:1]},
            {"affinityName": "second", "clusterNames": list(CLUSTERS)},
        ]
    elif script.random() < 0.5:
        found["clusterAffinity"] = {"clusterNames": some}
    if script.random() < 0.2:
        found["spreadConstraints"] = [{"spreadByField": "cluster", "minGroups": 1, "maxGroups": 2}]
    if script.random() < 0.2:
        found["clusterTolerations"] = [{"key": "maintenance", "operator": "Exists", "tolerationSeconds": 5}]
    return found


def put_policy(simulation: Simulation, script: Random) -> str:
    spec: dict[str, Any] = {
        "resourceSelectors": [SELECTOR],
        "placement": placement(script),
        "propagateDeps": script.random() < 0.6,
    }
    if script.random() < 0.3:
        spec["resourceSelectors"] = [SELECTOR, {"apiVersion": "v1", "kind": "Secret"}]
    if script.random() < 0.5:
        spec["failover"] = {
            "application": {
                "decisionConditions": {"tolerationSeconds": script.choice((2, 10))},
                "purgeMode": "Graciously",
                "gracePeriodSeconds": 20,
            }
        }
    put(simulation, PROPAGATION_POLICY, {"metadata": {"namespace": NAMESPACE, "name": "all"}, "spec": spec})
    return "*"


def drop_policy(simulation: Simulation, _: Random) -> str:
    drop(simulation, PROPAGATION_POLICY, NAMESPACE, "all")
    return "*"


def put_override(simulation: Simulation, script: Random) -> str:
    path = script.choice(("/spec/predictor/model/args", "/spec/nowhere/x"))
    rule = {
        "targetCluster": {"clusterNames": script.sample(CLUSTERS, script.randint(1, 2))},
        "overriders": {"plaintext": [{"path": path, "operator": "add", "value": ["--all"]}]},
    }
    spec = {"resourceSelectors": [SELECTOR], "overrideRules": [rule]}
    put(simulation, OVERRIDE_POLICY, {"metadata": {"namespace": NAMESPACE, "name": "args"}, "spec": spec})
    return ""


def drop_override(simulation: Simulation, _: Random) -> str:
    drop(simulation, OVERRIDE_POLICY, NAMESPACE, "args")
    return ""


def put_taint(simulation: Simulation, script: Random) -> str:
    return _taint(simulation, script.choice(CLUSTERS), script.choice(TAINTS))


def drop_taints(simulation: Simulation, script: Random) -> str:
    return _taint(simulation, script.choice(CLUSTERS), None)


def _taint(simulation: Simulation, cluster: str, taint: Manifest | None) -> str:
    """Taints of health stay."""
    known = simulation.hub.get(CLUSTER, "", cluster)
    if known is not None:
        keys = [one["key"] for one in TAINTS]
        kept = [one for one in known["spec"].get("taints", ()) if one["key"] not in keys]
        taints = [*kept, taint] if taint else kept
        simulation.hub.update(CLUSTER, {**known, "spec": {**known["spec"], "taints": taints}})
    return ""


def drop_cluster(simulation: Simulation, script: Random) -> str:
    """It comes back, as its member still runs."""
    drop(simulation, CLUSTER, "", script.choice(CLUSTERS))
    return "*"


def reschedule(simulation: Simulation, script: Random) -> str:
    """As a WorkloadRebalancer does."""
    name = script.choice(SERVICES)
    known = simulation.hub.get(RESOURCE_BINDING, NAMESPACE, f"{name}-inferenceservice")
    if known is not None:
        spec = {**known["spec"], "rescheduleTriggeredAt": time_text(simulation.now_ms)}
        simulation.hub.update(RESOURCE_BINDING, {**known, "spec": spec})
    return name


def change_health(simulation: Simulation, script: Random) -> str:
    name, cluster = script.choice(SERVICES), script.choice(CLUSTERS)
    simulation.set_health(cluster, name, (cluster, name) in simulation.unhealthy)
    return ""


def drop_copy(simulation: Simulation, script: Random) -> str:
    """Somebody deletes a copy in a member."""
    world, name = simulation.members[script.choice(CLUSTERS)], script.choice(SERVICES)
    if world.get(INFERENCE_SERVICE, NAMESPACE, name) is not None:
        world.delete(INFERENCE_SERVICE, NAMESPACE, name)
    return name


def change_copy(simulation: Simulation, script: Random) -> str:
    """Somebody changes a copy in a member."""
    world, name = simulation.members[script.choice(CLUSTERS)], script.choice(SERVICES)
    known = world.get(INFERENCE_SERVICE, NAMESPACE, name)
    if known is not None:
        predictor = {**known["spec"]["predictor"], "minReplicas": 9, "maxReplicas": 9}
        world.update(INFERENCE_SERVICE, {**known, "spec": {**known["spec"], "predictor": predictor}})
    return ""


def crash(simulation: Simulation, script: Random) -> str:
    some(simulation, script).crash()
    return ""


def sleep(simulation: Simulation, script: Random) -> str:
    some(simulation, script).asleep_until_ms = simulation.now_ms + script.choice((500, 4_000, 15_000, 60_000))
    return ""


def stall(simulation: Simulation, script: Random) -> str:
    some(simulation, script).stall(simulation.now_ms + script.choice((100, 2_000, 10_000)))
    return ""


def cut_off(simulation: Simulation, script: Random) -> str:
    member(simulation, script).reach_hub(False)
    return ""


def join(simulation: Simulation, script: Random) -> str:
    member(simulation, script).reach_hub(True)
    return ""


def some(simulation: Simulation, script: Random) -> Process:
    return simulation.processes[script.choice(("hub", "hub", *CLUSTERS))]


def member(simulation: Simulation, script: Random) -> Process:
    return simulation.processes[script.choice(CLUSTERS)]


USER: tuple[Action, ...] = (
    put_service,
    put_service,
    put_service,
    drop_service,
    put_secret,
    drop_secret,
    put_policy,
    put_policy,
    put_policy,
    drop_policy,
    put_override,
    drop_override,
    put_taint,
    drop_taints,
    drop_cluster,
    reschedule,
)
TROUBLE: tuple[Action, ...] = (
    change_health,
    change_health,
    change_health,
    put_taint,
    put_taint,
    drop_taints,
    drop_copy,
    change_copy,
    crash,
    crash,
    sleep,
    stall,
    stall,
    cut_off,
    join,
)


def heal(simulation: Simulation) -> None:
    """No fault lasts."""
    simulation.losses = 0
    for name in CLUSTERS:
        simulation.processes[name].reach_hub(True)
        for service in SERVICES:
            simulation.set_health(name, service, True)
    for process in simulation.processes.values():
        process.wake_up(simulation.now_ms)
