"""Request bodies and media types. Pure."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from tradewind.apiserver import protobuf
from tradewind.apiserver.duplicates import duplicates_in_json, duplicates_in_yaml
from tradewind.apiserver.identity import name_mismatch, namespace_mismatch
from tradewind.apiserver.json_patch import json_patch, merge_patch, undecodable
from tradewind.apiserver.strategic_merge import strategic_merge
from tradewind.apiserver.urls import Target
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, bad_request
from tradewind.resources.yaml_loader import YamlMistakes
from tradewind.resources.yaml_text import parse_yaml

JSON = "application/json"
YAML = "application/yaml"
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"
TABLE, PARTIAL, PARTIAL_LIST = "Table", "PartialObjectMetadata", "PartialObjectMetadataList"
META_GROUP, META_VERSIONS = "meta.k8s.io", ("v1", "v1beta1")


_JSON_RANGES = (JSON, "application/*", "*/*")


class Form(NamedTuple):
    """What an object is to be turned into: `kind` is TABLE, PARTIAL, PARTIAL_LIST, or "" to leave it as it
    is; `version` is that of meta.k8s.io."""

    kind: str = ""
    version: str = "v1"

    @property
    def api_version(self) -> str:
        """The `apiVersion` of what the object is turned into."""
        return f"{META_GROUP}/{self.version}"


def decode_body(content_type: str, body: bytes) -> Any:
    """The value in a JSON, YAML or protobuf body. 415 for another type, 400 when it cannot be read."""
    media_type = _media_type(content_type) or JSON
    if media_type == JSON:
        return _decode_json(body)
    if media_type == YAML:
        return _decode_yaml(body)
    if media_type == protobuf.MEDIA_TYPE:
        return protobuf.decode_protobuf(body)
    raise unsupported_media_type((JSON, YAML, protobuf.MEDIA_TYPE))


def _decode_json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_request(
            f"the body of the request is not valid JSON: {error or 'nested too deeply'}"
        ) from None


def _decode_yaml(body: bytes) -> Any:
    try:
        documents = parse_yaml(body.decode(), [])
    except (UnicodeDecodeError, YamlMistakes) as error:
        raise bad_request(f"the body of the request is not valid YAML: {error}") from None
    if len(documents) != 1:
        raise bad_request(f"the body of the request has {len(documents)} YAML documents; it must have one")
    return documents[0].value


def duplicates(content_type: str, body: bytes) -> tuple[str, ...]:
    """Errors about fields that stand twice in a body that can be decoded. The last of them counts."""
    media_type = _media_type(content_type) or JSON
    if media_type == protobuf.MEDIA_TYPE:
        return ()
    return duplicates_in_yaml(body.decode()) if media_type == YAML else duplicates_in_json(body)


def duplicates_in_patch(content_type: str, body: bytes) -> tuple[str, ...]:
    """As `duplicates`, of a JSON patch, merge patch or strategic merge patch."""
    found = duplicates_in_json(body)
    is_json_patch = _media_type(content_type) == JSON_PATCH
    return tuple(f"json patch {one}" for one in found) if is_json_patch else found


def decode_manifest_body(target: Target, content_type: str, body: bytes) -> Manifest:
    """The object in a body, which must be what its URL says. 400 when it is something else."""
    try:
        value = decode_body(content_type, body)
    except ApiError as error:
        if error.code != bad_request("").code:
            raise
        wanted = f"the object provided is unrecognized (must be of type {target.kind.name})"
        raise bad_request(f"{wanted}: {error.message}") from None
    return as_stored(target, value)


def as_stored(target: Target, manifest: Any) -> Manifest:
    """An object that a client wrote at this target, at the version in which it is stored.

    400 in upstream's words when it is of another kind, version, namespace or name than the URL.
    """
    kind = target.kind
    if not isinstance(manifest, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind.name})")
    if (given := manifest.get("kind") or kind.name) != kind.name:
        version = str(manifest.get("apiVersion", "")).rpartition("/")[2]
        raise bad_request(f'{given} in version "{version}" cannot be handled as a {kind.name}')
    given = manifest.get("apiVersion") or target.api_version
    if given not in (target.api_version, kind.api_version):
        raise bad_request(
            f"the API version in the data ({given}) does not match the expected API version "
            f"({target.api_version})"
        )
    metadata = manifest.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request(f"the metadata of a {kind.name} must be an object")
    if target.name and metadata.get("name") != target.name:
        raise name_mismatch(str(metadata.get("name", "")), target.name)
    if kind.namespaced and (metadata.get("namespace") or target.namespace) != target.namespace:
        raise namespace_mismatch()
    placed = {"namespace": target.namespace} if kind.namespaced else {}
    return manifest | {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata | placed}


def decode_apply_body(body: bytes) -> Any:
    """The value in the body of a server-side apply: YAML, of which JSON is a part."""
    if body.lstrip().startswith(b"{"):
        try:
            return msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # {a: 1} is YAML
    return _decode_yaml(body)


def is_apply(content_type: str) -> bool:
    """Whether a patch is a server-side apply."""
    return _media_type(content_type) == APPLY_PATCH


def patcher(kind: Kind, content_type: str, body: bytes) -> Callable[[Manifest], Any]:
    """What a patch request does to the object. 415 for a kind of patch that is not supported."""
    media_type = _media_type(content_type)
    strategic = (STRATEGIC_MERGE_PATCH,) if kind.is_builtin else ()
    supported = (JSON_PATCH, MERGE_PATCH, *strategic)
    if media_type not in supported:
        raise unsupported_media_type((*supported, APPLY_PATCH))
    patch = _decode_patch(body)
    match media_type:
        case "application/json-patch+json":
            return lambda old: json_patch(old, patch)
        case "application/merge-patch+json":
            if not isinstance(patch, dict):
                raise undecodable(patch, "map[string]interface {}")
            return lambda old: merge_patch(old, patch)
    return lambda old: strategic_merge(kind, old, patch)


def _decode_patch(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_request("invalid JSON patch") from None


def unsupported_media_type(accepted: tuple[str, ...]) -> ApiError:
    """415, with what would be accepted."""
    message = "the body of the request was in an unknown format - accepted media types include: "
    return ApiError(415, "UnsupportedMediaType", message + ", ".join(accepted))


@lru_cache(maxsize=256)
def wants_yaml(accept: str) -> bool:
    """Whether an Accept header names YAML before anything that is JSON."""
    types = (choice.partition(";")[0].strip().lower() for choice in accept.split(","))
    return next((one for one in types if one in (YAML, *_JSON_RANGES)), JSON) == YAML


@lru_cache(maxsize=256)
def wanted_form(accept: str, *, of_list: bool = False, stream: bool = False) -> Form:
    """The first form in an Accept header that can be given. 406 if none can.

    `of_list` says whether it is asked of a list, which has a partial form of its own; a `stream` of events
    comes in JSON only.
    """
    types = _JSON_RANGES if stream else (*_JSON_RANGES, YAML)
    partial, wrong = (PARTIAL_LIST, PARTIAL) if of_list else (PARTIAL, PARTIAL_LIST)
    for choice in (accept or "*/*").split(","):
        media_type, *parameters = (part.strip() for part in choice.split(";"))
        if media_type.lower() not in types:
            continue
        given = dict(parameter.partition("=")[::2] for parameter in parameters)
        form = given.get("as", "")
        if not form:
            return Form()
        if given.get("g", META_GROUP) != META_GROUP or given.get("v", "v1") not in META_VERSIONS:
            continue
        if form in (TABLE, partial):
            return Form(form, given.get("v", "v1"))
        if form == wrong:
            what = "a list" if of_list else "not a list"
            raise ApiError(406, "NotAcceptable", f"you requested {form}, but the requested object is {what}")
    listed = ", ".join(
        [
            JSON,
            *types[len(_JSON_RANGES) :],
            *(f"{JSON};as={form};v=v1;g={META_GROUP}" for form in (TABLE, partial)),
        ]
    )
    raise ApiError(406, "NotAcceptable", f"only the following media types are accepted: {listed}")


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()
