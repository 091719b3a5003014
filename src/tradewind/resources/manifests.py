"""Manifests as people keep them: files of YAML or JSON with one or many documents."""

from dataclasses import dataclass
from typing import Any

from tradewind.resources.meta import Manifest
from tradewind.resources.shape import shown
from tradewind.resources.yaml_loader import Mistake, YamlMistakes
from tradewind.resources.yaml_text import YamlDocument, parse_yaml

STANDARD_INPUT = "standard input"


@dataclass(frozen=True)
class Document:
    """A manifest, and where it was written: `source` is a file's name, `line` counts from 1."""

    manifest: Manifest
    source: str
    line: int

    def __str__(self) -> str:
        name = self.manifest.get("metadata", {}).get("name", "") if self._has_metadata() else ""
        return f'{self.source}:{self.line}: {self.manifest["kind"]} "{name}"'

    def _has_metadata(self) -> bool:
        return isinstance(self.manifest.get("metadata"), dict)


class ManifestError(Exception):
    """A text that holds something other than manifests. `problems` are lines to be shown to the user,
    each beginning with `FILE:LINE:`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def parse_manifests(text: str, source: str = STANDARD_INPUT) -> list[Document]:
    """Every manifest of a text, in its order; the items of a List stand for themselves.

    Raises ManifestError with all problems: what YAML does not accept, keys that stand twice, documents
    without apiVersion or kind.
    """
    try:
        documents = parse_yaml(text)
    except YamlMistakes as error:
        raise ManifestError([_mistake_text(one, source, text) for one in error.mistakes]) from error
    found = [item for document in documents for item in _flattened(document)]
    problems = [problem for item in found if (problem := _problem(item, source))]
    if problems:
        raise ManifestError(problems)
    return [Document(item.value, source, item.line) for item in found]


def _flattened(document: YamlDocument) -> list[YamlDocument]:
    value = document.value
    if not _is_list(value):
        return [document]
    return [inner for item in value["items"] for inner in _flattened(YamlDocument(item, document.line))]


def _is_list(value: Any) -> bool:
    """A List of any kind, as `kubectl get -o yaml` prints several objects."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("kind"), str)
        and value["kind"].endswith("List")
        and isinstance(value.get("items"), list)
    )


def _problem(item: YamlDocument, source: str) -> str:
    at = f"{source}:{item.line}"
    if not isinstance(item.value, dict):
        return (
            f"{at}: a manifest is an object with apiVersion, kind and metadata; this is {shown(item.value)}"
        )
    lacking = [name for name in ("apiVersion", "kind") if not item.value.get(name)]
    if len(lacking) == 2:
        return f"{at}: {_fragment_text(item.value, source)}"
    if lacking:
        return f"{at}: {lacking[0]} is missing; every manifest has apiVersion and kind"
    wrong = [name for name in ("apiVersion", "kind") if not isinstance(item.value[name], str)]
    return f"{at}: {wrong[0]} must be a string, not {shown(item.value[wrong[0]])}" if wrong else ""


def _fragment_text(fragment: Manifest, source: str) -> str:
    fields = ", ".join(_leaf_paths(fragment)) or "nothing"
    kind = "inferenceservice" if "predictor" in (fragment.get("spec") or ()) else "KIND"
    return (
        f"this is a fragment, not a manifest: it has no apiVersion and kind, only {fields}. Write these "
        "fields into the manifest that they belong to, or merge them into an object that exists: "
        f"kubectl patch {kind} NAME --type merge --patch-file {source}"
    )


def _leaf_paths(value: Any, path: str = "", limit: int = 5) -> list[str]:
    if not isinstance(value, dict) or not value:
        return [path] if path else []
    paths = [
        leaf for name, one in value.items() for leaf in _leaf_paths(one, f"{path}.{name}".lstrip("."), limit)
    ]
    return paths if len(paths) <= limit else [*paths[:limit], "…"]


def _mistake_text(mistake: Mistake, source: str, text: str) -> str:
    lines = text.splitlines()
    line = lines[mistake.line - 1] if mistake.line <= len(lines) else ""
    place = f"{source}:{mistake.line}:{mistake.column}: {mistake.message}"
    return f"{place}\n    {line.strip()}" if line.strip() else place
