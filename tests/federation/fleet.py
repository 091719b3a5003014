"""A whole federation without processes: real API rules, real controllers, a clock that tests move.

Every process is settled by working off all its keys again and again until nothing is written any more; one
that never comes to rest fails the test.
"""

import itertools
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import Objects
from tradewind.client.local import LocalClient
from tradewind.controller.cache import Cache
from tradewind.controller.perform import perform
from tradewind.controller.plan import HUB, LOCAL, Key, Plan
from tradewind.controller.run import source_of
from tradewind.controller.view import Controller
from tradewind.federation.agent import agent_controllers
from tradewind.federation.controllers import hub_controllers
from tradewind.federation.member import MemberIdentity
from tradewind.resources.core_kinds import NODE
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.custom_kinds import custom_kinds
from tradewind.resources.kinds import Kind
from tradewind.resources.registry import HUB_KINDS, MEMBER_KINDS, PROPAGATED_KINDS, find
from tradewind.resources.status import ApiError
from tradewind.store.store import memory_store

START_MS = 1_800_000_000_000
ROUNDS = 40
FRONT_DOOR = "http://127.0.0.1:7401"


class Process:
    """Controllers of the custom kinds that there are, over clients, worked off by hand. Every write number
    `fails_at` fails (0: none does)."""

    def __init__(
        self,
        make_controllers: Callable[[list[Kind]], Iterable[Controller]],
        clients: dict[str, LocalClient],
        fails_at: int = 0,
    ) -> None:
        self._make_controllers = make_controllers
        self._controllers: tuple[Controller, ...] = ()
        self._defined: list[dict[str, Any]] | None = None
        self.clients = clients
        self.is_paused = False
        self.fails_at = fails_at
        self._writes = 0
        self._keys: dict[tuple[str, Key], None] = {}

    async def round(self, now_ms: int) -> int:
        """Work off every key once; returns how many effects there were."""
        cache = Cache()
        controllers = await self._current_controllers()
        for controller in controllers:
            for watch in controller.watches:
                listing = await self.clients[watch.at].list(watch.kind, watch.namespace, name=watch.name)
                cache.add_source(source_of(watch))
                cache.replace(source_of(watch), watch.kind, listing.items, int(listing.resource_version))
        for controller in controllers:
            for watch in controller.watches:
                for obj in cache.list(watch.kind, watch.namespace, at=watch.at):
                    self._keys |= {(controller.name, key): None for key in watch.keys(obj, cache)}
        return sum([await self._work_off(one, cache, now_ms) for one in controllers])

    async def _current_controllers(self) -> tuple[Controller, ...]:
        """Made anew when custom kinds change, as `controller.anew` does."""
        definitions = (await self.clients[LOCAL].list(CUSTOM_RESOURCE_DEFINITION)).items
        if self._defined != definitions:
            self._defined = definitions
            self._controllers = tuple(self._make_controllers(custom_kinds(definitions)))
        return self._controllers

    async def _work_off(self, controller: Controller, cache: Cache, now_ms: int) -> int:
        effects = 0
        for name, key in tuple(self._keys):
            if name == controller.name:
                plan = controller.step(key, cache, now_ms)
                effects += len(plan.effects)
                try:
                    await perform(self._cut(plan), self.clients, name, now_ms, lambda *_: None)
                except ApiError as error:
                    assert error.reason in ("Conflict", "AlreadyExists"), error.message
        return effects

    def _cut(self, plan: Plan) -> Plan:
        """The plan up to the first write that fails."""
        for place in range(len(plan.effects)):
            self._writes += 1
            if self.fails_at and self._writes % self.fails_at == 0:
                return Plan(plan.effects[:place])
        return plan


def _controllers_of_hub(custom: list[Kind]) -> Iterable[Controller]:
    kinds = (*PROPAGATED_KINDS, *custom)
    return hub_controllers(kinds, partial(find, kinds), FRONT_DOOR)


def _controllers_of_member(identity: MemberIdentity, custom: list[Kind]) -> Iterable[Controller]:
    return agent_controllers(identity, (*MEMBER_KINDS, *custom))


class Federation:
    """A hub and its members; in each of them every write number `fails_at` fails."""

    def __init__(self, clusters: Iterable[MemberIdentity], fails_at: int = 0) -> None:
        self.now_ms = START_MS
        numbers = itertools.count(1)
        new_uid = lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"  # noqa: E731
        clock = lambda: self.now_ms  # noqa: E731
        self.hub = LocalClient(Objects(catalog(HUB_KINDS), memory_store(), clock, new_uid))
        self.processes: dict[str, Process] = {}
        self.restart_hub(fails_at)
        self.members: dict[str, LocalClient] = {}
        for identity in clusters:
            member = LocalClient(Objects(catalog(MEMBER_KINDS), memory_store(), clock, new_uid))
            self.members[identity.name] = member
            self.processes[identity.name] = Process(
                partial(_controllers_of_member, identity), {LOCAL: member, HUB: self.hub}, fails_at
            )

    def restart_hub(self, fails_at: int = 0) -> None:
        """A new hub process over the same store."""
        self.processes["hub"] = Process(_controllers_of_hub, {LOCAL: self.hub}, fails_at)

    async def start(self) -> None:
        """Give every member its node, and let all of them join."""
        for name, member in self.members.items():
            await member.create(NODE, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
            capacity = {"cpu": "16", "memory": "64Gi", "pods": "110"}
            status = {
                "capacity": capacity,
                "allocatable": capacity,
                "conditions": [{"type": "Ready", "status": "True"}],
            }
            await member.update_status(
                NODE, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "status": status}
            )
        await self.settle()

    async def settle(self) -> None:
        """Until nobody writes anything any more."""
        for _ in range(ROUNDS):
            running = [one for one in self.processes.values() if not one.is_paused]
            if not sum([await process.round(self.now_ms) for process in running]):
                return
        raise AssertionError(f"still writing after {ROUNDS} rounds")

    async def advance(self, seconds: int) -> None:
        """Let time pass, settling every second."""
        for _ in range(seconds):
            self.now_ms += 1000
            await self.settle()

    async def apply(self, kind: Kind, manifest: dict[str, Any]) -> dict[str, Any]:
        """Create or replace an object at the hub, and settle."""
        meta = manifest["metadata"]
        whole = {"apiVersion": kind.api_version, "kind": kind.name, **manifest}
        try:
            known = await self.hub.get(kind, meta.get("namespace", ""), meta["name"])
        except ApiError:
            stored = await self.hub.create(kind, whole)
        else:
            kept = {**known["metadata"], **meta}
            stored = await self.hub.update(kind, {**whole, "metadata": kept})
        await self.settle()
        return stored

    async def report(
        self, cluster: str, kind: Kind, namespace: str, name: str, status: dict[str, Any]
    ) -> None:
        """Give an object in a member a status, as that member's own controllers would."""
        member = self.members[cluster]
        known = await member.get(kind, namespace, name)
        status = {"observedGeneration": known["metadata"]["generation"], **status}
        await member.update_status(kind, {**known, "status": status})
        await self.settle()


async def exists(client: LocalClient, kind: Kind, namespace: str, name: str) -> bool:
    """Whether there is such an object."""
    try:
        await client.get(kind, namespace, name)
    except ApiError as error:
        assert error.reason == "NotFound"
        return False
    return True


def identities(**regions: str) -> list[MemberIdentity]:
    """Members by name, each in its region."""
    return [
        MemberIdentity(
            name=name.replace("_", "-"),
            api_endpoint=f"https://127.0.0.1:{7410 + 10 * place}",
            gateway_url=f"http://127.0.0.1:{7411 + 10 * place}",
            peer_gateway=f"127.0.0.1:{7412 + 10 * place}",
            provider="aws",
            region=region,
            zone=f"{region}a",
            order=place,
        )
        for place, (name, region) in enumerate(regions.items())
    ]
