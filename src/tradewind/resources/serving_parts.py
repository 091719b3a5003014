"""Parts of KServe's kinds that stand inside a component: storage, scaling, logging, batching, workers."""

from typing import Annotated, Any

from msgspec import field

from tradewind.resources.core import Container, PodSpecFields
from tradewind.resources.meta import Struct
from tradewind.resources.schema import ATOMIC, keyed

MODEL_MOUNT_PATH = "/mnt/models"


class StorageUri(Struct):
    """One source of a model and the folder it lands in."""

    uri: str = ""
    mount_path: str = MODEL_MOUNT_PATH


class StorageSpec(Struct):
    """Where a model is, by a key of the storage secret."""

    path: str | None = None
    parameters: dict[str, str] = {}
    key: str | None = None
    schema_path: str | None = None


class ConfidentialSpec(Struct):
    """Whether a model is encrypted, and which key opens it."""

    enabled: bool = False
    resource_id: str | None = None


class LoggerStorage(Struct):
    """Where logged payloads are kept as files."""

    path: str | None = None
    parameters: dict[str, str] | None = None
    key: str | None = None
    schema_path: str | None = None
    service_account_name: str = ""


class LoggerSpec(Struct):
    """Where requests and responses are sent as CloudEvents; `mode` is all, request or response."""

    url: str | None = None
    mode: str = ""
    metadata_headers: list[str] = []
    metadata_annotations: list[str] = []
    storage: LoggerStorage | None = None
    marshaller_url: str | None = None
    batch_size: int | None = None
    batch_interval: str | None = None


class BatcherSpec(Struct):
    """How requests are put together; `max_latency` is in milliseconds."""

    max_batch_size: int | None = None
    max_latency: int | None = None
    timeout: int | None = None


class MetricTarget(Struct):
    """What a metric should come to; quantities keep the user's text."""

    type: str = ""
    value: str | int | float | None = None
    average_value: str | int | float | None = None
    average_utilization: int | None = None


class ResourceMetric(Struct):
    """A replica's use of cpu or memory."""

    name: str = ""
    target: MetricTarget = MetricTarget()


class ExternalQuery(Struct):
    """A query to a metrics store outside the cluster."""

    backend: str = ""
    server_address: str = ""
    query: str = ""
    namespace: str = ""


class ExternalMetric(Struct):
    """A metric from outside, with how to sign in there."""

    metric: ExternalQuery = ExternalQuery()
    authentication_ref: dict[str, Any] | None = None
    target: MetricTarget = MetricTarget()


class PodQuery(Struct):
    """A query over metrics that the replicas push."""

    backend: str = ""
    server_address: str = ""
    metric_names: list[str] = []
    query: str = ""
    operation_over_time: str = ""


class PodMetric(Struct):
    """A metric of the replicas themselves."""

    metric: PodQuery = PodQuery()
    target: MetricTarget = MetricTarget()


class MetricSpec(Struct):
    """One metric to scale on; `type` names the field that holds it."""

    type: str = ""
    resource: ResourceMetric | None = None
    external: ExternalMetric | None = None
    podmetric: PodMetric | None = None


class AutoScalingSpec(Struct):
    """The metrics of a component's autoscaler and how fast it may act."""

    metrics: list[MetricSpec] = []
    behavior: dict[str, Any] | None = None


class WorkerSpec(PodSpecFields):
    """The further Pods of a replica that spans several nodes."""

    containers: list[Container] = []
    pipeline_parallel_size: int | None = None
    tensor_parallel_size: int | None = None


class ServingRuntimePodFields(Struct):
    """The Pod fields that a runtime may set (upstream `ServingRuntimePodSpec`), besides its containers."""

    volumes: list[dict[str, Any]] = []
    node_selector: dict[str, str] = {}
    affinity: dict[str, Any] | None = None
    tolerations: list[dict[str, Any]] = []
    image_pull_secrets: list[Annotated[dict[str, Any], ATOMIC]] = []
    host_ipc: bool | None = field(default=None, name="hostIPC")
    scheduler_name: str = ""
    resource_claims: Annotated[list[dict[str, Any]], keyed("name")] = []
