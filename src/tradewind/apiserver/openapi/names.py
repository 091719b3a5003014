"""What OpenAPI calls things: definitions, operations, tags. Pure.

Upstream: apiserver `pkg/endpoints/openapi`, apiextensions-apiserver `pkg/controller/openapi/builder`.
"""

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest

META = "io.k8s.apimachinery.pkg.apis.meta.v1"
# Structs that several groups share are defined where upstream has them.
_SHARED = {
    "ObjectMeta": META,
    "OwnerReference": META,
    "LabelSelector": META,
    "LabelSelectorRequirement": META,
}
# Structs that are called otherwise upstream.
_UPSTREAM = {
    "DefinitionSpec": "CustomResourceDefinitionSpec",
    "DefinitionStatus": "CustomResourceDefinitionStatus",
    "Names": "CustomResourceDefinitionNames",
    "Version": "CustomResourceDefinitionVersion",
    "Validation": "CustomResourceValidation",
    "Subresources": "CustomResourceSubresources",
    "ScaleSubresource": "CustomResourceSubresourceScale",
    "PrinterColumn": "CustomResourceColumnDefinition",
    "Conversion": "CustomResourceConversion",
}
# Where a group's Go types are not in k8s.io/api.
_PACKAGES = {
    "apiextensions.k8s.io": "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
    "metrics.k8s.io": "io.k8s.metrics.pkg.apis.metrics",
}


def is_go_type(kind: Kind) -> bool:
    """Whether a kind is defined in Go upstream; all others are published as custom resources are."""
    return kind.is_builtin or kind.group in _PACKAGES


def prefix(kind: Kind, version: str) -> str:
    """The path below which a kind is served, without the first slash."""
    return f"apis/{kind.group}/{version}" if kind.group else f"api/{version}"


def definition(kind: Kind, version: str, name: str = "") -> str:
    """The name of a struct's definition, by default the kind's own: `io.k8s.api.core.v1.Pod`."""
    return f"{_SHARED.get(name) or _package(kind, version)}.{_UPSTREAM.get(name, name) or kind.name}"


def _package(kind: Kind, version: str) -> str:
    if kind.group in _PACKAGES:
        return f"{_PACKAGES[kind.group]}.{version}"
    if is_go_type(kind):
        return f"io.k8s.api.{kind.group.partition('.')[0] or 'core'}.{version}"
    return ".".join([*reversed(kind.group.split(".")), version])


def group_version_kind(kind: Kind, version: str) -> Manifest:
    """`x-kubernetes-group-version-kind` of an operation; definitions have a list of them."""
    return {"group": kind.group, "version": version, "kind": kind.name}


def operation_group(kind: Kind, version: str) -> str:
    """The part of an operation's id that names the group: `CoreV1`, `ServingKserveIoV1beta1`."""
    words = _group_words(kind)
    return "".join(word[:1].upper() + word[1:] for word in words) + version[:1].upper() + version[1:]


def tag(kind: Kind, version: str) -> str:
    """The tag of a group and version: `core_v1`, `servingKserveIo_v1beta1`."""
    first, *others = _group_words(kind)
    return first + "".join(word[:1].upper() + word[1:] for word in others) + f"_{version}"


def _group_words(kind: Kind) -> list[str]:
    group = kind.group.removesuffix(".k8s.io") if is_go_type(kind) else kind.group
    return group.replace("-", ".").split(".") if group else ["core"]
