"""Rules (`x-kubernetes-validations`) on objects."""

from typing import Any

import pytest

from tradewind.resources.custom_rules import escaped, rule_problems, transition_problems
from tradewind.resources.expressions import ExpressionError, compiled, evaluate

SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "min": {"type": "integer"},
        "max": {"type": "integer"},
        "ratio": {"type": "number"},
        "since": {"type": "string", "format": "date-time"},
        "dash-ed": {"type": "string"},
        "namespace": {"type": "string"},
        "names": {"type": "array", "items": {"type": "string"}},
        "limits": {"type": "object", "additionalProperties": {"x-kubernetes-int-or-string": True}},
        "parts": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
            },
        },
    },
}


def schema(rule: str, at: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """The schema of an object with this rule for its spec, or for what is below that."""

    def with_rule(node: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        if not path:
            return node | {"x-kubernetes-validations": [{"rule": rule, **more}]}
        if path[0] == "items":
            return node | {"items": with_rule(node["items"], path[1:])}
        below = with_rule(node["properties"][path[0]], path[1:])
        return node | {"properties": node["properties"] | {path[0]: below}}

    return {"type": "object", "properties": {"spec": with_rule(SPEC, at)}}


def told(schema_: dict[str, Any], **spec: Any) -> list[str]:
    manifest = {"apiVersion": "a/v1", "kind": "A", "metadata": {"name": "n"}, "spec": spec}
    return [str(problem) for problem in rule_problems(manifest, schema_)]


HOLD = {
    "self.min <= self.max": {"min": 1, "max": 2},
    "!has(self.min) || self.min > 0": {},
    "self.names.all(one, one.startsWith('a'))": {"names": ["ab", "a"]},
    "self.names.exists_one(one, one == 'a')": {"names": ["a", "b"]},
    "self.names.map(one, one.size()).sum() == 3": {"names": ["a", "bc"]},
    "self.names.isSorted() && self.names.max() == 'b'": {"names": ["a", "b"]},
    "self.names.join(',').split(',') == self.names": {"names": ["a", "b"]},
    "self.?min.orValue(7) == 7": {},
    "self.ratio == 2.0": {"ratio": 2},
    "timestamp(self.since) > timestamp('2026-01-01T00:00:00Z')": {"since": "2026-02-01T00:00:00Z"},
    "self.dash__dash__ed == 'x' && self.__namespace__ == 'y'": {"dash-ed": "x", "namespace": "y"},
    "quantity(string(self.limits['memory'])).isLessThan(quantity('2Gi'))": {"limits": {"memory": "1Gi"}},
    "type(self.limits['cpu']) == int ? self.limits['cpu'] < 5 : true": {"limits": {"cpu": 4}},
    "self.names.all(one, one.matches('^(a+)+$'))": {"names": ["aaa"]},
}


@pytest.mark.parametrize("rule", HOLD)
def test_a_rule_that_holds_says_nothing(rule: str):
    assert told(schema(rule), **HOLD[rule]) == []


BROKEN = {
    "a broken rule says itself": (
        schema("self.min < self.max"),
        {},
        "spec: Invalid value: failed rule: self.min < self.max",
    ),
    "a message says it better": (
        schema("self.min < self.max", message="min must be below max"),
        {},
        "spec: Invalid value: min must be below max",
    ),
    "a message can be worked out": (
        schema("self.min < self.max", messageExpression="'max must be above ' + string(self.min)"),
        {},
        "spec: Invalid value: max must be above 5",
    ),
    "a field and a reason": (
        schema("self.min < self.max", fieldPath=".max", reason="FieldValueForbidden", message="no"),
        {},
        "spec.max: Forbidden: no",
    ),
    "a plain value is named": (
        schema("self < 5", ("min",), message="too big"),
        {},
        "spec.min: Invalid value: 5: too big",
    ),
    "items are named": (
        schema("self.size > 0", ("parts", "items"), message="empty"),
        {"parts": [{"name": "a", "size": 1}, {"name": "b", "size": 0}]},
        "spec.parts[1]: Invalid value: empty",
    ),
    "a field that is not there": (
        schema("self.ratio > 1.0"),
        {},
        "spec: Invalid value: no such key: ratio evaluating rule: failed rule: self.ratio > 1.0",
    ),
    "too many rounds": (
        schema("self.names.all(a, self.names.all(b, a == b))", message="all alike"),
        {"names": ["x"] * 200},
        "spec: Invalid value: Iteration budget exceeded evaluating rule: all alike",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_told_where_it_stands(name: str):
    schema_, spec, expected = BROKEN[name]
    assert told(schema_, **({"min": 5, "max": 1} | spec)) == [expected]


def test_a_rule_at_the_root_sees_the_name():
    root = schema("true") | {
        "x-kubernetes-validations": [{"rule": "self.metadata.name != 'n'", "message": "no n"}]
    }
    assert told(root) == [": Invalid value: no n".removeprefix(": ")]


def test_how_many_rules_run_is_bounded():
    schema_ = schema("self == ''", ("names", "items"), message="not empty")
    found = told(schema_, names=["x"] * 10_001)
    assert len(found) == 10_001
    assert "running out of cost budget" in found[-1]


def changes(rule: str, at: tuple[str, ...], new: Any, old: Any) -> list[str]:
    objects = [{"spec": spec} for spec in (new, old)]
    return [str(problem) for problem in transition_problems(*objects, schema(rule, at))]


def test_rules_about_changes_compare_with_the_old_value():
    assert changes("self == oldSelf", ("min",), {"min": 2}, {"min": 2}) == []
    assert changes("self == oldSelf", ("min",), {"min": 2}, {}) == []
    assert changes("self == oldSelf", ("min",), {"min": 2}, {"min": 1}) == [
        "spec.min: Invalid value: 2: failed rule: self == oldSelf"
    ]
    assert told(schema("self == oldSelf", ("min",)), min=1) == []


def test_items_of_a_map_are_compared_by_their_keys():
    old = {"parts": [{"name": "a", "size": 1}, {"name": "b", "size": 5}]}
    new = {"parts": [{"name": "b", "size": 4}, {"name": "c", "size": 0}, {"name": "a", "size": 2}]}
    assert changes("self.size >= oldSelf.size", ("parts", "items"), new, old) == [
        "spec.parts[0]: Invalid value: failed rule: self.size >= oldSelf.size"
    ]


def test_names_are_escaped_as_upstream():
    assert [escaped(one) for one in ("a.b/c-d", "x__y", "if", "plain")] == [
        "a__dot__b__slash__c__dash__d",
        "x__underscores__y",
        "__if__",
        "plain",
    ]


@pytest.mark.parametrize(
    ("text", "type_", "said"),
    [
        ("self > 1", "string", "no matching overload"),
        ("nope(self)", "dyn", "undeclared reference to 'nope'"),
        ("oldSelf.x + nope", "dyn", "undeclared reference to 'nope'"),
        ("self +", "int", "Syntax error"),
        ("self.all(i, v, v)", "list(bool)", "compilation failed"),
        ("(" * 100 + "1" + ")" * 100, "dyn", "recursion"),
    ],
)
def test_what_cannot_be_compiled_says_why(text: str, type_: str, said: str):
    with pytest.raises(ExpressionError, match=said):
        compiled(text, type_)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1 / self == 1", "division by zero"),
        ("[1][5] == 1", "index out of bounds"),
        ("{'a': 1}['b'] == 1", "no such key"),
        ("quantity('much') == ''", "is not a quantity"),
        ("[1, 'a'].isSorted()", "not supported"),
    ],
)
def test_what_fails_while_it_runs_says_why(text: str, said: str):
    with pytest.raises(ExpressionError, match=said):
        evaluate(compiled(text, "int"), {"self": 0})
