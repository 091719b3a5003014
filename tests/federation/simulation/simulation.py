"""A hub, its members and time itself, all driven by one seed."""

import hashlib
from collections.abc import Callable
from functools import partial
from random import Random

from tests.federation.fleet import FRONT_DOOR, START_MS, identities
from tests.federation.simulation.process import Client, Loss, Process
from tests.federation.simulation.world import World
from tradewind.controller.plan import HUB, LOCAL, Effect, Key, Plan, Put, PutStatus, Record
from tradewind.controller.view import Controller, View, Watch, own_key
from tradewind.federation.agent import agent_controllers
from tradewind.federation.controllers import hub_controllers
from tradewind.federation.dependencies import KINDS as DEPENDENCIES
from tradewind.federation.member import MemberIdentity
from tradewind.resources.core_kinds import ENDPOINT_SLICE, LEASE, NODE, POD
from tradewind.resources.meta import Manifest
from tradewind.resources.registry import find
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.times import time_ms

PROPAGATED = (INFERENCE_SERVICE, *DEPENDENCIES)
SERVED = (*PROPAGATED, ENDPOINT_SLICE, NODE, POD)
REGIONS = {"east": "us-east-1", "west": "us-west-2", "north": "eu-north-1"}
STEPS_AT_ONCE = 4_000  # without time passing: more means that somebody writes for ever
LOAD_MS = 3_000  # until a replica is ready


class Simulation:
    """Everything random comes from `orders`: which process goes on, how far its watches lag, which writes get
    lost (`losses` of a thousand)."""

    def __init__(self, orders: Random, losses: int = 0) -> None:
        self.now_ms = START_MS
        self.losses = losses
        self.unhealthy: set[tuple[str, str]] = set()
        self.watchers: list[Callable[[Process, str, Effect, str], None]] = []
        self.deciders: list[Callable[[Process, str, Key, Plan], None]] = []
        self.writes: list[tuple[int, str, str]] = []
        self._orders = orders
        self._revision = 0
        self._digest = hashlib.sha256()
        self.hub = World(lambda: self.now_ms)
        self.members: dict[str, World] = {}
        hub_client = Client(self.hub, self._loss)
        make_hub = lambda: hub_controllers(PROPAGATED, partial(find, PROPAGATED), FRONT_DOOR)  # noqa: E731
        self.processes = {"hub": Process("hub", make_hub, {LOCAL: hub_client}, self, orders)}
        for identity in identities(**REGIONS):
            self._add_member(identity)
        for world in (self.hub, *self.members.values()):
            world.changed = partial(self._changed, world)

    def _add_member(self, identity: MemberIdentity) -> None:
        world = World(lambda: self.now_ms)
        self.members[identity.name] = world
        node = world.create(NODE, {"metadata": {"name": identity.name}})
        capacity = {"cpu": "16", "pods": "110"}
        ready = [{"type": "Ready", "status": "True"}]
        status = {"capacity": capacity, "allocatable": capacity, "conditions": ready}
        world.update_status(NODE, {**node, "status": status})
        clients = {LOCAL: Client(world, self._loss), HUB: Client(self.hub, self._loss)}
        make = lambda: (*agent_controllers(identity, SERVED), self._serving(identity.name))  # noqa: E731
        self.processes[identity.name] = Process(identity.name, make, clients, self, self._orders)

    def _loss(self) -> Loss:
        if not self.losses or self._orders.randrange(1000) >= self.losses:
            return ""
        return self._orders.choice(("request", "answer"))

    def _changed(self, world: World, resource: str) -> None:
        self._revision += 1
        for process in self.processes.values():
            if any(client.world is world for client in process.clients.values()):
                process.told_of(world, resource)

    def digest(self) -> str:
        """What stands for everything that has happened so far."""
        return self._digest.hexdigest()

    def decided(self, process: Process, controller: str, key: Key, plan: Plan) -> None:
        """A process has made a plan."""
        self._digest.update(f"{self.now_ms} {process.name} {controller} {key} {len(plan.effects)}\n".encode())
        for decider in self.deciders:
            decider(process, controller, key, plan)

    def performed(self, process: Process, controller: str, effect: Effect, outcome: str) -> None:
        """A process has performed a part of a plan."""
        what = f"{type(effect).__name__} {_named(effect)} {outcome}"
        self._digest.update(
            f"{self.now_ms} {process.name} {controller} {what} {self.hub.revision}\n".encode()
        )
        if not (isinstance(effect, Put) and effect.kind is LEASE):
            self.writes.append((self.now_ms, f"{process.name}/{controller}", what))
        for watcher in self.watchers:
            watcher(process, controller, effect, outcome)

    def run_until(self, end_ms: int) -> None:
        """Let time pass, and all happen that is due in it."""
        while True:
            self._settle()
            dues = [process.next_due_ms(self.now_ms) for process in self.processes.values()]
            next_ms = min((due for due in dues if due is not None), default=end_ms)
            if next_ms >= end_ms:
                self.now_ms = end_ms
                self._settle()
                return
            self.now_ms = next_ms

    def _settle(self) -> None:
        if self.step(STEPS_AT_ONCE):
            return
        last = "\n".join(f"{who}: {what}" for _, who, what in self.writes[-20:])
        raise AssertionError(f"still busy after {STEPS_AT_ONCE} steps; the last writes:\n{last}")

    def step(self, times: int) -> bool:
        """Take some steps, so that what comes next may find everything half done; whether nothing is left."""
        busy = list(self.processes.values())
        for _ in range(times):
            while busy:
                process = self._orders.choice(busy)
                if possible := process.possible(self.now_ms):
                    break
                busy.remove(process)
            else:
                return True
            revisions = self._revision
            self._orders.choice(possible)(self.now_ms)
            if self._revision != revisions:
                busy = list(self.processes.values())
        return False

    def set_health(self, cluster: str, name: str, is_healthy: bool) -> None:
        """A service begins or ceases to work in a cluster."""
        (self.unhealthy.discard if is_healthy else self.unhealthy.add)((cluster, name))
        self.processes[cluster].wake("serving", Key("ml", name), self.now_ms)

    def _serving(self, cluster: str) -> Controller:
        """What stands for the serving part of a member: services become ready some time after they change."""

        def step(key: Key, view: View, now_ms: int) -> Plan:
            known = view.get_manifest(INFERENCE_SERVICE, key.namespace, key.name)
            if known is None or "deletionTimestamp" in known["metadata"]:
                return Plan()
            ready_ms = time_ms(known["metadata"]["creationTimestamp"]) + LOAD_MS
            is_ready = now_ms >= ready_ms and (cluster, key.name) not in self.unhealthy
            status = _status(known, "True" if is_ready else "Unknown" if now_ms < ready_ms else "False")
            effects = (
                ()
                if status == known.get("status")
                else (PutStatus(INFERENCE_SERVICE, {**known, "status": status}),)
            )
            return Plan(effects, None if now_ms >= ready_ms else ready_ms)

        return Controller("serving", (Watch(INFERENCE_SERVICE, own_key),), step)


def _status(service: Manifest, ready: str) -> Manifest:
    replicas = service["spec"]["predictor"].get("minReplicas", 1)
    return {
        "observedGeneration": service["metadata"]["generation"],
        "conditions": [{"type": "Ready", "status": ready}, {"type": "PredictorReady", "status": ready}],
        "replicas": {"replicas": replicas, "readyReplicas": replicas if ready == "True" else 0},
        "url": "http://somewhere",
    }


def _named(effect: Effect) -> str:
    if isinstance(effect, Record):
        return f"{effect.reason} {effect.about['metadata'].get('name', '')}: {effect.message}"
    if isinstance(effect, Put | PutStatus):
        meta = effect.manifest["metadata"]
        return f"{effect.kind.plural} {meta.get('namespace', '')}/{meta['name']}"
    return f"{effect.kind.plural} {effect.namespace}/{effect.name}"
