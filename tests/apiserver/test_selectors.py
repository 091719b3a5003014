"""Label and field selectors."""

import json

import pytest

from tests.apiserver.world import pod
from tradewind.apiserver.selectors import FieldTerm, parse_fields, parse_selection
from tradewind.resources.core_kinds import EVENT, NODE, POD, SECRET
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError
from tradewind.store.entries import Entry, Key


def entry(kind, manifest) -> Entry:
    about = manifest["metadata"]
    return Entry(
        Key(kind.resource, about.get("namespace", ""), about["name"]), 1, json.dumps(manifest).encode()
    )


LABELS = [
    ("", {}, True),
    ("a=b", {"a": "b"}, True),
    ("a==b", {"a": "b"}, True),
    ("a=b", {"a": "c"}, False),
    ("a=b", {}, False),
    ("a!=b", {}, True),
    ("a!=b", {"a": "b"}, False),
    ("a=", {"a": ""}, True),
    ("a in (b, c)", {"a": "c"}, True),
    ("a in (b,c)", {"a": "d"}, False),
    ("a notin (b)", {"a": "b"}, False),
    ("a notin (b)", {}, True),
    ("a", {"a": "x"}, True),
    ("a", {}, False),
    ("!a", {}, True),
    ("! a", {"a": "x"}, False),
    ("a=b,c in (d),!e", {"a": "b", "c": "d"}, True),
    ("a=b,c in (d),!e", {"a": "b", "c": "d", "e": ""}, False),
    ("app.kubernetes.io/name=x, in=y", {"app.kubernetes.io/name": "x", "in": "y"}, True),
]


@pytest.mark.parametrize(("text", "labels", "selected"), LABELS)
def test_label_selectors(text, labels, selected):
    assert parse_selection(POD, text).matches(entry(POD, pod(labels=labels))) is selected


@pytest.mark.parametrize(
    "text", ["a=b=c", "a in", "a in (b", "a in b", "=a", "a,,b", "a,", "-x=1", "a=_-", "a>1", "!", "a b"]
)
def test_malformed_label_selectors_are_refused(text):
    with pytest.raises(ApiError, match="unable to parse requirement") as raised:
        parse_selection(POD, text)
    assert raised.value.code == 400


RUNNING = pod("p", "n1") | {"status": {"phase": "Running"}}
EVENT_OF_P = {
    "metadata": {"name": "e", "namespace": "d"},
    "involvedObject": {"name": "p"},
    "source": {"component": "c"},
}
FIELDS = [
    (POD, RUNNING, "metadata.name=p", True),
    (POD, RUNNING, "metadata.name!=p", False),
    (POD, RUNNING, "metadata.namespace=d", True),
    (POD, RUNNING, "spec.nodeName=n1,status.phase=Running", True),
    (POD, RUNNING, "spec.nodeName=n1,status.phase!=Running", False),
    (POD, pod(), "spec.nodeName=", True),
    (POD, pod(), "spec.nodeName!=n1", True),
    (EVENT, EVENT_OF_P, "involvedObject.name=p,involvedObject.kind=", True),
    (EVENT, EVENT_OF_P, "source=c", True),
    (EVENT, EVENT_OF_P, "reason=x", False),
    (NODE, {"metadata": {"name": "n"}, "spec": {}}, "spec.unschedulable=false", True),
    (SECRET, {"metadata": {"name": "s"}, "type": "a=b"}, r"type=a\=b", True),
]


@pytest.mark.parametrize(("kind", "manifest", "text", "selected"), FIELDS)
def test_field_selectors(kind, manifest, text, selected):
    assert parse_selection(kind, "", text).matches(entry(kind, manifest)) is selected


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (POD, "spec.bad=1", "field label not supported: spec.bad"),
        (INFERENCE_SERVICE, "status.url=x", "field label not supported: status.url"),
        (POD, "metadata.name", "invalid selector"),
        (POD, "a=b=c", "invalid selector"),
        (POD, "=a", "invalid selector"),
        (POD, "metadata.name=a\\x", "invalid selector"),
    ],
)
def test_malformed_field_selectors_are_refused(kind, text, says):
    with pytest.raises(ApiError, match=says):
        parse_fields(kind, text)


def test_a_selection_knows_the_only_name_that_fits():
    assert parse_selection(POD, "", "metadata.name=p").name == "p"
    assert parse_selection(POD, "", "metadata.name!=p").name == ""
    assert parse_fields(POD, r"metadata.name=a\,b") == (FieldTerm("metadata.name", "a,b"),)
