"""A kind that a user defines at the hub of a running fleet (examples/custom-kind)."""

import functools
from pathlib import Path

import pytest

from tests.fleet.harness import Site, under_load, wait_for

pytestmark = pytest.mark.fleet

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-kind"
DEFINITION = "datasets.data.example.com"


def arrived(site: Site, name: str) -> bool:
    if DEFINITION not in site.kubectl(name, "get", "crd", "-o", "name"):
        return False
    return "transactions" in site.kubectl(name, "get", "datasets", "-n", "ml", "-o", "name")


def forgotten(site: Site, name: str) -> bool:
    return DEFINITION not in site.kubectl(name, "get", "crd", "-o", "name")


def test_a_kind_comes_and_goes_in_every_member_and_disturbs_no_request(site: Site, iris: str):
    text = "---\n".join(path.read_text() for path in sorted(EXAMPLE.glob("*.yaml")))

    def come_and_go() -> None:
        result = site.tradewind("apply", "-f", "-", stdin=text)
        assert result.returncode == 0, result.stderr
        for name in site.names:
            wait_for(
                functools.partial(arrived, site, name), lambda: site.kubectl("hub", "get", "works", "-A")
            )
        site.kubectl("hub", "delete", "crd", DEFINITION)
        for name in site.names:
            wait_for(
                functools.partial(forgotten, site, name), lambda: site.kubectl("hub", "get", "works", "-A")
            )

    report = under_load(f"{site.front_door}/serving/ml/{iris}/v1/models/{iris}:predict", come_and_go)
    assert report.failures == ()
    assert site.service(iris)["ready"]
