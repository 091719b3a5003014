"""The hub process (shell): Karmada's role. What it runs, and how it is joined."""

from collections.abc import Sequence
from functools import partial
from random import Random

from tradewind.accounts import account_controllers
from tradewind.base.layout import FleetLayout
from tradewind.base.ports import LOOPBACK, HubPorts, hub_ports
from tradewind.control import (
    CONTROLLERS,
    Readiness,
    load_fleet_of,
    now_ms,
    open_api,
    part_arguments,
    run_beside_envoy,
    run_part,
    token_key,
)
from tradewind.controller.anew import run_controllers
from tradewind.controller.plan import LOCAL
from tradewind.controller.run import Observer, Runner
from tradewind.controller.view import View
from tradewind.federation.controllers import hub_controllers
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.kinds import Kind
from tradewind.resources.registry import HUB_KINDS, PROPAGATED_KINDS, find
from tradewind.traffic.bootstrap import EnvoyIdentity, make_bootstrap
from tradewind.traffic.controllers import front_door_snapshot
from tradewind.traffic.envoy import EnvoyProcess, envoy_version
from tradewind.traffic.xds import Snapshot


def front_door_process(layout: FleetLayout, ports: HubPorts) -> EnvoyProcess:
    """The Envoy of the fleet's one address."""
    identity = EnvoyIdentity("front-door", "front-door", ports.envoy_admin, ports.xds, envoy_version())
    listening = (ports.front_door, ports.envoy_admin)
    return EnvoyProcess(make_bootstrap(identity), layout.hub, ports.envoy_admin, listening)


async def run_hub(layout: FleetLayout) -> None:
    """Run the hub until cancelled; the front door goes on without it."""
    ports = hub_ports(load_fleet_of(layout).spec.ports.base)
    chance = Random(now_ms())
    readiness, snapshot = Readiness(), Snapshot()

    def publish(view: View) -> None:
        snapshot.publish(front_door_snapshot(view, ports.front_door))
        readiness.reached(CONTROLLERS)

    async with open_api(layout, layout.hub, HUB_KINDS, ports.api, readiness, "tradewind-hub") as client:
        observer = Observer("front-door", (CLUSTER,), publish)
        accounts = account_controllers(token_key(layout.hub), layout.ca_certificate.read_text())

        def make_runner(custom: Sequence[Kind]) -> Runner:
            kinds = (*PROPAGATED_KINDS, *custom)
            controllers = hub_controllers(
                kinds, partial(find, kinds), f"http://{LOOPBACK}:{ports.front_door}"
            )
            return Runner({LOCAL: client}, [*controllers, *accounts], [observer], now_ms, chance)

        envoy = front_door_process(layout, ports)
        loops = [run_controllers(client, make_runner)]
        await run_beside_envoy(envoy, snapshot, ports.xds, readiness, chance, loops)


def main() -> None:
    """`python -m tradewind.hub HOME`."""
    layout, _ = part_arguments()
    run_part(lambda: run_hub(layout))


if __name__ == "__main__":
    main()
