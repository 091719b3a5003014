"""Sets of fields, in the form in which the API shows them (metav1 `FieldsV1`). Pure.

A set is a tree by elements. An element is a member when nothing is below it or when it has a "."; one that
has something below it but no "." is only on the way to members. These are the sets of
structured-merge-diff's `fieldpath.Set`; no function changes its arguments.
"""

from collections.abc import Iterator
from typing import Any

from tradewind.apiserver.fields.elements import SELF, NoElement, checked, order
from tradewind.resources.schema import ANY, Schema

FieldSet = dict[str, Any]
Path = tuple[str, ...]
NOTHING: FieldSet = {}
MAX_DEPTH = 200  # twice that of objects


def node(member: bool, below: FieldSet) -> FieldSet | None:
    """What stands under an element; None when the element is not in the set at all."""
    if not below:
        return {} if member else None
    return {SELF: {}, **below} if member else below


def is_member(under: FieldSet) -> bool:
    """Whether the element with this under it is itself in the set."""
    return not under or SELF in under


def below(under: FieldSet) -> FieldSet:
    """The set of what is below an element."""
    return {element: one for element, one in under.items() if element != SELF} if SELF in under else under


def union(one: FieldSet, other: FieldSet) -> FieldSet:
    """The members of either."""
    merged = {**one, **other}
    for element in one.keys() & other.keys():
        if one[element] != other[element]:
            found = node(
                is_member(one[element]) or is_member(other[element]),
                union(below(one[element]), below(other[element])),
            )
            assert found is not None
            merged[element] = found
    return merged


def intersection(one: FieldSet, other: FieldSet) -> FieldSet:
    """The members of both."""
    shared = {}
    for element in one:
        if element in other:
            found = node(
                is_member(one[element]) and is_member(other[element]),
                intersection(below(one[element]), below(other[element])),
            )
            if found is not None:
                shared[element] = found
    return shared


def difference(one: FieldSet, other: FieldSet) -> FieldSet:
    """The members of `one` that `other` has not. What is below a member of `other` stays."""
    left = {}
    for element, under in one.items():
        if element not in other:
            left[element] = under
            continue
        found = node(
            is_member(under) and not is_member(other[element]),
            difference(below(under), below(other[element])),
        )
        if found is not None:
            left[element] = found
    return left


def has(fields: FieldSet, path: Path) -> bool:
    """Whether the set has the field at a path."""
    for element in path:
        if element not in fields:
            return False
        fields = fields[element]
    return is_member(fields)


def paths(fields: FieldSet, before: Path = ()) -> Iterator[Path]:
    """The paths of all members, in order."""
    for element in sorted(below(fields), key=order):
        path = (*before, element)
        if is_member(fields[element]):
            yield path
        yield from paths(fields[element], path)


def ordered(fields: FieldSet) -> FieldSet:
    """The same set written in upstream's order."""
    written: FieldSet = {SELF: {}} if SELF in fields else {}
    elements = below(fields)
    for element in sorted(elements, key=order) if len(elements) > 1 else elements:
        written[element] = ordered(fields[element])
    return written


def parsed(fields: Any, depth: int = 0) -> FieldSet:
    """A set that a client sent. NoElement when it is none."""
    if not isinstance(fields, dict) or depth > MAX_DEPTH:
        raise NoElement("fields must be objects inside objects")
    known = {checked(element): parsed(one, depth + 1) for element, one in fields.items() if element != SELF}
    known.pop("", None)
    return {SELF: {}, **known} if SELF in fields and known else known


def with_named_fields(fields: FieldSet, schema: Schema) -> FieldSet:
    """The set with every declared field as a member that has a member below it (upstream
    `EnsureNamedFieldsAreMembers`): so that a struct goes when all that was in it goes."""
    result = {}
    for element, under in fields.items():
        name = element[2:]
        inner = ANY
        if element.startswith("f:"):
            inner = child(schema, name)
        elif element.startswith("k:"):
            inner = schema.items or ANY
        declared = element.startswith("f:") and name in schema.fields
        found = node(is_member(under) or declared, with_named_fields(below(under), inner))
        assert found is not None
        result[element] = found
    return result


def child(schema: Schema, name: str) -> Schema:
    """The schema of a field of an object or of a value of a map."""
    return schema.fields.get(name) or schema.items or ANY
