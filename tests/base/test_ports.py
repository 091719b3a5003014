"""No two parts of a fleet share a port."""

import socket
from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from tradewind.base.ports import LOOPBACK, MAX_CLUSTERS, hub_ports, is_free, member_ports


@given(st.integers(1024, 40_000), st.integers(1, MAX_CLUSTERS))
def test_all_ports_of_a_fleet_are_different(base: int, clusters: int):
    ports = list(astuple(hub_ports(base)))
    for index in range(clusters):
        *fixed, replicas = astuple(member_ports(base, index))
        ports += [*fixed, *replicas]
    assert len(ports) == len(set(ports))
    assert min(ports) == base


def test_a_port_is_free_until_somebody_listens():
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        port = server.getsockname()[1]
        server.listen()
        assert not is_free(port)
    assert is_free(port)
