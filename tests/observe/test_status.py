"""Worlds in, the wanted rows out: what is dead, what is late, what is silent, and what to do next."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observe.objects import cluster, condition, failing_pod, loading_pod, ready_pod, service
from tradewind.observe.status import (
    FleetStatus,
    HubObjects,
    MemberFacts,
    ProcessFacts,
    fleet_status,
)
from tradewind.resources.fleet import Fleet, FleetCluster, FleetPorts, FleetSpec
from tradewind.resources.meta import ObjectMeta

FLEET = Fleet(
    metadata=ObjectMeta(name="demo"),
    spec=FleetSpec(
        ports=FleetPorts(base=7400),
        clusters=[
            FleetCluster(name="east", region="us-east-1"),
            FleetCluster(name="west", region="eu-west-1"),
        ],
    ),
)
ALIVE = MemberFacts(control_alive=True, gateway_alive=True, live_replicas=2)
DEAD = MemberFacts(control_alive=False, gateway_alive=False, live_replicas=0)
FACTS = ProcessFacts(hub_alive=True, front_door_alive=True, members={"east": ALIVE, "west": ALIVE})
READY = condition("Ready", "True")
CLUSTERS = [cluster("east", READY), cluster("west", READY)]
SHARES = {"east": {"replicas": 2, "readyReplicas": 2}, "west": {"replicas": 1, "readyReplicas": 1}}
SERVICE = service("fraud", READY, clusters=SHARES)
HUB = HubObjects(clusters=CLUSTERS, services=[SERVICE])
PODS: dict[str, Any] = {"east": [ready_pod("a"), ready_pod("b")], "west": [ready_pod("c")]}


def with_member(facts: MemberFacts, name: str = "west") -> ProcessFacts:
    return replace(FACTS, members={**FACTS.members, name: facts})


def test_all_is_well():
    status = fleet_status(FLEET, HUB, PODS, FACTS)
    assert status.problems == ()
    assert status.to_json() == {
        "fleet": "demo",
        "frontDoor": "http://127.0.0.1:7401",
        "clusters": [
            {
                "name": "east",
                "region": "us-east-1",
                "ready": True,
                "reason": "",
                "api": "https://127.0.0.1:7410",
                "gateway": "http://127.0.0.1:7411",
            },
            {
                "name": "west",
                "region": "eu-west-1",
                "ready": True,
                "reason": "",
                "api": "https://127.0.0.1:7420",
                "gateway": "http://127.0.0.1:7421",
            },
        ],
        "services": [
            {
                "namespace": "ml",
                "name": "fraud",
                "ready": True,
                "why": "",
                "url": "http://127.0.0.1:7401/serving/ml/fraud",
                "replicas": 3,
                "readyReplicas": 3,
                "clusters": {
                    "east": {"replicas": 2, "readyReplicas": 2, "why": ""},
                    "west": {"replicas": 1, "readyReplicas": 1, "why": ""},
                },
            }
        ],
    }


UNKNOWN = condition("Ready", "Unknown", "ClusterStatusUnknown", "no heartbeat for 41 s")
CLUSTER_CASES = {
    "control and gateway are dead": (
        CLUSTERS,
        PODS,
        DEAD,
        "process is not running; revive it with: tradewind drill revive west",
        "tradewind drill revive west",
    ),
    "the gateway alone is dead": (
        CLUSTERS,
        PODS,
        replace(ALIVE, gateway_alive=False),
        "gateway is not running; its member starts it again, or repair it with: tradewind up",
        "tradewind up",
    ),
    "it has not joined": (CLUSTERS[:1], PODS, ALIVE, "has not joined the hub yet", "tradewind logs west"),
    "it has joined and said nothing": (
        [CLUSTERS[0], cluster("west")],
        PODS,
        ALIVE,
        "has not reported its health yet",
        "tradewind describe cluster west",
    ),
    "its heartbeat stopped": (
        [CLUSTERS[0], cluster("west", UNKNOWN)],
        PODS,
        ALIVE,
        "ClusterStatusUnknown: no heartbeat for 41 s",
        "tradewind describe cluster west",
    ),
    "its API is silent but the hub holds it ready": (CLUSTERS, {**PODS, "west": None}, ALIVE, "", ""),
    "the hub is down": (None, PODS, ALIVE, "", ""),
    "the hub is down and its API is silent": (
        None,
        {**PODS, "west": None},
        ALIVE,
        "its API does not answer",
        "tradewind logs west",
    ),
}


@pytest.mark.parametrize(
    ("clusters", "pods", "facts", "reason", "command"), CLUSTER_CASES.values(), ids=CLUSTER_CASES
)
def test_cluster(clusters, pods, facts, reason, command):
    hub = None if clusters is None else HubObjects(clusters=clusters, services=[])
    east, west = fleet_status(FLEET, hub, pods, with_member(facts)).clusters
    assert (west.ready, west.reason, west.next_command) == (not reason, reason, command)
    assert east.ready


def one_service(manifest: dict[str, Any], pods: dict[str, Any] = PODS, facts: ProcessFacts = FACTS):
    status = fleet_status(FLEET, HubObjects(clusters=CLUSTERS, services=[manifest]), pods, facts)
    return status.services[0]


NOT_READY = condition("Ready", "False", "PredictorNotReady", "no runtime for format sklern")
DESCRIBE = "tradewind describe inferenceservice fraud -n ml"
LOADING = {"east": {"replicas": 2, "readyReplicas": 1, "why": "loading"}, "west": {"replicas": 1}}
SERVICE_CASES = {
    "ready everywhere": (SERVICE, PODS, (True, "", 3, 3, "")),
    "ready with one replica short": (
        service("fraud", READY, clusters=LOADING),
        PODS,
        (True, "east: loading", 3, 1, ""),
    ),
    "not ready, the condition says why": (
        service("fraud", NOT_READY),
        {},
        (False, "PredictorNotReady: no runtime for format sklern", 1, 0, DESCRIBE),
    ),
    "nothing has looked at it": (
        service("fraud", minReplicas=3),
        {},
        (False, "no cluster runs it yet", 3, 0, DESCRIBE),
    ),
    "placed, and nothing said yet": (
        service("fraud", clusters={"east": {"replicas": 2}}),
        {},
        (False, "starting", 2, 0, DESCRIBE),
    ),
    "a replica fails, so its log is next": (
        service("fraud", NOT_READY, clusters={"east": {"replicas": 1, "why": "corrupt model"}}),
        {"east": [loading_pod("a"), failing_pod("b")]},
        (False, "east: corrupt model", 1, 0, "tradewind logs b -n ml --cluster east"),
    ),
    "scaled to zero": (
        service("fraud", READY, clusters={"east": {"replicas": 0, "readyReplicas": 0}}),
        {},
        (True, "", 0, 0, ""),
    ),
}


@pytest.mark.parametrize(("manifest", "pods", "wanted"), SERVICE_CASES.values(), ids=SERVICE_CASES)
def test_service(manifest, pods, wanted):
    found = one_service(manifest, pods)
    assert (found.ready, found.why, found.replicas, found.ready_replicas, found.next_command) == wanted


def test_a_dead_member_counts_only_replicas_that_still_run():
    """The hub's count is from before the member died; its lease has not expired yet."""
    half = MemberFacts(control_alive=False, gateway_alive=True, live_replicas=1)
    found = one_service(SERVICE, PODS, with_member(half, "east"))
    assert found.clusters["east"].ready_replicas == 1
    assert found.clusters["east"].why.startswith("process is not running")
    assert (found.ready, found.replicas, found.ready_replicas) == (True, 3, 2)
    assert "east: process is not running" in found.why


def test_with_every_member_dead_nothing_is_ready():
    facts = replace(FACTS, members={"east": DEAD, "west": DEAD})
    found = one_service(SERVICE, {"east": None, "west": None}, facts)
    assert not found.ready
    assert found.ready_replicas == 0
    assert found.next_command == DESCRIBE


def test_without_the_hub_services_are_counted_from_pods():
    facts = replace(FACTS, hub_alive=False)
    pods = {"east": [ready_pod("a"), loading_pod("b")], "west": [ready_pod("x", service="")]}
    status = fleet_status(FLEET, None, pods, facts)
    (found,) = status.services
    assert status.problems == ("the hub is down; serving goes on; start it again with: tradewind up",)
    assert (found.name, found.ready, found.replicas, found.ready_replicas) == ("fraud", True, 2, 1)
    assert found.url == "http://127.0.0.1:7401/serving/ml/fraud"
    assert found.clusters["east"].why == "loading"


def test_a_silent_hub_and_a_dead_front_door_are_problems():
    status = fleet_status(FLEET, None, PODS, replace(FACTS, front_door_alive=False))
    assert [problem.partition(";")[0] for problem in status.problems] == [
        "the hub runs but does not answer",
        "the front door is down",
    ]


def test_rows_come_in_a_fixed_order():
    services = [service("b", READY), service("a", READY)]
    status = fleet_status(FLEET, HubObjects(CLUSTERS[::-1], services), PODS, FACTS)
    assert [one.name for one in status.clusters] == ["east", "west"]
    assert [one.name for one in status.services] == ["a", "b"]


MEMBER_FACTS = st.builds(MemberFacts, st.booleans(), st.booleans(), st.integers(0, 4))
POD_LISTS = st.none() | st.lists(
    st.sampled_from([ready_pod("a"), loading_pod("b"), failing_pod("c")]), max_size=3
)
SERVICES = st.sampled_from([SERVICE, service("fraud"), service("fraud", NOT_READY), service("fraud", READY)])


@given(
    hub=st.none()
    | st.builds(HubObjects, st.sampled_from([CLUSTERS, CLUSTERS[:1], []]), st.lists(SERVICES, max_size=1)),
    pods=st.fixed_dictionaries({"east": POD_LISTS, "west": POD_LISTS}),
    facts=st.builds(
        ProcessFacts,
        st.booleans(),
        st.booleans(),
        st.fixed_dictionaries({"east": MEMBER_FACTS, "west": MEMBER_FACTS}),
    ),
)
def test_every_row_that_is_not_ready_has_a_reason_and_a_next_command(hub, pods, facts):
    status: FleetStatus = fleet_status(FLEET, hub, pods, facts)
    for row in status.clusters:
        assert row.ready == (row.reason == "")
        assert row.ready or row.next_command.startswith("tradewind ")
    for row in status.services:
        assert row.ready or (row.why and row.next_command.startswith("tradewind "))
        assert 0 <= row.ready_replicas <= row.replicas
