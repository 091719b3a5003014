"""The OpenAPI v2 document as protobuf, the only form in which kubectl reads it. Pure.

Messages and field numbers are those of `OpenAPIv2.proto` in google/gnostic-models, as far as the document has
them; a part that is not in the tables is refused rather than lost.
"""

import struct
from collections.abc import Callable
from typing import Any

import msgspec

from tradewind.resources.meta import Manifest

MEDIA_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
ASKED_TYPE = MEDIA_TYPE.replace(".v1.0", "@v1.0")  # kubectl's name for it, which is no media type

_Encoder = Callable[[Any], bytes]
_Fields = dict[str, tuple[int, _Encoder]]
_Numbers = dict[str, tuple[int, Callable[[int, Any], bytes]]]
_FIXED_64, _LENGTH_DELIMITED = 1, 2
_MASK_64 = 2**64 - 1


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


def _double(number: int, value: float) -> bytes:
    return _varint(number << 3 | _FIXED_64) + struct.pack("<d", value)


def _integer(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value & _MASK_64)


def _map(number: int, encode: _Encoder) -> _Encoder:
    """A message that has nothing but named values."""
    return lambda value: b"".join(
        _delimited(number, _named(name, encode(one))) for name, one in value.items()
    )


def _message(fields: _Fields, extensions: int, numbers: _Numbers | None = None) -> _Encoder:
    """A message by the names of its fields; lists are repeated, `x-…` goes to the extensions."""

    def encode(value: Manifest) -> bytes:
        parts = []
        for name, one in value.items():
            if name.startswith("x-"):
                parts.append(_delimited(extensions, _named(name, _any(one))))
            elif numbers and name in numbers:
                number, write = numbers[name]
                parts.append(write(number, one))
            else:
                number, inner = fields[name]
                repeated = one if isinstance(one, list) and inner is not _any_whole else [one]
                parts += [_delimited(number, inner(each)) for each in repeated]
        return b"".join(parts)

    return encode


def _any_whole(value: Any) -> bytes:
    """`Any` of a value that may itself be a list."""
    return _any(value)


def _additional(value: Any) -> bytes:
    return _integer(2, value) if isinstance(value, bool) else _delimited(1, _schema(value))


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
        "default": (5, _any_whole),
        "pattern": (13, _text),
        "required": (19, _text),
        "enum": (20, _any),
        "additionalProperties": (21, _additional),
        "type": (22, _wrapped(1, encode=_text)),
        "items": (23, _wrapped(1, encode=_schema)),
        "allOf": (24, _schema),
        "properties": (25, _map(1, _schema)),
        "externalDocs": (29, _message({"description": (1, _text), "url": (2, _text)}, extensions=3)),
        "example": (30, _any_whole),
    },
    extensions=31,
    numbers={
        "multipleOf": (6, _double),
        "maximum": (7, _double),
        "exclusiveMaximum": (8, _integer),
        "minimum": (9, _double),
        "exclusiveMinimum": (10, _integer),
        "maxLength": (11, _integer),
        "minLength": (12, _integer),
        "maxItems": (14, _integer),
        "minItems": (15, _integer),
        "uniqueItems": (16, _integer),
        "maxProperties": (17, _integer),
        "minProperties": (18, _integer),
    },
)
_BODY_PARAMETER = _message(
    {"description": (1, _text), "name": (2, _text), "in": (3, _text), "schema": (5, _schema)},
    extensions=6,
    numbers={"required": (4, _integer)},
)
_QUERY_PARAMETER = _message(
    {"in": (2, _text), "description": (3, _text), "name": (4, _text), "type": (6, _text)},
    extensions=23,
    numbers={"required": (1, _integer), "uniqueItems": (20, _integer)},
)
_PATH_PARAMETER = _message(
    {"in": (2, _text), "description": (3, _text), "name": (4, _text), "type": (5, _text)},
    extensions=22,
    numbers={"required": (1, _integer), "uniqueItems": (19, _integer)},
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
