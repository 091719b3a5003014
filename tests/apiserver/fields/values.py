"""A schema with every sort of value, random values of it, and what is said twice: values as flat tables."""

import json
from typing import Any

from hypothesis import strategies as st

from tradewind.apiserver.fields.elements import item_element
from tradewind.resources.schema import ANY, Schema

STRING, INTEGER = Schema("string"), Schema("integer")
LABELS = Schema("map", items=STRING)
PORT = Schema("object", {"port": INTEGER, "protocol": STRING, "name": STRING})
PORTS = Schema("list", items=PORT, keys=("port", "protocol"), key_defaults={"protocol": "TCP"})
ITEM = Schema("object", {"name": STRING, "value": INTEGER, "ports": PORTS, "map": LABELS})
SPEC = Schema(
    "object",
    {
        "text": STRING,
        "labels": LABELS,
        "items": Schema("list", items=ITEM, keys=("name",)),
        "tags": Schema("list", items=STRING, keys=()),
        "args": Schema("list", items=STRING),
        "selector": Schema("map", items=STRING, atomic=True),
        "inner": Schema("object", {"a": INTEGER, "b": INTEGER}),
        "whatever": ANY,
    },
)
ROOT = Schema("object", {"metadata": Schema("object", {"labels": LABELS}), "spec": SPEC})

_names = st.sampled_from("abcd")
_texts = st.sampled_from(("x", "y", "", "<&>"))
_numbers = st.integers(0, 3)


def _some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def _unique(items: st.SearchStrategy[Any], key: Any = None) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, max_size=4, unique_by=key or (lambda item: item))


_labels = st.dictionaries(_names, _texts, max_size=3)
_ports = _unique(
    st.builds(
        lambda port, rest: {"port": port} | rest,
        _numbers,
        _some(protocol=st.sampled_from(("TCP", "UDP")), name=_texts),
    ),
    lambda port: (port["port"], port.get("protocol", "TCP")),
)
_items = _unique(
    st.builds(
        lambda name, rest: {"name": name} | rest, _names, _some(value=_numbers, ports=_ports, map=_labels)
    ),
    lambda item: item["name"],
)
_anything = st.recursive(
    st.one_of(_texts, _numbers, st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_names, inner, max_size=2)),
    max_leaves=5,
)
specs = _some(
    text=_texts,
    labels=_labels,
    items=_items,
    tags=_unique(_names),
    args=st.lists(_names, max_size=3),
    selector=_labels,
    inner=_some(a=_numbers, b=_numbers),
    whatever=_anything,
)
manifests = specs.map(lambda spec: {"metadata": {}, "spec": spec})


def flat(value: Any, schema: Schema, path: str = "") -> dict[str, str]:
    """Every leaf by its path, slowly and obviously. What is empty is not there."""
    if not schema.atomic and isinstance(value, dict) and schema.type in ("object", "map", "any"):
        found = {}
        for name, one in value.items():
            found |= flat(one, schema.fields.get(name) or schema.items or ANY, f"{path}/f:{name}")
        return found
    if schema.type == "list" and schema.keys is not None:
        found = {}
        for item in value or ():
            element = f"{path}/{item_element(item, schema)}"
            found |= {element: "item"} | flat(item, schema.items or ANY, element)
        return found
    return {path: json.dumps(value, sort_keys=True)}
