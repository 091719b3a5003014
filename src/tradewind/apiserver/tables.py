"""Server-side printing: the Table form that `kubectl get` asks for (metav1 Table). Pure."""

from collections.abc import Iterable, Iterator
from typing import Any

from tradewind.resources.columns import AGE, NAME
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest

METADATA, OBJECT, NONE = "Metadata", "Object", "None"
INCLUDES = (METADATA, OBJECT, NONE)
GROUP = "meta.k8s.io"


def table(
    kind: Kind,
    manifests: Iterable[Manifest],
    now_ms: int,
    *,
    metadata: Manifest,
    include: str = METADATA,
    headers: bool = True,
    version: str = "v1",
) -> Manifest:
    """Objects as rows under the kind's columns. `include` says how much of each object goes with its row,
    `metadata` is the list's; a watch sends `headers` only once."""
    rows = list(table_rows(kind, manifests, now_ms, include, version))
    return table_head(kind, metadata, headers=headers, version=version) | {"rows": rows}


def table_head(kind: Kind, metadata: Manifest, *, headers: bool = True, version: str = "v1") -> Manifest:
    """A table without its rows."""
    columns = kind.columns or (NAME, AGE)
    return {
        "kind": "Table",
        "apiVersion": f"{GROUP}/{version}",
        "metadata": metadata,
        "columnDefinitions": [_definition(column) for column in columns] if headers else None,
    }


def table_rows(
    kind: Kind, manifests: Iterable[Manifest], now_ms: int, include: str = METADATA, version: str = "v1"
) -> Iterator[Manifest]:
    """The rows of a table, one after another."""
    columns, api_version = kind.columns or (NAME, AGE), f"{GROUP}/{version}"
    return (_row(columns, manifest, now_ms, include, api_version) for manifest in manifests)


def _definition(column: Column) -> Manifest:
    return {
        "name": column.name,
        "type": column.type,
        "format": "name" if column.name == NAME.name else "",
        "description": column.description,
        "priority": 1 if column.wide else 0,
    }


def partial(manifest: Manifest, api_version: str) -> Manifest:
    """An object's metadata and nothing else (metav1 PartialObjectMetadata)."""
    return {"kind": "PartialObjectMetadata", "apiVersion": api_version, "metadata": manifest["metadata"]}


def _row(
    columns: tuple[Column, ...], manifest: Manifest, now_ms: int, include: str, api_version: str
) -> Manifest:
    cells: list[Any] = [column.value(manifest, now_ms) for column in columns]
    if include == NONE:
        return {"cells": cells}
    if include == METADATA:
        manifest = partial(manifest, api_version)
    return {"cells": cells, "object": manifest}
