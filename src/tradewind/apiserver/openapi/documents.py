"""The OpenAPI documents of a server. Pure: they follow from the kinds that are served and nothing else."""

from importlib.metadata import version as installed_version

from tradewind.apiserver.openapi.names import META, prefix
from tradewind.apiserver.openapi.operations import group_version_path, paths
from tradewind.apiserver.openapi.schemas import V2, V3, Definitions, Form, definitions, references
from tradewind.apiserver.openapi.shared import shared_definitions
from tradewind.apiserver.openapi.strategic import describes_strategic_merge
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.review_kinds import TOKEN_REQUEST

_INFO = {"title": "Tradewind", "version": installed_version("tradewind")}
_BEARER = {"type": "apiKey", "description": "A bearer token", "name": "authorization", "in": "header"}


def prefixes(kinds: tuple[Kind, ...]) -> list[str]:
    """Where something is served, such as `api/v1`: each has a document of its own in OpenAPI v3."""
    return sorted({prefix(kind, version) for kind in kinds for version in kind.versions})


def document(kinds: tuple[Kind, ...], at: str) -> Manifest:
    """The OpenAPI v3 document of a prefix; it has every definition that it refers to."""
    below = [(kind, version) for kind in kinds for version in kind.versions if prefix(kind, version) == at]
    found, served = _described(below, V3)
    return {
        "openapi": "3.0.0",
        "info": _INFO,
        "paths": served,
        "components": {
            "schemas": found,
            "securitySchemes": {"BearerToken": _BEARER},
        },
        "security": [{"BearerToken": []}],
    }


def swagger(kinds: tuple[Kind, ...]) -> Manifest:
    """The one document of OpenAPI v2."""
    found, served = _described([(kind, version) for kind in kinds for version in kind.versions], V2)
    return {
        "swagger": "2.0",
        "info": _INFO,
        "paths": served,
        "definitions": found,
        "securityDefinitions": {"BearerToken": _BEARER},
        "security": [{"BearerToken": []}],
    }


def _described(served: list[tuple[Kind, str]], form: Form) -> tuple[Definitions, Manifest]:
    found: Definitions = {}
    listed: Manifest = {}
    for known, version in served:
        kind = known.at(version)
        found |= definitions(kind, version, form)
        strategic = describes_strategic_merge(kind, version)
        path, operation = group_version_path(kind, version)
        listed[path] = {"get": operation | _resources(form)}
        listed |= dict(paths(kind, version, form, strategic=strategic))
    others = definitions(TOKEN_REQUEST, TOKEN_REQUEST.versions[0], form) | shared_definitions(form)
    return _needed(others | found, listed, found), dict(sorted(listed.items()))


def _resources(form: Form) -> Manifest:
    answer = {"schema": form.reference(f"{META}.APIResourceList")}
    ok = answer if form.v2 else {"content": {"application/json": answer}}
    responses = {"200": {"description": "OK"} | ok, "401": {"description": "Unauthorized"}}
    return ({"produces": ["application/json"], "schemes": ["https"]} if form.v2 else {}) | {
        "responses": responses
    }


def _needed(known: Definitions, listed: Manifest, own: Definitions) -> Definitions:
    """The kinds' own definitions and all that is referred to; `WatchEvent` is there as it is upstream."""
    waiting = [*own, f"{META}.WatchEvent", *references(listed)]
    needed: Definitions = {}
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = known[name]
            waiting += references(known[name])
    return dict(sorted(needed.items()))
