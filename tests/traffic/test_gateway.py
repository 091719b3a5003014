"""EndpointSlices → what a gateway does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.traffic.objects import imported_slice, local_slice
from tradewind.resources import labels
from tradewind.resources.meta import replace
from tradewind.traffic.gateway import GatewayIdentity, gateway_proxy
from tradewind.traffic.model import Backend, Endpoint, Health, Listener, Match, Proxy

IDENTITY = GatewayIdentity("east", "us-east", "us-east-a", 8081, 8082)


def backend(proxy: Proxy, name: str = "ml/fraud-predictor") -> Backend:
    return next(one for one in proxy.backends if one.name == name)


def listener(proxy: Proxy, name: str) -> Listener:
    return next(one for one in proxy.listeners if one.name == name)


def ports_by_group(found: Backend) -> list[list[int]]:
    return [[endpoint.port for endpoint in group.endpoints] for group in found.groups]


@pytest.mark.parametrize(
    ("slices", "wanted"),
    [
        pytest.param([local_slice("fraud", None)], [], id="known, nothing there"),
        pytest.param([local_slice("fraud", 9001), local_slice("fraud", 9002)], [[9001, 9002]], id="local"),
        pytest.param([local_slice("fraud", 9001, ready=False)], [], id="not ready"),
        pytest.param(
            [
                local_slice("fraud", 9001),
                imported_slice("fraud", "b", 7002, 2),
                imported_slice("fraud", "a", 7001, 1),
            ],
            [[9001], [7001], [7002]],
            id="imported in annotated order",
        ),
        pytest.param(
            [
                local_slice("fraud", None),
                imported_slice("fraud", "b", 7002, 5),
                imported_slice("fraud", "a", 7001, 9),
            ],
            [[7002], [7001]],
            id="no gaps",
        ),
        pytest.param(
            [imported_slice("fraud", "b", 7002, 1), imported_slice("fraud", "a", 7001, 1)],
            [[7001], [7002]],
            id="ties by name",
        ),
        pytest.param(
            [
                imported_slice("fraud", "a", 7001, None),
                imported_slice("fraud", "b", 7002, "x"),
                imported_slice("fraud", "c", 7003, 10),
            ],
            [[7003], [7001], [7002]],
            id="without a place last",
        ),
        pytest.param(
            [imported_slice("fraud", "a", 7001, 1, ready=False), imported_slice("fraud", "b", 7002, 2)],
            [[7002]],
            id="a cluster with nothing ready is left out",
        ),
        pytest.param([imported_slice("fraud", "a", 7001, 1, ready=None)], [[7001]], id="unknown is ready"),
    ],
)
def test_groups(slices, wanted):
    assert ports_by_group(backend(gateway_proxy(slices, IDENTITY))) == wanted


def test_a_terminating_replica_drains():
    proxy = gateway_proxy(
        [local_slice("fraud", 9001, terminating=True), local_slice("fraud", 9002)], IDENTITY
    )
    assert backend(proxy).groups[0].endpoints == (
        Endpoint("127.0.0.1", 9001, Health.DRAINING),
        Endpoint("127.0.0.1", 9002, Health.HEALTHY),
    )


def test_localities():
    proxy = gateway_proxy([local_slice("fraud", 9001), imported_slice("fraud", "west", 7001, 1)], IDENTITY)
    here, there = (group.locality for group in backend(proxy).groups)
    assert (here.region, here.zone, here.cluster) == ("us-east", "us-east-a", "east")
    assert (there.zone, there.cluster) == ("west-zone", "west")


def test_the_peer_listener_knows_local_replicas_only():
    slices = [
        local_slice("fraud", 9001),
        imported_slice("fraud", "west", 7001, 1),
        imported_slice("spam", "west", 7001, 1),
    ]
    proxy = gateway_proxy(slices, IDENTITY)
    (host,) = listener(proxy, "peer-gateway").virtual_hosts
    assert host.domains == ("fraud-predictor.ml.svc.cluster.local",)
    assert [route.backend for route in host.routes] == ["ml/fraud-predictor/local"]
    assert ports_by_group(backend(proxy, "ml/fraud-predictor/local")) == [[9001]]


def test_public_routes():
    public = listener(gateway_proxy([local_slice("fraud", 9001)], IDENTITY), "gateway")
    by_host, by_path = public.virtual_hosts
    assert (by_host.domains, by_path.domains) == (("fraud-ml.*",), ("*",))
    for host, match in ((by_host, Match()), (by_path, Match(path_prefix="/serving/ml/fraud"))):
        (route,) = host.routes
        assert (route.backend, route.match) == ("ml/fraud-predictor", match)
        assert route.host == "fraud-predictor.ml.svc.cluster.local"


def test_a_host_name_that_two_services_share_goes_to_the_first():
    slices = [local_slice("a", 9001, namespace="b-c"), local_slice("a-b", 9002, namespace="c")]
    by_host, by_path = listener(gateway_proxy(slices, IDENTITY), "gateway").virtual_hosts
    assert by_host.domains == ("a-b-c.*",)
    assert [route.backend for route in by_host.routes] == ["b-c/a-predictor"]
    assert [route.backend for route in by_path.routes] == ["b-c/a-predictor", "c/a-b-predictor"]


@pytest.mark.parametrize(
    ("local_notes", "imported_notes", "wanted"),
    [
        ({}, {}, "/v2/health/ready"),
        ({labels.HEALTH_PATH: "/health"}, {}, "/health"),
        ({}, {labels.HEALTH_PATH: "/health"}, "/health"),
        ({labels.HEALTH_PATH: "/mine"}, {labels.HEALTH_PATH: "/theirs"}, "/mine"),
    ],
)
def test_the_health_path_comes_from_the_slices(local_notes, imported_notes, wanted):
    theirs = imported_slice("fraud", "west", 7001, 1)
    theirs = replace(
        theirs,
        metadata=replace(theirs.metadata, annotations={**theirs.metadata.annotations, **imported_notes}),
    )
    check = backend(
        gateway_proxy([theirs, local_slice("fraud", 9001, annotations=local_notes)], IDENTITY)
    ).health_check
    assert (check.path, check.host) == (wanted, "fraud-predictor.ml.svc.cluster.local")


def test_a_peer_that_does_not_know_the_health_path_still_finds_out():
    proxy = gateway_proxy([local_slice("fraud", 9001, annotations={labels.HEALTH_PATH: "/health"})], IDENTITY)
    (host,) = listener(proxy, "peer-gateway").virtual_hosts
    health, everything = host.routes
    assert (health.match, health.rewritten_path) == (Match(path="/v2/health/ready"), "/health")
    assert (everything.match, everything.rewritten_path) == (Match(), "")


def test_other_slices_do_not_matter():
    stranger = local_slice("fraud", 9001)
    stranger = replace(
        stranger, metadata=replace(stranger.metadata, labels={labels.SERVICE_NAME: "postgres"})
    )
    named = replace(local_slice("fraud", 9001), address_type="FQDN")
    assert gateway_proxy([stranger, named], IDENTITY).backends == ()


SLICES = st.lists(
    st.one_of(
        st.builds(
            local_slice,
            st.sampled_from(["a", "a-b"]),
            st.one_of(st.none(), st.integers(9000, 9003)),
            namespace=st.sampled_from(["c", "b-c"]),
            ready=st.booleans(),
            terminating=st.booleans(),
        ),
        st.builds(
            imported_slice,
            st.sampled_from(["a", "a-b"]),
            st.sampled_from(["x", "y"]),
            st.just(7001),
            st.integers(1, 3),
            namespace=st.sampled_from(["c", "b-c"]),
        ),
    ),
    unique_by=lambda one: (one.metadata.namespace, one.metadata.name),
)


@given(slices=SLICES, shuffled=st.randoms(use_true_random=False))
def test_what_envoy_would_refuse_never_comes_out(slices, shuffled):
    """Names and domains are unique, routes lead somewhere, groups are not empty, order does not matter."""
    proxy = gateway_proxy(slices, IDENTITY)
    names = [one.name for one in proxy.backends]
    assert len(names) == len(set(names))
    assert all(group.endpoints for one in proxy.backends for group in one.groups)
    for one in proxy.listeners:
        domains = [domain for host in one.virtual_hosts for domain in host.domains]
        assert len(domains) == len(set(domains))
        assert {route.backend for host in one.virtual_hosts for route in host.routes} <= set(names)
    again = list(slices)
    shuffled.shuffle(again)
    assert gateway_proxy(again, IDENTITY) == proxy
