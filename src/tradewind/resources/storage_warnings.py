"""Settings of model storage that are kept but not read, told wherever they can be written."""

from collections.abc import Iterator, Mapping

from tradewind.resources.problems import Problem, warning

S3_PREFIX = "serving.kserve.io/s3-"
BY_PATH = "has no effect in this version: buckets are addressed by path"
SYSTEM_AUTHORITIES = "has no effect in this version: this machine's own certificate authorities are trusted"
WITHOUT_EFFECT = {
    f"{S3_PREFIX}usevirtualbucket": BY_PATH,
    f"{S3_PREFIX}useaccelerate": BY_PATH,
    f"{S3_PREFIX}cabundle": SYSTEM_AUTHORITIES,
    f"{S3_PREFIX}cabundle-configmap": SYSTEM_AUTHORITIES,
}


def storage_warnings(annotations: Mapping[str, str]) -> Iterator[Problem]:
    """One warning for each annotation, of a Secret or of an InferenceService, that is not read."""
    for key in annotations:
        if key in WITHOUT_EFFECT:
            yield warning(f"metadata.annotations[{key}]", WITHOUT_EFFECT[key])
