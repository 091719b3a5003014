"""One process of the simulation: controllers over a cache that lags, and plans that can be cut anywhere.

What `controller.run.Runner` leaves to the event loop is here one step at a time, each chosen from outside:
take some events of one watch, decide about one key, or perform one effect of a plan.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any, Literal, Protocol

from tests.federation.simulation.world import World
from tradewind.controller.cache import Cache, Source, name_of
from tradewind.controller.perform import perform
from tradewind.controller.plan import HUB, Effect, Key, Plan
from tradewind.controller.queue import KeyQueue, Outcome
from tradewind.controller.run import PARALLEL_KEYS, source_of
from tradewind.controller.view import Controller, Watch
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

EVENTS_AT_ONCE = 4
MOST_LAG = 60
HARMLESS = ("Conflict", "AlreadyExists", "NotFound", "ServiceUnavailable", "Forbidden")
Loss = Literal["", "request", "answer"]


class Listener(Protocol):
    """Who is told of every decision, and of every effect with what came of it ("" or an error's reason)."""

    def decided(self, process: "Process", controller: str, key: Key, plan: Plan) -> None: ...

    def performed(self, process: "Process", controller: str, effect: Effect, outcome: str) -> None: ...


class Client:
    """`client.base.Client`, as far as plans are performed by it, over a world that may be out of reach.

    `loss` says before each write whether its request or its answer gets lost.
    """

    def __init__(self, world: World, loss: Callable[[], Loss]) -> None:
        self.world = world
        self.is_reachable = True
        self._loss = loss

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        found = self.world.get(kind, namespace, name)
        assert found is not None
        return found

    async def create(self, kind: Kind, manifest: Manifest) -> Manifest:
        return self._write(lambda: self.world.create(kind, manifest))

    async def update(self, kind: Kind, manifest: Manifest) -> Manifest:
        return self._write(lambda: self.world.update(kind, manifest))

    async def update_status(self, kind: Kind, manifest: Manifest) -> Manifest:
        return self._write(lambda: self.world.update_status(kind, manifest))

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        return self._write(lambda: self.world.patch(kind, namespace, name, patch))

    async def delete(
        self, kind: Kind, namespace: str, name: str, *, uid: str = "", grace_seconds: int | None = None
    ) -> None:
        assert grace_seconds is None
        self._write(lambda: self.world.delete(kind, namespace, name, uid))

    def _write(self, write: Callable[[], Any]) -> Any:
        lost = self._loss() if self.is_reachable else "request"
        written = write() if lost != "request" else None
        if lost:
            raise ApiError(503, "ServiceUnavailable", f"the {lost} was lost")
        return written


@dataclass
class _Feed:
    """A watch: how much of its resource's history it has brought, None before it has listed."""

    watch: Watch
    place: int | None = None


@dataclass
class _Work:
    """A plan under way."""

    key: Key
    plan: Plan
    rest: list[Effect]


@dataclass
class _Loop:
    controller: Controller
    queue: KeyQueue
    sources: tuple[Source, ...]
    works: list[_Work] = field(default_factory=list)
    is_synced: bool = False


Step = Callable[[int], None]


class Process:
    """Dies by `crash` and comes back with nothing but what the worlds hold."""

    def __init__(
        self,
        name: str,
        make_controllers: Callable[[], Iterable[Controller]],
        clients: Mapping[str, Client],
        listener: Listener,
        rng: Random,
    ) -> None:
        self.name = name
        self.clients = clients
        self.asleep_until_ms = 0
        self._make_controllers = make_controllers
        self._listener = listener
        self._rng = rng
        self.crash()

    def crash(self) -> None:
        """Forget everything and begin again."""
        self.cache = Cache()
        self._loops = [
            _Loop(one, KeyQueue(self._rng), tuple(map(source_of, one.watches)))
            for one in self._make_controllers()
        ]
        self._feeds: dict[Source, _Feed] = {}
        self._stalled_until_ms: dict[Source, int] = {}
        for watch in (watch for loop in self._loops for watch in loop.controller.watches):
            self._feeds.setdefault(source_of(watch), _Feed(watch))
            self.cache.add_source(source_of(watch))
        self._behind = dict.fromkeys(self._feeds, 0)

    def stall(self, until_ms: int) -> None:
        """One watch of the hub brings nothing for a while. (A server's own watches cannot be that late.)"""
        sources = [source for source in self._feeds if source.at == HUB]
        if sources:
            self._stalled_until_ms[self._rng.choice(sources)] = until_ms

    def wake_up(self, now_ms: int) -> None:
        """No sleep and no stalled watch goes on."""
        self.asleep_until_ms = min(self.asleep_until_ms, now_ms)
        self._stalled_until_ms.clear()

    def lose_watches(self, at: str) -> None:
        """All watches of a place are lost; they list anew."""
        for source, feed in self._feeds.items():
            if source.at == at:
                feed.place = None
                self._behind[source] = 0

    def told_of(self, world: World, resource: str) -> None:
        """Something has happened in a world. Some watches tell it some steps later."""
        for source in self._feeds:
            if source.resource == resource and self.clients[source.at].world is world:
                lag = self._rng.randrange(MOST_LAG) if self._rng.random() < 0.1 else 0
                self._behind.setdefault(source, lag)

    def wake(self, controller: str, key: Key, now_ms: int) -> None:
        """Something outside all objects has changed for a key."""
        for loop in self._loops:
            if loop.controller.name == controller:
                loop.queue.push(key, now_ms)

    def possible(self, now_ms: int) -> list[Step]:
        """The steps that this process can take now."""
        if self.asleep_until_ms > now_ms:
            return []
        steps: list[Step] = []
        late: list[Step] = []
        for source, lag in self._behind.items():
            if self.clients[source.at].is_reachable and self._stalled_until_ms.get(source, 0) <= now_ms:
                (late if lag else steps).append(partial(self._take, source))
                self._behind[source] = max(0, lag - 1)
        for loop in self._loops:
            if loop.works:
                steps += [partial(self._perform, loop, work) for work in loop.works]
            if len(loop.works) < PARALLEL_KEYS and self._is_due(loop, now_ms):
                steps.append(partial(self._decide, loop))
        return steps or late

    def next_due_ms(self, now_ms: int) -> int | None:
        """When something can be done that cannot be done now, if nothing else happens."""
        if self.asleep_until_ms > now_ms:
            return self.asleep_until_ms
        dues = [loop.queue.next_due_ms() for loop in self._loops if self._is_synced(loop)]
        dues += [until for until in self._stalled_until_ms.values() if until > now_ms]
        return min((due for due in dues if due is not None and due > now_ms), default=None)

    def _is_synced(self, loop: _Loop) -> bool:
        loop.is_synced = loop.is_synced or self.cache.is_synced(loop.sources)
        return loop.is_synced

    def _is_due(self, loop: _Loop, now_ms: int) -> bool:
        due_ms = loop.queue.next_due_ms()
        return due_ms is not None and due_ms <= now_ms and self._is_synced(loop)

    def _take(self, source: Source, now_ms: int) -> None:
        """List, or take some events in their order."""
        feed, kind, world = self._feeds[source], self._feeds[source].watch.kind, self.clients[source.at].world
        history = world.history.get(source.resource, [])
        if feed.place is None:
            found = [one for one in world.all_of(kind, source.namespace) if _is_of(source, one)]
            feed.place = len(history)
            self._changed(source, self.cache.replace(source, kind, found, world.revision), now_ms)
            del self._behind[source]
            return
        for _ in range(self._rng.randint(1, EVENTS_AT_ONCE)):
            while feed.place < len(history) and not _is_of(source, history[feed.place].manifest):
                feed.place += 1
            if feed.place == len(history):
                del self._behind[source]
                return
            change = history[feed.place]
            feed.place += 1
            if change.type == "DELETED":
                typed = self.cache.remove(source, change.manifest)
            else:
                typed = self.cache.upsert(source, kind, change.manifest, watched=True)
            if typed is not None:
                self._changed(source, [typed], now_ms)

    def _changed(self, source: Source, objects: list[Any], now_ms: int) -> None:
        for loop in self._loops:
            for watch, own in zip(loop.controller.watches, loop.sources, strict=True):
                if own == source:
                    for key in dict.fromkeys(key for obj in objects for key in watch.keys(obj, self.cache)):
                        loop.queue.push(key, now_ms)

    def _decide(self, loop: _Loop, now_ms: int) -> None:
        key = loop.queue.pop(now_ms)
        assert key is not None
        plan = loop.controller.step(key, self.cache, now_ms)
        self._listener.decided(self, loop.controller.name, key, plan)
        if plan.effects:
            loop.works.append(_Work(key, plan, list(plan.effects)))
        else:
            loop.queue.finish(key, Outcome(wake_at_ms=plan.wake_at_ms), now_ms)

    def _perform(self, loop: _Loop, work: _Work, now_ms: int) -> None:
        effect = work.rest.pop(0)
        written = lambda at, kind, manifest: self._note(at, kind, manifest, now_ms)  # noqa: E731
        outcome = ""
        try:
            _run(perform(Plan((effect,)), self.clients, loop.controller.name, now_ms, written))  # type: ignore[arg-type]
        except ApiError as error:
            assert error.reason in HARMLESS, error.message
            outcome = error.reason
        self._listener.performed(self, loop.controller.name, effect, outcome)
        if outcome or not work.rest:
            loop.works.remove(work)
            failed = bool(outcome)
            loop.queue.finish(work.key, Outcome(failed, None if failed else work.plan.wake_at_ms), now_ms)

    def _note(self, at: str, kind: Kind, manifest: Manifest, now_ms: int) -> None:
        """As `Runner.note_written`."""
        for source in self._feeds:
            if (source.at, source.resource) == (at, kind.resource) and _is_of(source, manifest):
                typed = self.cache.upsert(source, kind, manifest, watched=False)
                if typed is not None:
                    self._changed(source, [typed], now_ms)

    def reach_hub(self, is_reachable: bool) -> None:
        """Cut a member off from its hub, or join them again: then its watches list anew."""
        self.clients[HUB].is_reachable = is_reachable
        self.lose_watches(HUB)


def _is_of(source: Source, manifest: Manifest) -> bool:
    namespace, name = name_of(manifest)
    return source.namespace in ("", namespace) and source.name in ("", name)


def _run(done: Awaitable[None]) -> None:
    """Run a coroutine that never waits."""
    try:
        done.__await__().__next__()
    except StopIteration:
        return
    raise AssertionError("waited")
