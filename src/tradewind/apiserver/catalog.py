"""The kinds that a server serves, found by URL, by manifest and by store resource."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tradewind.resources.custom_kinds import is_custom
from tradewind.resources.kinds import Kind


@dataclass(frozen=True)
class Catalog:
    """An index of kinds; build it with `catalog`."""

    kinds: tuple[Kind, ...]
    by_url: dict[tuple[str, str, str], Kind] = field(repr=False)
    by_resource: dict[str, Kind] = field(repr=False)
    by_group_kind: dict[tuple[str, str], Kind] = field(repr=False)

    def is_built_in(self, resource: str) -> bool:
        """Whether a store resource is that of a kind that needs no CustomResourceDefinition."""
        kind = self.by_resource.get(resource)
        return kind is not None and not is_custom(kind)

    def owner_kind(self, api_version: str, name: str) -> Kind | None:
        """The kind that an owner reference names, whatever its version; None when it is not served here."""
        group = api_version.rpartition("/")[0]
        return self.by_group_kind.get((group, name))


def catalog(kinds: Iterable[Kind]) -> Catalog:
    """The index of these kinds."""
    kinds = tuple(kinds)
    return Catalog(
        kinds=kinds,
        by_url={
            (kind.group, version, kind.plural): kind.at(version)
            for kind in kinds
            for version in kind.versions
        },
        by_resource={kind.resource: kind for kind in kinds},
        by_group_kind={(kind.group, kind.name): kind for kind in kinds},
    )
