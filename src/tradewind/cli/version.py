"""`tradewind version`."""

import platform
from importlib.metadata import version as version_of

import typer

app = typer.Typer()


@app.command()
def version() -> None:
    """Print the version of Tradewind and of Python."""
    typer.echo(f"tradewind {version_of('tradewind')} (Python {platform.python_version()})")
