"""Probes: what a container wants asked, when to ask next, and what the answers mean.

Fields and defaults are Kubernetes' (v1 Probe; kubelet `pkg/kubelet/prober/worker.go`). Two differences:

- Until a probe has passed it is asked *eagerly*, not once per period: after a twentieth of the time waited so
  far, but within 50 ms and 1 s. So readiness is seen at most 5 % late, and a server that loads for minutes
  is not asked thousands of times. `exec` probes cost a process each and keep to their period.
- Hence a startup probe fails by time, after `failureThreshold` periods, rather than by counting answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import msgspec

from tradewind.base.ports import LOOPBACK
from tradewind.node.environment import ConfigError
from tradewind.node.launch import real_ports
from tradewind.resources.core import Container
from tradewind.resources.meta import Struct, decode

FASTEST_MS = 50
SLOWEST_EAGER_MS = 1_000
EAGER_SHARE = 20  # ask again after a twentieth of the time waited
DEFAULT_PERIOD_SECONDS = 10
# For replicas whose manifest has no readiness probe. Exits are noticed at once and the gateway has
# health checks of its own, so this only keeps the Pod's status true: slow enough to cost nothing.
BUILT_IN_PERIOD_MS = 5_000
BUILT_IN_TIMEOUT_MS = 2_000


class Role(StrEnum):
    """What a probe decides: whether start-up is over, to restart, or to take traffic."""

    STARTUP = "startup"
    LIVENESS = "liveness"
    READINESS = "readiness"


@dataclass(frozen=True)
class HttpGet:
    """Passes on a status from 200 to 399."""

    port: int
    path: str = "/"
    host: str = LOOPBACK
    scheme: str = "http"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TcpSocket:
    """Passes when a connection opens."""

    port: int
    host: str = LOOPBACK


@dataclass(frozen=True)
class Exec:
    """Passes when the command, run in the replica's environment, exits with 0."""

    command: tuple[str, ...]


Action = HttpGet | TcpSocket | Exec


@dataclass(frozen=True)
class Probe:
    """One probe with all defaults filled in; `grace_ms` is for the restart it causes, None for the Pod's."""

    role: Role
    action: Action
    initial_delay_ms: int = 0
    period_ms: int = DEFAULT_PERIOD_SECONDS * 1000
    timeout_ms: int = 1_000
    success_threshold: int = 1
    failure_threshold: int = 3
    grace_ms: int | None = None


class _Header(Struct):
    name: str
    value: str = ""


class _WrittenHttpGet(Struct):
    port: int | str
    path: str = ""
    host: str = ""
    scheme: str = ""
    http_headers: list[_Header] = []


class _WrittenTcpSocket(Struct):
    port: int | str
    host: str = ""


class _WrittenExec(Struct):
    command: list[str] = []


class _WrittenProbe(Struct):
    """v1 Probe as it is written; 0 and absent both mean the default."""

    http_get: _WrittenHttpGet | None = None
    tcp_socket: _WrittenTcpSocket | None = None
    exec: _WrittenExec | None = None
    initial_delay_seconds: int = 0
    period_seconds: int = 0
    timeout_seconds: int = 0
    success_threshold: int = 0
    failure_threshold: int = 0
    termination_grace_period_seconds: int | None = None


def probes_of(container: Container, ready_path: str | None) -> tuple[Probe, ...]:
    """The probes of a container. Without a readiness probe it is ready when `ready_path` answers or, if that
    is None, when its first port takes connections; a container without ports is ready once it runs.

    Raises ConfigError for a probe that cannot be done.
    """
    written = {
        Role.STARTUP: container.startup_probe,
        Role.LIVENESS: container.liveness_probe,
        Role.READINESS: container.readiness_probe,
    }
    probes = [_probe(role, probe, container) for role, probe in written.items() if probe]
    if not container.readiness_probe and container.ports:
        port = next(iter(real_ports(container).values()))
        action = HttpGet(port, ready_path) if ready_path else TcpSocket(port)
        probes.append(Probe(Role.READINESS, action, 0, BUILT_IN_PERIOD_MS, BUILT_IN_TIMEOUT_MS))
    return tuple(probes)


def _probe(role: Role, manifest: Mapping[str, Any], container: Container) -> Probe:
    try:
        written = decode(manifest, _WrittenProbe)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{role}Probe of container {container.name}: {error}") from None
    grace = written.termination_grace_period_seconds
    return Probe(
        role=role,
        action=_action(role, written, container),
        initial_delay_ms=1000 * written.initial_delay_seconds,
        period_ms=1000 * (written.period_seconds or DEFAULT_PERIOD_SECONDS),
        timeout_ms=1000 * (written.timeout_seconds or 1),
        success_threshold=written.success_threshold or 1,
        failure_threshold=written.failure_threshold or 3,
        grace_ms=None if grace is None else 1000 * grace,
    )


def _action(role: Role, written: _WrittenProbe, container: Container) -> Action:
    if http := written.http_get:
        return HttpGet(
            port=_port(role, http.port, container),
            path=http.path or "/",
            host=http.host or LOOPBACK,
            scheme=http.scheme.lower() or "http",
            headers=tuple((header.name, header.value) for header in http.http_headers),
        )
    if socket := written.tcp_socket:
        return TcpSocket(_port(role, socket.port, container), socket.host or LOOPBACK)
    if written.exec and written.exec.command:
        return Exec(tuple(written.exec.command))
    raise ConfigError(
        f"{role}Probe of container {container.name} cannot be done here: write httpGet, tcpSocket or exec"
    )


def _port(role: Role, port: int | str, container: Container) -> int:
    """Where the port named or numbered in a probe really listens."""
    real = real_ports(container)
    if isinstance(port, int) or str(port).isdigit():
        return real.get(int(port), int(port))
    named = {one.name: real[one.container_port] for one in container.ports if one.name}
    if port not in named:
        raise ConfigError(
            f"{role}Probe of container {container.name}: no port is named {port!r}; "
            f"it has {', '.join(named) or 'none'}"
        )
    return named[port]


@dataclass(frozen=True)
class Tally:
    """Where one probe stands: when it is next due (None while it is under way), answers in a row, and the
    verdict so far (None before there is one)."""

    probe: Probe
    first_due_ms: int
    due_ms: int | None
    successes: int = 0
    failures: int = 0
    passed: bool | None = None


def begin(probe: Probe, started_at_ms: int) -> Tally:
    """The tally of a container that has just started."""
    due_ms = started_at_ms + probe.initial_delay_ms
    return Tally(probe, due_ms, due_ms)


def asked(tally: Tally) -> Tally:
    """The probe is under way."""
    return replace(tally, due_ms=None)


def answered(tally: Tally, success: bool, now_ms: int) -> Tally:
    """Count an answer, settle the verdict, and say when to ask again."""
    successes = tally.successes + 1 if success else 0
    failures = 0 if success else tally.failures + 1
    passed = tally.passed
    if successes >= tally.probe.success_threshold:
        passed = True
    elif not success and _has_failed(tally, failures, now_ms):
        passed = False
    return replace(
        tally,
        successes=successes,
        failures=failures,
        passed=passed,
        due_ms=now_ms + _pause_ms(tally, bool(passed), now_ms),
    )


def _has_failed(tally: Tally, failures: int, now_ms: int) -> bool:
    probe = tally.probe
    if probe.role is Role.STARTUP:
        return now_ms - tally.first_due_ms >= probe.failure_threshold * probe.period_ms
    return failures >= probe.failure_threshold


def _pause_ms(tally: Tally, passed: bool, now_ms: int) -> int:
    probe = tally.probe
    if passed or probe.role is Role.LIVENESS or isinstance(probe.action, Exec):
        return probe.period_ms
    eager_ms = (now_ms - tally.first_due_ms) // EAGER_SHARE
    return min(probe.period_ms, max(FASTEST_MS, min(SLOWEST_EAGER_MS, eager_ms)))
