"""The whole way of an object: from a manifest at the hub to members and back, and when things go."""

import pytest

from tests.federation.fleet import FRONT_DOOR, Federation, exists, identities
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import ENDPOINT_SLICE, SECRET
from tradewind.resources.policy import PROPAGATION_POLICY
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import RESOURCE_BINDING, WORK

WEIGHTS = {"us-east": 3, "us-west": 2, "eu-west": 1}


def policy(weights=WEIGHTS, **spec):
    return {
        "metadata": {"namespace": "ml", "name": "everything"},
        "spec": {
            "resourceSelectors": [
                {"apiVersion": INFERENCE_SERVICE.api_version, "kind": INFERENCE_SERVICE.name},
                {"apiVersion": "v1", "kind": "Secret"},
            ],
            "placement": {
                "clusterAffinity": {"clusterNames": list(weights)},
                "replicaScheduling": {
                    "weightPreference": {
                        "staticWeightList": [
                            {"targetCluster": {"clusterNames": [name]}, "weight": weight}
                            for name, weight in weights.items()
                        ]
                    }
                },
            },
            **spec,
        },
    }


def service(replicas=6, maximum=12, name="fraud"):
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}
    return {
        "metadata": {"namespace": "ml", "name": name},
        "spec": {"predictor": {"minReplicas": replicas, "maxReplicas": maximum, "model": model}},
    }


def running(replicas: int) -> dict:
    return {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "PredictorReady", "status": "True"}],
        "replicas": {"replicas": replicas, "readyReplicas": replicas},
        "url": "http://somewhere",
    }


@pytest.fixture
async def fleet():
    made = Federation(identities(us_east="us-east-1", us_west="us-west-2", eu_west="eu-west-1"))
    await made.start()
    return made


async def predictor_in(fleet: Federation, cluster: str, name="fraud") -> dict:
    return (await fleet.members[cluster].get(INFERENCE_SERVICE, "ml", name))["spec"]["predictor"]


async def targets_of(fleet: Federation, name="fraud-inferenceservice") -> dict[str, int]:
    binding = await fleet.hub.get(RESOURCE_BINDING, "ml", name)
    return {one["name"]: one.get("replicas", 0) for one in binding["spec"].get("clusters", [])}


async def condition_of(fleet: Federation, type_: str, name="fraud") -> dict:
    status = (await fleet.hub.get(INFERENCE_SERVICE, "ml", name)).get("status", {})
    return next(one for one in status["conditions"] if one["type"] == type_)


async def taints_of(fleet: Federation, cluster: str) -> list[str]:
    found = (await fleet.hub.get(CLUSTER, "", cluster))["spec"].get("taints", [])
    return [f"{taint['key']}:{taint['effect']}" for taint in found]


async def test_members_join_and_report_what_they_have(fleet):
    for name in WEIGHTS:
        cluster = await fleet.hub.get(CLUSTER, "", name)
        assert cluster["status"]["conditions"][0]["status"] == "True"
        assert "taints" not in cluster["spec"]
        assert cluster["status"]["nodeSummary"] == {"totalNum": 1, "readyNum": 1}
        assert cluster["status"]["resourceSummary"]["allocatable"]["memory"] == "64Gi"


async def test_a_service_is_divided_and_its_status_comes_back(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    assert await targets_of(fleet) == {"us-east": 3, "us-west": 2, "eu-west": 1}
    shares = {name: await predictor_in(fleet, name) for name in WEIGHTS}
    assert {name: share["minReplicas"] for name, share in shares.items()} == WEIGHTS
    assert {name: share["maxReplicas"] for name, share in shares.items()} == {
        "us-east": 6,
        "us-west": 4,
        "eu-west": 2,
    }
    assert (await condition_of(fleet, "Ready"))["status"] == "Unknown"
    for name, replicas in WEIGHTS.items():
        await fleet.report(name, INFERENCE_SERVICE, "ml", "fraud", running(replicas))
    status = (await fleet.hub.get(INFERENCE_SERVICE, "ml", "fraud"))["status"]
    assert (await condition_of(fleet, "AllClustersReady"))["status"] == "True"
    assert status["url"] == f"{FRONT_DOOR}/serving/ml/fraud"
    assert status["replicas"] == {"replicas": 6, "readyReplicas": 6}
    assert status["observedGeneration"] == 1


async def test_a_change_of_the_template_reaches_the_members_and_their_drift_is_undone(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service(replicas=6))
    await fleet.apply(INFERENCE_SERVICE, service(replicas=12, maximum=0))
    assert (await predictor_in(fleet, "us-east"))["minReplicas"] == 6
    drifted = await fleet.members["us-east"].get(INFERENCE_SERVICE, "ml", "fraud")
    drifted["spec"]["predictor"]["minReplicas"] = 1
    drifted["metadata"]["labels"]["team"] = "member"
    await fleet.members["us-east"].update(INFERENCE_SERVICE, drifted)
    await fleet.settle()
    assert (await predictor_in(fleet, "us-east"))["minReplicas"] == 6
    mended = await fleet.members["us-east"].get(INFERENCE_SERVICE, "ml", "fraud")
    assert mended["metadata"]["labels"]["team"] == "member"


async def test_a_cluster_without_a_share_gets_no_work(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service(replicas=2))
    assert await targets_of(fleet) == {"us-east": 1, "us-west": 1}
    assert not await exists(fleet.members["eu-west"], INFERENCE_SERVICE, "ml", "fraud")


async def test_a_service_scaled_to_zero_waits_in_every_cluster_with_a_weight(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service(replicas=0, maximum=2))
    assert await targets_of(fleet) == {"us-east": 0, "us-west": 0, "eu-west": 0}
    assert (await predictor_in(fleet, "eu-west"))["minReplicas"] == 0
    assert (await predictor_in(fleet, "eu-west"))["maxReplicas"] == 1


async def test_objects_without_replicas_go_to_every_cluster(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(SECRET, {"metadata": {"namespace": "ml", "name": "s3"}, "data": {"key": "c2VjcmV0"}})
    for member in fleet.members.values():
        assert (await member.get(SECRET, "ml", "s3"))["data"] == {"key": "c2VjcmV0"}


async def test_deleting_the_template_empties_the_members(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    await fleet.hub.delete(INFERENCE_SERVICE, "ml", "fraud")
    await fleet.settle()
    assert not (await fleet.hub.list(WORK)).items
    assert not (await fleet.hub.list(RESOURCE_BINDING)).items
    for member in fleet.members.values():
        assert not (await member.list(INFERENCE_SERVICE)).items
        assert not (await member.list(ENDPOINT_SLICE)).items


async def test_deleting_the_policy_only_ends_the_claim(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    await fleet.hub.delete(PROPAGATION_POLICY, "ml", "everything")
    await fleet.settle()
    template = await fleet.hub.get(INFERENCE_SERVICE, "ml", "fraud")
    assert "propagationpolicy.karmada.io/permanent-id" not in template["metadata"].get("labels", {})
    assert await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")


async def test_preserved_objects_stay_without_marks(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy(preserveResourcesOnDeletion=True))
    await fleet.apply(INFERENCE_SERVICE, service())
    await fleet.hub.delete(INFERENCE_SERVICE, "ml", "fraud")
    await fleet.settle()
    left = await fleet.members["us-east"].get(INFERENCE_SERVICE, "ml", "fraud")
    assert not (await fleet.hub.list(WORK)).items
    marks = {**left["metadata"].get("labels", {}), **left["metadata"].get("annotations", {})}
    assert not [key for key in marks if "karmada.io" in key]


async def test_without_a_policy_the_service_says_so(fleet):
    await fleet.apply(INFERENCE_SERVICE, service())
    ready = await condition_of(fleet, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "NoPolicyMatches")
    assert 'namespace "ml"' in ready["message"]


async def test_a_misspelt_cluster_is_named(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy({"us-esat": 1}))
    await fleet.apply(INFERENCE_SERVICE, service())
    ready = await condition_of(fleet, "Ready")
    assert ready["reason"] == "NoClusterFit"
    assert "0/3 clusters are available: 3 cluster(s) did not match" in ready["message"]
    assert "eu-west, us-east, us-west" in ready["message"]


async def test_a_foreign_object_is_left_alone_until_overwrite_is_asked_for(fleet):
    await fleet.members["us-east"].create(
        SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "ml", "name": "s3"}}
    )
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(SECRET, {"metadata": {"namespace": "ml", "name": "s3"}, "data": {"key": "c2VjcmV0"}})
    assert "data" not in await fleet.members["us-east"].get(SECRET, "ml", "s3")
    binding = await fleet.hub.get(RESOURCE_BINDING, "ml", "s3-secret")
    refused = binding["status"]["aggregatedStatus"][1]
    assert refused["clusterName"] == "us-east"
    assert "already exists in cluster us-east" in refused["appliedMessage"]
    await fleet.apply(PROPAGATION_POLICY, policy(conflictResolution="Overwrite"))
    assert (await fleet.members["us-east"].get(SECRET, "ml", "s3"))["data"] == {"key": "c2VjcmV0"}


async def test_suspended_dispatching_holds_back_content(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service(replicas=6))
    held = {"dispatchingOnClusters": {"clusterNames": ["us-east"]}}
    await fleet.apply(PROPAGATION_POLICY, policy(suspension=held))
    await fleet.apply(INFERENCE_SERVICE, service(replicas=12))
    assert (await predictor_in(fleet, "us-east"))["minReplicas"] == 3
    assert (await predictor_in(fleet, "us-west"))["minReplicas"] == 4


async def test_every_cluster_learns_where_else_a_service_runs(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy({"us-east": 1, "us-west": 1}))
    await fleet.apply(INFERENCE_SERVICE, service(replicas=2))
    await fleet.report("us-east", INFERENCE_SERVICE, "ml", "fraud", running(1))
    imported = {
        name: [one["metadata"]["name"] for one in (await member.list(ENDPOINT_SLICE)).items]
        for name, member in fleet.members.items()
    }
    assert imported == {
        "us-east": ["imported-us-west-fraud-predictor"],
        "us-west": ["imported-us-east-fraud-predictor"],
        "eu-west": ["imported-us-east-fraud-predictor", "imported-us-west-fraud-predictor"],
    }
    slices = {
        one["metadata"]["name"]: one for one in (await fleet.members["eu-west"].list(ENDPOINT_SLICE)).items
    }
    east = slices["imported-us-east-fraud-predictor"]
    assert east["endpoints"][0]["conditions"] == {"ready": True}
    assert east["ports"][0]["port"] == 7412
    assert east["metadata"]["labels"]["tradewind.dev/cluster"] == "us-east"
    west = slices["imported-us-west-fraud-predictor"]
    assert west["endpoints"][0]["conditions"] == {"ready": False}
    await fleet.apply(PROPAGATION_POLICY, policy({"us-west": 1}))
    left = [one["metadata"]["name"] for one in (await fleet.members["eu-west"].list(ENDPOINT_SLICE)).items]
    assert left == ["imported-us-west-fraud-predictor"]


async def test_a_silent_member_is_noticed_and_comes_back_without_losing_anything(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    for name, replicas in WEIGHTS.items():
        await fleet.report(name, INFERENCE_SERVICE, "ml", "fraud", running(replicas))
    fleet.processes["us-east"].is_paused = True
    await fleet.advance(30)
    assert await taints_of(fleet, "us-east") == ["cluster.karmada.io/unreachable:NoSchedule"]
    assert (await condition_of(fleet, "Ready"))["status"] == "True"
    everywhere = await condition_of(fleet, "AllClustersReady")
    assert (everywhere["status"], everywhere["reason"]) == ("False", "ClusterUnreachable")
    assert everywhere["message"].startswith("us-east: unreachable since ")
    counts = (await fleet.hub.get(INFERENCE_SERVICE, "ml", "fraud"))["status"]["clusters"]["us-east"]
    assert counts["readyReplicas"] == 3 and "unreachable since" in counts["why"]
    assert await targets_of(fleet) == WEIGHTS
    fleet.processes["us-east"].is_paused = False
    await fleet.advance(3)
    assert (await condition_of(fleet, "AllClustersReady"))["status"] == "True"
    assert await taints_of(fleet, "us-east") == ["cluster.karmada.io/unreachable:NoSchedule"]
    await fleet.advance(10)
    assert await taints_of(fleet, "us-east") == []


async def test_a_cluster_that_comes_and_goes_is_given_no_new_work(fleet):
    fleet.processes["us-east"].is_paused = True
    await fleet.advance(30)
    for _ in range(3):
        fleet.processes["us-east"].is_paused = False
        await fleet.advance(5)
        fleet.processes["us-east"].is_paused = True
        await fleet.advance(12)
        assert await taints_of(fleet, "us-east") == ["cluster.karmada.io/unreachable:NoSchedule"]


async def test_a_hub_that_was_away_does_not_blame_its_members(fleet):
    fleet.processes["hub"].is_paused = True
    for name in fleet.members:
        fleet.processes[name].is_paused = True
    await fleet.advance(300)
    fleet.processes["hub"].is_paused = False
    await fleet.advance(9)
    for name in fleet.members:
        fleet.processes[name].is_paused = False
    await fleet.advance(30)
    events = [one["reason"] for one in (await fleet.hub.list(CLUSTER)).items if one["spec"].get("taints")]
    assert not events


async def test_a_deleted_cluster_is_emptied_and_what_it_had_goes_elsewhere(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(INFERENCE_SERVICE, service())
    fleet.processes["eu-west"].is_paused = True
    await fleet.advance(30)
    await fleet.hub.delete(CLUSTER, "", "eu-west")
    await fleet.settle()
    assert not await exists(fleet.hub, CLUSTER, "", "eu-west")
    assert await targets_of(fleet) == {"us-east": 4, "us-west": 2}
    assert not (await fleet.hub.list(WORK, "karmada-es-eu-west")).items


async def test_two_policies_the_more_specific_wins_and_keeps_its_claim(fleet):
    general, specific = policy({"us-west": 1}), policy({"us-east": 1})
    specific["metadata"]["name"] = "z-specific"
    specific["spec"]["resourceSelectors"][0]["name"] = "fraud"
    await fleet.apply(PROPAGATION_POLICY, general)
    await fleet.apply(INFERENCE_SERVICE, service())
    assert list(await targets_of(fleet)) == ["us-west"]
    await fleet.apply(PROPAGATION_POLICY, specific)
    assert list(await targets_of(fleet)) == ["us-west"]
    await fleet.hub.delete(PROPAGATION_POLICY, "ml", "everything")
    await fleet.settle()
    assert list(await targets_of(fleet)) == ["us-east"]


async def test_groups_of_clusters_are_tried_in_order(fleet):
    placed = policy()
    placed["spec"]["placement"] = {
        "clusterAffinities": [
            {"affinityName": "first", "clusterNames": ["nowhere"]},
            {"affinityName": "second", "clusterNames": ["us-west", "eu-west"]},
        ],
        "replicaScheduling": {"replicaSchedulingType": "Divided"},
    }
    await fleet.apply(PROPAGATION_POLICY, placed)
    await fleet.apply(INFERENCE_SERVICE, service(replicas=2))
    assert await targets_of(fleet) == {"us-west": 1, "eu-west": 1}
    binding = await fleet.hub.get(RESOURCE_BINDING, "ml", "fraud-inferenceservice")
    assert binding["status"]["schedulerObservingAffinityName"] == "second"


async def test_dynamic_division_follows_free_capacity(fleet):
    placed = policy()
    placed["spec"]["placement"]["replicaScheduling"] = {
        "replicaDivisionPreference": "Aggregated",
    }
    greedy = service(replicas=5, maximum=0)
    greedy["spec"]["predictor"]["model"]["resources"] = {"requests": {"cpu": "4", "memory": "1Gi"}}
    await fleet.apply(PROPAGATION_POLICY, placed)
    await fleet.apply(INFERENCE_SERVICE, greedy)
    assert sum((await targets_of(fleet)).values()) == 5
    assert len(await targets_of(fleet)) == 2
    greedy["spec"]["predictor"]["minReplicas"] = 40
    await fleet.apply(INFERENCE_SERVICE, greedy)
    assert sum((await targets_of(fleet)).values()) == 5
    everywhere = await condition_of(fleet, "AllClustersReady")
    assert everywhere["reason"] == "Unschedulable"


async def end_of(fails_at: int) -> list[object]:
    """What everybody has at the end of a service's life with changes, when every so many writes fail."""
    fleet = Federation(identities(us_east="us-east-1", us_west="us-west-2", eu_west="eu-west-1"), fails_at)
    await fleet.start()
    await fleet.apply(PROPAGATION_POLICY, policy())
    await fleet.apply(SECRET, {"metadata": {"namespace": "ml", "name": "s3"}, "data": {"key": "c2VjcmV0"}})
    await fleet.apply(INFERENCE_SERVICE, service(replicas=6))
    await fleet.report("us-east", INFERENCE_SERVICE, "ml", "fraud", running(3))
    await fleet.apply(PROPAGATION_POLICY, policy({"us-east": 1, "us-west": 1}))
    await fleet.hub.delete(SECRET, "ml", "s3")
    await fleet.settle()
    service_at_hub = await fleet.hub.get(INFERENCE_SERVICE, "ml", "fraud")
    return [
        await targets_of(fleet),
        service_at_hub["status"]["clusters"],
        sorted(one["metadata"]["name"] for one in (await fleet.hub.list(WORK)).items),
        [
            [(one["metadata"]["name"], one.get("spec")) for one in (await member.list(kind)).items]
            for member in fleet.members.values()
            for kind in (INFERENCE_SERVICE, SECRET, ENDPOINT_SLICE)
        ],
    ]


@pytest.mark.parametrize("fails_at", [2, 3, 5, 7])
async def test_whichever_write_fails_the_end_is_the_same(fails_at):
    assert await end_of(fails_at) == await end_of(0)
