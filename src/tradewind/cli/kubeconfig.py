"""`tradewind kubeconfig`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tradewind.base.certificates import CERTIFICATE_DAYS
from tradewind.base.files import write_atomic
from tradewind.base.layout import FleetLayout
from tradewind.cli.errors import CliError
from tradewind.cli.options import DEFAULT_HOME, Home, home_option
from tradewind.parts import stored_fleet

app = typer.Typer()

RESERVED = "system:"  # names of the system's own users and groups, one of which may do everything


@app.command()
def kubeconfig(
    user: Annotated[str, typer.Option("--user", help="Who it is for, as bindings name them.")],
    group: Annotated[
        list[str] | None,
        typer.Option("--group", help="A group of theirs; may be repeated.", show_default=False),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=1, max=CERTIFICATE_DAYS, help="How long the certificate holds.")
    ] = 90,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="A file to write; without one it is printed.", show_default=False
        ),
    ] = None,
    home: Home = DEFAULT_HOME,
) -> None:
    """Make a kubeconfig for somebody else, with a client certificate of the fleet's own authority.

    It gives no rights: bind roles to the user or group, as docs/access.md shows. A certificate cannot be
    called back before its time; take away its bindings instead.

    \b
    Examples:
      tradewind kubeconfig --user jane --group ml-team -o jane.kubeconfig
      kubectl create rolebinding jane -n ml --clusterrole=edit --user=jane
    """
    from tradewind.credentials import user_kubeconfig  # 60 ms that the help should not pay

    layout = FleetLayout(home)
    fleet = stored_fleet(layout)
    if fleet is None:
        raise CliError(f"there is no fleet in {home}; start one with: tradewind up{home_option(home)}")
    groups = tuple(group or ())
    for name in (user, *groups):
        _check_name(name)
    now_ms = time.time_ns() // 1_000_000
    made = user_kubeconfig(layout, fleet, user, groups, now_ms, days)
    if output is None:
        typer.echo(made.decode(), nl=False)
    else:
        write_atomic(output, made, mode=0o600)
        typer.echo(f"{output}: {user}, for {days} days")


def _check_name(name: str) -> None:
    if not name or not name.isprintable() or len(name) > 64:
        raise CliError(f'"{name}" cannot be a user or group: 1 to 64 printable characters are needed')
    if name.startswith(RESERVED):
        raise CliError(
            f'"{name}" is one of the system\'s own names; take one that does not begin with {RESERVED}'
        )
