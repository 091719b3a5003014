"""Fields of KServe's kinds that are kept but have no effect, or another one, each told to the user.

Nothing is silently ignored: a field that starts to work leaves these tables.
"""

from collections.abc import Iterator

from tradewind.resources.core import Container, PodSpecFields
from tradewind.resources.meta import Struct, encode
from tradewind.resources.problems import Problem, warning
from tradewind.resources.serving import (
    ComponentExtension,
    InferenceService,
    ServingRuntimeSpec,
)
from tradewind.resources.serving_names import (
    AUTOSCALER_CLASS,
    DEPLOYMENT_MODE,
    GROUP,
    KNATIVE,
    KNATIVE_AUTOSCALING,
    KSERVE_CONTAINER,
    STANDARD,
)
from tradewind.resources.serving_parts import ServingRuntimePodFields
from tradewind.resources.shape import join
from tradewind.resources.storage_warnings import storage_warnings

NOT_SCALED = "has no effect in this version: there is no autoscaling, and minReplicas replicas run"
NO_AGENT = "has no effect in this version: requests go straight to the replica"
NO_POD = "is kept but has no effect: a replica is a process on this machine, not a container"

EXTENSION_WARNINGS = {
    "scaleTarget": NOT_SCALED,
    "scaleMetric": NOT_SCALED,
    "scaleMetricType": NOT_SCALED,
    "autoScaling": NOT_SCALED,
    "canaryTrafficPercent": "has no effect in this version: "
    "a new revision takes all traffic once it is ready",
    "containerConcurrency": "has no effect in this version: requests to a replica are not limited",
    "timeout": "has no effect in this version: the gateway's own timeouts hold",
    "logger": NO_AGENT,
    "batcher": NO_AGENT,
    "deploymentStrategy": "has no effect: a new revision is started beside the old one, "
    "which goes when the new one is ready",
    "workerSpec": "has no effect in this version: a replica is one process",
    "storageContainerName": "has no effect: models are downloaded by the member itself",
}
# Pod fields that the scheduler and the node honour, or that ask for nothing.
HONOURED_POD_FIELDS = (
    "nodeSelector",
    "tolerations",
    "overhead",
    "schedulingGates",
    "restartPolicy",
    "serviceAccountName",
    "serviceAccount",
    "terminationGracePeriodSeconds",
    "automountServiceAccountToken",
)
# Container fields that a process cannot have. Probes, command, args, env, ports and resources it has.
UNHONOURED_CONTAINER_FIELDS = (
    "lifecycle",
    "volumeMounts",
    "volumeDevices",
    "securityContext",
    "resizePolicy",
    "restartPolicy",
    "restartPolicyRules",
    "stdin",
    "stdinOnce",
    "tty",
)
UNSCALED = ("none", "external")  # autoscaler classes that leave the number of replicas alone
ANNOTATION_WARNINGS = {
    f"{GROUP}/enable-metric-aggregation": "has no effect: each replica answers with all its metrics",
    f"{GROUP}/enable-tag-routing": "has no effect in this version: revisions have no hosts of their own",
    f"{GROUP}/disable-auto-update": "has no effect in this version: a change of the runtime is rolled out",
    f"{GROUP}/nodegroup": "has no effect: all clusters on this machine share one model cache",
    f"{GROUP}/disable-localmodel": "has no effect: all clusters on this machine share one model cache",
    f"{GROUP}/health-probe-timeout": "has no effect in this version: the gateway's own probe timeout holds",
}
LOCAL_VISIBILITY = ("networking.knative.dev/visibility", "networking.kserve.io/visibility")
RUNTIME_WARNINGS = {
    "workerSpec": EXTENSION_WARNINGS["workerSpec"],
    "multiModel": "a multi-model runtime is never chosen: ModelMesh is not supported",
    "grpcEndpoint": "has no effect: ModelMesh is not supported",
    "grpcDataEndpoint": "has no effect: ModelMesh is not supported",
    "httpDataEndpoint": "has no effect: ModelMesh is not supported",
    "replicas": "has no effect: ModelMesh is not supported; set minReplicas of the InferenceService",
    "storageHelper": "has no effect: ModelMesh is not supported",
    "builtInAdapter": "has no effect: ModelMesh is not supported",
}


def service_warnings(service: InferenceService) -> Iterator[Problem]:
    """What of an InferenceService has no effect, or another one, here."""
    spec = service.spec
    yield from _metadata_warnings(service)
    yield from _component_warnings("spec.predictor", spec.predictor)
    yield from _replica_warnings("spec.predictor", spec.predictor)
    yield from _container_warnings(
        "spec.predictor.containers", spec.predictor.containers, bool(spec.predictor.model)
    )
    yield from _model_warnings(service)
    for field, part in (("transformer", spec.transformer), ("explainer", spec.explainer)):
        if part is not None:
            yield warning(
                f"spec.{field}", "is not run in this version: requests go straight to the predictor"
            )
    if spec.canary:
        yield warning("spec.canary", "is not run in this version: the stable predictor takes all traffic")


def runtime_warnings(spec: ServingRuntimeSpec) -> Iterator[Problem]:
    """What of a runtime has no effect here."""
    written = encode(spec)
    for field, text in RUNTIME_WARNINGS.items():
        if written.get(field) not in (None, False):
            yield warning(f"spec.{field}", text)
    yield from _pod_field_warnings("spec", spec, ServingRuntimePodFields)
    yield from _container_warnings("spec.containers", spec.containers, helpers=False)


def _metadata_warnings(service: InferenceService) -> Iterator[Problem]:
    annotations = service.metadata.annotations
    yield from storage_warnings(annotations)
    for key, value in annotations.items():
        path = f"metadata.annotations[{key}]"
        if key.startswith(f"{KNATIVE_AUTOSCALING}/") or (key == AUTOSCALER_CLASS and value not in UNSCALED):
            yield warning(path, NOT_SCALED)
        elif key in ANNOTATION_WARNINGS:
            yield warning(path, ANNOTATION_WARNINGS[key])
    for key in LOCAL_VISIBILITY:
        if service.metadata.labels.get(key) == "cluster-local":
            text = "has no effect: the gateway answers to everyone on this machine"
            yield warning(f"metadata.labels[{key}]", text)
    mode = annotations.get(DEPLOYMENT_MODE, KNATIVE)
    if mode not in (KNATIVE, STANDARD):
        path = f"metadata.annotations[{DEPLOYMENT_MODE}]"
        yield warning(
            path, f'"{mode}" is not a deployment mode, {KNATIVE} is used; write {KNATIVE} or {STANDARD}'
        )


def _component_warnings(path: str, component: ComponentExtension) -> Iterator[Problem]:
    written = encode(component)
    for field, text in EXTENSION_WARNINGS.items():
        if field in written:
            yield warning(join(path, field), text)
    yield from _pod_field_warnings(path, component, PodSpecFields)


def _pod_field_warnings(path: str, part: Struct, fields: type[Struct]) -> Iterator[Problem]:
    known = fields.__struct_encode_fields__  # type: ignore[attr-defined]
    written = encode(part)
    for field in known:
        if field in written and field not in HONOURED_POD_FIELDS:
            yield warning(join(path, field), NO_POD)


def _replica_warnings(path: str, component: ComponentExtension) -> Iterator[Problem]:
    minimum = 1 if component.min_replicas is None else component.min_replicas
    if minimum == 0:
        text = "0 runs one replica in each cluster in this version: there is no scaling from zero"
        yield warning(join(path, "minReplicas"), text)
    if component.max_replicas > max(1, minimum):
        yield warning(join(path, "maxReplicas"), NOT_SCALED)


def _container_warnings(path: str, containers: list[Container], helpers: bool) -> Iterator[Problem]:
    """Containers besides the serving one. With `helpers` all of them stand beside a model."""
    named = any(container.name == KSERVE_CONTAINER for container in containers)
    for place, container in enumerate(containers):
        serves = container.name == KSERVE_CONTAINER or (place == 0 and not named)
        if helpers or not serves:
            text = f'"{container.name}" is not run in this version: a replica is its {KSERVE_CONTAINER} alone'
            yield warning(f"{path}[{place}]", text)
        else:
            yield from _container_field_warnings(f"{path}[{place}]", container)


def _container_field_warnings(path: str, container: Container) -> Iterator[Problem]:
    written = encode(container)
    for field in UNHONOURED_CONTAINER_FIELDS:
        if field in written:
            yield warning(join(path, field), NO_POD)


def _model_warnings(service: InferenceService) -> Iterator[Problem]:
    model = service.spec.predictor.model
    if model:
        yield from _container_field_warnings("spec.predictor.model", model)
    if model and model.storage:
        text = "is not read in this version, and the service will not start: write storageUri instead"
        yield warning("spec.predictor.model.storage", text)
    if model and model.confidential and model.confidential.enabled:
        yield warning(
            "spec.predictor.model.confidential", "has no effect in this version: nothing is decrypted"
        )
