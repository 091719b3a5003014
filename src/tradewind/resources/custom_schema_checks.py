"""Whether the schema of a custom kind is one.

Its keywords must be known and of the right types, it must be structural, and its defaults and patterns must
make sense. *Structural* means that types, fields and Kubernetes' own keywords stand outside of allOf, anyOf,
oneOf and not, which only say what values are allowed. Upstream: apiextensions-apiserver
`pkg/apiserver/schema/{validation,complete}.go` and `ValidateCustomResourceDefinitionOpenAPISchema`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from tradewind.resources.custom_formats import is_known
from tradewind.resources.custom_list_checks import list_and_map_types
from tradewind.resources.custom_schemas import schema_of_json
from tradewind.resources.custom_validation import schema_problems
from tradewind.resources.expressions import pattern_problem
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Cause, Problem, warning
from tradewind.resources.pruning import unknown_fields
from tradewind.resources.rules import invalid, required
from tradewind.resources.shape import shown, unknown_field

TYPES = ("array", "boolean", "integer", "number", "object", "string")
JUNCTORS = ("allOf", "anyOf", "oneOf")
META_FIELDS = ("apiVersion", "kind", "metadata")
INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_UNSUPPORTED = ("id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref")
_KEYWORDS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("$schema", "description", "title", "type", "format", "pattern", "id", "$ref"), (str,)),
    **dict.fromkeys(("x-kubernetes-list-type", "x-kubernetes-map-type"), (str,)),
    **dict.fromkeys(("maximum", "minimum", "multipleOf"), (int, float)),
    **dict.fromkeys(
        ("maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"), (int,)
    ),
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum", "uniqueItems", "nullable"), (bool,)),
    "x-kubernetes-preserve-unknown-fields": (bool,),
    "x-kubernetes-embedded-resource": (bool,),
    "x-kubernetes-int-or-string": (bool,),
    **dict.fromkeys(("properties", "patternProperties", "definitions", "dependencies"), (dict,)),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "enum", "required", "x-kubernetes-validations"), (list,)),
    "x-kubernetes-list-map-keys": (list,),
    "items": (dict, list),
    "additionalProperties": (dict, bool),
    "additionalItems": (dict, bool),
    "externalDocs": (dict,),
    "not": (dict,),
}
_ANYTHING = ("default", "example")
# What may stand inside allOf and the like is only what says which values are allowed.
_OUTSIDE_ONLY = {
    "type": "must be empty to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "default": "must be undefined to be structural",
    "additionalProperties": "must be undefined to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}


@dataclass(frozen=True)
class _At:
    """Where in a schema one is: at the `root`, at an `item` or a `field`; inside of metadata defaults are
    `forbidden` for the reason given."""

    level: Literal["root", "item", "field"]
    is_resource: bool = False
    forbidden: str = ""


def json_schema_problems(schema: Any, path: str, *, has_status: bool) -> list[Problem]:
    """What is wrong with the schema of a version. Its rules are checked elsewhere, if nothing is."""
    problems = list(_shape(schema, path))
    if problems:
        return problems
    if schema.get("nullable"):
        problems.append(_forbidden(f"{path}.nullable", "nullable cannot be true at the root"))
    if has_status:
        problems += _root_with_status(schema, path)
    return problems + list(_structure(schema, path, _At("root", is_resource=True)))


def _root_with_status(schema: Manifest, path: str) -> Iterator[Problem]:
    """With a status subresource, what is said at the root must not concern spec and status together."""
    if schema.get("type") != "object":
        why = (
            'only "object" is allowed as the type at the root of the schema if the status subresource is '
            "enabled"
        )
        yield invalid(f"{path}.type", schema.get("type", ""), why)
    found = [one for one in (*JUNCTORS, "not", "nullable", "enum", "default") if schema.get(one)]
    if found:
        why = (
            f"{', '.join(found)} may not stand at the root of the schema if the status subresource is enabled"
        )
        yield invalid(path, schema, why)


def _shape(schema: Any, path: str) -> Iterator[Problem]:
    """Keywords that do not exist, and values of keywords that are of the wrong type."""
    if not isinstance(schema, dict):
        yield Problem(path, f"Invalid value: {shown(schema)}: must be an object", Cause.TYPE)
        return
    for name, value in schema.items():
        if name not in _KEYWORDS:
            if name not in _ANYTHING:
                yield unknown_field(name, [*_KEYWORDS, *_ANYTHING], path)
        elif not isinstance(value, _KEYWORDS[name]) or (
            isinstance(value, bool) and bool not in _KEYWORDS[name]
        ):
            wanted = " or ".join(_JSON_NAMES[one] for one in _KEYWORDS[name])
            yield Problem(f"{path}.{name}", f"Invalid value: {shown(value)}: must be {wanted}", Cause.TYPE)
    for below, place in _children(schema, path):
        yield from _shape(below, place)


_JSON_NAMES = {str: "a string", int: "an integer", float: "a number", bool: "true or false"} | {
    dict: "an object",
    list: "a list",
}


def _children(schema: Manifest, path: str) -> Iterator[tuple[Any, str]]:
    """The schemas inside of a schema, and where they are."""
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from ((one, f"{path}.properties[{name}]") for name, one in properties.items())
    for name in ("items", "additionalProperties", "not"):
        if isinstance(schema.get(name), dict):
            yield schema[name], f"{path}.{name}"
    for name in JUNCTORS:
        if isinstance(schema.get(name), list):
            yield from ((one, f"{path}.{name}[{place}]") for place, one in enumerate(schema[name]))


def _structure(schema: Manifest, path: str, at: _At) -> Iterator[Problem]:
    """The rules for a schema that is not inside of a junctor, and for all that is in it."""
    yield from _own(schema, path, at)
    yield from _type(schema, path, at)
    yield from _values(schema, path)
    yield from list_and_map_types(schema, path)
    is_resource = at.is_resource or bool(schema.get("x-kubernetes-embedded-resource"))
    for name, one in (schema.get("properties") or {}).items():
        inside = _At("field", forbidden=at.forbidden)
        if is_resource and name in META_FIELDS:
            yield from _meta_field(name, one, f"{path}.properties[{name}]", at)
            inside = replace(inside, forbidden=f"in top-level {name}" if at.level == "root" else "")
        if not (at.level == "root" and name == "metadata"):
            yield from _structure(one, f"{path}.properties[{name}]", inside)
    for name, level in (("items", "item"), ("additionalProperties", "field")):
        if isinstance(schema.get(name), dict):
            below = _At("item" if level == "item" else "field", forbidden=at.forbidden)
            yield from _structure(schema[name], f"{path}.{name}", below)
    yield from _junctors(schema, schema, path)


def _own(schema: Manifest, path: str, at: _At) -> Iterator[Problem]:
    for name in _UNSUPPORTED:
        if name in schema:
            yield _forbidden(f"{path}.{name}", f"{name} is not supported")
    if isinstance(schema.get("items"), list):
        yield _forbidden(f"{path}.items", "items must be a schema object and not an array")
    if schema.get("uniqueItems"):
        why = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"
        yield _forbidden(f"{path}.uniqueItems", why)
    if "additionalProperties" in schema:
        if at.level == "root":
            yield _forbidden(f"{path}.additionalProperties", "must not be used at the root")
        if schema.get("properties") and schema["additionalProperties"] is not True:
            why = "additionalProperties and properties are mutual exclusive"
            yield _forbidden(f"{path}.additionalProperties", why)
    if schema.get("x-kubernetes-preserve-unknown-fields") is False:
        field = f"{path}.x-kubernetes-preserve-unknown-fields"
        yield invalid(field, False, "must be true or undefined")
    if "default" in schema and at.forbidden:
        yield _forbidden(f"{path}.default", f"must not be set {at.forbidden}")
    elif "default" in schema:
        yield from _default(schema, f"{path}.default")


def _default(schema: Manifest, path: str) -> Iterator[Problem]:
    """A default must itself be valid, and have no fields that would be pruned."""
    value = schema["default"]
    for problem in schema_problems(value, schema, path):
        yield problem
    for problem in unknown_fields(value, schema_of_json(schema), path):
        yield invalid(path, value, f"must not have unknown fields, but has {problem.path}")


def _type(schema: Manifest, path: str, at: _At) -> Iterator[Problem]:
    type_ = schema.get("type", "")
    is_open = schema.get("x-kubernetes-int-or-string") or schema.get("x-kubernetes-preserve-unknown-fields")
    embedded = schema.get("x-kubernetes-embedded-resource")
    if type_ == "null":
        why = "type cannot be set to null, use nullable as an alternative"
        yield _forbidden(f"{path}.type", why)
    elif type_ and type_ not in TYPES:
        listed = ", ".join(f'"{one}"' for one in TYPES)
        message = f"Unsupported value: {shown(type_)}: supported values: {listed}"
        yield Problem(f"{path}.type", message, Cause.NOT_SUPPORTED)
    elif embedded and type_ != "object":
        why = "must be object if x-kubernetes-embedded-resource is true"
        yield invalid(f"{path}.type", type_, why) if type_ else required(f"{path}.type", why)
    elif not type_ and not is_open:
        where = {"root": "at the root", "item": "for specified array items"}
        yield required(
            f"{path}.type", f"must not be empty {where.get(at.level, 'for specified object fields')}"
        )
    elif type_ != "object" and type_ and at.level == "root":
        yield invalid(f"{path}.type", type_, "must be object at the root")
    if type_ == "array" and not schema.get("items"):
        yield required(f"{path}.items", "must be specified")
    if embedded and not is_open and not schema.get("properties"):
        why = (
            "must not be empty if x-kubernetes-embedded-resource is true without "
            "x-kubernetes-preserve-unknown-fields"
        )
        yield required(f"{path}.properties", why)
    if schema.get("x-kubernetes-int-or-string"):
        for name in ("x-kubernetes-preserve-unknown-fields", "x-kubernetes-embedded-resource"):
            if schema.get(name):
                yield invalid(f"{path}.{name}", True, "must be false if x-kubernetes-int-or-string is true")


def _meta_field(name: str, schema: Manifest, path: str, at: _At) -> Iterator[Problem]:
    wanted = "object" if name == "metadata" else "string"
    if schema.get("type") != wanted:
        yield invalid(f"{path}.type", schema.get("type", ""), f"must be {wanted}")
    if name == "metadata" and at.level == "root":
        said = {key for key in schema if key not in ("type", "properties", "description")}
        if said or not set(schema.get("properties") or {}) <= {"name", "generateName"}:
            why = (
                "must not specify anything other than name and generateName, but metadata is implicitly "
                "specified"
            )
            yield _forbidden(path, why)


def _values(schema: Manifest, path: str) -> Iterator[Problem]:
    """Patterns that are none, and formats that nobody checks."""
    if schema.get("pattern") and (why := pattern_problem(schema["pattern"])):
        said = f"must be a valid regular expression, but isn't: {why}"
        yield invalid(f"{path}.pattern", schema["pattern"], said)
    if schema.get("format") and not is_known(schema["format"], schema.get("type", "")):
        yield warning(f"{path}.format", f'unrecognized format "{schema["format"]}"')


def _junctors(schema: Manifest, whole: Manifest, path: str) -> Iterator[Problem]:
    """What is wrong inside of allOf, anyOf, oneOf and not. `whole` is the structure around them."""
    int_or_string = bool(whole.get("x-kubernetes-int-or-string"))
    for name in JUNCTORS:
        for place, one in enumerate(schema.get(name) or []):
            if int_or_string and name == "anyOf" and schema["anyOf"] == INT_OR_STRING:
                continue
            yield from _nested(one, whole, f"{path}.{name}[{place}]", path)
    if isinstance(schema.get("not"), dict):
        yield from _nested(schema["not"], whole, f"{path}.not", path)


def _nested(schema: Manifest, whole: Mapping[str, Any], path: str, outside: str) -> Iterator[Problem]:
    for name, why in _OUTSIDE_ONLY.items():
        if schema.get(name) not in (None, "", False, []):
            yield _forbidden(f"{path}.{name}", why)
    yield from _values(schema, path)
    fields = whole.get("properties") or {}
    for name, one in (schema.get("properties") or {}).items():
        place = f"{path}.properties[{name}]"
        if name == "metadata":
            yield _forbidden(place, "must not be specified in a nested context")
        elif name not in fields:
            yield required(f"{outside}.properties[{name}]", f"because it is defined in {place}")
        yield from _nested(one, fields.get(name, {}), place, f"{outside}.properties[{name}]")
    if isinstance(schema.get("items"), dict):
        if not whole.get("items"):
            yield required(f"{outside}.items", f"because it is defined in {path}.items")
        yield from _nested(schema["items"], whole.get("items") or {}, f"{path}.items", f"{outside}.items")
    yield from _junctors(schema, dict(whole), path)


def _forbidden(path: str, why: str) -> Problem:
    return Problem(path, f"Forbidden: {why}", Cause.FORBIDDEN)
