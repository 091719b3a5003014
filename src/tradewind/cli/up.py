"""`tradewind up` and `tradewind down`."""

import asyncio
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from tradewind import fleet as fleets
from tradewind.base.layout import FleetLayout
from tradewind.cli.home import open_fleet
from tradewind.cli.options import DEFAULT_HOME, Home, home_option
from tradewind.cli.snapshot import read_status
from tradewind.cli.status_text import up_text
from tradewind.cli.watching import watch_status
from tradewind.observe.status import FleetStatus
from tradewind.parts import FleetError, stored_fleet
from tradewind.resources.fleet import Fleet, builtin_fleet, fleet_warnings, load_fleet

app = typer.Typer()


@app.command()
def up(
    file: Annotated[
        Path | None,
        typer.Option(
            "--filename", "-f", help="A fleet file; a fleet of three regions without it.", show_default=False
        ),
    ] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return as soon as all is ready.")] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Start a fleet on this machine, or repair it.

    What was started in this home before and has died is started again; what lives is left alone. It waits
    until all is ready, prints where everything is, and shows the status until Ctrl-C, which stops the
    fleet. With --detach it returns and the fleet runs until `tradewind down`.

    \b
    Examples:
      tradewind up
      tradewind up -f fleet.yaml --detach
      tradewind up --home /srv/demo --detach
    """
    layout = FleetLayout(home)
    with fleets.held(layout):
        fleet = _wanted_fleet(layout, file)
        if detach:
            _start_and_leave(layout, fleet)
        else:
            _stay(layout, fleet)


@app.command()
def down(home: Home = DEFAULT_HOME) -> None:
    """Stop the fleet, and nothing else.

    Its state stays: the next `up` serves the same services.

    \b
    Examples:
      tradewind down
      tradewind down --home /srv/demo
    """
    _stop(FleetLayout(home))


def _wanted_fleet(layout: FleetLayout, file: Path | None) -> Fleet:
    if file is None:
        return stored_fleet(layout) or builtin_fleet()
    fleet = load_fleet(file.read_text(), str(file))
    for text in fleet_warnings(fleet):
        typer.echo(f"warning: {file}: {text}", err=True)
    return fleet


def _start(layout: FleetLayout, fleet: Fleet) -> None:
    asyncio.run(fleets.up(layout, fleet, typer.echo))
    status = read_status(open_fleet(layout.home))
    typer.echo(up_text(status, str(layout.kubeconfig)))


def _start_and_leave(layout: FleetLayout, fleet: Fleet) -> None:
    stop = f"tradewind down{home_option(layout.home)}"
    try:
        _start(layout, fleet)
    except KeyboardInterrupt:
        typer.echo(
            f"interrupted; what has started runs on; go on with `tradewind up`, or stop it with: {stop}"
        )
        raise
    typer.echo(f"stop it with: {stop}")


def _stay(layout: FleetLayout, fleet: Fleet) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        _start(layout, fleet)
        _watch_until_gone(layout.home)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # stopping is bounded, and must not be left half-way
        _stop(layout)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _watch_until_gone(home: Path) -> None:
    def read() -> FleetStatus:
        return read_status(open_fleet(home))

    try:
        watch_status(read, wide=False, home_option=home_option(home))
    except FleetError:
        typer.echo("the fleet was stopped from elsewhere")


def _stop(layout: FleetLayout) -> None:
    report = fleets.down(layout, typer.echo)
    if not report.stopped and not report.killed:
        typer.echo(f"no fleet is running in {layout.home}")
        return
    killed = f"; killed, for not ending in time: {', '.join(report.killed)}" if report.killed else ""
    typer.echo(f"stopped {len(report.stopped) + len(report.killed)} processes{killed}")
