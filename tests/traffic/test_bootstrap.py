"""What an Envoy starts from."""

from tradewind.resources.meta import Manifest
from tradewind.traffic.bootstrap import EnvoyIdentity, make_bootstrap


def test_every_address_in_the_bootstrap_is_loopback():
    def addresses(part: object) -> list[Manifest]:
        if isinstance(part, dict):
            own = [part["socket_address"]] if "socket_address" in part else []
            return own + [found for value in part.values() for found in addresses(value)]
        if isinstance(part, list):
            return [found for value in part for found in addresses(value)]
        return []

    found = addresses(make_bootstrap(EnvoyIdentity("n", "c", 1, 2, "1.40.0")))
    assert {one["address"] for one in found} == {"127.0.0.1"}
