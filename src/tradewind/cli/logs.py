"""`tradewind logs`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.pod_logs import log_file, restarts
from tradewind.cli.api import HUB
from tradewind.cli.errors import CliError
from tradewind.cli.home import RunningFleet, open_fleet
from tradewind.cli.logs_tail import follow, last_lines
from tradewind.cli.options import DEFAULT_HOME, Cluster, Home, Namespace
from tradewind.cli.targets import find_object, target_of
from tradewind.node.launch import STORAGE_INITIALIZER
from tradewind.observe.replicas import replica_state
from tradewind.parts import FleetError, stored_fleet
from tradewind.resources.shape import nearest
from tradewind.resources.status import ApiError

app = typer.Typer()


@app.command()
def logs(
    pod: Annotated[
        str, typer.Argument(help="A replica's Pod; or hub, or a cluster's name, for its control process.")
    ],
    namespace: Namespace = "default",
    cluster: Cluster = "",
    go_on: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is written later.")] = False,
    tail: Annotated[
        int | None,
        typer.Option("--tail", min=0, help="Only the last lines; all without it.", show_default=False),
    ] = None,
    previous: Annotated[
        bool, typer.Option("--previous", "-p", help="What it wrote before its last restart.")
    ] = False,
    container: Annotated[
        str,
        typer.Option(
            "--container",
            "-c",
            help=f"{STORAGE_INITIALIZER} for the download; without it, the server.",
            show_default=False,
        ),
    ] = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Print what a replica has written.

    Since its last restart. Without --cluster all members are searched. Logs are files of the fleet, so they
    can be read when the member, or the whole fleet, is down.

    \b
    Examples:
      tradewind logs fraud-predictor-00001-x2x5k -n ml -f
      tradewind logs fraud-predictor-00001-x2x5k -n ml --cluster us-east-1-gpu --tail 20
      tradewind logs fraud-predictor-00001-x2x5k -n ml --previous
      tradewind logs us-east-1-gpu
    """
    path = _log_of(_known_fleet(home), Wanted(namespace, pod, container, previous), cluster)
    written, offset = last_lines(path, tail)
    typer.echo(written, nl=False)
    if go_on:
        for block in follow(path, offset, lambda: path.exists() and not _later(path).exists()):
            typer.echo(block, nl=False)


@dataclass(frozen=True)
class Wanted:
    """Whose output: `container` is "" for the server's."""

    namespace: str
    pod: str
    container: str
    previous: bool


def _known_fleet(home: Path) -> RunningFleet:
    layout = FleetLayout(home)
    fleet = stored_fleet(layout)
    return RunningFleet(layout, fleet) if fleet else open_fleet(home)


def _log_of(known: RunningFleet, wanted: Wanted, cluster: str) -> Path:
    layout, pod = known.layout, wanted.pod
    if pod == HUB or pod in known.clusters:
        path = layout.hub.log if pod == HUB else layout.member(pod).log
        return _existing(path, f'"{pod}" has written nothing yet')
    if cluster:
        known.index_of(cluster)
    searched = [cluster] if cluster else known.clusters
    paths = {name: _written(layout.member(name), wanted) for name in searched}
    found = {name: path for name, path in paths.items() if path}
    if len(found) > 1:
        raise CliError(
            f'Pod "{pod}" has logs in several clusters: {", ".join(found)}; choose one with --cluster'
        )
    for name, path in found.items():
        if not cluster:
            typer.echo(f"from cluster {name}:", err=True)
        return path
    raise CliError(_why_no_log(known, wanted, cluster, searched))


def _written(part: PartLayout, wanted: Wanted) -> Path | None:
    """The log that is wanted; None when there is none. Of Pods with the same name, the newest counts."""
    folders = list(part.pod_logs.glob(f"{wanted.namespace}_{wanted.pod}_*"))
    if not folders:
        return None
    folder = max(folders, key=lambda one: one.stat().st_mtime_ns)
    own = sorted(path.name for path in folder.iterdir() if path.name != STORAGE_INITIALIZER)
    container = wanted.container or next(iter(own), "")
    found = restarts(folder, container)
    place = -2 if wanted.previous else -1
    return log_file(folder, container, found[place]) if len(found) >= -place else None


def _later(path: Path) -> Path:
    return path.with_stem(str(int(path.stem) + 1)) if path.stem.isdecimal() else path / "none"


def _why_no_log(known: RunningFleet, wanted: Wanted, cluster: str, searched: list[str]) -> str:
    pod, namespace = wanted.pod, wanted.namespace
    try:
        running = open_fleet(known.layout.home)
        found = find_object(target_of(running, "pods", cluster), namespace, pod)
    except (ApiError, FleetError) as error:
        written = [path.name.split("_")[1] for name in searched for path in _folders(known, name, namespace)]
        where = f"namespace {namespace} of {', '.join(searched)}"
        return f'no log of a Pod "{pod}" in {where}{nearest(pod, written)} ({error})'
    if wanted.previous:
        return f'Pod "{pod}" has not been restarted: leave out --previous'
    if wanted.container:
        return f'container "{wanted.container}" of Pod "{pod}" has written nothing'
    state, why = replica_state(found.manifest)
    return f'Pod "{pod}" has written nothing yet: it is {state}' + (f": {why}" if why else "")


def _folders(known: RunningFleet, cluster: str, namespace: str) -> list[Path]:
    return sorted(known.layout.member(cluster).pod_logs.glob(f"{namespace}_*"))


def _existing(path: Path, otherwise: str) -> Path:
    if not path.exists():
        raise CliError(otherwise)
    return path
