"""One object, many who change it at once: as if they came one after another."""

import asyncio
import time

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.apiserver.registers import Operation, violations
from tests.apiserver.world import World, config_map
from tradewind.apiserver.draft import decode_manifest
from tradewind.resources.core_kinds import CONFIG_MAP
from tradewind.resources.status import ApiError
from tradewind.store.entries import StorageFailed
from tradewind.store.memory import Memory
from tradewind.store.sqlite import open_store
from tradewind.store.store import Store

PATH = "/api/v1/namespaces/d/configmaps/a"
CLIENTS, INCREMENTS = 12, 15


@pytest.mark.parametrize(
    ("history", "right"),
    [
        ([], True),
        ([Operation(0, 1, 1, writes=True), Operation(2, 3, 1)], True),
        ([Operation(0, 5, 2, writes=True), Operation(1, 2, 2), Operation(3, 4, 2)], True),
        ([Operation(0, 5, 2, writes=True), Operation(1, 2, 2), Operation(3, 4, 1)], False),
        ([Operation(0, 1, 2, writes=True), Operation(2, 3, 1)], False),
        ([Operation(0, 1, 2), Operation(2, 3, 2, writes=True)], False),
        ([Operation(0, 1, 2, writes=True), Operation(0, 1, 2, writes=True)], False),
        ([Operation(0, 9, 3, True, expected=1), Operation(0, 9, 2, True, expected=1)], False),
        ([Operation(0, 9, 2, True, expected=1), Operation(0, 9, 3, True, expected=2)], True),
    ],
)
def test_the_checker_tells_right_from_wrong(history, right):
    assert (violations(history) == []) == right


class SlowJournal:
    """Writes are durable, or lost, when the test says so."""

    def __init__(self) -> None:
        self.waiting = 0

    def start(self, outcomes) -> None:
        self.outcomes = outcomes

    def append(self, _) -> None:
        self.waiting += 1

    def reset(self) -> None:
        self.waiting = 0

    async def close(self) -> None:
        pass

    def settle(self, count: int) -> None:
        done = min(count, self.waiting)
        self.waiting -= done
        if done:
            self.outcomes.durable(done)

    def fail(self) -> None:
        if self.waiting:
            self.outcomes.failed(StorageFailed("the disk is gone"))


class Clients:
    """Requests in flight against one object; time is the number of the step."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.now = 0
        self.history: list[Operation] = []
        self.seen = 0
        self.tasks: list[asyncio.Task[None]] = []

    def read(self) -> None:
        """A read is answered at once."""
        version = self.world.objects.get(CONFIG_MAP, "d", "a").revision
        self.seen = version
        self.history.append(Operation(self.now, self.now, version))

    def write(self, expected: int | None) -> None:
        self.tasks.append(asyncio.create_task(self._write(expected, self.now)))

    async def _write(self, expected: int | None, asked: int) -> None:
        given = {} if expected is None else {"resourceVersion": str(expected)}
        manifest = config_map(data={"at": str(asked)}, **given)
        try:
            entry = (await self.world.objects.update(CONFIG_MAP, manifest)).entry
        except ApiError as error:
            assert error.code in (409, 503)
            return
        assert decode_manifest(entry.data)["data"] == {"at": str(asked)}
        self.history.append(Operation(asked, self.now, entry.revision, True, expected))


STEPS = st.lists(
    st.sampled_from(
        ["read", "read", "expecting", "expecting", "blind", "one durable", "all durable", "fail"]
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_whatever_order_things_happen_in(steps):
    asyncio.run(schedule(steps))


async def schedule(steps: list[str]) -> None:
    journal = SlowJournal()
    clients = Clients(World(Store(Memory(), journal)))
    made = asyncio.create_task(clients.world.objects.create(CONFIG_MAP, config_map()))
    await asyncio.sleep(0)
    journal.settle(9)
    await made
    clients.read()
    for step in [*steps, "all durable", "read"]:
        clients.now += 1
        match step:
            case "read":
                clients.read()
            case "expecting":
                clients.write(clients.seen)
            case "blind":
                clients.write(None)
            case "one durable" | "all durable":
                journal.settle(1 if step == "one durable" else 1000)
            case "fail":
                journal.fail()
        for _ in range(6):
            await asyncio.sleep(0)
    await asyncio.gather(*clients.tasks)
    assert violations(clients.history) == []


async def test_no_increment_is_lost_in_process(tmp_path):
    """Over a real file, many at once: what was acknowledged was counted, and nothing else."""
    store = open_store(tmp_path / "store.db")
    world = World(store)
    await world.create(CONFIG_MAP, config_map(data={"n": "0"}))
    conflicts = 0

    async def increment() -> None:
        nonlocal conflicts
        for _ in range(INCREMENTS):
            while True:
                found = world.get(CONFIG_MAP, "a")
                await asyncio.sleep(0)
                try:
                    await world.update(CONFIG_MAP, found | {"data": {"n": str(int(found["data"]["n"]) + 1)}})
                    break
                except ApiError as error:
                    assert error.reason == "Conflict"
                    conflicts += 1
                    await asyncio.sleep(0.001)

    await asyncio.gather(*(increment() for _ in range(CLIENTS)))
    assert world.get(CONFIG_MAP, "a")["data"] == {"n": str(CLIENTS * INCREMENTS)}
    assert conflicts > CLIENTS
    await store.close()


async def test_no_increment_is_lost_over_https(api):
    await api.ask("POST", PATH.rpartition("/")[0], config_map(data={"n": "0"}))
    history: list[Operation] = []

    async def increment(session: aiohttp.ClientSession) -> None:
        for _ in range(INCREMENTS):
            while not await attempt(session):
                pass

    async def attempt(session: aiohttp.ClientSession) -> bool:
        asked = time.monotonic()
        async with session.get(PATH) as answer:
            found = await answer.json()
        version = int(found["metadata"]["resourceVersion"])
        history.append(Operation(asked, time.monotonic(), version))
        found["data"]["n"] = str(int(found["data"]["n"]) + 1)
        asked = time.monotonic()
        async with session.put(PATH, json=found) as answer:
            written = await answer.json()
            assert answer.status in (200, 409), written
        if answer.status == 200:
            new = int(written["metadata"]["resourceVersion"])
            history.append(Operation(asked, time.monotonic(), new, True, version))
        return answer.status == 200

    await asyncio.gather(*(increment(api.session()) for _ in range(CLIENTS)))
    _, found = await api.ask("GET", PATH)
    assert found["data"] == {"n": str(CLIENTS * INCREMENTS)}
    assert sum(one.writes for one in history) == CLIENTS * INCREMENTS
    assert violations(history) == []
