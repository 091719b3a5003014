"""Answers: objects and lists from stored bytes, Status objects for errors, warnings in headers."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from itertools import islice

from aiohttp import web

from tradewind.apiserver.bodies import JSON, YAML
from tradewind.apiserver.draft import decode_manifest, encode_json
from tradewind.apiserver.urls import Target
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError
from tradewind.resources.yaml_text import format_yaml
from tradewind.store.entries import Entry

JSON_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}
MAX_WARNINGS_BYTES = 4096
ENTRIES_PER_CHUNK = 200


def json_response(body: bytes, status: int = 200, warnings: Iterable[str] = ()) -> web.Response:
    """A JSON answer; each warning is a header that kubectl prints."""
    response = web.Response(body=body, status=status, headers=JSON_HEADERS)
    room = MAX_WARNINGS_BYTES
    for warning in warnings:
        header = warning_header(warning)
        room -= len(header)
        if room < 0:
            break
        response.headers.add("Warning", header)
    return response


def as_yaml(response: web.StreamResponse) -> web.StreamResponse:
    """The same answer in YAML, if it is whole and in JSON."""
    if not isinstance(response, web.Response) or response.content_type != JSON:
        return response
    assert isinstance(response.body, bytes)
    response.text = format_yaml(decode_manifest(response.body))
    response.content_type = YAML
    response.charset = None
    return response


def manifest_response(manifest: Manifest, status: int = 200) -> web.Response:
    """An object made for this answer."""
    return json_response(encode_json(manifest), status)


def error_response(error: ApiError) -> web.Response:
    """A Status object, with the error's warnings, and `Retry-After` when it says when to try again."""
    response = json_response(encode_json(error.status), error.code, error.warnings)
    if seconds := error.details.get("retryAfterSeconds"):
        response.headers["Retry-After"] = str(seconds)
    return response


def success(target: Target, entry: Entry) -> Manifest:
    """The Status that answers the deletion of an object that is gone."""
    details = {"name": target.name, "kind": target.kind.plural}
    if target.kind.group:
        details["group"] = target.kind.group
    details["uid"] = decode_manifest(entry.data)["metadata"]["uid"]
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}


def object_bytes(target: Target, entry: Entry) -> bytes:
    """A stored object at the version that the client speaks."""
    if target.api_version == target.kind.api_version:
        return entry.data
    return encode_json(manifest_of(target, entry))


def manifest_of(target: Target, entry: Entry) -> Manifest:
    """`object_bytes`, decoded."""
    return decode_manifest(entry.data) | {"apiVersion": target.api_version}


def list_chunks(target: Target, entries: Sequence[Entry], metadata: Manifest) -> AsyncGenerator[bytes, None]:
    """A List object in pieces."""
    head = {"kind": f"{target.kind.name}List", "apiVersion": target.api_version, "metadata": metadata}
    return _chunks(head, "items", (object_bytes(target, entry) for entry in entries))


def table_chunks(head: Manifest, rows: Iterable[Manifest]) -> AsyncGenerator[bytes, None]:
    """A Table in pieces; `head` is all of it but its rows."""
    return _chunks(head, "rows", map(encode_json, rows))


async def one_chunk(body: bytes) -> AsyncGenerator[bytes, None]:
    """An answer that is not long."""
    yield body


async def _chunks(head: Manifest, field: str, items: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    """An object that ends in a list, in pieces: a long one is never whole in memory, and others are served
    between its parts."""
    left = iter(items)
    before = encode_json(head)[:-1] + f',"{field}":['.encode()
    while chunk := list(islice(left, ENTRIES_PER_CHUNK)):
        yield before + b",".join(chunk)
        before = b","
        await asyncio.sleep(0)
    yield b"]}" if before == b"," else before + b"]}"


def warning_header(text: str) -> str:
    """RFC 7234 warn-code 299 with its text quoted; what a header cannot hold becomes a blank."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{escaped}"'
