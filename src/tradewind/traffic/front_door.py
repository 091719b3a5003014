"""Clusters → what the front door does: each request goes to the nearest gateway that works.

Paths and Hosts pass unchanged, since every gateway of a fleet serves every service. The header
`x-tradewind-region` says where a client is; without it, or with an unknown value, gateways are
asked in the order of the fleet file.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tradewind.resources import labels
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.locality import Site, failover_order, site_of
from tradewind.traffic import names
from tradewind.traffic.gateway import GATEWAY_HEALTH_PATH
from tradewind.traffic.model import (
    Backend,
    Endpoint,
    EndpointGroup,
    HealthCheck,
    Listener,
    Locality,
    Match,
    Proxy,
    Refusal,
    Retry,
    Route,
    VirtualHost,
)

FLEET = "fleet"  # the backend in the order of the fleet file
HEALTH_HOST = "gateway"  # no service's host, so the gateway itself answers

# A gateway has already asked all replicas that it knows, so a replica's own 503 is final here.
FRONT_DOOR_RETRY = Retry(retries=3, tries_per_group=1, unserved=True)


@dataclass(frozen=True)
class GatewaySite:
    """A cluster's place and where its gateway answers users; `host` is an IP address."""

    site: Site
    host: str
    port: int


def front_door_proxy(sites: Iterable[GatewaySite], port: int) -> Proxy:
    """All that the front door on `port` does."""
    ordered = sorted(sites, key=lambda one: (one.site.order, one.site.name))
    by_region = {one.site.region: one.site for one in reversed(ordered) if one.site.region}
    regional = [_regional_backend(by_region[region], ordered) for region in sorted(by_region)]
    return Proxy((_listener(sorted(by_region), port),), (*regional, _backend(FLEET, ordered)))


def gateway_sites(clusters: Iterable[Cluster]) -> list[GatewaySite]:
    """The gateways of these clusters; one that does not say where its gateway is has none yet.

    Whether the hub finds a cluster ready does not matter here: a gateway that answers its health
    check serves, whatever has become of the control plane behind it.
    """
    return [found for cluster in clusters if (found := _gateway_site(cluster))]


def _gateway_site(cluster: Cluster) -> GatewaySite | None:
    host, _, port = cluster.metadata.annotations.get(labels.GATEWAY_URL, "").rpartition(":")
    try:
        address = str(ipaddress.ip_address(host.removeprefix("http://")))
    except ValueError:
        return None
    return GatewaySite(site_of(cluster), address, int(port)) if port.isdecimal() else None


def _regional_backend(home: Site, ordered: Sequence[GatewaySite]) -> Backend:
    """Gateways by distance from a region; `home` is its first cluster."""
    by_name = {one.site.name: one for one in ordered}
    nearest = [home.name, *failover_order(home, [one.site for one in ordered])]
    return _backend(names.region_backend(home.region), [by_name[name] for name in nearest])


def _backend(name: str, ordered: Sequence[GatewaySite]) -> Backend:
    groups = (
        EndpointGroup(
            Locality(one.site.region, one.site.zone, one.site.name), (Endpoint(one.host, one.port),)
        )
        for one in ordered
    )
    return Backend(name, HealthCheck(GATEWAY_HEALTH_PATH, HEALTH_HOST), tuple(groups))


def _listener(regions: Sequence[str], port: int) -> Listener:
    regional = [
        Route(name=region, backend=names.region_backend(region), match=Match(region=region))
        for region in regions
    ]
    unreachable = Refusal(
        503,
        "no gateway of the fleet can be reached (`tradewind status` shows its clusters, `tradewind up` "
        "starts what has stopped)",
    )
    return Listener(
        name="front-door",
        port=port,
        virtual_hosts=(VirtualHost("all", ("*",), (*regional, Route(name=FLEET, backend=FLEET))),),
        retry=FRONT_DOOR_RETRY,
        unknown=unreachable,
        not_ready=unreachable,
    )
