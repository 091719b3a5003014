"""Manifests that a command is given: found, parsed and checked, all of them before one is acted upon."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tradewind.cli.errors import CliError
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.custom_kinds import custom_kind, is_custom
from tradewind.resources.custom_types import CustomResourceDefinition
from tradewind.resources.kinds import Kind
from tradewind.resources.manifests import STANDARD_INPUT, Document, ManifestError, parse_manifests
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.problems import Level, errors
from tradewind.resources.registry import ALL_KINDS, HUB_KINDS, find
from tradewind.resources.shape import drop_nulls, nearest
from tradewind.resources.validate import check

SUFFIXES = (".yaml", ".yml", ".json")

# What others refer to comes first; a kind that is not named here comes last. Deletion goes the other way.
ORDER = (
    "CustomResourceDefinition",
    "Namespace",
    "Secret",
    "ServiceAccount",
    "ClusterRole",
    "Role",
    "ClusterRoleBinding",
    "RoleBinding",
    "ConfigMap",
    "ClusterServingRuntime",
    "ServingRuntime",
    "ClusterOverridePolicy",
    "OverridePolicy",
    "ClusterPropagationPolicy",
    "PropagationPolicy",
)


@dataclass(frozen=True)
class Wanted:
    """A manifest that may be sent, its namespace filled in; `document` says where it was written."""

    document: Document
    kind: Kind
    manifest: Manifest

    @property
    def namespace(self) -> str:
        """Its namespace, "" for cluster-scoped kinds."""
        return str(self.manifest["metadata"].get("namespace", "")) if self.kind.namespaced else ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])


def read_documents(names: Sequence[str]) -> list[Document]:
    """Every manifest of files, of folders (the YAML and JSON files below them, by name) and of `-`, standard
    input.

    Raises OSError or CliError when a file cannot be read or nothing is found, ManifestError with all
    mistakes of all files.
    """
    documents: list[Document] = []
    problems: list[str] = []
    for name in names:
        for source, text in _texts(name):
            try:
                documents += parse_manifests(text, source)
            except ManifestError as error:
                problems += error.problems
    if problems:
        raise ManifestError(problems)
    if not documents:
        raise CliError(f"no manifests in {', '.join(names)}")
    return documents


def identify(
    documents: Sequence[Document], namespace: str, custom: Callable[[], Sequence[Kind]]
) -> tuple[list[Wanted], list[str]]:
    """Which objects of the hub the manifests stand for, in the order in which to write them, and problems:
    kinds that the hub has not, missing names, the same object twice.

    Kinds may also be defined by the manifests themselves; else `custom` is asked for those of the hub.
    """
    wanted: list[Wanted] = []
    problems: list[str] = []
    kinds: Sequence[Kind] = (*HUB_KINDS, *defined_kinds(documents))
    if any(_find(kinds, document) is None for document in documents):
        kinds = (*kinds, *custom())
    for document in documents:
        kind = _find(kinds, document)
        if kind is None:
            problems.append(f"{document}: {_unknown_kind(document.manifest)}")
        elif not _name_of(document.manifest):
            problems.append(f"{document}: metadata.name is missing; give the object a name")
        else:
            wanted.append(Wanted(document, kind, _with_namespace(document.manifest, kind, namespace)))
    return sorted(wanted, key=lambda one: _rank(one.kind)), problems + _duplicates(wanted)


def defined_kinds(documents: Sequence[Document]) -> list[Kind]:
    """The kinds that CustomResourceDefinitions among the manifests define, as far as these are valid."""
    found = []
    for document in documents:
        if _find((CUSTOM_RESOURCE_DEFINITION,), document) is None:
            continue
        manifest = CUSTOM_RESOURCE_DEFINITION.default(
            drop_nulls(document.manifest, CUSTOM_RESOURCE_DEFINITION.struct)
        )
        if errors(check(manifest, CUSTOM_RESOURCE_DEFINITION)):
            continue
        if kind := custom_kind(decode(manifest, CustomResourceDefinition)):
            found.append(kind)
    return found


def _find(kinds: Iterable[Kind], document: Document) -> Kind | None:
    return find(kinds, document.manifest["apiVersion"], document.manifest["kind"])


def check_all(wanted: Sequence[Wanted]) -> tuple[list[str], list[str]]:
    """Every error, and every warning, of all manifests."""
    found = [(one, problem) for one in wanted for problem in check(_filled(one), one.kind)]
    told = {
        level: [f"{one.document}: {problem}" for one, problem in found if problem.level is level]
        for level in Level
    }
    return told[Level.ERROR], told[Level.WARNING]


def _filled(one: Wanted) -> Manifest:
    """The manifest as it is checked: a definition, and an object of a custom kind, with its defaults, some of
    which are for required fields."""
    manifest: Manifest = drop_nulls(one.manifest, one.kind.struct)
    filled = is_custom(one.kind) or one.kind is CUSTOM_RESOURCE_DEFINITION
    return one.kind.default(manifest) if filled else manifest


def _texts(name: str) -> list[tuple[str, str]]:
    if name == "-":
        return [(STANDARD_INPUT, sys.stdin.read())]
    path = Path(name)
    return [(str(file), _text(file)) for file in (_files_of(path) if path.is_dir() else [path])]


def _files_of(folder: Path) -> list[Path]:
    """Hidden files and folders are not manifests: a fleet's home is one by default."""
    found = (path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    return sorted(path for path in found if not _is_hidden(path.relative_to(folder)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except UnicodeDecodeError as error:
        raise CliError(f"{file}: is not text in UTF-8") from error


def _name_of(manifest: Manifest) -> str:
    metadata = manifest.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    return name if isinstance(name, str) else ""


def _unknown_kind(manifest: Manifest) -> str:
    api_version, name = manifest["apiVersion"], manifest["kind"]
    if find(ALL_KINDS, api_version, name) is not None:
        return f"{name} ({api_version}) exists in members only; what is applied goes to the hub"
    known = [
        f"{version} {kind.name}" for kind in HUB_KINDS for version in map(kind.api_version_of, kind.versions)
    ]
    return f'the hub has no kind "{name}" in "{api_version}"{nearest(f"{api_version} {name}", known)}'


def _with_namespace(manifest: Manifest, kind: Kind, namespace: str) -> Manifest:
    metadata = manifest["metadata"]
    if not kind.namespaced or metadata.get("namespace"):
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": namespace}}


def _duplicates(wanted: Sequence[Wanted]) -> list[str]:
    first: dict[tuple[str, str, str], Wanted] = {}
    problems = []
    for one in wanted:
        other = first.setdefault((one.kind.resource, one.namespace, one.name), one)
        if other is not one:
            problems.append(
                f"{one.document} is also at {other.document.source}:{other.document.line}; keep one of them"
            )
    return problems


def _rank(kind: Kind) -> int:
    return ORDER.index(kind.name) if kind.name in ORDER else len(ORDER)
