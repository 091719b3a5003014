"""What a member tells the hub of itself."""

from dataclasses import replace as changed

import pytest

from tests.federation.objects import NOW_MS, taint
from tradewind.federation.health import GRACE_MS, RENEW_MS
from tradewind.federation.member import (
    MemberIdentity,
    api_enablements,
    make_cluster,
    make_lease,
    make_status,
    renewal_due_ms,
)
from tradewind.resources import labels
from tradewind.resources.cluster_types import ClusterStatus
from tradewind.resources.core import Node
from tradewind.resources.meta import decode, replace
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.serving_kinds import INFERENCE_SERVICE

EAST = MemberIdentity(
    name="east",
    api_endpoint="https://127.0.0.1:7410",
    gateway_url="http://127.0.0.1:7411",
    peer_gateway="127.0.0.1:7412",
    provider="aws",
    region="us-east-1",
    zone="us-east-1a",
    labels={"gpu": "a100"},
    taints=(taint("gpu-only"),),
    order=2,
    rtt_ms={"eu-west-1": 80},
)


def test_a_new_cluster():
    made = make_cluster(EAST, None)
    assert made.metadata.name == "east"
    assert made.spec.sync_mode == "Pull"
    assert made.spec.zones == ["us-east-1a"]
    assert made.metadata.labels == {"gpu": "a100"}
    assert made.spec.taints == [taint("gpu-only")]
    notes = made.metadata.annotations
    assert notes[labels.PEER_GATEWAY] == "127.0.0.1:7412"
    assert notes[labels.ROUND_TRIP_MS] == '{"eu-west-1": 80}'
    assert make_cluster(EAST, made) == made


def test_what_people_change_at_the_hub_stays():
    made = make_cluster(EAST, None)
    edited = replace(
        made,
        metadata=replace(made.metadata, labels={"gpu": "h100", "tier": "gold"}, finalizers=["f"]),
        spec=replace(made.spec, taints=[taint("cluster.karmada.io/unreachable")]),
    )
    assert make_cluster(EAST, edited) == edited


def test_a_changed_declaration_is_applied_and_the_rest_stays():
    made = make_cluster(EAST, None)
    edited = replace(
        made,
        metadata=replace(made.metadata, labels={"gpu": "a100", "tier": "gold"}),
        spec=replace(made.spec, taints=[taint("gpu-only"), taint("maintenance")]),
    )
    moved = changed(EAST, labels={"cpu": "arm"}, taints=(taint("arm-only"),))
    again = make_cluster(moved, edited)
    assert again.metadata.labels == {"tier": "gold", "cpu": "arm"}
    assert again.spec.taints == [taint("maintenance"), taint("arm-only")]


def test_a_declaration_that_was_tampered_with_counts_as_none():
    made = make_cluster(EAST, None)
    notes = {**made.metadata.annotations, "tradewind.dev/declared": "{broken"}
    again = make_cluster(EAST, replace(made, metadata=replace(made.metadata, annotations=notes)))
    assert again == made


def node(ready: str, **allocatable: str) -> Node:
    status = {"allocatable": allocatable, "conditions": [{"type": "Ready", "status": ready}]}
    return decode({"metadata": {"name": "n"}, "status": status}, Node)


def test_a_report():
    status = make_status(
        EAST, ClusterStatus(), [], [INFERENCE_SERVICE], [node("True"), node("False")], [], NOW_MS
    )
    assert status.conditions[0].status == "True"
    assert status.node_summary is not None
    assert (status.node_summary.total_num, status.node_summary.ready_num) == (2, 1)
    assert (
        make_status(EAST, status, [], [INFERENCE_SERVICE], [node("True"), node("False")], [], NOW_MS + 5)
        == status
    )


def test_every_served_version_is_enabled():
    found = {
        one.group_version: [each.kind for each in one.resources]
        for one in api_enablements([DESTINATION_RULE])
    }
    assert found == {
        "networking.istio.io/v1": ["DestinationRule"],
        "networking.istio.io/v1beta1": ["DestinationRule"],
    }


def test_a_lease_is_renewed_in_place():
    first = make_lease(EAST, None, NOW_MS)
    second = make_lease(EAST, first, NOW_MS + RENEW_MS)
    assert first.spec.lease_duration_seconds == GRACE_MS // 1000
    assert (first.metadata.namespace, first.metadata.name) == ("karmada-cluster", "east")
    assert second.spec.acquire_time == first.spec.acquire_time == first.spec.renew_time
    assert renewal_due_ms(second) == NOW_MS + 2 * RENEW_MS
    assert renewal_due_ms(None) == 0


@pytest.mark.parametrize("identity", [EAST, changed(EAST, zone="")])
def test_zones(identity):
    assert make_cluster(identity, None).spec.zones == ([identity.zone] if identity.zone else [])
