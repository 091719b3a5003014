"""YAML and JSON text into plain values and back. Every mistake is told with its place and its fix."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from tradewind.resources.yaml_loader import (
    DuplicateKey,
    JsonDumper,
    JsonLoader,
    Mistake,
    YamlMistakes,
    integer,
    mistake,
    number,
)

MAX_DEPTH = 100  # the composer of libyaml recurses and would overflow the C stack
MAX_VALUES = 1_000_000  # what a few aliases of aliases would otherwise expand to
FIXES = {
    "mapping values are not allowed in this context": "put the text in quotes if it holds a colon, "
    "or mend the indentation",
    "found undefined alias": "put the text in quotes if it begins with *",
}
TAB_FIX = "a tab cannot indent YAML; use spaces"


@dataclass(frozen=True)
class YamlDocument:
    """One document of a text, and the line on which it begins, from 1."""

    value: Any
    line: int


def parse_yaml(text: str, duplicates: list[DuplicateKey] | None = None) -> list[YamlDocument]:
    """Every document that is not empty. Values are what JSON has. Raises YamlMistakes.

    A key that stands twice is a mistake. With a list, it is put there instead, and the last one counts.
    """
    documents = _json_document(text) or _yaml_documents(text, duplicates)
    for document in documents:
        _check_bounds(document)
    return documents


def format_yaml(value: Any) -> str:
    """JSON values as YAML with sorted keys, as kubectl prints them: `parse_yaml`, kubectl and readers of
    YAML 1.1 all read the same values back."""
    text: str = yaml.dump(value, Dumper=JsonDumper, width=1_000_000, allow_unicode=True)
    return text


def _json_document(text: str) -> list[YamlDocument]:
    """The one JSON object of a text. JSON says some texts otherwise than YAML (`"\\ud83d\\ude00"`), so it
    comes first, as in kubectl; what has a mistake is left to YAML, which tells its place."""
    start = text[: len(text) - len(text.lstrip())]
    if not text.startswith("{", len(start)):
        return []
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=number,
            parse_float=number,
            parse_int=integer,
        )
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError):
        return []
    return [YamlDocument(value, start.count("\n") + 1)]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _yaml_documents(text: str, duplicates: list[DuplicateKey] | None) -> list[YamlDocument]:
    loader = None
    try:
        _check_depth(text)
        loader = JsonLoader(text)
        documents = list(_documents(loader))
    except yaml.MarkedYAMLError as error:
        raise YamlMistakes(_syntax_mistakes(error, text)) from error
    except yaml.YAMLError as error:
        raise YamlMistakes([_unreadable(error, text)]) from error
    except RecursionError as error:
        raise YamlMistakes([Mistake(1, 1, "a merge key (<<) leads back to itself")]) from error
    finally:
        if loader is not None:
            loader.dispose()
    if duplicates is not None:
        duplicates += loader.duplicates
    elif loader.duplicates:
        raise YamlMistakes(loader.duplicates)
    return documents


def _documents(loader: JsonLoader) -> Iterator[YamlDocument]:
    while loader.check_node():
        node = loader.get_node()
        assert node is not None
        value = loader.construct_document(node)
        if value is not None:
            yield YamlDocument(value, node.start_mark.line + 1)


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=JsonLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise mistake(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")


def _check_bounds(document: YamlDocument) -> None:
    """Aliases make one value stand in many places, and even inside itself; JSON writes each out."""
    waiting, count = [(document.value, 1)], 0
    while waiting:
        one, depth = waiting.pop()
        children = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        waiting.extend((child, depth + 1) for child in children)
        count += len(children)
        if depth > MAX_DEPTH or count > MAX_VALUES:
            limit = (
                f"nested deeper than {MAX_DEPTH} levels or larger than {MAX_VALUES} values, aliases expanded"
            )
            raise YamlMistakes([Mistake(document.line, 1, limit)])


def _syntax_mistakes(error: yaml.MarkedYAMLError, text: str) -> list[Mistake]:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    problem = error.problem or "cannot be read"
    if problem == "found character that cannot start any token":
        problem = _bad_start(text, line, column)
    elif problem in FIXES:
        problem = f"{problem}; {FIXES[problem]}"
    began = error.context_mark
    if error.context and began and (began.line, began.column) != (line, column):
        problem = f"{problem}, {error.context} that begins on line {began.line + 1}"
    return [Mistake(line + 1, column + 1, problem)]


def _bad_start(text: str, line: int, column: int) -> str:
    lines = text.splitlines()
    shown = lines[line][column : column + 1] if line < len(lines) else ""
    if shown == "\t":
        return TAB_FIX
    return f"a value cannot begin with {shown}; put it in quotes"


def _unreadable(error: yaml.YAMLError, text: str) -> Mistake:
    position = getattr(error, "position", 0) or 0
    before = text[:position]
    reason = getattr(error, "reason", None) or "cannot be read"
    return Mistake(before.count("\n") + 1, position - before.rfind("\n"), str(reason))
