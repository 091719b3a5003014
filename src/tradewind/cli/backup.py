"""`tradewind backup` and `tradewind restore`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tradewind import backup as backups
from tradewind import fleet as fleets
from tradewind.base.layout import FleetLayout
from tradewind.cli.errors import CliError
from tradewind.cli.options import DEFAULT_HOME, Home, home_option
from tradewind.parts import stored_fleet

app = typer.Typer()


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, for example fleet.tar.gz.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Write all objects and credentials of the fleet to a file.

    The hub and the members go on serving. The file holds the fleet's keys, so that kubeconfigs that were
    given out work after a restore: keep it as secret as the fleet.

    \b
    Examples:
      tradewind backup fleet.tar.gz
      tradewind backup /backups/$(date +%F).tar.gz --home /srv/demo
    """
    layout = FleetLayout(home)
    fleet = stored_fleet(layout)
    if fleet is None:
        raise CliError(f"there is no fleet in {home}; choose another --home")
    backups.back_up(layout, fleet, file, _now_ms(), typer.echo)
    typer.echo(f"wrote {file} ({file.stat().st_size:,} bytes); it holds the fleet's keys: keep it secret")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `tradewind backup` wrote.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Move the fleet that is in this home aside.")
    ] = False,
    home: Home = DEFAULT_HOME,
) -> None:
    """Bring a fleet back from a backup.

    Everything in the file is checked before anything is changed. The fleet must not run. What was written
    after the backup is gone; who watches reads everything again.

    \b
    Examples:
      tradewind restore fleet.tar.gz --home /srv/demo
      tradewind restore fleet.tar.gz --replace
    """
    layout = FleetLayout(home)
    with fleets.held(layout):
        manifest, aside = backups.restore(layout, file, replace, _now_ms())
    for part in manifest.parts:
        typer.echo(f"restored {part.name}, {part.objects} objects")
    if aside is not None:
        typer.echo(f"what was there before is in {aside}")
    typer.echo(
        f"fleet {manifest.fleet} as of {manifest.taken}; start it with: tradewind up{home_option(home)}"
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
