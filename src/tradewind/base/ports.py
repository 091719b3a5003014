"""Every port of a fleet is derived from one base; all are on loopback."""

import socket
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
MAX_CLUSTERS = 38
REPLICA_PORTS_PER_CLUSTER = 200


@dataclass(frozen=True)
class HubPorts:
    """The hub's ports: its API, and the front door's three."""

    api: int
    front_door: int
    xds: int
    envoy_admin: int


@dataclass(frozen=True)
class MemberPorts:
    """A member's ports: its API, its gateway's four, and the range its replicas listen on."""

    api: int
    gateway: int
    peer_gateway: int
    xds: int
    envoy_admin: int
    replicas: range


def hub_ports(base: int) -> HubPorts:
    """The hub of a fleet with this base port."""
    return HubPorts(api=base, front_door=base + 1, xds=base + 3, envoy_admin=base + 4)


def member_ports(base: int, index: int) -> MemberPorts:
    """The member at place `index` (from 0) of the fleet file."""
    first = base + 10 * (index + 1)
    replicas = base + 10 * (MAX_CLUSTERS + 2) + REPLICA_PORTS_PER_CLUSTER * index
    return MemberPorts(
        api=first,
        gateway=first + 1,
        peer_gateway=first + 2,
        xds=first + 3,
        envoy_admin=first + 4,
        replicas=range(replicas, replicas + REPLICA_PORTS_PER_CLUSTER),
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
