"""How far a service is while somebody waits for it: one line on stderr for every step of every replica."""

from collections.abc import Callable

import typer

from tradewind.cli.home import RunningFleet
from tradewind.cli.snapshot import read_status
from tradewind.observe.changes import service_changes
from tradewind.observe.status import ServiceStatus


def service_progress(running: RunningFleet, namespace: str, name: str) -> Callable[[], None]:
    """A function that prints what has changed about the service since it was called last."""
    before: list[ServiceStatus] = []

    def tell() -> None:
        services = read_status(running).services
        now = [one for one in services if (one.namespace, one.name) == (namespace, name)]
        for line in service_changes(before, now):
            typer.echo(line, err=True)
        before[:] = now

    return tell
