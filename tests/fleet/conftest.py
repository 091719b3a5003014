"""One fleet for all tests of this folder; each test brings its own service and leaves the fleet whole."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.fleet.harness import Site
from tradewind import fleet as fleets
from tradewind.base.layout import FleetLayout
from tradewind.rehearse.bucket import Bucket, local_bucket
from tradewind.resources.fleet import builtin_fleet
from tradewind.resources.meta import replace

BASE_PORT = 14400


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("fleet")
    builtin = builtin_fleet()
    fleet = replace(builtin, spec=replace(builtin.spec, ports=replace(builtin.spec.ports, base=BASE_PORT)))
    layout = FleetLayout(folder / "home")
    bucket = Bucket("models", BASE_PORT + 9, "test", "test-secret-key")
    with local_bucket(folder / "s3", bucket):
        try:
            asyncio.run(fleets.up(layout, fleet, lambda _: None))
            yield Site(layout, fleet, bucket)
        finally:
            fleets.down(layout, lambda _: None)


@pytest.fixture(scope="package")
def iris(site: Site) -> str:
    """A service of six replicas that every test may ask, but none may change."""
    site.apply("iris", site.put_model("iris"), 6)
    site.wait_until_ready("iris", 6)
    return "iris"
