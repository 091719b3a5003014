"""Fields that stand twice in a body, in the words of upstream's strict decoding. Pure.

Upstream: sigs.k8s.io/json for JSON, sigs.k8s.io/yaml for YAML.
"""

import json
from collections.abc import Iterator
from typing import Any

from tradewind.resources.yaml_loader import DuplicateKey
from tradewind.resources.yaml_text import parse_yaml

_YAML_ERRORS = "yaml: unmarshal errors:"
MAX_ERRORS = 100  # sigs.k8s.io/json saves no more


class _Twice(Exception):
    """A field stands twice somewhere."""


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written."""


def duplicates_in_json(body: bytes) -> tuple[str, ...]:
    """`duplicate field "spec.a"` for each field of a JSON text that was written before at the same place."""
    try:
        json.loads(body, object_pairs_hook=_refuse_twice)
    except _Twice:
        found = _walk(json.loads(body, object_pairs_hook=_Pairs), "")
        paths = list(dict.fromkeys(found))[:MAX_ERRORS]
        return tuple(f'duplicate field "{path}"' for path in paths)
    return ()


def duplicates_in_yaml(text: str) -> tuple[str, ...]:
    """All of a YAML text in one message, as the library that upstream uses gives it."""
    found: list[DuplicateKey] = []
    parse_yaml(text, found)
    lines = [f'  line {one.line}: key "{one.key}" already set in map' for one in found]
    return ("\n".join([_YAML_ERRORS, *lines]),) if lines else ()


def warnings_of(errors: tuple[str, ...]) -> tuple[str, ...]:
    """The errors one by one, for `fieldValidation=Warn` (upstream `parseYAMLWarnings`)."""
    lines = (line for error in errors for line in error.removeprefix(_YAML_ERRORS).split("\n"))
    return tuple(line.strip() for line in lines if line)


def _refuse_twice(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _Twice


def _walk(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen = set()
        for name, one in value:
            at = f"{path}.{name}" if path else name
            if name in seen:
                yield at
            seen.add(name)
            yield from _walk(one, at)
    elif isinstance(value, list):
        for place, one in enumerate(value):
            yield from _walk(one, f"{path}[{place}]")
