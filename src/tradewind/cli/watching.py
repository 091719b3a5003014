"""Status again and again: redrawn on a terminal, as plain lines of what changed everywhere else."""

import json
import sys
import time
from collections.abc import Callable

import typer

from tradewind.cli.status_text import status_text
from tradewind.observe.changes import changes
from tradewind.observe.status import FleetStatus

INTERVAL_SECONDS = 1.0
CLEAR = "\x1b[H\x1b[2J"


def watch_status(read: Callable[[], FleetStatus], wide: bool, home_option: str) -> None:
    """Show `read()` once a second until it raises or the user presses Ctrl-C."""
    before: FleetStatus | None = None
    live = sys.stdout.isatty()
    while True:
        status = read()
        if live:
            typer.echo(f"{CLEAR}{status_text(status, wide, home_option)}\n\nCtrl-C ends this.")
        else:
            for line in changes(before, status):
                typer.echo(line)
        before = status
        time.sleep(INTERVAL_SECONDS)


def watch_json(read: Callable[[], FleetStatus]) -> None:
    """Print `read()` as one line of JSON whenever it has changed, looking once a second."""
    before: FleetStatus | None = None
    while True:
        status = read()
        if status != before:
            typer.echo(json.dumps(status.to_json()))
        before = status
        time.sleep(INTERVAL_SECONDS)
