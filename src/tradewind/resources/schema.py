"""What an object of a kind may hold, as plain data: one tree of `Schema` nodes for every use.

Server-side apply, strategic merge, pruning, OpenAPI and `kubectl explain` all walk these trees. The tree of
a typed kind is read off its struct; that of a custom kind comes from its CustomResourceDefinition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec
from msgspec import inspect

Type = Literal["object", "map", "list", "string", "integer", "number", "boolean", "int-or-string", "any"]


@dataclass(frozen=True, eq=False)
class Schema:
    """One value's schema.

    An `object` has `fields` by wire name; a `map` (free names) and a `list` have `items`; `any` may hold
    everything and is treated as what it turns out to be: an object as a map, a list as atomic.

    How a list merges: `keys` names the fields that identify an item (`x-kubernetes-list-map-keys`), () is a
    set of plain values, None an atomic list; `key_defaults` holds what a key is taken for in an item that
    leaves it out. `atomic` says the same of objects and maps: replaced whole.
    `struct` is the name of the type, "" when it has none; `bases` are those that the type extends, the
    nearest first. An `open` object keeps what is not among its fields. `keywords` is the node of a
    CustomResourceDefinition's schema that this one was made of, as its author wrote it: description, default,
    pattern and the like; empty for typed kinds.
    """

    type: Type
    fields: Mapping[str, "Schema"] = field(default_factory=dict, repr=False)
    required: tuple[str, ...] = ()
    items: "Schema | None" = None
    keys: tuple[str, ...] | None = None
    key_defaults: Mapping[str, Any] = field(default_factory=dict)
    atomic: bool = False
    nullable: bool = False
    enum: tuple[Any, ...] = ()
    struct: str = ""
    bases: tuple[str, ...] = ()
    open: bool = False
    keywords: Mapping[str, Any] = field(default_factory=dict, repr=False)


ANY = Schema("any", nullable=True)

# For `Annotated[list[...], ...]` in structs: how server-side apply and strategic merge treat the list.
VALUE_SET = msgspec.Meta(extra={"keys": ()})
# For `Annotated[dict[...], ...]` and structs: replaced whole, owned by one.
ATOMIC = msgspec.Meta(extra={"atomic": True})


def keyed(*keys: str, **defaults: Any) -> msgspec.Meta:
    """Items of the list are told apart by these fields (wire names); strategic merge uses the first.

    `defaults` are those of keys that an item may leave out.
    """
    return msgspec.Meta(extra={"keys": keys, "key_defaults": defaults})


_KNOWN: dict[type[Any], Schema] = {}


def schema_of(struct: type[Any]) -> Schema:
    """The schema that a struct stands for, worked out once. Structs must not contain themselves."""
    if struct not in _KNOWN:
        found = inspect.type_info(struct)
        assert isinstance(found, inspect.StructType)
        _KNOWN[struct] = _of_struct(found)
    return _KNOWN[struct]


def _of_struct(found: inspect.StructType) -> Schema:
    return Schema(
        "object",
        fields={one.encode_name: _of(one.type) for one in found.fields},
        required=tuple(one.encode_name for one in found.fields if one.required),
        struct=found.cls.__name__,
        bases=tuple(base.__name__ for base in found.cls.__mro__[1:] if issubclass(base, msgspec.Struct)),
    )


_SCALARS: dict[type[inspect.Type], Type] = {
    inspect.StrType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
}


def _of(type_: inspect.Type) -> Schema:
    match type_:
        case inspect.Metadata(type=inner, extra=extra):
            return replace(_of(inner), **(extra or {}))
        case inspect.StructType(cls=struct):
            return schema_of(struct)
        case inspect.ListType(item_type=item):
            return Schema("list", items=_of(item))
        case inspect.DictType(value_type=item):
            return Schema("map", items=_of(item))
        case inspect.LiteralType(values=values):
            return Schema("string", enum=tuple(values))
        case inspect.UnionType():
            return _of_union(type_)
    scalar = _SCALARS.get(type(type_))
    return Schema(scalar) if scalar else ANY


def _of_union(union: inspect.UnionType) -> Schema:
    """`X | None` is X that may be null; a number or a string is what Kubernetes calls int-or-string."""
    choices = [_of(one) for one in union.types if not isinstance(one, inspect.NoneType)]
    if len(choices) == 1:
        return replace(choices[0], nullable=union.includes_none)
    simple = {"string", "integer", "number"}
    if all(choice.type in simple for choice in choices):
        return Schema("int-or-string", nullable=union.includes_none)
    return ANY
