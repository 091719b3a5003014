"""From an InferenceService and its runtime to the Pod template of a revision (kserve `predictor.go`).

The order is upstream's: choose the runtime, merge, fill in placeholders, choose the image, add the model.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from tradewind.resources import labels
from tradewind.resources.core import Container, ContainerPort, EnvVar
from tradewind.resources.core_kinds import POD
from tradewind.resources.meta import Manifest, decode, encode, replace
from tradewind.resources.problems import errors
from tradewind.resources.serving import InferenceService, RevisionSpec, ServingRuntime, ServingRuntimeSpec
from tradewind.resources.serving_names import (
    KNATIVE_AUTOSCALING,
    KSERVE_CONTAINER,
    MIN_READY_REPLICAS,
    MODEL_FORMAT,
    PREDICTOR,
    STOP,
)
from tradewind.resources.validate import check_metadata
from tradewind.serving.credentials import Vault, storage_environment
from tradewind.serving.errors import INVALID_PREDICTOR_SPEC, InvalidService
from tradewind.serving.images import choose_image
from tradewind.serving.merge import merge_container, merge_pod_fields
from tradewind.serving.names import predictor_name
from tradewind.serving.runtimes import Choice, choose_runtime
from tradewind.serving.storage import VOLUME, VOLUME_SOURCE, model_sources, mount_models, storage_initializer
from tradewind.serving.templates import fill_placeholders

SERVICE_NAME_VARIABLE = "INFERENCE_SERVICE_NAME"
DEFAULT_PORT = ContainerPort(name="http1", container_port=8080, protocol="TCP")
VISIBILITY_LABEL = "networking.knative.dev/visibility"
NOT_INHERITED = (
    f"{KNATIVE_AUTOSCALING}/min-scale",
    f"{KNATIVE_AUTOSCALING}/max-scale",
    "kubectl.kubernetes.io/last-applied-configuration",
    MODEL_FORMAT,
    STOP,
    MIN_READY_REPLICAS,
)
# What the federation writes about itself changes without the service changing.
FEDERATION_DOMAIN = "karmada.io"


@dataclass(frozen=True)
class Surroundings:
    """What a service may refer to: runtimes of its namespace and of the cluster, accounts, secrets."""

    runtimes: Sequence[ServingRuntime]
    cluster_runtimes: Sequence[ServingRuntime]
    vault: Vault


@dataclass(frozen=True)
class Template:
    """What every replica of a revision is made from. `choice` is None for a custom predictor."""

    spec: RevisionSpec
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    choice: Choice | None

    @property
    def digest(self) -> str:
        """The same text for the same template: a change of it asks for another revision."""
        parts = [encode(self.spec), dict(self.labels), dict(self.annotations)]
        return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def render(service: InferenceService, around: Surroundings) -> Template:
    """The template of the predictor, for a defaulted service. Raises InvalidService."""
    predictor = service.spec.predictor
    choice = None
    if predictor.model is not None:
        choice = choose_runtime(
            predictor.model, predictor.worker_spec is not None, around.runtimes, around.cluster_runtimes
        )
    runtime = choice.runtime.spec if choice else None
    container = _model_container(service, choice) if choice else _custom_container(service)
    pod = merge_pod_fields(runtime, predictor)
    sources = model_sources(predictor)
    if sources:
        account = pod.get("serviceAccountName") or pod.get("serviceAccount") or ""
        told = {**service.metadata.annotations, **predictor.annotations}
        environment = storage_environment(account, told, around.vault)
        container = mount_models(container, sources)
        pod["initContainers"] = [encode(storage_initializer(sources, environment))]
        pod["volumes"] = [one for one in pod.get("volumes", []) if one["name"] != VOLUME] + [VOLUME_SOURCE]
    pod["containers"] = [encode(_with_port(container))]
    notes = {"labels": _labels(service, runtime), "annotations": _annotations(service, runtime)}
    _refuse_problems({"metadata": {"name": predictor_name(service), **notes}, "spec": pod})
    extension = {"containerConcurrency": predictor.container_concurrency, "timeoutSeconds": predictor.timeout}
    pod |= {name: value for name, value in extension.items() if value is not None}
    return Template(
        spec=decode(pod, RevisionSpec),
        labels=notes["labels"],
        annotations=notes["annotations"],
        choice=choice,
    )


def _model_container(service: InferenceService, choice: Choice) -> Container:
    model = service.spec.predictor.model
    assert model is not None
    merged = merge_container(choice.runtime.spec, model)
    filled = decode(fill_placeholders(encode(merged), service.metadata), Container)
    return _with_service_name(choose_image(filled, choice.runtime, model.runtime_version), service)


def _custom_container(service: InferenceService) -> Container:
    """The container named kserve-container, else the first, under that name."""
    containers = service.spec.predictor.containers
    if not containers:
        raise InvalidService(
            INVALID_PREDICTOR_SPEC, "spec.predictor describes no predictor: write `model` or `containers`"
        )
    named = (one for one in containers if one.name == KSERVE_CONTAINER)
    container = next(named, containers[0])
    return _with_service_name(replace(container, name=KSERVE_CONTAINER), service)


def _with_service_name(container: Container, service: InferenceService) -> Container:
    others = [variable for variable in container.env if variable.name != SERVICE_NAME_VARIABLE]
    own = EnvVar(name=SERVICE_NAME_VARIABLE, value=service.metadata.name)
    return replace(container, env=[*others, own])


def _with_port(container: Container) -> Container:
    """The first port is the one that the Service leads to, so it has a name."""
    if not container.ports:
        return replace(container, ports=[DEFAULT_PORT])
    first, *others = container.ports
    return replace(container, ports=[replace(first, name=first.name or DEFAULT_PORT.name), *others])


def _refuse_problems(pod: Manifest) -> None:
    """A Pod that the API would refuse is told now, on the service, and not by every attempt to create it."""
    filled = POD.default(pod)
    found = errors(check_metadata(filled, POD) + POD.check(filled))
    if found:
        shown = "; ".join(str(problem) for problem in found)
        raise InvalidService(INVALID_PREDICTOR_SPEC, f"its Pods would be refused: {shown}")


def _labels(service: InferenceService, runtime: ServingRuntimeSpec | None) -> dict[str, str]:
    given = {
        **(runtime.labels if runtime else {}),
        **service.metadata.labels,
        **service.spec.predictor.labels,
    }
    kept = {key: value for key, value in given.items() if key != VISIBILITY_LABEL and not _is_federal(key)}
    return kept | {
        labels.INFERENCE_SERVICE: service.metadata.name,
        labels.COMPONENT: PREDICTOR,
        "app": f"isvc.{predictor_name(service)}",
    }


def _annotations(service: InferenceService, runtime: ServingRuntimeSpec | None) -> dict[str, str]:
    given = {
        **(runtime.annotations if runtime else {}),
        **service.metadata.annotations,
        **service.spec.predictor.annotations,
    }
    return {key: value for key, value in given.items() if key not in NOT_INHERITED and not _is_federal(key)}


def _is_federal(key: str) -> bool:
    domain, slash, _ = key.partition("/")
    return bool(slash) and (domain == FEDERATION_DOMAIN or domain.endswith(f".{FEDERATION_DOMAIN}"))
