"""What a service needs follows it."""

from functools import partial

import pytest

from tests.federation.fleet import Federation, exists, identities
from tests.federation.test_federation import policy, service
from tradewind.federation.controllers.dependencies import make_dependencies
from tradewind.resources.core_kinds import CONFIG_MAP, SECRET, SERVICE_ACCOUNT
from tradewind.resources.policy import PROPAGATION_POLICY
from tradewind.resources.registry import PROPAGATED_KINDS, find
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME, INFERENCE_SERVICE, SERVING_RUNTIME
from tradewind.resources.work import RESOURCE_BINDING

ML = {"namespace": "ml"}


@pytest.fixture
async def fleet():
    made = Federation(identities(us_east="us-east-1", us_west="us-west-2", eu_west="eu-west-1"))
    await made.start()
    return made


def only_services(*clusters, **spec):
    """A policy that selects the service and nothing else."""
    made = policy(dict.fromkeys(clusters, 1), propagateDeps=True, **spec)
    made["spec"]["resourceSelectors"] = made["spec"]["resourceSelectors"][:1]
    return made


def needy():
    one = service(replicas=2)
    one["spec"]["predictor"]["serviceAccountName"] = "robot"
    model = one["spec"]["predictor"]["model"]
    model["runtime"] = "mine"
    model["env"] = [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "later", "key": "b"}}},
    ]
    return one


RUNTIME = {
    "containers": [
        {"name": "kserve-container", "image": "mine:1", "envFrom": [{"secretRef": {"name": "licence"}}]}
    ]
}


async def needs(fleet: Federation) -> None:
    await fleet.apply(SERVICE_ACCOUNT, {"metadata": {**ML, "name": "robot"}, "secrets": [{"name": "s3"}]})
    await fleet.apply(SECRET, {"metadata": {**ML, "name": "s3"}})
    await fleet.apply(SECRET, {"metadata": {**ML, "name": "licence"}})
    await fleet.apply(SECRET, {"metadata": {**ML, "name": "unrelated"}})
    await fleet.apply(CONFIG_MAP, {"metadata": {**ML, "name": "settings"}})
    await fleet.apply(SERVING_RUNTIME, {"metadata": {**ML, "name": "mine"}, "spec": RUNTIME})


async def present(fleet: Federation, cluster: str) -> set[str]:
    found = set()
    for kind in (SECRET, CONFIG_MAP, SERVICE_ACCOUNT, SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME):
        items = (await fleet.members[cluster].list(kind)).items
        found |= {f"{kind.name}/{one['metadata']['name']}" for one in items}
    return found


ALL = {
    "ServiceAccount/robot",
    "Secret/s3",
    "Secret/licence",
    "ConfigMap/settings",
    "ServingRuntime/mine",
}


async def test_everything_that_a_service_needs_follows_it(fleet):
    await needs(fleet)
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east", "us-west"))
    await fleet.apply(INFERENCE_SERVICE, needy())
    assert await present(fleet, "us-east") == ALL
    assert await present(fleet, "us-west") == ALL
    assert await present(fleet, "eu-west") == set()


async def test_what_comes_later_follows_too(fleet):
    await needs(fleet)
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east"))
    await fleet.apply(INFERENCE_SERVICE, needy())
    await fleet.apply(SECRET, {"metadata": {**ML, "name": "later"}})
    assert await present(fleet, "us-east") == ALL | {"Secret/later"}


async def test_they_move_with_the_service_and_go_with_it(fleet):
    await needs(fleet)
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east"))
    await fleet.apply(INFERENCE_SERVICE, needy())
    await fleet.apply(PROPAGATION_POLICY, only_services("eu-west"))
    assert await present(fleet, "us-east") == set()
    assert await present(fleet, "eu-west") == ALL
    await fleet.hub.delete(INFERENCE_SERVICE, "ml", "fraud")
    await fleet.settle()
    assert await present(fleet, "eu-west") == set()
    assert (await fleet.hub.list(RESOURCE_BINDING)).items == []


async def test_what_is_no_longer_needed_goes(fleet):
    await needs(fleet)
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east"))
    await fleet.apply(INFERENCE_SERVICE, needy())
    modest = needy()
    del modest["spec"]["predictor"]["serviceAccountName"]
    await fleet.apply(INFERENCE_SERVICE, modest)
    assert await present(fleet, "us-east") == ALL - {"ServiceAccount/robot", "Secret/s3"}


async def test_one_that_two_services_need_stays_until_both_are_gone(fleet):
    await needs(fleet)
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east"))
    await fleet.apply(INFERENCE_SERVICE, needy())
    second = needy()
    second["metadata"]["name"] = "second"
    await fleet.apply(INFERENCE_SERVICE, second)
    await fleet.hub.delete(INFERENCE_SERVICE, "ml", "fraud")
    await fleet.settle()
    assert await present(fleet, "us-east") == ALL
    await fleet.hub.delete(INFERENCE_SERVICE, "ml", "second")
    await fleet.settle()
    assert await present(fleet, "us-east") == set()


async def test_one_with_a_policy_of_its_own_stays_there(fleet):
    await needs(fleet)
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east"))
    own = policy({"eu-west": 1})
    own["metadata"]["name"] = "secrets"
    own["spec"]["resourceSelectors"] = [{"apiVersion": "v1", "kind": "Secret", "name": "s3"}]
    await fleet.apply(PROPAGATION_POLICY, own)
    await fleet.apply(INFERENCE_SERVICE, needy())
    assert "Secret/s3" in await present(fleet, "us-east")
    assert await present(fleet, "eu-west") == {"Secret/s3"}
    await fleet.hub.delete(INFERENCE_SERVICE, "ml", "fraud")
    await fleet.settle()
    assert await present(fleet, "us-east") == set()
    assert await present(fleet, "eu-west") == {"Secret/s3"}


async def test_a_runtime_of_the_whole_cluster_follows(fleet):
    await fleet.apply(CLUSTER_SERVING_RUNTIME, {"metadata": {"name": "mine"}, "spec": RUNTIME})
    await fleet.apply(SECRET, {"metadata": {**ML, "name": "licence"}})
    await fleet.apply(PROPAGATION_POLICY, only_services("us-east"))
    await fleet.apply(INFERENCE_SERVICE, needy())
    assert await present(fleet, "us-east") == {"ClusterServingRuntime/mine", "Secret/licence"}


async def test_without_propagate_deps_nothing_follows(fleet):
    await needs(fleet)
    alone = only_services("us-east")
    alone["spec"]["propagateDeps"] = False
    await fleet.apply(PROPAGATION_POLICY, alone)
    await fleet.apply(INFERENCE_SERVICE, needy())
    assert await exists(fleet.members["us-east"], INFERENCE_SERVICE, "ml", "fraud")
    assert await present(fleet, "us-east") == set()


def test_what_it_reads_it_watches():
    """A hub that starts knows its objects kind by kind: what a step reads without a watch may still be
    missing, and what it needs would be taken from all clusters."""
    controller = make_dependencies(PROPAGATED_KINDS, partial(find, PROPAGATED_KINDS))
    watched = {watch.kind.resource for watch in controller.watches}
    assert watched >= {kind.resource for kind in PROPAGATED_KINDS}
