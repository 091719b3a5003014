"""How an object differs between clusters."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.federation.objects import cluster, service
from tradewind.federation.images import override_image, parse_image
from tradewind.federation.override_report import failures_by_cluster, override_condition, override_notes
from tradewind.federation.overriders import DoesNotApply, apply_overriders
from tradewind.federation.overrides import NotOverridden, Overridden, matching, override
from tradewind.resources.meta import Object, decode
from tradewind.resources.policy_types import ImageOverrider, OverridePolicy, Overriders

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("vllm", "", "vllm", "", ""),
        ("vllm/vllm-openai:v0.6", "", "vllm/vllm-openai", "v0.6", ""),
        ("ghcr.io/a/b", "ghcr.io", "a/b", "", ""),
        ("localhost/a:1", "localhost", "a", "1", ""),
        ("registry:5000/a/b:1", "registry:5000", "a/b", "1", ""),
        (f"10.0.0.1:5000/a@{DIGEST}", "10.0.0.1:5000", "a", "", DIGEST),
        (f"a:1@{DIGEST}", "", "a", "1", ""),
    ],
)
def test_parts_of_an_image(text, registry, repository, tag, digest):
    image = parse_image(text)
    assert (image.registry, image.repository, image.tag, image.digest) == (registry, repository, tag, digest)


@pytest.mark.parametrize("text", ["", "A/b", "a b", "a:", "a@sha256:12", "/a", "a//b"])
def test_what_is_no_image(text):
    with pytest.raises(ValueError, match="not an image reference"):
        parse_image(text)


@pytest.mark.parametrize(
    ("component", "operator", "value", "changed"),
    [
        ("Registry", "replace", "eu.gcr.io", "eu.gcr.io/a/b:1"),
        ("Registry", "add", ".eu", "ghcr.io.eu/a/b:1"),
        ("Registry", "remove", "", "a/b:1"),
        ("Repository", "add", "-cuda", "ghcr.io/a/b-cuda:1"),
        ("Repository", "replace", "c", "ghcr.io/c:1"),
        ("Tag", "replace", "2", "ghcr.io/a/b:2"),
        ("Tag", "add", "-gpu", "ghcr.io/a/b:1-gpu"),
        ("Tag", "remove", "", "ghcr.io/a/b"),
        ("Tag", "replace", DIGEST, f"ghcr.io/a/b@{DIGEST}"),
        ("Tag", "add", DIGEST, "ghcr.io/a/b:1"),
    ],
)
def test_one_part_of_an_image_changes(component, operator, value, changed):
    overrider = ImageOverrider(component=component, operator=operator, value=value)
    assert override_image("ghcr.io/a/b:1", overrider) == changed


def changed(manifest: dict[str, Any], **overriders: Any) -> dict[str, Any]:
    return apply_overriders(manifest, decode(overriders, Overriders))


def llm() -> dict[str, Any]:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "llama", "annotations": {"a": "1"}},
        "spec": {
            "predictor": {
                "containers": [
                    {"name": "kserve-container", "image": "vllm/vllm-openai:v1", "args": ["--a"], "env": []},
                    {"name": "side", "image": "busybox"},
                ]
            },
            "transformer": {"containers": [{"name": "kserve-container", "image": "mine:1"}]},
        },
    }


@pytest.mark.parametrize(
    ("operator", "value", "annotations"),
    [
        ("add", {"a": "2", "b": "3"}, {"a": "2", "b": "3"}),
        ("addIfAbsent", {"a": "2", "b": "3"}, {"a": "1", "b": "3"}),
        ("replace", {"a": "2", "b": "3"}, {"a": "2"}),
        ("remove", {"a": "x", "b": ""}, {}),
    ],
)
def test_annotations(operator, value, annotations):
    found = changed(llm(), annotationsOverrider=[{"operator": operator, "value": value}])
    assert found["metadata"]["annotations"] == annotations


def test_containers_of_every_component_get_the_image():
    found = changed(
        llm(), imageOverrider=[{"component": "Registry", "operator": "add", "value": "eu.gcr.io"}]
    )
    predictor, side = found["spec"]["predictor"]["containers"]
    assert (predictor["image"], side["image"]) == ("eu.gcr.io/vllm/vllm-openai:v1", "eu.gcr.io/busybox")
    assert found["spec"]["transformer"]["containers"][0]["image"] == "eu.gcr.io/mine:1"


def test_the_model_is_the_container_kserve_container():
    add = {"containerName": "kserve-container", "operator": "add", "value": ["--tensor-parallel-size=4"]}
    found = changed(service(), argsOverrider=[add])
    assert found["spec"]["predictor"]["model"]["args"] == ["--tensor-parallel-size=4"]


def test_arguments_are_added_and_removed_by_container():
    rules = [
        {"containerName": "kserve-container", "operator": "add", "value": ["--b", "--c"]},
        {"containerName": "kserve-container", "operator": "remove", "value": ["--a", "--c"]},
        {"containerName": "nobody", "operator": "add", "value": ["--d"]},
    ]
    found = changed(llm(), argsOverrider=rules)
    assert found["spec"]["predictor"]["containers"][0]["args"] == ["--b"]


def test_text_inside_a_field():
    manifest = {"kind": "ConfigMap", "data": {"a.json": '{"k": {"x": 1}}', "b.yaml": "k:\n  x: 1\n"}}
    found = changed(
        manifest,
        fieldOverrider=[
            {"fieldPath": "/data/a.json", "json": [{"subPath": "/k/x", "operator": "replace", "value": 2}]},
            {"fieldPath": "/data/b.yaml", "yaml": [{"subPath": "/k/z", "operator": "add", "value": 3}]},
        ],
    )
    assert found["data"] == {"a.json": '{"k":{"x":2}}', "b.yaml": "k:\n  x: 1\n  z: 3\n"}


def test_the_order_of_types_is_upstreams():
    """The annotation that comes first in the manifest of the policy comes last in effect: plaintext wins."""
    found = changed(
        llm(),
        plaintext=[{"path": "/metadata/annotations/a", "operator": "replace", "value": "plain"}],
        annotationsOverrider=[{"operator": "add", "value": {"a": "typed"}}],
    )
    assert found["metadata"]["annotations"]["a"] == "plain"


@pytest.mark.parametrize(
    ("overriders", "field", "path"),
    [
        (
            {"plaintext": [{"path": "/spec/x/y", "operator": "replace", "value": 1}]},
            "plaintext[0]",
            "/spec/x/y",
        ),
        ({"plaintext": [{"path": "/spec/x", "operator": "remove"}]}, "plaintext[0]", "/spec/x"),
        (
            {"plaintext": [{"path": "/spec/x/y", "operator": "addIfAbsent", "value": 1}]},
            "plaintext[0]",
            "/spec/x/y",
        ),
        ({"plaintext": [{"path": "", "operator": "replace", "value": 1}]}, "plaintext[0]", ""),
        (
            {
                "imageOverrider": [
                    {
                        "component": "Tag",
                        "operator": "replace",
                        "value": "2",
                        "predicate": {"path": "/spec/predictor/containers/7/image"},
                    }
                ]
            },
            "imageOverrider[0]",
            "/spec/predictor/containers/7/image",
        ),
        (
            {"fieldOverrider": [{"fieldPath": "/spec", "json": [{"subPath": "/a", "operator": "remove"}]}]},
            "fieldOverrider[0]",
            "/spec",
        ),
    ],
)
def test_what_does_not_apply_is_named(overriders, field, path):
    before = llm()
    with pytest.raises(DoesNotApply) as raised:
        changed(before, **overriders)
    assert (raised.value.field, raised.value.path) == (field, path)
    assert before == llm()


def test_add_if_absent_leaves_what_is_there():
    patch = {"path": "/spec/predictor/containers/0/image", "operator": "addIfAbsent", "value": "x"}
    assert changed(llm(), plaintext=[patch]) == llm()


def policy(
    name: str, namespace: str = "ml", selector: dict[str, Any] | None = None, *rules: Any, **spec: Any
):
    kind = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"}
    selectors = [] if selector is None else [kind | selector]
    whole = {"resourceSelectors": selectors, "overrideRules": list(rules), **spec}
    return decode({"metadata": {"name": name, "namespace": namespace}, "spec": whole}, OverridePolicy)


def rule(value: str, *clusters: str) -> dict[str, Any]:
    target = {"targetCluster": {"clusterNames": list(clusters)}} if clusters else {}
    patch = {"path": "/metadata/annotations", "operator": "add", "value": {"by": value}}
    return target | {"overriders": {"plaintext": [patch]}}


TEMPLATE = decode(service(), Object)
EAST = cluster("east")
BY_NAME, BY_LABEL, BY_KIND = {"name": "fraud"}, {"labelSelector": {"matchLabels": {}}}, {}


def names(general: list[OverridePolicy], own: list[OverridePolicy]) -> list[str]:
    return [one.policy.metadata.name for one in matching(TEMPLATE, EAST, general, own)]


def test_the_more_specific_comes_later_and_namespaced_ones_last():
    own = [
        policy("a-name", "ml", BY_NAME, rule("1")),
        policy("b-label", "ml", BY_LABEL, rule("1")),
        policy("c-kind", "ml", BY_KIND, rule("1")),
        policy("d-all", "ml", None, rule("1")),
        policy("e-name", "ml", BY_NAME, rule("1")),
    ]
    general = [policy("z-name", "", BY_NAME, rule("1")), policy("y-all", "", None, rule("1"))]
    assert names(general, own) == ["y-all", "z-name", "d-all", "c-kind", "b-label", "a-name", "e-name"]


def test_policies_of_other_namespaces_names_and_clusters_do_not_count():
    own = [
        policy("elsewhere", "other", BY_NAME, rule("1")),
        policy("another", "ml", {"name": "spam"}, rule("1")),
        policy("west", "ml", BY_NAME, rule("1", "west")),
        policy("east", "ml", BY_NAME, rule("1", "east", "west")),
    ]
    assert names([], own) == ["east"]


def test_rules_follow_each_other():
    one = policy("p", "ml", BY_NAME, rule("first"), rule("never", "west"), rule("last", "east"))
    found = override(service(), TEMPLATE, EAST, [], [one])
    assert isinstance(found, Overridden)
    assert found.manifest["metadata"]["annotations"] == {"by": "last"}
    assert [applied.rule for applied in found.applied] == [
        "overrideRules[0].overriders",
        "overrideRules[2].overriders",
    ]


def test_the_deprecated_form():
    one = policy("p", "ml", BY_NAME, **rule("old", "east"))
    found = override(service(), TEMPLATE, EAST, [], [one])
    assert isinstance(found, Overridden)
    assert found.manifest["metadata"]["annotations"] == {"by": "old"}


def test_a_patch_to_nowhere_names_cluster_policy_rule_and_path():
    path = "/spec/predictor/containers/0/resources/limits/nvidia.com~1gpu"
    patch = {"overriders": {"plaintext": [{"path": path, "operator": "replace", "value": "4"}]}}
    one = policy("gpus", "ml", BY_NAME, rule("fine"), patch)
    found = override(service(), TEMPLATE, EAST, [], [one])
    assert isinstance(found, NotOverridden)
    for part in ("cluster east", "OverridePolicy ml/gpus", "overrideRules[1].overriders.plaintext[0]", path):
        assert part in found.message
    condition = override_condition([found])
    assert (condition.status, condition.reason) == ("False", "ApplyOverridePolicyFailed")
    assert failures_by_cluster([condition])["east"] in found.message


def test_a_work_tells_what_changed_it():
    general, own = policy("general", "", BY_NAME, rule("1")), policy("own", "ml", BY_NAME, rule("2"))
    found = override(service(), TEMPLATE, EAST, [general], [own])
    assert isinstance(found, Overridden)
    notes = override_notes(found.applied)
    assert [json.loads(note)[0]["policyName"] for note in notes.values()] == ["general", "own"]
    assert [key.rpartition("/")[2] for key in notes] == ["applied-cluster-overrides", "applied-overrides"]


@given(st.dictionaries(st.text("ab/~", min_size=1), st.text("xy")), st.text("ab/~", min_size=1))
def test_any_annotation_key_can_be_patched(annotations, key):
    pointer = key.replace("~", "~0").replace("/", "~1")
    patch = {"path": f"/metadata/annotations/{pointer}", "operator": "add", "value": "new"}
    manifest = {"metadata": {"annotations": annotations}}
    assert changed(manifest, plaintext=[patch])["metadata"]["annotations"] == annotations | {key: "new"}
