"""PyYAML's C loader and dumper, made to agree with kubectl (go-yaml, then JSON) on what a text means.

Keys become strings, dates and `1:30` stay text, `1e3` is a number and `y` is true. A key that stands
twice is noted instead of the later one winning silently.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeDumper as FastDumper
    from yaml import SafeLoader as FastLoader
else:
    from yaml import CSafeDumper as FastDumper
    from yaml import CSafeLoader as FastLoader

MAX_SHOWN_LENGTH = 60
TRUE = ("y", "yes", "true", "on")
FALSE = ("n", "no", "false", "off")
LARGEST_INTEGER = 2**63 - 1  # beyond it kubectl reads a float
TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Mistake:
    """What is wrong with a text, and where; line and column count from 1."""

    line: int
    column: int
    message: str


@dataclass(frozen=True)
class DuplicateKey(Mistake):
    """A key that stands twice in one mapping."""

    key: str


class YamlMistakes(Exception):
    """The text cannot be read. Carries every mistake that was found."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("; ".join(f"line {one.line}: {one.message}" for one in mistakes))
        self.mistakes = mistakes


class JsonLoader(FastLoader):
    """Builds JSON values; see the module for how it differs from PyYAML's own."""

    yaml_implicit_resolvers: Any = {}  # not inherited: PyYAML's are those of YAML 1.1

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.duplicates: list[DuplicateKey] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping with string keys; keys that stand twice are noted."""
        if isinstance(node, yaml.MappingNode):
            self._note_duplicates(node)
        return {_key_text(key, node): value for key, value in super().construct_mapping(node, deep).items()}

    def _note_duplicates(self, node: yaml.MappingNode) -> None:
        first_lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == f"{TAG}merge":
                continue
            name = _key_text(self.construct_object(key), node)
            line = key.start_mark.line + 1
            if name in first_lines:
                problem = (
                    f'the key "{name}" stands twice: it is also on line {first_lines[name]}; keep one of them'
                )
                self.duplicates.append(DuplicateKey(line, key.start_mark.column + 1, problem, name))
            first_lines.setdefault(name, line)


class JsonDumper(FastDumper):
    """Puts every text in quotes that some reader would take for something else, and writes no aliases."""

    def ignore_aliases(self, _: Any) -> bool:
        """Equal parts are written out each time."""
        return True


def integer(text: str) -> int | float:
    """An integer in any of YAML's notations. Raises ValueError."""
    plain = text.replace("_", "")
    value = int(plain, 8) if re.fullmatch("[-+]?0[0-7]+", plain) else int(plain, 0)
    return value if abs(value) <= LARGEST_INTEGER else number(str(value))


def number(text: str) -> int | float:
    """A number that JSON has, an integer if it is whole. Raises ValueError."""
    value = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(value):
        raise ValueError(text)
    return int(value) if value.is_integer() and abs(value) <= LARGEST_INTEGER else value


def _boolean(text: str) -> bool:
    if text.lower() not in (*TRUE, *FALSE):
        raise ValueError(text)
    return text.lower() in TRUE


def _constructor(build: Callable[[str], Any]) -> Callable[[JsonLoader, yaml.ScalarNode], Any]:
    def construct(loader: JsonLoader, node: yaml.ScalarNode) -> Any:
        text = str(loader.construct_scalar(node))
        try:
            return build(text)
        except ValueError:
            shown = text[:MAX_SHOWN_LENGTH]
            problem = f"{shown} cannot be read as {_tag_name(node)}; put it in quotes if it is text"
            raise mistake(node.start_mark, problem) from None

    return construct


def _refuse(_: JsonLoader, node: yaml.Node) -> Any:
    raise mistake(node.start_mark, f"JSON has no {_tag_name(node)}; write the value as text")


def _tag_name(node: yaml.Node) -> str:
    return str(node.tag).replace(TAG, "!!")


def _key_text(key: Any, node: yaml.MappingNode) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, str | int | float):
        return str(key)
    raise mistake(node.start_mark, "a key must be text; put it in quotes")


def mistake(mark: Any, message: str) -> YamlMistakes:
    """An error at a place that PyYAML marked."""
    return YamlMistakes([Mistake(mark.line + 1, mark.column + 1, message)])


def _set_up() -> None:
    numeric = list("-+.0123456789")
    # The first that matches wins, so integers come before numbers with a fraction.
    for tag, pattern, firsts in (
        (
            "bool",
            "[yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
            list("yYnNtTfFoO"),
        ),
        ("int", "[-+]?(0[bB][01_]+|0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)", numeric),
        (
            "float",
            r"[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            numeric,
        ),
        ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("merge", "<<", ["<"]),
    ):
        for reader in (JsonLoader, JsonDumper):
            reader.add_implicit_resolver(f"{TAG}{tag}", re.compile(f"(?:{pattern})$"), firsts)
    for tag, build in (("int", integer), ("float", number), ("bool", _boolean)):
        JsonLoader.add_constructor(f"{TAG}{tag}", _constructor(build))
    for tag in ("binary", "timestamp", "set", "omap", "pairs"):
        JsonLoader.add_constructor(f"{TAG}{tag}", _refuse)
    JsonLoader.add_constructor(None, _refuse)


_set_up()
