"""Defaults, pruning and the tree of a custom kind's schema."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.resources.custom_objects import definition, kind_of, schema, version
from tradewind.resources.custom_schemas import schema_of_json, schema_of_resource, with_defaults
from tradewind.resources.custom_validation import schema_problems
from tradewind.resources.pruning import unknown_fields, without_unknown_fields

SPEC = schema()["properties"]["spec"]


def test_defaults_fill_what_is_missing_and_what_is_null():
    assert with_defaults({"size": 2, "color": None, "parts": [{"name": "x"}]}, SPEC) == {
        "size": 2,
        "color": "red",
        "replicas": 1,
        "parts": [{"name": "x", "count": 1}],
    }


def test_a_null_without_default_is_left_out_unless_it_may_be_one():
    both = {"properties": {"a": {"type": "string"}, "b": {"type": "string", "nullable": True}}}
    assert with_defaults({"a": None, "b": None, "c": None}, both) == {"b": None, "c": None}


def test_a_default_that_is_an_object_gets_the_defaults_of_its_fields():
    inner = {"type": "object", "default": {}, "properties": {"x": {"type": "integer", "default": 7}}}
    outer = {"type": "object", "properties": {"inner": inner}}
    assert with_defaults({}, outer) == {"inner": {"x": 7}}
    assert inner["default"] == {}


def test_fields_that_the_schema_does_not_have_are_found_and_dropped():
    tree = schema_of_json(SPEC)
    value = {"size": 1, "colour": "red", "extra": {"any": {"thing": 1}}, "parts": [{"name": "x", "cuont": 1}]}
    assert without_unknown_fields(value, tree) == {
        "size": 1,
        "extra": {"any": {"thing": 1}},
        "parts": [{"name": "x"}],
    }
    assert [str(problem) for problem in unknown_fields(value, tree, "spec")] == [
        'spec.colour: unknown field "colour"; did you mean "color"?',
        'spec.parts[0].cuont: unknown field "cuont"; did you mean "count"?',
    ]


def test_an_open_object_keeps_what_it_does_not_know_and_prunes_what_it_does():
    inner = {"type": "object", "properties": {"x": {"type": "integer"}}}
    open_ = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"inner": inner}}
    value = {"inner": {"x": 1, "y": 2}, "other": {"z": 3}}
    assert without_unknown_fields(value, schema_of_json(open_)) == {"inner": {"x": 1}, "other": {"z": 3}}


def test_an_embedded_object_has_what_every_object_has():
    embedded = {
        "type": "object",
        "x-kubernetes-embedded-resource": True,
        "properties": {"spec": {"type": "object"}},
    }
    value = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}, "other": 1}
    kept = without_unknown_fields(value, schema_of_json(embedded))
    assert kept == {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {}}


def test_the_tree_says_how_lists_and_maps_merge_and_keeps_what_the_author_wrote():
    tree = schema_of_resource(schema()).fields["spec"]
    assert tree.fields["parts"].keys == ("name",)
    assert tree.fields["size"].keywords["description"] == "How big it is."
    assert tree.required == ("size",)
    sets = schema_of_json({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"})
    assert sets.keys == ()
    atomic = {"type": "object", "additionalProperties": {"type": "string"}, "x-kubernetes-map-type": "atomic"}
    assert schema_of_json(atomic).atomic


def scalars() -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(
        [
            {"type": "string"},
            {"type": "string", "default": "d"},
            {"type": "integer", "default": 3},
            {"type": "boolean", "nullable": True},
            {"x-kubernetes-int-or-string": True},
            {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        ]
    )


def objects(children: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from("abcd"), children, min_size=1, max_size=3)
    return st.one_of(
        properties.map(lambda found: {"type": "object", "properties": found}),
        children.map(lambda one: {"type": "object", "additionalProperties": one}),
        children.map(lambda one: {"type": "array", "items": one}),
        properties.map(lambda found: {"type": "object", "properties": found, "default": {}}),
    )


SCHEMAS = st.recursive(scalars(), objects, max_leaves=8)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "d"])),
    lambda one: st.one_of(
        st.lists(one, max_size=3), st.dictionaries(st.sampled_from("abcdx"), one, max_size=3)
    ),
    max_leaves=10,
)


@given(schema_=SCHEMAS, value=VALUES)
def test_what_was_pruned_and_defaulted_once_is_stable(schema_: dict[str, Any], value: Any):
    tree = schema_of_json(schema_)
    once = without_unknown_fields(with_defaults(value, schema_), tree)
    assert without_unknown_fields(with_defaults(once, schema_), tree) == once
    assert list(unknown_fields(once, tree)) == []


@given(schema_=SCHEMAS, value=VALUES)
def test_pruning_and_defaults_never_break_a_valid_value(schema_: dict[str, Any], value: Any):
    if not schema_problems(value, schema_):
        assert schema_problems(with_defaults(value, schema_), schema_) == []
        assert schema_problems(without_unknown_fields(value, schema_of_json(schema_)), schema_) == []


def test_each_version_of_a_kind_has_its_own_schema_and_columns():
    old = version("v1beta1", {"type": "object", "properties": {"size": {"type": "string"}}}, storage=False)
    old |= {"additionalPrinterColumns": [], "subresources": {}}
    kind = kind_of(definition(old, version()))
    assert kind.versions == ("v1", "v1beta1")
    assert kind.at("v1").has_status and not kind.at("v1beta1").has_status
    assert [column.name for column in kind.at("v1beta1").columns] == ["Name", "Age"]
    assert kind.schema_at("v1beta1").fields["spec"].fields["size"].type == "string"
