"""Controllers begin anew when the custom kinds change, and only then."""

import asyncio
from collections.abc import Sequence
from random import Random

import pytest

from tests.apiserver.world import World
from tests.resources.custom_objects import definition, version
from tradewind.client.local import LocalClient
from tradewind.controller.anew import run_controllers
from tradewind.controller.plan import LOCAL, Key, Plan
from tradewind.controller.run import Runner
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.resources.core_kinds import CONFIG_MAP
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.kinds import Kind

PATIENCE_SECONDS = 10


class Starts:
    """Runners as they are made: the kinds of each, and the keys that its one controller was given."""

    def __init__(self, client: LocalClient) -> None:
        self.kinds: list[list[str]] = []
        self.keys: list[list[str]] = []
        self._client = client
        self._happened = asyncio.Event()

    def make_runner(self, kinds: Sequence[Kind]) -> Runner:
        keys: list[str] = []

        def step(key: Key, _: View, __: int) -> Plan:
            keys.append(key.name)
            self._happened.set()
            return Plan()

        self.kinds.append([kind.name for kind in kinds])
        self.keys.append(keys)
        watches = tuple(Watch(kind, own_key) for kind in (CONFIG_MAP, *kinds))
        return Runner({LOCAL: self._client}, [Controller("test", watches, step)], [], lambda: 0, Random(0))

    async def until(self, *wanted: str) -> None:
        """Wait until the last runner was given these keys."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.keys or not set(wanted) <= set(self.keys[-1]):
                self._happened.clear()
                await self._happened.wait()


@pytest.fixture
async def world():
    return World()


@pytest.fixture
async def starts(world):
    client = LocalClient(world.objects)
    found = Starts(client)
    running = asyncio.ensure_future(run_controllers(client, found.make_runner))
    yield found
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_controllers_begin_anew_with_the_kinds_that_there_are(world, starts):
    await world.create(CONFIG_MAP, {"metadata": {"name": "before", "namespace": "d"}})
    await starts.until("before")
    await world.create(CUSTOM_RESOURCE_DEFINITION, definition())
    kind = world.objects.served.by_resource["widgets.example.com"]
    await world.create(kind, {"metadata": {"name": "w", "namespace": "d"}, "spec": {"size": 1}})
    await starts.until("before", "w")
    assert starts.kinds == [[], ["Widget"]]


async def test_what_does_not_change_a_kind_changes_no_controller(world, starts):
    await world.create(CUSTOM_RESOURCE_DEFINITION, definition())
    kind = world.objects.served.by_resource["widgets.example.com"]
    await world.create(kind, {"metadata": {"name": "w", "namespace": "d"}, "spec": {"size": 1}})
    await starts.until("w")
    known = world.get(CUSTOM_RESOURCE_DEFINITION, "widgets.example.com", "")
    known["metadata"]["labels"] = {"a": "b"}
    known = await world.update(CUSTOM_RESOURCE_DEFINITION, known)
    before = len(starts.kinds)
    known["spec"]["versions"] = [version(), version("v2", storage=False)]
    await world.update(CUSTOM_RESOURCE_DEFINITION, known)
    await world.create(CONFIG_MAP, {"metadata": {"name": "after", "namespace": "d"}})
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(starts.kinds) == before:
            await asyncio.sleep(0.01)
    await starts.until("w", "after")
    assert len(starts.kinds) == before + 1


async def test_an_error_of_the_controllers_is_not_swallowed(world):
    def make_runner(_: Sequence[Kind]) -> Runner:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        await run_controllers(LocalClient(world.objects), make_runner)
