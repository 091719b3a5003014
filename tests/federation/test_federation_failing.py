"""Overrides and failover on the whole way: hub, members, and what comes back."""

import pytest

from tests.federation.fleet import Federation, exists, identities
from tests.federation.test_federation import condition_of, policy, predictor_in, service, targets_of
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import EVENT
from tradewind.resources.policy import CLUSTER_OVERRIDE_POLICY, OVERRIDE_POLICY, PROPAGATION_POLICY
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import RESOURCE_BINDING, WORK

NAMES = ("us-east", "us-west", "eu-west")
SELECTOR = {"apiVersion": INFERENCE_SERVICE.api_version, "kind": INFERENCE_SERVICE.name}


@pytest.fixture
async def fleet():
    made = Federation(identities(us_east="us-east-1", us_west="us-west-2", eu_west="eu-west-1"))
    await made.start()
    return made


def overrides(name, *rules, namespace="ml"):
    about = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"metadata": about, "spec": {"resourceSelectors": [SELECTOR], "overrideRules": list(rules)}}


def set_at(path, value, *clusters, operator="add"):
    target = {"targetCluster": {"clusterNames": list(clusters)}} if clusters else {}
    return target | {"overriders": {"plaintext": [{"path": path, "operator": operator, "value": value}]}}


async def binding_of(fleet: Federation) -> dict:
    return await fleet.hub.get(RESOURCE_BINDING, "ml", "fraud-inferenceservice")


async def work_in(fleet: Federation, cluster: str) -> dict:
    found = (await fleet.hub.list(WORK, f"karmada-es-{cluster}")).items
    return next(one for one in found if one["metadata"]["name"].startswith("fraud-"))


async def test_clusters_get_what_is_meant_for_them(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    args = "/spec/predictor/model/args"
    everywhere = set_at(args, ["--all"])
    await fleet.apply(CLUSTER_OVERRIDE_POLICY, overrides("base", everywhere, namespace=""))
    await fleet.apply(OVERRIDE_POLICY, overrides("east", set_at(f"{args}/-", "--east", "us-east")))
    found = {name: (await predictor_in(fleet, name))["model"]["args"] for name in NAMES}
    assert found == {"us-east": ["--all", "--east"], "us-west": ["--all"], "eu-west": ["--all"]}
    notes = (await work_in(fleet, "us-east"))["metadata"]["annotations"]
    assert "base" in notes["policy.karmada.io/applied-cluster-overrides"]
    assert "policy.karmada.io/applied-overrides" in notes
    await fleet.hub.delete(OVERRIDE_POLICY, "ml", "east")
    await fleet.settle()
    assert (await predictor_in(fleet, "us-east"))["model"]["args"] == ["--all"]
    assert (
        "policy.karmada.io/applied-overrides"
        not in (await work_in(fleet, "us-east"))["metadata"]["annotations"]
    )


async def test_an_override_of_replicas_beats_the_division(fleet):
    await fleet.apply(OVERRIDE_POLICY, overrides("more", set_at("/spec/predictor/minReplicas", 5, "us-east")))
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    assert (await predictor_in(fleet, "us-east"))["minReplicas"] == 5
    assert (await predictor_in(fleet, "us-west"))["minReplicas"] == 2


async def test_a_patch_to_nowhere_stops_one_cluster_and_says_so(fleet):
    path = "/spec/predictor/containers/0/resources/limits/nvidia.com~1gpu"
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(OVERRIDE_POLICY, overrides("gpus", set_at(path, "4", "us-east", operator="replace")))
    await fleet.apply(INFERENCE_SERVICE, service())
    assert not await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    assert await exists(fleet.members["us-west"], INFERENCE_SERVICE, "ml", "fraud")
    conditions = (await binding_of(fleet))["status"]["conditions"]
    said = next(one for one in conditions if one["type"] == "OverridesApplied")
    for part in ("us-east", "OverridePolicy ml/gpus", "overrideRules[0]", path):
        assert part in said["message"]
    ready = await condition_of(fleet, "Ready")
    assert "us-east" in ready["message"]
    assert "gpus" in ready["message"]
    events = [one["reason"] for one in (await fleet.hub.list(EVENT, "ml")).items]
    assert "ApplyOverridePolicyFailed" in events
    right = set_at("/spec/predictor/model/resources", {"limits": {"nvidia.com/gpu": "4"}}, "us-east")
    await fleet.apply(OVERRIDE_POLICY, overrides("gpus", right))
    limits = (await predictor_in(fleet, "us-east"))["model"]["resources"]["limits"]
    assert limits["nvidia.com/gpu"] == "4"
    conditions = (await binding_of(fleet))["status"]["conditions"]
    assert next(one for one in conditions if one["type"] == "OverridesApplied")["status"] == "True"


async def test_a_patch_that_begins_to_fail_leaves_what_runs(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    await fleet.apply(OVERRIDE_POLICY, overrides("late", set_at("/spec/nowhere/x", 1, "us-east")))
    assert (await predictor_in(fleet, "us-east"))["minReplicas"] == 3


def ready(status: str, replicas: int = 2) -> dict:
    return {
        "conditions": [{"type": "Ready", "status": status}, {"type": "PredictorReady", "status": status}],
        "replicas": {"replicas": replicas, "readyReplicas": replicas if status == "True" else 0},
    }


FAILOVER = {
    "application": {
        "decisionConditions": {"tolerationSeconds": 60},
        "purgeMode": "Graciously",
        "gracePeriodSeconds": 120,
    }
}
EQUAL = {"us-east": 1, "us-west": 1, "eu-west": 1}


async def serve_everywhere(fleet: Federation, **spec) -> None:
    await fleet.apply(PROPAGATION_POLICY, policy(EQUAL, propagateDeps=True, **spec))
    await fleet.apply(INFERENCE_SERVICE, service())
    for name in NAMES:
        await fleet.report(name, INFERENCE_SERVICE, "ml", "fraud", ready("True"))


async def test_an_unhealthy_application_moves_when_others_have_taken_over(fleet):
    await serve_everywhere(fleet, failover=FAILOVER)
    await fleet.report("us-east", INFERENCE_SERVICE, "ml", "fraud", ready("False"))
    await fleet.advance(58)
    assert len(await targets_of(fleet)) == 3
    await fleet.advance(4)
    assert await targets_of(fleet) == {"eu-west": 3, "us-west": 3}
    assert await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    assert (await binding_of(fleet))["spec"]["gracefulEvictionTasks"][0]["fromCluster"] == "us-east"
    for name in ("us-west", "eu-west"):
        await fleet.report(name, INFERENCE_SERVICE, "ml", "fraud", ready("True", 3))
    await fleet.advance(2)
    assert not await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    assert "gracefulEvictionTasks" not in (await binding_of(fleet))["spec"]


async def test_the_old_copy_goes_when_its_grace_is_over(fleet):
    await serve_everywhere(fleet, failover=FAILOVER)
    await fleet.report("us-east", INFERENCE_SERVICE, "ml", "fraud", ready("False"))
    await fleet.advance(62)
    await fleet.advance(110)
    assert await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    await fleet.advance(15)
    assert not await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")


async def test_an_eviction_comes_to_its_end_without_its_policy(fleet):
    await serve_everywhere(fleet, failover=FAILOVER)
    await fleet.report("us-east", INFERENCE_SERVICE, "ml", "fraud", ready("False"))
    await fleet.advance(62)
    await fleet.hub.delete(PROPAGATION_POLICY, "ml", "everything")
    await fleet.settle()
    assert await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    await fleet.advance(125)
    assert not await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    assert await targets_of(fleet) == {"eu-west": 3, "us-west": 3}


async def test_a_restart_of_the_hub_forgets_nothing(fleet):
    """The hub's memory of how long something has been ill is on the binding."""
    await serve_everywhere(fleet, failover=FAILOVER)
    await fleet.report("us-east", INFERENCE_SERVICE, "ml", "fraud", ready("False"))
    await fleet.advance(40)
    fleet.restart_hub()
    await fleet.advance(22)
    assert await targets_of(fleet) == {"eu-west": 3, "us-west": 3}


async def taint(fleet: Federation, cluster: str, *taints: dict) -> None:
    known = await fleet.hub.get(CLUSTER, "", cluster)
    await fleet.hub.update(CLUSTER, {**known, "spec": {**known["spec"], "taints": list(taints)}})
    await fleet.settle()


DRAIN = {"key": "maintenance", "effect": "NoExecute"}


async def test_a_drained_cluster_is_left_and_stays_empty_until_it_is_wanted_again(fleet):
    await serve_everywhere(fleet)
    await taint(fleet, "us-east", DRAIN)
    await fleet.advance(1)
    assert await targets_of(fleet) == {"eu-west": 3, "us-west": 3}
    for name in ("us-west", "eu-west"):
        await fleet.report(name, INFERENCE_SERVICE, "ml", "fraud", ready("True", 3))
    await fleet.advance(1)
    assert not await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    await taint(fleet, "us-east")
    await fleet.advance(1)
    assert await targets_of(fleet) == {"eu-west": 3, "us-west": 3}


async def test_a_silent_cluster_is_left_after_its_time_and_keeps_what_it_has(fleet):
    await serve_everywhere(fleet)
    fleet.processes["us-east"].is_paused = True
    await fleet.advance(25)
    assert len(await targets_of(fleet)) == 3
    fleet.now_ms += 290_000
    for _ in range(64):
        await fleet.advance(5)
    assert await targets_of(fleet) == {"eu-west": 3, "us-west": 3}
    assert await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
