"""Objects on standard output: as kubectl's tables, YAML, JSON or names."""

import json
from collections.abc import Sequence

from tradewind.cli.tables import table
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.yaml_text import format_yaml


def rows_text(
    kind: Kind,
    found: Sequence[tuple[str, Manifest]],
    *,
    wide: bool,
    namespaces: bool,
    clusters: bool,
    now_ms: int,
) -> str:
    """A table of (cluster, object) pairs; `namespaces` and `clusters` add those columns in front."""
    columns = [column for column in kind.columns if wide or not column.wide]
    front = [*(["CLUSTER"] if clusters else []), *(["NAMESPACE"] if namespaces else [])]
    header = [*front, *(column.name.upper() for column in columns)]
    rows = []
    for cluster, manifest in found:
        place = [*([cluster] if clusters else []), *([_namespace(manifest)] if namespaces else [])]
        rows.append([*place, *_cells(columns, manifest, now_ms)])
    return table(header, rows)


def object_text(manifest: Manifest, output: str) -> str:
    """One object as `yaml` or `json`, without the bookkeeping of field managers."""
    return _dumped(_shown(manifest), output)


def list_text(manifests: Sequence[Manifest], output: str) -> str:
    """Several objects as one v1 List, as `yaml` or `json`."""
    items = [_shown(manifest) for manifest in manifests]
    whole = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}
    return _dumped(whole, output)


def reference(kind: Kind, name: str) -> str:
    """`kind.group/name`, as kubectl calls an object."""
    group = f".{kind.group}" if kind.group else ""
    return f"{kind.name.lower()}{group}/{name}"


def _cells(columns: Sequence[Column], manifest: Manifest, now_ms: int) -> list[str]:
    cells = (column.value(manifest, now_ms) for column in columns)
    return ["" if cell is None else str(cell) for cell in cells]


def _shown(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**manifest, "metadata": metadata}


def _dumped(value: Manifest, output: str) -> str:
    if output == "json":
        return json.dumps(value, indent=2)
    return format_yaml(value).rstrip("\n")


def _namespace(manifest: Manifest) -> str:
    return str(manifest["metadata"].get("namespace", ""))
