"""Columns that a CustomResourceDefinition asks for (apiextensions-apiserver `tableconvertor`)."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from tradewind.resources.columns import NAME, since
from tradewind.resources.custom_types import PrinterColumn
from tradewind.resources.json_path import select
from tradewind.resources.kinds import Cell, Column
from tradewind.resources.meta import Manifest

DEFAULT = (PrinterColumn(name="Age", type="date", json_path=".metadata.creationTimestamp"),)


def columns_of(declared: Sequence[PrinterColumn]) -> tuple[Column, ...]:
    """The name, and what is declared, or the age where nothing is. Paths must have been checked."""
    return (NAME, *(_column(one) for one in declared or DEFAULT))


def _column(declared: PrinterColumn) -> Column:
    def value(manifest: Manifest, now_ms: int) -> Cell:
        found = select(declared.json_path, manifest)
        return _cell(declared.type, found[0], now_ms) if found else None

    told = f"Custom resource definition column (in JSONPath format): {declared.json_path}"
    return Column(declared.name, value, declared.type, declared.priority > 0, declared.description or told)


def _cell(type_: str, value: Any, now_ms: int) -> Cell:
    """A value as a cell of this type; None when it is of another."""
    show: dict[str, Callable[[], Cell]] = {
        "string": lambda: _text(value),
        "integer": lambda: int(value) if _is_number(value) else None,
        "number": lambda: float(value) if _is_number(value) else None,
        "boolean": lambda: value if isinstance(value, bool) else None,
        "date": lambda: since(value, now_ms) if isinstance(value, str) else None,
    }
    return None if value is None else show[type_]()


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
