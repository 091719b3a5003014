"""KServe's kinds (serving.kserve.io) and Knative's Revision (serving.knative.dev), as users write them."""

from typing import Any

from msgspec import field

from tradewind.resources.core import Container, PodSpec, PodSpecFields
from tradewind.resources.meta import Condition, Object, Struct
from tradewind.resources.serving_parts import (
    AutoScalingSpec,
    BatcherSpec,
    ConfidentialSpec,
    LoggerSpec,
    ServingRuntimePodFields,
    StorageSpec,
    StorageUri,
    WorkerSpec,
)

SHORT_FORMS = (
    "sklearn",
    "xgboost",
    "tensorflow",
    "pytorch",
    "triton",
    "onnx",
    "huggingface",
    "pmml",
    "lightgbm",
    "paddle",
)


class ModelFormat(Struct):
    """What a model is; a version is compared as text."""

    name: str
    version: str | None = None


class PredictorExtension(Container):
    """What a framework's short form holds: a container and the model it serves."""

    storage_uri: str | None = None
    runtime_version: str | None = None
    protocol_version: str | None = None
    storage: StorageSpec | None = None
    confidential: ConfidentialSpec | None = None


class ModelSpec(PredictorExtension):
    """`predictor.model`: a model and, optionally, the runtime that must serve it."""

    model_format: ModelFormat = ModelFormat(name="")
    runtime: str | None = None


class ComponentExtension(PodSpecFields):
    """What predictor, transformer and explainer share. `scale_metric` is free text here: Tradewind
    also scales on named metrics, which KServe's enum does not have."""

    min_replicas: int | None = None
    max_replicas: int = 0
    scale_target: int | None = None
    scale_metric: str | None = None
    scale_metric_type: str | None = None
    auto_scaling: AutoScalingSpec | None = None
    container_concurrency: int | None = None
    timeout: int | None = None
    canary_traffic_percent: int | None = None
    logger: LoggerSpec | None = None
    batcher: BatcherSpec | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    deployment_strategy: dict[str, Any] | None = None
    containers: list[Container] = []
    storage_uris: list[StorageUri] = []


class PredictorSpec(ComponentExtension):
    """The component that runs the model."""

    name: str = ""
    model: ModelSpec | None = None
    sklearn: PredictorExtension | None = None
    xgboost: PredictorExtension | None = None
    tensorflow: PredictorExtension | None = None
    pytorch: PredictorExtension | None = None
    triton: PredictorExtension | None = None
    onnx: PredictorExtension | None = None
    huggingface: PredictorExtension | None = None
    pmml: PredictorExtension | None = None
    lightgbm: PredictorExtension | None = None
    paddle: PredictorExtension | None = None
    storage_container_name: str | None = None
    worker_spec: WorkerSpec | None = None


class TransformerSpec(ComponentExtension):
    """The component before the predictor, a container of the user's."""


class ArtExplainer(Container):
    """An explanation server of the Adversarial Robustness Toolbox."""

    type: str = ""
    config: dict[str, str] = {}
    storage_uri: str = ""
    runtime_version: str | None = None
    storage: StorageSpec | None = None


class ExplainerSpec(ComponentExtension):
    """The component that explains predictions: a known explainer, or a container of the user's."""

    art: ArtExplainer | None = None


class CanarySpec(Struct):
    """A further predictor beside the stable one, with a share of the traffic (0 to 100)."""

    traffic_percent: int = 0
    predictor: PredictorSpec = PredictorSpec()


class InferenceServiceSpec(Struct):
    """What a user wants served."""

    predictor: PredictorSpec = PredictorSpec()
    transformer: TransformerSpec | None = None
    explainer: ExplainerSpec | None = None
    canary: list[CanarySpec] = []


class TrafficTarget(Struct):
    """A share of the traffic of a component."""

    percent: int | None = None
    revision_name: str = ""
    latest_revision: bool | None = None
    tag: str = ""
    url: str = ""


class ComponentStatus(Struct):
    """What became of one component."""

    latest_ready_revision: str = ""
    latest_created_revision: str = ""
    latest_rolledout_revision: str = ""
    previous_rolledout_revision: str = ""
    traffic: list[TrafficTarget] = []
    url: str = ""
    rest_url: str = ""
    grpc_url: str = ""
    address: dict[str, Any] = {}


class ModelCopies(Struct):
    """How many replicas have the model; see also `ClusterReplicas`."""

    failed_copies: int = 0
    total_copies: int = 0


class FailureInfo(Struct):
    """Why the model is not served; `message` ends with the last line that the replica wrote."""

    location: str = ""
    reason: str = ""
    message: str = ""
    model_revision_name: str = ""
    time: str | None = None
    exit_code: int | None = None


class ModelStates(Struct):
    """Pending, Standby, Loading, Loaded or FailedToLoad."""

    active_model_state: str = ""
    target_model_state: str = ""


class ModelStatus(Struct):
    """KServe's view of the model behind a predictor."""

    transition_status: str = ""
    states: ModelStates | None = None
    copies: ModelCopies | None = None
    last_failure_info: FailureInfo | None = None


class ReplicaCounts(Struct):
    """Replicas wanted and ready; `why` says what keeps the others from being ready, "" if none.

    In a member's status it is its own; in the hub's it is one cluster's. Not an upstream field.
    """

    replicas: int = 0
    ready_replicas: int = 0
    why: str = ""


class InferenceServiceStatus(Struct):
    """Status as KServe writes it, plus `replicas` (a member's own count) and `clusters` (the hub's)."""

    observed_generation: int = 0
    conditions: list[Condition] = []
    url: str = ""
    address: dict[str, Any] = {}
    components: dict[str, ComponentStatus] = {}
    model_status: ModelStatus | None = None
    deployment_mode: str = ""
    serving_runtime_name: str = ""
    cluster_serving_runtime_name: str = ""
    annotations: dict[str, str] = {}
    replicas: ReplicaCounts | None = None
    clusters: dict[str, ReplicaCounts] = {}


class InferenceService(Object):
    """A served model."""

    spec: InferenceServiceSpec = InferenceServiceSpec()
    status: InferenceServiceStatus = InferenceServiceStatus()


class SupportedModelFormat(Struct):
    """A format a runtime serves; without `auto_select` it must be named by the InferenceService."""

    name: str
    version: str | None = None
    auto_select: bool | None = None
    priority: int | None = None


class ServingRuntimeSpec(ServingRuntimePodFields):
    """How a family of models is served: Pod fields plus what it can load."""

    containers: list[Container] = []
    supported_model_formats: list[SupportedModelFormat] = []
    multi_model: bool | None = None
    disabled: bool | None = None
    protocol_versions: list[str] = []
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    worker_spec: WorkerSpec | None = None
    grpc_endpoint: str | None = None
    grpc_data_endpoint: str | None = None
    http_data_endpoint: str | None = field(default=None, name="httpDataEndpoint")
    replicas: int | None = None
    storage_helper: dict[str, Any] | None = None
    built_in_adapter: dict[str, Any] | None = None


class ServingRuntime(Object):
    """A runtime of one namespace or, as ClusterServingRuntime, of the whole cluster."""

    spec: ServingRuntimeSpec = ServingRuntimeSpec()
    status: dict[str, Any] = {}


class RevisionSpec(PodSpec):
    """The Pod template of one rolled-out predictor."""

    container_concurrency: int | None = None
    timeout_seconds: int | None = None


class RevisionStatus(Struct):
    """How far a revision is."""

    observed_generation: int = 0
    conditions: list[Condition] = []
    desired_replicas: int = 0
    actual_replicas: int = 0
    container_statuses: list[dict[str, Any]] = []


class Revision(Object):
    """serving.knative.dev/v1 Revision: immutable spec, one for every change of a predictor's template."""

    spec: RevisionSpec = RevisionSpec()
    status: RevisionStatus = RevisionStatus()
