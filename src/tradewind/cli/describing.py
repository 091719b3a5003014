"""An object as text for people: its fields by name, then conditions and events as tables."""

from typing import Any

from tradewind.cli.tables import table
from tradewind.resources.columns import since
from tradewind.resources.labels import LAST_APPLIED
from tradewind.resources.meta import Manifest

HIDDEN_METADATA = ("managedFields", "name", "namespace", "labels", "annotations", "selfLink")
INDENT = "  "
LABEL_WIDTH = 14


def describe_text(manifest: Manifest, events: list[Manifest], now_ms: int) -> str:
    """Everything worth reading of an object. Values of a Secret are never shown, only their sizes."""
    metadata = manifest.get("metadata") or {}
    lines = [
        _line("Name", metadata.get("name", "")),
        *([_line("Namespace", metadata["namespace"])] if metadata.get("namespace") else []),
        _line("Kind", f"{manifest.get('kind', '')} ({manifest.get('apiVersion', '')})"),
        _line("Age", since(metadata.get("creationTimestamp"), now_ms)),
        *_pairs("Labels", metadata.get("labels") or {}),
        *_pairs("Annotations", _own_annotations(metadata.get("annotations") or {})),
    ]
    rest = {key: value for key, value in metadata.items() if key not in HIDDEN_METADATA}
    lines += _tree({"metadata": rest}, "")
    shown = _hide_secret(manifest)
    lines += _tree({key: shown[key] for key in shown if key not in ("apiVersion", "kind", "metadata")}, "")
    blocks = ["\n".join(lines), _conditions(manifest), _events(events, now_ms)]
    return "\n\n".join(block for block in blocks if block)


def _hide_secret(manifest: Manifest) -> Manifest:
    hidden: Manifest = dict(manifest)
    if manifest.get("kind") == "Secret":
        data = manifest.get("data") or {}
        hidden["data"] = {key: f"{_decoded_bytes(value)} bytes" for key, value in data.items()}
    status = manifest.get("status")
    if isinstance(status, dict):
        hidden["status"] = {key: value for key, value in status.items() if key != "conditions"}
    return hidden


def _decoded_bytes(text: str) -> int:
    return len(text) * 3 // 4 - text.count("=")


def _own_annotations(annotations: dict[str, str]) -> dict[str, str]:
    """Without the copy of the whole manifest that `apply` keeps for itself."""
    return {key: value for key, value in annotations.items() if key != LAST_APPLIED}


def _line(label: str, value: object) -> str:
    return f"{label + ':':<{LABEL_WIDTH}}{value}".rstrip()


def _pairs(label: str, pairs: dict[str, str]) -> list[str]:
    shown = [f"{key}={value}" for key, value in sorted(pairs.items())]
    return [_line(label, shown[0]), *(" " * LABEL_WIDTH + text for text in shown[1:])] if shown else []


def _tree(value: dict[str, Any], indent: str) -> list[str]:
    lines: list[str] = []
    for key, child in value.items():
        if child in ({}, [], None):
            continue
        if isinstance(child, dict):
            lines += [f"{indent}{key}:", *_tree(child, indent + INDENT)]
        elif isinstance(child, list):
            lines += [f"{indent}{key}:", *_items(child, indent + INDENT)]
        else:
            lines += _leaf(f"{indent}{key}:", child, indent + INDENT)
    return lines


def _items(values: list[Any], indent: str) -> list[str]:
    lines: list[str] = []
    for value in values:
        if isinstance(value, dict):
            first, *others = _tree(value, "") or ["{}"]
            lines += [f"{indent}- {first}", *(f"{indent}{INDENT}{line}" for line in others)]
        else:
            lines += _leaf(f"{indent}-", value, indent + INDENT)
    return lines


def _leaf(head: str, value: object, indent: str) -> list[str]:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    first, *others = text.splitlines() or [""]
    return [f"{head} {first}", *(f"{indent}{line}" for line in others)]


def _conditions(manifest: Manifest) -> str:
    status = manifest.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    rows = [
        (one.get("type", ""), one.get("status", ""), one.get("reason", ""), one.get("message", ""))
        for one in conditions or []
    ]
    return "Conditions:\n" + table(("TYPE", "STATUS", "REASON", "MESSAGE"), rows) if rows else ""


def _events(events: list[Manifest], now_ms: int) -> str:
    if not events:
        return "Events: none"
    ordered = sorted(events, key=_seen_at)
    rows = [_event_row(event, now_ms) for event in ordered]
    return "Events:\n" + table(("LAST SEEN", "TYPE", "REASON", "COUNT", "MESSAGE"), rows)


def _event_row(event: Manifest, now_ms: int) -> tuple[object, ...]:
    seen = since(_seen_at(event), now_ms)
    message = str(event.get("message", "")).strip()
    return (seen, event.get("type", ""), event.get("reason", ""), event.get("count") or 1, message)


def _seen_at(event: Manifest) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")
