"""The Node object."""

from tradewind.node.nodes import NodeConfig, make_node
from tradewind.resources.core import Taint
from tradewind.resources.core_kinds import NODE

NOW_MS = 1_800_000_000_000


def test_a_node_offers_what_is_declared_and_says_where_it_is() -> None:
    config = NodeConfig(
        name="us-east-1-gpu",
        capacity={"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": "4"},
        version="tradewind-0.1.0",
        region="us-east-1",
        zone="us-east-1a",
        labels={"gpu-type": "a100"},
        taints=(Taint(key="gpu", effect="NoSchedule"),),
    )
    node = make_node(config, NOW_MS)
    assert (node["apiVersion"], node["kind"], node["metadata"]["name"]) == ("v1", "Node", "us-east-1-gpu")
    assert node["metadata"]["labels"] == {
        "topology.kubernetes.io/region": "us-east-1",
        "topology.kubernetes.io/zone": "us-east-1a",
        "kubernetes.io/hostname": "us-east-1-gpu",
        "kubernetes.io/os": "linux",
        "gpu-type": "a100",
    }
    capacity = {"cpu": "16", "memory": "64Gi", "nvidia.com/gpu": "4", "pods": "110"}
    assert node["status"]["capacity"] == node["status"]["allocatable"] == capacity
    assert node["spec"]["taints"] == [{"key": "gpu", "effect": "NoSchedule"}]
    columns = {column.name: column.value(node, NOW_MS) for column in NODE.columns}
    assert (columns["Status"], columns["Version"], columns["Internal-IP"]) == (
        "Ready",
        "tradewind-0.1.0",
        "127.0.0.1",
    )


def test_a_declared_number_of_pods_goes_before_the_default_and_no_place_is_no_label() -> None:
    node = make_node(NodeConfig("local", {"pods": "5"}, "v"), NOW_MS)
    assert node["status"]["allocatable"] == {"pods": "5"}
    assert "topology.kubernetes.io/region" not in node["metadata"]["labels"]
