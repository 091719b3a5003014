"""One Pod on this node (shell): performs what `lifecycle.step` commands, and hands it what comes of it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tradewind.base.pod_logs import log_file, restarts
from tradewind.base.processes import ProcessRecord, is_alive
from tradewind.node.environment import ConfigError
from tradewind.node.launch import storage_of
from tradewind.node.life import (
    Adopted,
    Ask,
    Command,
    Create,
    Deleted,
    Ended,
    Exited,
    Fetch,
    Fetched,
    FetchFailed,
    Kill,
    Observation,
    Phase,
    Probed,
    Progressed,
    Spec,
    Started,
    StartFailed,
    StopCreate,
    StopFetch,
    Tell,
    Tick,
)
from tradewind.node.lifecycle import step
from tradewind.node.logs import begin_log, last_line, write_line
from tradewind.node.models.source import ModelError
from tradewind.node.prepare import Host, fetch_models, prepare, probes_of_pod
from tradewind.node.probes import Exec, Probe
from tradewind.node.probing import ask
from tradewind.node.processes import (
    Exit,
    ReplicaProcess,
    adopt,
    describe_exit,
    environment_of,
    record_path,
    start,
)
from tradewind.node.publish import Publisher
from tradewind.node.slots import Slot
from tradewind.node.status import initial_state, progress_text
from tradewind.node.threads import in_thread
from tradewind.resources.core import Pod
from tradewind.resources.core_defaults import POD_GRACE_SECONDS
from tradewind.resources.status import ApiError

log = logging.getLogger(__name__)

PROGRESS_MS = 500  # between two reports of a download
SAY_MS = 5_000  # between two lines about it in its log
STARTING = (Phase.CREATING, Phase.RUNNING)


def spec_of(pod: Pod, drain_ms: int) -> Spec:
    """What of a Pod its life depends on."""
    meta, spec = pod.metadata, pod.spec
    grace_seconds = spec.termination_grace_period_seconds
    return Spec(
        name=f"{meta.name}_{meta.namespace}({meta.uid})",
        container=spec.containers[0].name,
        models=tuple(uri for container in spec.init_containers for uri in container.args[::2]),
        restart_policy=spec.restart_policy,
        grace_ms=1000 * (POD_GRACE_SECONDS if grace_seconds is None else grace_seconds),
        drain_ms=drain_ms,
    )


class Replica:
    """The life of one Pod. `run` ends when the Pod is gone from this machine and from the API; cancelling it
    leaves the process running, to be adopted later."""

    def __init__(self, pod: Pod, host: Host) -> None:
        self.pod = pod
        self.state = initial_state(pod)
        self._spec = spec_of(pod, host.drain_ms)
        self._host = host
        # Bounded by what is under way: one download or start, three probes, one end, and deletions.
        self._seen: asyncio.Queue[Observation] = asyncio.Queue()
        self._publisher = Publisher(pod, host.client, host.now_ms, host.rng)
        self._tasks: set[asyncio.Task[None]] = set()
        self._work: asyncio.Task[None] | None = None  # the download or start under way
        self._probing: dict[Probe, asyncio.Task[None]] = {}
        self._spawning = False
        self._mounts: dict[str, Path] = {}
        self._process: ReplicaProcess | None = None
        self._slot: Slot | None = None
        self._grace_ms: int | None = None
        self._fetch_container = next((one.name for one in pod.spec.init_containers), "")
        self._say: Callable[[str], None] = log.info
        self._progress_at_ms = 0
        self._said_at_ms = 0

    @property
    def log_folder(self) -> Path:
        """The output of all the Pod's containers."""
        meta = self.pod.metadata
        return self._host.layout.pod_log_folder(meta.namespace, meta.name, meta.uid)

    @property
    def logs(self) -> list[Path]:
        """The files that are being written now."""
        running = [(self._spec.container, self.state.restarts)]
        if self._fetch_container and not self.state.fetched:
            running.append((self._fetch_container, self.state.fetch_restarts))
        return [log_file(self.log_folder, container, restart) for container, restart in running]

    @property
    def _log_file(self) -> Path:
        return log_file(self.log_folder, self._spec.container, self.state.restarts)

    @property
    def _record_file(self) -> Path:
        return record_path(self._host.layout.pods, self.pod.metadata.uid)

    def see(self, pod: Pod) -> None:
        """The Pod as it now is in the API."""
        self._publisher.see(pod)
        meta = pod.metadata
        if meta.deletion_timestamp:
            grace_seconds = meta.deletion_grace_period_seconds
            self._delete(self._spec.grace_ms if grace_seconds is None else 1000 * grace_seconds)

    def vanish(self) -> None:
        """The Pod is no longer in the API: it was deleted by force."""
        self._delete(0)

    def _delete(self, grace_ms: int) -> None:
        if self._grace_ms is None or grace_ms < self._grace_ms:
            self._grace_ms = grace_ms
            self._seen.put_nowait(Deleted(grace_ms))

    async def run(self, found: ProcessRecord | None) -> None:
        """Live until gone. `found` is the process that an earlier life of the member started, if any."""
        self._start_task(self._publisher.run())
        try:
            await self._take_up(found)
            while self.state.phase is not Phase.GONE:
                self._handle(await self._next())
        finally:
            await self._stop_tasks()
        await in_thread(self._record_file.unlink, missing_ok=True)
        await self._publisher.finish()

    async def _take_up(self, found: ProcessRecord | None) -> None:
        """The first look: a process to adopt, one that has ended meanwhile, or none yet."""
        if found is None:
            self._handle(Tick())
            return
        written = await in_thread(restarts, self.log_folder, self._spec.container)
        # The status of a restart may not have been written before the member died; its log has been begun.
        self.state = replace(self.state, restarts=max([self.state.restarts, *written]))
        if is_alive(found):
            self._adopt(found)
        else:
            self._handle(Exited(await self._ended(describe_exit(None, False, False), found.pid)))

    def _adopt(self, found: ProcessRecord) -> None:
        known = self.pod.status.container_statuses[:1]
        self._attach(adopt(found))
        self._handle(
            Adopted(
                pid=found.pid,
                probes=probes_of_pod(self.pod),
                was_started=any(one.started for one in known),
                was_ready=any(one.ready for one in known),
            )
        )

    async def _next(self) -> Observation:
        due_ms = self.state.due_ms
        wait_seconds = None if due_ms is None else max(0, due_ms - self._host.now_ms()) / 1000
        try:
            async with asyncio.timeout(wait_seconds):
                return await self._seen.get()
        except TimeoutError:
            return Tick()

    def _handle(self, seen: Observation) -> None:
        before = self.state
        self.state, commands = step(before, seen, self._spec, self._host.now_ms())
        for command in commands:
            self._perform(command)
        if self.state != before:
            self._publisher.update(self.state)
        if self._slot and (self.state.ready or self.state.phase not in STARTING):
            self._slot.release()

    def _perform(self, command: Command) -> None:
        match command:
            case Fetch():
                self._work = self._start_task(self._fetch())
            case Create():
                self._work = self._start_task(self._create())
                self._work.add_done_callback(self._creation_done)
            case StopFetch():
                self._stop_work()
            case StopCreate():
                if not self._spawning:
                    self._stop_work()
            case Ask(probe):
                self._probing[probe] = self._start_task(self._ask(probe))
            case Kill(number):
                if self._process:
                    self._process.send(number)
            case Tell():
                self._publisher.tell(command)

    def _start_task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _stop_work(self) -> None:
        if self._work:
            self._work.cancel()

    async def _stop_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetch(self) -> None:
        seen: Observation = Fetched()
        log_path = log_file(self.log_folder, self._fetch_container, self.state.fetch_restarts)
        self._say = partial(write_line, log_path)
        try:
            await in_thread(begin_log, self.log_folder, self._fetch_container, self.state.fetch_restarts)
            self._mounts = await self._fetch_aloud(storage_of(self.pod))
        except ConfigError as error:
            seen = FetchFailed(error.reason, str(error))
        except (ModelError, ApiError) as error:
            seen = FetchFailed("Error", str(error))
        except Exception as error:
            log.exception("pod %s: fetching its model failed", self._spec.name)
            seen = FetchFailed("Error", f"{type(error).__name__}; the log of this member has the details")
        if isinstance(seen, FetchFailed):
            self._say(seen.message)
        self._seen.put_nowait(seen)

    async def _fetch_aloud(self, storage: Sequence[tuple[str, str]]) -> dict[str, Path]:
        """Fetch the models, and log it in the words of KServe's storage initializer."""
        begun_ms = self._host.now_ms()
        for uri, mount in storage:
            self._say(f"Copying contents of {uri} to {mount}")
        mounts = await fetch_models(self.pod, self._host, self._note_progress)
        for uri, mount in storage:
            self._say(f"Successfully copied {uri} to {mount}")
        self._say(f"Model downloaded in {(self._host.now_ms() - begun_ms) / 1000:.3f} seconds.")
        return mounts

    def _note_progress(self, done_bytes: int, total_bytes: int) -> None:
        now_ms, seen = self._host.now_ms(), Progressed(done_bytes, total_bytes)
        if now_ms - self._progress_at_ms >= PROGRESS_MS:
            self._progress_at_ms = now_ms
            self._seen.put_nowait(seen)
        if now_ms - self._said_at_ms >= SAY_MS:
            self._said_at_ms = now_ms
            self._say(progress_text(seen))

    async def _create(self) -> None:
        """Start the process, in its turn. Once `_spawning`, it is too late to cancel."""
        try:
            self._slot = await self._host.slots.take()
            launch, probes = await prepare(self.pod, self._mounts, self._host)
            self._spawning = True
            log_path = await in_thread(begin_log, self.log_folder, self._spec.container, self.state.restarts)
            process = await in_thread(start, launch, log_path, self._record_file)
        except ConfigError as error:
            self._seen.put_nowait(StartFailed(error.reason, str(error)))
        except ApiError as error:
            self._seen.put_nowait(StartFailed(ConfigError.reason, str(error)))
        except (OSError, ValueError) as error:
            self._seen.put_nowait(StartFailed("RunContainerError", f"cannot start the container: {error}"))
        else:
            self._attach(process)
            self._seen.put_nowait(Started(process.record.pid, probes))
        finally:
            self._spawning = False

    def _creation_done(self, task: asyncio.Task[None]) -> None:
        """A cancelled start, even one that never began, owes its answer."""
        if task.cancelled():
            self._seen.put_nowait(
                StartFailed("Cancelled", "the Pod was deleted before its container started")
            )

    def _attach(self, process: ReplicaProcess) -> None:
        self._process = process
        self._start_task(self._await_end(process))

    async def _await_end(self, process: ReplicaProcess) -> None:
        ended = await self._ended(await process.wait(), process.record.pid)
        await in_thread(self._record_file.unlink, missing_ok=True)
        self._process = None
        for task in self._probing.values():
            task.cancel()
        self._probing.clear()
        self._seen.put_nowait(Exited(ended))

    async def _ended(self, end: Exit, pid: int) -> Ended:
        message = await in_thread(last_line, self._log_file)
        now_ms = self._host.now_ms()
        started_at_ms = self.state.started_at_ms or now_ms
        return Ended(end.exit_code, end.reason, message, started_at_ms, now_ms, end.signal, pid)

    async def _ask(self, probe: Probe) -> None:
        environment = environment_of(self.state.pid) if isinstance(probe.action, Exec) else {}
        success, message = await ask(probe, self._host.http, environment)
        self._seen.put_nowait(Probed(probe.role, success, message))
