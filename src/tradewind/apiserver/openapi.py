"""OpenAPI documents, as far as `kubectl apply` and `kubectl create` read them. Pure.

They look up whether the patch operation of a kind knows the parameter `fieldValidation`; if so they
leave validation to the server. Schemas of the kinds are not in the documents.
"""

import hashlib
from importlib.metadata import version as installed_version

from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.draft import encode_json
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest

_VERSION = installed_version("tradewind")
_INFO = {"title": "Tradewind", "version": _VERSION}


def swagger() -> Manifest:
    """`/openapi/v2`."""
    return {"swagger": "2.0", "info": _INFO, "paths": {}}


def index(served: Catalog) -> Manifest:
    """`/openapi/v3`: where the document of each group and version is."""
    prefixes = dict.fromkeys(_prefix(kind, version) for kind in served.kinds for version in kind.versions)
    return {"paths": {prefix: {"serverRelativeURL": _url(served, prefix)} for prefix in prefixes}}


def _url(served: Catalog, prefix: str) -> str:
    """With a digest of the document, because clients keep documents for as long as their URL is the same."""
    content = encode_json(document(served, prefix))
    return f"/openapi/v3/{prefix}?hash={hashlib.sha256(content).hexdigest()[:16]}"


def document(served: Catalog, prefix: str) -> Manifest | None:
    """`/openapi/v3/PREFIX`, such as `api/v1`; None when nothing is served under this prefix."""
    paths: Manifest = {}
    for kind in served.kinds:
        for version in kind.versions:
            if _prefix(kind, version) == prefix:
                paths |= {_path(kind, prefix): {"patch": _patch_operation(kind, version)}}
    return {"openapi": "3.0.0", "info": _INFO, "paths": paths} if paths else None


def _prefix(kind: Kind, version: str) -> str:
    return f"apis/{kind.group}/{version}" if kind.group else f"api/{version}"


def _path(kind: Kind, prefix: str) -> str:
    return f"/{prefix}/" + ("namespaces/{namespace}/" if kind.namespaced else "") + kind.plural + "/{name}"


def _patch_operation(kind: Kind, version: str) -> Manifest:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string"}}
        for name in ("dryRun", "fieldManager", "fieldValidation")
    ]
    return {
        "operationId": f"patch{kind.group.title().replace('.', '')}{version.title()}{kind.name}",
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": {"group": kind.group, "version": version, "kind": kind.name},
    }
