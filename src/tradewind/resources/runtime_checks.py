"""Whether a serving runtime may be stored (kserve `servingruntime_webhook.go`).

Upstream also compares a runtime with the others that exist and refuses equal priorities. Here the
choice between equals is settled by age and name, so that such a pair is harmless.
"""

from collections.abc import Iterator

from tradewind.resources.meta import Manifest, decode
from tradewind.resources.pod_checks import container_problems
from tradewind.resources.problems import Problem, warning
from tradewind.resources.serving import ServingRuntime, ServingRuntimeSpec
from tradewind.resources.serving_names import KSERVE_CONTAINER
from tradewind.resources.serving_warnings import runtime_warnings
from tradewind.resources.serving_worker_checks import (
    blocked_environment,
    has_unknown_gpu,
    one_worker,
    parallel_environment,
    parallel_sizes,
)

WORKER_CONTAINER = "worker-container"


def check_runtime(manifest: Manifest) -> list[Problem]:
    """Everything wrong with a ServingRuntime or ClusterServingRuntime; a disabled one is not looked at."""
    runtime = decode(manifest, ServingRuntime)
    spec = runtime.spec
    if spec.disabled:
        return []
    quoted = f'the {runtime.kind} "{runtime.metadata.name}" is invalid: '
    return [
        *_check_priorities(runtime),
        *_check_workers(spec, f"the {runtime.kind} {runtime.metadata.name} is invalid: "),
        *_check_containers(spec, quoted),
        *runtime_warnings(spec),
    ]


def _check_priorities(runtime: ServingRuntime) -> Iterator[Problem]:
    """One format has one priority, whichever of its versions is meant."""
    first: dict[str, int | None] = {}
    for place, one in enumerate(runtime.spec.supported_model_formats):
        if not one.auto_select:
            continue
        known = first.setdefault(one.name, one.priority)
        if None not in (known, one.priority) and known != one.priority:
            text = (
                f"different priorities assigned for the model format {one.name} "
                f"under the {runtime.kind.lower()} {runtime.metadata.name}"
            )
            yield Problem(f"spec.supportedModelFormats[{place}].priority", text)


def _check_workers(spec: ServingRuntimeSpec, prefix: str) -> Iterator[Problem]:
    if spec.worker_spec is None:
        return
    yield from one_worker("spec.workerSpec", spec.worker_spec, prefix)
    yield from parallel_sizes("spec.workerSpec", spec.worker_spec, f"{prefix}the ")
    leaders = [("spec.containers", one, KSERVE_CONTAINER) for one in spec.containers]
    workers = [("spec.workerSpec.containers", one, WORKER_CONTAINER) for one in spec.worker_spec.containers]
    for path, container, name in (*leaders, *workers):
        if container.name != name:
            continue
        if name == KSERVE_CONTAINER:
            yield from parallel_environment(path, container, prefix)
        if has_unknown_gpu(container.resources, spec.annotations):
            yield Problem(path, f"{prefix}unknown GPU resource type in a container({name})")


def _check_containers(spec: ServingRuntimeSpec, prefix: str) -> Iterator[Problem]:
    yield from blocked_environment("spec.containers", spec.containers, prefix)
    if spec.worker_spec:
        yield from blocked_environment("spec.workerSpec.containers", spec.worker_spec.containers, prefix)
    for place, container in enumerate(spec.containers):
        yield from container_problems(f"spec.containers[{place}]", container)
    if not any(container.name == KSERVE_CONTAINER for container in spec.containers):
        text = f"none is named {KSERVE_CONTAINER}: an InferenceService that uses this runtime will not start"
        yield warning("spec.containers", text)
