"""What a request asks for, from its method and path alone (upstream `RequestInfoFactory`). Pure.

Nothing of this depends on what is served, so that whoever may not look cannot tell what there is.
"""

from collections.abc import Mapping

from tradewind.apiserver.access import Attributes
from tradewind.resources.syntax import path_segment_problem

_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_OF_NAMESPACES = ("status", "finalize")  # these are subresources, not resources of a namespace


def attributes_of(method: str, path: str, query: Mapping[str, str]) -> Attributes:
    """The attributes of a request with this decoded path."""
    match path.strip("/").split("/"):
        case ["api", version, first, *rest]:
            return _resource(method, path, query, "", version, [first, *rest])
        case ["apis", group, version, first, *rest]:
            return _resource(method, path, query, group, version, [first, *rest])
    return Attributes(method.lower(), path)


def _resource(
    method: str, path: str, query: Mapping[str, str], group: str, version: str, parts: list[str]
) -> Attributes:
    only_watch = parts[0] == "watch" and len(parts) > 1  # the older form of a watch
    parts = parts[1:] if only_watch else parts
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _OF_NAMESPACES:
            parts = parts[2:]
    plural, name, subresource = (*parts, "", "")[:3]
    verb = _VERBS.get(method, "")
    asks_watch = query.get("watch", "").lower() in ("1", "true") and verb == "get" and not subresource
    if only_watch or asks_watch:
        verb = "watch"
    elif not name:
        verb = {"get": "list", "delete": "deletecollection"}.get(verb, verb)
    return Attributes(
        verb=verb,
        path=path,
        group=group,
        plural=plural,
        subresource=subresource,
        namespace=namespace,
        name=name or (_selected(query) if verb in ("list", "watch", "deletecollection") else ""),
        version=version,
    )


def _selected(query: Mapping[str, str]) -> str:
    """The one name that a field selector leaves, "" when it leaves several."""
    for part in query.get("fieldSelector", "").split(","):
        field, equals, value = part.partition("=")
        if equals and field.strip() == "metadata.name":
            name = value.removeprefix("=").strip()
            return "" if path_segment_problem(name) else name
    return ""
