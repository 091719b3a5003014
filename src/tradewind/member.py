"""A member process (shell): Kubernetes' and KServe's role in one cluster; what it runs, how it is joined."""

import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from random import Random

from tradewind.accounts import account_controllers
from tradewind.base.layout import FleetLayout
from tradewind.base.ports import LOOPBACK, MemberPorts, hub_ports, is_free, member_ports
from tradewind.client.base import Client
from tradewind.client.connection import Connection
from tradewind.client.http import HttpClient
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
from tradewind.controller.plan import HUB, LOCAL
from tradewind.controller.run import Observer, Runner
from tradewind.controller.view import Controller, View
from tradewind.federation.agent import agent_controllers
from tradewind.federation.member import MemberIdentity
from tradewind.node.agent import NodeAgent, NodeSettings, this_machine
from tradewind.node.controllers import make_scheduler
from tradewind.node.meter import Meter, metrics_of
from tradewind.node.nodes import NodeConfig, node_labels
from tradewind.node.vitals import read_vitals
from tradewind.resources.core_kinds import ENDPOINT_SLICE
from tradewind.resources.fleet import Fleet, FleetCluster, round_trips_ms
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.registry import MEMBER_KINDS
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME
from tradewind.resources.status import ApiError
from tradewind.serving.builtin import builtin_runtimes
from tradewind.serving.controllers import inference_service_controller
from tradewind.traffic.bootstrap import EnvoyIdentity, make_bootstrap
from tradewind.traffic.controllers import ENDPOINTS, gateway_snapshot
from tradewind.traffic.envoy import EnvoyProcess, envoy_version
from tradewind.traffic.gateway import GatewayIdentity
from tradewind.traffic.xds import Snapshot

SOFTWARE_VERSION = f"v{importlib.metadata.version('tradewind')}"
DRAIN_MS = 500  # how long a replica that is to go answers on while gateways learn of it


def identity_of(fleet: Fleet, cluster: FleetCluster, ports: MemberPorts) -> MemberIdentity:
    """How a member presents itself to the hub."""
    return MemberIdentity(
        name=cluster.name,
        provider=cluster.provider,
        region=cluster.region,
        zone=cluster.zone,
        labels=cluster.labels,
        taints=tuple(cluster.taints),
        order=[one.name for one in fleet.spec.clusters].index(cluster.name),
        api_endpoint=f"https://{LOOPBACK}:{ports.api}",
        gateway_url=f"http://{LOOPBACK}:{ports.gateway}",
        peer_gateway=f"{LOOPBACK}:{ports.peer_gateway}",
        rtt_ms=round_trips_ms(fleet.spec, cluster.region),
        version=SOFTWARE_VERSION,
    )


def gateway_process(layout: FleetLayout, cluster: FleetCluster, ports: MemberPorts) -> EnvoyProcess:
    """The Envoy of a member's gateway."""
    identity = EnvoyIdentity(
        node=f"{cluster.name}-gateway",
        cluster=cluster.name,
        admin_port=ports.envoy_admin,
        xds_port=ports.xds,
        version=envoy_version(),
        region=cluster.region,
        zone=cluster.zone,
    )
    listening = (ports.gateway, ports.peer_gateway, ports.envoy_admin)
    return EnvoyProcess(make_bootstrap(identity), layout.member(cluster.name), ports.envoy_admin, listening)


def controllers_of(identity: MemberIdentity, ports: MemberPorts, custom: Sequence[Kind]) -> list[Controller]:
    """Everything that reconciles in a member, which serves these custom kinds beside its own."""
    return [
        *agent_controllers(identity, (*MEMBER_KINDS, *custom)),
        inference_service_controller(identity.name, ports.gateway),
        make_scheduler(ports.replicas, is_free),
        ENDPOINTS,
    ]


def node_config(cluster: FleetCluster) -> NodeConfig:
    """The member's one node, as the fleet file declares it."""
    return NodeConfig(
        cluster.name,
        cluster.capacity,
        SOFTWARE_VERSION,
        cluster.region,
        cluster.zone,
        cluster.labels,
        tuple(cluster.taints),
    )


async def _create_if_absent(client: Client, kind: Kind, manifest: Manifest) -> None:
    try:
        await client.create(kind, manifest)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise


def hub_connection(layout: FleetLayout, fleet: Fleet, name: str) -> Connection:
    """The way from a member to the hub, as the member's own user."""
    part = layout.member(name)
    return Connection(
        server=f"https://{LOOPBACK}:{hub_ports(fleet.spec.ports.base).api}",
        ca=layout.ca_certificate.read_text(),
        client_certificate=part.certificate.read_text(),
        client_key=part.private_key.read_text(),
    )


async def run_member(layout: FleetLayout, name: str) -> None:
    """Run a member until cancelled; its gateway and its replicas go on without it."""
    fleet = load_fleet_of(layout)
    index = [cluster.name for cluster in fleet.spec.clusters].index(name)
    cluster, ports = fleet.spec.clusters[index], member_ports(fleet.spec.ports.base, index)
    chance, readiness, snapshot = Random(now_ms()), Readiness(), Snapshot()
    gateway = GatewayIdentity(name, cluster.region, cluster.zone, ports.gateway, ports.peer_gateway)

    def publish(view: View) -> None:
        snapshot.publish(gateway_snapshot(view, gateway))
        readiness.reached(CONTROLLERS)

    def pod_logs(pod: Manifest) -> Path:
        meta = pod["metadata"]
        return layout.member(name).pod_log_folder(meta["namespace"], meta["name"], meta["uid"])

    part, meter, config = layout.member(name), Meter(), node_config(cluster)
    metrics = metrics_of(meter, name, node_labels(config, read_vitals(part.folder)), now_ms)
    async with (
        open_api(
            layout, part, MEMBER_KINDS, ports.api, readiness, "tradewind-member", pod_logs, metrics
        ) as client,
        HttpClient(hub_connection(layout, fleet, name), user_agent="tradewind-agent") as hub,
    ):
        for runtime in builtin_runtimes():
            await _create_if_absent(client, CLUSTER_SERVING_RUNTIME, runtime)
        machine = this_machine()
        settings = NodeSettings(config, part, layout.models, machine, machine.cpus, DRAIN_MS)
        node = NodeAgent(settings, client, now_ms, chance, meter)
        observers = [Observer("gateway", (ENDPOINT_SLICE,), publish), node.observer()]
        identity = identity_of(fleet, cluster, ports)
        accounts = account_controllers(token_key(layout.member(name)), layout.ca_certificate.read_text())

        def make_runner(custom: Sequence[Kind]) -> Runner:
            controllers = [*controllers_of(identity, ports, custom), *accounts]
            return Runner({LOCAL: client, HUB: hub}, controllers, observers, now_ms, chance)

        envoy = gateway_process(layout, cluster, ports)
        loops = [run_controllers(client, make_runner), node.run()]
        await run_beside_envoy(envoy, snapshot, ports.xds, readiness, chance, loops)


def main() -> None:
    """`python -m tradewind.member HOME NAME`."""
    layout, (name,) = part_arguments()
    run_part(lambda: run_member(layout, name))


if __name__ == "__main__":
    main()
