"""Runs controllers: keeps the cache current, works keys off their queues, performs the plans."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from random import Random
from typing import Any

from tradewind.client.base import Client, WatchEvent
from tradewind.controller.cache import Cache, Source, name_of, version_of
from tradewind.controller.perform import perform
from tradewind.controller.plan import LOCAL, Key
from tradewind.controller.queue import KeyQueue, Outcome, backoff_ms
from tradewind.controller.view import Controller, View, Watch
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

log = logging.getLogger(__name__)

PARALLEL_KEYS = 8
LONGEST_IDLE_MS = 60_000
WATCH_PAUSE_MS = 20  # between two watches, so that a server that ends them at once is not hammered


@dataclass(frozen=True)
class Observer:
    """Something that is told, once per burst, that objects it looks at have changed."""

    name: str
    kinds: tuple[Kind, ...]
    react: Callable[[View], None]


def source_of(watch: Watch) -> Source:
    """The cached source that a watch reads."""
    return Source(watch.at, watch.kind.resource, watch.namespace, watch.name)


class _Worker:
    """One controller at work: at most `PARALLEL_KEYS` keys at once, never one key twice."""

    def __init__(self, runner: "Runner", controller: Controller, rng: Random) -> None:
        self._runner = runner
        self.controller = controller
        self._queue = KeyQueue(rng)
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(PARALLEL_KEYS)

    def push(self, keys: Iterable[Key]) -> None:
        now_ms = self._runner.now_ms()
        for key in keys:
            self._queue.push(key, now_ms)
        self._wake.set()

    async def run(self) -> None:
        sources = [source_of(watch) for watch in self.controller.watches]
        while not self._runner.cache.is_synced(sources):
            await self._runner.wait_for_sync()
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._slots.acquire()
                key = await self._next_key()
                tasks.create_task(self._work(key))

    async def _next_key(self) -> Key:
        while True:
            self._wake.clear()
            now_ms = self._runner.now_ms()
            if (key := self._queue.pop(now_ms)) is not None:
                return key
            due_ms = self._queue.next_due_ms()
            idle_ms = LONGEST_IDLE_MS if due_ms is None else min(LONGEST_IDLE_MS, max(1, due_ms - now_ms))
            try:
                async with asyncio.timeout(idle_ms / 1000):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _work(self, key: Key) -> None:
        try:
            outcome = await self._reconcile(key)
        finally:
            self._slots.release()
        self._queue.finish(key, outcome, self._runner.now_ms())
        self._wake.set()

    async def _reconcile(self, key: Key) -> Outcome:
        """One look at one key. A failure of any sort is logged and tried again; the loop goes on."""
        runner, name = self._runner, self.controller.name
        now_ms = runner.now_ms()
        try:
            plan = self.controller.step(key, runner.cache, now_ms)
            await perform(plan, runner.clients, name, now_ms, runner.note_written)
        except ApiError as error:
            level = logging.DEBUG if error.reason in ("Conflict", "AlreadyExists") else logging.WARNING
            log.log(level, "%s %s: %s", name, key, error.message)
            return Outcome(failed=True)
        except Exception:
            log.exception("%s %s: the step failed", name, key)
            return Outcome(failed=True)
        return Outcome(wake_at_ms=plan.wake_at_ms)


class Runner:
    """All controllers of one process over one cache. `run` never returns; cancel it to stop.

    `clients` says how to reach LOCAL and, in a member, HUB. A place that cannot be reached stops only
    the controllers that look at it for the first time; the others go on.
    """

    def __init__(
        self,
        clients: Mapping[str, Client],
        controllers: Iterable[Controller],
        observers: Iterable[Observer],
        now_ms: Callable[[], int],
        rng: Random,
    ) -> None:
        self.clients = clients
        self.now_ms = now_ms
        self.cache = Cache()
        self._rng = rng
        self._workers = [_Worker(self, controller, rng) for controller in controllers]
        self._observers = tuple(observers)
        self._sources: dict[Source, Kind] = {}
        self._synced = asyncio.Event()
        self._told: set[str] = set()
        for watch in (watch for worker in self._workers for watch in worker.controller.watches):
            self._add_source(source_of(watch), watch.kind)
        for kind in (kind for observer in self._observers for kind in observer.kinds):
            self._add_source(Source(LOCAL, kind.resource), kind)

    def _add_source(self, source: Source, kind: Kind) -> None:
        self._sources[source] = kind
        self.cache.add_source(source)

    async def run(self) -> None:
        """Watch and work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for source, kind in self._sources.items():
                tasks.create_task(self._feed(source, kind))
            for worker in self._workers:
                tasks.create_task(worker.run())

    async def wait_for_sync(self) -> None:
        """Wait until some further source has been listed."""
        self._synced.clear()
        await self._synced.wait()

    def note_written(self, at: str, kind: Kind, manifest: Manifest) -> None:
        """An own write has been stored: show it to the controllers without waiting for the watch."""
        namespace, name = name_of(manifest)
        for source in self._sources:
            if (source.at, source.resource) != (at, kind.resource):
                continue
            if source.namespace not in ("", namespace) or source.name not in ("", name):
                continue
            typed = self.cache.upsert(source, kind, manifest, watched=False)
            if typed is not None:
                self._changed(source, [typed])

    async def _feed(self, source: Source, kind: Kind) -> None:
        """Keep one source current for ever: list, watch, and list again when the watch is lost."""
        failures = 0
        while True:
            try:
                version = await self._relist(source, kind)
                failures = 0
                while True:
                    version = await self._follow(source, kind, version)
                    await asyncio.sleep(WATCH_PAUSE_MS / 1000)
            except ApiError as error:
                failures += 1
                if error.code != 410:
                    log.warning("watch of %s at %s: %s", kind.resource, source.at, error.message)
            await asyncio.sleep(backoff_ms(failures, self._rng) / 1000)

    async def _relist(self, source: Source, kind: Kind) -> str:
        listing = await self.clients[source.at].list(kind, source.namespace, name=source.name)
        version = int(listing.resource_version) if listing.resource_version.isdigit() else 0
        changed = self.cache.replace(source, kind, listing.items, version)
        self._synced.set()
        self._changed(source, changed)
        return listing.resource_version

    async def _follow(self, source: Source, kind: Kind, version: str) -> str:
        """One watch until the server ends it; returns the version to go on from."""
        client = self.clients[source.at]
        watch = client.watch(kind, source.namespace, version, source.name)
        async with aclosing(watch) as events:  # type: ignore[type-var]
            async for event in events:
                version = str(version_of(event.manifest)) if version_of(event.manifest) else version
                typed = self._take(source, kind, event)
                if typed is not None:
                    self._changed(source, [typed])
        return version

    def _take(self, source: Source, kind: Kind, event: WatchEvent) -> Any | None:
        match event.type:
            case "DELETED":
                return self.cache.remove(source, event.manifest)
            case "ADDED" | "MODIFIED":
                return self.cache.upsert(source, kind, event.manifest, watched=True)
        return None

    def _changed(self, source: Source, objects: list[Any]) -> None:
        """Tell every controller and observer that looks at this source."""
        for worker in self._workers:
            for watch in worker.controller.watches:
                if source_of(watch) == source:
                    worker.push(self._keys(worker.controller.name, watch, objects))
        for observer in self._observers:
            if source.at == LOCAL and any(kind.resource == source.resource for kind in observer.kinds):
                self._tell(observer)

    def _keys(self, name: str, watch: Watch, objects: list[Any]) -> list[Key]:
        try:
            return [key for obj in objects for key in watch.keys(obj, self.cache)]
        except Exception:
            log.exception("%s: which keys a change of %s concerns", name, watch.kind.resource)
            return []

    def _tell(self, observer: Observer) -> None:
        """Once all kinds of the observer are known, call it at the end of this turn of the loop."""
        if observer.name in self._told:
            return
        if not self.cache.is_synced(Source(LOCAL, kind.resource) for kind in observer.kinds):
            return
        self._told.add(observer.name)
        asyncio.get_running_loop().call_soon(self._react, observer)

    def _react(self, observer: Observer) -> None:
        self._told.discard(observer.name)
        try:
            observer.react(self.cache)
        except Exception:
            log.exception("%s failed", observer.name)
