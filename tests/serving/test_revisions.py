"""Numbering revisions and keeping the last of them."""

from typing import Any

import pytest

from tests.serving.objects import revision, service, surroundings, template
from tradewind.resources.meta import Manifest
from tradewind.resources.serving import Revision
from tradewind.serving.render import render
from tradewind.serving.revisions import (
    KEPT_REVISIONS,
    in_order,
    make_revision,
    next_revision,
    outdated_revisions,
)

MODEL: Manifest = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/iris/v1"}


def names(revisions: list[Revision]) -> list[str]:
    return [one.metadata.name for one in revisions]


def test_the_first_is_number_one_and_belongs_to_the_service():
    made = next_revision(service(), template(), [])
    assert made is not None
    assert made.metadata.name == "iris-predictor-00001"
    assert [(one.kind, one.uid, one.controller) for one in made.metadata.owner_references] == [
        ("InferenceService", "uid-iris", True)
    ]
    assert made.metadata.labels["serving.knative.dev/configuration"] == "iris-predictor"
    assert made.metadata.labels["serving.knative.dev/revision"] == "iris-predictor-00001"


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"minReplicas": 5}, False),
        ({"maxReplicas": 9}, False),
        ({"scaleTarget": 9}, False),
        ({"canaryTrafficPercent": 10}, False),
        ({"model": {**MODEL, "storageUri": "s3://models/iris/v2"}}, True),
        ({"model": {**MODEL, "env": [{"name": "A", "value": "1"}]}}, True),
        ({"model": {**MODEL, "args": ["--x"]}}, True),
        ({"model": {**MODEL, "runtimeVersion": "v9"}}, True),
        ({"labels": {"team": "a"}}, True),
        ({"annotations": {"note": "a"}}, True),
        ({"nodeSelector": {"a": "b"}}, True),
        ({"containerConcurrency": 4}, True),
        ({"timeout": 30}, True),
    ],
)
def test_what_asks_for_another(change: dict[str, Any], asks: bool):
    first = next_revision(service(), template(), [])
    assert first is not None
    changed = service({"model": MODEL, **change})
    following = next_revision(changed, render(changed, surroundings()), [first])
    assert (following.metadata.name if following else "") == ("iris-predictor-00002" if asks else "")


@pytest.mark.parametrize(
    ("annotation", "asks"),
    [
        ("serving.kserve.io/stop", False),
        ("serving.kserve.io/min-ready-replicas", False),
        ("kubectl.kubernetes.io/last-applied-configuration", False),
        ("resourcetemplate.karmada.io/uid", False),
        ("autoscaling.knative.dev/min-scale", False),
        ("autoscaling.knative.dev/window", True),
        ("example.com/note", True),
    ],
)
def test_which_annotations_ask_for_another(annotation: str, asks: bool):
    first = next_revision(service(), template(), [])
    assert first is not None
    changed = service(annotations={annotation: "1"})
    assert bool(next_revision(changed, render(changed, surroundings()), [first])) == asks


def test_an_old_template_again_is_another_revision():
    old, new = template(), template({"model": {**MODEL, "storageUri": "s3://models/iris/v2"}})
    revisions = [make_revision(service(), old, 1), make_revision(service(), new, 2)]
    again = next_revision(service(), old, revisions)
    assert again is not None and again.metadata.name == "iris-predictor-00003"


def test_numbers_go_on_when_the_predictor_is_renamed():
    renamed = service({"name": "v2", "model": MODEL})
    following = next_revision(
        renamed, render(renamed, surroundings()), [make_revision(service(), template(), 7)]
    )
    assert following is not None and following.metadata.name == "iris-v2-predictor-00008"


def test_order_is_by_number_without_those_that_go():
    found = in_order(
        [
            revision("iris-predictor-00010"),
            revision("iris-v2-predictor-00009"),
            revision("iris-predictor-00011", deletionTimestamp="2026-01-01T00:00:00Z"),
            revision("iris-predictor-00002"),
        ]
    )
    assert names(found) == ["iris-predictor-00002", "iris-v2-predictor-00009", "iris-predictor-00010"]


def test_the_oldest_idle_ones_go():
    revisions = [revision(f"r-{number:05}") for number in range(1, 16)]
    gone = outdated_revisions(revisions, in_use=["r-00001", "r-00015"])
    assert names(gone) == ["r-00002", "r-00003", "r-00004"]
    assert len(revisions) - len(gone) - 2 == KEPT_REVISIONS
    assert outdated_revisions(revisions[:5], in_use=[]) == []
