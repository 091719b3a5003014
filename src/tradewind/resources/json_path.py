"""JSONPath as CustomResourceDefinitions use it for columns (client-go `util/jsonpath`, what is between `{}`).

Grammar, steps one after another from the whole object:

    .name  .*            a field (a dot or blank in its name is written `\\.`), or every field
    ['name','other']     fields by quoted names
    [0] [-1] [1:3] [*]   items of a list: one, a slice, all
    [?(@.path == value)] items of a list for which it holds: == != < <= > >=, or only `@.path` for existence;
                         a value is a number, true, false, null or a quoted text
    ..name               every field of this name, however deep

What is missing selects nothing. No library is used because this is none of the standard's dialects: RFC 9535
knows no `\\.`, and writes its filters differently.
"""

import json
import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

Step = Callable[[Any], Iterator[Any]]

_NAME = r"(?:\\.|[^\\.\[\]'\"(){}\s])+"
_QUOTED = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\""
_STEP = re.compile(
    rf"\.\.(?P<deep>{_NAME})"
    rf"|\.?\[\s*(?P<quoted>(?:{_QUOTED})(?:\s*,\s*(?:{_QUOTED}))*)\s*\]"
    r"|\.?\[\s*(?P<slice>-?\d*\s*:\s*-?\d*)\s*\]"
    r"|\.?\[\s*(?P<index>-?\d+|\*)\s*\]"
    rf"|\.?\[\?\(\s*@(?P<left>[^=<>!]*?)\s*(?:(?P<operator>==|!=|<=|>=|<|>)\s*(?P<right>{_QUOTED}|[^\s)]+)\s*)?\)\]"
    rf"|\.(?P<name>{_NAME})"
)
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class PathError(ValueError):
    """A path that is not of the grammar."""


def select(path: str, value: Any) -> list[Any]:
    """Everything that a path selects, in the order of the document. Raises PathError."""
    found = [value]
    for step in compiled(path):
        found = [one for before in found for one in step(before)]
    return found


@lru_cache(maxsize=4096)
def compiled(path: str) -> tuple[Step, ...]:
    """The steps of a path. Raises PathError."""
    steps: list[Step] = []
    place = 0
    while place < len(path) and path != ".":
        match = _STEP.match(path, place)
        if match is None:
            raise PathError(f'"{path}" is no JSONPath that is understood here, from "{path[place:]}" on')
        steps.append(_step(match))
        place = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    kind = match.lastgroup if match["left"] is None else "left"
    match kind:
        case "deep":
            return _deep(_plain(match["deep"]))
        case "quoted":
            return _fields([_text(one) for one in re.findall(_QUOTED, match["quoted"])])
        case "slice":
            first, last = (int(one) if one.strip() else None for one in match["slice"].split(":"))
            return lambda value: iter(value[first:last] if isinstance(value, list) else ())
        case "index":
            return _every if match["index"] == "*" else _item(int(match["index"]))
        case "left":
            return _filter(match["left"], match["operator"], match["right"])
    return _every if match["name"] == "*" else _fields([_plain(match["name"])])


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _text(quoted: str) -> str:
    return _plain(quoted[1:-1])


def _fields(names: list[str]) -> Step:
    return lambda value: iter([value[one] for one in names if isinstance(value, dict) and one in value])


def _every(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        return iter(value.values())
    return iter(value if isinstance(value, list) else ())


def _item(place: int) -> Step:
    return lambda value: iter(
        [value[place]] if isinstance(value, list) and -len(value) <= place < len(value) else []
    )


def _deep(name: str) -> Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict) and name in value:
            yield value[name]
        for one in _every(value):
            yield from step(one)

    return step


def _filter(left: str, sign: str | None, right: str | None) -> Step:
    compiled(left)
    wanted = _constant(right) if right is not None else None

    def holds(item: Any) -> bool:
        found = select(left, item)
        if not found or sign is None:
            return bool(found)
        try:
            return _COMPARISONS[sign](found[0], wanted)
        except TypeError:  # a text and a number have no order
            return False

    return lambda value: (item for item in _every(value) if holds(item))


def _constant(text: str) -> Any:
    if text[0] in "'\"":
        return _text(text)
    try:
        return json.loads(text)
    except ValueError:
        raise PathError(f"{text} is no value to compare with; put a text in quotes") from None
