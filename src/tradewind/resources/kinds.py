"""The table of kinds: how each is named in the API, printed, defaulted and checked.

Everything that must treat all kinds alike (API server, clients, CLI, caches) goes through a `Kind`;
nothing else in the code base knows how a kind is spelled in a URL.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tradewind.resources.meta import Manifest, Object
from tradewind.resources.problems import Problem


@dataclass(frozen=True)
class Column:
    """A column of `kubectl get`: `value` takes the manifest and the time now in milliseconds."""

    name: str
    value: Callable[[Manifest, int], str | int]
    type: str = "string"
    wide: bool = False


def _unchanged(manifest: Manifest) -> Manifest:
    return manifest


def _nothing_to_say(_: Manifest) -> list[Problem]:
    return []


@dataclass(frozen=True)
class Kind:
    """One kind of object.

    `default` returns the manifest with defaults filled in (its argument is not changed); `check`
    returns what typing alone cannot see: refusals, and warnings for what is accepted but has no or
    another effect. `versions` lists every served version, the stored one first. `columns` holds every
    column of the table, the name's included.
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
