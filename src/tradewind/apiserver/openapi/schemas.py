"""From the schema trees of kinds to OpenAPI definitions. Pure.

A kind of Kubernetes' own refers to a definition for each of its structs; a custom kind has everything in
one definition, as the API server publishes a CustomResourceDefinition's schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tradewind.apiserver.openapi.names import META, definition, group_version_kind, is_go_type
from tradewind.apiserver.strategic_merge import merge_key
from tradewind.resources.describe import describe, describe_field, remark
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, ObjectMeta
from tradewind.resources.schema import Schema, schema_of

Definitions = dict[str, Manifest]

ANYTHING: Manifest = {"x-kubernetes-preserve-unknown-fields": True}
_NUMBERS = {"integer": "int64", "number": "double"}
_V2_WORDS = frozenset(
    {
        "additionalProperties",
        "default",
        "description",
        "enum",
        "example",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "externalDocs",
        "format",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "required",
        "title",
        "type",
        "uniqueItems",
    }
)


@dataclass(frozen=True)
class Form:
    """How definitions are written: OpenAPI 3.0 or, in `v2`, Swagger 2.0."""

    v2: bool = False

    def reference(self, name: str, description: str = "") -> Manifest:
        """A reference to a definition. In OpenAPI 3.0 nothing may stand beside `$ref` itself."""
        target = {"$ref": ("#/definitions/" if self.v2 else "#/components/schemas/") + name}
        words = {"description": description} if description else {}
        if self.v2:
            return words | target
        return words | {"allOf": [target]} if words else target


V2, V3 = Form(v2=True), Form()


@dataclass(frozen=True)
class _Walk:
    """Where in a kind the rendering is: `found` collects definitions that are referred to."""

    kind: Kind
    version: str
    form: Form
    found: Definitions = field(repr=False)
    path: str = ""

    def at(self, name: str) -> "_Walk":
        path = f"{self.path}.{name}" if self.path else name
        return _Walk(self.kind, self.version, self.form, self.found, path)


def definitions(kind: Kind, version: str, form: Form) -> Definitions:
    """The definitions of a kind, of its list, and of all that they refer to, by name."""
    found: Definitions = {}
    walk = _Walk(kind, version, form, found)
    own = definition(kind, version)
    found[own] = _kind_definition(walk) | {
        "x-kubernetes-group-version-kind": [group_version_kind(kind, version)]
    }
    listed = group_version_kind(kind, version) | {"kind": f"{kind.name}List"}
    found[f"{own}List"] = {
        "description": f"{kind.name}List is a list of {kind.name}",
        "type": "object",
        "required": ["items"],
        "properties": {
            **_type_meta(),
            "metadata": form.reference(f"{META}.ListMeta", "Of the list: its resourceVersion and continue."),
            "items": {
                "description": "The objects.",
                "type": "array",
                "items": form.reference(own),
            },
        },
        "x-kubernetes-group-version-kind": [listed],
    }
    return found


def _type_meta() -> Manifest:
    top = Schema("object", struct="Object")
    return {
        name: {"description": describe_field(top, name), "type": "string"} for name in ("apiVersion", "kind")
    }


def _kind_definition(walk: _Walk) -> Manifest:
    schema = walk.kind.schema_at(walk.version)
    if schema.keywords:
        return _as_written(walk, schema.keywords)
    return {"description": describe(walk.kind.name)} | _object(walk, schema)


def _as_written(walk: _Walk, raw: Mapping[str, Any]) -> Manifest:
    """A CustomResourceDefinition's own schema, with what every object has put in as upstream does."""
    own = {name: one for name, one in raw.items() if name != "x-kubernetes-embedded-resource"}
    own = (_without_v3(own) if walk.form.v2 else own) | {"type": "object"}
    properties = own.get("properties", {}) | _type_meta() | {"metadata": _metadata(walk)}
    return own | {"properties": properties}


def _without_v3(value: Mapping[str, Any]) -> Manifest:
    """Swagger 2.0 lacks some words of OpenAPI 3.0; upstream leaves them out too (`ToStructuralOpenAPIV2`).

    What may be null or a number or a text there has no type here.
    """
    kept: Manifest = {}
    for name, one in value.items():
        if one is None:
            continue
        if name == "properties":
            kept[name] = {field: _without_v3(inner) for field, inner in one.items()}
        elif name == "items" or (name == "additionalProperties" and isinstance(one, dict)):
            kept[name] = _without_v3(one)
        elif name in _V2_WORDS or name.startswith("x-"):
            kept[name] = one
    if value.get("nullable") or value.get("x-kubernetes-int-or-string"):
        for name in ("type", "items", "properties", "additionalProperties"):
            kept.pop(name, None)
    return kept


def _metadata(walk: _Walk) -> Manifest:
    words = describe_field(Schema("object", struct="Object"), "metadata")
    return _referenced(walk, schema_of(ObjectMeta), words)


def _object(walk: _Walk, schema: Schema) -> Manifest:
    properties = {name: _field(walk.at(name), schema, name) for name in schema.fields}
    rendered: Manifest = {"type": "object", "properties": properties}
    if schema.required:
        rendered["required"] = list(schema.required)
    return rendered


def _field(walk: _Walk, owner: Schema, name: str) -> Manifest:
    words = [describe_field(owner, name)]
    if not is_go_type(walk.kind) or "." not in walk.path:
        words.append(remark(walk.kind.name, walk.path))
    value = _value(walk, owner.fields[name], " ".join(filter(None, words)))
    return value | (_patch_strategy(owner, name) if walk.kind.is_builtin else {})


def _value(walk: _Walk, schema: Schema, description: str = "") -> Manifest:
    words = {"description": description} if description else {}
    match schema.type:
        case "object" if schema.struct == "ObjectMeta" or (schema.struct and is_go_type(walk.kind)):
            return _referenced(walk, schema, description)
        case "object":
            return words | _object(walk, schema) | _atomic(schema)
        case "map":
            return words | {"type": "object"} | _map_values(walk, schema) | _atomic(schema)
        case "list":
            assert schema.items is not None
            items = {"type": "array", "items": _value(walk, schema.items)}
            return words | items | _list_type(schema)
        case "int-or-string":
            return words | _int_or_string(walk)
        case "any":
            return words | ANYTHING
    rendered: Manifest = words | {"type": schema.type}
    if schema.type in _NUMBERS:
        rendered["format"] = _NUMBERS[schema.type]
    if schema.enum:
        rendered["enum"] = list(schema.enum)
    return rendered


def _referenced(walk: _Walk, schema: Schema, description: str) -> Manifest:
    name = definition(walk.kind, walk.version, schema.struct)
    if name not in walk.found:
        walk.found[name] = {}  # taken, should the struct come up again within itself
        walk.found[name] = {"description": describe(schema.struct)} | _object(walk, schema)
    return walk.form.reference(name, description)


def _atomic(schema: Schema) -> Manifest:
    return {"x-kubernetes-map-type": "atomic"} if schema.atomic else {}


def _map_values(walk: _Walk, schema: Schema) -> Manifest:
    if schema.items is None or schema.items.type == "any":
        return ANYTHING
    return {"additionalProperties": _value(walk, schema.items)}


def _list_type(schema: Schema) -> Manifest:
    """How a list merges in server-side apply."""
    if schema.keys is None:
        return {"x-kubernetes-list-type": "atomic"}
    if not schema.keys:
        return {"x-kubernetes-list-type": "set"}
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(schema.keys)}


def _patch_strategy(owner: Schema, name: str) -> Manifest:
    """How a list merges in strategic merge patches, which only Kubernetes' own kinds have."""
    key = merge_key(owner, name)
    if key is None:
        return {}
    return {"x-kubernetes-patch-strategy": "merge"} | ({"x-kubernetes-patch-merge-key": key} if key else {})


def _int_or_string(walk: _Walk) -> Manifest:
    if not is_go_type(walk.kind):
        either = {} if walk.form.v2 else {"anyOf": [{"type": "integer"}, {"type": "string"}]}
        return {"x-kubernetes-int-or-string": True} | either
    if walk.form.v2:
        return {"type": "string", "format": "int-or-string"}
    return {"oneOf": [{"type": "number"}, {"type": "string"}], "format": "int-or-string"}


def references(value: object) -> Iterator[str]:
    """The names of all definitions that a value refers to."""
    if isinstance(value, dict):
        target = value.get("$ref")
        if isinstance(target, str):
            yield target.rpartition("/")[2]
        for one in value.values():
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)
