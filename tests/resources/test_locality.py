"""Who is asked for help, in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.resources.cluster_types import Cluster
from tradewind.resources.locality import Site, failover_order, site_of
from tradewind.resources.meta import decode

HOME = Site("home", "us-east", "us-east-a", "aws", 0, {"us-west": 60, "eu": 80})


@pytest.mark.parametrize(
    ("sites", "wanted"),
    [
        pytest.param(
            [Site("a", "eu", order=1), Site("b", "us-west", order=2)], ("b", "a"), id="declared round trip"
        ),
        pytest.param(
            [Site("far", "asia", order=1), Site("near", "eu", order=2)],
            ("near", "far"),
            id="declared before undeclared",
        ),
        pytest.param(
            [Site("a", "us-west", order=1), Site("b", "us-east", order=2)], ("b", "a"), id="own region first"
        ),
        pytest.param(
            [Site("a", "us-east", "us-east-b", order=1), Site("b", "us-east", "us-east-a", order=2)],
            ("b", "a"),
            id="own zone first",
        ),
        pytest.param(
            [Site("a", "asia", provider="gcp", order=1), Site("b", "africa", provider="aws", order=2)],
            ("b", "a"),
            id="own provider first",
        ),
        pytest.param([Site("a", "x", order=2), Site("b", "y", order=1)], ("b", "a"), id="fleet order"),
        pytest.param([Site("b", "x"), Site("a", "y")], ("a", "b"), id="name"),
        pytest.param(
            [Site("a", "asia", order=1), Site("b", "africa", order=2, rtt_ms={"us-east": 150})],
            ("b", "a"),
            id="declared by the other side",
        ),
        pytest.param([HOME, Site("a")], ("a",), id="never itself"),
        pytest.param([], (), id="alone"),
    ],
)
def test_nearest_first(sites: list[Site], wanted: tuple[str, ...]):
    assert failover_order(HOME, sites) == wanted


def test_without_a_region_nobody_is_of_the_same_region():
    home = Site("home", provider="aws")
    assert failover_order(home, [Site("a", order=1), Site("b", provider="aws", order=2)]) == ("b", "a")


SITES = st.lists(
    st.builds(
        Site,
        name=st.sampled_from("abcdefgh"),
        region=st.sampled_from(["", "r1", "r2", "r3"]),
        zone=st.sampled_from(["", "z"]),
        provider=st.sampled_from(["", "p"]),
        order=st.integers(0, 3),
        rtt_ms=st.dictionaries(st.sampled_from(["r1", "r2", "r3"]), st.integers(0, 300)),
    ),
    unique_by=lambda site: site.name,
)


@given(sites=SITES, shuffled=st.randoms(use_true_random=False))
def test_the_order_is_total_and_does_not_depend_on_how_sites_are_listed(sites, shuffled):
    order = failover_order(HOME, sites)
    assert sorted(order) == sorted(site.name for site in sites)
    again = list(sites)
    shuffled.shuffle(again)
    assert failover_order(HOME, again) == order


def test_a_site_comes_from_spec_and_annotations():
    manifest = {
        "metadata": {
            "name": "east",
            "annotations": {"tradewind.dev/order": "2", "tradewind.dev/rtt-ms": '{"eu": 80, "asia": "?"}'},
        },
        "spec": {"region": "us-east", "zones": ["us-east-1a", "us-east-1b"], "provider": "aws"},
    }
    assert site_of(decode(manifest, Cluster)) == Site("east", "us-east", "us-east-1a", "aws", 2, {"eu": 80})


@pytest.mark.parametrize("text", ["", "no json", "[1]", "null", "7"])
def test_wrong_distances_count_as_undeclared(text: str):
    manifest = {"metadata": {"name": "east", "annotations": {"tradewind.dev/rtt-ms": text}}}
    assert site_of(decode(manifest, Cluster)) == Site("east")
