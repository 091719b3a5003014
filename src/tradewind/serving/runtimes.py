"""Which runtime serves a model (kserve `predictor_model.go`, `components/predictor.go`)."""

from collections.abc import Sequence
from dataclasses import dataclass

from tradewind.resources.serving import ModelSpec, ServingRuntime, ServingRuntimeSpec
from tradewind.resources.times import time_ms
from tradewind.serving.errors import (
    NO_SUPPORTING_RUNTIME,
    RUNTIME_DISABLED,
    RUNTIME_NOT_RECOGNIZED,
    InvalidService,
)

PROTOCOLS = ("v1", "v2", "grpc-v1", "grpc-v2")  # lowest first
DEFAULT_PROTOCOL = "v1"


@dataclass(frozen=True)
class Choice:
    """A runtime and whether it is a ClusterServingRuntime."""

    runtime: ServingRuntime
    cluster_scoped: bool


def choose_runtime(
    model: ModelSpec,
    has_workers: bool,
    runtimes: Sequence[ServingRuntime],
    cluster_runtimes: Sequence[ServingRuntime],
) -> Choice:
    """The named runtime, else the best of those that serve the model; those of the namespace come first.

    Raises InvalidService.
    """
    if model.runtime is not None:
        return _named_runtime(model, model.runtime, runtimes, cluster_runtimes)
    found = supporting_runtimes(model, has_workers, runtimes, cluster_runtimes)
    if not found:
        wanted = _versioned(model.model_format.name, model.model_format.version)
        raise InvalidService(
            NO_SUPPORTING_RUNTIME,
            f"no runtime found to support predictor with model type: {wanted}, protocol {_protocol(model)}; "
            "list them with: kubectl get clusterservingruntimes,servingruntimes",
            "No runtime found to support specified framework/version",
        )
    return found[0]


def supporting_runtimes(
    model: ModelSpec,
    has_workers: bool,
    runtimes: Sequence[ServingRuntime],
    cluster_runtimes: Sequence[ServingRuntime],
) -> list[Choice]:
    """Every runtime that may be chosen for a model without being named, best first."""
    return [
        Choice(runtime, cluster_scoped)
        for scope, cluster_scoped in ((runtimes, False), (cluster_runtimes, True))
        for runtime in _ranked(scope, model.model_format.name)
        if _may_serve(runtime.spec, model, has_workers)
    ]


def _ranked(runtimes: Sequence[ServingRuntime], format_name: str) -> list[ServingRuntime]:
    """Highest priority first; then lowest protocol, newest, name. No priority goes last."""

    def rank(runtime: ServingRuntime) -> tuple[bool, int, int, int, str]:
        priority = _priority(runtime.spec, format_name)
        created = runtime.metadata.creation_timestamp
        return (
            priority is None,
            -(priority or 0),
            _lowest_protocol(runtime.spec),
            -time_ms(created) if created else 0,
            runtime.metadata.name,
        )

    return sorted(runtimes, key=rank)


def _priority(spec: ServingRuntimeSpec, format_name: str) -> int | None:
    """That of the first entry with this format name, whatever its version and `autoSelect`, as upstream."""
    return next((one.priority for one in spec.supported_model_formats if one.name == format_name), None)


def _lowest_protocol(spec: ServingRuntimeSpec) -> int:
    known = [PROTOCOLS.index(protocol) for protocol in spec.protocol_versions if protocol in PROTOCOLS]
    return min(known, default=len(PROTOCOLS))


def _may_serve(spec: ServingRuntimeSpec, model: ModelSpec, has_workers: bool) -> bool:
    return (
        not spec.disabled
        and not spec.multi_model
        and (spec.worker_spec is not None) == has_workers
        and _speaks(spec, _protocol(model))
        and _loads(spec, model, named=False)
    )


def _protocol(model: ModelSpec) -> str:
    return model.protocol_version or DEFAULT_PROTOCOL


def _speaks(spec: ServingRuntimeSpec, protocol: str) -> bool:
    return not spec.protocol_versions or protocol in spec.protocol_versions


def _loads(spec: ServingRuntimeSpec, model: ModelSpec, named: bool) -> bool:
    """A version is compared as text; a model without one fits any, an entry without one only such a model."""
    wanted = model.model_format
    return any(
        one.name == wanted.name
        and (named or bool(one.auto_select))
        and (wanted.version is None or one.version == wanted.version)
        for one in spec.supported_model_formats
    )


def _named_runtime(
    model: ModelSpec,
    name: str,
    runtimes: Sequence[ServingRuntime],
    cluster_runtimes: Sequence[ServingRuntime],
) -> Choice:
    choices = [Choice(runtime, cluster_scoped=False) for runtime in runtimes]
    choices += [Choice(runtime, cluster_scoped=True) for runtime in cluster_runtimes]
    choice = next((one for one in choices if one.runtime.metadata.name == name), None)
    if choice is None:
        raise InvalidService(
            RUNTIME_NOT_RECOGNIZED,
            f"No ServingRuntimes or ClusterServingRuntimes with the name: {name}; apply it, "
            "or propagate it to this cluster, and the service starts",
            "Waiting for runtime to become available",
        )
    spec = choice.runtime.spec
    if spec.disabled:
        raise InvalidService(
            RUNTIME_DISABLED, f"specified runtime {name} is disabled", "Specified runtime is disabled"
        )
    unsupported = None
    if model.protocol_version and not _speaks(spec, model.protocol_version):
        unsupported = "does not support specified protocol version"
    elif not _loads(spec, model, named=True):
        unsupported = "does not support specified framework/version"
    if unsupported:
        raise InvalidService(
            NO_SUPPORTING_RUNTIME,
            f"specified runtime {name} {unsupported}: {_wanted_and_offered(model, spec)}",
            f"Specified runtime {unsupported}",
        )
    return choice


def _wanted_and_offered(model: ModelSpec, spec: ServingRuntimeSpec) -> str:
    formats = ", ".join(_versioned(one.name, one.version) for one in spec.supported_model_formats)
    protocols = ", ".join(spec.protocol_versions) or "any protocol"
    wanted = _versioned(model.model_format.name, model.model_format.version)
    return f"wanted {wanted} by {_protocol(model)}, offered {formats or 'nothing'} by {protocols}"


def _versioned(name: str, version: str | None) -> str:
    return f"{name} {version}" if version else name
