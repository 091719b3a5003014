"""Placement in a real fleet: what each cluster gets, why, and where it goes when a cluster is drained."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fleet.harness import Site, running_fleet, under_load, wait_for

pytestmark = pytest.mark.fleet

NAME = "moved"
SELECTOR = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "name": NAME}

ANNOTATION = {"serving.kserve.io/min-ready-replicas": "1"}


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A fleet of its own, with a service of three replicas in two clusters, and another variable in each."""
    with running_fleet(tmp_path_factory.mktemp("moved"), base_port=14600) as site:
        names = site.names
        *given, policy, service = site.manifests(NAME, site.put_model(NAME), 3, {"model": {"env": []}})
        policy["spec"] |= {"resourceSelectors": [SELECTOR], "propagateDeps": True}
        policy["spec"]["placement"]["spreadConstraints"] = [
            {"spreadByField": "cluster", "minGroups": 2, "maxGroups": 2}
        ]
        objects = [*given, override_policy(names), probe_timeout(names), policy, service]
        text = "---\n".join(json.dumps(one) + "\n" for one in objects)
        result = site.tradewind("apply", "-f", "-", stdin=text)
        assert result.returncode == 0, result.stderr
        site.wait_until_ready(NAME, 3)
        yield site


def override_policy(names: list[str]) -> dict[str, Any]:
    """The article's override: a variable whose value depends on the cluster."""
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "OverridePolicy",
        "metadata": {"name": NAME, "namespace": "ml"},
        "spec": {
            "resourceSelectors": [SELECTOR],
            "overrideRules": [
                {
                    "targetCluster": {"clusterNames": [name]},
                    "overriders": {
                        "plaintext": [
                            {
                                "path": "/spec/predictor/model/env/-",
                                "operator": "add",
                                "value": {"name": "PLACE", "value": name},
                            }
                        ]
                    },
                }
                for name in names
            ],
        },
    }


def probe_timeout(names: list[str]) -> dict[str, Any]:
    """The article's health override: annotations that are added where there are none."""
    return {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "ClusterOverridePolicy",
        "metadata": {"name": NAME},
        "spec": {
            "resourceSelectors": [SELECTOR],
            "overrideRules": [
                {
                    "targetCluster": {"clusterNames": names},
                    "overriders": {
                        "annotationsOverrider": [
                            {
                                "operator": "addIfAbsent",
                                "value": {"serving.kserve.io/min-ready-replicas": "1"},
                            }
                        ]
                    },
                }
            ],
        },
    }


def shares(site: Site) -> dict[str, int]:
    """Ready replicas in each cluster that has some."""
    clusters = site.service(NAME).get("clusters", {})
    return {name: one["readyReplicas"] for name, one in clusters.items() if one["readyReplicas"]}


def member_object(site: Site, cluster: str, kind: str) -> dict[str, Any]:
    """The service's object, or the first of its Pods, in a member."""
    listed = json.loads(site.kubectl(cluster, "get", kind, "-n", "ml", "-o", "json"))["items"]
    return next(one for one in listed if one["metadata"]["name"].startswith(NAME))


def test_each_cluster_gets_what_its_override_says(moved: Site):
    for name in moved.names[:2]:
        service, pod = member_object(moved, name, "isvc"), member_object(moved, name, "pods")
        assert {"name": "PLACE", "value": name} in service["spec"]["predictor"]["model"]["env"]
        assert {"name": "PLACE", "value": name} in pod["spec"]["containers"][0]["env"]
        assert service["metadata"]["annotations"].items() >= ANNOTATION.items()
    assert shares(moved) == {moved.names[0]: 2, moved.names[1]: 1}


def test_explain_names_every_cluster_and_why(moved: Site):
    said = moved.tradewind("explain", "placement", NAME, "-n", "ml")
    assert said.returncode == 0, said.stderr
    assert all(name in said.stdout for name in moved.names)


def test_plan_of_a_loss_is_what_drain_then_does(moved: Site):
    lost, kept, other = moved.names
    manifest = moved.kubectl("hub", "get", "isvc", NAME, "-n", "ml", "-o", "json")
    plan = moved.tradewind("plan", "-f", "-", "--live", "--without", lost, "-o", "json", stdin=manifest)
    assert plan.returncode == 0, plan.stderr

    def leave() -> None:
        drained = moved.tradewind("drain", lost, "--timeout", "60s")
        assert drained.returncode == 0, drained.stderr

    report = under_load(f"{moved.front_door}/serving/ml/{NAME}/v1/models/{NAME}:predict", leave)
    assert report.failures == ()
    wait_for(
        lambda: set(shares(moved)) == {kept, other} and sum(shares(moved).values()) == 3,
        lambda: moved.tradewind("status").stdout,
    )
    assert planned(json.loads(plan.stdout)) == shares(moved)


def planned(plan: dict[str, Any]) -> dict[str, int]:
    """The service's replicas in each cluster, of `plan -o json`."""
    workload = next(one for one in plan["workloads"] if one["kind"] == "InferenceService")
    return {one["name"]: one["replicas"] for one in workload["clusters"]}
