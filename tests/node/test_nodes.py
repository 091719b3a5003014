"""The Node object, its Lease, and what a machine is like."""

from dataclasses import replace
from pathlib import Path

import pytest

from tradewind.node.nodes import NodeConfig, is_due, make_node, make_node_lease
from tradewind.node.vitals import Vitals, read_vitals
from tradewind.resources.core import Taint
from tradewind.resources.core_kinds import NODE
from tradewind.resources.meta import encode

NOW_MS = 1_800_000_000_000
NOW, LATER = "2027-01-15T08:00:00Z", "2027-01-15T08:00:10Z"
GIBIBYTE = 1024**3
WELL = Vitals("m1", "b1", "6.1.0", "Debian GNU/Linux 12", "amd64", 8 * GIBIBYTE, 0.5, 0.5)
CONFIG = NodeConfig("local", {"pods": "5", "cpu": 4}, "v0.2.0")


def test_a_node_offers_what_is_declared_and_says_where_it_is() -> None:
    config = NodeConfig(
        name="us-east-1-gpu",
        capacity={"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": "4"},
        version="v0.2.0",
        region="us-east-1",
        zone="us-east-1a",
        labels={"gpu-type": "a100"},
        taints=(Taint(key="gpu", effect="NoSchedule"),),
    )
    node = encode(make_node(config, WELL, NOW_MS))
    assert (node["apiVersion"], node["kind"], node["metadata"]["name"]) == ("v1", "Node", "us-east-1-gpu")
    assert node["metadata"]["labels"] == {
        "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": "us-east-1a",
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": "us-east-1-gpu",
        "kubernetes.io/os": "linux",
        "gpu-type": "a100",
    }
    capacity = {"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": "4", "pods": "110"}
    assert node["status"]["capacity"] == node["status"]["allocatable"] == capacity
    assert node["spec"]["taints"] == [{"key": "gpu", "effect": "NoSchedule"}]
    columns = {column.name: column.value(node, NOW_MS) for column in NODE.columns}
    assert [columns[name] for name in ("Status", "Version", "Internal-IP", "OS-Image", "Kernel-Version")] == [
        "Ready",
        "v0.2.0",
        "127.0.0.1",
        "Debian GNU/Linux 12",
        "6.1.0",
    ]
    assert columns["Container-Runtime"] == "process://0.2.0"


def test_a_declared_number_of_pods_goes_before_the_default_and_no_place_is_no_label() -> None:
    node = make_node(CONFIG, WELL, NOW_MS)
    assert node.status.allocatable == {"pods": "5", "cpu": "4"}
    assert "topology.kubernetes.io/region" not in node.metadata.labels


@pytest.mark.parametrize(
    ("vitals", "true"),
    [
        (WELL, ["Ready"]),
        (replace(WELL, memory_available_bytes=99 * 1024 * 1024), ["MemoryPressure", "Ready"]),
        (replace(WELL, disk_free_share=0.09), ["DiskPressure", "Ready"]),
        (replace(WELL, inodes_free_share=0.04), ["DiskPressure", "Ready"]),
    ],
)
def test_conditions_tell_of_pressure_as_kubelet_does(vitals: Vitals, true: list[str]) -> None:
    conditions = make_node(CONFIG, vitals, NOW_MS).status.conditions
    assert [one.type for one in conditions] == ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"]
    assert [one.type for one in conditions if one.status == "True"] == true
    assert all(one.reason and one.message and one.last_heartbeat_time == NOW for one in conditions)


def test_a_condition_keeps_the_time_of_its_transition() -> None:
    first = make_node(CONFIG, WELL, NOW_MS).status.conditions
    full = make_node(CONFIG, replace(WELL, disk_free_share=0.0), NOW_MS + 10_000, first).status.conditions
    assert {one.type: one.last_transition_time for one in full} == {
        "MemoryPressure": NOW,
        "DiskPressure": LATER,
        "PIDPressure": NOW,
        "Ready": NOW,
    }
    assert {one.last_heartbeat_time for one in full} == {LATER}


def test_a_status_is_written_when_it_is_new_and_every_five_minutes() -> None:
    stored = make_node(CONFIG, WELL, NOW_MS).status

    def wanted(vitals: Vitals, after_ms: int, config: NodeConfig = CONFIG) -> bool:
        return is_due(make_node(config, vitals, NOW_MS + after_ms, stored.conditions).status, stored)

    assert not wanted(WELL, 299_000)
    assert wanted(WELL, 300_000)
    assert wanted(replace(WELL, disk_free_share=0.0), 1_000)
    assert wanted(WELL, 1_000, replace(CONFIG, version="v0.3.0"))


def test_the_lease_goes_with_its_node() -> None:
    lease = make_node_lease(make_node(CONFIG, WELL, NOW_MS), NOW_MS)
    assert (lease.metadata.namespace, lease.metadata.name) == ("kube-node-lease", "local")
    assert lease.metadata.owner_references[0].name == "local"
    assert (lease.spec.holder_identity, lease.spec.lease_duration_seconds) == ("local", 40)
    assert lease.spec.renew_time == "2027-01-15T08:00:00.000000Z"


def test_this_machine_is_known(tmp_path: Path) -> None:
    vitals = read_vitals(tmp_path / "not" / "there" / "yet")
    assert vitals.memory_available_bytes > 0
    assert 0 <= vitals.disk_free_share <= 1
    assert 0 <= vitals.inodes_free_share <= 1
    assert all((vitals.kernel_version, vitals.os_image, vitals.architecture, vitals.boot_id))
