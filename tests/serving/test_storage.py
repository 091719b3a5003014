"""Where models come from and where they go."""

import pytest

from tests.serving.objects import service
from tradewind.resources.core import Container, EnvVar, VolumeMount
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_parts import StorageUri
from tradewind.serving.errors import InvalidService
from tradewind.serving.storage import is_supported, model_sources, mount_models, storage_initializer

FORMAT = {"modelFormat": {"name": "sklearn"}}


@pytest.mark.parametrize(
    ("predictor", "wanted"),
    [
        ({"model": {**FORMAT, "storageUri": "s3://a/b"}}, [("s3://a/b", "/mnt/models")]),
        ({"model": FORMAT}, []),
        (
            {"model": FORMAT, "storageUris": [{"uri": "s3://a"}, {"uri": "s3://b", "mountPath": "/mnt/x"}]},
            [("s3://a", "/mnt/models"), ("s3://b", "/mnt/x")],
        ),
        (
            {"containers": [{"image": "a", "env": [{"name": "STORAGE_URI", "value": "s3://a"}]}]},
            [("s3://a", "/mnt/models")],
        ),
        ({"containers": [{"image": "a"}]}, []),
    ],
)
def test_sources(predictor: Manifest, wanted: list[tuple[str, str]]):
    found = model_sources(service(predictor).spec.predictor)
    assert [(one.uri, one.mount_path) for one in found] == wanted


@pytest.mark.parametrize(
    ("model", "text"),
    [
        ({"storageUri": "ftp://a/b"}, r"StorageUri \[ftp://a/b\] is not supported"),
        ({"storage": {"key": "k"}}, "storage is not read in this version: write storageUri"),
    ],
)
def test_sources_that_cannot_be_had(model: Manifest, text: str):
    with pytest.raises(InvalidService, match=text):
        model_sources(service({"model": {**FORMAT, **model}}).spec.predictor)


@pytest.mark.parametrize(
    ("uri", "supported"),
    [
        ("s3://a/b", True),
        ("gs://a", True),
        ("hf://owner/model", True),
        ("oci+native://a", True),
        ("https://acct.blob.core.windows.net/c/p", True),
        ("http://acct.blob.core.windows.net/c/p", False),
        ("/abs/path", True),
        ("relative/path", True),
        ("", True),
        ("ftp://a", False),
    ],
)
def test_schemes(uri: str, supported: bool):
    assert is_supported(uri) == supported


def test_the_initializer_gets_pairs_of_source_and_place():
    sources = [StorageUri(uri="s3://a", mount_path="/m/a"), StorageUri(uri="s3://b", mount_path="/m/b")]
    container = storage_initializer(sources, [EnvVar(name="A", value="1")])
    assert container.name == "storage-initializer"
    assert container.args == ["s3://a", "/m/a", "s3://b", "/m/b"]
    assert container.env == [EnvVar(name="A", value="1")]
    assert [one.mount_path for one in container.volume_mounts] == ["/m"]


def test_the_model_is_mounted_read_only_in_place_of_what_was_there():
    container = Container(
        env=[EnvVar(name="STORAGE_URI", value="s3://a"), EnvVar(name="B", value="2")],
        volume_mounts=[
            VolumeMount(name="x", mount_path="/mnt/models"),
            VolumeMount(name="y", mount_path="/y"),
        ],
    )
    mounted = mount_models(container, [StorageUri(uri="s3://a")])
    assert [(one.name, one.mount_path, one.read_only) for one in mounted.volume_mounts] == [
        ("y", "/y", None),
        ("kserve-provision-location", "/mnt/models", True),
    ]
    assert [(one.name, one.value) for one in mounted.env] == [("STORAGE_URI", "/mnt/models"), ("B", "2")]
