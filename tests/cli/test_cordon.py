"""Keeping work away from a cluster."""

import pytest
from typer.testing import CliRunner

from tradewind.cli.main import build_app
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.work import RESOURCE_BINDING

NAME = "east"
TAINT = "cluster.karmada.io/unschedulable"


def run(fleet, *arguments: str):
    return CliRunner().invoke(build_app(arguments), [*arguments, "--home", fleet.home])


def taints(fleet) -> list[tuple[str, str]]:
    found = fleet.get(CLUSTER, "", NAME)["spec"].get("taints") or []
    return [(one["key"], one["effect"]) for one in found]


@pytest.fixture
def known(fleet):
    foreign = {"key": "gpu", "effect": "NoSchedule"}
    fleet.put(CLUSTER, {"metadata": {"name": NAME}, "spec": {"syncMode": "Pull", "taints": [foreign]}})
    return fleet


def bind(fleet, **spec) -> None:
    resource = {"apiVersion": "v1", "kind": "Secret", "namespace": "ml", "name": "s3"}
    metadata = {"name": "s3-secret", "namespace": "ml"}
    fleet.put(RESOURCE_BINDING, {"metadata": metadata, "spec": {"resource": resource, **spec}})


def test_cordon_and_uncordon_leave_other_taints_alone(known):
    assert "cordoned" in run(known, "cordon", NAME).stdout
    assert taints(known) == [("gpu", "NoSchedule"), (TAINT, "NoSchedule")]
    assert "already" in run(known, "cordon", NAME).stdout
    assert "uncordoned" in run(known, "uncordon", NAME).stdout
    assert taints(known) == [("gpu", "NoSchedule")]
    assert "was not cordoned" in run(known, "uncordon", NAME).stdout


def test_an_empty_cluster_is_drained_at_once(known):
    bind(known, clusters=[{"name": "west"}])
    assert "drained" in run(known, "drain", NAME).stdout
    assert taints(known)[1:] == [(TAINT, "NoSchedule"), (TAINT, "NoExecute")]


@pytest.mark.parametrize(
    "spec", [{"clusters": [{"name": NAME}]}, {"gracefulEvictionTasks": [{"fromCluster": NAME}]}]
)
def test_draining_waits_and_says_what_is_left(known, spec):
    bind(known, **spec)
    result = run(known, "drain", NAME, "--timeout", "300ms")
    assert result.exit_code != 0
    assert "Secret ml/s3" in str(result.exception)


def test_a_cluster_that_does_not_exist_is_named_with_those_that_do(known):
    result = run(known, "cordon", "eas")
    assert result.exit_code != 0
    assert 'did you mean "east"?' in str(result.exception)
