"""Where objects are in the Kubernetes REST API."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError, bad_request

Parameters = Mapping[str, str | int | bool | None]


def collection_path(kind: Kind, namespace: str = "", version: str = "") -> str:
    """The path of all objects of a kind, of one namespace or of all; `version` "" is the stored one."""
    served = version or kind.versions[0]
    root = f"/apis/{kind.group}/{served}" if kind.group else f"/api/{served}"
    inside = f"/namespaces/{quote(namespace, safe='')}" if kind.namespaced and namespace else ""
    return f"{root}{inside}/{kind.plural}"


def object_path(kind: Kind, namespace: str, name: str, subresource: str = "", version: str = "") -> str:
    """The path of one object or of a part of it. Raises ApiError 400 when name or namespace is missing."""
    if not name:
        raise bad_request(f"{kind.name}: metadata.name is required")
    if kind.namespaced and not namespace:
        raise _no_namespace(kind, name)
    path = f"{collection_path(kind, namespace, version)}/{quote(name, safe='')}"
    return f"{path}/{subresource}" if subresource else path


def creation_path(kind: Kind, manifest: Manifest) -> str:
    """Where an object is created, in the version of its manifest. Raises ApiError 400 without a namespace."""
    metadata = manifest.get("metadata", {})
    namespace = metadata.get("namespace", "")
    if kind.namespaced and not namespace:
        raise _no_namespace(kind, metadata.get("name", ""))
    return collection_path(kind, namespace, version_of(kind, manifest))


def own_path(kind: Kind, manifest: Manifest, subresource: str = "") -> str:
    """Where the object of a manifest is, in the manifest's version. Raises ApiError 400 as `object_path`."""
    metadata = manifest.get("metadata", {})
    namespace, name = metadata.get("namespace", ""), metadata.get("name", "")
    return object_path(kind, namespace, name, subresource, version_of(kind, manifest))


def version_of(kind: Kind, manifest: Manifest) -> str:
    """The served version that a manifest is written in; the stored one when it names none of them."""
    version = str(manifest.get("apiVersion", "")).rpartition("/")[2]
    return version if version in kind.versions else kind.versions[0]


def name_selector(name: str) -> str:
    """The field selector for the one object of this name; "" selects all."""
    return f"metadata.name={name}" if name else ""


def query(parameters: Parameters) -> str:
    """A query string with its question mark; parameters that are None, "" or False are left out."""
    given = {
        name: "true" if value is True else str(value)
        for name, value in parameters.items()
        if value is not None and value != "" and value is not False
    }
    return f"?{urlencode(given)}" if given else ""


def _no_namespace(kind: Kind, name: str) -> ApiError:
    return bad_request(f'{kind.name} "{name}": metadata.namespace is required')
