"""A Work in its member: what is written for each manifest, and what is reported."""

import pytest

from tests.federation.objects import NOW_MS, binding, cluster, service, view_of, work_of
from tradewind.controller.plan import HUB, LOCAL, Delete, Key, Put, PutStatus
from tradewind.federation.agent import make_execution, make_heartbeat, make_registration, make_reporter
from tradewind.federation.execution import Copy, apply, reflect
from tradewind.federation.health import GRACE_MS, RENEW_MS
from tradewind.federation.interpret import Part
from tradewind.federation.member import MemberIdentity, make_cluster, make_lease
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import LEASE, NODE, SECRET
from tradewind.resources.meta import condition_of, decode, encode, replace
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import WORK, Work

KINDS = (INFERENCE_SERVICE, SECRET)
EXECUTION = make_execution("east", KINDS)
BINDING = binding()
WORK_OF_SERVICE = work_of(service(minReplicas=2), BINDING, "east", Part(2))
KEY = Key(WORK_OF_SERVICE.metadata.namespace, WORK_OF_SERVICE.metadata.name)
WANTED = WORK_OF_SERVICE.spec.workload.manifests[0]


def stored(manifest=WANTED, **metadata):
    """A manifest as the member has stored it."""
    filled = INFERENCE_SERVICE.default(manifest)
    system = {
        "uid": "u",
        "resourceVersion": "4",
        "generation": 1,
        "creationTimestamp": "2027-01-01T00:00:00Z",
    }
    return {**filled, "metadata": {**filled["metadata"], **system, **metadata}}


def work(spec=None, **metadata) -> Work:
    found = WORK_OF_SERVICE if spec is None else replace(WORK_OF_SERVICE, spec=spec)
    return replace(found, metadata=replace(found.metadata, uid="w", resource_version="3", **metadata))


def step(one, objects=()):
    view = view_of(
        EXECUTION, {(WORK, HUB): [encode(one)] if one else [], (INFERENCE_SERVICE, LOCAL): list(objects)}
    )
    return EXECUTION.step(KEY, view, NOW_MS).effects


def applied(effects) -> tuple[str, str]:
    """Status and message of the condition Applied as it is reported."""
    [status] = [one for one in effects if isinstance(one, PutStatus)]
    assert (status.kind, status.at) == (WORK, HUB)
    found = condition_of(decode(status.manifest, Work).status.conditions, "Applied")
    assert found is not None
    return found.status, found.message


def test_what_is_missing_is_created_and_then_reported():
    put, report = step(work())
    assert isinstance(put, Put) and put.at == LOCAL
    assert put.manifest["spec"]["predictor"]["minReplicas"] == 2
    assert "uid" not in put.manifest["metadata"]
    assert applied([report])[0] == "True"


def test_what_is_there_is_left_as_it_is():
    [report] = step(work(), [stored()])
    told = decode(report.manifest, Work)
    assert told.status.manifest_statuses[0].identifier.resource == "inferenceservices"
    assert step(told, [stored()]) == ()


def test_drift_is_undone():
    drifted = stored()
    drifted["spec"] = {"predictor": {**drifted["spec"]["predictor"], "minReplicas": 9}}
    put, _ = step(work(), [drifted])
    assert put.manifest["spec"]["predictor"]["minReplicas"] == 2
    assert put.manifest["metadata"]["resourceVersion"] == "4"


def test_status_and_health_are_reported():
    ready = {"conditions": [{"type": "Ready", "status": "True"}], "url": "u"}
    [report] = step(work(), [{**stored(generation=5), "status": ready}])
    [told] = decode(report.manifest, Work).status.manifest_statuses
    assert told.health == "Healthy"
    assert told.status == {**ready, "generation": 5, "resourceTemplateGeneration": 3}


def without_marks(manifest):
    meta = {**manifest["metadata"], "labels": {}, "annotations": {}}
    return {**manifest, "metadata": meta}


def test_a_foreign_object_is_left_alone():
    effects = step(work(), [without_marks(stored())])
    status, message = applied(effects)
    assert len(effects) == 1
    assert status == "False"
    assert "(0/1): InferenceService ml/fraud: already exists in cluster east and is not managed" in message
    assert "conflictResolution: Overwrite" in message


def test_a_lost_label_does_not_make_an_object_foreign():
    meta = stored()["metadata"]
    put, _ = step(work(), [{**stored(), "metadata": {**meta, "labels": {}}}])
    assert put.manifest["metadata"]["labels"]["karmada.io/managed"] == "true"


@pytest.mark.parametrize(
    ("copy", "problem"),
    [
        (
            Copy({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}}, None, None),
            "serves no kind",
        ),
        (
            Copy({**WANTED, "spec": {"predictor": {"minReplicas": -1}}}, INFERENCE_SERVICE, None),
            "minReplicas",
        ),
        (Copy(WANTED, INFERENCE_SERVICE, stored(deletionTimestamp="T")), "is still being deleted"),
    ],
)
def test_what_cannot_be_applied_says_so(copy, problem):
    outcome = apply(copy, "east")
    assert not outcome.effects
    assert problem in outcome.problem


def test_what_a_work_no_longer_holds_is_removed():
    emptied = replace(WORK_OF_SERVICE.spec, workload=replace(WORK_OF_SERVICE.spec.workload, manifests=[]))
    delete, _ = step(work(emptied), [stored()])
    assert delete == Delete(INFERENCE_SERVICE, "ml", "fraud", "u")


def test_a_suspended_work_changes_nothing():
    effects = step(work(replace(WORK_OF_SERVICE.spec, suspend_dispatching=True)))
    [report] = effects
    found = condition_of(decode(report.manifest, Work).status.conditions, "Dispatching")
    assert found is not None and (found.status, found.reason) == ("False", "SuspendDispatching")


def test_a_deleted_work_takes_its_objects_along_and_then_goes():
    gone = work(deletion_timestamp="2027-01-01T00:00:00Z")
    assert step(gone, [stored()]) == (Delete(INFERENCE_SERVICE, "ml", "fraud", "u"),)
    assert step(gone, [stored(deletionTimestamp="2027-01-01T00:00:00Z")]) == ()
    [released] = step(gone)
    assert isinstance(released, Put) and released.at == HUB
    assert "finalizers" not in released.manifest["metadata"]


def test_a_deleted_work_leaves_foreign_objects_alone():
    [released] = step(work(deletion_timestamp="2027-01-01T00:00:00Z"), [without_marks(stored())])
    assert released.kind == WORK


def test_a_work_that_has_vanished_takes_nothing_along():
    assert step(None, [stored()]) == ()


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        ({"apiVersion": "v1", "kind": "Secret", "metadata": {}}, None),
        (
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {}, "status": {"phase": "Active"}},
            {"phase": "Active"},
        ),
    ],
)
def test_reflect(manifest, told):
    assert reflect(manifest) == told


EAST = MemberIdentity("east", "https://127.0.0.1:1", "http://127.0.0.1:2", "127.0.0.1:3")
SELF = Key("", "east")
CLUSTER_AT_HUB = encode(replace(make_cluster(EAST, None), metadata=cluster("east").metadata))


def heartbeat(*leases, now_ms=NOW_MS):
    controller = make_heartbeat(EAST)
    return controller.step(SELF, view_of(controller, {(LEASE, HUB): list(leases)}), now_ms)


def lease(renewed_ms):
    made = make_lease(EAST, None, renewed_ms)
    return encode(replace(made, metadata=replace(made.metadata, uid="l")))


def test_the_heart_beats():
    first = heartbeat()
    assert isinstance(first.effects[0], Put) and first.effects[0].at == HUB
    assert first.wake_at_ms == NOW_MS + RENEW_MS
    resting = heartbeat(lease(NOW_MS), now_ms=NOW_MS + 500)
    assert (resting.effects, resting.wake_at_ms) == ((), NOW_MS + RENEW_MS)
    assert len(heartbeat(lease(NOW_MS), now_ms=NOW_MS + RENEW_MS).effects) == 1


def test_registration_writes_only_what_is_missing():
    controller = make_registration(EAST)
    [put] = controller.step(SELF, view_of(controller, {}), NOW_MS).effects
    assert (put.kind, put.at) == (CLUSTER, HUB)
    known = view_of(controller, {(CLUSTER, HUB): [encode(make_cluster(EAST, None))]})
    assert controller.step(SELF, known, NOW_MS).effects == ()


@pytest.mark.parametrize(("age_ms", "reports"), [(0, True), (GRACE_MS, False), (None, False)])
def test_a_member_reports_while_its_heartbeat_arrives(age_ms, reports):
    controller = make_reporter(EAST, KINDS)
    leases = [] if age_ms is None else [lease(NOW_MS - age_ms)]
    node = {"metadata": {"name": "east"}, "status": {"allocatable": {"cpu": "4"}}}
    view = view_of(
        controller, {(CLUSTER, HUB): [CLUSTER_AT_HUB], (LEASE, HUB): leases, (NODE, LOCAL): [node]}
    )
    effects = controller.step(SELF, view, NOW_MS).effects
    assert bool(effects) is reports
    if reports:
        assert effects[0].manifest["status"]["resourceSummary"]["allocatable"] == {"cpu": "4"}
