"""Sources of models, and where they are mounted."""

import pytest

from tests.resources.serving_objects import findings, refusals, service, with_model
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Level
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.serving_storage_checks import common_parent

FORMAT = {"modelFormat": {"name": "sklearn"}}


def sources(*pairs: tuple[str, str], **model: str) -> Manifest:
    uris = [{"uri": uri, "mountPath": path} for uri, path in pairs]
    return service({"model": {**FORMAT, **model}, "storageUris": uris})


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        (sources(("s3://a/b", "/mnt/models")), ""),
        (sources(("s3://a/b", "/mnt/models/one"), ("gs://a/b", "/mnt/models/two")), ""),
        (sources(("pvc://a", "/one"), ("s3://a/b", "/two")), ""),
        (
            sources(("s3://a/b", "/mnt/models"), storageUri="s3://c"),
            "Setting both StorageURI and StorageURIs is not supported.",
        ),
        (sources(("", "/mnt/models")), "storage URI cannot be empty"),
        (sources(("s3://a", "/")), "storage path cannot be empty"),
        (sources(("s3://a", "mnt")), "storage path must be absolute: mnt"),
        (
            sources(("s3://a", "/mnt/../etc")),
            "storage path cannot contain '..' for security reasons: /mnt/../etc",
        ),
        (
            sources(("s3://a", "/mnt/models"), ("s3://b", "/opt/models")),
            "storage paths must have a common parent directory. Current paths: [/mnt/models /opt/models] "
            "have no common parent beyond root",
        ),
        (
            sources(("pvc://a", "/p"), ("pvc://b", "/p"), ("s3://a", "/m/a"), ("s3://b", "/m/b")),
            "PVC storage paths must be unique",
        ),
    ],
)
def test_sources(manifest: Manifest, text: str):
    assert refusals(manifest) == ([text] if text else [])


def test_a_source_is_mounted_at_mnt_models_unless_it_says_otherwise():
    assert refusals(service({"model": FORMAT, "storageUris": [{"uri": "s3://a/b"}]})) == []


@pytest.mark.parametrize(
    ("paths", "wanted"),
    [
        ([], ""),
        (["/mnt/models"], "/mnt/models"),
        (["/mnt/models/a", "/mnt/models/b"], "/mnt/models"),
        (["/mnt/models", "/mnt/models/b"], "/mnt/models"),
        (["/mnt/a", "/opt/a"], "/"),
        (["/mnt/model", "/mnt/models"], "/mnt"),
    ],
)
def test_common_parent(paths: list[str], wanted: str):
    assert common_parent(paths) == wanted


@pytest.mark.parametrize(
    ("confidential", "text"),
    [
        ({"enabled": False, "resourceId": "nonsense"}, ""),
        ({"enabled": True}, ""),
        ({"enabled": True, "resourceId": "kbs:///default/key/model"}, ""),
        (
            {"enabled": True, "resourceId": "kbs://x"},
            'Invalid value: "kbs://x": must be in the format kbs:///<repo>/<type>/<tag>',
        ),
    ],
)
def test_confidential_models(confidential: Manifest, text: str):
    assert refusals(service(with_model(confidential=confidential))) == ([text] if text else [])


def test_a_confidential_model_needs_a_source():
    manifest = service({"model": {**FORMAT, "confidential": {"enabled": True}}})
    assert refusals(manifest) == ["confidential model serving requires storageUri to be set"]


@pytest.mark.parametrize(("uri", "word"), [("oci://a/b", "OCI"), ("pvc://a/b", "PVC"), ("s3://a/b", "")])
def test_what_is_not_downloaded_is_not_decrypted(uri: str, word: str):
    manifest = service(with_model(storageUri=uri, confidential={"enabled": True}))
    told = findings(manifest, INFERENCE_SERVICE, Level.WARNING).get("spec.predictor.confidential", "")
    assert word in told and bool(told) == bool(word)
