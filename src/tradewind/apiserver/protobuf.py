"""Reading Kubernetes' protobuf bodies, as far as kubectl sends them. Pure.

`kubectl create namespace|secret|configmap|service|serviceaccount|role|token` speaks nothing else. The
messages and field numbers are those of `generated.proto` in k8s.io/api and k8s.io/apimachinery; a field
that is not in the tables is refused rather than lost. Answers are JSON, which kubectl accepts.
"""

import base64
from collections.abc import Iterator
from typing import Any

import msgspec

from tradewind.apiserver.protobuf_access import access_kinds
from tradewind.apiserver.protobuf_core import DELETE_OPTIONS, service
from tradewind.apiserver.protobuf_types import INT_OR_TEXT
from tradewind.apiserver.protobuf_types import Field as _Field
from tradewind.apiserver.protobuf_types import Message as _Message
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, bad_request
from tradewind.resources.times import time_text

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_VARINT, _BYTES = 0, 2


_OWNER = _Message(
    {
        1: _Field("kind"),
        3: _Field("name"),
        4: _Field("uid"),
        5: _Field("apiVersion"),
        6: _Field("controller", "bool"),
        7: _Field("blockOwnerDeletion", "bool"),
    }
)
_MANAGED = _Message(
    {
        1: _Field("manager"),
        2: _Field("operation"),
        3: _Field("apiVersion"),
        4: _Field("time", "time"),
        6: _Field("fieldsType"),
        7: _Field("fieldsV1", "json"),
        8: _Field("subresource"),
    }
)
_META = _Message(
    {
        1: _Field("name"),
        2: _Field("generateName"),
        3: _Field("namespace"),
        4: _Field("selfLink"),
        5: _Field("uid"),
        6: _Field("resourceVersion"),
        7: _Field("generation", "int"),
        8: _Field("creationTimestamp", "time"),
        9: _Field("deletionTimestamp", "time"),
        10: _Field("deletionGracePeriodSeconds", "int"),
        11: _Field("labels", map=True),
        12: _Field("annotations", map=True),
        13: _Field("ownerReferences", _OWNER, repeated=True),
        14: _Field("finalizers", repeated=True),
        17: _Field("managedFields", _MANAGED, repeated=True),
    }
)
_REFERENCE = _Message(
    {
        1: _Field("kind"),
        2: _Field("namespace"),
        3: _Field("name"),
        4: _Field("uid"),
        5: _Field("apiVersion"),
        6: _Field("resourceVersion"),
        7: _Field("fieldPath"),
    }
)
_KINDS = {
    "Namespace": _Message(
        {
            1: _Field("metadata", _META),
            2: _Field("spec", _Message({1: _Field("finalizers", repeated=True)})),
            3: _Field("status", _Message({1: _Field("phase")})),
        }
    ),
    "Secret": _Message(
        {
            1: _Field("metadata", _META),
            2: _Field("data", "bytes", map=True),
            3: _Field("type"),
            4: _Field("stringData", map=True),
            5: _Field("immutable", "bool"),
        }
    ),
    "ConfigMap": _Message(
        {
            1: _Field("metadata", _META),
            2: _Field("data", map=True),
            3: _Field("binaryData", "bytes", map=True),
            4: _Field("immutable", "bool"),
        }
    ),
    "ServiceAccount": _Message(
        {
            1: _Field("metadata", _META),
            2: _Field("secrets", _REFERENCE, repeated=True),
            3: _Field("imagePullSecrets", _Message({1: _Field("name")}), repeated=True),
            4: _Field("automountServiceAccountToken", "bool"),
        }
    ),
}
_KINDS |= {"Service": service(_META), "DeleteOptions": DELETE_OPTIONS}
_ACCESS = access_kinds(_META)
_TYPE_META = _Message({1: _Field("apiVersion"), 2: _Field("kind")})
_UNKNOWN = _Message(  # runtime.Unknown, which wraps every object
    {
        1: _Field("typeMeta", _TYPE_META),
        2: _Field("raw", "raw"),
        3: _Field("contentEncoding"),
        4: _Field("contentType"),
    }
)
_RAW = _Message({1: _Field("raw", "raw")})
_TIME = _Message({1: _Field("seconds", "int"), 2: _Field("nanos", "int")})


def decode_protobuf(body: bytes) -> Manifest:
    """The object in a protobuf body. 415 for a kind that is only understood as JSON, 400 when malformed."""
    if not body.startswith(_MAGIC):
        raise bad_request("the body of the request is not Kubernetes protobuf: it does not begin with k8s\\0")
    try:
        envelope = _decode(body[len(_MAGIC) :], _UNKNOWN)
        type_meta = envelope.get("typeMeta", {})
        version, kind = type_meta.get("apiVersion", ""), type_meta.get("kind", "")
        message = _KINDS.get(kind) if version == "v1" else _ACCESS.get((version, kind))
        if message is None:
            what = f"{version} {kind}"
            raise ApiError(
                415, "UnsupportedMediaType", f"{what} is not understood as protobuf; send application/json"
            )
        return {**type_meta, **_decode(envelope.get("raw", b""), message)}
    except (ValueError, IndexError, msgspec.DecodeError) as error:
        raise bad_request(f"the body of the request is not valid protobuf: {error}") from None


def _decode(data: bytes, message: _Message) -> Manifest:
    result: Manifest = {}
    for number, wire, value in _parts(data):
        known = message.fields.get(number)
        if known is None:
            raise ValueError(f"field {number} is not known here; send application/json")
        if known.map:
            pair = _decode(value, _Message({1: _Field("key"), 2: _Field("value", known.type)}))
            result.setdefault(known.name, {})[pair.get("key", "")] = pair.get("value", "")
        elif known.repeated:
            result.setdefault(known.name, []).append(_value(wire, value, known.type))
        else:
            result[known.name] = _value(wire, value, known.type)
    optional = {known.name for known in message.fields.values() if known.optional}
    return {name: value for name, value in result.items() if name in optional or not _is_empty(value)}


def _is_empty(value: Any) -> bool:
    """Go writes empty texts, numbers and messages too; in JSON they are left out."""
    return value is None or value == "" or value == {} or (value == 0 and value is not False)


def _value(wire: int, value: Any, type_: "str | _Message") -> Any:
    if type_ in ("int", "bool"):
        if wire != _VARINT:
            raise ValueError("a number was expected")
        return bool(value) if type_ == "bool" else value
    if wire != _BYTES:
        raise ValueError("a length-delimited value was expected")
    if type_ is INT_OR_TEXT:
        either = _decode(value, INT_OR_TEXT)
        return either.get("text", "") if either.get("type") else either.get("number", 0)
    if isinstance(type_, _Message):
        return _decode(value, type_)
    match type_:
        case "bytes":
            return base64.b64encode(value).decode()
        case "raw":
            return value
        case "json":
            return msgspec.json.decode(_decode(value, _RAW).get("raw", b"{}"))
        case "time":
            seconds = _decode(value, _TIME).get("seconds")
            return time_text(1000 * seconds) if seconds else None
    return value.decode()


def _parts(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Field number, wire type and value of each field in a message."""
    at = 0
    value: Any
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            size, at = _varint(data, at)
            value, at = data[at : at + size], at + size
            if at > len(data):
                raise ValueError("it ends too early")
        else:
            raise ValueError(f"wire type {wire} is not used by Kubernetes")
        yield number, wire, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
