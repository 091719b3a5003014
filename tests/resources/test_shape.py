"""The walk over typed parts: each deviation with its path, and agreement with msgspec on what fits."""

from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.resources.meta import Struct
from tradewind.resources.shape import MAX_PROBLEMS, drop_nulls, nearest, shape_problems, shown


class Rule(Struct):
    """A part with a required field."""

    weight: int
    name: str = ""
    note: str | None = None


class Spec(Struct):
    """One field of every sort."""

    mode: Literal["Divided", "Duplicated"] = "Divided"
    rules: list[Rule] = []
    labels: dict[str, str] = {}
    parts: dict[str, Rule] = {}
    amount: str | int | float = 0
    share: float = 0.0
    paused: bool = False
    maximum: int | None = None
    inner: Rule | None = None
    loose: Any = None
    bounded: Annotated[int, msgspec.Meta(ge=0)] = 0
    model_format: str = ""


class Thing(Struct):
    """The whole."""

    spec: Spec = Spec()


def found(**spec: Any) -> list[str]:
    return [str(problem) for problem in shape_problems({"spec": spec}, Thing)]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"modleFormat": "x"}, 'spec.modleFormat: unknown field "modleFormat"; did you mean "modelFormat"?'),
        ({"modelformat": "x"}, 'spec.modelformat: unknown field "modelformat"; did you mean "modelFormat"?'),
        ({"zzz": 1}, 'spec.zzz: unknown field "zzz"'),
        (
            {"rules": [{"weight": 1}, {"weight": "3"}]},
            'spec.rules[1].weight: Invalid value: "3": must be an integer; drop the quotes',
        ),
        ({"rules": [{"weight": True}]}, "spec.rules[0].weight: Invalid value: true: must be an integer"),
        ({"rules": [{"weight": 1.5}]}, "spec.rules[0].weight: Invalid value: 1.5: must be an integer"),
        (
            {"rules": [{"weight": 2**70}]},
            "spec.rules[0].weight: Invalid value: a number of more than 64 bits",
        ),
        (
            {"rules": [{"weight": 1, "name": 5}]},
            "spec.rules[0].name: Invalid value: 5: must be a string; put",
        ),
        ({"rules": [{}]}, "spec.rules[0].weight: Required value"),
        ({"rules": {"weight": 1}}, "spec.rules: Invalid value: {…}: must be a list"),
        ({"rules": ["x"]}, 'spec.rules[0]: Invalid value: "x": must be an object'),
        ({"labels": {"a": 1}}, "spec.labels[a]: Invalid value: 1: must be a string; put the value in quotes"),
        ({"labels": ["a"]}, "spec.labels: Invalid value: […]: must be an object"),
        ({"parts": {"a": {}}}, "spec.parts[a].weight: Required value"),
        ({"amount": []}, "spec.amount: Invalid value: […]: must be a string or an integer or a number"),
        ({"amount": True}, "spec.amount: Invalid value: true: must be a string or an integer or a number"),
        ({"share": "1"}, 'spec.share: Invalid value: "1": must be a number; drop the quotes'),
        ({"paused": "true"}, 'spec.paused: Invalid value: "true": must be true or false; drop the quotes'),
        ({"paused": 1}, "spec.paused: Invalid value: 1: must be true or false"),
        ({"paused": None}, "spec.paused: Invalid value: null: must be true or false; leave the field out"),
        ({"maximum": "x"}, 'spec.maximum: Invalid value: "x": must be an integer'),
        ({"inner": {"weight": 1, "nam": ""}}, 'spec.inner.nam: unknown field "nam"; did you mean "name"?'),
        (
            {"mode": "divided"},
            'spec.mode: Unsupported value: "divided": supported values: "Divided", "Duplicated"',
        ),
        ({"bounded": -1}, "spec.bounded: Expected `int` >= 0"),
    ],
)
def test_a_deviation_names_path_value_and_fix(spec: dict[str, Any], expected: str):
    (problem,) = found(**spec)
    assert problem.startswith(expected)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"maximum": None, "inner": None},
        {"amount": "500m"},
        {"amount": 1},
        {"amount": 0.5},
        {"share": 1},
        {"loose": {"anything": [1, {"goes": None}]}},
        {"rules": [{"weight": 1, "note": None}]},
    ],
)
def test_what_fits_has_no_problems(spec: dict[str, Any]):
    assert found(**spec) == []


def test_what_only_msgspec_finds_is_reported_beside_an_unknown_field():
    assert found(zzz=1, bounded=-1) == ['spec.zzz: unknown field "zzz"', "spec.bounded: Expected `int` >= 0"]


def test_every_problem_is_reported_at_once():
    assert len(found(mode="x", rules=[{}, {"weight": "1"}], paused=0, other=1)) == 5


def test_the_number_of_problems_and_the_length_of_messages_are_bounded():
    problems = shape_problems({"spec": {f"{place}" * 5000: 1 for place in range(2 * MAX_PROBLEMS)}}, Thing)
    assert len(problems) == MAX_PROBLEMS
    assert max(len(str(problem)) for problem in problems) < 300


def test_values_can_be_hidden():
    (problem,) = shape_problems({"spec": {"labels": {"password": 1234}}}, Thing, show=lambda _: "(hidden)")
    assert "1234" not in str(problem)
    assert str(problem).startswith("spec.labels[password]: Invalid value: (hidden): must be a string")


def test_values_are_shown_short():
    assert shown("x" * 100) == '"' + "x" * 58 + "…"
    assert (shown({"a": 1}), shown([1]), shown(None), shown(10**400)) == (
        "{…}",
        "[…]",
        "null",
        "a number of more than 64 bits",
    )


def test_a_null_means_that_the_field_is_absent():
    manifest = {
        "spec": {
            "labels": None,
            "paused": None,
            "rules": [{"weight": 1, "note": None}],
            "parts": {"a": {"weight": 2, "name": None}, "b": None},
            "inner": {"weight": 3, "note": None},
            "loose": {"kept": None},
            "unknown": None,
        },
    }
    assert drop_nulls(manifest, Thing) == {
        "spec": {
            "rules": [{"weight": 1}],
            "parts": {"a": {"weight": 2}},
            "inner": {"weight": 3},
            "loose": {"kept": None},
            "unknown": None,
        },
    }
    assert manifest["spec"]["labels"] is None


def test_a_name_far_from_all_others_suggests_nothing():
    assert nearest("x" * 1000, ["xx"]) == ""
    assert nearest("completely", ["other"]) == ""
    assert nearest("wieght", ["name", "weight"]) == '; did you mean "weight"?'


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
RULES = st.fixed_dictionaries({}, optional={"weight": st.integers() | JSON, "name": JSON})
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["Divided", "Duplicated", "x"]) | JSON,
        "rules": st.lists(RULES) | JSON,
        "labels": st.dictionaries(st.text(max_size=3), st.text(max_size=3)) | JSON,
        "parts": JSON,
        "amount": JSON,
        "share": JSON,
        "paused": JSON,
        "maximum": JSON,
        "inner": JSON,
        "loose": JSON,
        "bounded": JSON,
        "modelFormat": JSON,
        "surplus": JSON,
    },
)


@settings(max_examples=500, deadline=None)
@given(SPECS)
def test_no_problem_but_unknown_fields_means_that_msgspec_converts_it(spec: dict[str, Any]):
    """And the other way round; only integers of more than 64 bits are refused beyond msgspec."""
    manifest = {"spec": spec}
    problems = [one for one in shape_problems(manifest, Thing) if "unknown field" not in one.message]
    try:
        msgspec.convert(manifest, Thing)
        converts = True
    except msgspec.ValidationError:
        converts = False
    if not any("more than 64 bits" in one.message for one in problems):
        assert converts == (not problems)


@settings(max_examples=300, deadline=None)
@given(SPECS)
def test_without_nulls_nothing_new_is_wrong(spec: dict[str, Any]):
    before = shape_problems({"spec": spec}, Thing)
    after = shape_problems(drop_nulls({"spec": spec}, Thing), Thing)
    assert len(after) <= len(before)
