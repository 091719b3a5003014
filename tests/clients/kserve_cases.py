"""KServe's Python SDK: KServeClient as data scientists use it."""

import threading
from typing import Any

from kserve import (
    KServeClient,
    V1beta1InferenceService,
    V1beta1InferenceServiceSpec,
    V1beta1ModelFormat,
    V1beta1ModelSpec,
    V1beta1PredictorSpec,
    constants,
)
from kserve.models import (
    V1alpha1ClusterServingRuntime,
    V1alpha1ServingRuntime,
    V1alpha1ServingRuntimeSpec,
    V1alpha1SupportedModelFormat,
)
from kubernetes import client

from tests.clients import manifests
from tests.clients.case import Cases
from tests.clients.documents import KSERVE_CLIENT, KSERVE_TYPES
from tests.clients.sandbox import Sandbox

CASES = Cases("kserve")
GROUP = (constants.KSERVE_GROUP, "v1alpha1")


def connect(sandbox: Sandbox) -> KServeClient:
    return KServeClient(config_file=str(sandbox.home.kubeconfig), context="admin")


def service(sandbox: Sandbox, **predictor: Any) -> V1beta1InferenceService:
    model = V1beta1ModelSpec(model_format=V1beta1ModelFormat(name="sklearn"), storage_uri="s3://bucket/fraud")
    return V1beta1InferenceService(
        api_version=constants.KSERVE_V1BETA1,
        kind=constants.KSERVE_KIND_INFERENCESERVICE,
        metadata=client.V1ObjectMeta(name="fraud", namespace=sandbox.namespace),
        spec=V1beta1InferenceServiceSpec(predictor=V1beta1PredictorSpec(model=model, **predictor)),
    )


def report_ready(sandbox: Sandbox, status: str = "True") -> None:
    found = {
        "status": {
            "url": "http://fraud.example.com",
            "observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": status}],
        }
    }
    path = "/apis/serving.kserve.io/v1beta1/namespaces/$NS/inferenceservices/fraud/status"
    headers = {"Content-Type": "application/merge-patch+json"}
    assert sandbox.http("PATCH", path, found, headers=headers).status_code == 200


def runtime_spec() -> V1alpha1ServingRuntimeSpec:
    return V1alpha1ServingRuntimeSpec(
        supported_model_formats=[V1alpha1SupportedModelFormat(name="sklearn", version="1")],
        containers=[client.V1Container(name="kserve-container", image="example/server")],
    )


@CASES("create", "create an InferenceService from the SDK's models", KSERVE_CLIENT)
def create(sandbox: Sandbox) -> None:
    made = connect(sandbox).create(service(sandbox, min_replicas=2))
    assert (made["kind"], made["metadata"]["generation"]) == ("InferenceService", 1)
    assert made["spec"]["predictor"]["minReplicas"] == 2
    assert made["spec"]["predictor"]["model"]["modelFormat"]["name"] == "sklearn"


@CASES("create-exists", "create twice: RuntimeError with upstream's Conflict", KSERVE_CLIENT)
def create_exists(sandbox: Sandbox) -> None:
    connect(sandbox).create(service(sandbox))
    try:
        connect(sandbox).create(service(sandbox))
    except RuntimeError as error:
        assert "(409)" in str(error)
        assert 'inferenceservices.serving.kserve.io \\"fraud\\" already exists' in str(error)
    else:
        raise AssertionError("created twice")


@CASES("create-invalid", "a service that KServe refuses is refused with the reason", KSERVE_TYPES + "v1beta1")
def create_invalid(sandbox: Sandbox) -> None:
    try:
        connect(sandbox).create(service(sandbox, min_replicas=-1))
    except RuntimeError as error:
        assert "minReplicas" in str(error)
    else:
        raise AssertionError("accepted")


@CASES("get", "get one, and all of a namespace", KSERVE_CLIENT)
def get(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox))
    assert kserve.get("fraud", namespace=sandbox.namespace)["metadata"]["name"] == "fraud"
    listed = kserve.get(namespace=sandbox.namespace)
    assert [one["metadata"]["name"] for one in listed["items"]] == ["fraud"]
    assert listed["kind"] == "InferenceServiceList"


@CASES("get-missing", "get of what is not there: RuntimeError with NotFound", KSERVE_CLIENT)
def get_missing(sandbox: Sandbox) -> None:
    try:
        connect(sandbox).get("fraud", namespace=sandbox.namespace)
    except RuntimeError as error:
        assert "(404)" in str(error)
    else:
        raise AssertionError("found")


@CASES("patch", "patch changes what is given and leaves the rest", KSERVE_CLIENT)
def patch(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox, min_replicas=2))
    patched = kserve.patch("fraud", service(sandbox, max_replicas=4))
    predictor = patched["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (2, 4)
    assert patched["metadata"]["generation"] == 2


@CASES("replace", "replace puts the whole, at the version that it reads first", KSERVE_CLIENT)
def replace(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox, min_replicas=2, max_replicas=3))
    replaced = kserve.replace("fraud", service(sandbox, max_replicas=5))
    assert replaced["spec"]["predictor"]["maxReplicas"] == 5
    assert replaced["metadata"]["generation"] == 2


@CASES("replace-stale", "replace of an older version: RuntimeError with Conflict", KSERVE_CLIENT)
def replace_stale(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    made = kserve.create(service(sandbox))
    kserve.patch("fraud", service(sandbox, min_replicas=3))
    stale = service(sandbox, min_replicas=4)
    stale.metadata.resource_version = made["metadata"]["resourceVersion"]
    try:
        kserve.replace("fraud", stale)
    except RuntimeError as error:
        assert "(409)" in str(error)
        assert "the object has been modified" in str(error)
    else:
        raise AssertionError("replaced")


@CASES("delete", "delete answers with success; the service is gone", KSERVE_CLIENT)
def delete(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox))
    assert kserve.delete("fraud", namespace=sandbox.namespace)["status"] == "Success"
    assert kserve.get(namespace=sandbox.namespace)["items"] == []


@CASES("is-ready", "is_isvc_ready follows the condition Ready and the observed generation", KSERVE_CLIENT)
def is_ready(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox))
    assert not kserve.is_isvc_ready("fraud", namespace=sandbox.namespace)
    report_ready(sandbox, "False")
    assert not kserve.is_isvc_ready("fraud", namespace=sandbox.namespace)
    report_ready(sandbox)
    assert kserve.is_isvc_ready("fraud", namespace=sandbox.namespace)
    assert not kserve.is_isvc_ready("fraud", namespace=sandbox.namespace, expected_generation=2)


@CASES("wait-ready", "wait_isvc_ready polls until the service is ready", KSERVE_CLIENT)
def wait_ready(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox))
    reporter = threading.Timer(0.3, report_ready, [sandbox])
    reporter.start()
    kserve.wait_isvc_ready("fraud", sandbox.namespace, timeout_seconds=20, polling_interval=0.2)
    reporter.join()


@CASES("wait-timeout", "wait_isvc_ready gives up with the service in its message", KSERVE_CLIENT)
def wait_timeout(sandbox: Sandbox) -> None:
    kserve = connect(sandbox)
    kserve.create(service(sandbox))
    try:
        kserve.wait_isvc_ready("fraud", sandbox.namespace, timeout_seconds=0.4, polling_interval=0.2)
    except RuntimeError as error:
        assert "Timeout to start the InferenceService fraud" in str(error)
    else:
        raise AssertionError("ready")


@CASES("watch", "get(watch=True) prints the service and ends when it is ready", KSERVE_CLIENT)
def watch(sandbox: Sandbox) -> None:
    sandbox.create(manifests.READY_SERVICE)
    connect(sandbox).get("fraud", namespace=sandbox.namespace, watch=True, timeout_seconds=20)


@CASES("set-credentials", "set_credentials stores a Secret and joins it to a ServiceAccount", KSERVE_CLIENT)
def set_credentials(sandbox: Sandbox) -> None:
    path = sandbox.write(
        "credentials",
        f"[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {'k' * 40}\n",
    )
    connect(sandbox).set_credentials(
        storage_type="S3",
        namespace=sandbox.namespace,
        credentials_file=str(path),
        service_account="models",
        s3_endpoint="s3.example.com",
    )
    account = sandbox.core.read_namespaced_service_account("models", sandbox.namespace)
    secret = sandbox.core.read_namespaced_secret(account.secrets[0].name, sandbox.namespace)
    assert set(secret.data) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert secret.metadata.annotations["serving.kserve.io/s3-endpoint"] == "s3.example.com"


@CASES(
    "serving-runtime",
    "a ServingRuntime from the SDK's models",
    KSERVE_TYPES + "v1alpha1/servingruntime_types.go",
)
def serving_runtime(sandbox: Sandbox) -> None:
    custom = connect(sandbox).api_instance
    body = V1alpha1ServingRuntime(
        api_version="serving.kserve.io/v1alpha1",
        kind="ServingRuntime",
        metadata=client.V1ObjectMeta(name="mine"),
        spec=runtime_spec(),
    )
    place = (*GROUP, sandbox.namespace, "servingruntimes")
    made = custom.create_namespaced_custom_object(*place, body)
    assert made["spec"]["containers"][0]["name"] == "kserve-container"
    custom.delete_namespaced_custom_object(*place, "mine")


@CASES(
    "cluster-serving-runtime",
    "a ClusterServingRuntime from the SDK's models",
    KSERVE_TYPES + "v1alpha1/servingruntime_types.go",
)
def cluster_serving_runtime(sandbox: Sandbox) -> None:
    custom, name = connect(sandbox).api_instance, f"{sandbox.namespace}-mine"
    body = V1alpha1ClusterServingRuntime(
        api_version="serving.kserve.io/v1alpha1",
        kind="ClusterServingRuntime",
        metadata=client.V1ObjectMeta(name=name),
        spec=runtime_spec(),
    )
    plural = "clusterservingruntimes"
    made = custom.create_cluster_custom_object(*GROUP, plural, body)
    assert made["spec"]["supportedModelFormats"][0]["name"] == "sklearn"
    change = {"spec": {"disabled": True}}
    assert custom.patch_cluster_custom_object(*GROUP, plural, name, change)["spec"]["disabled"] is True
    custom.delete_cluster_custom_object(*GROUP, plural, name)
