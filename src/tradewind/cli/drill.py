"""`tradewind drill`: break a running fleet on purpose."""

import asyncio
import time
from typing import Annotated

import typer

from tradewind.cli.errors import CliError
from tradewind.cli.home import open_fleet
from tradewind.cli.options import DEFAULT_HOME, Home, home_option
from tradewind.fleet import READY_SECONDS, start_member, wait_ready
from tradewind.parts import member_part
from tradewind.rehearse.drill import KillReport
from tradewind.rehearse.drill import kill as kill_cluster

app = typer.Typer(no_args_is_help=True)
drills = typer.Typer(
    name="drill", help="Break a running fleet on purpose, and mend it.", no_args_is_help=True
)
app.add_typer(drills)

ClusterName = Annotated[str, typer.Argument(help="The cluster.")]


@drills.command()
def kill(
    cluster: ClusterName,
    keep_gateway: Annotated[
        bool,
        typer.Option("--keep-gateway", help="Leave its gateway running: only the models and control die."),
    ] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Kill a cluster as a power cut would (kill -9).

    Its control process, its gateway and its replicas. With --keep-gateway its gateway answers on, from the
    next region; without, the front door does.

    \b
    Examples:
      tradewind drill kill eu-west-1
      tradewind drill kill us-east-1-gpu --keep-gateway
    """
    running = open_fleet(home)
    running.index_of(cluster)
    report = kill_cluster(running.layout, cluster, keep_gateway)
    revive_command = f"tradewind drill revive {cluster}{home_option(home)}"
    if report.is_empty:
        raise CliError(f"nothing of cluster {cluster} was running; bring it back with: {revive_command}")
    for line in _killed(report, keep_gateway):
        typer.echo(line)
    typer.echo(f"bring it back with: {revive_command}")


@drills.command()
def revive(cluster: ClusterName, home: Home = DEFAULT_HOME) -> None:
    """Start a killed cluster again and wait until it is ready.

    \b
    Example:
      tradewind drill revive eu-west-1
    """
    running = open_fleet(home)
    running.index_of(cluster)
    began = time.monotonic()
    start_member(running.layout, running.fleet, cluster)
    part = member_part(running.layout, running.fleet, cluster)
    asyncio.run(wait_ready(running.layout, [part], READY_SECONDS))
    typer.echo(f"{cluster} is back: ready after {time.monotonic() - began:.1f} s")


def _killed(report: KillReport, keep_gateway: bool) -> list[str]:
    lines = []
    if report.control is not None:
        lines.append(f"killed the control process of {report.cluster} (pid {report.control})")
    if report.gateway is not None:
        lines.append(f"killed its gateway (pid {report.gateway})")
    elif keep_gateway:
        lines.append("kept its gateway")
    if report.replicas:
        pids = ", ".join(map(str, report.replicas))
        lines.append(f"killed {len(report.replicas)} of its replicas (pid {pids})")
    return lines
