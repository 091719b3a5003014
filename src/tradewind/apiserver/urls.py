"""What a request is about, from its method and path (upstream `RequestInfo`). Pure."""

from dataclasses import dataclass

from tradewind.apiserver.catalog import Catalog
from tradewind.resources.kinds import Kind
from tradewind.resources.status import ApiError

LOG = "log"
SCALE = "scale"
TOKEN = "token"  # noqa: S105 a subresource
STATUS = "status"


@dataclass(frozen=True)
class Target:
    """The objects behind a path: `name` is "" for a collection, `namespace` "" for all or none."""

    kind: Kind
    version: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def api_version(self) -> str:
        """The `apiVersion` in which the client speaks."""
        return self.kind.api_version_of(self.version)


def target_of(served: Catalog, path: str) -> Target | None:
    """The target of a decoded path; None when nothing is served there."""
    match path.strip("/").split("/"):
        case ["api", "v1", *rest]:
            return _target(served, "", "v1", rest)
        case ["apis", group, version, *rest]:
            return _target(served, group, version, rest)
    return None


def _target(served: Catalog, group: str, version: str, parts: list[str]) -> Target | None:
    match parts:
        case ["namespaces", namespace, plural, *rest] if (group, version, plural) in served.by_url:
            kind = served.by_url[group, version, plural]
            return _within(kind, version, namespace, rest) if kind.namespaced else None
        case [plural, *rest] if (group, version, plural) in served.by_url:
            kind = served.by_url[group, version, plural]
            return None if kind.namespaced and rest else _within(kind, version, "", rest)
    return None


def _within(kind: Kind, version: str, namespace: str, rest: list[str]) -> Target | None:
    if not all(rest):
        return None
    match rest:
        case []:
            return Target(kind, version, namespace)
        case [name]:
            return Target(kind, version, namespace, name)
        case [name, subresource] if subresource in subresources(kind):
            return Target(kind, version, namespace, name, subresource)
    return None


def subresources(kind: Kind) -> tuple[str, ...]:
    """What can be asked for below an object of this kind."""
    own = {"pods": (LOG,), "serviceaccounts": (TOKEN,)}
    return (
        ((STATUS,) if kind.has_status else ()) + ((SCALE,) if kind.scale else ()) + own.get(kind.resource, ())
    )


def without_watch(path: str) -> tuple[str, bool]:
    """The path without `watch` as its first part below the version, and whether that was there: the older
    way of asking for a watch (`/api/v1/watch/namespaces/NAMESPACE/pods`)."""
    parts = path.strip("/").split("/")
    below = 2 if parts[0] == "api" else 3
    if parts[0] not in ("api", "apis") or parts[below : below + 1] != ["watch"]:
        return path, False
    return "/".join(parts[:below] + parts[below + 1 :]), True


def verb_of(method: str, target: Target, watch: bool) -> str:
    """The Kubernetes verb of a request; 405 when the target does not have it."""
    verbs = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
    if target.subresource == LOG:
        verbs = {"GET": "get"}
    elif target.subresource == TOKEN:
        verbs = {"POST": "create"}
    elif target.subresource:
        verbs.pop("DELETE")
    elif not target.name:
        verbs = {"GET": "list"}
        if target.namespace or not target.kind.namespaced:
            verbs |= {"POST": "create", "DELETE": "deletecollection"}
    verb = verbs.get(method, "")
    if watch and verb in ("get", "list") and not target.subresource:
        verb = "watch"
    if verb not in target.kind.verbs:
        raise method_not_allowed()
    return verb


def method_not_allowed() -> ApiError:
    """405, in upstream's words."""
    return ApiError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource"
    )
