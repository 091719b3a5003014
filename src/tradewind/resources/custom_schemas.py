"""From the JSON schema of a custom kind to the tree of `Schema` nodes that everything else walks, and the
defaults that it gives (apiextensions-apiserver `pkg/apiserver/schema/defaulting`)."""

import copy
from typing import Any

from tradewind.resources.meta import Manifest, ObjectMeta
from tradewind.resources.schema import ANY, Schema, Type, schema_of

_SCALARS: dict[str, Type] = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
}


def schema_of_resource(schema: Manifest) -> Schema:
    """The tree of a whole object: that of its schema, and what every object has."""
    return schema_of_json(schema | {"x-kubernetes-embedded-resource": True})


def schema_of_json(schema: Manifest) -> Schema:
    """The tree of one JSON schema; every node keeps what it was made of in `keywords`."""
    type_ = schema.get("type")
    nullable = bool(schema.get("nullable"))
    if schema.get("x-kubernetes-int-or-string"):
        return Schema("int-or-string", nullable=nullable, keywords=schema)
    if type_ == "array":
        return _list(schema, nullable)
    if type_ == "object":
        return _object(schema, nullable)
    if type_ in _SCALARS:
        return Schema(
            _SCALARS[type_], nullable=nullable, enum=tuple(schema.get("enum") or ()), keywords=schema
        )
    return Schema("any", nullable=True, keywords=schema)


def _list(schema: Manifest, nullable: bool) -> Schema:
    names = tuple(schema.get("x-kubernetes-list-map-keys") or ())
    keys = {"map": names, "set": ()}.get(schema.get("x-kubernetes-list-type", ""))
    fields = (schema.get("items") or {}).get("properties") or {}
    defaults = {name: fields[name]["default"] for name in names if "default" in fields.get(name, {})}
    items = schema_of_json(schema.get("items") or {})
    return Schema("list", items=items, keys=keys, key_defaults=defaults, nullable=nullable, keywords=schema)


def _object(schema: Manifest, nullable: bool) -> Schema:
    atomic = schema.get("x-kubernetes-map-type") == "atomic"
    is_open = bool(schema.get("x-kubernetes-preserve-unknown-fields")) or (
        schema.get("additionalProperties") is True
    )
    embedded = bool(schema.get("x-kubernetes-embedded-resource"))
    fields = {name: schema_of_json(one) for name, one in (schema.get("properties") or {}).items()}
    if embedded:
        text = Schema("string")
        fields = {"apiVersion": text, "kind": text} | fields | {"metadata": schema_of(ObjectMeta)}
    others = schema.get("additionalProperties")
    if isinstance(others, dict):
        return Schema("map", items=schema_of_json(others), atomic=atomic, nullable=nullable, keywords=schema)
    if is_open and not fields:
        return Schema("map", items=ANY, atomic=atomic, nullable=nullable, keywords=schema)
    return Schema(
        "object",
        fields=fields,
        required=tuple(schema.get("required") or ()),
        atomic=atomic,
        nullable=nullable,
        open=is_open,
        keywords=schema,
    )


def with_defaults(value: Any, schema: Manifest) -> Any:
    """A copy of a value with defaults where fields are missing or null. A null that may be none and has no
    default is left out."""
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [with_defaults(_instead_of_null(one, items), items) for one in value]
    if not isinstance(value, dict):
        return value
    properties, others = schema.get("properties") or {}, schema.get("additionalProperties")
    filled: Manifest = {}
    for name, one in value.items():
        below = properties.get(name, others if isinstance(others, dict) else None)
        if below is None:
            filled[name] = one
            continue
        given = _instead_of_null(one, below)
        if given is not None or below.get("nullable"):
            filled[name] = with_defaults(given, below)
    for name, below in properties.items():
        if name not in value and below.get("default") is not None:
            filled[name] = with_defaults(copy.deepcopy(below["default"]), below)
    return filled


def _instead_of_null(value: Any, schema: Manifest) -> Any:
    if value is None and not schema.get("nullable"):
        return copy.deepcopy(schema.get("default"))
    return value
