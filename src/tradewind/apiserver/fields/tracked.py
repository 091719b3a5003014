"""What each manager of an object may be said to own: which parts are tracked at all. Pure."""

from functools import cache

from tradewind.apiserver.fields.sets import FieldSet
from tradewind.apiserver.rules import NAMESPACES
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.schema import Schema

STATUS = "status"
# What is nobody's: apimachinery `stripmeta.go`.
_TYPE = ("apiVersion", "kind")
_SYSTEM = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
)


def tracked(manifest: Manifest) -> Manifest:
    """An object without what is nobody's."""
    metadata = manifest.get("metadata") or {}
    return {name: value for name, value in manifest.items() if name not in _TYPE} | {
        "metadata": {name: value for name, value in metadata.items() if name not in _SYSTEM}
    }


def written_part(kind: Kind, manifest: Manifest, subresource: str) -> Manifest:
    """Of a manifest, what a write can change: status through `/status` only, and there nothing else
    (upstream's reset fields)."""
    if subresource == STATUS:
        kept = (*_TYPE, "metadata", STATUS)
        identity = {name: one for name, one in (manifest.get("metadata") or {}).items() if name in _SYSTEM}
        return {name: manifest[name] for name in kept if name in manifest} | {"metadata": identity}
    others = (STATUS,) if kind.has_status else ()
    if kind.resource == NAMESPACES:  # its finalizers have a subresource of their own
        others = (*others, "spec")
    return {name: value for name, value in manifest.items() if name not in others}


def stripped(fields: FieldSet) -> FieldSet:
    """A set of fields without what is nobody's."""
    left = {element: under for element, under in fields.items() if element[2:] not in _TYPE}
    metadata = left.pop("f:metadata", {})
    of_metadata = {
        element: under
        for element, under in metadata.items()
        if element.startswith("f:") and element[2:] not in _SYSTEM
    }
    return {"f:metadata": of_metadata, **left} if of_metadata else left


def blank(kind: Kind, schema: Schema) -> Manifest:
    """An object that nobody has written to. In Kubernetes' own kinds structs are there from the start, so
    that nobody owns them; in custom kinds only metadata is."""
    return _blank(schema) if kind.is_builtin else {"metadata": {}}


@cache
def _blank(schema: Schema) -> Manifest:
    return {
        name: _blank(inner)
        for name, inner in schema.fields.items()
        if inner.type == "object" and not inner.nullable
    }
