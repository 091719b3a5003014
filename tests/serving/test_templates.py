"""Placeholders in containers."""

import pytest

from tradewind.resources.meta import ObjectMeta
from tradewind.serving.errors import InvalidService
from tradewind.serving.templates import fill_placeholders

METADATA = ObjectMeta(
    name="iris", namespace="ml", labels={"team": "a"}, annotations={"expr": "a+b<c", "example.com/key": "v"}
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("--model_name={{.Name}}", "--model_name=iris"),
        ("{{ .Namespace }}/{{.Name}}", "ml/iris"),
        ("{{.Labels.team}}", "a"),
        ("[{{.Labels.missing}}{{.Annotations.missing}}]", "[]"),
        ("{{.Annotations.expr}}", "a+b<c"),
        ('{{index .Annotations "example.com/key"}}', "v"),
        ('{{index .Labels "no"}}', ""),
        ("plain { } text", "plain { } text"),
    ],
)
def test_placeholders(text: str, wanted: str):
    assert fill_placeholders({"args": [text], "count": 1}, METADATA) == {"args": [wanted], "count": 1}


@pytest.mark.parametrize("text", ["{{.NoSuchField}}", "{{Name}}", "{{if .Name}}x{{end}}", "{{}}"])
def test_other_placeholders_are_refused_by_name(text: str):
    with pytest.raises(InvalidService, match=r"use \{\{\.Name\}\}") as caught:
        fill_placeholders([text], METADATA)
    assert caught.value.reason == "InvalidPredictorSpec"
