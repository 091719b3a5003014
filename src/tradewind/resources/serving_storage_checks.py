"""Where models may come from and land (kserve `inference_service_validation.go`, `pkg/validation`)."""

import re
from collections.abc import Iterator, Sequence

from tradewind.resources.problems import Problem, warning
from tradewind.resources.serving_parts import ConfidentialSpec, StorageUri
from tradewind.resources.shape import join

RESOURCE_ID = re.compile(r"kbs:///[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+/[a-zA-Z0-9_.-]+")
NOT_DECRYPTED_HERE = {
    "oci://": "confidential has no effect with OCI URIs; "
    "OCI image decryption is handled by the container runtime via runtimeClassName",
    "pvc://": "confidential has no effect with PVC URIs; "
    "the storage-initializer is not injected for PVC volumes",
}


def check_storage_uris(path: str, single: str | None, uris: Sequence[StorageUri]) -> Iterator[Problem]:
    """One source or a list of them, and where the list's entries are mounted."""
    at = join(path, "storageUris")
    if single is not None and uris:
        yield Problem(at, "Setting both StorageURI and StorageURIs is not supported.")
    for place, one in enumerate(uris):
        yield from _check_one(f"{at}[{place}]", one)
    yield from _check_together(at, uris)


def check_confidential(
    path: str, confidential: ConfidentialSpec | None, storage_uri: str | None
) -> Iterator[Problem]:
    """An encrypted model needs a source that is downloaded, and a well-formed key identifier."""
    if confidential is None or not confidential.enabled:
        return
    at = join(path, "confidential")
    if not storage_uri:
        yield Problem(at, "confidential model serving requires storageUri to be set")
        return
    for scheme, text in NOT_DECRYPTED_HERE.items():
        if storage_uri.startswith(scheme):
            yield warning(at, text)
    identifier = confidential.resource_id
    if identifier and not RESOURCE_ID.fullmatch(identifier):
        rule = "must be in the format kbs:///<repo>/<type>/<tag>"
        yield Problem(join(at, "resourceId"), f'Invalid value: "{identifier}": {rule}')


def common_parent(paths: Sequence[str]) -> str:
    """The deepest folder that holds all of these absolute paths; the path itself for one, "" for none."""
    if len(paths) < 2:
        return paths[0] if paths else ""
    split = [path.strip("/").split("/") if path.strip("/") else [] for path in paths]
    common = []
    for parts in zip(*split, strict=False):
        if len(dict.fromkeys(parts)) > 1:
            break
        common.append(parts[0])
    return "/" + "/".join(common)


def _check_one(path: str, one: StorageUri) -> Iterator[Problem]:
    if not one.uri:
        yield Problem(join(path, "uri"), "storage URI cannot be empty")
    at = join(path, "mountPath")
    if one.mount_path == "/":
        yield Problem(at, "storage path cannot be empty")
    elif not one.mount_path.startswith("/"):
        yield Problem(at, f"storage path must be absolute: {one.mount_path}")
    elif ".." in one.mount_path:
        yield Problem(at, f"storage path cannot contain '..' for security reasons: {one.mount_path}")


def _check_together(path: str, uris: Sequence[StorageUri]) -> Iterator[Problem]:
    """Claims are mounted each at its own path; what is downloaded shares one folder. As upstream, neither
    rule is looked at unless more than one source is downloaded."""
    claims = [one.mount_path for one in uris if one.uri.startswith("pvc://")]
    downloads = [one.mount_path for one in uris if not one.uri.startswith("pvc://")]
    if len(downloads) < 2:
        return
    if len(dict.fromkeys(claims)) < len(claims):
        yield Problem(path, "PVC storage paths must be unique")
    if common_parent(downloads) == "/":
        shown = " ".join(downloads)
        yield Problem(
            path,
            f"storage paths must have a common parent directory. Current paths: [{shown}] "
            "have no common parent beyond root",
        )
