"""`tradewind status`."""

import json
from typing import Annotated, Literal

import typer

from tradewind.cli.home import open_fleet
from tradewind.cli.options import DEFAULT_HOME, Home, home_option
from tradewind.cli.snapshot import read_status
from tradewind.cli.status_text import status_text
from tradewind.cli.watching import watch_json, watch_status
from tradewind.observe.status import FleetStatus

app = typer.Typer()


@app.command()
def status(
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on showing it until Ctrl-C.")] = False,
    output: Annotated[
        Literal["table", "wide", "json"],
        typer.Option(
            "--output", "-o", help="table; wide shows ready replicas too; json is stable, for scripts."
        ),
    ] = "table",
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what is ready, what is not, and why.

    Clusters, services and replicas, each with the next command to run if it is not ready. It works with the
    hub or members down: their processes are then judged by the fleet's records.

    \b
    Examples:
      tradewind status
      tradewind status -w
      tradewind status -o json | jq '.services[] | select(.ready | not) | .why'
    """
    running = open_fleet(home)

    def read() -> FleetStatus:
        return read_status(running)

    if watch and output == "json":
        watch_json(read)
    elif watch:
        watch_status(read, output == "wide", home_option(home))
    elif output == "json":
        typer.echo(json.dumps(read().to_json(), indent=2))
    else:
        typer.echo(status_text(read(), output == "wide", home_option(home)))
