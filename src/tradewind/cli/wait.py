"""`tradewind wait`."""

import time
from collections.abc import Callable
from typing import Annotated

import typer

from tradewind.cli.api import HUB, get_object
from tradewind.cli.errors import CliError
from tradewind.cli.home import RunningFleet, open_fleet
from tradewind.cli.options import DEFAULT_HOME, Cluster, Home, Namespace, Timeout
from tradewind.cli.printing import reference
from tradewind.cli.progress import service_progress
from tradewind.cli.targets import Target, find_object, split_name, target_of
from tradewind.cli.waiting import (
    timeout_seconds,
    unmet,
    wait_until,
    why_still_there,
)
from tradewind.resources.status import ApiError

app = typer.Typer()


@app.command()
def wait(
    objects: Annotated[list[str], typer.Argument(help="Objects as KIND/NAME.", metavar="KIND/NAME...")],
    what: Annotated[
        str, typer.Option("--for", help="condition=TYPE, condition=TYPE=STATUS, or delete.")
    ] = "condition=Ready",
    timeout: Timeout = "60s",
    namespace: Namespace = "default",
    cluster: Cluster = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Wait until objects have a condition or are gone.

    The time-out is for all of them together. For an InferenceService every step of its replicas is told on
    stderr while it comes up.

    \b
    Examples:
      tradewind wait inferenceservice/fraud -n ml --for=condition=Ready --timeout 2m
      tradewind wait cluster/eu-west-1 --for=condition=Ready=Unknown
      tradewind wait pod/fraud-predictor-00001-x2x5k -n ml --for=delete
    """
    running = open_fleet(home)
    deadline = time.monotonic() + timeout_seconds(timeout)
    for text in objects:
        word, name = split_name(text, "")
        if not name:
            raise CliError(f'"{text}" is no object; write KIND/NAME, for example inferenceservice/{text}')
        target = target_of(running, word, cluster)
        look = _look(running, target, namespace, name, what)
        shown = reference(target.kind, name)
        wait_until(look, f"{shown} ({what})", max(0.0, deadline - time.monotonic()))
        typer.echo(f"{shown} {'deleted' if what == 'delete' else 'condition met'}")


def _look(running: RunningFleet, target: Target, namespace: str, name: str, what: str) -> Callable[[], str]:
    if what == "delete":
        return _look_for_deletion(target, namespace, name)
    type_, status = _condition_of(what)
    found = find_object(target, namespace, name)
    is_service = found.kind.name == "InferenceService" and found.server.name == HUB
    tell = service_progress(running, namespace, name) if is_service else lambda: None

    def look() -> str:
        tell()
        return unmet(get_object(found.server, found.kind, namespace, name), type_, status)

    return look


def _look_for_deletion(target: Target, namespace: str, name: str) -> Callable[[], str]:
    try:
        found = find_object(target, namespace, name)
    except ApiError as error:
        if error.reason == "NotFound":
            return lambda: ""
        raise
    return lambda: why_still_there(found.server, found.kind, namespace, name)


def _condition_of(what: str) -> tuple[str, str]:
    word, _, rest = what.partition("=")
    type_, _, status = rest.partition("=")
    if word != "condition" or not type_:
        raise CliError(
            f'--for "{what}": write condition=TYPE (such as condition=Ready), condition=TYPE=STATUS or delete'
        )
    return type_, status or "True"
