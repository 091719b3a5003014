"""A member in memory: performs the controller's plans, and plays API server, scheduler and node."""

import copy
import itertools
from collections.abc import Callable

from tradewind.controller.cache import Cache
from tradewind.controller.plan import Delete, Effect, Key, Plan, Put, PutStatus, Record
from tradewind.controller.run import source_of
from tradewind.resources import validate
from tradewind.resources.core_kinds import POD, SECRET, SERVICE, SERVICE_ACCOUNT
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import errors
from tradewind.resources.serving_kinds import (
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    REVISION,
    SERVING_RUNTIME,
)
from tradewind.resources.times import time_text
from tradewind.serving.builtin import builtin_runtimes
from tradewind.serving.controllers import inference_service_controller

KINDS = (
    INFERENCE_SERVICE,
    REVISION,
    POD,
    SERVICE,
    SECRET,
    SERVICE_ACCOUNT,
    SERVING_RUNTIME,
    CLUSTER_SERVING_RUNTIME,
)
MAX_STEPS = 50
START_MS = 1_767_225_600_000  # 2026-01-01
Name = tuple[str, str, str]  # resource, namespace, name


class WriteFailed(Exception):
    """The API server did not take a write."""


class Cluster:
    """`room` Pods fit; `broken` says which models fail to load, by storage URI."""

    def __init__(self, room: int = 100, broken: Callable[[str], bool] = lambda _: False) -> None:
        self.controller = inference_service_controller("east", 7411)
        self.room = room
        self.broken = broken
        self.now_ms = START_MS
        self.objects: dict[Name, Manifest] = {}
        self.events: list[Record] = []
        self.log: list[Effect] = []
        self.fail_writes: set[int] = set()
        self._numbers = itertools.count(1)
        self._writes = itertools.count(1)
        for runtime in builtin_runtimes():
            self.apply(runtime)

    # what users do

    def apply(self, manifest: Manifest) -> Manifest:
        """Create or replace, as `kubectl apply` does; refuses what the API would refuse."""
        kind = next(kind for kind in KINDS if kind.name == manifest["kind"])
        filled = kind.default(copy.deepcopy(manifest))
        problems = errors(validate.check(filled, kind))
        assert not problems, [str(problem) for problem in problems]
        meta = filled["metadata"]
        name = (kind.resource, meta.get("namespace", ""), meta["name"])
        known = self.objects.get(name)
        filled["metadata"] = meta | self._server_fields(known)
        if known:
            filled["status"] = known.get("status", {})
            changed = known.get("spec") != filled.get("spec")
            filled["metadata"]["generation"] = known["metadata"]["generation"] + changed
        self.objects[name] = filled
        return filled

    def delete(self, kind: Kind, name: str, namespace: str = "ml") -> None:
        """Delete, with everything that the object owns."""
        gone = self.objects.pop((kind.resource, namespace, name), None)
        if gone is None:
            return
        for (resource, space, other), manifest in list(self.objects.items()):
            owners = manifest["metadata"].get("ownerReferences", [])
            if any(owner["uid"] == gone["metadata"]["uid"] for owner in owners):
                owned = next(kind for kind in KINDS if kind.resource == resource)
                self.delete(owned, other, space)

    # what the member does

    def view(self) -> Cache:
        """What the controller sees: the kinds that it watches, and no others."""
        cache = Cache()
        for watch in self.controller.watches:
            cache.add_source(source_of(watch))
            found = [one for name, one in self.objects.items() if name[0] == watch.kind.resource]
            cache.replace(source_of(watch), watch.kind, copy.deepcopy(found), 1)
        return cache

    def step(self, service: str = "iris") -> Plan:
        """One step; its effects are performed until one fails."""
        plan = self.controller.step(Key("ml", service), self.view(), self.now_ms)
        try:
            for effect in plan.effects:
                self._perform(effect)
        except WriteFailed:
            pass
        return plan

    def settle(self, service: str = "iris") -> None:
        """Steps until the controller has nothing left to do."""
        for _ in range(MAX_STEPS):
            if not self.step(service).effects:
                return
        raise AssertionError(f"still busy after {MAX_STEPS} steps: {self.step(service)}")

    def node(self) -> None:
        """One turn of scheduler and node: leaving Pods go, those that loaded are ready, others are bound."""
        self.now_ms += 1000
        for pod in self.pods():
            if pod["metadata"].get("deletionTimestamp"):
                del self.objects[(POD.resource, "ml", pod["metadata"]["name"])]
        bound = [pod for pod in self.pods() if pod["spec"].get("nodeName")]
        for pod in bound:
            self._run(pod)
        for pod in self.pods():
            if pod["spec"].get("nodeName"):
                continue
            if len(bound) < self.room:
                bound.append(pod)
                pod["spec"]["nodeName"] = "east"
                pod["status"] = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
            else:
                pod["status"] = {"conditions": [unschedulable()]}

    def run(self, turns: int = 40) -> None:
        """Controller and node in turn, until both rest."""
        for _ in range(turns):
            before = copy.deepcopy(self.objects)
            self.settle()
            self.node()
            if self.objects == before:
                return

    # what tests look at

    def service(self, name: str = "iris") -> Manifest:
        return self.objects[(INFERENCE_SERVICE.resource, "ml", name)]

    def status(self, name: str = "iris") -> Manifest:
        return self.service(name)["status"]

    def condition(self, type_: str) -> Manifest:
        return next(one for one in self.status()["conditions"] if one["type"] == type_)

    def objects_of(self, kind: Kind) -> list[Manifest]:
        return [self.objects[name] for name in sorted(self.objects) if name[0] == kind.resource]

    def pods(self, revision: str = "") -> list[Manifest]:
        return [pod for pod in self.objects_of(POD) if not revision or revision_of(pod) == revision]

    def names(self, kind: Kind) -> list[str]:
        return [one["metadata"]["name"] for one in self.objects_of(kind)]

    def serving(self) -> str:
        """The revision that the route leads to."""
        route = self.objects[(SERVICE.resource, "ml", "iris-predictor")]
        return str(route["spec"]["selector"]["serving.knative.dev/revision"])

    # the API server

    def _perform(self, effect: Effect) -> None:
        if next(self._writes) in self.fail_writes:
            raise WriteFailed
        self.log.append(effect)
        match effect:
            case Put(kind, manifest):
                self._put(kind, copy.deepcopy(manifest))
            case PutStatus(kind, manifest):
                meta = manifest["metadata"]
                name = (kind.resource, meta.get("namespace", ""), meta["name"])
                self.objects[name]["status"] = copy.deepcopy(manifest["status"])
            case Delete(kind, namespace, name, uid) if kind is POD:
                pod = self.objects[(kind.resource, namespace, name)]
                assert pod["metadata"]["uid"] == uid
                pod["metadata"]["deletionTimestamp"] = time_text(self.now_ms)
            case Delete(kind, namespace, name):
                self.delete(kind, name, namespace)
            case Record():
                self.events.append(effect)

    def _put(self, kind: Kind, manifest: Manifest) -> None:
        filled = kind.default(manifest)
        problems = errors(validate.check(filled, kind))
        assert not problems, [str(problem) for problem in problems]
        meta = filled["metadata"]
        name = (kind.resource, meta["namespace"], meta["name"])
        known = self.objects.get(name)
        if bool(known) != bool(meta.get("uid")):
            raise WriteFailed
        filled["metadata"] = meta | self._server_fields(known)
        if known:
            filled["status"] = known.get("status", {})
        self.objects[name] = filled

    def _server_fields(self, known: Manifest | None) -> Manifest:
        if known:
            kept = ("uid", "creationTimestamp", "generation", "resourceVersion")
            return {name: known["metadata"][name] for name in kept}
        return {
            "uid": f"uid-{next(self._numbers)}",
            "creationTimestamp": time_text(self.now_ms),
            "generation": 1,
            "resourceVersion": "1",
        }

    def _run(self, pod: Manifest) -> None:
        initializer = pod["spec"].get("initContainers", [{"args": [""]}])[0]
        if self.broken(initializer["args"][0]):
            pod["status"] = {
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "True"}],
                "initContainerStatuses": [crashed("storage-initializer", "Failed\nno model at this place")],
            }
            return
        pod["status"] = ready_status()


def unschedulable() -> Manifest:
    message = "0/1 nodes are available: 1 Insufficient cpu"
    return {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}


def crashed(container: str, message: str, exit_code: int = 1) -> Manifest:
    """A container that has failed and waits for its next start."""
    ended = {
        "exitCode": exit_code,
        "reason": "Error",
        "message": message,
        "finishedAt": "2026-01-01T00:00:30Z",
    }
    return {
        "name": container,
        "restartCount": 2,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 20s restarting"}},
        "lastState": {"terminated": ended},
    }


def ready_status() -> Manifest:
    """The status of a Pod that serves."""
    types = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    return {
        "phase": "Running",
        "conditions": [{"type": type_, "status": "True"} for type_ in types],
        "initContainerStatuses": [{"name": "storage-initializer", "state": {"terminated": {"exitCode": 0}}}],
        "containerStatuses": [{"name": "kserve-container", "ready": True, "state": {"running": {}}}],
    }


def revision_of(pod: Manifest) -> str:
    return str(pod["metadata"]["labels"]["serving.knative.dev/revision"])


def inference_service(
    uri: str = "s3://models/iris/v1", replicas: int | None = None, **predictor: object
) -> Manifest:
    """A scikit-learn service as users write it."""
    spec: Manifest = {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": uri}, **predictor}
    if replicas is not None:
        spec["minReplicas"] = replicas
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris", "namespace": "ml"},
        "spec": {"predictor": spec},
    }
