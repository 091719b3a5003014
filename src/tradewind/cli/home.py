"""The running fleet that a command talks about."""

from dataclasses import dataclass
from pathlib import Path

from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.processes import is_alive, load_record
from tradewind.cli.errors import CliError
from tradewind.observe.status import MemberFacts, ProcessFacts
from tradewind.parts import load_running
from tradewind.resources.fleet import Fleet
from tradewind.resources.shape import nearest


@dataclass(frozen=True)
class RunningFleet:
    """A fleet and where its state lies."""

    layout: FleetLayout
    fleet: Fleet

    @property
    def clusters(self) -> list[str]:
        """The clusters' names, in the fleet file's order."""
        return [cluster.name for cluster in self.fleet.spec.clusters]

    def index_of(self, cluster: str) -> int:
        """The place of a cluster in the fleet file. Raises CliError when there is none of this name."""
        if cluster not in self.clusters:
            hint = f"; its clusters: {', '.join(self.clusters)}{nearest(cluster, self.clusters)}"
            raise CliError(f'no cluster "{cluster}" in fleet {self.fleet.metadata.name}{hint}')
        return self.clusters.index(cluster)


def open_fleet(home: Path) -> RunningFleet:
    """The fleet that runs in `home`. Raises FleetError when none does."""
    layout = FleetLayout(home)
    return RunningFleet(layout, load_running(layout))


def process_facts(running: RunningFleet) -> ProcessFacts:
    """What the process records say now."""
    hub = running.layout.hub
    return ProcessFacts(
        hub_alive=_alive(hub.process),
        front_door_alive=_alive(hub.envoy_process),
        members={name: _member_facts(running.layout.member(name)) for name in running.clusters},
    )


def _member_facts(part: PartLayout) -> MemberFacts:
    return MemberFacts(
        control_alive=_alive(part.process),
        gateway_alive=_alive(part.envoy_process),
        live_replicas=sum(1 for path in part.pods.glob("*.json") if _alive(path)),
    )


def _alive(path: Path) -> bool:
    record = load_record(path)
    return record is not None and is_alive(record)
