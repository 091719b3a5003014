"""Options that several commands share, declared once so that they mean the same everywhere."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_HOME = Path(".tradewind")

Home = Annotated[
    Path,
    typer.Option("--home", envvar="TRADEWIND_HOME", help="Folder that holds all state of the fleet."),
]
Namespace = Annotated[str, typer.Option("--namespace", "-n", help="Namespace of the object.")]
Cluster = Annotated[
    str, typer.Option("--cluster", help="Ask this member cluster instead of the hub.", show_default=False)
]
Selector = Annotated[
    str,
    typer.Option("--selector", "-l", help="Only objects with these labels: key=value,…", show_default=False),
]
Timeout = Annotated[str, typer.Option("--timeout", help="How long to wait: 30s, 2m, 1m30s.")]
Files = Annotated[
    list[str],
    typer.Option(
        "--filename",
        "-f",
        help="A file, a folder, or - for standard input; may be repeated.",
        show_default=False,
    ),
]


def home_option(home: Path) -> str:
    """What a command that the user is told to run needs after it to reach this home; "" for the default."""
    return "" if home == DEFAULT_HOME else f" --home {home}"
