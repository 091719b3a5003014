"""The rules (`x-kubernetes-validations`) of a custom kind's schema, run over an object.

Upstream: apiextensions-apiserver `pkg/apiserver/schema/cel`. A rule sees its part of the object as `self`:
fields by their names escaped as upstream does (`foo-bar` is `foo__dash__bar`), and of metadata only the name.
Rules that compare with `oldSelf` run on updates, where there is an old value. A time is a text here, so that
a rule says `timestamp(self.since)`, which upstream understands as well.
"""

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tradewind.resources.expressions import OLD_SELF, SELF, ExpressionError, compiled, evaluate
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.shape import join, shown

MAX_EVALUATIONS = 10_000  # of rules on one object; each stops after 10,000 rounds of its loops
RULES = "x-kubernetes-validations"
OUT_OF_BUDGET = "validation failed due to running out of cost budget, no further validation rules will be run"

_SYMBOLS = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_RESERVED = frozenset(
    [
        "true",
        "false",
        "null",
        "in",
        "as",
        "break",
        "const",
        "continue",
        "else",
        "for",
        "function",
        "if",
        "import",
        "let",
        "loop",
        "package",
        "namespace",
        "return",
        "var",
        "void",
        "while",
    ]
)
_SCALARS = {"integer": "int", "number": "double", "boolean": "bool", "string": "string"}
_ROOT = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
_NAMES = {"type": "object", "properties": {"name": {"type": "string"}, "generateName": {"type": "string"}}}


@dataclass
class _Budget:
    """How many rules may still run."""

    left: int = field(default=MAX_EVALUATIONS)


def escaped(name: str) -> str:
    """A field's name as rules write it."""
    if name in _RESERVED:
        return f"__{name}__"
    return re.sub(r"__|[./-]", lambda found: _SYMBOLS[found[0]], name)


def self_type(schema: Manifest) -> str:
    """What CEL is told of the values of a schema."""
    if schema.get("nullable") or schema.get("x-kubernetes-int-or-string"):
        return "dyn"
    match schema.get("type"):
        case "string":
            return "bytes" if schema.get("format") == "byte" else "string"
        case "array":
            return f"list({self_type(schema.get('items') or {})})"
        case "object":
            values = schema.get("additionalProperties")
            return f"map(string, {self_type(values) if isinstance(values, dict) else 'dyn'})"
    return _SCALARS.get(schema.get("type", ""), "dyn")


def as_resource(schema: Manifest) -> Manifest:
    """The schema of a whole object, with the fields that rules see of every object."""
    properties = _ROOT | {"metadata": _NAMES}
    return schema | {"properties": (schema.get("properties") or {}) | properties}


def rule_problems(value: Any, schema: Manifest) -> list[Problem]:
    """The rules that an object breaks, besides those that compare with an old one."""
    return list(_problems(value, None, as_resource(schema), "", _Budget(), transitions=False))


def transition_problems(new: Any, old: Any, schema: Manifest) -> list[Problem]:
    """The rules that compare with `oldSelf` and that a change breaks."""
    return list(_problems(new, old, as_resource(schema), "", _Budget(), transitions=True))


def has_rules(schema: Any) -> bool:
    """Whether there is a rule anywhere in a schema."""
    if isinstance(schema, dict):
        return bool(schema.get(RULES)) or any(map(has_rules, schema.values()))
    return isinstance(schema, list) and any(map(has_rules, schema))


def _problems(
    value: Any, old: Any, schema: Manifest, path: str, budget: _Budget, *, transitions: bool
) -> Iterator[Problem]:
    if value is None or (transitions and old is None):
        return
    yield from _own_rules(value, old, schema, path, budget, transitions=transitions)
    for one, before, below, place in _children(value, old, schema, path):
        if budget.left < 0:
            return
        yield from _problems(one, before, below, place, budget, transitions=transitions)


def _own_rules(
    value: Any, old: Any, schema: Manifest, path: str, budget: _Budget, *, transitions: bool
) -> Iterator[Problem]:
    rules = schema.get(RULES) or []
    if not rules:
        return
    type_ = self_type(schema)
    values = {SELF: native(value, schema)}
    if transitions:
        values[OLD_SELF] = native(old, schema)
    for rule in rules:
        expression = compiled(rule["rule"], type_)
        if expression.uses_old != transitions:
            continue
        budget.left -= 1
        if budget.left < 0:
            yield Problem(path, f"Invalid value: {OUT_OF_BUDGET}")
            return
        try:
            holds = evaluate(expression, values)
        except ExpressionError as error:
            yield Problem(path, f"Invalid value: {error} evaluating rule: {_message(rule)}")
            continue
        if holds is not True:
            yield _broken(rule, value, values, type_, path)


def _children(value: Any, old: Any, schema: Manifest, path: str) -> Iterator[tuple[Any, Any, Manifest, str]]:
    """The parts of a value that have schemas of their own, each with what it was before."""
    if isinstance(value, dict):
        properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
        before = old if isinstance(old, dict) else {}
        for name, one in value.items():
            if name in properties:
                yield one, before.get(name), properties[name], join(path, name)
            elif isinstance(others, dict):
                yield one, before.get(name), others, f"{path}[{name}]"
    elif isinstance(value, list) and isinstance(schema.get("items"), dict):
        keys = schema.get("x-kubernetes-list-map-keys") or ()
        known = {_key(one, keys): one for one in old} if keys and isinstance(old, list) else {}
        for place, one in enumerate(value):
            yield one, known.get(_key(one, keys)), schema["items"], f"{path}[{place}]"


def _key(item: Any, keys: Any) -> tuple[str, ...]:
    return tuple(shown(item.get(key)) for key in keys) if isinstance(item, dict) else ()


def _broken(rule: Manifest, value: Any, values: Manifest, type_: str, path: str) -> Problem:
    detail = _said(rule, values, type_) or _message(rule)
    place = f"{path}{rule['fieldPath']}" if rule.get("fieldPath") else path
    bad = "" if isinstance(value, dict | list) else f"{shown(value)}: "
    match rule.get("reason"):
        case "FieldValueForbidden":
            return Problem(place.lstrip("."), f"Forbidden: {detail}", Cause.FORBIDDEN)
        case "FieldValueRequired":
            return Problem(place.lstrip("."), f"Required value: {detail}", Cause.REQUIRED)
        case "FieldValueDuplicate":
            return Problem(place.lstrip("."), f"Duplicate value: {shown(value)}", Cause.DUPLICATE)
    return Problem(place.lstrip("."), f"Invalid value: {bad}{detail}")


def _said(rule: Manifest, values: Manifest, type_: str) -> str:
    """What `messageExpression` gives; "" when there is none, or when it fails: then `message` counts."""
    if not rule.get("messageExpression"):
        return ""
    try:
        text = evaluate(compiled(rule["messageExpression"], type_), values)
    except ExpressionError:
        return ""
    return text if isinstance(text, str) and text.strip() and "\n" not in text else ""


def _message(rule: Manifest) -> str:
    return str(rule.get("message") or f"failed rule: {rule['rule'].strip()}")


def native(value: Any, schema: Manifest) -> Any:
    """A value as rules see it."""
    if isinstance(value, dict):
        properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
        if not properties:
            below = others if isinstance(others, dict) else {}
            return {name: native(one, below) for name, one in value.items()}
        return {
            escaped(name): native(one, properties[name]) for name, one in value.items() if name in properties
        }
    if isinstance(value, list):
        return [native(one, schema.get("items") or {}) for one in value]
    if isinstance(value, int) and not isinstance(value, bool) and schema.get("type") == "number":
        return float(value)
    if isinstance(value, float) and schema.get("type") == "integer":
        return int(value)
    if isinstance(value, str) and schema.get("format") == "byte":
        return _bytes(value)
    return value


def _bytes(text: str) -> str | bytes:
    try:
        return base64.b64decode(text)
    except ValueError:  # its format is wrong, which is told elsewhere
        return text
