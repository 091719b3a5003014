"""Names, annotations and fixed words of KServe's kinds, spelled here and nowhere else."""

from collections.abc import Mapping

GROUP = "serving.kserve.io"
KNATIVE_AUTOSCALING = "autoscaling.knative.dev"

PREDICTOR = "predictor"
KSERVE_CONTAINER = "kserve-container"
TRANSFORMER_CONTAINER = "transformer-container"
STORAGE_INITIALIZER = "storage-initializer"
STORAGE_URI = "STORAGE_URI"  # environment of a custom predictor: the model it wants at /mnt/models

# Annotations of an InferenceService.
DEPLOYMENT_MODE = f"{GROUP}/deploymentMode"
AUTOSCALER_CLASS = f"{GROUP}/autoscalerClass"
KNATIVE_CLASS = f"{KNATIVE_AUTOSCALING}/class"
GPU_RESOURCE_TYPES = f"{GROUP}/gpu-resource-types"
STOP = f"{GROUP}/stop"
STORAGE_SECRET = f"{GROUP}/storageSecretName"
MIN_READY_REPLICAS = f"{GROUP}/min-ready-replicas"
MODEL_FORMAT = "modelFormat"

# Annotation of a runtime: the family of servers that it belongs to.
SERVER_TYPE = f"{GROUP}/server-type"

KNATIVE = "Knative"
STANDARD = "Standard"
MODEL_MESH = "ModelMesh"
LEGACY_MODES = {"RawDeployment": STANDARD, "Serverless": KNATIVE}
DEFAULT_MODE = KNATIVE  # upstream's shipped configuration


def normal_mode(mode: str) -> str:
    """A deployment mode under its name of today."""
    return LEGACY_MODES.get(mode, mode)


def deployment_mode(recorded: str, annotations: Mapping[str, str]) -> str:
    """The mode that the status records, else a valid annotation's, else the default."""
    annotated = normal_mode(annotations.get(DEPLOYMENT_MODE, ""))
    return normal_mode(recorded) or (annotated if annotated in (KNATIVE, STANDARD) else DEFAULT_MODE)
