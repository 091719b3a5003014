"""The node (shell): one `Replica` for each Pod bound to it, adopted after a restart; and their logs."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from tradewind.base.layout import PartLayout
from tradewind.base.pod_logs import NOTE_SECONDS
from tradewind.base.processes import ProcessRecord, load_record, send_signal
from tradewind.client.base import Client
from tradewind.controller.run import Observer
from tradewind.controller.view import View
from tradewind.node.launch import Machine, inherited
from tradewind.node.logs import LogCare
from tradewind.node.meter import Meter
from tradewind.node.models.cache import ModelCache
from tradewind.node.nodes import NodeConfig
from tradewind.node.prepare import Host
from tradewind.node.processes import find_replicas, record_path, wait_for_end
from tradewind.node.registration import keep_registered
from tradewind.node.replica import Replica
from tradewind.node.slots import StartSlots
from tradewind.node.threads import in_thread
from tradewind.node.vitals import Vitals, read_vitals
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import POD

log = logging.getLogger(__name__)

LOG_CARE_SECONDS = 10.0
STRAY_GRACE_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 5.0
PARALLEL_PROBES = 64
STARTING = ".starting"  # beside the models, since whoever shares them shares the CPUs too


@dataclass(frozen=True)
class NodeSettings:
    """One node: what it is, its files, and the model cache that it shares with other members.

    `parallel_starts` is how many replicas start at a time on the machine (as many as there are CPUs serves
    both the first and the last, see `slots`); `drain_ms` how long a deleted replica goes on serving while
    gateways learn of it (a second is plenty).
    """

    node: NodeConfig
    layout: PartLayout
    models: Path
    machine: Machine
    parallel_starts: int
    drain_ms: int


def this_machine() -> Machine:
    """The Python that runs this, its CPUs, and of its environment what replicas may have."""
    cpus = len(os.sched_getaffinity(0))
    return Machine(sys.executable, cpus, inherited(os.environ, sys.executable))


class NodeAgent:
    """Runs the Pods of one node. Give `observer` to the process's Runner, and await `run` beside it."""

    def __init__(
        self, settings: NodeSettings, client: Client, now_ms: Callable[[], int], rng: Random, meter: Meter
    ) -> None:
        self._settings = settings
        self._client = client
        self._now_ms = now_ms
        self._rng = rng
        self._meter = meter
        self._pods: dict[str, Pod] = {}
        self._changed = asyncio.Event()
        self._replicas: dict[str, Replica] = {}
        self._gone: set[str] = set()  # done with here, though the API may still show them

    def observer(self) -> Observer:
        """Tells the agent of every change of a Pod, the first time once all are known."""
        return Observer("node", (POD,), self._observe)

    def _observe(self, view: View) -> None:
        pods = [pod for pod in view.list(POD) if pod.spec.node_name == self._settings.node.name]
        self._pods = {pod.metadata.uid: pod for pod in pods}
        self._changed.set()

    async def run(self) -> None:
        """Run Pods until cancelled. Replicas go on running then; the next `run` adopts them."""
        connector = aiohttp.TCPConnector(force_close=True, limit=PARALLEL_PROBES)
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=jar) as http,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(
                keep_registered(self._settings.node, self._client, self._read_vitals, self._now_ms, self._rng)
            )
            host = self._make_host(http)
            await self._changed.wait()
            await self._stop_strays(tasks)
            tasks.create_task(self._care_for_logs())
            tasks.create_task(self._meter.run(self._running, self._now_ms))
            while True:
                self._changed.clear()
                self._reconcile(tasks, host)
                await self._changed.wait()

    def _read_vitals(self) -> Vitals:
        return read_vitals(self._settings.layout.folder)

    def _make_host(self, http: aiohttp.ClientSession) -> Host:
        settings = self._settings
        return Host(
            client=self._client,
            layout=settings.layout,
            cache=ModelCache(settings.models, self._rng),
            machine=settings.machine,
            http=http,
            slots=StartSlots(settings.models / STARTING, settings.parallel_starts),
            now_ms=self._now_ms,
            rng=self._rng,
            drain_ms=settings.drain_ms,
        )

    async def _stop_strays(self, tasks: asyncio.TaskGroup) -> None:
        """What an earlier life of this member left running for Pods that no longer are."""
        found = await in_thread(find_replicas, self._settings.layout.pods)
        for uid, record in found.items():
            if uid not in self._pods:
                tasks.create_task(self._stop_stray(uid, record))

    async def _stop_stray(self, uid: str, record: ProcessRecord) -> None:
        log.info("stopping process %d: its pod %s is gone", record.pid, uid)
        send_signal(record, signal.SIGTERM)
        try:
            async with asyncio.timeout(STRAY_GRACE_SECONDS):
                await wait_for_end(record)
        except TimeoutError:
            send_signal(record, signal.SIGKILL)
            await wait_for_end(record)
        await in_thread(record_path(self._settings.layout.pods, uid).unlink, missing_ok=True)

    def _reconcile(self, tasks: asyncio.TaskGroup, host: Host) -> None:
        self._gone &= self._pods.keys()
        for uid, pod in self._pods.items():
            if uid in self._gone:
                continue
            replica = self._replicas.get(uid)
            if replica is None:
                replica = self._replicas[uid] = Replica(pod, host)
                tasks.create_task(self._run(uid, replica))
            replica.see(pod)
        for uid, replica in self._replicas.items():
            if uid not in self._pods:
                replica.vanish()

    async def _run(self, uid: str, replica: Replica) -> None:
        """One replica's life. Should it fail, it is taken up again as after a restart."""
        record_file = record_path(self._settings.layout.pods, uid)
        try:
            await replica.run(await in_thread(load_record, record_file))
            self._gone.add(uid)
        except Exception:
            log.exception("pod %s: looking after it failed", replica.pod.metadata.name)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            left = await in_thread(load_record, record_file)
            if left and uid not in self._pods:
                await self._stop_stray(uid, left)
        del self._replicas[uid]
        self._changed.set()

    async def _care_for_logs(self) -> None:
        """Note when running replicas write, bound what they do, and delete what Pods that are gone wrote."""
        care, passed = LogCare(self._settings.layout.pod_logs), LOG_CARE_SECONDS
        while True:
            try:
                await in_thread(care.note_times, self._logs())
                if passed >= LOG_CARE_SECONDS:
                    passed = 0.0
                    existing = await in_thread(care.pods)
                    kept = {replica.log_folder for replica in self._replicas.values()}
                    await in_thread(care.tidy, existing, self._logs(), kept)
            except OSError as error:
                log.warning("logs in %s: %s", self._settings.layout.pod_logs, error)
            await asyncio.sleep(NOTE_SECONDS)
            passed += NOTE_SECONDS

    def _running(self) -> dict[str, tuple[Pod, int]]:
        return {
            uid: (self._pods[uid], replica.state.pid)
            for uid, replica in self._replicas.items()
            if replica.state.pid and uid in self._pods
        }

    def _logs(self) -> list[Path]:
        return [log for replica in self._replicas.values() for log in replica.logs]
