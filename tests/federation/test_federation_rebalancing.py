"""Asking for a division anew."""

import pytest

from tests.federation.fleet import Federation, identities
from tests.federation.test_federation import policy, service, targets_of
from tradewind.resources.core_kinds import NODE
from tradewind.resources.policy import PROPAGATION_POLICY
from tradewind.resources.rebalancer import WORKLOAD_REBALANCER
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError

DYNAMIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {"dynamicWeight": "AvailableReplicas"},
}
FRAUD = {
    "apiVersion": INFERENCE_SERVICE.api_version,
    "kind": "InferenceService",
    "namespace": "ml",
    "name": "fraud",
}


@pytest.fixture
async def fleet():
    made = Federation(identities(us_east="us-east-1", us_west="us-west-2"))
    await made.start()
    return made


async def give(fleet: Federation, cluster: str, cpu: str) -> None:
    node = await fleet.members[cluster].get(NODE, "", cluster)
    node["status"]["allocatable"] = {"cpu": cpu, "memory": "64Gi", "pods": "110"}
    await fleet.members[cluster].update_status(NODE, node)
    await fleet.settle()


def request(*workloads, **spec):
    return {"metadata": {"name": "now"}, "spec": {"workloads": list(workloads), **spec}}


async def test_replicas_follow_new_room_only_when_it_is_asked_for(fleet):
    await give(fleet, "us-west", "0")
    placed = policy({"us-east": 1, "us-west": 1})
    placed["spec"]["placement"]["replicaScheduling"] = DYNAMIC
    await fleet.apply(PROPAGATION_POLICY, placed)
    busy = service(replicas=8)
    busy["spec"]["predictor"]["model"]["resources"] = {"requests": {"cpu": "1"}}
    await fleet.apply(INFERENCE_SERVICE, busy)
    assert await targets_of(fleet) == {"us-east": 8}
    await give(fleet, "us-west", "24")
    await fleet.advance(1)
    assert await targets_of(fleet) == {"us-east": 8}
    await fleet.apply(WORKLOAD_REBALANCER, request(FRAUD))
    await fleet.advance(2)
    assert await targets_of(fleet) == {"us-east": 4, "us-west": 4}
    status = (await fleet.hub.get(WORKLOAD_REBALANCER, "", "now"))["status"]
    assert status["observedWorkloads"] == [{"workload": FRAUD, "result": "Successful"}]
    assert "finishTime" in status


async def test_an_object_that_is_not_there_is_told(fleet):
    await fleet.apply(WORKLOAD_REBALANCER, request({**FRAUD, "name": "nobody"}))
    [observed] = (await fleet.hub.get(WORKLOAD_REBALANCER, "", "now"))["status"]["observedWorkloads"]
    assert (observed["result"], observed["reason"]) == ("Failed", "ReferencedBindingNotFound")


async def test_a_request_goes_after_its_time(fleet):
    await fleet.apply(PROPAGATION_POLICY, policy({"us-east": 1}))
    await fleet.apply(INFERENCE_SERVICE, service())
    await fleet.advance(1)
    await fleet.apply(WORKLOAD_REBALANCER, request(FRAUD, ttlSecondsAfterFinished=30))
    await fleet.advance(29)
    assert await fleet.hub.get(WORKLOAD_REBALANCER, "", "now")
    await fleet.advance(2)
    with pytest.raises(ApiError, match="not found"):
        await fleet.hub.get(WORKLOAD_REBALANCER, "", "now")


@pytest.mark.parametrize(
    "spec",
    [
        {"workloads": []},
        {"workloads": [{**FRAUD, "name": ""}]},
        {"workloads": [FRAUD], "ttlSecondsAfterFinished": -1},
    ],
)
async def test_what_cannot_be_asked(fleet, spec):
    with pytest.raises(ApiError) as raised:
        await fleet.apply(WORKLOAD_REBALANCER, {"metadata": {"name": "now"}, "spec": spec})
    assert raised.value.code == 422
