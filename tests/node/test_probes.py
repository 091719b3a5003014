"""What probes a container has, when they are asked, and what answers mean."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.node.environment import ConfigError
from tradewind.node.probes import (
    Exec,
    HttpGet,
    Probe,
    Role,
    Tally,
    TcpSocket,
    answered,
    asked,
    begin,
    probes_of,
)
from tradewind.resources.core import Container
from tradewind.resources.meta import decode

PORTS = [{"name": "http1", "containerPort": 8080, "hostPort": 9001}, {"name": "admin", "containerPort": 8081}]
START_MS = 1_000_000


def make_container(**probes: Any) -> Container:
    return decode({"name": "main", "ports": PORTS, **probes}, Container)


def only(role: str, written: dict[str, Any]) -> Probe:
    probes = probes_of(make_container(**{f"{role}Probe": written}), "/v2/health/ready")
    return next(probe for probe in probes if probe.role == role)


@pytest.mark.parametrize(
    ("written", "action"),
    [
        ({"httpGet": {"port": 8080}}, HttpGet(9001, "/")),
        ({"httpGet": {"port": "http1", "path": "/ready"}}, HttpGet(9001, "/ready")),
        ({"httpGet": {"port": "8081"}}, HttpGet(8081, "/")),
        (
            {"httpGet": {"port": 7000, "scheme": "HTTPS", "host": "localhost"}},
            HttpGet(7000, "/", "localhost", "https"),
        ),
        (
            {"httpGet": {"port": 8080, "httpHeaders": [{"name": "X", "value": "1"}]}},
            HttpGet(9001, "/", headers=(("X", "1"),)),
        ),
        ({"tcpSocket": {"port": "http1"}}, TcpSocket(9001)),
        ({"exec": {"command": ["test", "-f", "/x"]}}, Exec(("test", "-f", "/x"))),
    ],
)
def test_actions(written: dict[str, Any], action: Any) -> None:
    assert only("readiness", written).action == action


def test_figures_have_kubernetes_defaults() -> None:
    assert only("liveness", {"tcpSocket": {"port": 1}}) == Probe(
        Role.LIVENESS, TcpSocket(1), 0, 10_000, 1_000, 1, 3, None
    )
    written = {
        "tcpSocket": {"port": 1},
        "initialDelaySeconds": 2,
        "periodSeconds": 3,
        "timeoutSeconds": 4,
        "successThreshold": 1,
        "failureThreshold": 6,
        "terminationGracePeriodSeconds": 0,
    }
    assert only("startup", written) == Probe(Role.STARTUP, TcpSocket(1), 2_000, 3_000, 4_000, 1, 6, 0)


@pytest.mark.parametrize(
    ("container", "ready_path", "action"),
    [
        (make_container(), "/v2/health/ready", HttpGet(9001, "/v2/health/ready")),
        (make_container(), None, TcpSocket(9001)),
        (Container(name="no-port"), "/v2/health/ready", None),
    ],
)
def test_without_a_readiness_probe(container: Container, ready_path: str | None, action: Any) -> None:
    assert [probe.action for probe in probes_of(container, ready_path)] == ([action] if action else [])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"grpc": {"port": 1}}, "readinessProbe of container main cannot be done here: write httpGet"),
        ({"httpGet": {"port": "web"}}, "no port is named 'web'; it has http1, admin"),
        ({"httpGet": {}}, "readinessProbe of container main: Object missing required field `port`"),
        ({"tcpSocket": {"port": 1}, "periodSeconds": "often"}, "Expected `int`"),
        ({"exec": {}}, "cannot be done here"),
    ],
)
def test_probes_that_cannot_be_done(written: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        probes_of(make_container(readinessProbe=written), None)
    assert message in str(caught.value)


READINESS = Probe(Role.READINESS, HttpGet(1), period_ms=5_000)


def answers(probe: Probe, *given_answers: tuple[int, bool]) -> Tally:
    tally = begin(probe, START_MS)
    for after_ms, success in given_answers:
        tally = answered(asked(tally), success, START_MS + after_ms)
    return tally


@pytest.mark.parametrize(
    ("after_ms", "pause_ms"),
    [(0, 50), (900, 50), (2_000, 100), (10_000, 500), (60_000, 1_000), (600_000, 1_000)],
)
def test_before_it_passes_a_probe_is_asked_eagerly(after_ms: int, pause_ms: int) -> None:
    assert answers(READINESS, (after_ms, False)).due_ms == START_MS + after_ms + pause_ms


@pytest.mark.parametrize(
    "probe",
    [
        Probe(Role.LIVENESS, HttpGet(1), period_ms=5_000),
        Probe(Role.READINESS, Exec(("true",)), period_ms=5_000),
        Probe(Role.STARTUP, Exec(("true",)), period_ms=5_000),
    ],
)
def test_liveness_and_commands_keep_to_their_period(probe: Probe) -> None:
    assert answers(probe, (0, False)).due_ms == START_MS + 5_000


def test_once_it_has_passed_the_period_counts_and_failures_must_be_in_a_row() -> None:
    tally = answers(READINESS, (0, True), (5_000, False), (10_000, False))
    assert (tally.passed, tally.failures, tally.due_ms) == (True, 2, START_MS + 15_000)
    assert answered(tally, True, 0).failures == 0
    assert answered(tally, False, START_MS + 15_000).passed is False


def test_successes_must_be_in_a_row_too() -> None:
    probe = Probe(Role.READINESS, HttpGet(1), success_threshold=2)
    assert answers(probe, (0, True), (50, False), (100, True)).passed is None
    assert answers(probe, (0, True), (50, True)).passed is True


def test_a_startup_probe_fails_by_time_not_by_count() -> None:
    probe = Probe(Role.STARTUP, HttpGet(1), initial_delay_ms=1_000, period_ms=2_000, failure_threshold=3)
    assert begin(probe, START_MS).due_ms == START_MS + 1_000
    many = [(1_000 + 50 * place, False) for place in range(100)]
    assert answers(probe, *many).passed is None
    assert answers(probe, (6_999, False)).passed is None
    assert answers(probe, (7_000, False)).passed is False
    assert answers(probe, (7_000, True)).passed is True


@given(st.lists(st.booleans(), min_size=1), st.sampled_from(list(Role)), st.integers(1, 4), st.integers(1, 4))
def test_verdicts_agree_with_counting_from_the_end(
    found: list[bool], role: Role, success_threshold: int, failure_threshold: int
) -> None:
    probe = Probe(role, HttpGet(1), 0, 1_000, 1_000, success_threshold, failure_threshold)
    tally = begin(probe, START_MS)
    for place, success in enumerate(found):
        tally = answered(tally, success, START_MS + 1_000 * place)
        assert tally.due_ms is not None
        assert tally.due_ms > START_MS + 1_000 * place
    if len(found) >= success_threshold and all(found[-success_threshold:]):
        assert tally.passed is True
    if role is not Role.STARTUP and len(found) >= failure_threshold and not any(found[-failure_threshold:]):
        assert tally.passed is False
