"""The examples of RFC 7386 and RFC 6902, and what must be refused."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.apiserver.json_patch import MAX_OPERATIONS, json_patch, merge_patch
from tradewind.resources.status import ApiError

MERGES = [  # RFC 7386, appendix A
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "wanted"), MERGES)
def test_merge_patch(original, patch, wanted):
    before = copy.deepcopy((original, patch))
    assert merge_patch(original, patch) == wanted
    assert (original, patch) == before


PATCHES = [  # RFC 6902, appendix A, and corners
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    (
        {"foo": ["bar", "baz"]},
        [{"op": "add", "path": "/foo/1", "value": "qux"}],
        {"foo": ["bar", "qux", "baz"]},
    ),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    ({"foo": 1}, [{"op": "add", "path": "/child", "value": {"g": {}}}], {"foo": 1, "child": {"g": {}}}),
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": 1, "xyz": 2}], {"foo": "bar", "baz": 1}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc"]}], {"foo": ["bar", ["abc"]]}),
    ({"a": 1}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    ({"a": None}, [{"op": "add", "path": "/a", "value": None}], {"a": None}),
    ({"a/b": 1}, [{"op": "remove", "path": "/a~1b"}], {}),
]


@pytest.mark.parametrize(("original", "operations", "wanted"), PATCHES)
def test_json_patch(original, operations, wanted):
    before = copy.deepcopy((original, operations))
    assert json_patch(original, operations) == wanted
    assert (original, operations) == before


REFUSED = [
    (
        {"a": 1},
        [{"op": "test", "path": "/a", "value": 2}],
        422,
        "operation 0, test /a: the value is another one",
    ),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": True}], 422, "another one"),
    ({"a": 1}, [{"op": "remove", "path": "/b"}], 422, 'no "b"'),
    ({"a": 1}, [{"op": "replace", "path": "/b", "value": 1}], 422, 'no "b"'),
    ({"a": 1}, [{"op": "add", "path": "/b/c", "value": 1}], 422, 'no "b"'),
    ({"a": 1}, [{"op": "add", "path": "/a/c", "value": 1}], 422, 'to add "c" to'),
    ({"a": [1]}, [{"op": "add", "path": "/a/2", "value": 1}], 422, "index 2"),
    ({"a": [1]}, [{"op": "add", "path": "/a/01", "value": 1}], 422, "not an index"),
    ({"a": [1]}, [{"op": "remove", "path": "/a/-"}], 422, "not an index"),
    ({"a": {"b": 1}}, [{"op": "move", "from": "/a", "path": "/a/b"}], 422, "into itself"),
    ({"a": 1}, [{"op": "remove", "path": ""}], 422, "whole object"),
    ({"a": 1}, [{"op": "add", "path": "/b"}], 422, "needs a value"),
    ({"a": 1}, [{"op": "frob", "path": "/b"}], 422, "one of add, remove, replace"),
    ({"a": 1}, [{"op": "remove", "path": "a"}], 422, 'begin with "/"'),
    ({"a": 1}, [{"op": "remove"}], 422, "path is None"),
    ({"a": 1}, [{"op": "copy", "path": "/b"}], 422, "from is None"),
    ({"a": "x" * 999}, [{"op": "copy", "from": "", "path": "/b"}] * 99, 422, "larger than 3145728"),
    ({"a": 1}, ["remove"], 400, "cannot unmarshal string into Go value of type handlers.jsonPatchOp"),
    ({"a": 1}, {"op": "remove"}, 400, "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
    ({"a": 1}, [{}] * (MAX_OPERATIONS + 1), 413, "10000"),
]


@pytest.mark.parametrize(("original", "operations", "code", "says"), REFUSED)
def test_what_cannot_be_applied_is_refused_and_says_why(original, operations, code, says):
    with pytest.raises(ApiError) as raised:
        json_patch(original, operations)
    assert raised.value.code == code
    assert says in (str(raised.value.__cause__) if code == 422 else raised.value.message)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(original=values, patch=values)
def test_a_merge_patch_applied_twice_is_the_same_as_once(original, patch):
    once = merge_patch(original, patch)
    assert merge_patch(once, patch) == once


@given(
    document=values,
    operations=st.lists(
        st.fixed_dictionaries(
            {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
            optional={
                "path": st.sampled_from(["", "/a", "/a/b", "/a/0", "/b/-", "/c/1"]),
                "from": st.sampled_from(["", "/a", "/b/0"]),
                "value": values,
            },
        ),
        max_size=5,
    ),
)
def test_any_json_patch_is_applied_or_refused(document, operations):
    before = copy.deepcopy(document)
    try:
        json_patch(document, operations)
    except ApiError as error:
        assert error.code in (400, 422)
    assert document == before
