"""Reads what replicas use from /proc (shell), every SAMPLE_SECONDS and only while there are some.

One pass over /proc takes about 10 microseconds a process of the machine, whoever it belongs to.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tradewind.apiserver.computed import Computed
from tradewind.node.threads import in_thread
from tradewind.node.usage import PodUsage, Reading, all_usage, node_metrics, pod_metrics
from tradewind.resources.core import Pod
from tradewind.resources.metrics import NODE_METRICS, POD_METRICS

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 15.0  # metrics-server's resolution
LONGEST_WINDOW_MS = 60_000  # further apart, two readings say nothing about now: the machine has slept
MILLISECONDS_PER_TICK = 1000 // os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
# Fields of /proc/PID/stat after the command (proc(5), where the first of them is number 3).
SESSION, UTIME, CSTIME, START_TICKS, RSS = 3, 11, 14, 19, 21


class Meter:
    """What the Pods of a node use: `usages` is the last answer."""

    def __init__(self) -> None:
        self.usages: tuple[PodUsage, ...] = ()

    async def run(
        self, replicas: Callable[[], Mapping[str, tuple[Pod, int]]], now_ms: Callable[[], int]
    ) -> None:
        """Measure until cancelled. `replicas` gives each running Pod and its process, by uid."""
        before: dict[str, Reading] = {}
        while True:
            running = replicas()
            readings = {}
            if running:
                leaders = {pid: uid for uid, (_, pid) in running.items()}
                try:
                    found = await in_thread(read_sessions, frozenset(leaders), now_ms())
                    readings = {leaders[pid]: reading for pid, reading in found.items()}
                except OSError as error:
                    log.warning("usage of replicas not read: %s", error)
            pods = {uid: pod for uid, (pod, _) in running.items()}
            self.usages = all_usage(pods, readings, before, LONGEST_WINDOW_MS)
            before = readings
            await asyncio.sleep(SAMPLE_SECONDS)


def metrics_of(
    meter: Meter, node: str, labels: Mapping[str, str], now_ms: Callable[[], int]
) -> tuple[Computed, ...]:
    """What the API answers for metrics.k8s.io."""
    return (
        Computed(POD_METRICS, read=lambda namespace: pod_metrics(meter.usages, namespace)),
        Computed(NODE_METRICS, read=lambda _: [node_metrics(node, labels, meter.usages, now_ms())]),
    )


def read_sessions(leaders: frozenset[int], now_ms: int) -> dict[int, Reading]:
    """What all processes of each session have used; a replica leads a session of its own."""
    began_ms = now_ms - int(float(Path("/proc/uptime").read_text().split()[0]) * 1000)
    cpu_ticks: dict[int, int] = {}
    pages: dict[int, int] = {}
    start_ticks: dict[int, int] = {}
    for entry in os.scandir("/proc"):
        fields = _stat(entry.name) if entry.name.isdigit() else []
        session = int(fields[SESSION]) if fields else 0
        if session not in leaders:
            continue
        used = sum(map(int, fields[UTIME : CSTIME + 1]))  # its own, and that of children that have ended
        cpu_ticks[session] = cpu_ticks.get(session, 0) + used
        pages[session] = pages.get(session, 0) + int(fields[RSS])
        if int(entry.name) == session:
            start_ticks[session] = int(fields[START_TICKS])
    return {
        pid: Reading(
            at_ms=now_ms,
            started_ms=began_ms + start_ticks[pid] * MILLISECONDS_PER_TICK,
            start_ticks=start_ticks[pid],
            cpu_ms=cpu_ticks[pid] * MILLISECONDS_PER_TICK,
            memory_bytes=pages[pid] * PAGE_BYTES,
        )
        for pid in start_ticks
    }


def _stat(pid: str) -> list[str]:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:  # noqa: PTH123 many, and often
            return file.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []  # it has ended meanwhile
