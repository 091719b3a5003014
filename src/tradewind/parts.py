"""What a fleet consists of, and which of its processes run (shell): read from the home folder alone."""

from dataclasses import dataclass

import msgspec

from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.ports import LOOPBACK, hub_ports, member_ports
from tradewind.base.processes import ProcessRecord, is_alive, load_record
from tradewind.client.connection import Connection
from tradewind.resources.fleet import Fleet


class FleetError(Exception):
    """The fleet cannot do what was asked; the message says why and what to do."""


@dataclass(frozen=True)
class Part:
    """The hub or one member: how its process is called, started and asked whether it is ready."""

    name: str
    layout: PartLayout
    arguments: tuple[str, ...]
    api_port: int
    gateway_port: int
    own_ports: tuple[int, ...]
    envoy_ports: tuple[int, ...]


def hub_part(layout: FleetLayout, fleet: Fleet) -> Part:
    """The hub of a fleet."""
    ports = hub_ports(fleet.spec.ports.base)
    return Part(
        "hub",
        layout.hub,
        ("-m", "tradewind.hub", str(layout.home)),
        ports.api,
        ports.front_door,
        (ports.api, ports.xds),
        (ports.front_door, ports.envoy_admin),
    )


def member_part(layout: FleetLayout, fleet: Fleet, name: str) -> Part:
    """A member of a fleet. Raises FleetError when it has none of this name."""
    names = [cluster.name for cluster in fleet.spec.clusters]
    if name not in names:
        raise FleetError(f'the fleet has no cluster "{name}"; it has: {", ".join(names)}')
    ports = member_ports(fleet.spec.ports.base, names.index(name))
    return Part(
        name,
        layout.member(name),
        ("-m", "tradewind.member", str(layout.home), name),
        ports.api,
        ports.gateway,
        (ports.api, ports.xds),
        (ports.gateway, ports.peer_gateway, ports.envoy_admin),
    )


def parts_of(layout: FleetLayout, fleet: Fleet) -> list[Part]:
    """The hub, then the members in the fleet file's order."""
    members = [member_part(layout, fleet, cluster.name) for cluster in fleet.spec.clusters]
    return [hub_part(layout, fleet), *members]


def part_alive(layout: PartLayout) -> bool:
    """Whether the control process of a part runs."""
    record = load_record(layout.process)
    return record is not None and is_alive(record)


def stored_fleet(layout: FleetLayout) -> Fleet | None:
    """The fleet that was last started in this home, running or not. Raises FleetError when what was
    written down about it cannot be read."""
    try:
        return msgspec.json.decode(layout.fleet_file.read_bytes(), type=Fleet)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise FleetError(
            f"{layout.fleet_file} is damaged: {error}; stop what still runs, then remove {layout.home} "
            "or choose another --home"
        ) from error


def load_running(layout: FleetLayout) -> Fleet:
    """The fleet that was started in this home. Raises FleetError when there is none."""
    fleet = stored_fleet(layout)
    if fleet is None or not live_records(layout):
        raise FleetError(
            f"no fleet is running in {layout.home}; start one with: tradewind up --home {layout.home}"
        )
    return fleet


def admin_connection(layout: FleetLayout, api_port: int) -> Connection:
    """How the administrator of a fleet reaches one of its API servers."""
    return Connection(
        server=f"https://{LOOPBACK}:{api_port}",
        ca=layout.ca_certificate.read_text(),
        client_certificate=layout.admin_certificate.read_text(),
        client_key=layout.admin_key.read_text(),
    )


def last_line(layout: PartLayout) -> str:
    """The last line that a part's control process wrote."""
    try:
        lines = layout.log.read_text(errors="replace").rstrip().splitlines()
    except FileNotFoundError:
        lines = []
    return lines[-1] if lines else "it wrote nothing"


def live_records(layout: FleetLayout) -> dict[str, ProcessRecord]:
    """Every live process of the fleet by what it is: `hub`, `NAME`, `NAME envoy`, `NAME replica (pid N)`."""
    fleet = stored_fleet(layout)
    found: dict[str, ProcessRecord | None] = {}
    for part in parts_of(layout, fleet) if fleet else []:
        found[part.name] = load_record(part.layout.process)
        found[f"{part.name} envoy"] = load_record(part.layout.envoy_process)
        for path in sorted(part.layout.pods.glob("*.json")):
            record = load_record(path)
            found[f"{part.name} replica (pid {record.pid if record else 0})"] = record
    return {name: record for name, record in found.items() if record and is_alive(record)}


def is_control(name: str) -> bool:
    """Whether a name of `live_records` is that of a control process."""
    return not name.endswith((" envoy", ")"))


def find_unrecorded(layout: FleetLayout) -> None:
    """Write down replicas that run without a record, because their member died as it started them."""
    from tradewind.node.processes import find_replicas  # most commands only read records

    fleet = stored_fleet(layout)
    for part in parts_of(layout, fleet) if fleet else []:
        find_replicas(part.layout.pods)


def forget_processes(layout: FleetLayout) -> None:
    """Remove the records of processes that have been stopped."""
    fleet = stored_fleet(layout)
    for part in parts_of(layout, fleet) if fleet else []:
        for path in (part.layout.process, part.layout.envoy_process, *part.layout.pods.glob("*.json")):
            path.unlink(missing_ok=True)
