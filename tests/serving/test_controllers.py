"""Whole stories of one service: what is applied, what happens in the member, and what comes of it."""

import pytest

from tests.serving.cluster import Cluster, inference_service, revision_of
from tradewind.controller.plan import Delete, Key, Put, PutStatus
from tradewind.resources.core_kinds import POD, SECRET, SERVICE, SERVICE_ACCOUNT
from tradewind.resources.serving_kinds import INFERENCE_SERVICE, REVISION, SERVING_RUNTIME

V1, V2 = "s3://models/iris/v1", "s3://models/iris/v2"
FIRST, SECOND = "iris-predictor-00001", "iris-predictor-00002"


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def served(cluster: Cluster, replicas: int = 2) -> Cluster:
    """A cluster whose service runs its first revision."""
    cluster.apply(inference_service(V1, replicas))
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    return cluster


def test_a_service_becomes_a_revision_then_pods_then_ready(cluster: Cluster):
    cluster.apply(inference_service(V1, 2))
    cluster.settle()
    assert cluster.names(REVISION) == [FIRST]
    assert len(cluster.pods(FIRST)) == 2
    assert cluster.serving() == FIRST
    assert cluster.condition("Ready")["status"] == "Unknown"
    assert cluster.status()["replicas"]["why"]
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.status()["replicas"] == {"replicas": 2, "readyReplicas": 2}
    assert cluster.status()["url"] == "http://iris-ml.east.localhost:7411"
    assert cluster.status()["clusterServingRuntimeName"] == "kserve-sklearnserver"
    assert cluster.status()["modelStatus"]["states"] == {
        "activeModelState": "Loaded",
        "targetModelState": "Loaded",
    }
    component = cluster.status()["components"]["predictor"]
    assert component["latestRolledoutRevision"] == FIRST
    assert component["traffic"] == [{"latestRevision": True, "percent": 100, "revisionName": FIRST}]


def test_the_health_path_of_a_probe_is_handed_on_to_the_hub(cluster: Cluster):
    """Gateways of clusters that do not run the service have no Service to read it from."""
    manifest = inference_service(V1, 1)
    manifest["spec"]["predictor"]["model"]["readinessProbe"] = {"httpGet": {"path": "/health", "port": 8080}}
    cluster.apply(manifest)
    cluster.run()
    assert cluster.status()["annotations"] == {"tradewind.dev/health-path": "/health"}


def test_a_settled_service_asks_for_nothing(cluster: Cluster):
    served(cluster)
    assert cluster.step().effects == ()


def test_a_new_model_is_rolled_out_beside_the_old_one(cluster: Cluster):
    served(cluster)
    cluster.apply(inference_service(V2, 2))
    cluster.settle()
    assert len(cluster.pods(FIRST)) == len(cluster.pods(SECOND)) == 2
    assert cluster.serving() == FIRST
    assert cluster.condition("LatestDeploymentReady")["status"] == "Unknown"
    assert cluster.condition("Ready")["status"] == "True"
    cluster.run()
    assert cluster.serving() == SECOND
    assert {revision_of(pod) for pod in cluster.pods()} == {SECOND}
    component = cluster.status()["components"]["predictor"]
    assert component["latestRolledoutRevision"] == SECOND
    assert component["previousRolledoutRevision"] == FIRST
    assert cluster.condition("LatestDeploymentReady")["status"] == "True"


def test_traffic_moves_before_old_replicas_go(cluster: Cluster):
    served(cluster)
    cluster.apply(inference_service(V2, 2))
    cluster.run()
    route = next(
        place
        for place, effect in enumerate(cluster.log)
        if isinstance(effect, Put) and effect.kind is SERVICE and SECOND in str(effect.manifest)
    )
    gone = [place for place, effect in enumerate(cluster.log) if isinstance(effect, Delete)]
    rolled_out = next(
        place
        for place, effect in enumerate(cluster.log)
        if isinstance(effect, PutStatus)
        and effect.manifest["status"]
        .get("components", {})
        .get("predictor", {})
        .get("latestRolledoutRevision")
        == SECOND
    )
    assert route < rolled_out < min(gone)


def test_a_broken_new_model_takes_no_traffic(cluster: Cluster):
    cluster.broken = lambda uri: uri == V2
    served(cluster)
    cluster.apply(inference_service(V2, 2))
    cluster.run()
    assert cluster.serving() == FIRST
    assert len(cluster.pods(FIRST)) == 2
    assert cluster.condition("Ready")["status"] == "True"
    latest = cluster.condition("LatestDeploymentReady")
    assert (latest["status"], latest["reason"]) == ("False", "ModelLoadFailed")
    assert "no model at this place" in latest["message"]
    why = cluster.status()["replicas"]["why"]
    assert SECOND in why and FIRST in why and "no model at this place" in why
    model = cluster.status()["modelStatus"]
    assert model["transitionStatus"] == "BlockedByFailedLoad"
    assert model["states"] == {"activeModelState": "Loaded", "targetModelState": "FailedToLoad"}
    assert model["lastFailureInfo"]["message"] == "no model at this place"
    assert model["lastFailureInfo"]["modelRevisionName"] == SECOND


def test_a_broken_revision_is_superseded(cluster: Cluster):
    cluster.broken = lambda uri: uri == V2
    served(cluster)
    cluster.apply(inference_service(V2, 2))
    cluster.run()
    cluster.apply(inference_service("s3://models/iris/v3", 2))
    cluster.run()
    assert cluster.serving() == "iris-predictor-00003"
    assert {revision_of(pod) for pod in cluster.pods()} == {"iris-predictor-00003"}
    assert cluster.status()["components"]["predictor"]["previousRolledoutRevision"] == FIRST


def test_a_first_revision_that_never_worked_holds_nothing_up():
    cluster = Cluster(room=2, broken=lambda uri: uri == V1)
    cluster.apply(inference_service(V1, 2))
    cluster.run()
    assert cluster.condition("Ready")["status"] == "False"
    cluster.apply(inference_service(V2, 2))
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.serving() == SECOND


def test_the_number_of_replicas_changes_without_a_revision(cluster: Cluster):
    served(cluster, replicas=2)
    cluster.apply(inference_service(V1, 5))
    cluster.run()
    assert len(cluster.pods(FIRST)) == 5
    cluster.apply(inference_service(V1, 1))
    cluster.run()
    assert len(cluster.pods(FIRST)) == 1
    assert cluster.names(REVISION) == [FIRST]


def test_zero_replicas_run_one(cluster: Cluster):
    cluster.apply(inference_service(V1, 0))
    cluster.run()
    assert cluster.status()["replicas"] == {"replicas": 1, "readyReplicas": 1}


def test_a_lost_pod_is_replaced(cluster: Cluster):
    served(cluster)
    cluster.delete(POD, cluster.pods()[0]["metadata"]["name"])
    cluster.settle()
    assert len(cluster.pods()) == 2
    assert cluster.condition("Ready")["status"] == "True"


def test_deleting_the_service_stops_everything(cluster: Cluster):
    served(cluster)
    cluster.delete(INFERENCE_SERVICE, "iris")
    assert cluster.step().effects == ()
    assert not cluster.names(REVISION) + cluster.names(POD) + cluster.names(SERVICE)


def test_a_service_that_is_being_deleted_is_left_alone(cluster: Cluster):
    served(cluster)
    cluster.service()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cluster.delete(POD, cluster.pods()[0]["metadata"]["name"])
    assert cluster.step().effects == ()


def test_old_revisions_are_kept_up_to_a_number(cluster: Cluster):
    served(cluster)
    for number in range(2, 15):
        cluster.apply(inference_service(f"s3://models/iris/v{number}", 2))
        cluster.run()
    names = cluster.names(REVISION)
    assert len(names) == 11
    assert names[-1] == cluster.serving() == "iris-predictor-00014"


def test_a_missing_runtime_is_told_and_its_coming_starts_the_service(cluster: Cluster):
    service = inference_service(V1)
    service["spec"]["predictor"]["model"]["runtime"] = "mine"
    cluster.apply(service)
    cluster.settle()
    ready = cluster.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "RuntimeNotRecognized")
    assert "mine" in ready["message"]
    model = cluster.status()["modelStatus"]
    assert model["transitionStatus"] == "InvalidSpec"
    assert model["lastFailureInfo"]["message"] == "Waiting for runtime to become available"
    assert ("Warning", "RuntimeNotRecognized") in [(one.type, one.reason) for one in cluster.events]
    cluster.apply(serving_runtime("mine"))
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.status()["servingRuntimeName"] == "mine"


def test_a_changed_runtime_is_rolled_out_and_a_lost_one_stops_nothing(cluster: Cluster):
    service = inference_service(V1)
    service["spec"]["predictor"]["model"]["runtime"] = "mine"
    cluster.apply(serving_runtime("mine"))
    cluster.apply(service)
    cluster.run()
    cluster.apply(serving_runtime("mine", image="kserve/sklearnserver:v9"))
    cluster.run()
    assert cluster.serving() == SECOND
    cluster.delete(SERVING_RUNTIME, "mine")
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    assert cluster.condition("LatestDeploymentReady")["reason"] == "RuntimeNotRecognized"
    assert len(cluster.pods(SECOND)) == 1


def test_credentials_that_come_later_start_the_service(cluster: Cluster):
    cluster.apply(inference_service(V1, serviceAccountName="reader"))
    cluster.settle()
    assert "reader" in cluster.condition("Ready")["message"]
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "reader", "namespace": "ml"},
            "secrets": [{"name": "s3"}],
        }
    )
    cluster.settle()
    assert '"s3"' in cluster.condition("Ready")["message"]
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "s3", "namespace": "ml"},
            "stringData": {"AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "very-secret"},
        }
    )
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    assert "very-secret" not in str(cluster.pods())
    assert "very-secret" not in str(cluster.objects_of(REVISION))


def test_replicas_without_room_are_told_and_do_not_unmake_the_rest():
    cluster = Cluster(room=2)
    cluster.apply(inference_service(V1, 3))
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    counts = cluster.status()["replicas"]
    assert (counts["replicas"], counts["readyReplicas"]) == (3, 2)
    assert "Insufficient cpu" in counts["why"]


def test_nothing_fits():
    cluster = Cluster(room=0)
    cluster.apply(inference_service(V1, 1))
    cluster.run()
    ready = cluster.condition("Ready")
    assert (ready["status"], ready["reason"]) == ("False", "Unschedulable")


@pytest.mark.parametrize("replicas", [2, 3, 4, 8])
def test_a_full_cluster_rolls_by_giving_replicas_up(replicas: int):
    cluster = Cluster(room=replicas)
    served(cluster, replicas)
    cluster.apply(inference_service(V2, replicas))
    cluster.run(turns=60)
    assert cluster.serving() == SECOND
    assert len(cluster.pods(SECOND)) == len(cluster.pods()) == replicas
    assert cluster.status()["replicas"] == {"replicas": replicas, "readyReplicas": replicas}


def test_the_only_replica_is_never_given_up():
    cluster = served(Cluster(room=1), replicas=1)
    cluster.apply(inference_service(V2, 1))
    cluster.run()
    assert cluster.serving() == FIRST
    why = cluster.status()["replicas"]["why"]
    assert "no room" in why and "Insufficient cpu" in why and FIRST in why
    cluster.room = 2
    cluster.run()
    assert cluster.serving() == SECOND
    assert "why" not in cluster.status()["replicas"]


def test_a_broken_model_in_a_full_cluster_costs_one_replica_at_most():
    cluster = served(Cluster(room=4, broken=lambda uri: uri == V2), replicas=4)
    cluster.apply(inference_service(V2, 4))
    cluster.run()
    assert cluster.serving() == FIRST
    assert len(cluster.pods(FIRST)) == 3
    cluster.apply(inference_service("s3://models/iris/v3", 4))
    cluster.run(turns=60)
    assert cluster.serving() == "iris-predictor-00003"
    assert len(cluster.pods()) == 4


def test_stop_and_start_again(cluster: Cluster):
    served(cluster)
    service = inference_service(V1, 2)
    service["metadata"]["annotations"] = {"serving.kserve.io/stop": "True"}
    cluster.apply(service)
    cluster.run()
    assert not cluster.pods() and not cluster.names(SERVICE)
    assert cluster.condition("Stopped")["status"] == "True"
    assert cluster.condition("Ready")["reason"] == "Stopped"
    assert "url" not in cluster.status()
    cluster.apply(inference_service(V1, 2))
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"
    assert len(cluster.pods()) == 2


def test_somebody_elses_service_of_this_name_is_left_alone(cluster: Cluster):
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "iris-predictor", "namespace": "ml"},
            "spec": {"ports": [{"port": 80}]},
        }
    )
    cluster.apply(inference_service(V1))
    cluster.run()
    ingress = cluster.condition("IngressReady")
    assert ingress["status"] == "False"
    assert "belongs to somebody else" in ingress["message"]
    cluster.delete(SERVICE, "iris-predictor")
    cluster.run()
    assert cluster.condition("Ready")["status"] == "True"


def test_a_pod_that_ended_for_good_is_replaced_after_a_while(cluster: Cluster):
    served(cluster, replicas=1)
    pod = cluster.pods()[0]
    pod["status"] = {"phase": "Failed", "reason": "Evicted", "message": "the node was full"}
    pod["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    cluster.now_ms = 1_767_225_600_000 + 4_000
    plan = cluster.step()
    assert plan.wake_at_ms == 1_767_225_600_000 + 10_000
    assert not any(isinstance(effect, Delete) for effect in plan.effects)
    assert "Evicted: the node was full" in cluster.status()["replicas"]["why"]
    cluster.now_ms = plan.wake_at_ms
    cluster.settle()
    assert [one["metadata"].get("deletionTimestamp") is None for one in cluster.pods()].count(True) == 1


@pytest.mark.parametrize("failing", range(1, 16))
def test_any_failed_write_is_made_good(failing: int):
    cluster = Cluster()
    cluster.fail_writes = {failing}
    cluster.apply(inference_service(V1, 2))
    cluster.run()
    cluster.apply(inference_service(V2, 2))
    cluster.run()
    assert cluster.serving() == SECOND
    assert {revision_of(pod) for pod in cluster.pods()} == {SECOND}
    assert len(cluster.pods()) == 2
    assert cluster.condition("Ready")["status"] == "True"


def test_readiness_is_told_in_events(cluster: Cluster):
    served(cluster, replicas=1)
    for pod in cluster.pods():
        pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}
    cluster.settle()
    told = [(one.type, one.reason) for one in cluster.events]
    assert told == [
        ("Normal", "RevisionCreated"),
        ("Normal", "RevisionReady"),
        ("Normal", "InferenceServiceReady"),
        ("Warning", "InferenceServiceNotReady"),
    ]


def test_watched_objects_lead_to_their_services(cluster: Cluster):
    served(cluster)
    cluster.apply(serving_runtime("mine"))
    view = cluster.view()
    keys = {
        watch.kind.name: [list(watch.keys(obj, view)) for obj in view.list(watch.kind)]
        for watch in cluster.controller.watches
    }
    mine = [Key("ml", "iris")]
    assert keys["InferenceService"] == keys["Revision"] == keys["Service"] == [mine]
    assert keys["Pod"] == [mine, mine]
    assert keys["ServingRuntime"] == keys["ClusterServingRuntime"] == [mine]


def test_times_of_conditions_change_only_with_their_status(cluster: Cluster):
    served(cluster)
    before = cluster.condition("Ready")["lastTransitionTime"]
    cluster.now_ms += 60_000
    cluster.apply(inference_service(V2, 2))
    cluster.run()
    assert cluster.condition("Ready")["lastTransitionTime"] == before
    assert cluster.condition("LatestDeploymentReady")["lastTransitionTime"] > before


def test_the_federations_own_marks_ask_for_no_revision(cluster: Cluster):
    served(cluster)
    service = inference_service(V1, 2)
    service["metadata"] |= {
        "labels": {"karmada.io/managed": "true", "work.karmada.io/permanent-id": "1"},
        "annotations": {"resourcetemplate.karmada.io/uid": "2"},
    }
    cluster.apply(service)
    cluster.run()
    assert cluster.names(REVISION) == [FIRST]


def serving_runtime(name: str, image: str = "kserve/sklearnserver:v1") -> dict:
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": name, "namespace": "ml"},
        "spec": {
            "supportedModelFormats": [{"name": "sklearn", "version": "1"}],
            "containers": [{"name": "kserve-container", "image": image}],
        },
    }


def test_accounts_and_secrets_are_watched(cluster: Cluster):
    watched = {watch.kind for watch in cluster.controller.watches}
    assert {SECRET, SERVICE_ACCOUNT} <= watched
