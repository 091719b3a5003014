"""Clusters → what the front door does."""

import pytest

from tradewind.resources.cluster_types import Cluster
from tradewind.resources.locality import Site
from tradewind.resources.meta import decode
from tradewind.traffic.front_door import GatewaySite, front_door_proxy, gateway_sites
from tradewind.traffic.model import Match


def site(name: str, region: str, order: int, **rtt_ms: int) -> GatewaySite:
    return GatewaySite(Site(name, region, order=order, rtt_ms=rtt_ms), "127.0.0.1", 7000 + order)


EAST, WEST, EU = site("east", "us", 0, eu=80), site("west", "asia", 1, eu=200), site("paris", "eu", 2)


def orders(sites: list[GatewaySite]) -> dict[str, list[str]]:
    """Clusters by backend, nearest first."""
    return {
        backend.name: [group.locality.cluster for group in backend.groups]
        for backend in front_door_proxy(sites, 7400).backends
    }


def test_each_region_has_its_order_and_the_fleet_has_its_own():
    assert orders([WEST, EU, EAST]) == {
        "region/us": ["east", "paris", "west"],
        "region/asia": ["west", "paris", "east"],
        "region/eu": ["paris", "east", "west"],
        "fleet": ["east", "west", "paris"],
    }


def test_the_first_cluster_of_a_region_leads_it():
    second = site("east-gpu", "us", 3)
    assert orders([second, EU, EAST])["region/us"] == ["east", "east-gpu", "paris"]


def test_a_cluster_without_region_is_in_every_order():
    assert orders([EAST, site("somewhere", "", 1)]) == {
        "region/us": ["east", "somewhere"],
        "fleet": ["east", "somewhere"],
    }


def test_without_clusters_it_still_listens():
    proxy = front_door_proxy([], 7400)
    assert [one.groups for one in proxy.backends] == [()]
    assert proxy.listeners[0].port == 7400


def test_the_header_chooses_and_everything_else_goes_the_default_way():
    (host,) = front_door_proxy([EAST, EU], 7400).listeners[0].virtual_hosts
    assert host.domains == ("*",)
    assert [(route.match, route.backend) for route in host.routes] == [
        (Match(region="eu"), "region/eu"),
        (Match(region="us"), "region/us"),
        (Match(), "fleet"),
    ]
    assert all(not route.host and not route.rewritten_path for route in host.routes)


def test_each_gateway_is_an_endpoint_of_its_own_group():
    backend = front_door_proxy([EAST, EU], 7400).backends[-1]
    assert [[(one.address, one.port) for one in group.endpoints] for group in backend.groups] == [
        [("127.0.0.1", 7000)],
        [("127.0.0.1", 7002)],
    ]
    assert backend.health_check.path == "/healthz/ready"


@pytest.mark.parametrize(
    ("gateway", "wanted"),
    [
        ("127.0.0.1:7411", ("127.0.0.1", 7411)),
        ("http://127.0.0.1:7411", ("127.0.0.1", 7411)),
        ("", None),
        ("127.0.0.1", None),
        ("localhost:7411", None),
        ("127.0.0.1:http", None),
    ],
)
def test_a_cluster_says_where_its_gateway_is(gateway, wanted):
    manifest = {"metadata": {"name": "east", "annotations": {"tradewind.dev/gateway": gateway}}}
    assert [(one.host, one.port) for one in gateway_sites([decode(manifest, Cluster)])] == (
        [wanted] if wanted else []
    )
