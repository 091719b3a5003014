"""`tradewind logs`."""

from pathlib import Path
from typing import Annotated

import typer

from tradewind.base.layout import FleetLayout
from tradewind.cli.api import HUB
from tradewind.cli.errors import CliError
from tradewind.cli.home import RunningFleet, open_fleet
from tradewind.cli.logs_tail import follow, last_lines
from tradewind.cli.options import DEFAULT_HOME, Cluster, Home, Namespace
from tradewind.cli.targets import find_object, target_of
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
    home: Home = DEFAULT_HOME,
) -> None:
    """Print what a replica has written.

    All its restarts one after another. Without --cluster all members are searched. Logs are files of the
    fleet, so they can be read when the member, or the whole fleet, is down.

    \b
    Examples:
      tradewind logs fraud-predictor-00001-x2x5k -n ml -f
      tradewind logs fraud-predictor-00001-x2x5k -n ml --cluster us-east-1-gpu --tail 20
      tradewind logs us-east-1-gpu
    """
    path = _log_of(_known_fleet(home), pod, namespace, cluster)
    written, offset = last_lines(path, tail)
    typer.echo(written, nl=False)
    if go_on:
        for block in follow(path, offset, path.exists):
            typer.echo(block, nl=False)


def _known_fleet(home: Path) -> RunningFleet:
    layout = FleetLayout(home)
    fleet = stored_fleet(layout)
    return RunningFleet(layout, fleet) if fleet else open_fleet(home)


def _log_of(known: RunningFleet, pod: str, namespace: str, cluster: str) -> Path:
    layout = known.layout
    if pod == HUB or pod in known.clusters:
        path = layout.hub.log if pod == HUB else layout.member(pod).log
        return _existing(path, f'"{pod}" has written nothing yet')
    if cluster:
        known.index_of(cluster)
    searched = [cluster] if cluster else known.clusters
    paths = {name: layout.member(name).pod_log(namespace, pod) for name in searched}
    found = {name: path for name, path in paths.items() if path.exists()}
    if len(found) > 1:
        raise CliError(
            f'Pod "{pod}" has logs in several clusters: {", ".join(found)}; choose one with --cluster'
        )
    for name, path in found.items():
        if not cluster:
            typer.echo(f"from cluster {name}:", err=True)
        return path
    raise CliError(_why_no_log(known, pod, namespace, cluster, searched))


def _why_no_log(known: RunningFleet, pod: str, namespace: str, cluster: str, searched: list[str]) -> str:
    try:
        running = open_fleet(known.layout.home)
        found = find_object(target_of(running, "pods", cluster), namespace, pod)
    except (ApiError, FleetError) as error:
        written = [path.stem.partition("_")[2] for name in searched for path in _logs(known, name, namespace)]
        where = f"namespace {namespace} of {', '.join(searched)}"
        return f'no log of a Pod "{pod}" in {where}{nearest(pod, written)} ({error})'
    state, why = replica_state(found.manifest)
    return f'Pod "{pod}" has written nothing yet: it is {state}' + (f": {why}" if why else "")


def _logs(known: RunningFleet, cluster: str, namespace: str) -> list[Path]:
    return sorted(known.layout.member(cluster).pod_log(namespace, "").parent.glob(f"{namespace}_*.log"))


def _existing(path: Path, otherwise: str) -> Path:
    if not path.exists():
        raise CliError(otherwise)
    return path
