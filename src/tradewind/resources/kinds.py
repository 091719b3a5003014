"""The table of kinds: how each is named in the API, printed, defaulted and checked.

Everything that must treat all kinds alike (API server, clients, CLI, caches) goes through a `Kind`;
nothing else in the code base knows how a kind is spelled in a URL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tradewind.resources.meta import Manifest, Object
from tradewind.resources.problems import Problem
from tradewind.resources.schema import Schema, schema_of
from tradewind.resources.syntax import dns_subdomain_problem

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`: `value` takes the manifest and the time now in milliseconds; None is an
    empty cell. `type` and `description` are told to clients that draw tables themselves."""

    name: str
    value: Callable[[Manifest, int], Cell]
    type: str = "string"
    wide: bool = False
    description: str = ""


def _unchanged(manifest: Manifest) -> Manifest:
    return manifest


def _nothing_to_say(_: Manifest) -> list[Problem]:
    return []


def _anything_goes(_new: Manifest, _old: Manifest) -> list[Problem]:
    return []


VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


# The groups that Kubernetes itself has, as far as they are served here; every other kind is a custom one.
BUILTIN_GROUPS = frozenset(
    {
        "",
        "apiextensions.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "rbac.authorization.k8s.io",
    }
)


@dataclass(frozen=True)
class ScalePaths:
    """What `/scale` reads and writes, as in a CustomResourceDefinition's `subresources.scale`: each like
    `.spec.replicas`; `label_selector` is "" when there is none. `upper_limit` is raised with the replicas
    when it would be below them; `default` is how many are meant when the object does not say."""

    spec_replicas: str
    status_replicas: str
    label_selector: str = ""
    upper_limit: str = ""
    default: int = 0


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    `default` returns the manifest with defaults filled in (its argument is not changed); `check`
    returns what typing alone cannot see: refusals, and warnings for what is accepted but has no or
    another effect; `check_update(new, old)` returns what an update may not change; `first_status` is what the
    API itself says of an object that has just been created (None: nothing). `versions` lists
    every served version, the stored one first. `columns` holds every column of the table, the name's
    included. `verbs` are all but for kinds that are computed on demand and never stored; `schemas` has
    the schema of each version where that is not the struct's. `variants` are the kind as it is at versions
    that are checked, defaulted or printed in another way than the stored one. `selectable` fields, such as
    `spec.color`, may be named by field selectors. `name_problem` says what is wrong with a name.
    """

    group: str
    versions: tuple[str, ...]
    name: str
    plural: str
    struct: type[Object]
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    has_status: bool = True
    columns: tuple[Column, ...] = ()
    default: Callable[[Manifest], Manifest] = _unchanged
    check: Callable[[Manifest], list[Problem]] = field(default=_nothing_to_say)
    check_update: Callable[[Manifest, Manifest], list[Problem]] = field(default=_anything_goes)
    scale: ScalePaths | None = None
    first_status: Callable[[Manifest], Manifest] | None = None
    selectable: tuple[str, ...] = ()
    verbs: tuple[str, ...] = VERBS
    name_problem: Callable[[str], str] = dns_subdomain_problem
    schemas: Mapping[str, Schema] = field(default_factory=dict, repr=False, compare=False)
    variants: Mapping[str, "Kind"] = field(default_factory=dict, repr=False, compare=False)

    def at(self, version: str) -> "Kind":
        """The kind as clients of one of its versions see it."""
        return self.variants.get(version, self)

    def schema_at(self, version: str) -> Schema:
        """What an object may hold at one of the served versions."""
        return self.schemas.get(version) or schema_of(self.struct)

    @property
    def is_builtin(self) -> bool:
        """Whether Kubernetes itself has this kind: it is then patched strategically."""
        return self.group in BUILTIN_GROUPS

    @property
    def api_version(self) -> str:
        """The stored `apiVersion`, for example `serving.kserve.io/v1beta1` or, for core kinds, `v1`."""
        return self.api_version_of(self.versions[0])

    def api_version_of(self, version: str) -> str:
        """`apiVersion` at one of the served versions."""
        return f"{self.group}/{version}" if self.group else version

    @property
    def resource(self) -> str:
        """The store's and the error messages' name: `plural.group`, or `plural` for core kinds."""
        return f"{self.plural}.{self.group}" if self.group else self.plural
