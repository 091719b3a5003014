"""Laying a partial object over a whole one (upstream `TypedValue.Merge`). Pure."""

from collections import deque
from typing import Any

from tradewind.apiserver.fields.forms import ABSENT, by_element, form
from tradewind.apiserver.fields.sets import child
from tradewind.resources.schema import ANY, Schema


def merge(live: Any, config: Any, schema: Schema) -> Any:
    """`live` with all that `config` says; nothing is removed. `config` must conform to the schema."""
    if config is ABSENT or live is ABSENT:
        return live if config is ABSENT else config
    how = form(live if config is None else config, schema)
    if how == "leaf" or not (live or config) or (live is not None and form(live, schema) != how):
        return config
    if how == "items":
        return _merge_items(live or [], config or [], schema)
    return _merge_maps(live or {}, config or {}, schema)


def _merge_maps(live: dict[str, Any], config: dict[str, Any], schema: Schema) -> dict[str, Any]:
    return live | {
        name: merge(live.get(name, ABSENT), one, child(schema, name)) for name, one in config.items()
    }


def _merge_items(live: list[Any], config: list[Any], schema: Schema) -> list[Any]:
    """Items of `config` keep its order; each other item comes where it was among those of `live`."""
    before, wanted = by_element(live, schema), by_element(config, schema)
    inner = schema.items or ANY
    merged: dict[str, Any] = {}
    for element, items in wanted.items():
        known = before.get(element, [ABSENT])
        merged[element] = merge(known[0] if len(known) == 1 else None, items[0], inner)
    waiting = deque(wanted)
    shared = deque(element for element in wanted if element in before)
    result = []
    places = [element for item in live for element in by_element([item], schema)]
    for element, item in zip(places, live, strict=True):
        if element not in wanted:
            result.append(item)
        elif shared and shared[0] == element:
            shared.popleft()
            while waiting:
                next_one = waiting.popleft()
                result.append(merged[next_one])
                if next_one == element:
                    break
    return result + [merged[element] for element in waiting]
