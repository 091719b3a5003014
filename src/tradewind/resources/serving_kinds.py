"""KServe's kinds and Knative's Revision: named, defaulted, checked and printed as upstream does."""

from collections.abc import Callable

from tradewind.resources.columns import CUSTOM_AGE, NAME, at, condition_text, field_text
from tradewind.resources.kinds import Column, Kind, ScalePaths
from tradewind.resources.meta import Manifest
from tradewind.resources.runtime_checks import check_runtime
from tradewind.resources.serving import InferenceService, Revision, ServingRuntime
from tradewind.resources.serving_checks import check_inference_service
from tradewind.resources.serving_defaults import default_inference_service
from tradewind.resources.update_checks import inference_service_update, revision_update


def _traffic(service: Manifest, latest: bool, part: str) -> str | int:
    """`percent` or `revisionName` of the traffic entry of the latest or of the previous revision."""
    entries = at(service, "status", "components", "predictor", "traffic") or []
    for entry in entries:
        if entry.get("latestRevision") if latest else entry.get("tag") == "prev":
            found: str | int = entry.get(part, "")
            return found
    return ""


def _replicas(service: Manifest, _: int) -> str:
    """Ready and wanted replicas: of this cluster, or of all clusters together."""
    counts = at(service, "status", "clusters") or {}
    found = list(counts.values()) or [at(service, "status", "replicas") or {}]
    ready = sum(one.get("readyReplicas", 0) for one in found)
    wanted = sum(one.get("replicas", 0) for one in found)
    return f"{ready}/{wanted}"


def _first_name(field: str) -> Callable[[Manifest, int], str]:
    """A column of the path `.spec.FIELD[*].name`, of which a custom resource's table shows the first."""

    def value(runtime: Manifest, _: int) -> str:
        return str(next((one.get("name", "") for one in at(runtime, "spec", field) or []), ""))

    return value


INFERENCE_SERVICE = Kind(
    group="serving.kserve.io",
    versions=("v1beta1",),
    name="InferenceService",
    plural="inferenceservices",
    struct=InferenceService,
    short_names=("isvc",),
    categories=("all",),
    columns=(
        NAME,
        Column("URL", field_text("status", "url")),
        Column("Ready", condition_text("Ready")),
        Column("Prev", lambda service, _: _traffic(service, latest=False, part="percent"), type="integer"),
        Column("Latest", lambda service, _: _traffic(service, latest=True, part="percent"), type="integer"),
        Column(
            "PrevRolledoutRevision", lambda service, _: _traffic(service, latest=False, part="revisionName")
        ),
        Column("LatestReadyRevision", lambda service, _: _traffic(service, latest=True, part="revisionName")),
        CUSTOM_AGE,
        Column("Replicas", _replicas, wide=True),
        Column("Reason", condition_text("Ready", "reason"), wide=True),
        Column("Message", condition_text("Ready", "message"), wide=True),
    ),
    default=default_inference_service,
    check=check_inference_service,
    check_update=inference_service_update,
    scale=ScalePaths(
        spec_replicas=".spec.predictor.minReplicas",
        status_replicas=".status.replicas.replicas",
        upper_limit=".spec.predictor.maxReplicas",
        default=1,
    ),
)

_RUNTIME_COLUMNS = (
    NAME,
    Column("Disabled", field_text("spec", "disabled"), type="boolean"),
    Column("ModelType", _first_name("supportedModelFormats")),
    Column("Containers", _first_name("containers")),
    CUSTOM_AGE,
)

SERVING_RUNTIME = Kind(
    group="serving.kserve.io",
    versions=("v1alpha1",),
    name="ServingRuntime",
    plural="servingruntimes",
    struct=ServingRuntime,
    columns=_RUNTIME_COLUMNS,
    check=check_runtime,
)
CLUSTER_SERVING_RUNTIME = Kind(
    group="serving.kserve.io",
    versions=("v1alpha1",),
    name="ClusterServingRuntime",
    plural="clusterservingruntimes",
    struct=ServingRuntime,
    namespaced=False,
    columns=_RUNTIME_COLUMNS,
    check=check_runtime,
)
REVISION = Kind(
    group="serving.knative.dev",
    versions=("v1",),
    name="Revision",
    plural="revisions",
    struct=Revision,
    short_names=("rev",),
    categories=("all", "knative", "serving"),
    columns=(
        NAME,
        Column("Config Name", field_text("metadata", "labels", "serving.knative.dev/configuration")),
        Column("Generation", field_text("metadata", "labels", "serving.knative.dev/configurationGeneration")),
        Column("Ready", condition_text("Ready")),
        Column("Reason", condition_text("Ready", "reason")),
        Column("Actual Replicas", field_text("status", "actualReplicas", absent="0")),
        Column("Desired Replicas", field_text("status", "desiredReplicas", absent="0")),
        CUSTOM_AGE,
    ),
    check_update=revision_update,
)

KINDS = (INFERENCE_SERVICE, SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME, REVISION)
