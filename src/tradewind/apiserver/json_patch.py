"""JSON merge patch (RFC 7386) and JSON patch (RFC 6902, with the pointers of RFC 6901). Pure.

No function changes its arguments. What cannot be applied is an ApiError that names the operation.
"""

import copy
from collections.abc import Callable
from typing import Any

import msgspec

from tradewind.resources.status import ApiError, bad_request

MAX_OPERATIONS = 10_000  # as upstream's maxJSONPatchOperations
MAX_COPIED_BYTES = 3 * 1024 * 1024  # as upstream's AccumulatedCopySizeLimit
REJECTED = "the server rejected our request due to an error in our request"


def merge_patch(original: Any, patch: Any) -> Any:
    """`original` with an RFC 7386 patch: objects are merged, null removes, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(original) if isinstance(original, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def json_patch(original: Any, operations: Any) -> Any:
    """`original` after the operations of an RFC 6902 patch, all or none.

    400 for what is no such patch, 413 for more than MAX_OPERATIONS, 422 for one that does not apply: to the
    client upstream does not say why; here the exception's cause does.
    """
    if not isinstance(operations, list):
        raise undecodable(operations, "[]handlers.jsonPatchOp")
    for operation in operations:
        if not isinstance(operation, dict):
            raise undecodable(operation, "handlers.jsonPatchOp")
    if len(operations) > MAX_OPERATIONS:
        raise ApiError(
            413,
            "RequestEntityTooLarge",
            f"Request entity too large: The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, "
            f"got {len(operations)}",
        )
    document = copy.deepcopy(original)
    copied_bytes = 0
    for place, operation in enumerate(operations):
        try:
            copied_bytes += _copied_bytes(document, operation)
            if copied_bytes > MAX_COPIED_BYTES:
                raise _Refused(f"all copies together are larger than {MAX_COPIED_BYTES} bytes")
            document = _apply(document, operation)
        except _Refused as error:
            where = f"operation {place}, {operation.get('op', '')} {operation.get('path', '')}".rstrip()
            raise ApiError(422, "Invalid", REJECTED) from _Refused(f"{where}: {error}")
    return document


def undecodable(value: Any, wanted: str) -> ApiError:
    """400 in Go's words for a patch that is JSON, but not of the right sort."""
    match value:
        case bool():
            sort = "bool"
        case int() | float():
            sort = "number"
        case str():
            sort = "string"
        case _:
            sort = "array" if isinstance(value, list) else "object"
    return bad_request(f"error decoding patch: json: cannot unmarshal {sort} into Go value of type {wanted}")


class _Refused(Exception):
    pass


def _apply(document: Any, operation: Any) -> Any:
    perform = _OPERATIONS.get(str(operation.get("op", "")))
    if perform is None:
        known = ", ".join(_OPERATIONS)
        raise _Refused(f"op is {operation.get('op')!r}; must be one of {known}")
    return perform(document, _pointer(operation, "path"), operation)


def _copied_bytes(document: Any, operation: Any) -> int:
    """What a copy adds: a few operations that copy copies could otherwise fill the memory."""
    if operation.get("op") != "copy":
        return 0
    return len(msgspec.json.encode(_find(document, _pointer(operation, "from"))))


def _pointer(operation: dict[str, Any], member: str) -> list[str]:
    pointer = operation.get(member)
    if not isinstance(pointer, str) or (pointer and not pointer.startswith("/")):
        raise _Refused(f'{member} is {pointer!r}; must be "" or begin with "/"')
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _value(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise _Refused(f"{operation['op']} needs a value")
    return copy.deepcopy(operation["value"])


def _find(document: Any, path: list[str]) -> Any:
    for part in path:
        document = _child(document, part)
    return document


def _child(container: Any, part: str) -> Any:
    if isinstance(container, list):
        return container[_index(part, len(container) - 1)]
    if isinstance(container, dict) and part in container:
        return container[part]
    raise _Refused(f'there is no "{part}"')


def _index(part: str, last: int) -> int:
    if not part.isdecimal() or (part != "0" and part.startswith("0")) or len(part) > 9:
        raise _Refused(f'"{part}" is not an index of a list')
    if int(part) > last:
        raise _Refused(f"index {part} is outside of the list")
    return int(part)


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    container = _find(document, path[:-1])
    if isinstance(container, list):
        place = len(container) if path[-1] == "-" else _index(path[-1], len(container))
        container.insert(place, value)
    elif isinstance(container, dict):
        container[path[-1]] = value
    else:
        raise _Refused(f'there is no object or list to add "{path[-1]}" to')
    return document


def _remove(document: Any, path: list[str]) -> Any:
    if not path:
        raise _Refused("the whole object cannot be removed")
    container = _find(document, path[:-1])
    _child(container, path[-1])
    del container[int(path[-1]) if isinstance(container, list) else path[-1]]
    return document


def _perform_replace(document: Any, path: list[str], operation: dict[str, Any]) -> Any:
    value = _value(operation)
    _find(document, path)
    return _add(_remove(document, path), path, value) if path else value


def _perform_move(document: Any, path: list[str], operation: dict[str, Any]) -> Any:
    source = _pointer(operation, "from")
    if path[: len(source)] == source and path != source:
        raise _Refused("a value cannot be moved into itself")
    value = _find(document, source)
    return _add(_remove(document, source), path, value)


def _perform_copy(document: Any, path: list[str], operation: dict[str, Any]) -> Any:
    return _add(document, path, copy.deepcopy(_find(document, _pointer(operation, "from"))))


def _perform_test(document: Any, path: list[str], operation: dict[str, Any]) -> Any:
    if not _same(_find(document, path), _value(operation)):
        raise _Refused("the value is another one")
    return document


def _same(one: Any, other: Any) -> bool:
    """Equality as JSON has it: true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


_OPERATIONS: dict[str, Callable[[Any, list[str], dict[str, Any]], Any]] = {
    "add": lambda document, path, operation: _add(document, path, _value(operation)),
    "remove": lambda document, path, _: _remove(document, path),
    "replace": _perform_replace,
    "move": _perform_move,
    "copy": _perform_copy,
    "test": _perform_test,
}
