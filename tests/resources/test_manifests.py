"""Files of manifests: what is found in them, and what a user is told."""

import pytest

from tradewind.resources.manifests import ManifestError, parse_manifests

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n"


def problems(text: str, source: str = "f.yaml") -> tuple[str, ...]:
    with pytest.raises(ManifestError) as caught:
        parse_manifests(text, source)
    return caught.value.problems


def test_every_document_is_found_with_its_place():
    found = parse_manifests(f"# first\n{POD}---\n{POD}", "f.yaml")
    assert [str(document) for document in found] == ['f.yaml:2: Pod "p"', 'f.yaml:6: Pod "p"']
    assert parse_manifests("# nothing", "f.yaml") == []


def test_the_items_of_a_list_stand_for_themselves():
    listed = '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod"}, %s]}'
    inner = '{"apiVersion": "v1", "kind": "PodList", "items": [{"apiVersion": "v1", "kind": "Pod"}]}'
    assert [document.manifest["kind"] for document in parse_manifests(listed % inner)] == ["Pod", "Pod"]


def test_a_fragment_is_told_from_a_manifest_with_the_way_to_use_it():
    text = (
        "# A fragment.\nspec:\n  predictor:\n    scaleMetric: gpu_memory_utilization\n    scaleTarget: 70\n"
    )
    (problem,) = problems(text, "gpu-autoscaling.yaml")
    assert problem == (
        "gpu-autoscaling.yaml:2: this is a fragment, not a manifest: it has no apiVersion and kind, only "
        "spec.predictor.scaleMetric, spec.predictor.scaleTarget. Write these fields into the manifest that "
        "they belong to, or merge them into an object that exists: kubectl patch inferenceservice NAME "
        "--type merge --patch-file gpu-autoscaling.yaml"
    )
    assert "kubectl patch KIND NAME" in problems("spec: {a: 1}")[0]
    assert "a0, a1, a2, a3, a4, …" in problems("".join(f"a{place}: 1\n" for place in range(9)))[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: Pod", "f.yaml:1: apiVersion is missing; every manifest has apiVersion and kind"),
        ("apiVersion: v1", "f.yaml:1: kind is missing; every manifest has apiVersion and kind"),
        ("apiVersion: 1\nkind: Pod", "f.yaml:1: apiVersion must be a string, not 1"),
        ("- a", "f.yaml:1: a manifest is an object with apiVersion, kind and metadata; this is […]"),
        ("text", 'f.yaml:1: a manifest is an object with apiVersion, kind and metadata; this is "text"'),
        ("a:\n\tb: 1", "f.yaml:2:1: a tab cannot indent YAML; use spaces\n    b: 1"),
        (
            "a: 1\na: 2",
            'f.yaml:2:1: the key "a" stands twice: it is also on line 1; keep one of them\n    a: 2',
        ),
    ],
)
def test_what_is_no_manifest_is_told_with_its_place(text: str, expected: str):
    assert problems(text) == (expected,)


def test_all_problems_of_a_file_come_at_once():
    assert len(problems(f"kind: Pod\n---\n{POD}---\napiVersion: v1\n---\n5")) == 3


def test_metadata_of_a_wrong_type_is_left_to_validation():
    (document,) = parse_manifests("apiVersion: v1\nkind: Pod\nmetadata: 3")
    assert str(document) == 'standard input:1: Pod ""'
