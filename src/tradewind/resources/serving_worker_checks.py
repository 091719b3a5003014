"""Workers of replicas on several nodes, and environment that no container may set (kserve webhooks)."""

import json
from collections.abc import Iterator, Mapping, Sequence

from tradewind.resources.core import Container, ResourceRequirements
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.serving import InferenceService
from tradewind.resources.serving_names import AUTOSCALER_CLASS, GPU_RESOURCE_TYPES
from tradewind.resources.serving_parts import WorkerSpec
from tradewind.resources.shape import join

BLOCKED_ENVIRONMENT = ("PYTHONPATH",)
PARALLEL_SIZES = ("PIPELINE_PARALLEL_SIZE", "TENSOR_PARALLEL_SIZE")
WORKER_STORAGE = ("pvc", "oci")
BASIC_RESOURCES = ("cpu", "memory", "storage", "ephemeral-storage")
GPU_RESOURCES = ("nvidia.com/gpu", "amd.com/gpu", "intel.com/gpu", "habana.ai/gaudi")


def blocked_environment(path: str, containers: Sequence[Container], prefix: str = "") -> Iterator[Problem]:
    """Variables that a container must not set; `prefix` begins the message."""
    for container in containers:
        for variable in container.env:
            if variable.name in BLOCKED_ENVIRONMENT:
                text = f'setting {variable.name} in container "{container.name}" is not allowed'
                yield Problem(path, f"{prefix}{text} for security reasons", Cause.FORBIDDEN)


def parallel_environment(path: str, container: Container, prefix: str) -> Iterator[Problem]:
    """Sizes that belong into workerSpec and not into the environment of the container that leads."""
    for variable in container.env:
        if variable.name in PARALLEL_SIZES:
            text = f"{prefix}setting {variable.name} in environment variables is not allowed"
            yield Problem(join(path, "env"), text, Cause.FORBIDDEN)


def one_worker(path: str, workers: WorkerSpec, prefix: str) -> Iterator[Problem]:
    """More than one worker container."""
    if len(workers.containers) > 1:
        text = f"{prefix}setting multiple containers in workerSpec is not allowed"
        yield Problem(join(path, "containers"), text, Cause.FORBIDDEN)


def parallel_sizes(path: str, workers: WorkerSpec, prefix: str) -> Iterator[Problem]:
    """Pipeline and tensor parallel sizes below 1."""
    sizes = (
        ("pipelineParallelSize", workers.pipeline_parallel_size),
        ("tensorParallelSize", workers.tensor_parallel_size),
    )
    for field, size in sizes:
        if size is not None and size < 1:
            name = field[0].upper() + field[1:]
            yield Problem(join(path, field), f"{prefix}WorkerSpec.{name} cannot be less than 1({size})")


def has_unknown_gpu(resources: ResourceRequirements, annotations: Mapping[str, str]) -> bool:
    """Whether a device is asked for that is not among the known GPUs and the annotation's further ones."""
    known = (*BASIC_RESOURCES, *GPU_RESOURCES, *_further_gpus(annotations))
    return any(name not in known for name in (*resources.limits, *resources.requests))


def check_service_workers(service: InferenceService) -> Iterator[Problem]:
    """The rules of `predictor.workerSpec`."""
    workers = service.spec.predictor.worker_spec
    if workers is None:
        return
    prefix, path = f'the InferenceService "{service.metadata.name}" is invalid: ', "spec.predictor.workerSpec"
    yield from one_worker(path, workers, prefix)
    yield from parallel_sizes(path, workers, prefix)
    yield from _check_leader(service, prefix)
    for place, container in enumerate(workers.containers):
        if has_unknown_gpu(container.resources, service.metadata.annotations):
            yield _unknown_gpu(f"{path}.containers[{place}].resources", prefix)


def _check_leader(service: InferenceService, prefix: str) -> Iterator[Problem]:
    model, path = service.spec.predictor.model, "spec.predictor.model"
    if model is None:
        return
    yield from parallel_environment(path, model, prefix)
    annotations = service.metadata.annotations
    if has_unknown_gpu(model.resources, annotations):
        yield _unknown_gpu(join(path, "resources"), prefix)
    if model.storage_uri is None:
        text = f"{prefix}StorageURI must be set for multinode enabled"
        yield Problem(join(path, "storageUri"), text, Cause.REQUIRED)
    elif (scheme := model.storage_uri.partition("://")[0]) not in WORKER_STORAGE:
        text = f"{prefix}Multinode only supports 'pvc' and 'oci' Storage Protocol({scheme})"
        yield Problem(join(path, "storageUri"), text)
    if (autoscaler := annotations.get(AUTOSCALER_CLASS, "")) != "none":
        text = f"{prefix}Multinode only supports 'none' autoscaler({autoscaler})"
        yield Problem(f"metadata.annotations[{AUTOSCALER_CLASS}]", text)


def _unknown_gpu(path: str, prefix: str) -> Problem:
    fix = f"Set '{GPU_RESOURCE_TYPES}' annotation to use custom gpu resource type"
    return Problem(path, f"{prefix}Unknown GPU resource type. {fix}")


def _further_gpus(annotations: Mapping[str, str]) -> list[str]:
    try:
        found = json.loads(annotations.get(GPU_RESOURCE_TYPES, "[]"))
    except ValueError:
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
