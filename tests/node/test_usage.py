"""What Pods use: the arithmetic, and reading it from real processes."""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from tests.node.member import Member, pod
from tradewind.node import meter as meter_module
from tradewind.node.meter import Meter, metrics_of, read_sessions
from tradewind.node.usage import Reading, all_usage, node_metrics, pod_metrics, pod_usage
from tradewind.resources.core import Container, Pod, PodSpec
from tradewind.resources.core_kinds import POD as POD_KIND
from tradewind.resources.meta import ObjectMeta

NOW_MS = 1_800_000_000_000
POD = Pod(
    metadata=ObjectMeta(name="a", namespace="ml", labels={"app": "x"}),
    spec=PodSpec(containers=[Container(name="main")]),
)
NOW = Reading(NOW_MS, started_ms=NOW_MS - 100_000, start_ticks=7, cpu_ms=40_000, memory_bytes=3_000_000)
BEFORE = replace(NOW, at_ms=NOW_MS - 15_000, cpu_ms=34_000)


@pytest.mark.parametrize(
    ("now", "before", "window_ms", "cpu_nanocores"),
    [
        (NOW, BEFORE, 15_000, 400_000_000),
        (NOW, replace(BEFORE, cpu_ms=50_000), 15_000, 0),  # a child that had used much was not waited for
        (NOW, replace(BEFORE, started_ms=BEFORE.started_ms + 9), 15_000, 400_000_000),  # how clocks are read
        (replace(NOW, started_ms=NOW_MS - 10_000, cpu_ms=5_000), None, 10_000, 500_000_000),
        (
            replace(NOW, started_ms=NOW_MS - 10_000, start_ticks=8, cpu_ms=5_000),
            BEFORE,
            10_000,
            500_000_000,
        ),
    ],
)
def test_the_cpu_is_that_of_the_time_between_two_readings(now, before, window_ms, cpu_nanocores) -> None:
    usage = pod_usage(POD, now, before, 60_000)
    assert usage is not None
    assert (usage.window_ms, usage.cpu_nanocores, usage.memory_bytes) == (window_ms, cpu_nanocores, 3_000_000)


@pytest.mark.parametrize(
    ("now", "before"),
    [(NOW, None), (NOW, NOW), (NOW, replace(BEFORE, at_ms=NOW_MS - 61_000))],
    ids=["an adopted replica, read once", "no time has passed", "the machine has slept"],
)
def test_what_cannot_be_told_is_not_told(now, before) -> None:
    assert pod_usage(POD, now, before, 60_000) is None


def test_metrics_are_those_of_metrics_server() -> None:
    other = replace_name(POD, "b")
    usages = all_usage({"1": other, "2": POD}, {"1": NOW, "2": NOW}, {"1": BEFORE, "2": BEFORE}, 60_000)
    first, second = pod_metrics(usages, "ml")
    assert first == {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": {
            "name": "a",
            "namespace": "ml",
            "labels": {"app": "x"},
            "creationTimestamp": "2027-01-15T08:00:00Z",
        },
        "timestamp": "2027-01-15T08:00:00Z",
        "window": "15s",
        "containers": [{"name": "main", "usage": {"cpu": "400000000n", "memory": "2930Ki"}}],
    }
    assert second["metadata"]["name"] == "b"
    assert pod_metrics(usages, "other") == []
    assert len(pod_metrics(usages, "")) == 2
    node = node_metrics("n1", {"zone": "a"}, usages, NOW_MS)
    assert node["usage"] == {"cpu": "800000000n", "memory": "5860Ki"}
    assert (node["metadata"]["name"], node["metadata"]["labels"]) == ("n1", {"zone": "a"})
    assert node_metrics("n1", {}, (), NOW_MS)["usage"] == {"cpu": "0n", "memory": "0Ki"}


def replace_name(pod: Pod, name: str) -> Pod:
    return Pod(metadata=ObjectMeta(name=name, namespace="ml"), spec=pod.spec)


BUSY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
data = bytearray(50_000_000)
print("busy", flush=True)
time.sleep(60)
"""


def test_a_session_counts_whole_and_alone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"busy\n"
            deadline = time.monotonic() + 20
            while True:
                now_ms = time.time_ns() // 1_000_000
                found = read_sessions(frozenset({process.pid, 2**22 + 1}), now_ms)
                if found[process.pid].cpu_ms >= 300 or time.monotonic() > deadline:
                    break
                time.sleep(0.05)
        finally:
            os.killpg(process.pid, 9)
    [reading] = found.values()
    assert reading.cpu_ms >= 300, "what the child uses counts"
    assert 50_000_000 < reading.memory_bytes < 500_000_000
    assert now_ms - 30_000 < reading.started_ms <= now_ms


async def test_a_member_measures_what_runs(member: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter_module, "SAMPLE_SECONDS", 0.1)
    await member.start()
    await member.create(pod())
    await member.until_ready()
    pods, nodes = metrics_of(member.meter, "here", {}, member.now_ms)
    assert pods.read is not None
    assert nodes.read is not None
    [usage] = await member.until(lambda: pods.read("ml"), "its usage")
    assert usage["metadata"]["name"] == "replica"
    assert int(usage["containers"][0]["usage"]["memory"].removesuffix("Ki")) > 1_000
    assert nodes.read("")[0]["usage"]["memory"] == usage["containers"][0]["usage"]["memory"]
    await member.client.delete(POD_KIND, "ml", "replica")
    await member.until(lambda: not pods.read(""), "what is gone uses nothing")


async def test_nothing_runs_and_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter_module, "read_sessions", None)
    meter = Meter()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await meter.run(dict, lambda: NOW_MS)
    assert meter.usages == ()
