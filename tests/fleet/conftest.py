"""One fleet for all tests of this folder; each test brings its own service and leaves the fleet whole."""

from collections.abc import Iterator

import pytest

from tests.fleet.harness import Site, running_fleet


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_fleet(tmp_path_factory.mktemp("fleet"), base_port=14400) as running:
        yield running


@pytest.fixture(scope="package")
def iris(site: Site) -> str:
    """A service of six replicas that every test may ask, but none may change."""
    site.apply("iris", site.put_model("iris"), 6)
    site.wait_until_ready("iris", 6)
    return "iris"
