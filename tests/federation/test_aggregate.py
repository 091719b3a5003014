"""Gathering what clusters say: a table for the binding, a table for the service."""

from typing import Any

import pytest

from tests.federation.objects import NOW_MS, SERVICE, binding, cluster, service
from tradewind.federation.aggregate import aggregate, fully_applied
from tradewind.federation.service_reports import reports
from tradewind.federation.service_status import service_status
from tradewind.resources.meta import condition_of, decode
from tradewind.resources.serving import InferenceService
from tradewind.resources.work import AggregatedStatusItem, BindingSpec, BindingStatus, TargetCluster, Work

APPLIED = {"type": "Applied", "status": "True"}
SILENT = "unreachable since 2027-01-15T08:00:00Z; these are the last known figures"
REFUSED = {"type": "Applied", "status": "False", "message": "no such kind"}


def work(
    name: str, conditions: list[dict[str, str]], status: Any = None, health: str = "Healthy", **metadata: Any
):
    identifier = {
        "ordinal": 0,
        "group": "serving.kserve.io",
        "version": "v1beta1",
        "kind": "InferenceService",
        "namespace": "ml",
        "name": "fraud",
    }
    told = [{"identifier": identifier, "status": status, "health": health}] if status is not None else []
    return decode(
        {
            "metadata": {"name": "w", "namespace": f"karmada-es-{name}", **metadata},
            "spec": {"workload": {"manifests": [service()]}},
            "status": {"conditions": conditions, "manifestStatuses": told},
        },
        Work,
    )


@pytest.mark.parametrize(
    ("works", "items"),
    [
        ([], []),
        ([work("a", [APPLIED], deletionTimestamp="T")], []),
        ([work("a", [])], [AggregatedStatusItem(cluster_name="a", health="Unknown")]),
        (
            [work("a", [REFUSED], {"url": "old"})],
            [AggregatedStatusItem(cluster_name="a", applied_message="no such kind", health="Unknown")],
        ),
        ([work("a", [APPLIED])], [AggregatedStatusItem(cluster_name="a", applied=True, health="Unknown")]),
        (
            [work("b", [APPLIED], {"url": "b"}, "Unhealthy"), work("a", [APPLIED], {"url": "a"})],
            [
                AggregatedStatusItem(cluster_name="a", applied=True, status={"url": "a"}, health="Healthy"),
                AggregatedStatusItem(cluster_name="b", applied=True, status={"url": "b"}, health="Unhealthy"),
            ],
        ),
    ],
)
def test_aggregated_status(works, items):
    assert aggregate(works, SERVICE) == items


@pytest.mark.parametrize(
    ("applied", "clusters", "status"),
    [
        ([], [], "False"),
        (["a"], [], "False"),
        (["a"], ["a", "b"], "False"),
        (["a"], ["b"], "False"),
        (["a", "b"], ["b", "a"], "True"),
    ],
)
def test_fully_applied(applied, clusters, status):
    items = [AggregatedStatusItem(cluster_name=name, applied=True) for name in applied]
    assert fully_applied(items, clusters).status == status
    if status == "True":
        refused = [*items[1:], AggregatedStatusItem(cluster_name=items[0].cluster_name)]
        assert fully_applied(refused, clusters).status == "False"


# What one cluster says of the service, by name.
SAID: dict[str, dict[str, Any]] = {
    "ready": {
        "conditions": [{"type": "Ready", "status": "True"}, {"type": "PredictorReady", "status": "True"}],
        "replicas": {"replicas": 2, "readyReplicas": 2},
        "modelStatus": {
            "transitionStatus": "UpToDate",
            "states": {"activeModelState": "Loaded", "targetModelState": "Loaded"},
            "copies": {"totalCopies": 2},
        },
        "components": {"predictor": {"latestReadyRevision": "fraud-predictor-00001", "url": "http://own"}},
        "url": "http://own",
    },
    "broken": {
        "conditions": [{"type": "Ready", "status": "False", "reason": "Crash", "message": "out of memory"}],
        "replicas": {"replicas": 2, "readyReplicas": 0, "why": "fraud-1: out of memory"},
        "modelStatus": {
            "transitionStatus": "BlockedByFailedLoad",
            "states": {"activeModelState": "Pending", "targetModelState": "FailedToLoad"},
            "copies": {"failedCopies": 1, "totalCopies": 0},
            "lastFailureInfo": {"location": "fraud-1", "message": "out of memory"},
        },
    },
    "starting": {
        "conditions": [{"type": "Ready", "status": "Unknown", "reason": "Deploying", "message": "loading"}],
        "replicas": {"replicas": 2, "readyReplicas": 0, "why": "loading"},
    },
}


def told(said: dict[str, str], unheard=(), **raw):
    """The hub's status when clusters say this; "refused", "late" and "silent" are no status at all."""
    items = []
    for name, what in said.items():
        if what == "refused":
            items.append(AggregatedStatusItem(cluster_name=name, applied_message="already exists"))
        elif what == "silent":
            items.append(AggregatedStatusItem(cluster_name=name, applied=True))
        elif what != "late":
            status = {
                **SAID[what],
                "generation": 1,
                "observedGeneration": 1,
                "resourceTemplateGeneration": 3,
                **raw,
            }
            items.append(AggregatedStatusItem(cluster_name=name, applied=True, status=status))
    spec = BindingSpec(resource=SERVICE, clusters=[TargetCluster(name=name, replicas=2) for name in said])
    status = BindingStatus(aggregated_status=items)
    clusters = [cluster(name, "Unknown" if name in unheard else "True") for name in said]
    own = decode(service(), InferenceService)
    bound = binding(spec)
    return service_status(own, bound, reports(spec, status, clusters), "http://127.0.0.1:7401/", NOW_MS)


@pytest.mark.parametrize(
    ("said", "unheard", "ready", "everywhere"),
    [
        ({"a": "ready", "b": "ready"}, (), ("True", "", ""), ("True", "", "")),
        ({"a": "ready", "b": "broken"}, (), ("True", "", ""), ("False", "Crash", "b: out of memory")),
        (
            {"a": "starting", "b": "broken"},
            (),
            ("False", "Crash", "b: out of memory; a: loading"),
            ("False", "Crash", "b: out of memory; a: loading"),
        ),
        (
            {"a": "starting", "b": "late"},
            (),
            ("Unknown", "Deploying", "a: loading; b: the cluster has not applied it yet"),
            ("False", "Deploying", "a: loading; b: the cluster has not applied it yet"),
        ),
        (
            {"a": "refused"},
            (),
            ("False", "AppliedFailed", "a: already exists"),
            ("False", "AppliedFailed", "a: already exists"),
        ),
        (
            {"a": "silent"},
            (),
            ("Unknown", "Starting", "a: applied; the cluster does not say more yet"),
            ("False", "Starting", "a: applied; the cluster does not say more yet"),
        ),
        # One cluster is out of sight; another serves.
        (
            {"a": "ready", "b": "ready"},
            ("b",),
            ("True", "", ""),
            (
                "False",
                "ClusterUnreachable",
                f"b: {SILENT}",
            ),
        ),
        # The only cluster that may serve is out of sight: nobody knows.
        (
            {"a": "broken", "b": "ready"},
            ("b",),
            (
                "Unknown",
                "Crash",
                f"a: out of memory; b: {SILENT}",
            ),
            (
                "False",
                "Crash",
                f"a: out of memory; b: {SILENT}",
            ),
        ),
    ],
)
def test_ready_and_all_clusters_ready(said, unheard, ready, everywhere):
    conditions = told(said, unheard).conditions
    for type_, wanted in (("Ready", ready), ("AllClustersReady", everywhere)):
        found = condition_of(conditions, type_)
        assert found is not None
        assert (found.status, found.reason, found.message) == wanted


@pytest.mark.parametrize(("in_b", "status"), [("True", "True"), ("False", "False"), ("Unknown", "Unknown")])
def test_a_roll_out_is_over_when_it_is_over_everywhere(monkeypatch, in_b, status):
    for name, rolled_out in (("done", "True"), ("under way", in_b)):
        rollout = {"type": "LatestDeploymentReady", "status": rolled_out, "message": "1 of 2 replaced"}
        monkeypatch.setitem(SAID, name, {"conditions": [*SAID["ready"]["conditions"], rollout]})
    found = condition_of(told({"a": "done", "b": "under way"}).conditions, "LatestDeploymentReady")
    assert found is not None and found.status == status
    assert found.message.startswith("b: 1 of 2 replaced") == (status != "True")


def test_other_conditions_are_merged_alike():
    found = condition_of(told({"a": "ready", "b": "broken"}).conditions, "PredictorReady")
    assert found is not None and found.status == "True"


def test_replicas_by_cluster_and_together():
    status = told({"a": "ready", "b": "broken", "c": "late"}, unheard=("a",))
    assert (status.clusters["a"].ready_replicas, status.clusters["a"].why) == (
        2,
        SILENT,
    )
    assert status.clusters["b"].why == "fraud-1: out of memory"
    assert (status.clusters["c"].replicas, status.clusters["c"].why) == (
        2,
        "the cluster has not applied it yet",
    )
    assert status.replicas is not None
    assert (status.replicas.replicas, status.replicas.ready_replicas) == (6, 2)


def test_the_url_is_the_front_doors():
    status = told({"a": "broken", "b": "ready"})
    assert status.url == "http://127.0.0.1:7401/serving/ml/fraud"
    assert status.components["predictor"].url == status.url
    assert status.components["predictor"].latest_ready_revision == "fraud-predictor-00001"


def test_the_worst_model_counts_and_names_its_cluster():
    model = told({"a": "ready", "b": "broken"}).model_status
    assert model is not None and model.states is not None and model.copies is not None
    assert (model.states.active_model_state, model.states.target_model_state) == ("Loaded", "FailedToLoad")
    assert (model.copies.total_copies, model.copies.failed_copies) == (2, 1)
    assert model.last_failure_info is not None and model.last_failure_info.location == "b/fraud-1"


@pytest.mark.parametrize(
    ("raw", "observed"),
    [
        ({}, 3),
        ({"resourceTemplateGeneration": 2}, 2),
        ({"generation": 2, "observedGeneration": 1}, 0),  # its own controllers have not seen it yet
    ],
)
def test_the_observed_generation_is_that_of_the_last_cluster(raw, observed):
    assert told({"a": "ready"}, **raw).observed_generation == observed


def test_a_status_that_does_not_fit_is_no_status():
    assert told({"a": "ready"}, url=["not", "text"]).clusters["a"].why == "the cluster does not say yet"


def unplaced(bound):
    own = decode(service(), InferenceService)
    return condition_of(service_status(own, bound, [], "", NOW_MS).conditions, "Ready")


def test_a_service_that_is_nowhere_says_why():
    found = unplaced(None)
    assert (found.status, found.reason) == ("False", "NoPolicyMatches")
    found = unplaced(binding())
    assert (found.status, found.reason) == ("Unknown", "Scheduling")
