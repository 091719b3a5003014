"""What admission fills into an InferenceService."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.resources.serving_objects import service
from tradewind.resources.columns import at
from tradewind.resources.meta import Manifest
from tradewind.resources.serving import SHORT_FORMS
from tradewind.resources.serving_defaults import CONVERTED, default_inference_service

DEFAULT_AMOUNTS = {"cpu": "1", "memory": "2Gi"}


def predictor(given_predictor: Manifest, **annotations: str) -> Any:
    return default_inference_service(service(given_predictor, **annotations))["spec"]["predictor"]


@pytest.mark.parametrize("form", SHORT_FORMS)
def test_a_short_form_becomes_a_model(form: str):
    got = predictor({form: {"storageUri": "s3://a/b"}, "minReplicas": 2})
    version = {"protocolVersion": "v2"} if form in ("triton", "onnx", "huggingface") else {}
    model = {"modelFormat": {"name": form}, "storageUri": "s3://a/b", **version}
    assert got == {"model": model, "minReplicas": 2}


def test_every_short_form_is_converted():
    assert sorted(CONVERTED) == sorted(SHORT_FORMS)


@pytest.mark.parametrize(
    ("name", "given_version", "wanted"),
    [
        ("triton", None, "v2"),
        ("vLLM", None, "v2"),
        ("vllm", None, None),
        ("sklearn", None, None),
        ("triton", "grpc-v2", "grpc-v2"),
    ],
)
def test_protocol_of_a_model(name: str, given_version: str | None, wanted: str | None):
    model: Manifest = {"modelFormat": {"name": name}}
    if given_version:
        model["protocolVersion"] = given_version
    assert predictor({"model": model})["model"].get("protocolVersion") == wanted


def test_the_format_is_noted_for_templates_unless_the_user_did():
    annotations = default_inference_service(service())["metadata"]["annotations"]
    assert annotations["modelFormat"] == "sklearn"
    own = service()
    own["metadata"]["annotations"]["modelFormat"] = "mine"
    assert default_inference_service(own)["metadata"]["annotations"]["modelFormat"] == "mine"


@pytest.mark.parametrize(
    ("old", "new"), [("RawDeployment", "Standard"), ("Serverless", "Knative"), ("Standard", "Standard")]
)
def test_modes_get_their_names_of_today(old: str, new: str):
    manifest = default_inference_service(service(deploymentMode=old))
    assert manifest["metadata"]["annotations"]["serving.kserve.io/deploymentMode"] == new


def test_a_model_mesh_service_keeps_its_short_form():
    assert predictor({"sklearn": {}}, deploymentMode="ModelMesh") == {"sklearn": {}}


def test_the_only_custom_container_is_named_and_sized():
    got = predictor({"containers": [{"name": "mine", "resources": {"limits": {"cpu": "3"}}}]})
    (container,) = got["containers"]
    assert container["name"] == "kserve-container"
    assert container["resources"] == {
        "requests": DEFAULT_AMOUNTS,
        "limits": {"cpu": "3", "memory": "2Gi"},
    }


def test_of_several_custom_containers_only_an_unnamed_first_is_named():
    got = predictor({"containers": [{"name": "a"}, {"name": "b"}]})
    assert [one["name"] for one in got["containers"]] == ["a", "b"]
    got = predictor({"containers": [{}, {"name": "b"}]})
    assert [one["name"] for one in got["containers"]] == ["kserve-container", "b"]


def test_containers_beside_a_model_are_left_alone():
    got = predictor({"model": {"modelFormat": {"name": "sklearn"}}, "containers": [{"name": "helper"}]})
    assert got["containers"] == [{"name": "helper"}]


@pytest.mark.parametrize("part", ["transformer", "explainer"])
def test_transformers_and_explainers_are_named_and_sized(part: str):
    manifest = service()
    manifest["spec"][part] = {"containers": [{"name": "mine"}]}
    (container,) = default_inference_service(manifest)["spec"][part]["containers"]
    assert container["name"] == "kserve-container"
    assert container["resources"]["limits"] == DEFAULT_AMOUNTS


def test_an_art_explainer_is_sized():
    manifest = service()
    manifest["spec"]["explainer"] = {"art": {"type": "SquareAttack"}}
    filled = default_inference_service(manifest)
    assert at(filled, "spec", "explainer", "art", "resources", "requests") == DEFAULT_AMOUNTS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["model", "sklearn", "containers", "modelFormat", "name", "resources", "limits", "requests"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=15,
)


@given(predictor=JSON, annotations=JSON, transformer=JSON)
def test_any_shape_is_taken_and_left_unchanged(predictor: Any, annotations: Any, transformer: Any):
    manifest = {
        "metadata": {"name": "a", "annotations": annotations},
        "spec": {"predictor": predictor, "transformer": transformer, "explainer": transformer},
    }
    before = copy.deepcopy(manifest)
    once = default_inference_service(manifest)
    assert manifest == before
    assert default_inference_service(once) == once
