"""Comparing, merging and removing: tables of cases, and against obvious slow twins."""

import copy

import pytest
from hypothesis import given

from tests.apiserver.fields.values import ROOT, SPEC, flat, manifests, specs
from tradewind.apiserver.fields.collect import field_set
from tradewind.apiserver.fields.compare import compare
from tradewind.apiserver.fields.conform import deviations
from tradewind.apiserver.fields.merge import merge
from tradewind.apiserver.fields.remove import without
from tradewind.apiserver.fields.sets import has, paths, union


def named(*names, **values):
    return [{"name": name} | ({"value": values[name]} if name in values else {}) for name in names]


ITEM_A = {'k:{"name":"a"}': {".": {}, "f:name": {}}}
COMPARISONS = [
    # old, new, added, modified, removed
    ({}, {}, {}, {}, {}),
    ({"text": "a"}, {"text": "a"}, {}, {}, {}),
    ({}, {"text": "a"}, {"f:text": {}}, {}, {}),
    ({"text": "a"}, {"text": "b"}, {}, {"f:text": {}}, {}),
    ({"text": "a"}, {}, {}, {}, {"f:text": {}}),
    ({"text": "a"}, {"text": None}, {}, {"f:text": {}}, {}),
    # what appears or goes does so with all that is in it
    ({}, {"labels": {"a": "1"}}, {"f:labels": {".": {}, "f:a": {}}}, {}, {}),
    ({"inner": {"a": 1}}, {}, {}, {}, {"f:inner": {".": {}, "f:a": {}}}),
    (
        {"labels": {"a": "1"}},
        {"labels": {"a": "2", "b": "1"}},
        {"f:labels": {"f:b": {}}},
        {"f:labels": {"f:a": {}}},
        {},
    ),
    # empty and null differ, though neither has anything in it
    ({"labels": {}}, {"labels": None}, {}, {"f:labels": {}}, {}),
    ({"labels": None}, {"labels": {"a": "1"}}, {"f:labels": {"f:a": {}}}, {}, {}),
    # items by key, whatever their place
    ({"items": named("a", "b")}, {"items": named("b", "a")}, {}, {}, {}),
    ({"items": named("b")}, {"items": named("a", "b")}, {"f:items": ITEM_A}, {}, {}),
    (
        {"items": named("a", a=1)},
        {"items": named("a", a=2)},
        {},
        {"f:items": {'k:{"name":"a"}': {"f:value": {}}}},
        {},
    ),
    ({"tags": ["a", "b"]}, {"tags": ["b", "c"]}, {"f:tags": {'v:"c"': {}}}, {}, {"f:tags": {'v:"a"': {}}}),
    # atomic lists and maps are one field
    ({"args": ["a", "b"]}, {"args": ["b", "a"]}, {}, {"f:args": {}}, {}),
    ({"selector": {"a": "1"}}, {"selector": {"b": "1"}}, {}, {"f:selector": {}}, {}),
    # what has no schema is what it turns out to be
    ({"whatever": 1}, {"whatever": True}, {}, {"f:whatever": {}}, {}),
    ({"whatever": {"a": 1}}, {"whatever": {"a": True}}, {}, {"f:whatever": {"f:a": {}}}, {}),
    ({"whatever": [1]}, {"whatever": [True]}, {}, {"f:whatever": {}}, {}),
    ({"whatever": {"a": 1}}, {"whatever": 2}, {}, {"f:whatever": {}}, {"f:whatever": {"f:a": {}}}),
    ({"whatever": 2}, {"whatever": {"a": 1}}, {"f:whatever": {"f:a": {}}}, {"f:whatever": {}}, {}),
    # duplicates under one key are one field
    ({"tags": ["a", "a"]}, {"tags": ["a", "a", "a"]}, {}, {"f:tags": {'v:"a"': {}}}, {}),
    (
        {"items": named("a")},
        {"items": named("a", "a")},
        {"f:items": {'k:{"name":"a"}': {}}},
        {},
        {"f:items": ITEM_A},
    ),
    # an item without its key makes the list one field
    ({"items": [{"value": 1}]}, {"items": [{"value": 2}]}, {}, {"f:items": {}}, {}),
]


@pytest.mark.parametrize(("old", "new", "added", "modified", "removed"), COMPARISONS)
def test_comparing(old, new, added, modified, removed):
    found = compare(old, new, SPEC)
    assert (found.added, found.modified, found.removed) == (added, modified, removed)
    assert bool(found) == (bool(added) or bool(modified) or bool(removed))


MERGES = [
    # live, config, result
    ({"text": "a"}, {"inner": {"a": 1}}, {"text": "a", "inner": {"a": 1}}),
    ({"inner": {"a": 1, "b": 1}}, {"inner": {"b": 2}}, {"inner": {"a": 1, "b": 2}}),
    ({"args": ["a"]}, {"args": ["b"]}, {"args": ["b"]}),
    ({"selector": {"a": "1"}}, {"selector": {"b": "1"}}, {"selector": {"b": "1"}}),
    ({"whatever": {"a": 1}}, {"whatever": {"b": [1]}}, {"whatever": {"a": 1, "b": [1]}}),
    ({"whatever": {"a": 1}}, {"whatever": 3}, {"whatever": 3}),
    # null clears a leaf but not what holds something
    ({"text": "a"}, {"text": None}, {"text": None}),
    ({"labels": {"a": "1"}}, {"labels": None}, {"labels": {"a": "1"}}),
    ({"labels": {}}, {"labels": None}, {"labels": None}),
    # items keep the configuration's order; others stay where they were
    ({"items": named("a", "b")}, {"items": named("b", b=1)}, {"items": named("a", "b", b=1)}),
    ({"items": named("a", "b")}, {"items": named("b", "a")}, {"items": named("b", "a")}),
    ({"items": named("a", "b", "c")}, {"items": named("d", "b")}, {"items": named("a", "d", "b", "c")}),
    ({"items": named("a", "b", "c")}, {"items": named("c", "a")}, {"items": named("b", "c", "a")}),
    ({"items": named("a")}, {"items": named("b")}, {"items": named("a", "b")}),
    ({"tags": ["a", "b"]}, {"tags": ["c", "b"]}, {"tags": ["a", "c", "b"]}),
    # keys that are left out have their default
    (
        {"items": [{"name": "a", "ports": [{"port": 1, "protocol": "TCP"}, {"port": 1, "protocol": "UDP"}]}]},
        {"items": [{"name": "a", "ports": [{"port": 1, "name": "x"}]}]},
        {
            "items": [
                {
                    "name": "a",
                    "ports": [{"port": 1, "protocol": "TCP", "name": "x"}, {"port": 1, "protocol": "UDP"}],
                }
            ]
        },
    ),
]


@pytest.mark.parametrize(("live", "config", "result"), MERGES)
def test_merging(live, config, result):
    before = copy.deepcopy((live, config))
    assert merge(live, config, SPEC) == result
    assert (live, config) == before


@pytest.mark.parametrize(
    ("value", "fields", "left"),
    [
        (
            {"text": "a", "inner": {"a": 1, "b": 2}},
            {"f:inner": {"f:a": {}}},
            {"text": "a", "inner": {"b": 2}},
        ),
        ({"text": "a", "inner": {"a": 1}}, {"f:inner": {}}, {"text": "a"}),
        ({"text": "a", "inner": {"a": 1}}, {"f:inner": {"f:a": {}}}, {"text": "a", "inner": None}),
        ({"items": named("a", "b")}, {"f:items": ITEM_A}, {"items": named("b")}),
        ({"tags": ["a", "b"]}, {"f:tags": {'v:"b"': {}}}, {"tags": ["a"]}),
        ({"args": ["a"], "text": "b"}, {"f:args": {}}, {"text": "b"}),
    ],
)
def test_removing(value, fields, left):
    assert without(value, fields, SPEC) == left


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"nothing": 1}, [".nothing: field not declared in schema"]),
        ({"text": 1}, [".text: expected string, got &value.valueUnstructured{Value:1}"]),
        ({"inner": {"a": "1"}}, [".inner.a: expected numeric (int or float), got string"]),
        ({"labels": [1]}, [".labels: expected map, got &{[1]}"]),
        ({"items": {"a": 1}}, [".items: expected list, got &{map[a:1]}"]),
        ({"items": named("a", "a")}, ['.items: duplicate entries for key [name="a"]']),
        ({"items": [{"name": "a", "x": 1}]}, ['.items[name="a"].x: field not declared in schema']),
        ({"tags": ["a", "a"]}, ['.tags: duplicate entries for key [="a"]']),
        ({"args": [1]}, [".args[0]: expected string, got &value.valueUnstructured{Value:1}"]),
        (
            {"items": [{"value": 1}]},
            [
                ".items: element 0: associative list with keys has an element that omits all key fields "
                '["name"] (and doesn\'t have default values for any key fields)'
            ],
        ),
        ({"text": None, "items": None, "whatever": {"a": [1]}}, []),
    ],
)
def test_what_an_applied_configuration_may_not_be(value, says):
    assert list(deviations(value, SPEC)) == says


# What has no schema changes its form: the tables above say how.
typed_specs = specs.map(lambda spec: {name: one for name, one in spec.items() if name != "whatever"})


@given(typed_specs, typed_specs)
def test_merging_is_laying_one_table_over_the_other(live, config):
    merged = merge(live, config, SPEC)
    assert flat(merged, SPEC) == flat(live, SPEC) | flat(config, SPEC)
    assert merge(merged, config, SPEC) == merged
    for field in ("items", "tags"):
        ours = flat({field: config.get(field, [])}, SPEC)
        kept = [path for path in flat({field: merged.get(field, [])}, SPEC) if path in ours]
        assert [path for path in kept if path.count("/") == 2] == [p for p in ours if p.count("/") == 2]


@given(manifests, manifests)
def test_comparing_finds_what_differs_and_nothing_twice(old, new):
    found = compare(old, new, ROOT)
    before, after = flat(old, ROOT), flat(new, ROOT)
    for path in before.keys() | after.keys():
        differs = before.get(path) != after.get(path)
        if differs and not path.startswith("/f:spec/f:whatever"):
            assert has(union(found.written, found.removed), tuple(path[1:].split("/")))
    added, modified, removed = (set(paths(one)) for one in (found.added, found.modified, found.removed))
    assert not (added & removed or added & modified or removed & modified)
    assert compare(new, old, ROOT).added == found.removed
    assert not compare(new, new, ROOT)


@given(manifests, manifests)
def test_removing_takes_what_is_named_and_nothing_else(value, other):
    fields = field_set(other, ROOT)
    left = without(value, fields, ROOT)

    def is_named(path):
        elements = tuple(path[1:].split("/"))
        return any(has(fields, elements[:end]) for end in range(1, len(elements) + 1))

    kept = {path: leaf for path, leaf in flat(value, ROOT).items() if not is_named(path)}
    assert {path: leaf for path, leaf in flat(left, ROOT).items() if leaf != "null"} == kept
