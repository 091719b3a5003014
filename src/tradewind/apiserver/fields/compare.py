"""What differs between two states of an object, as sets of fields (upstream `TypedValue.Compare`). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tradewind.apiserver.fields.elements import field_element
from tradewind.apiserver.fields.forms import ABSENT, by_element, form, same
from tradewind.apiserver.fields.sets import FieldSet, child, node, union
from tradewind.resources.schema import ANY, Schema


@dataclass(frozen=True)
class Comparison:
    """No field is in more than one of the sets; all are empty when the states are the same."""

    added: FieldSet
    modified: FieldSet
    removed: FieldSet

    def __bool__(self) -> bool:
        return bool(self.added or self.modified or self.removed)

    @cached_property
    def written(self) -> FieldSet:
        """What the newer state has that the older had not, or not so."""
        return union(self.added, self.modified) if self.modified else self.added


# What stands under one element in the sets of added, modified and removed fields; None: not in that set.
_Under = tuple[FieldSet | None, FieldSet | None, FieldSet | None]
_SAME: _Under = (None, None, None)
_MODIFIED: _Under = (None, {}, None)


def compare(old: Any, new: Any, schema: Schema) -> Comparison:
    """What was done to `old` to make it `new`; both are objects."""
    return _below(_compare_maps(old, new, schema))


def _below(children: dict[str, _Under]) -> Comparison:
    added, modified, removed = (
        {element: under[place] for element, under in children.items() if under[place] is not None}
        for place in range(3)
    )
    return Comparison(added, modified, removed)


def _compare(old: Any, new: Any, schema: Schema) -> _Under:
    if old is ABSENT:
        return _everything(new, schema), None, None
    if new is ABSENT:
        return None, None, _everything(old, schema)
    if same(old, new):
        return _SAME
    how = form(old if new is None else new, schema)
    if old is not None and new is not None and form(old, schema) != how:
        return _change_of_form(old, new, schema)
    if how == "leaf" or not (old or new):
        return _MODIFIED
    found = _below((_compare_maps if how == "map" else _compare_items)(old or {}, new or {}, schema))
    return found.added or None, found.modified or None, found.removed or None


def _change_of_form(old: Any, new: Any, schema: Schema) -> _Under:
    """Something without a schema that was an object and is none now, or the other way round."""
    added, removed = (
        _below(_compare_maps({}, new, schema) if form(new, schema) == "map" else {}).added,
        _below(_compare_maps(old, {}, schema) if form(old, schema) == "map" else {}).removed,
    )
    return added or None, {}, removed or None


def _everything(value: Any, schema: Schema) -> FieldSet:
    """A value and all that is in it; below a leaf and below duplicates there is nothing."""
    inner: dict[str, FieldSet] = {}
    match form(value, schema):
        case "map":
            inner = {
                field_element(name): _everything(one, child(schema, name))
                for name, one in (value or {}).items()
            }
        case "items":
            inner = {
                element: _everything(items[0], schema.items or ANY) if len(items) == 1 else {}
                for element, items in by_element(value, schema).items()
            }
    found = node(True, inner)
    assert found is not None
    return found


def _compare_maps(old: Mapping[str, Any], new: Mapping[str, Any], schema: Schema) -> dict[str, _Under]:
    found = {}
    for name, one in new.items():
        under = _compare(old.get(name, ABSENT), one, child(schema, name))
        if under is not _SAME:
            found[field_element(name)] = under
    for name, one in old.items():
        if name not in new:
            found[field_element(name)] = _compare(one, ABSENT, child(schema, name))
    return found


def _compare_items(old: Any, new: Any, schema: Schema) -> dict[str, _Under]:
    before, after = by_element(old or None, schema), by_element(new or None, schema)
    return {
        element: _compare_item(before.get(element, []), after.get(element, []), schema.items or ANY)
        for element in before | after
    }


def _compare_item(old: list[Any], new: list[Any], schema: Schema) -> _Under:
    """Items under one element. Duplicates are one leaf: it appears and goes as such."""
    if len(old) < 2 and len(new) < 2:
        return _compare(old[0] if old else ABSENT, new[0] if new else ABSENT, schema)
    if len(old) > 1 and len(new) > 1:
        return _SAME if same(old, new) else _MODIFIED
    if len(old) > 1:
        return (_everything(new[0], schema) if new else None), None, {}
    return {}, None, (_everything(old[0], schema) if old else None)
