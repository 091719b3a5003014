"""What a controller sees and how it is declared."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tradewind.controller.plan import LOCAL, Key, Plan
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest


class View(Protocol):
    """A consistent, read-only look at cached objects. `at` says whose: LOCAL or HUB.

    Typed objects are instances of `kind.struct`; manifests are the same objects as dictionaries and
    must not be changed.
    """

    def get(self, kind: Kind, namespace: str, name: str, at: str = LOCAL) -> Any | None:
        """The typed object; None when there is none."""
        ...

    def get_manifest(self, kind: Kind, namespace: str, name: str, at: str = LOCAL) -> Manifest | None:
        """The object as a dictionary; None when there is none."""
        ...

    def list_manifests(self, kind: Kind, namespace: str = "", at: str = LOCAL) -> list[Manifest]:
        """Objects as dictionaries, sorted by namespace and name."""
        ...

    def list(
        self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None, at: str = LOCAL
    ) -> list[Any]:
        """Typed objects that carry all of `labels`, sorted by namespace and name."""
        ...


@dataclass(frozen=True)
class Watch:
    """A kind that a controller looks at. `keys` says which of the controller's keys a change of a typed
    object concerns; `namespace` and `name` narrow the watch, which may be all that one is allowed to see."""

    kind: Kind
    keys: Callable[[Any, View], Iterable[Key]]
    at: str = LOCAL
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True)
class Controller:
    """One reconcile loop. Everything that `step` reads through its view must be among `watches`."""

    name: str
    watches: tuple[Watch, ...]
    step: Callable[[Key, View, int], Plan]


def own_key(obj: Any, _: View) -> Iterable[Key]:
    """The object's own key."""
    return (Key(obj.metadata.namespace, obj.metadata.name),)


def owner_key(owner_kind: str) -> Callable[[Any, View], Iterable[Key]]:
    """The key of the owner of this kind, by owner reference in the same namespace."""

    def keys(obj: Any, _: View) -> Iterable[Key]:
        return [
            Key(obj.metadata.namespace, owner.name)
            for owner in obj.metadata.owner_references
            if owner.kind == owner_kind
        ]

    return keys
