"""What a server says about itself: groups, versions, resources, its own version. Pure.

Forms: the older `/api`, `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION`, and the aggregated
`APIGroupDiscoveryList` (apidiscovery.k8s.io/v2), which kubectl asks for first.
"""

import base64
import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version as installed_version

from tradewind.apiserver.catalog import Catalog
from tradewind.apiserver.health import HEALTH_ROOTS, checks_of
from tradewind.apiserver.scale import GROUP, SCALE, VERSION
from tradewind.apiserver.urls import LOG, TOKEN, subresources
from tradewind.apiserver.urls import SCALE as SCALE_PATH
from tradewind.resources.custom_kinds import version_priority
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.review_kinds import TOKEN_REQUEST

KUBERNETES = (1, 37)  # what clients may expect; kubectl warns of servers more than one minor version away
# The aggregated forms that are spoken: media type by version, the first to be preferred.
AGGREGATED = {
    version: f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    for version in ("v2", "v2beta1")
}
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

_SCALE = {"group": GROUP, "version": VERSION, "kind": SCALE}
_TOKEN_REQUEST = {
    "group": TOKEN_REQUEST.group,
    "version": TOKEN_REQUEST.versions[0],
    "kind": TOKEN_REQUEST.name,
}


def version() -> Manifest:
    """`/version`."""
    major, minor = KUBERNETES
    return {
        "major": str(major),
        "minor": str(minor),
        "emulationMajor": str(major),
        "emulationMinor": str(minor),
        "minCompatibilityMajor": str(major),
        "minCompatibilityMinor": str(minor - 1),
        "gitVersion": f"v{major}.{minor}.0+tradewind.{installed_version('tradewind')}",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": platform.python_implementation(),
        "platform": f"linux/{_MACHINES.get(platform.machine(), platform.machine())}",
    }


def paths(served: Catalog) -> list[str]:
    """`/`: every path that is not about objects, sorted."""
    versions = [
        (f"apis/{group}" if group else "api", version)
        for group in _groups(served)
        for version in _versions(served, group)
    ]
    groups = [root for root, _ in versions]
    prefixes = [f"{root}/{version}" for root, version in versions]
    health = [f"{root}/{name}" for root in HEALTH_ROOTS for name in checks_of(root, "")]
    openapi = ["openapi/v2", "openapi/v3", *(f"openapi/v3/{prefix}" for prefix in prefixes)]
    found = {"api", "apis", *groups, *prefixes, *HEALTH_ROOTS, *health, *openapi, "version"}
    return sorted(f"/{path}" for path in found)


def core_versions(address: str) -> Manifest:
    """`/api`, of a server at this address."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def group_list(served: Catalog) -> Manifest:
    """`/apis`."""
    groups = [_group(served, group) for group in _groups(served) if group]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(served: Catalog, name: str) -> Manifest | None:
    """`/apis/GROUP`; None when there is no such group."""
    if not name or name not in _groups(served):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(served, name)


def resource_list(served: Catalog, group_name: str, version_name: str) -> Manifest | None:
    """`/api/v1` or `/apis/GROUP/VERSION`; None when there is none such."""
    kinds = _kinds(served, group_name, version_name)
    if not kinds:
        return None
    resources = [one for kind in kinds for one in (_resource(kind), *_subresources(kind))]
    resources.sort(key=lambda one: str(one["name"]))
    group_version = f"{group_name}/{version_name}" if group_name else version_name
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }


def aggregated(served: Catalog, *, core: bool, version: str) -> Manifest:
    """The aggregated form of `/api` (`core`) or of `/apis`, in one of the versions of `AGGREGATED`."""
    names = [name for name in _groups(served) if (name == "") == core]
    items = [
        {
            "metadata": {"name": name, "creationTimestamp": None},
            "versions": [
                {
                    "version": one,
                    "freshness": "Current",
                    "resources": [_discovered(kind, one) for kind in _kinds(served, name, one)],
                }
                for one in _versions(served, name)
            ],
        }
        for name in names
    ]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": items,
    }


def _groups(served: Catalog) -> list[str]:
    return list(dict.fromkeys(kind.group for kind in served.kinds))


def _versions(served: Catalog, group_name: str) -> list[str]:
    """A group's versions, the preferred one first."""
    found = {version for kind in served.kinds if kind.group == group_name for version in kind.versions}
    return sorted(found, key=version_priority)


def _kinds(served: Catalog, group_name: str, version_name: str) -> list[Kind]:
    return [
        kind.at(version_name)
        for kind in served.kinds
        if kind.group == group_name and version_name in kind.versions
    ]


def _group(served: Catalog, name: str) -> Manifest:
    versions = [{"groupVersion": f"{name}/{one}", "version": one} for one in _versions(served, name)]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resource(kind: Kind) -> Manifest:
    resource = {
        "name": kind.plural,
        "singularName": kind.name.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": list(kind.verbs),
    }
    stored = {"storageVersionHash": _storage_version_hash(kind)} if "update" in kind.verbs else {}
    return resource | _names(kind) | stored


def _storage_version_hash(kind: Kind) -> str:
    """Upstream `StorageVersionHash`: it changes with the version in which objects are stored."""
    stored = f"{kind.group}/{kind.versions[0]}/{kind.name}"
    return base64.b64encode(hashlib.sha256(stored.encode()).digest()[:8]).decode()


def _names(kind: Kind) -> Manifest:
    names = {"shortNames": list(kind.short_names), "categories": list(kind.categories)}
    return {name: value for name, value in names.items() if value}


def _subresources(kind: Kind) -> Iterable[Manifest]:
    return (
        {
            "name": f"{kind.plural}/{subresource}",
            "singularName": "",
            "namespaced": kind.namespaced,
            **_spoken(kind, subresource),
            "verbs": _subresource_verbs(subresource),
        }
        for subresource in subresources(kind)
    )


def _spoken(kind: Kind, subresource: str) -> Manifest:
    """The kind that is sent and answered below an object, where that is another one with its version."""
    return {SCALE_PATH: _SCALE, TOKEN: _TOKEN_REQUEST}.get(subresource, {"kind": kind.name})


def _subresource_verbs(subresource: str) -> list[str]:
    return {LOG: ["get"], TOKEN: ["create"]}.get(subresource, ["get", "patch", "update"])


def _discovered(kind: Kind, version_name: str) -> Manifest:
    response_kind = {"group": kind.group, "version": version_name, "kind": kind.name}
    discovered: Manifest = {
        "resource": kind.plural,
        "responseKind": response_kind,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.name.lower(),
        "verbs": list(kind.verbs),
    }
    below = [
        {
            "subresource": one,
            "responseKind": response_kind | _spoken(kind, one),
            "verbs": _subresource_verbs(one),
        }
        for one in subresources(kind)
    ]
    return discovered | _names(kind) | ({"subresources": below} if below else {})
