"""What is served besides objects: health, version, discovery, OpenAPI (shell, except `discovered`)."""

import hashlib
from collections.abc import Mapping

from aiohttp import web

from tradewind.apiserver import discovery
from tradewind.apiserver.bodies import wants_yaml
from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.draft import encode_json
from tradewind.apiserver.health import HEALTH_ROOTS, all_checks, checks_of, one_check
from tradewind.apiserver.media import preferred
from tradewind.apiserver.openapi import gnostic
from tradewind.apiserver.openapi.publish import JSON, Published, Publisher, url
from tradewind.apiserver.responses import manifest_response
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

NOT_FOUND = ApiError(404, "NotFound", "the server could not find the requested resource")
HEALTH_PATHS = tuple(f"/{root}" for root in HEALTH_ROOTS)
PLAIN_TEXT = {"Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff"}
V2_TYPES = (JSON, gnostic.MEDIA_TYPE, gnostic.ASKED_TYPE)


async def introspect(
    request: web.Request, served: Catalog, publisher: Publisher, why_not_ready: str
) -> web.Response:
    """The answer to a request for something that is no object."""
    steps = request.path.strip("/").split("/")
    if steps[0] in HEALTH_ROOTS:
        return _health(request, steps, why_not_ready)
    if steps[:1] == ["openapi"]:
        return await _openapi(request, served, publisher, steps[1:])
    found = discovered(served, steps, request.host)
    if found is None:
        raise NOT_FOUND
    _check_method(request)
    if steps in (["api"], ["apis"]):
        return _aggregated(request, served, found, core=steps == ["api"])
    return manifest_response(found)


def _check_method(request: web.Request) -> None:
    if request.method not in ("GET", "HEAD"):
        message = "the server does not allow this method on the requested resource"
        raise ApiError(405, "MethodNotAllowed", message)


def _health(request: web.Request, steps: list[str], why_not_ready: str) -> web.Response:
    root, *names = steps
    checks = checks_of(root, why_not_ready)
    if not names:
        query = request.query
        code, text = all_checks(root, checks, query.getall("exclude", []), verbose="verbose" in query)
    elif "/".join(names) in checks:
        code, text = one_check(checks["/".join(names)])
    else:
        raise NOT_FOUND
    return web.Response(text=text, status=code, headers=PLAIN_TEXT)


def discovered(served: Catalog, steps: list[str], address: str) -> Manifest | None:
    """The document at a path, discovery in its older form; None when there is none."""
    match steps:
        case ["" | "index.html"]:
            return {"paths": discovery.paths(served)}
        case ["version"]:
            return discovery.version()
        case ["api"]:
            return discovery.core_versions(address)
        case ["apis"]:
            return discovery.group_list(served)
        case ["apis", group]:
            return discovery.group(served, group)
        case ["api", version]:
            return discovery.resource_list(served, "", version)
        case ["apis", group, version]:
            return discovery.resource_list(served, group, version)
    return None


def _aggregated(request: web.Request, served: Catalog, older: Manifest, *, core: bool) -> web.Response:
    """`/api` and `/apis` in the form that the client prefers."""
    wanted = preferred(request.headers.get("Accept", ""), (JSON, *discovery.AGGREGATED.values()))
    version = next((name for name, type_ in discovery.AGGREGATED.items() if type_ == wanted), None)
    if version is None:
        response = manifest_response(older)
        response.headers["Vary"] = "Accept"
        return response
    body = encode_json(discovery.aggregated(served, core=core, version=version))
    etag = hashlib.sha512(body).hexdigest().upper()
    headers = {"ETag": f'"{etag}"', "Vary": "Accept", "Cache-Control": "public"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers | {"Content-Type": wanted})


async def _openapi(
    request: web.Request, served: Catalog, publisher: Publisher, steps: list[str]
) -> web.Response:
    accept = request.headers.get("Accept", "")
    match steps:
        case ["v2"]:
            find = publisher.v2 if preferred(accept, V2_TYPES) == JSON else publisher.v2_protobuf
            return _send(request, await find(served))
        case ["v3"]:
            return _send(request, (await publisher.v3(served))[""])
        case ["v3", *prefix]:
            found = (await publisher.v3(served)).get("/".join(prefix))
            if found is None:
                raise NOT_FOUND
            preferred(accept, (JSON,))
            return _send_version(request, "/".join(prefix), found)
    raise NOT_FOUND


def _send_version(request: web.Request, prefix: str, found: Published) -> web.Response:
    """A document of OpenAPI v3: for ever under its hash, and a redirection there from another hash."""
    digest = request.query.get("hash", "")
    if digest not in ("", found.etag):
        return web.Response(status=301, headers={"Location": url(prefix, found)})
    return _send(request, found, {"Cache-Control": "public, immutable"} if digest else {})


def _send(request: web.Request, found: Published, more: Mapping[str, str] | None = None) -> web.Response:
    _check_method(request)
    headers = {"ETag": f'"{found.etag}"', "Vary": "Accept, Accept-Encoding", **(more or {})}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = found.content_type
    yaml = wants_yaml(request.headers.get("Accept", ""))  # what is sent is then made of this answer
    if "gzip" in request.headers.get("Accept-Encoding", "") and not yaml:
        return web.Response(body=found.zipped, headers=headers | {"Content-Encoding": "gzip"})
    return web.Response(body=found.body, headers=headers)
