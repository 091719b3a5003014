"""Policies, clusters and works as users write and see them: admitted, refused, defaulted, printed."""

import pytest

from tests.federation.objects import NOW_MS
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.policy import (
    CLUSTER_OVERRIDE_POLICY,
    CLUSTER_PROPAGATION_POLICY,
    OVERRIDE_POLICY,
    PROPAGATION_POLICY,
)
from tradewind.resources.problems import Level, errors
from tradewind.resources.validate import check
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING, WORK

SELECTORS = [{"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "name": "llama"}]


def manifest(kind, spec, name="x"):
    namespaced = {"namespace": "ml"} if kind.namespaced else {}
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": name, **namespaced},
        "spec": spec,
    }


def judged(kind, spec, name="x"):
    whole = manifest(kind, spec, name)
    before = repr(whole)
    problems = check(kind.default(whole), kind)
    assert repr(whole) == before  # defaulting does not change its argument
    return problems


def refusals(kind, spec, name="x"):
    return [problem.path for problem in errors(judged(kind, spec, name))]


def warnings(kind, spec):
    return [problem.path for problem in judged(kind, spec) if problem.level is Level.WARNING]


def placed(**placement):
    return {"resourceSelectors": SELECTORS, "placement": placement}


STATIC = {
    "replicaSchedulingType": "Divided",
    "replicaDivisionPreference": "Weighted",
    "weightPreference": {
        "staticWeightList": [
            {"targetCluster": {"clusterNames": ["us-east-1-gpu"]}, "weight": 40},
            {"targetCluster": {"clusterNames": ["eu-west-1-gpu"]}, "weight": 60},
        ]
    },
}
FAILOVER = {
    "application": {
        "decisionConditions": {"tolerationSeconds": 60},
        "purgeMode": "Graciously",
        "gracePeriodSeconds": 120,
    }
}


def test_policies_written_for_older_karmada_are_admitted_with_warnings():
    spec = placed(
        clusterAffinity={"clusterNames": ["us-east-1-gpu", "eu-west-1-gpu"]},
        spreadConstraints=[{"maxGroups": 3, "minGroups": 2, "spreadByField": "cluster"}],
        replicaScheduling=STATIC,
    )
    assert refusals(PROPAGATION_POLICY, {**spec, "failover": FAILOVER}) == []
    assert warnings(PROPAGATION_POLICY, {**spec, "failover": FAILOVER}) == [
        "spec.failover.application.purgeMode",
        "spec.failover.application",
    ]


def term(name, **more):
    return {"affinityName": name, "clusterNames": ["a"], **more}


OVERFLOW = [{"affinityName": "b", "clusterNames": ["b"]}]


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({}, ["spec.resourceSelectors"]),
        ({"resourceSelectors": [{"apiVersion": "v1"}]}, ["spec.resourceSelectors[0].kind"]),
        (
            {"resourceSelectors": [{**SELECTORS[0], "namespace": "other"}]},
            ["spec.resourceSelectors[0].namespace"],
        ),
        (
            {"resourceSelectors": [{"apiVersion": "v1", "kind": "Secret"}], "preemption": "Always"},
            ["spec.resourceSelectors[0].name"],
        ),
        ({"resourceSelectors": SELECTORS, "preemption": "Sometimes"}, ["spec.preemption"]),
        ({"resourceSelectors": SELECTORS, "activationPreference": "Eager"}, ["spec.activationPreference"]),
        (placed(clusterAffinity={}, clusterAffinities=[term("a")]), ["spec.placement"]),
        (placed(clusterAffinities=[term("a"), term("a")]), ["spec.placement.clusterAffinities"]),
        (placed(clusterAffinities=[term("")]), ["spec.placement.clusterAffinities[0].affinityName"]),
        (placed(clusterAffinities=[term("x" * 33)]), ["spec.placement.clusterAffinities[0].affinityName"]),
        (
            placed(clusterAffinities=[term("a", overflowAffinities=OVERFLOW)]),
            ["spec.placement.clusterAffinities[0].overflowAffinities"],
        ),
        (
            placed(
                clusterAffinity={
                    "fieldSelector": {
                        "matchExpressions": [{"key": "planet", "operator": "Exists", "values": ["earth"]}]
                    }
                }
            ),
            ["spec.placement.clusterAffinity.fieldSelector"] * 2,
        ),
        (
            placed(clusterAffinity={"labelSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}),
            ["spec.placement.clusterAffinity.labelSelector.matchExpressions[0].values"],
        ),
        (
            placed(clusterTolerations=[{"key": "k", "operator": "Gt"}]),
            ["spec.placement.clusterTolerations[0].operator"],
        ),
        (
            placed(
                replicaScheduling={
                    "weightPreference": {"staticWeightList": [{"targetCluster": {}, "weight": 0}]}
                }
            ),
            ["spec.placement.replicaScheduling.weightPreference.staticWeightList[0].weight"],
        ),
        (
            placed(replicaScheduling={"replicaSchedulingType": "Split"}),
            ["spec.placement.replicaScheduling.replicaSchedulingType"],
        ),
        (
            placed(spreadConstraints=[{"spreadByField": "cluster", "minGroups": 3, "maxGroups": 2}]),
            ["spec.placement.spreadConstraints[0].maxGroups"],
        ),
        (
            placed(spreadConstraints=[{"spreadByField": "region", "minGroups": 1}]),
            ["spec.placement.spreadConstraints"],
        ),
        (
            {
                "resourceSelectors": SELECTORS,
                "failover": {"application": {"purgeMode": "Never", "gracePeriodSeconds": 5}},
            },
            ["spec.failover.application.gracePeriodSeconds"],
        ),
        (
            {
                "resourceSelectors": SELECTORS,
                "failover": {"application": {"decisionConditions": {"tolerationSeconds": -1}}},
            },
            ["spec.failover.application.decisionConditions.tolerationSeconds"],
        ),
        (
            {
                "resourceSelectors": SELECTORS,
                "suspension": {"dispatching": True, "dispatchingOnClusters": {"clusterNames": ["a"]}},
            },
            ["spec.suspension.dispatchingOnClusters.clusterNames"],
        ),
        ({"resourceSelectors": SELECTORS, "placment": {}}, ["spec.placment"]),
    ],
)
def test_refused_policies(spec, paths):
    assert refusals(PROPAGATION_POLICY, spec) == paths


@pytest.mark.parametrize("mode", ["Directly", "Gracefully", "Never", "Immediately", "Graciously"])
def test_old_and_new_purge_modes(mode):
    spec = {"resourceSelectors": SELECTORS, "failover": {"application": {"purgeMode": mode}}}
    assert refusals(PROPAGATION_POLICY, spec) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("association", True),
        ("dependentOverrides", ["o"]),
        ("schedulerName", "other"),
        ("schedulePriority", {"priorityClassSource": "KubePriorityClass", "priorityClassName": "high"}),
    ],
)
def test_what_has_no_effect_is_warned_of(field, value):
    assert warnings(PROPAGATION_POLICY, {"resourceSelectors": SELECTORS, field: value}) == [f"spec.{field}"]


def test_a_policy_that_is_honoured_in_full_warns_of_nothing():
    spec = {
        **placed(clusterAffinity={"clusterNames": ["a"]}, replicaScheduling=STATIC),
        "suspension": {"dispatching": True},
        "preserveResourcesOnDeletion": True,
        "activationPreference": "Lazy",
        "preemption": "Always",
        "priority": 3,
    }
    assert judged(PROPAGATION_POLICY, spec) == []


def test_defaults_of_policies():
    spec = placed(spreadConstraints=[{}], replicaScheduling={})
    filled = PROPAGATION_POLICY.default(
        manifest(PROPAGATION_POLICY, {**spec, "failover": {"application": {}}})
    )["spec"]
    assert filled["resourceSelectors"][0]["namespace"] == "ml"
    assert filled["placement"]["spreadConstraints"] == [{"spreadByField": "cluster", "minGroups": 1}]
    assert filled["placement"]["replicaScheduling"] == {
        "replicaSchedulingType": "Divided",
        "replicaDivisionPreference": "Weighted",
    }
    assert filled["failover"]["application"] == {
        "decisionConditions": {"tolerationSeconds": 300},
        "purgeMode": "Gracefully",
        "gracePeriodSeconds": 600,
    }
    assert (filled["priority"], filled["preemption"], filled["conflictResolution"]) == (0, "Never", "Abort")
    general = CLUSTER_PROPAGATION_POLICY.default(
        manifest(CLUSTER_PROPAGATION_POLICY, {"resourceSelectors": SELECTORS})
    )
    assert "namespace" not in general["spec"]["resourceSelectors"][0]


@pytest.mark.parametrize("broken", [None, [], {"spec": None}, {"spec": {"placement": 3, "failover": [1]}}])
def test_defaulting_survives_what_is_malformed(broken):
    whole = {**manifest(PROPAGATION_POLICY, {}), **(broken or {})}
    for kind in (PROPAGATION_POLICY, OVERRIDE_POLICY, CLUSTER):
        kind.default(whole)


def rule(**overriders):
    return {"overrideRules": [{"targetCluster": {"clusterNames": ["a"]}, "overriders": overriders}]}


PATCH = [{"subPath": "/k", "operator": "remove"}]


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        (rule(annotationsOverrider=[{"operator": "addIfAbsent", "value": {"a": "b"}}]), []),
        (
            rule(
                plaintext=[
                    {"path": "/spec/predictor/containers/0/env/-", "operator": "add", "value": {"a": 1}}
                ]
            ),
            [],
        ),
        (rule(argsOverrider=[{"containerName": "c", "operator": "add", "value": ["--x"]}]), []),
        ({**rule(), "targetCluster": {}}, ["spec.targetCluster"]),
        (
            {**rule(), "overriders": {"plaintext": [{"path": "/a", "operator": "remove"}]}},
            ["spec.overriders"],
        ),
        (
            rule(argsOverrider=[{"containerName": "c", "operator": "replace"}]),
            ["spec.overrideRules[0].overriders.argsOverrider[0].operator"],
        ),
        (
            rule(labelsOverrider=[{"operator": "add", "value": {"a~b": "c"}}]),
            ["spec.overrideRules[0].overriders.labelsOverrider[0].value"],
        ),
        (
            rule(imageOverrider=[{"component": "Tag", "operator": "add", "predicate": {"path": "spec"}}]),
            ["spec.overrideRules[0].overriders.imageOverrider[0].predicate.path"],
        ),
        (
            rule(fieldOverrider=[{"fieldPath": "/data/x"}]),
            ["spec.overrideRules[0].overriders.fieldOverrider[0]"],
        ),
        (
            rule(fieldOverrider=[{"fieldPath": "/data/x", "json": PATCH, "yaml": PATCH}]),
            ["spec.overrideRules[0].overriders.fieldOverrider[0]"],
        ),
        (
            rule(fieldOverrider=[{"fieldPath": "/x", "json": [{"subPath": "/k", "operator": "add"}]}]),
            ["spec.overrideRules[0].overriders.fieldOverrider[0].json[0].value"],
        ),
    ],
)
def test_override_policies(spec, paths):
    for kind in (OVERRIDE_POLICY, CLUSTER_OVERRIDE_POLICY):
        assert refusals(kind, spec) == paths


def models(*ranges):
    return {
        "resourceModels": [
            {"grade": grade, "ranges": [{"name": "nvidia.com/gpu", "min": low, "max": high}]}
            for grade, (low, high) in enumerate(ranges)
        ]
    }


@pytest.mark.parametrize(
    ("name", "spec", "paths"),
    [
        ("a", {}, []),
        ("a", models((0, 8)), []),
        ("a", models((0, 2), (2, "9223372036854775807")), []),
        ("a", models((0, 2), (3, 8)), ["spec.resourceModels"]),
        ("a", models((0, "two")), ["spec.resourceModels[0].ranges[0].max"]),
        ("a", models((4, 2)), ["spec.resourceModels[0].ranges[0].max"]),
        ("A", {}, ["metadata.name", "metadata.name"]),
        ("a" * 49, {}, ["metadata.name"]),
        ("a", {"region": "us east"}, ["spec.region"]),
        ("a", {"zone": "a", "zones": ["b"]}, ["spec.zone"]),
        ("a", {"syncMode": "Both"}, ["spec.syncMode"]),
        ("a", {"apiEndpoint": "nowhere"}, ["spec.apiEndpoint"]),
        ("a", {"proxyURL": "ftp://x"}, ["spec.proxyURL"]),
        ("a", {"secretRef": {"name": "s"}}, ["spec.secretRef.namespace"]),
        ("a", {"taints": [{"key": "k", "effect": "PreferNoSchedule"}]}, ["spec.taints[0].effect"]),
        ("a", {"taints": [{"key": "k", "effect": "NoSchedule"}] * 2}, ["spec.taints"]),
    ],
)
def test_clusters(name, spec, paths):
    assert refusals(CLUSTER, spec, name) == paths


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ({"syncMode": "Push"}, ["spec.syncMode"]),
        ({"insecureSkipTLSVerification": True}, ["spec.insecureSkipTLSVerification"]),
        ({"taints": [{"key": "k", "effect": "NoExecute"}]}, []),
        (
            models((1, 8)),
            [
                "spec.resourceModels[0].ranges[0].min",
                "spec.resourceModels[0].ranges[0].max",
            ],
        ),
    ],
)
def test_what_has_no_effect_on_a_cluster(spec, paths):
    assert warnings(CLUSTER, spec) == paths


def test_defaults_of_clusters():
    filled = CLUSTER.default(manifest(CLUSTER, {"zone": "a"}))["spec"]
    assert filled == {"syncMode": "Pull", "zones": ["a"]}


def row(kind, spec, status=None, wide=False):
    whole = {**manifest(kind, spec), "status": status or {}}
    return {column.name: column.value(whole, NOW_MS) for column in kind.columns if wide or not column.wide}


def test_what_is_printed():
    assert row(PROPAGATION_POLICY, {"conflictResolution": "Abort", "priority": 0}) | {"Age": ""} == {
        "Name": "x",
        "Conflict-Resolution": "Abort",
        "Priority": "0",
        "Age": "",
    }
    conditions = {
        "conditions": [{"type": "Scheduled", "status": "True"}, {"type": "Applied", "status": "True"}]
    }
    for kind in (RESOURCE_BINDING, CLUSTER_RESOURCE_BINDING):
        assert row(kind, {}, conditions)["Scheduled"] == "True"
        assert row(kind, {}, conditions)["FullyApplied"] == ""
    work = row(WORK, {"workload": {"manifests": [{"kind": "Secret"}]}}, conditions)
    assert (work["Workload-Kind"], work["Applied"]) == ("Secret", "True")
    cluster = row(CLUSTER, {"syncMode": "Pull", "zones": ["a", "b"]}, wide=True)
    assert (cluster["Ready"], cluster["Zones"], cluster["Region"]) == ("Unknown", "a,b", "<none>")
