"""The elements that paths of fields are made of, as text (structured-merge-diff `fieldpath.PathElement`).

`f:NAME` is a field, `k:{"name":"a"}` the item of a list with these keys, `v:"a"` the item of a set, `i:0` a
place in a list. The text is the one that upstream writes, so it can be compared.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from tradewind.resources.go_json import go_json
from tradewind.resources.schema import Schema

SELF = "."
_RANKS = {"f": 0, "k": 1, "v": 2, "i": 3}


class NoElement(Exception):
    """An item that cannot be told from others, or an element that is none. The text is upstream's."""


def field_element(name: str) -> str:
    """The element of a field or of a key of a map."""
    return "f:" + name


def item_element(item: Any, schema: Schema) -> str:
    """The element of an item of a list that has keys or is a set. NoElement when the item has none."""
    return _keyed_element(item, schema) if schema.keys else _value_element(item)


def _keyed_element(item: Any, schema: Schema) -> str:
    if not isinstance(item, dict):
        what = "a null element" if item is None else "non-map elements"
        raise NoElement(f"associative list with keys may not have {what}")
    keys = schema.keys or ()
    found = {key: item[key] for key in keys if key in item}
    found |= {key: value for key, value in schema.key_defaults.items() if key not in item}
    if not found:
        listed = " ".join(f'"{key}"' for key in keys)
        raise NoElement(
            f"associative list with keys has an element that omits all key fields [{listed}] "
            "(and doesn't have default values for any key fields)"
        )
    return "k:" + go_json(found)


def _value_element(item: Any) -> str:
    if isinstance(item, dict):
        raise NoElement("associative list without keys has an element that's a map type")
    if isinstance(item, list):
        raise NoElement("not supported: associative list with lists as elements")
    if item is None:
        raise NoElement("associative list without keys has an element that's an explicit null")
    return "v:" + go_json(item)


def shown(element: str) -> str:
    """An element inside a path as people read it: `.name`, `[name="a"]`, `[="a"]`, `[0]`."""
    sort, _, text = element.partition(":")
    match sort:
        case "f":
            return f".{text}"
        case "k":
            keys = msgspec.json.decode(text, type=dict[str, Any])
            return f"[{','.join(f'{name}={_quoted(value)}' for name, value in keys.items())}]"
        case "v":
            return f"[={_quoted(msgspec.json.decode(text))}]"
    return f"[{text}]"


def _quoted(value: Any) -> str:
    return msgspec.json.encode(value).decode()


@lru_cache(maxsize=4096)
def checked(element: str) -> str:
    """An element that a client wrote, as it is written here; "" for a sort that is not known, which is
    dropped as upstream does. NoElement when it is malformed."""
    if len(element) < 2 or element[1] != ":":
        raise NoElement(f"missing colon: {element}")
    text = element[2:]
    try:
        match element[0]:
            case "f":
                return element
            case "k":
                return "k:" + go_json(msgspec.json.decode(text, type=dict[str, Any]))
            case "v":
                return "v:" + go_json(msgspec.json.decode(text))
            case "i":
                return f"i:{int(text)}"
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NoElement(f"{element}: {error}") from None
    return ""


@lru_cache(maxsize=4096)
def order(element: str) -> tuple[int, Any]:
    """What elements are sorted by: fields, then keys, then values, then places, each by what it holds."""
    text = element[2:]
    match element[0]:
        case "f":
            return 0, text
        case "k":
            keys: Mapping[str, Any] = msgspec.json.decode(text)
            return 1, [(name, _value_order(value)) for name, value in keys.items()]
        case "v":
            return 2, _value_order(msgspec.json.decode(text))
    return 3, int(text)


def _value_order(value: Any) -> tuple[int, Any]:
    """Numbers before strings before booleans before the rest, as upstream's `value.Compare`."""
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    return (1, value) if isinstance(value, str) else (3, go_json(value))
