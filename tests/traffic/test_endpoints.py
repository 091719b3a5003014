"""Service + Pods → EndpointSlices."""

import pytest

from tests.traffic.objects import MEMBER_LABELS, make_pod, make_service
from tradewind.controller.plan import Delete, Put
from tradewind.resources import labels
from tradewind.resources.core import Container, ContainerPort, EndpointSlice, PodSpec, ServicePort
from tradewind.resources.core_kinds import ENDPOINT_SLICE
from tradewind.resources.meta import decode, replace
from tradewind.traffic.endpoints import (
    MANAGER,
    host_port,
    make_endpoint,
    make_slices,
    plan_endpoints,
    plan_removal,
    services_of,
)

NAMED = ContainerPort(name="http1", container_port=8080, host_port=9001)
GRPC = ContainerPort(name="h2c", container_port=8033, host_port=9002)


@pytest.mark.parametrize(
    ("pod", "wanted"),
    [
        pytest.param(make_pod("a"), (True, True, False), id="ready"),
        pytest.param(make_pod("a", ready=False), (False, False, False), id="running but not ready"),
        pytest.param(make_pod("a", deleting=True), (False, True, True), id="deleted, still answers"),
        pytest.param(make_pod("a", ready=False, deleting=True), (False, False, True), id="deleted, silent"),
    ],
)
def test_conditions(pod, wanted):
    found = make_endpoint(make_service(), pod).conditions
    assert (found.ready, found.serving, found.terminating) == wanted


def test_a_service_may_publish_what_is_not_ready():
    service = make_service(publish_not_ready_addresses=True)
    assert make_endpoint(service, make_pod("a", ready=False)).conditions.ready is True


def test_an_endpoint_says_who_it_is():
    endpoint = make_endpoint(make_service(), make_pod("a"))
    assert endpoint.addresses == ["127.0.0.1"]
    assert endpoint.node_name == "node-1"
    assert endpoint.target_ref == {"kind": "Pod", "namespace": "ml", "name": "a", "uid": "uid-a"}


@pytest.mark.parametrize(
    ("target", "wanted"), [("http1", 9001), (8080, 9001), ("h2c", 9002), ("absent", None), (9001, None)]
)
def test_the_target_port_is_found_by_name_or_number(target, wanted):
    pod = replace(make_pod("a"), spec=PodSpec(containers=[Container(name="c", ports=[NAMED, GRPC])]))
    assert host_port(target, pod) == wanted


@pytest.mark.parametrize(
    "pod",
    [
        pytest.param(make_pod("a", pod_ip=""), id="no address yet"),
        pytest.param(make_pod("a", host_port=0), id="no port yet"),
        pytest.param(make_pod("a", phase="Failed"), id="failed"),
        pytest.param(make_pod("a", phase="Succeeded"), id="finished"),
        pytest.param(make_pod("a", pod_labels={"component": "predictor"}), id="not selected"),
    ],
)
def test_a_pod_that_cannot_answer_is_left_out(pod):
    (only,) = make_slices(make_service(), [pod])
    assert (only.metadata.name, only.endpoints, only.ports) == ("fraud-predictor", [], [])


def test_one_slice_for_each_set_of_ports():
    slices = make_slices(make_service(), [make_pod("b", 9002), make_pod("a", 9001)])
    assert [one.metadata.name for one in slices] == ["fraud-predictor.9001", "fraud-predictor.9002"]
    assert [[port.port for port in one.ports] for one in slices] == [[9001], [9002]]
    assert [one.endpoints[0].target_ref["name"] for one in slices] == ["a", "b"]  # type: ignore[index]


def test_a_slice_belongs_to_its_service():
    service = make_service(annotations={labels.HEALTH_PATH: "/health", "other": "stays away"})
    (only,) = make_slices(service, [make_pod("a")])
    assert only.metadata.labels == {
        **MEMBER_LABELS,
        labels.SERVICE_NAME: "fraud-predictor",
        labels.SLICE_MANAGED_BY: MANAGER,
    }
    assert only.metadata.annotations == {labels.HEALTH_PATH: "/health"}
    (owner,) = only.metadata.owner_references
    assert (owner.kind, owner.name, owner.uid, owner.controller) == (
        "Service",
        "fraud-predictor",
        "service-uid",
        True,
    )


def test_a_service_without_selector_is_somebody_elses():
    assert make_slices(make_service(selector={}), [make_pod("a")]) == []


def test_a_port_without_target_is_its_own_target():
    service = make_service(ports=[ServicePort(name="http", port=8080)])
    (only,) = make_slices(service, [make_pod("a")])
    assert [(port.name, port.port, port.protocol) for port in only.ports] == [("http", 9001, "TCP")]


def stored(slices: list[EndpointSlice]) -> list[EndpointSlice]:
    """As the API hands them back."""
    return [
        replace(one, metadata=replace(one.metadata, uid=f"uid-{one.metadata.name}", resource_version="5"))
        for one in slices
    ]


def test_the_first_plan_creates():
    (put,) = plan_endpoints(make_service(), [make_pod("a")], []).effects
    assert isinstance(put, Put)
    assert put.kind is ENDPOINT_SLICE
    assert put.manifest["apiVersion"] == "discovery.k8s.io/v1"
    assert put.manifest["endpoints"][0]["conditions"] == {
        "ready": True,
        "serving": True,
        "terminating": False,
    }
    assert "uid" not in put.manifest["metadata"]


def test_nothing_changed_nothing_written():
    pods = [make_pod("a", 9001), make_pod("b", 9002)]
    service = make_service()
    assert plan_endpoints(service, pods, stored(make_slices(service, pods))).effects == ()


def test_only_what_changed_is_written():
    service, a, b = make_service(), make_pod("a", 9001), make_pod("b", 9002)
    slices = stored(make_slices(service, [a, b]))
    (put,) = plan_endpoints(service, [a, make_pod("b", 9002, deleting=True)], slices).effects
    assert isinstance(put, Put)
    changed = decode(put.manifest, EndpointSlice)
    assert changed.metadata.name == "fraud-predictor.9002"
    assert changed.metadata.uid == "uid-fraud-predictor.9002"
    assert changed.metadata.resource_version == "5"
    assert changed.endpoints[0].conditions.terminating


def test_the_last_pod_leaves_an_empty_slice_before_its_own_goes():
    service = make_service()
    slices = stored(make_slices(service, [make_pod("a")]))
    put, delete = plan_endpoints(service, [], slices).effects
    assert isinstance(put, Put) and put.manifest["metadata"]["name"] == "fraud-predictor"
    assert delete == Delete(ENDPOINT_SLICE, "ml", "fraud-predictor.9001", "uid-fraud-predictor.9001")


def test_the_slices_of_a_removed_service_go():
    slices = stored(make_slices(make_service(), [make_pod("a")]))
    assert plan_removal(slices).effects == (
        Delete(ENDPOINT_SLICE, "ml", "fraud-predictor.9001", "uid-fraud-predictor.9001"),
    )


def test_services_of_a_pod():
    services = [make_service(), make_service(selector={"app": "other"}), make_service(selector={})]
    assert services_of(make_pod("a"), services) == ["fraud-predictor"]
