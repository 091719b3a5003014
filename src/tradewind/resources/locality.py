"""How near clusters are to each other: the one order in which every failover looks for help."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tradewind.resources import labels
from tradewind.resources.cluster_types import Cluster

UNKNOWN_ROUND_TRIP_MS = 1_000_000_000  # farther than any declared distance


@dataclass(frozen=True)
class Site:
    """Where a cluster is. `order` is its place in the fleet file; `rtt_ms` its declared distances to
    other regions, by region name."""

    name: str
    region: str = ""
    zone: str = ""
    provider: str = ""
    order: int = 0
    rtt_ms: Mapping[str, int] = field(default_factory=dict)


def site_of(cluster: Cluster) -> Site:
    """Where a cluster is, by its spec and annotations; what these declare wrongly counts as not declared."""
    notes = cluster.metadata.annotations
    order = notes.get(labels.FLEET_ORDER, "")
    return Site(
        name=cluster.metadata.name,
        region=cluster.spec.region,
        zone=cluster.spec.zones[0] if cluster.spec.zones else cluster.spec.zone,
        provider=cluster.spec.provider,
        order=int(order) if order.isdecimal() else 0,
        rtt_ms=_round_trips(notes.get(labels.ROUND_TRIP_MS, "")),
    )


def failover_order(home: Site, sites: Iterable[Site]) -> tuple[str, ...]:
    """Names of `sites` without `home` itself, nearest first.

    A declared round trip decides (from either side; a region is 0 ms from itself unless it says
    otherwise); sites of undeclared distance follow. Between equals: same zone, as in Istio's
    locality order, then same provider, then the order of the fleet file, then the name.
    """

    def distance(site: Site) -> tuple[int, bool, bool, int, str]:
        return (
            round_trip_ms(home, site),
            (site.region, site.zone) != (home.region, home.zone),
            site.provider != home.provider,
            site.order,
            site.name,
        )

    return tuple(site.name for site in sorted(sites, key=distance) if site.name != home.name)


def round_trip_ms(home: Site, site: Site) -> int:
    """The declared round trip between two regions; `UNKNOWN_ROUND_TRIP_MS` when neither side declares it."""
    declared = home.rtt_ms.get(site.region, site.rtt_ms.get(home.region))
    if declared is not None:
        return declared
    return 0 if home.region and home.region == site.region else UNKNOWN_ROUND_TRIP_MS


def _round_trips(text: str) -> dict[str, int]:
    try:
        declared = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(declared, dict):
        return {}
    return {region: value for region, value in declared.items() if isinstance(value, int)}
