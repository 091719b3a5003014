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
from tradewind.base.processes import ProcessRecord, load_record, send_signal
from tradewind.client.base import Client
from tradewind.controller.queue import backoff_ms
from tradewind.controller.run import Observer
from tradewind.controller.view import View
from tradewind.node.launch import Machine, inherited
from tradewind.node.logs import remove, rotate
from tradewind.node.models.cache import ModelCache
from tradewind.node.nodes import NodeConfig, make_node
from tradewind.node.prepare import Host
from tradewind.node.processes import find_replicas, record_path, wait_for_end
from tradewind.node.replica import Replica
from tradewind.node.slots import StartSlots
from tradewind.node.threads import in_thread
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import NODE, POD
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

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
        self, settings: NodeSettings, client: Client, now_ms: Callable[[], int], rng: Random
    ) -> None:
        self._settings = settings
        self._client = client
        self._now_ms = now_ms
        self._rng = rng
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
            tasks.create_task(self._register())
            host = self._make_host(http)
            await self._changed.wait()
            await self._stop_strays(tasks)
            tasks.create_task(self._care_for_logs())
            while True:
                self._changed.clear()
                self._reconcile(tasks, host)
                await self._changed.wait()

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

    async def _register(self) -> None:
        """Make the node known, or bring its labels and capacity up to date, trying until it is done."""
        failures = 0
        while True:
            try:
                return await self._write_node(make_node(self._settings.node, self._now_ms()))
            except ApiError as error:
                failures += 1
                log.warning("node %s: not registered yet: %s", self._settings.node.name, error)
            await asyncio.sleep(backoff_ms(failures, self._rng) / 1000)

    async def _write_node(self, node: Manifest) -> None:
        """What users have changed of it, such as taints, stays."""
        name = node["metadata"]["name"]
        try:
            await self._client.create(NODE, node)
        except ApiError as error:
            if error.reason != "AlreadyExists":
                raise
            await self._client.patch(NODE, "", name, {"metadata": {"labels": node["metadata"]["labels"]}})
        await self._client.update_status(NODE, node)

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
        """Bound the logs of running replicas, and delete those of Pods that are gone."""
        folder = self._settings.layout.pod_log("", "").parent
        while True:
            try:
                existing = await in_thread(_logs_in, folder)
                kept = {replica.log_file for replica in self._replicas.values()}
                await in_thread(_tidy, existing, kept)
            except OSError as error:
                log.warning("logs in %s: %s", folder, error)
            await asyncio.sleep(LOG_CARE_SECONDS)


def _logs_in(folder: Path) -> list[Path]:
    return list(folder.glob("*.log"))


def _tidy(existing: list[Path], kept: set[Path]) -> None:
    """`existing` is older than `kept`, so that the log of a replica that has just started is not deleted."""
    for log_file in existing:
        (rotate if log_file in kept else remove)(log_file)
