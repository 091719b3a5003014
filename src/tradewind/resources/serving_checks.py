"""Whether an InferenceService may be stored: KServe's rules in its words, all problems at once.

Rules and texts: kserve `inference_service_validation.go`, `component.go` and `predictor_custom.go`. Upstream
stops at the first problem. Its quirks of wording are kept, so that people find them on the web.
"""

import re
from collections.abc import Iterator

from tradewind.resources import rules
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.pod_checks import container_problems
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.serving import (
    ComponentExtension,
    InferenceService,
    PredictorSpec,
)
from tradewind.resources.serving_canary_checks import check_canaries
from tradewind.resources.serving_names import (
    AUTOSCALER_CLASS,
    DEPLOYMENT_MODE,
    KSERVE_CONTAINER,
    MIN_READY_REPLICAS,
    MODEL_MESH,
    STORAGE_URI,
    TRANSFORMER_CONTAINER,
    normal_mode,
)
from tradewind.resources.serving_parts import WorkerSpec
from tradewind.resources.serving_predictors import environment, frameworks, storage_uri
from tradewind.resources.serving_scaling_checks import check_scaling
from tradewind.resources.serving_storage_checks import check_confidential, check_storage_uris
from tradewind.resources.serving_warnings import service_warnings
from tradewind.resources.serving_worker_checks import blocked_environment, check_service_workers
from tradewind.resources.shape import join
from tradewind.resources.syntax import dns_label_problem

NAME_PATTERN = "^[a-z]([-a-z0-9]*[a-z0-9])?$"
LABEL_LENGTH = 63
REVISION_SUFFIX = "-predictor-00001"
AUTOSCALER_CLASSES = ("hpa", "external", "keda", "none")
LOGGER_MODES = ("all", "request", "response")
PROTOCOLS = ("v1", "v2")

EXACTLY_ONE_PREDICTOR = (
    "exactly one of [Name, SKLearn, XGBoost, Tensorflow, PyTorch, Triton, ONNX, HuggingFace, PMML, "
    "LightGBM, Paddle, Model, StorageUris, StorageContainerName, WorkerSpec, PodSpec] "
    "must be specified in PredictorSpec"
)
EXACTLY_ONE_TRANSFORMER = (
    "exactly one of [PodSpec, ComponentExtensionSpec] must be specified in TransformerSpec"
)
EXACTLY_ONE_EXPLAINER = (
    "exactly one of [ART, PodSpec, ComponentExtensionSpec] must be specified in ExplainerSpec"
)


def check_inference_service(manifest: Manifest) -> list[Problem]:
    """Everything wrong with an InferenceService whose types are right, and warnings for what has no effect.

    Takes the defaulted manifest; its status, if it has one, must be the stored one.
    """
    service = decode(manifest, InferenceService)
    if service.metadata.deletion_timestamp:
        return []
    return [
        *_check_name(service),
        *_check_annotations(service),
        *_check_environment(service),
        *check_service_workers(service),
        *_check_predictor(service),
        *_check_transformer(service),
        *_check_explainer(service),
        *check_canaries(service, check_predictor_parts),
        *service_warnings(service),
    ]


def check_predictor_parts(path: str, predictor: PredictorSpec) -> Iterator[Problem]:
    """What holds for every predictor, the stable one and canaries alike."""
    if _implementations(predictor) != 1:
        yield Problem(path, EXACTLY_ONE_PREDICTOR)
    for form, extension in frameworks(predictor):
        if extension.name:
            yield Problem(join(path, f"{form}.name"), "the 'name' field is not allowed in standard predictor")
    yield from _check_protocol(path, predictor)
    yield from _check_extension(path, predictor)


def _check_name(service: InferenceService) -> Iterator[Problem]:
    name, namespace = service.metadata.name, service.metadata.namespace
    if not re.fullmatch(NAME_PATTERN, name):
        yield Problem(
            "metadata.name",
            f'the InferenceService "{name}" is invalid: a InferenceService name must consist of lower case '
            "alphanumeric characters or '-', and must start with alphabetical character. "
            f'(e.g. "my-name" or "abc-123", regex used for validation is \'{NAME_PATTERN}\')',
        )
    variant = service.spec.predictor.name
    if variant:
        yield from rules.syntax("spec.predictor.name", variant, dns_label_problem(variant))
    resource = f"{name}-{variant}" if variant else name
    longest = len(resource) + len(REVISION_SUFFIX)
    if longest > LABEL_LENGTH:
        yield Problem(
            "metadata.name",
            f'the revisions of "{resource}" would have names of {longest} characters, such as '
            f"{resource}{REVISION_SUFFIX}; {LABEL_LENGTH} are allowed: "
            f"shorten it by {longest - LABEL_LENGTH}",
        )
    host = f"{name}-{namespace}"
    if len(host) > LABEL_LENGTH:
        yield Problem(
            "metadata.name",
            f'its host name would begin with "{host}" of {len(host)} characters; {LABEL_LENGTH} are allowed: '
            f"shorten the name or the namespace by {len(host) - LABEL_LENGTH}",
        )


def _check_annotations(service: InferenceService) -> Iterator[Problem]:
    annotations = service.metadata.annotations
    autoscaler = annotations.get(AUTOSCALER_CLASS)
    if autoscaler is not None and autoscaler not in AUTOSCALER_CLASSES:
        path = f"metadata.annotations[{AUTOSCALER_CLASS}]"
        yield Problem(path, f"[{autoscaler}] is not a supported autoscaler class type", Cause.NOT_SUPPORTED)
    yield from _check_mode(annotations.get(DEPLOYMENT_MODE), normal_mode(service.status.deployment_mode))
    ready = annotations.get(MIN_READY_REPLICAS)
    if ready is not None and not re.fullmatch(r"[1-9]\d{0,8}", ready):
        path = f"metadata.annotations[{MIN_READY_REPLICAS}]"
        yield Problem(path, f'"{ready}" is not a number of replicas: write a whole number from "1" on')


def _check_mode(wanted: str | None, current: str) -> Iterator[Problem]:
    path = f"metadata.annotations[{DEPLOYMENT_MODE}]"
    if wanted == MODEL_MESH:
        yield Problem(path, "ModelMesh is not supported: use Knative or Standard", Cause.NOT_SUPPORTED)
    elif wanted and current and wanted != current:
        message = f"update rejected: deploymentMode cannot be changed from '{current}' to '{wanted}'"
        yield Problem(path, message, Cause.FORBIDDEN)


def _check_environment(service: InferenceService) -> Iterator[Problem]:
    spec, prefix = service.spec, f'the InferenceService "{service.metadata.name}" is invalid: '
    pods: list[tuple[str, ComponentExtension | WorkerSpec | None]] = [
        ("spec.predictor", spec.predictor),
        ("spec.predictor.workerSpec", spec.predictor.worker_spec),
        ("spec.transformer", spec.transformer),
        ("spec.explainer", spec.explainer),
    ]
    for path, pod in pods:
        if pod is not None:
            yield from blocked_environment(join(path, "containers"), pod.containers, prefix)
            yield from blocked_environment(join(path, "initContainers"), pod.init_containers, prefix)
    for form, extension in frameworks(spec.predictor):
        yield from blocked_environment(f"spec.predictor.{form}", [extension], prefix)
    if spec.explainer and spec.explainer.art:
        yield from blocked_environment("spec.explainer.art", [spec.explainer.art], prefix)


def _check_predictor(service: InferenceService) -> Iterator[Problem]:
    predictor, path = service.spec.predictor, "spec.predictor"
    yield from check_predictor_parts(path, predictor)
    yield from check_scaling(path, predictor, service.metadata.annotations)
    single = storage_uri(predictor)
    yield from check_storage_uris(path, single, predictor.storage_uris)
    confidential = next((one.confidential for _, one in frameworks(predictor) if one.confidential), None)
    yield from check_confidential(path, confidential, single)
    for place, container in enumerate(predictor.containers):
        yield from container_problems(f"{path}.containers[{place}]", container)
        if container.name == TRANSFORMER_CONTAINER and environment(container, STORAGE_URI) is not None:
            yield Problem(
                f"{path}.containers[{place}].env",
                "storage uri should not be specified in transformer container",
                Cause.FORBIDDEN,
            )
    for form, extension in frameworks(predictor):
        # What is required but missing, such as a GPU's limit, the runtime may supply.
        problems = container_problems(f"{path}.{form}", extension)
        yield from (problem for problem in problems if problem.cause is not Cause.REQUIRED)


def _check_transformer(service: InferenceService) -> Iterator[Problem]:
    transformer, path = service.spec.transformer, "spec.transformer"
    if transformer is None:
        return
    if not transformer.containers:
        yield Problem(path, EXACTLY_ONE_TRANSFORMER)
    yield from _check_extension(path, transformer)
    yield from check_scaling(path, transformer, service.metadata.annotations)
    yield from check_storage_uris(path, _first_storage_uri(transformer), transformer.storage_uris)


def _check_explainer(service: InferenceService) -> Iterator[Problem]:
    explainer, path = service.spec.explainer, "spec.explainer"
    if explainer is None:
        return
    if bool(explainer.art) == bool(explainer.containers):
        yield Problem(path, EXACTLY_ONE_EXPLAINER)
    yield from _check_extension(path, explainer)
    yield from check_scaling(path, explainer, service.metadata.annotations)
    single = (explainer.art.storage_uri or None) if explainer.art else _first_storage_uri(explainer)
    yield from check_storage_uris(path, single, explainer.storage_uris)


def _implementations(predictor: PredictorSpec) -> int:
    """How many predictors are described; containers beside a model are helpers unless named for it."""
    count = len(frameworks(predictor))
    count += sum(1 for container in predictor.containers if container.name == KSERVE_CONTAINER)
    return count or (1 if predictor.containers else 0)


def _first_storage_uri(component: ComponentExtension) -> str | None:
    return environment(component.containers[0], STORAGE_URI) if component.containers else None


def _check_protocol(path: str, predictor: PredictorSpec) -> Iterator[Problem]:
    """Upstream swaps the two arguments of this message; the text is kept."""
    if frameworks(predictor) or not predictor.containers:
        return
    protocol = environment(predictor.containers[0], "PROTOCOL")
    if protocol is not None and protocol not in PROTOCOLS:
        message = f"invalid protocol {', '.join(PROTOCOLS)}. Must be one of [{protocol}]"
        yield Problem(f"{path}.containers[0].env", message, Cause.NOT_SUPPORTED)


def _check_extension(path: str, component: ComponentExtension) -> Iterator[Problem]:
    if component.container_concurrency is not None and component.container_concurrency < 0:
        yield Problem(join(path, "containerConcurrency"), "parallelism cannot be less than 0")
    minimum = 1 if component.min_replicas is None else component.min_replicas
    if minimum < 0:
        yield Problem(join(path, "minReplicas"), "'MinReplicas' cannot be less than 0")
    if component.max_replicas < 0:
        yield Problem(join(path, "maxReplicas"), "'MaxReplicas' cannot be less than 0")
    elif component.max_replicas and minimum > component.max_replicas:
        yield Problem(join(path, "minReplicas"), "'MinReplicas' cannot be greater than MaxReplicas")
    yield from _check_logger(join(path, "logger"), component)


def _check_logger(path: str, component: ComponentExtension) -> Iterator[Problem]:
    logger = component.logger
    if logger is None:
        return
    if logger.mode not in LOGGER_MODES:
        yield Problem(join(path, "mode"), "invalid logger type", Cause.NOT_SUPPORTED)
    storage = logger.storage
    if storage and (storage.path is None or storage.parameters is None or storage.key is None):
        yield Problem(join(path, "storage"), "invalid logger storage configuration")
