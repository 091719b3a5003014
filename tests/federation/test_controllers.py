"""The hub's controllers one by one: what there is goes in, the writes come out."""

import json

import pytest

from tests.federation.objects import (
    NOW_MS,
    SERVICE,
    binding,
    cluster,
    placement,
    policy,
    service,
    taint,
    view_of,
    weights,
)
from tradewind.controller.plan import LOCAL, Delete, Key, Put, PutStatus, Record
from tradewind.federation.bindings import make_binding
from tradewind.federation.controllers.binding import make_binding_controller
from tradewind.federation.controllers.cluster import make_cluster_controller
from tradewind.federation.controllers.detector import make_detector
from tradewind.federation.controllers.scheduler import make_scheduler
from tradewind.federation.keys import CLUSTER_FINALIZER
from tradewind.federation.match import Claim
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.meta import decode, encode, replace
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.policy import PROPAGATION_POLICY
from tradewind.resources.serving import InferenceService
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.work import (
    RESOURCE_BINDING,
    WORK,
    BindingSpec,
    BindingSuspension,
    ReplicaRequirements,
    ResourceBinding,
    TargetCluster,
    Work,
)

DETECTOR = make_detector(INFERENCE_SERVICE)
SCHEDULER = make_scheduler()
TEMPLATE = Key("ml", "fraud")
BINDING = Key("ml", "fraud-inferenceservice")


def detect(template=None, policies=(), bound=None):
    view = view_of(
        DETECTOR,
        {
            (INFERENCE_SERVICE, LOCAL): [template] if template else [],
            (PROPAGATION_POLICY, LOCAL): [encode(one) for one in policies],
            (RESOURCE_BINDING, LOCAL): [encode(bound)] if bound else [],
        },
    )
    return DETECTOR.step(TEMPLATE, view, NOW_MS).effects


def claimed(template, by):
    found = Claim(by)
    meta = {**template["metadata"], "labels": found.labels, "annotations": found.annotations}
    return {**template, "metadata": meta}


def bound_by(by, template=None):
    manifest = template or service(minReplicas=2)
    typed = decode(manifest, InferenceService)
    made = make_binding(typed, manifest, Claim(by), None)
    return replace(made, metadata=replace(made.metadata, uid="b"))


P = policy(
    "p",
    {"name": "fraud"},
    placement={"clusterAffinity": {"clusterNames": ["a"]}},
    conflictResolution="Overwrite",
)


def test_a_template_is_claimed_and_bound():
    claim, bind, event = detect(service(minReplicas=2), [P])
    assert isinstance(claim, Put) and claim.kind == INFERENCE_SERVICE
    assert claim.manifest["metadata"]["annotations"]["propagationpolicy.karmada.io/name"] == "p"
    made = decode(bind.manifest, ResourceBinding)
    assert made.spec.resource == SERVICE
    assert (made.spec.replicas, made.spec.conflict_resolution) == (2, "Overwrite")
    assert made.metadata.owner_references[0].uid == "template-uid"
    assert isinstance(event, Record) and event.reason == "ApplyPolicySucceed"


def test_what_is_claimed_and_bound_needs_nothing():
    template = claimed(service(minReplicas=2), P)
    assert detect(template, [P], bound_by(P, template)) == ()


def test_a_binding_keeps_what_others_wrote():
    bound = bound_by(P)
    scheduled = replace(
        bound,
        metadata=replace(
            bound.metadata, annotations={**bound.metadata.annotations, "policy.karmada.io/x": "y"}
        ),
        spec=replace(bound.spec, clusters=[TargetCluster(name="a", replicas=2)], scheduler_name="other"),
    )
    [put, _] = detect(claimed(service(minReplicas=4), P), [P], scheduled)
    made = decode(put.manifest, ResourceBinding)
    assert made.spec.clusters == [TargetCluster(name="a", replicas=2)]
    assert made.spec.replicas == 4 and made.spec.scheduler_name == "default-scheduler"
    assert made.metadata.annotations["policy.karmada.io/x"] == "y"


def test_a_template_that_is_gone_takes_its_binding_along():
    assert detect(None, [P], bound_by(P)) == (Delete(RESOURCE_BINDING, "ml", "fraud-inferenceservice", "b"),)


def test_a_binding_of_an_earlier_template_of_this_name_goes_first():
    bound = bound_by(P)
    earlier = replace(bound, spec=replace(bound.spec, resource=replace(SERVICE, uid="earlier")))
    [delete] = detect(service(), [P], earlier)
    assert isinstance(delete, Delete)


def test_a_binding_of_another_kind_is_not_touched():
    bound = bound_by(P)
    other = replace(bound, spec=replace(bound.spec, resource=replace(SERVICE, kind="Other")))
    assert detect(None, [P], other) == ()


def test_without_a_policy_only_the_claim_ends():
    template = claimed(service(minReplicas=2), P)
    release, unbind = detect(template, [], bound_by(P, template))
    assert not release.manifest["metadata"]["labels"]
    made = decode(unbind.manifest, ResourceBinding)
    assert "propagationpolicy.karmada.io/permanent-id" not in made.metadata.labels
    assert detect(service(), []) == ()


LAZY = replace(P, spec=replace(P.spec, activation_preference="Lazy"))


def test_a_lazy_policys_change_waits_for_the_template():
    template = claimed(service(minReplicas=2), LAZY)
    bound = bound_by(LAZY, template)
    changed = replace(LAZY, spec=replace(LAZY.spec, conflict_resolution="Abort"))
    assert detect(template, [changed], bound) == ()
    template["metadata"]["generation"] += 1
    [put, _] = detect(template, [changed], bound)
    assert decode(put.manifest, ResourceBinding).spec.conflict_resolution == "Abort"


def test_a_selector_may_name_any_served_version():
    detector = make_detector(DESTINATION_RULE)
    rule = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"namespace": "ml", "name": "r", "uid": "u", "generation": 1},
        "spec": {"host": "h"},
    }
    selecting = policy("p", {"apiVersion": "networking.istio.io/v1beta1", "kind": "DestinationRule"})
    objects = {(DESTINATION_RULE, LOCAL): [rule], (PROPAGATION_POLICY, LOCAL): [encode(selecting)]}
    effects = detector.step(Key("ml", "r"), view_of(detector, objects), NOW_MS).effects
    assert [one.kind for one in effects if isinstance(one, Put)] == [DESTINATION_RULE, RESOURCE_BINDING]


DIVIDED = placement({"replicaScheduling": weights(a=2, b=1)})


def asked(replicas=3, here=None, **more):
    return BindingSpec(
        resource=SERVICE,
        replicas=replicas,
        replica_requirements=ReplicaRequirements(),
        placement=more.pop("placement", DIVIDED),
        clusters=[TargetCluster(name=name, replicas=share) for name, share in (here or {}).items()],
        **more,
    )


def place(bound):
    clusters = [cluster("a"), cluster("b")]
    objects = {
        (RESOURCE_BINDING, LOCAL): [encode(bound)],
        (CLUSTER, LOCAL): [encode(one) for one in clusters],
    }
    return SCHEDULER.step(BINDING, view_of(SCHEDULER, objects), NOW_MS).effects


def after(bound, effects):
    """The binding once these effects have been performed, as the API server would."""
    for effect in effects:
        if isinstance(effect, Put):
            put = decode(effect.manifest, ResourceBinding)
            more = put.spec != bound.spec
            meta = replace(put.metadata, generation=bound.metadata.generation + more)
            bound = replace(put, metadata=meta, status=bound.status)
        elif isinstance(effect, PutStatus):
            bound = replace(bound, status=decode(effect.manifest, ResourceBinding).status)
    return bound


def test_placing_writes_clusters_then_status_then_says_so():
    put, status, event = place(binding(asked()))
    assert [(one.name, one.replicas) for one in decode(put.manifest, ResourceBinding).spec.clusters] == [
        ("a", 2),
        ("b", 1),
    ]
    assert put.manifest["metadata"]["resourceVersion"] == "5"
    assert json.loads(
        put.manifest["metadata"]["annotations"]["policy.karmada.io/applied-placement"]
    ) == encode(DIVIDED)
    assert "resourceVersion" not in status.manifest["metadata"]
    told = decode(status.manifest, ResourceBinding).status
    assert (told.conditions[0].status, told.conditions[0].reason) == ("True", "Success")
    assert told.scheduler_observed_generation == 2
    assert event.message.endswith("{a:2, b:1}")
    assert event.about["kind"] == "InferenceService"


def test_a_placed_binding_needs_nothing():
    bound = binding(asked())
    placed = after(bound, place(bound))
    assert place(placed) == ()


def test_a_status_that_was_lost_is_written_again():
    bound = binding(asked())
    [put, *_] = place(bound)
    [status, _] = place(after(bound, [put]))
    assert isinstance(status, PutStatus)
    assert status.manifest["metadata"]["resourceVersion"] == "5"


def test_when_no_cluster_fits_the_object_goes_away():
    bound = after(binding(asked()), place(binding(asked())))
    moved = replace(
        bound, spec=replace(bound.spec, placement=placement({"clusterAffinity": {"clusterNames": ["x"]}}))
    )
    put, status, event = place(moved)
    assert "clusters" not in put.manifest["spec"]
    told = decode(status.manifest, ResourceBinding).status.conditions[0]
    assert (told.status, told.reason) == ("False", "NoClusterFit")
    assert (event.type, event.reason) == ("Warning", "ScheduleBindingFailed")
    assert place(after(moved, [put, status])) == ()


def test_without_room_the_object_stays_where_it_is():
    aggregated = placement({"replicaScheduling": {"replicaDivisionPreference": "Aggregated"}})
    status, event = place(binding(asked(9, {"a": 3}, placement=aggregated)))
    assert isinstance(status, PutStatus) and event.reason == "ScheduleBindingFailed"
    assert decode(status.manifest, ResourceBinding).status.conditions[0].reason == "Unschedulable"


@pytest.mark.parametrize(
    "bound",
    [
        replace(binding(asked()), metadata=replace(binding().metadata, labels={})),
        binding(asked(scheduler_name="other")),
        binding(asked(suspension=BindingSuspension(scheduling=True))),
        binding(asked(), deletion_timestamp="T"),
    ],
)
def test_what_is_not_scheduled_here(bound):
    assert place(bound) == ()


def lead(one, bindings=(), works=(), controller=None):
    controller = controller or make_cluster_controller()
    objects = {
        (CLUSTER, LOCAL): [encode(one)],
        (RESOURCE_BINDING, LOCAL): [encode(each) for each in bindings],
        (WORK, LOCAL): [encode(each) for each in works],
    }
    return controller.step(Key("", "a"), view_of(controller, objects), NOW_MS)


def test_a_new_cluster_gets_its_finalizer_and_its_taint():
    plan = lead(cluster("a", ready=None))
    [put] = plan.effects
    assert put.manifest["metadata"]["finalizers"] == [CLUSTER_FINALIZER]
    assert put.manifest["spec"]["taints"] == [{"key": "cluster.karmada.io/not-ready", "effect": "NoSchedule"}]
    assert plan.wake_at_ms is not None


def test_a_healthy_cluster_needs_nothing_but_another_look():
    one = cluster("a")
    plan = lead(replace(one, metadata=replace(one.metadata, finalizers=[CLUSTER_FINALIZER])))
    assert plan.effects == () and plan.wake_at_ms is not None


def leaving(ready="True"):
    one = cluster("a", ready, deletion_timestamp="T", taints=[taint("x")])
    return replace(one, metadata=replace(one.metadata, finalizers=[CLUSTER_FINALIZER]))


def held_work(**metadata):
    given = {
        "name": "w",
        "namespace": "karmada-es-a",
        "uid": "w",
        "finalizers": ["karmada.io/execution-controller"],
    }
    return decode({"metadata": {**given, **metadata}}, Work)


def test_a_leaving_cluster_waits_for_the_scheduler_then_for_its_member_then_goes():
    assert lead(leaving(), [binding(asked(here={"a": 3}))], [held_work()]).effects == ()
    assert lead(leaving(), [], [held_work()]).effects == (Delete(WORK, "karmada-es-a", "w", "w"),)
    assert lead(leaving(), [], [held_work(deletionTimestamp="T")]).effects == ()
    *deletes, put = lead(leaving()).effects
    assert [one.name for one in deletes] == ["a", "karmada-es-a"]
    assert "finalizers" not in put.manifest["metadata"]


def test_a_leaving_cluster_that_is_not_heard_of_is_not_waited_for():
    [put] = lead(leaving("Unknown"), [], [held_work(deletionTimestamp="T")]).effects
    assert put.kind == WORK and "finalizers" not in put.manifest["metadata"]


def test_a_binding_that_nobody_schedules_does_not_hold_a_leaving_cluster():
    unclaimed = replace(binding(asked(here={"a": 3})), metadata=replace(binding().metadata, labels={}))
    assert len(lead(leaving(), [unclaimed], []).effects) == 3


def test_a_cluster_that_comes_back_asks_for_the_works_it_is_to_have():
    """The scheduler may have chosen it before it came back, and then looks no more."""
    controller = make_binding_controller((INFERENCE_SERVICE,), lambda *_: INFERENCE_SERVICE)
    elsewhere = binding(BindingSpec(resource=SERVICE, clusters=[TargetCluster(name="west")]))
    for bound, keys in (
        (binding(BindingSpec(resource=SERVICE, clusters=[TargetCluster(name="east")])), [BINDING]),
        (elsewhere, []),
    ):
        view = view_of(controller, {(RESOURCE_BINDING, LOCAL): [encode(bound)]})
        watch = next(one for one in controller.watches if one.kind is CLUSTER)
        assert list(watch.keys(cluster("east"), view)) == keys
