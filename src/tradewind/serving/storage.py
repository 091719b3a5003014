"""A replica's models: where they come from and how they get to it (kserve storage initializer)."""

import re
from collections.abc import Sequence

from tradewind.resources.core import Container, EnvVar, ResourceRequirements, VolumeMount
from tradewind.resources.meta import Manifest, replace
from tradewind.resources.serving import PredictorSpec
from tradewind.resources.serving_names import STORAGE_INITIALIZER, STORAGE_URI
from tradewind.resources.serving_parts import MODEL_MOUNT_PATH, StorageUri
from tradewind.resources.serving_predictors import storage_uri
from tradewind.resources.serving_storage_checks import common_parent
from tradewind.serving.builtin import KSERVE_VERSION
from tradewind.serving.errors import INVALID_PREDICTOR_SPEC, InvalidService

VOLUME = "kserve-provision-location"
VOLUME_SOURCE: Manifest = {"name": VOLUME, "emptyDir": {}}
PREFIXES = (
    "gs://",
    "s3://",
    "pvc://",
    "file://",
    "https://",
    "http://",
    "hdfs://",
    "webhdfs://",
    "oci://",
    "oci+native://",
    "oci+fetch://",
    "hf://",
)
AZURE_BLOB_HOST = "blob.core.windows.net"
_AZURE_BLOB = re.compile(r"https://.+?\.blob\.core\.windows\.net/.+")
_SCHEME = re.compile(r"\w+?://")


def model_sources(predictor: PredictorSpec) -> list[StorageUri]:
    """Where the predictor's models are and where they go, in order. Raises InvalidService."""
    if predictor.model and predictor.model.storage:
        raise InvalidService(
            INVALID_PREDICTOR_SPEC,
            "predictor.model.storage is not read in this version: write storageUri and, for credentials, "
            "a serviceAccountName whose ServiceAccount lists the Secret",
        )
    single = storage_uri(predictor)
    sources = predictor.storage_uris if single is None else [StorageUri(uri=single)]
    for source in sources:
        if not is_supported(source.uri):
            raise InvalidService(
                INVALID_PREDICTOR_SPEC,
                f"storageUri, must be one of: [{', '.join(PREFIXES)}] or match "
                "https://{}.blob.core.windows.net/{}/{} or be an absolute or relative local path. "
                f"StorageUri [{source.uri}] is not supported",
            )
    return list(sources)


def is_supported(uri: str) -> bool:
    """Whether upstream's storage initializer takes this URI; a text without a scheme is a local path."""
    if not _SCHEME.search(uri):
        return True
    if AZURE_BLOB_HOST in uri:
        return bool(_AZURE_BLOB.search(uri))
    return uri.startswith(PREFIXES)


def storage_initializer(sources: Sequence[StorageUri], environment: list[EnvVar]) -> Container:
    """The init container that puts the models where the serving container looks for them."""
    return Container(
        name=STORAGE_INITIALIZER,
        image=f"kserve/storage-initializer:{KSERVE_VERSION}",
        args=[text for source in sources for text in (source.uri, source.mount_path)],
        env=environment,
        resources=ResourceRequirements(
            requests={"cpu": "100m", "memory": "100Mi"}, limits={"cpu": "1", "memory": "1Gi"}
        ),
        volume_mounts=[_mount(sources)],
        termination_message_policy="FallbackToLogsOnError",
    )


def mount_models(container: Container, sources: Sequence[StorageUri]) -> Container:
    """The serving container with the models' volume, and its own STORAGE_URI pointing there."""
    mount = replace(_mount(sources), read_only=True)
    others = [one for one in container.volume_mounts if one.mount_path != mount.mount_path]
    environment = [
        EnvVar(name=STORAGE_URI, value=MODEL_MOUNT_PATH) if variable.name == STORAGE_URI else variable
        for variable in container.env
    ]
    return replace(container, volume_mounts=[*others, mount], env=environment)


def _mount(sources: Sequence[StorageUri]) -> VolumeMount:
    """One volume holds all models, at the deepest folder above them."""
    return VolumeMount(name=VOLUME, mount_path=common_parent([source.mount_path for source in sources]))
