"""Whether the rules of a custom kind's schema can be run.

Each is compiled when its CustomResourceDefinition is applied, so that none fails for its own sake later.

The compiler knows the types of what has a single type; the fields of an object it does not know, so that
`self.` followed by a field that the schema does not have is looked for here.
"""

import re
from collections.abc import Iterator

from tradewind.resources.custom_rules import RULES, as_resource, escaped, self_type
from tradewind.resources.expressions import Expression, ExpressionError, compiled
from tradewind.resources.json_path import PathError
from tradewind.resources.json_path import compiled as compiled_path
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.rules import invalid, one_of, required
from tradewind.resources.shape import shown

REASONS = ("FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate")
_TEXTS = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"")
_PATHS = re.compile(r"(?<![\w.])(?:self|oldSelf)((?:\.[A-Za-z_]\w*)+)(\s*\()?")


def rule_check_problems(schema: Manifest, path: str) -> list[Problem]:
    """What is wrong with the rules of a whole schema, which must be structural."""
    return list(_walk(as_resource(schema), path, ""))


def _walk(schema: Manifest, path: str, uncorrelated: str) -> Iterator[Problem]:
    """`uncorrelated` is the list whose items cannot be told apart between two states of an object."""
    for place, rule in enumerate(schema.get(RULES) or []):
        yield from _rule(rule, schema, f"{path}.{RULES}[{place}]", uncorrelated)
    for name, one in (schema.get("properties") or {}).items():
        yield from _walk(one, f"{path}.properties[{name}]", uncorrelated)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _walk(schema["additionalProperties"], f"{path}.additionalProperties", uncorrelated)
    if isinstance(schema.get("items"), dict):
        lost = "" if schema.get("x-kubernetes-list-type") == "map" else path
        yield from _walk(schema["items"], f"{path}.items", uncorrelated or lost)


def _rule(rule: object, schema: Manifest, path: str, uncorrelated: str) -> Iterator[Problem]:
    if not isinstance(rule, dict) or not all(isinstance(rule.get(one, ""), str) for one in _STRINGS):
        yield Problem(path, f"Invalid value: {shown(rule)}: must be an object of texts", Cause.TYPE)
        return
    text, message = str(rule.get("rule", "")).strip(), str(rule.get("message", ""))
    if not text:
        yield required(f"{path}.rule", "rule is not specified")
        return
    if message and not message.strip():
        yield invalid(f"{path}.message", message, "must be non-empty if specified")
    if "\n" in message.strip():
        yield invalid(f"{path}.message", message, "must not contain line breaks")
    if "\n" in text and not message.strip():
        yield required(f"{path}.message", "message must be specified if rule contains line breaks")
    yield from one_of(f"{path}.reason", str(rule.get("reason", "")), REASONS)
    yield from _field_path(rule, schema, f"{path}.fieldPath")
    if rule.get("optionalOldSelf"):
        why = "optionalOldSelf is not supported here; leave it out: the rule then runs on updates only"
        yield invalid(f"{path}.optionalOldSelf", True, why)
    yield from _expressions(rule, schema, path, uncorrelated)


_STRINGS = ("rule", "message", "messageExpression", "reason", "fieldPath")


def _field_path(rule: Manifest, schema: Manifest, path: str) -> Iterator[Problem]:
    written = str(rule.get("fieldPath", ""))
    if not written:
        return
    try:
        compiled_path(written)
        names = [name for name in written.split(".") if name]
        known = written.startswith(".") and _missing(schema, names) == ""
    except PathError:
        known = False
    if not known:
        yield invalid(path, written, "must be a valid path")


def _expressions(rule: Manifest, schema: Manifest, path: str, uncorrelated: str) -> Iterator[Problem]:
    for name, result in (("rule", "BOOL"), ("messageExpression", "STRING")):
        text = str(rule.get(name, ""))
        if not text.strip():
            continue
        found = _compiled(text, schema)
        if isinstance(found, str):
            yield invalid(f"{path}.{name}", text, found)
        elif found.result not in (result, "DYN"):
            wanted = "must evaluate to a bool" if result == "BOOL" else "must evaluate to a string"
            yield invalid(f"{path}.{name}", text, f"cel expression {wanted}")
        elif found.uses_old and uncorrelated and name == "rule":
            why = f"oldSelf cannot be used on the uncorrelatable portion of the schema within {uncorrelated}"
            yield invalid(f"{path}.{name}", text, why)


def _compiled(text: str, schema: Manifest) -> Expression | str:
    """The expression, or why there is none."""
    try:
        expression = compiled(text, self_type(schema))
    except ExpressionError as error:
        return str(error)
    for found in _PATHS.finditer(_TEXTS.sub('""', text)):
        names = found[1].split(".")[1:]
        missing = _missing(schema, names[:-1] if found[2] else names)
        if missing:
            return f"compilation failed: ERROR: undefined field '{missing}'"
    return expression


def _missing(schema: Manifest, names: list[str]) -> str:
    """The first of the names, each a field of the one before, that an object of this schema cannot have."""
    for name in names:
        fields = {escaped(one): below for one, below in (schema.get("properties") or {}).items()}
        if not fields:
            return ""
        if name not in fields:
            return name
        schema = fields[name]
    return ""
