"""What a proxy does, independent of Envoy: listeners with routes, and backends with endpoints by priority."""

from dataclasses import dataclass
from enum import Enum


class Health(Enum):
    """HEALTHY takes new requests; DRAINING only finishes those that it has."""

    HEALTHY = "HEALTHY"
    DRAINING = "DRAINING"


@dataclass(frozen=True)
class Endpoint:
    """One address that answers; `address` is an IP."""

    address: str
    port: int
    health: Health = Health.HEALTHY


@dataclass(frozen=True)
class Locality:
    """Where endpoints are; "" for what is not known."""

    region: str = ""
    zone: str = ""
    cluster: str = ""


@dataclass(frozen=True)
class EndpointGroup:
    """Endpoints of one locality that are tried with the same priority."""

    locality: Locality
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True)
class HealthCheck:
    """A GET that a working endpoint answers with 200. `host` is the Host that it is asked with."""

    path: str
    host: str


@dataclass(frozen=True)
class Backend:
    """What a route leads to. Group 0 takes everything as long as one of its endpoints works, then
    group 1, and so on; without any working endpoint requests are refused at once."""

    name: str
    health_check: HealthCheck
    groups: tuple[EndpointGroup, ...] = ()


@dataclass(frozen=True)
class Match:
    """Which requests a route takes; "" matches all. `path` is the whole path, `path_prefix` whole
    segments of it, `region` the value of the region header."""

    path: str = ""
    path_prefix: str = ""
    region: str = ""


@dataclass(frozen=True)
class Route:
    """Requests that match go to a backend. A matched prefix is taken off the path, a `rewritten_path`
    replaces it all; `host` replaces the client's Host. `name` is what errors and logs call it."""

    name: str
    backend: str
    match: Match = Match()
    rewritten_path: str = ""
    host: str = ""


@dataclass(frozen=True)
class VirtualHost:
    """Routes for some Hosts, tried in order. A domain is a host name, one that ends with `.*`, or `*`;
    none may be in two virtual hosts of a listener."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True)
class Retry:
    """What happens to a request whose endpoint died or refused it before it began to answer.

    It is sent again up to `retries` times, `tries_per_group` times within one group of endpoints
    before the next group is asked. `statuses` are answers that count as a refusal. With `unserved`
    a gateway's word that it cannot serve the request counts too.
    """

    retries: int
    tries_per_group: int
    statuses: tuple[int, ...] = ()
    unserved: bool = False


@dataclass(frozen=True)
class Refusal:
    """What a proxy answers by itself; `error` may hold Envoy's substitution commands."""

    status: int
    error: str


@dataclass(frozen=True)
class Listener:
    """One port on loopback. `unknown` is answered where no route matches, `not_ready` where a route's
    backend has nothing that works. `cluster` is named in answers, unless a cluster behind it was.
    `health_path` answers 200 while the proxy runs; "" for none."""

    name: str
    port: int
    virtual_hosts: tuple[VirtualHost, ...]
    retry: Retry
    unknown: Refusal
    not_ready: Refusal
    cluster: str = ""
    health_path: str = ""


@dataclass(frozen=True)
class Proxy:
    """Everything that one Envoy is told. Names of listeners and of backends are unique."""

    listeners: tuple[Listener, ...]
    backends: tuple[Backend, ...]
