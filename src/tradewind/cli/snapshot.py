"""Reads everything that the status of a fleet is made of, all servers at once, each within a bound."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tradewind.cli.api import hub_server, list_objects, member_server
from tradewind.cli.home import RunningFleet, process_facts
from tradewind.observe.status import FleetStatus, HubObjects, fleet_status
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import POD
from tradewind.resources.labels import INFERENCE_SERVICE
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import INFERENCE_SERVICE as SERVICE_KIND
from tradewind.resources.status import ApiError

RESULT = TypeVar("RESULT")
HUB_SECONDS = 1.0  # the hub says most of it, so it gets longer before it counts as silent
MEMBER_SECONDS = 0.2


def read_status(running: RunningFleet) -> FleetStatus:
    """The status of a fleet now. A server that is dead or silent is left out, and the status says so."""
    facts = process_facts(running)
    alive = [name for name in running.clusters if facts.members[name].control_alive]
    with ThreadPoolExecutor(max_workers=len(alive) + 1) as pool:
        hub = pool.submit(_hub_objects, running) if facts.hub_alive else None
        asked = {name: pool.submit(_replicas, running, name) for name in alive}
    pods = {name: _answer(asked.get(name)) for name in running.clusters}
    return fleet_status(running.fleet, _answer(hub), pods, facts)


def _hub_objects(running: RunningFleet) -> HubObjects | None:
    server = hub_server(running)
    try:
        return HubObjects(
            clusters=list_objects(server, CLUSTER, timeout_seconds=HUB_SECONDS),
            services=list_objects(server, SERVICE_KIND, timeout_seconds=HUB_SECONDS),
        )
    except ApiError:
        return None


def _replicas(running: RunningFleet, cluster: str) -> list[Manifest] | None:
    try:
        server = member_server(running, cluster)
        return list_objects(server, POD, selector=INFERENCE_SERVICE, timeout_seconds=MEMBER_SECONDS)
    except ApiError:
        return None


def _answer(future: Future[RESULT | None] | None) -> RESULT | None:
    return future.result() if future is not None else None
