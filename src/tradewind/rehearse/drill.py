"""Drills: kill a running cluster as a power cut would, without a word to anybody.

The order matters. The control process dies first and is seen to be dead, because a living member
starts a killed Envoy or replica again. Only processes that the fleet has on record are killed.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tradewind.base.layout import FleetLayout
from tradewind.base.processes import is_alive, load_record, send_signal
from tradewind.node.processes import find_replicas

DEATH_SECONDS = 2.0  # SIGKILL ends a process at once, unless the kernel holds it in a write


@dataclass(frozen=True)
class KillReport:
    """Who was killed, by pid; None or empty where nothing of the kind was running."""

    cluster: str
    control: int | None
    gateway: int | None
    replicas: tuple[int, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the cluster was running."""
        return self.control is None and self.gateway is None and not self.replicas


def kill(layout: FleetLayout, cluster: str, keep_gateway: bool) -> KillReport:
    """SIGKILL a member's control process, then its Envoy unless `keep_gateway`, then its replicas.

    Returns when all of them are dead, or after 2 seconds each. What is not running already is left out
    of the report; a cluster without records gives an empty one.
    """
    part = layout.member(cluster)
    control = _kill_recorded([part.process])
    gateway = [] if keep_gateway else _kill_recorded([part.envoy_process])
    find_replicas(part.pods)  # writes down those that the member was just starting
    replicas = _kill_recorded(sorted(part.pods.glob("*.json")))
    return KillReport(
        cluster,
        control=control[0] if control else None,
        gateway=gateway[0] if gateway else None,
        replicas=tuple(replicas),
    )


def _kill_recorded(paths: list[Path]) -> list[int]:
    records = [record for record in map(load_record, paths) if record is not None]
    killed = [record for record in records if send_signal(record, signal.SIGKILL)]
    _wait(lambda: not any(map(is_alive, killed)))
    return [record.pid for record in killed]


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEATH_SECONDS
    while not done() and time.monotonic() < deadline:
        time.sleep(0.005)
