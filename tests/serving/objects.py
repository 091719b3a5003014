"""Typed objects for tests of single decisions."""

from typing import Any

from tests.serving.cluster import crashed, ready_status, unschedulable
from tradewind.resources.core import Pod, Secret, ServiceAccount
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.serving import InferenceService, Revision, ServingRuntime
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.serving.builtin import builtin_runtimes
from tradewind.serving.credentials import Vault
from tradewind.serving.render import Surroundings, Template, render

NAME = "iris-predictor-00001"


def service(predictor: Manifest | None = None, **metadata: Any) -> InferenceService:
    """A defaulted service as the API server stores it."""
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris/v1"}
    manifest = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "iris", "namespace": "ml", "uid": "uid-iris", "generation": 1, **metadata},
        "spec": {"predictor": {"model": model} if predictor is None else predictor},
    }
    return decode(INFERENCE_SERVICE.default(manifest), InferenceService)


def runtime(name: str = "mine", created: str = "", **spec: Any) -> ServingRuntime:
    container = {"name": "kserve-container", "image": "kserve/sklearnserver:v1"}
    manifest = {
        "metadata": {"name": name, **({"creationTimestamp": created} if created else {})},
        "spec": {"containers": [container], **spec},
    }
    return decode(manifest, ServingRuntime)


def sklearn_format(version: str | None = "1", auto: bool = True, priority: int | None = None) -> Manifest:
    found: Manifest = {"name": "sklearn", "autoSelect": auto}
    if version is not None:
        found["version"] = version
    if priority is not None:
        found["priority"] = priority
    return found


def surroundings(
    *runtimes: ServingRuntime,
    accounts: tuple[ServiceAccount, ...] = (),
    secrets: tuple[Secret, ...] = (),
) -> Surroundings:
    """The built-in cluster runtimes, with these of the namespace."""
    return Surroundings(
        runtimes=runtimes,
        cluster_runtimes=[decode(one, ServingRuntime) for one in builtin_runtimes()],
        vault=Vault(
            {one.metadata.name: one for one in accounts}, {one.metadata.name: one for one in secrets}
        ),
    )


def template(predictor: Manifest | None = None, **metadata: Any) -> Template:
    return render(service(predictor, **metadata), surroundings())


def revision(name: str = NAME, status: Manifest | None = None, **metadata: Any) -> Revision:
    manifest = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Revision",
        "metadata": {"name": name, "namespace": "ml", "uid": f"uid-{name}", **metadata},
        "spec": {
            "containers": [{"name": "kserve-container", "ports": [{"name": "http1", "containerPort": 8080}]}]
        },
        "status": status or {},
    }
    return decode(manifest, Revision)


def pod(name: str = "a", status: Manifest | None = None, created_s: int = 0, leaving: bool = False) -> Pod:
    metadata = {
        "name": name,
        "namespace": "ml",
        "uid": f"uid-{name}",
        "creationTimestamp": f"2026-01-01T00:00:{created_s:02}Z",
        **({"deletionTimestamp": "2026-01-01T00:01:00Z"} if leaving else {}),
    }
    return decode({"metadata": metadata, "spec": {}, "status": status or {}}, Pod)


READY = ready_status()
NO_ROOM = {"conditions": [unschedulable()]}
SCHEDULED = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
DOWNLOADING = SCHEDULED | {
    "initContainerStatuses": [{"name": "storage-initializer", "state": {"running": {}}}]
}
LOADED_INIT = {"name": "storage-initializer", "ready": True, "state": {"terminated": {"exitCode": 0}}}
LOADING = SCHEDULED | {
    "initContainerStatuses": [LOADED_INIT],
    "containerStatuses": [{"name": "kserve-container", "ready": False, "state": {"running": {}}}],
}
NO_MODEL = SCHEDULED | {"initContainerStatuses": [crashed("storage-initializer", "Failed\nno such key")]}
CRASHING = SCHEDULED | {
    "initContainerStatuses": [LOADED_INIT],
    "containerStatuses": [crashed("kserve-container", "cannot unpickle", 3)],
}
