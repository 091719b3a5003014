"""Names, rendering of Works, and what a member retains of its own."""

import copy

import pytest

from tests.federation.objects import SERVICE, binding, placement, service, work_of
from tradewind.federation.execution import without_marks
from tradewind.federation.interpret import Part
from tradewind.federation.names import (
    binding_name,
    cluster_of_namespace,
    fnv1a_32,
    imported_slice_name,
    is_reserved_namespace,
    permanent_id,
    work_name,
)
from tradewind.federation.prune import prune
from tradewind.federation.retain import merge, retain
from tradewind.federation.works import (
    clusters_with_work,
    conflict_resolution,
    is_suspended,
    merge_targets,
)
from tradewind.resources.meta import decode
from tradewind.resources.work import (
    BindingSnapshot,
    BindingSpec,
    BindingSuspension,
    GracefulEvictionTask,
    ReplicaRequirements,
    TargetCluster,
)


@pytest.mark.parametrize(("text", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_fnv1a(text, value):
    assert fnv1a_32(text) == value


def test_derived_names():
    assert binding_name("ClusterRole", "system:Tom") == "system.tom-clusterrole"
    assert work_name("Pod", "pod", "") == "pod-6c46fd8b9d"
    assert work_name("Pods", "work:pod", "default") == "work.pod-85bc474696"
    assert imported_slice_name("east", "fraud-predictor") == "imported-east-fraud-predictor"
    assert cluster_of_namespace("karmada-es-us-east") == "us-east"
    assert cluster_of_namespace("default") == ""


@pytest.mark.parametrize(
    ("namespace", "reserved"),
    [("karmada-system", True), ("karmada-cluster", True), ("karmada-es-x", True), ("ml", False), ("", False)],
)
def test_reserved_namespaces(namespace, reserved):
    assert is_reserved_namespace(namespace) is reserved


def test_a_permanent_id_depends_on_nothing_but_the_name():
    assert permanent_id("Work", "n", "w") == permanent_id("Work", "n", "w")
    assert permanent_id("Work", "n", "w") != permanent_id("Work", "n/w", "")
    assert [len(part) for part in permanent_id("Work", "n", "w").split("-")] == [8, 4, 4, 4, 12]


def spec(**more):
    return BindingSpec(resource=SERVICE, replicas=3, replica_requirements=ReplicaRequirements(), **more)


def test_a_work():
    template = service(minReplicas=3, maxReplicas=9, status={"url": "u"})
    template["metadata"] |= {"labels": {"team": "risk"}, "annotations": {"note": "n"}, "finalizers": ["f"]}
    before = copy.deepcopy(template)
    work = work_of(template, binding(spec()), "east", Part(2, 6))
    assert template == before
    assert (work.metadata.namespace, work.metadata.name) == (
        "karmada-es-east",
        work_name("InferenceService", "fraud", "ml"),
    )
    assert work.metadata.finalizers == ["karmada.io/execution-controller"]
    [manifest] = work.spec.workload.manifests
    assert manifest["spec"]["predictor"]["minReplicas"] == 2
    assert manifest["spec"]["predictor"]["maxReplicas"] == 6
    assert "status" not in manifest
    assert set(manifest["metadata"]) == {"name", "namespace", "labels", "annotations"}
    labels, notes = manifest["metadata"]["labels"], manifest["metadata"]["annotations"]
    assert labels["team"] == "risk" and labels["karmada.io/managed"] == "true"
    bound = "resourcebinding.karmada.io/permanent-id"
    assert labels[bound] == work.metadata.labels[bound]
    assert notes["note"] == "n"
    assert notes["work.karmada.io/name"] == work.metadata.name
    assert notes["resourcebinding.karmada.io/name"] == "fraud-inferenceservice"
    assert notes["resourcetemplate.karmada.io/uid"] == "template-uid"
    assert notes["resourcetemplate.karmada.io/generation"] == "3"
    assert notes["work.karmada.io/conflict-resolution"] == "abort"
    assert notes["resourcetemplate.karmada.io/managed-labels"] == ",".join(sorted(labels))
    assert notes["resourcetemplate.karmada.io/managed-annotations"] == ",".join(sorted(notes))


def test_the_same_binding_and_template_give_the_same_work():
    assert work_of(service(), binding(spec()), "east", Part(1)) == work_of(
        service(), binding(spec()), "east", Part(1)
    )


def test_what_the_policy_says_reaches_the_work():
    suspended = BindingSuspension(dispatching=True)
    bound = binding(
        spec(
            suspension=suspended,
            preserve_resources_on_deletion=True,
            conflict_resolution="Overwrite",
            placement=placement({}),
        )
    )
    work = work_of(service(), bound, "east", Part(1))
    assert work.spec.suspend_dispatching and work.spec.preserve_resources_on_deletion
    assert work.metadata.annotations["work.karmada.io/conflict-resolution"] == "overwrite"


@pytest.mark.parametrize(
    ("own", "policy", "resolution"),
    [
        ({}, "Abort", "abort"),
        ({}, "Overwrite", "overwrite"),
        ({"work.karmada.io/conflict-resolution": "overwrite"}, "Abort", "overwrite"),
        ({"work.karmada.io/conflict-resolution": "abort"}, "Overwrite", "abort"),
        ({"work.karmada.io/conflict-resolution": "nonsense"}, "Overwrite", "overwrite"),
    ],
)
def test_the_template_has_its_say_before_the_policy(own, policy, resolution):
    assert conflict_resolution(own, spec(conflict_resolution=policy)) == resolution


@pytest.mark.parametrize(
    ("suspension", "suspended"),
    [
        (None, False),
        ({"dispatching": True}, True),
        ({"dispatchingOnClusters": {"clusterNames": ["east"]}}, True),
        ({"dispatchingOnClusters": {"clusterNames": ["west"]}}, False),
        ({"scheduling": True}, False),
    ],
)
def test_suspension(suspension, suspended):
    found = decode(suspension, BindingSuspension) if suspension else None
    assert is_suspended(found, "east") is suspended


def test_clusters_of_dependents_and_clusters_being_left_keep_their_work():
    snapshot = BindingSnapshot(name="other", clusters=[TargetCluster(name="a"), TargetCluster(name="d")])
    leaving = [
        GracefulEvictionTask(from_cluster=name, purge_mode=mode)
        for name, mode in (("e", "Gracefully"), ("f", "Directly"), ("g", "Immediately"), ("h", "Never"))
    ]
    bound = spec(
        clusters=[TargetCluster(name="a", replicas=3)],
        required_by=[snapshot],
        graceful_eviction_tasks=leaving,
    )
    assert merge_targets(bound) == [TargetCluster(name="a", replicas=3), TargetCluster(name="d")]
    assert clusters_with_work(bound) == ["a", "d", "e", "h"]


@pytest.mark.parametrize(
    ("given", "pruned"),
    [
        (
            {
                "kind": "Service",
                "metadata": {},
                "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]},
            },
            {"kind": "Service", "metadata": {}, "spec": {}},
        ),
        (
            {"kind": "Service", "metadata": {}, "spec": {"clusterIP": "None"}},
            {"kind": "Service", "metadata": {}, "spec": {"clusterIP": "None"}},
        ),
        (
            {
                "kind": "ServiceAccount",
                "metadata": {"name": "sa"},
                "secrets": [{"name": "sa-token-x"}, {"name": "s3"}],
            },
            {"kind": "ServiceAccount", "metadata": {"name": "sa"}, "secrets": [{"name": "s3"}]},
        ),
        (
            {
                "kind": "Secret",
                "type": "kubernetes.io/service-account-token",
                "metadata": {"annotations": {"kubernetes.io/service-account.uid": "u"}, "uid": "u"},
                "data": {"token": "x"},
            },
            {
                "kind": "Secret",
                "type": "kubernetes.io/service-account-token",
                "metadata": {"annotations": {}},
            },
        ),
        (
            {"kind": "Secret", "metadata": {"resourceVersion": "1", "generation": 2}, "data": {"k": "v"}},
            {"kind": "Secret", "metadata": {}, "data": {"k": "v"}},
        ),
        (
            {
                "kind": "ClusterRole",
                "metadata": {},
                "aggregationRule": {"a": 1},
                "rules": [{"verbs": ["get"]}],
            },
            {"kind": "ClusterRole", "metadata": {}, "aggregationRule": {"a": 1}},
        ),
        (
            {"kind": "ClusterRole", "metadata": {}, "rules": [{"verbs": ["get"]}]},
            {"kind": "ClusterRole", "metadata": {}, "rules": [{"verbs": ["get"]}]},
        ),
    ],
)
def test_prune(given, pruned):
    assert prune(given) == pruned


def test_merge_keeps_the_clusters_own_and_drops_what_the_hub_took_away():
    desired, observed = {"a": "hub"}, {"a": "changed", "gone": "x", "own": "y"}
    assert merge(desired, observed, "a,gone") == {"a": "hub", "own": "y"}


def test_retain():
    observed = {
        "kind": "InferenceService",
        "metadata": {
            "name": "fraud",
            "uid": "u",
            "resourceVersion": "9",
            "finalizers": ["inferenceservice.finalizers"],
            "ownerReferences": [{"uid": "o"}],
            "generation": 4,
            "labels": {"own": "y"},
        },
        "spec": {"old": True},
        "status": {"url": "u"},
    }
    desired = {
        "kind": "InferenceService",
        "metadata": {"name": "fraud", "labels": {"a": "b"}},
        "spec": {"new": True},
    }
    found = retain(desired, observed)
    assert found["spec"] == {"new": True} and found["status"] == {"url": "u"}
    assert found["metadata"] == {
        "name": "fraud",
        "uid": "u",
        "resourceVersion": "9",
        "finalizers": ["inferenceservice.finalizers"],
        "ownerReferences": [{"uid": "o"}],
        "labels": {"a": "b", "own": "y"},
        "annotations": {},
    }


def test_retain_what_clusters_give_to_services_and_accounts():
    address = {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "healthCheckNodePort": 0}
    found = retain(
        {"kind": "Service", "spec": {"ports": []}}, {"metadata": {}, "spec": {**address, "ports": [1]}}
    )
    assert found["spec"] == {"ports": [], "clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
    account = retain(
        {"kind": "ServiceAccount", "secrets": [{"name": "s3"}]},
        {"metadata": {}, "secrets": [{"name": "s3"}, {"name": "token"}]},
    )
    assert account["secrets"] == [{"name": "s3"}, {"name": "token"}]


def test_retain_what_clusters_fill_in_by_themselves():
    desired = {"kind": "Secret", "type": "kubernetes.io/service-account-token"}
    assert retain(desired, {"metadata": {}, "data": {"token": "t"}})["data"] == {"token": "t"}
    plain = {"kind": "Secret", "type": "Opaque", "data": {"a": "b"}}
    assert retain(plain, {"metadata": {}, "data": {"token": "t"}})["data"] == {"a": "b"}
    gathering = {"kind": "ClusterRole", "aggregationRule": {"clusterRoleSelectors": [{}]}}
    assert retain(gathering, {"metadata": {}, "rules": [{"verbs": ["get"]}]})["rules"] == [{"verbs": ["get"]}]


def test_without_marks_nothing_of_the_hub_is_left():
    [manifest] = work_of(service(), binding(spec()), "east", Part(1)).spec.workload.manifests
    manifest["metadata"]["labels"]["own"] = "y"
    metadata = without_marks(manifest)["metadata"]
    assert metadata["labels"] == {"own": "y"}
    assert metadata["annotations"] == {}
