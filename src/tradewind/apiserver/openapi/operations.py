"""The paths of a kind and what can be done at each, as OpenAPI describes it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from tradewind.apiserver.bodies import (
    APPLY_PATCH,
    JSON,
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_MERGE_PATCH,
    YAML,
)
from tradewind.apiserver.openapi import parameters
from tradewind.apiserver.openapi.names import (
    META,
    definition,
    group_version_kind,
    operation_group,
    prefix,
    tag,
)
from tradewind.apiserver.openapi.schemas import Form
from tradewind.apiserver.urls import LOG, SCALE, STATUS, TOKEN, subresources
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.review_kinds import TOKEN_REQUEST

_CODES = {"200": "OK", "201": "Created", "202": "Accepted", "401": "Unauthorized"}
_SCALE = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
_TOKEN_REQUEST = group_version_kind(TOKEN_REQUEST, TOKEN_REQUEST.versions[0])
SCALE_DEFINITION = "io.k8s.api.autoscaling.v1.Scale"


@dataclass(frozen=True)
class _Operation:
    """One thing that can be done at a path. `answer` and `body` are names of definitions, "" for none."""

    action: str
    id: str
    description: str
    query: tuple[str, ...]
    codes: tuple[str, ...]
    answer: str
    body: str = ""
    about: Manifest | None = None


@dataclass(frozen=True)
class _Served:
    """A kind at one of its versions."""

    kind: Kind
    version: str
    strategic: bool

    @property
    def own(self) -> str:
        return definition(self.kind, self.version)

    @property
    def called(self) -> str:
        """How operations call it: `NamespacedPod`, `Node`."""
        return ("Namespaced" if self.kind.namespaced else "") + self.kind.name

    def id(self, action: str, called: str = "") -> str:
        return action + operation_group(self.kind, self.version) + (called or self.called)

    @property
    def patches(self) -> tuple[str, ...]:
        strategic = (STRATEGIC_MERGE_PATCH,) if self.strategic else ()
        return (APPLY_PATCH, JSON_PATCH, MERGE_PATCH, *strategic)


def paths(kind: Kind, version: str, form: Form, *, strategic: bool) -> Iterator[tuple[str, Manifest]]:
    """Every path of a kind with its operations; `strategic` says whether it takes strategic merge patches."""
    served = _Served(kind, version, strategic)
    root = f"/{prefix(kind, version)}"
    collection = root + ("/namespaces/{namespace}/" if kind.namespaced else "/") + kind.plural
    scope = ("namespace",) if kind.namespaced else ()
    if kind.namespaced and "list" in kind.verbs:
        everywhere = _list(served, served.id("list", f"{kind.name}ForAllNamespaces"))
        yield f"{root}/{kind.plural}", _item(served, form, {"get": everywhere}, ())
    yield collection, _item(served, form, _of_collection(served), scope)
    one = f"{collection}/{{name}}"
    if single := _of_object(served):
        yield one, _item(served, form, single, ("name", *scope))
    for subresource in subresources(kind):
        yield (
            f"{one}/{subresource}",
            _item(served, form, _of_subresource(served, subresource), ("name", *scope)),
        )


def group_version_path(kind: Kind, version: str) -> tuple[str, Manifest]:
    """The path at which the resources of a group and version are listed."""
    operation = {
        "tags": [tag(kind, version)],
        "description": "get available resources",
        "operationId": f"get{operation_group(kind, version)}APIResources",
    }
    return f"/{prefix(kind, version)}/", operation


def _list(served: _Served, id_: str) -> _Operation:
    return _Operation(
        "list",
        id_,
        f"list or watch objects of kind {served.kind.name}",
        parameters.LIST,
        ("200",),
        f"{served.own}List",
    )


def _of_collection(served: _Served) -> dict[str, _Operation]:
    kind, own = served.kind, served.own
    found = {}
    if "list" in kind.verbs:
        found["get"] = _list(served, served.id("list"))
    if "create" in kind.verbs:
        codes = ("200", "201", "202")
        found["post"] = _Operation(
            "post", served.id("create"), f"create a {kind.name}", parameters.WRITE, codes, own, own
        )
    if "deletecollection" in kind.verbs:
        found["delete"] = _Operation(
            "deletecollection",
            served.id("delete", f"Collection{served.called}"),
            f"delete collection of {kind.name}",
            parameters.DELETE_COLLECTION,
            ("200",),
            f"{META}.Status",
            f"{META}.DeleteOptions",
        )
    return found


def _of_object(served: _Served) -> dict[str, _Operation]:
    kind, own = served.kind, served.own
    found = _read_and_write(served, own, "", kind.verbs)
    if "delete" in kind.verbs:
        status, options = f"{META}.Status", f"{META}.DeleteOptions"
        found["delete"] = _Operation(
            "delete",
            served.id("delete"),
            f"delete a {kind.name}",
            parameters.DELETE,
            ("200", "202"),
            status,
            options,
        )
    return found


def _read_and_write(
    served: _Served, body: str, subresource: str, verbs: tuple[str, ...]
) -> dict[str, _Operation]:
    """Reading, replacing and patching an object, or a part of it."""
    kind, suffix = served.kind, subresource.title()
    what = f"{subresource} of the specified {kind.name}" if subresource else f"the specified {kind.name}"
    about = _SCALE if subresource == SCALE else None
    found = {}
    if "get" in verbs:
        id_ = served.id("read") + suffix
        found["get"] = _Operation("get", id_, f"read {what}", (), ("200",), body, about=about)
    if "update" in verbs:
        id_, codes = served.id("replace") + suffix, ("200", "201")
        found["put"] = _Operation(
            "put", id_, f"replace {what}", parameters.WRITE, codes, body, body, about=about
        )
    if "patch" in verbs:
        id_, patch, codes = served.id("patch") + suffix, f"{META}.Patch", ("200", "201")
        found["patch"] = _Operation(
            "patch", id_, f"partially update {what}", parameters.PATCH, codes, body, patch, about=about
        )
    return found


def _of_subresource(served: _Served, subresource: str) -> dict[str, _Operation]:
    verbs = ("get", "update", "patch")
    if subresource == STATUS:
        return _read_and_write(served, served.own, STATUS, verbs)
    if subresource == SCALE:
        return _read_and_write(served, SCALE_DEFINITION, SCALE, verbs)
    if subresource == TOKEN:
        own = definition(TOKEN_REQUEST, TOKEN_REQUEST.versions[0])
        id_, text = served.id("create") + "Token", f"create token of a {served.kind.name}"
        codes, query = ("200", "201", "202"), parameters.WRITE
        return {"post": _Operation("post", id_, text, query, codes, own, own, about=_TOKEN_REQUEST)}
    assert subresource == LOG
    id_ = served.id("read") + "Log"
    text = f"read log of the specified {served.kind.name}"
    return {"get": _Operation("get", id_, text, parameters.LOG, ("200",), "")}


def _item(served: _Served, form: Form, found: dict[str, _Operation], in_path: tuple[str, ...]) -> Manifest:
    operations = {method: _operation(served, form, one) for method, one in found.items()}
    shared = [parameters.in_path(name, served.kind.name, v2=form.v2) for name in in_path]
    shared += [parameters.in_query(name, v2=form.v2) for name in parameters.PRETTY]
    return {**operations, "parameters": shared}


def _operation(served: _Served, form: Form, one: _Operation) -> Manifest:
    query = [parameters.in_query(name, v2=form.v2) for name in one.query]
    common: Manifest = {
        "tags": [tag(served.kind, served.version)],
        "description": one.description,
        "operationId": one.id,
    }
    last = {
        "x-kubernetes-action": one.action,
        "x-kubernetes-group-version-kind": one.about or group_version_kind(served.kind, served.version),
    }
    render = _v2_parts if form.v2 else _v3_parts
    return common | render(served, form, one, query) | last


def _v3_parts(served: _Served, form: Form, one: _Operation, query: list[Manifest]) -> Manifest:
    parts: Manifest = {"parameters": query}
    if one.body:
        types = served.patches if one.action == "patch" else (JSON, YAML)
        content = {"schema": form.reference(one.body)}
        parts["requestBody"] = {"content": dict.fromkeys(types, content)}
        if one.action in ("post", "put", "patch"):
            parts["requestBody"]["required"] = True
    parts["responses"] = {code: _v3_response(form, one, code) for code in (*one.codes, "401")}
    return parts


def _v3_response(form: Form, one: _Operation, code: str) -> Manifest:
    response: Manifest = {"description": _CODES[code]}
    if code == "401":
        return response
    if not one.answer:
        return response | {"content": {"text/plain": {"schema": {"type": "string"}}}}
    answer = {"schema": form.reference(one.answer)}
    streams = (f"{JSON};stream=watch",) if one.action == "list" else ()
    return response | {"content": dict.fromkeys((JSON, *streams), answer)}


def _v2_parts(served: _Served, form: Form, one: _Operation, query: list[Manifest]) -> Manifest:
    body: list[Manifest] = []
    if one.body:
        body = [{"name": "body", "in": "body", "schema": form.reference(one.body)}]
        if one.action in ("post", "put", "patch"):
            body[0]["required"] = True
    streams = [f"{JSON};stream=watch"] if one.action == "list" else []
    responses: Manifest = {}
    for code in (*one.codes, "401"):
        answer = form.reference(one.answer) if one.answer else {"type": "string"}
        responses[code] = {"description": _CODES[code]} | ({} if code == "401" else {"schema": answer})
    return {
        "consumes": list(served.patches) if one.action == "patch" else [JSON, YAML] if one.body else ["*/*"],
        "produces": [JSON, *streams] if one.answer else ["text/plain"],
        "schemes": ["https"],
        "parameters": [*body, *query],
        "responses": responses,
    }
