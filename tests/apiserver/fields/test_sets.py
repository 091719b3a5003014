"""Sets of fields and their elements: what they look like, and set algebra."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apiserver.fields.values import PORTS, ROOT, SPEC, manifests
from tradewind.apiserver.fields.collect import field_set
from tradewind.apiserver.fields.elements import NoElement, checked, item_element, order, shown
from tradewind.apiserver.fields.sets import (
    difference,
    has,
    intersection,
    ordered,
    parsed,
    paths,
    union,
    with_named_fields,
)

NAMED = SPEC.fields["items"]
TAGS = SPEC.fields["tags"]


@pytest.mark.parametrize(
    ("item", "schema", "element", "text"),
    [
        ({"name": "a", "value": 1}, NAMED, 'k:{"name":"a"}', '[name="a"]'),
        ({"port": 80}, PORTS, 'k:{"port":80,"protocol":"TCP"}', '[port=80,protocol="TCP"]'),
        (
            {"protocol": "UDP", "port": 80},
            PORTS,
            'k:{"port":80,"protocol":"UDP"}',
            '[port=80,protocol="UDP"]',
        ),
        ({"name": "<&>"}, NAMED, 'k:{"name":"\\u003c\\u0026\\u003e"}', '[name="<&>"]'),
        ("a", TAGS, 'v:"a"', '[="a"]'),
        (True, TAGS, "v:true", "[=true]"),
    ],
)
def test_items_are_known_by_their_keys(item, schema, element, text):
    assert item_element(item, schema) == element
    assert shown(element) == text


@pytest.mark.parametrize(
    ("item", "schema", "says"),
    [
        ({"value": 1}, NAMED, 'omits all key fields ["name"]'),
        (None, NAMED, "null element"),
        ("a", NAMED, "non-map elements"),
        ({}, TAGS, "a map type"),
        ([], TAGS, "lists as elements"),
        (None, TAGS, "explicit null"),
    ],
)
def test_items_without_a_key_cannot_be_told_apart(item, schema, says):
    with pytest.raises(NoElement, match="^.*" + says.replace("[", r"\[").replace("]", r"\]")):
        item_element(item, schema)


def test_elements_are_sorted_as_upstream_sorts_them():
    wanted = [
        "f:a",
        "f:b",
        'k:{"name":"a"}',
        'k:{"name":"a b"}',
        'k:{"port":9}',
        'k:{"port":80}',
        'k:{"port":"80"}',
        "v:2",
        "v:10",
        'v:"1"',
        "v:true",
        "i:2",
        "i:10",
    ]
    shuffled = wanted[1::2] + wanted[::2]
    assert sorted(shuffled, key=order) == wanted


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("f:a:b", "f:a:b"),
        ('k:{"protocol": "TCP", "port":80}', 'k:{"port":80,"protocol":"TCP"}'),
        ("i:07", "i:7"),
        ("x:later", ""),
    ],
)
def test_elements_of_clients_are_read(written, read):
    assert checked(written) == read


@pytest.mark.parametrize("written", ["", "f", "fa", "k:[]", "k:{", "v:", "v:1 2", "i:x"])
def test_malformed_elements_are_refused(written):
    with pytest.raises(NoElement):
        checked(written)


def test_a_set_of_a_client_is_read_without_what_nobody_knows():
    sent = {"f:a": {"f:b": {}, ".": {}, "x:y": {"f:c": {}}}, 'k:{"b":1,"a":2}': {}}
    assert parsed(sent) == {"f:a": {".": {}, "f:b": {}}, 'k:{"a":2,"b":1}': {}}
    assert parsed({"f:a": {".": {}}}) == {"f:a": {}}
    for wrong in (None, [], {"f:a": 1}, {"nothing": {}}):
        with pytest.raises(NoElement):
            parsed(wrong)


VALUE = {
    "metadata": {"labels": {"app": "x"}},
    "spec": {
        "items": [{"name": "a", "ports": [{"port": 80}]}, {"name": "b"}],
        "tags": ["t"],
        "args": ["1", "2"],
        "selector": {"k": "v"},
        "inner": {},
        "whatever": {"deep": {"list": [1]}, "null": None},
    },
}
FIELDS = {
    "f:metadata": {"f:labels": {"f:app": {}}},
    "f:spec": {
        "f:args": {},
        "f:inner": {},
        "f:items": {
            'k:{"name":"a"}': {
                ".": {},
                "f:name": {},
                "f:ports": {'k:{"port":80,"protocol":"TCP"}': {".": {}, "f:port": {}}},
            },
            'k:{"name":"b"}': {".": {}, "f:name": {}},
        },
        "f:selector": {},
        "f:tags": {'v:"t"': {}},
        "f:whatever": {"f:deep": {".": {}, "f:list": {}}, "f:null": {}},
    },
}


def test_the_fields_of_a_value_as_the_api_writes_them():
    """As upstream's `ToFieldSet`: declared fields with something inside are not members; items and what is in
    free maps are."""
    assert json.dumps(ordered(field_set(VALUE, ROOT))) == json.dumps(FIELDS)
    assert has(FIELDS, ("f:spec", "f:args")) and not has(FIELDS, ("f:spec", "f:items"))
    assert not has(FIELDS, ("f:spec", "f:nothing"))


def test_structs_with_something_inside_count_as_members_for_removing():
    named = with_named_fields(FIELDS, ROOT)
    assert "." in named["f:spec"] and "." in named["f:spec"]["f:items"]
    assert "." not in named["f:spec"]["f:whatever"]["f:deep"].get("f:list", {})


sets = manifests.map(lambda manifest: field_set(manifest, ROOT))


def members(fields):
    return set(paths(fields))


@given(sets, sets)
def test_set_algebra_is_that_of_sets_of_paths(one, other):
    assert members(union(one, other)) == members(one) | members(other)
    assert members(intersection(one, other)) == members(one) & members(other)
    assert members(difference(one, other)) == members(one) - members(other)


@given(sets, st.randoms())
def test_a_set_is_read_back_as_it_was_written(fields, random):
    written = json.loads(json.dumps(ordered(fields)))
    assert list(paths(written)) == list(paths(fields))
    assert parsed(written) == written == fields
    names = list(written)
    random.shuffle(names)
    assert json.dumps(ordered({name: written[name] for name in names})) == json.dumps(written)
