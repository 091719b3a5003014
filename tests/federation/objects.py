"""Typed objects for tests, made with as few words as possible."""

from typing import Any

from tradewind.controller.cache import Cache, name_of
from tradewind.controller.run import source_of
from tradewind.controller.view import Controller
from tradewind.federation.interpret import Part
from tradewind.federation.keys import POLICY_ID
from tradewind.federation.works import make_work, render
from tradewind.resources.cluster_types import ApiEnablement, ApiResource, Cluster, ClusterSpec, ClusterStatus
from tradewind.resources.core import Taint
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Condition, Manifest, Object, ObjectMeta, decode
from tradewind.resources.policy_types import Placement, PropagationPolicy, ReplicaSchedulingStrategy
from tradewind.resources.times import time_text
from tradewind.resources.work import BindingSpec, ObjectReference, ResourceBinding, Work

NOW_MS = 1_800_000_000_000
SERVICE_API = "serving.kserve.io/v1beta1"
SERVICE = ObjectReference(
    api_version=SERVICE_API, kind="InferenceService", namespace="ml", name="fraud", uid="template-uid"
)


def cluster(name: str, ready: str | None = "True", **spec: Any) -> Cluster:
    """A cluster that serves InferenceServices; `ready` None means that it has never reported."""
    labels = spec.pop("labels", {})
    annotations = spec.pop("annotations", {})
    deleted = spec.pop("deletion_timestamp", None)
    conditions = (
        [Condition(type="Ready", status=ready, last_transition_time=time_text(NOW_MS))] if ready else []
    )
    resource = ApiResource(name="inferenceservices", kind="InferenceService")
    return Cluster(
        api_version="cluster.karmada.io/v1alpha1",
        kind="Cluster",
        metadata=ObjectMeta(
            name=name, uid=f"uid-{name}", labels=labels, annotations=annotations, deletion_timestamp=deleted
        ),
        spec=ClusterSpec(**spec),
        status=ClusterStatus(
            conditions=conditions,
            api_enablements=[ApiEnablement(group_version=SERVICE_API, resources=[resource])],
        ),
    )


def taint(key: str, effect: str = "NoSchedule", value: str = "") -> Taint:
    return Taint(key=key, effect=effect, value=value)


def strategy(given: dict[str, Any]) -> ReplicaSchedulingStrategy | None:
    return placement({"replicaScheduling": given}).replica_scheduling


def placement(given: dict[str, Any]) -> Placement:
    return decode(given, Placement)


def weights(**by_cluster: int) -> dict[str, Any]:
    """`replicaScheduling` with static weights."""
    rules = [
        {"targetCluster": {"clusterNames": [name]}, "weight": weight} for name, weight in by_cluster.items()
    ]
    return {"replicaDivisionPreference": "Weighted", "weightPreference": {"staticWeightList": rules}}


def policy(name: str, selector: dict[str, Any], namespace: str = "ml", **spec: Any) -> PropagationPolicy:
    """A policy with one selector for InferenceServices; `namespace` "" makes it one of all."""
    whole = {"apiVersion": SERVICE_API, "kind": "InferenceService", **selector}
    return decode(
        {
            "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}"},
            "spec": {"resourceSelectors": [whole], **spec},
        },
        PropagationPolicy,
    )


def template(name: str = "fraud", namespace: str = "ml", **metadata: Any) -> Object:
    return decode(
        {
            "apiVersion": SERVICE_API,
            "kind": "InferenceService",
            "metadata": {"name": name, "namespace": namespace, "uid": "template-uid", **metadata},
        },
        Object,
    )


def service(name: str = "fraud", status: dict[str, Any] | None = None, **predictor: Any) -> Manifest:
    """An InferenceService as the API serves it."""
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}
    return {
        "apiVersion": SERVICE_API,
        "kind": "InferenceService",
        "metadata": {
            "name": name,
            "namespace": "ml",
            "uid": "template-uid",
            "generation": 3,
            "resourceVersion": "7",
        },
        "spec": {"predictor": {"model": model, **predictor}},
        **({"status": status} if status else {}),
    }


def binding(spec: BindingSpec | None = None, **metadata: Any) -> ResourceBinding:
    """A claimed binding of the InferenceService ml/fraud."""
    return ResourceBinding(
        api_version="work.karmada.io/v1alpha2",
        kind="ResourceBinding",
        metadata=ObjectMeta(
            name="fraud-inferenceservice",
            namespace="ml",
            uid="binding-uid",
            resource_version="5",
            generation=1,
            labels={POLICY_ID: "p"},
            **metadata,
        ),
        spec=spec or BindingSpec(resource=SERVICE),
    )


def work_of(template: Manifest, bound: ResourceBinding, cluster: str, part: Part) -> Work:
    """The Work of a template that no override changes."""
    return make_work(template, bound, cluster, render(template, bound.spec, part), {})


def view_of(controller: Controller, objects: dict[tuple[Kind, str], list[Manifest]]) -> Cache:
    """What a controller sees when these objects, by kind and place, are all there are."""
    cache = Cache()
    for watch in controller.watches:
        found = [
            one
            for one in objects.get((watch.kind, watch.at), [])
            if watch.namespace in ("", name_of(one)[0]) and watch.name in ("", name_of(one)[1])
        ]
        cache.add_source(source_of(watch))
        cache.replace(source_of(watch), watch.kind, found, 1)
    return cache
