"""Whether a value is as the schema of a custom kind says, in the words of kube-apiserver.

Upstream: kube-openapi `pkg/validation/validate`, its messages in `pkg/validation/errors`, and what
apiextensions-apiserver makes of them (`kubeOpenAPIResultToFieldErrors`). Schemas are read as their authors
wrote them. As upstream, keywords about one type say nothing of values of another.
"""

import itertools
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tradewind.resources.custom_formats import format_problem
from tradewind.resources.expressions import matches
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.shape import LARGEST_INTEGER, MAX_PROBLEMS, join, shown

NO_FIELD = "<nil>"  # upstream's name for the field of a problem that has none
INTEGER_RANGES = {"int32": 2**31, "int64": 2**63}


def schema_problems(value: Any, schema: Manifest, path: str = "") -> list[Problem]:
    """At most MAX_PROBLEMS of what is wrong with a value."""
    return list(itertools.islice(_problems(value, schema, path), MAX_PROBLEMS))


def type_of(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer" if abs(value) <= LARGEST_INTEGER else "number"  # as upstream reads JSON
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _problems(value: Any, schema: Manifest, path: str) -> Iterator[Problem]:
    yield from _type(value, schema, path)
    if value is None:
        yield from _enum(value, schema, path)
        return
    yield from _combined(value, schema, path)
    match value:
        case str():
            yield from _string(value, schema, path)
        case bool():
            pass
        case int() | float():
            yield from _number(value, schema, path)
        case list():
            yield from _list(value, schema, path)
    yield from _enum(value, schema, path)
    if isinstance(value, dict):
        yield from _object(value, schema, path)


def _type(value: Any, schema: Manifest, path: str) -> Iterator[Problem]:
    wanted = ["integer", "string"] if schema.get("x-kubernetes-int-or-string") else [schema.get("type")]
    found = type_of(value)
    if wanted == [None] or found in wanted or (value is None and schema.get("nullable")):
        return
    if found == "integer" and "number" in wanted:
        return
    if isinstance(value, float) and value.is_integer() and "integer" in wanted:
        return
    said = f'must be of type {",".join(map(str, wanted))}: "{found}"'
    yield Problem(path, f'Invalid value: "{found}": {path} in body {said}', Cause.TYPE)


def _enum(value: Any, schema: Manifest, path: str) -> Iterator[Problem]:
    allowed = schema.get("enum")
    if not allowed or any(_same(value, one) for one in allowed):
        return
    listed = ", ".join(f'"{one}"' if isinstance(one, str) else json.dumps(json.dumps(one)) for one in allowed)
    message = f"Unsupported value: {shown(value)}: supported values: {listed}"
    yield Problem(path, message, Cause.NOT_SUPPORTED)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _combined(value: Any, schema: Manifest, path: str) -> Iterator[Problem]:
    """anyOf, oneOf, allOf and not."""
    any_of = [_all(value, one, path) for one in schema.get("anyOf") or []]
    if any_of and all(any_of):
        yield _of_none(path, "must validate at least one schema (anyOf)")
        yield from min(any_of, key=len)
    one_of = [_all(value, one, path) for one in schema.get("oneOf") or []]
    fitting = sum(1 for problems in one_of if not problems)
    if one_of and fitting != 1:
        found = f"Found {fitting} valid alternatives" if fitting else "Found none valid"
        yield _of_none(path, f"must validate one and only one schema (oneOf). {found}")
        yield from min(one_of, key=len)
    all_of = [_all(value, one, path) for one in schema.get("allOf") or []]
    yield from (problem for problems in all_of for problem in problems)
    if any(all_of):
        none = ". None validated" if all(all_of) else ""
        yield _of_none(path, f"must validate all the schemas (allOf){none}")
    if schema.get("not") is not None and not _all(value, schema["not"], path):
        yield _of_none(path, "must not validate the schema (not)")


def _all(value: Any, schema: Manifest, path: str) -> list[Problem]:
    return list(_problems(value, schema, path))


def _of_none(path: str, what: str) -> Problem:
    return Problem(NO_FIELD, f'Invalid value: "": "{path}" {what}')


def _string(value: str, schema: Manifest, path: str) -> Iterator[Problem]:
    if len(value) > schema.get("maxLength", len(value)):
        yield Problem(path, f"Too long: may not be more than {schema['maxLength']} bytes", Cause.TOO_LONG)
    if len(value) < schema.get("minLength", 0):
        yield _should(path, value, f"should be at least {schema['minLength']} chars long")
    if schema.get("pattern") and not matches(value, schema["pattern"]):
        yield _should(path, value, f"should match '{schema['pattern']}'")
    if format_problem(value, schema.get("format", "")) and schema.get("type", "string") == "string":
        yield _should(path, value, f"must be of type {schema['format']}: {json.dumps(value)}")


def _number(value: int | float, schema: Manifest, path: str) -> Iterator[Problem]:
    most, least, factor = schema.get("maximum"), schema.get("minimum"), schema.get("multipleOf")
    if factor and Decimal(str(value)) % Decimal(str(factor)):
        yield _should(path, value, f"should be a multiple of {shown(factor)}")
    if most is not None and (value >= most if schema.get("exclusiveMaximum") else value > most):
        than = "less than" if schema.get("exclusiveMaximum") else "less than or equal to"
        yield _should(path, value, f"should be {than} {shown(most)}")
    if least is not None and (value <= least if schema.get("exclusiveMinimum") else value < least):
        than = "greater than" if schema.get("exclusiveMinimum") else "greater than or equal to"
        yield _should(path, value, f"should be {than} {shown(least)}")
    limit = INTEGER_RANGES.get(schema.get("format", ""))
    if limit and schema.get("type") == "integer" and not -limit <= value < limit:
        said = f"Checked value must be of type integer with format {schema['format']} in {path}"
        yield Problem(NO_FIELD, f'Invalid value: "": {said}')


def _list(value: list[Any], schema: Manifest, path: str) -> Iterator[Problem]:
    items = schema.get("items")
    if isinstance(items, dict):
        for place, one in enumerate(value):
            yield from _problems(one, items, f"{path}[{place}]")
    if len(value) < schema.get("minItems", 0):
        yield _should(path, len(value), f"should have at least {schema['minItems']} items")
    if len(value) > schema.get("maxItems", len(value)):
        yield _too_many(path, len(value), schema["maxItems"])


def _object(value: Manifest, schema: Manifest, path: str) -> Iterator[Problem]:
    if len(value) < schema.get("minProperties", 0):
        yield _should(path, len(value), f"should have at least {schema['minProperties']} properties")
    if len(value) > schema.get("maxProperties", len(value)):
        yield _too_many(path, len(value), schema["maxProperties"])
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for name, one in value.items():
        if name in properties:
            yield from _problems(one, properties[name], join(path, name))
        elif isinstance(others, dict):
            yield from _problems(one, others, join(path, name))
        elif others is False:
            yield _should(path, "", f"{join(path, name)} in body is a forbidden property")
    for name in schema.get("required") or []:
        if name not in value:
            yield Problem(join(path, name), "Required value", Cause.REQUIRED)


def _should(path: str, value: Any, what: str) -> Problem:
    return Problem(path, f"Invalid value: {shown(value)}: {path} in body {what}")


def _too_many(path: str, count: int, most: int) -> Problem:
    return Problem(path, f"Too many: {count}: must have at most {most} items", Cause.TOO_MANY)
