"""The OpenAPI v2 document as protobuf, the only form in which kubectl reads it. Pure.

Messages and field numbers are those of `OpenAPIv2.proto` in google/gnostic-models, as far as the document has
them; a part that is not in the tables is refused rather than lost.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from tradewind.resources.meta import Manifest

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ASKED_TYPE = MEDIA_TYPE.replace(".v1.0", "@v1.0")  # kubectl's name for it, which is no media type

_Encoder = Callable[[Any], bytes]
_Fields = dict[str, tuple[int, _Encoder]]
_LENGTH_DELIMITED = 2


def encode_document(document: Manifest) -> bytes:
    """The document in `openapi.v2.Document`."""
    return _document(document)


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _delimited(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(value)) + value


def _text(value: str) -> bytes:
    return value.encode()


def _any(value: Any) -> bytes:
    """`Any`, whose second field is YAML; JSON is YAML."""
    return _delimited(2, msgspec.json.encode(value))


def _named(name: str, value: bytes) -> bytes:
    return _delimited(1, name.encode()) + _delimited(2, value)


def _map(number: int, encode: _Encoder) -> _Encoder:
    """A message that has nothing but named values."""
    return lambda value: b"".join(
        _delimited(number, _named(name, encode(one))) for name, one in value.items()
    )


def _message(fields: _Fields, extensions: int, booleans: Iterable[tuple[str, int]] = ()) -> _Encoder:
    """A message by the names of its fields; lists are repeated, `x-…` goes to the extensions."""
    flags = dict(booleans)

    def encode(value: Manifest) -> bytes:
        parts = []
        for name, one in value.items():
            if name.startswith("x-"):
                parts.append(_delimited(extensions, _named(name, _any(one))))
            elif name in flags:
                parts.append(_varint(flags[name] << 3) + _varint(int(one)))
            else:
                number, inner = fields[name]
                repeated = one if isinstance(one, list) else [one]
                parts += [_delimited(number, inner(each)) for each in repeated]
        return b"".join(parts)

    return encode


def _schema(value: Manifest) -> bytes:
    return _SCHEMA(value)


def _wrapped(*numbers: int, encode: _Encoder) -> _Encoder:
    """A value inside messages that have just one field each, from the outermost to the innermost."""

    def wrap(value: Any) -> bytes:
        encoded = encode(value)
        for number in reversed(numbers):
            encoded = _delimited(number, encoded)
        return encoded

    return wrap


_SCHEMA = _message(
    {
        "$ref": (1, _text),
        "format": (2, _text),
        "title": (3, _text),
        "description": (4, _text),
        "default": (5, _any),
        "pattern": (13, _text),
        "required": (19, _text),
        "enum": (20, _any),
        "additionalProperties": (21, _wrapped(1, encode=_schema)),
        "type": (22, _wrapped(1, encode=_text)),
        "items": (23, _wrapped(1, encode=_schema)),
        "allOf": (24, _schema),
        "properties": (25, _map(1, _schema)),
    },
    extensions=31,
)
_BODY_PARAMETER = _message(
    {"description": (1, _text), "name": (2, _text), "in": (3, _text), "schema": (5, _schema)},
    extensions=6,
    booleans=(("required", 4),),
)
_QUERY_PARAMETER = _message(
    {"in": (2, _text), "description": (3, _text), "name": (4, _text), "type": (6, _text)},
    extensions=23,
    booleans=(("required", 1), ("uniqueItems", 20)),
)
_PATH_PARAMETER = _message(
    {"in": (2, _text), "description": (3, _text), "name": (4, _text), "type": (5, _text)},
    extensions=22,
    booleans=(("required", 1), ("uniqueItems", 19)),
)
_PARAMETERS = {
    "body": _wrapped(1, 1, encode=_BODY_PARAMETER),
    "query": _wrapped(1, 2, 3, encode=_QUERY_PARAMETER),
    "path": _wrapped(1, 2, 4, encode=_PATH_PARAMETER),
}


def _parameter(value: Manifest) -> bytes:
    return _PARAMETERS[value["in"]](value)


_RESPONSE = _message({"description": (1, _text), "schema": (2, _wrapped(1, encode=_schema))}, extensions=5)
_OPERATION = _message(
    {
        "tags": (1, _text),
        "description": (3, _text),
        "operationId": (5, _text),
        "produces": (6, _text),
        "consumes": (7, _text),
        "parameters": (8, _parameter),
        "responses": (9, _map(1, _wrapped(1, encode=_RESPONSE))),
        "schemes": (10, _text),
    },
    extensions=13,
)
_PATH_ITEM = _message(
    {
        "get": (2, _OPERATION),
        "put": (3, _OPERATION),
        "post": (4, _OPERATION),
        "delete": (5, _OPERATION),
        "patch": (8, _OPERATION),
        "parameters": (9, _parameter),
    },
    extensions=10,
)
_API_KEY = _message(
    {"type": (1, _text), "name": (2, _text), "in": (3, _text), "description": (4, _text)}, extensions=5
)
_document = _message(
    {
        "swagger": (1, _text),
        "info": (2, _message({"title": (1, _text), "version": (2, _text)}, extensions=7)),
        "paths": (8, _map(2, _PATH_ITEM)),
        "definitions": (9, _map(1, _schema)),
        "security": (12, _map(1, lambda names: b"".join(_delimited(1, _text(name)) for name in names))),
        "securityDefinitions": (13, _map(1, _wrapped(2, encode=_API_KEY))),
    },
    extensions=16,
)
