"""`tradewind delete`."""

import time
from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from tradewind.cli.api import Server, delete_object, get_object, hub_server
from tradewind.cli.errors import CliError
from tradewind.cli.home import RunningFleet, open_fleet
from tradewind.cli.manifests import identify, read_documents
from tradewind.cli.options import DEFAULT_HOME, Cluster, Files, Home, Namespace, Timeout
from tradewind.cli.printing import reference
from tradewind.cli.targets import NOT_FOUND, defined_at, find_object, split_name, target_of
from tradewind.cli.waiting import timeout_seconds, wait_until, why_still_there
from tradewind.resources.kinds import Kind
from tradewind.resources.manifests import ManifestError
from tradewind.resources.status import ApiError

app = typer.Typer()


@dataclass(frozen=True)
class Doomed:
    """An object to be deleted, and where it is."""

    server: Server
    kind: Kind
    namespace: str
    name: str
    uid: str

    def __str__(self) -> str:
        return reference(self.kind, self.name)


@app.command()
def delete(
    kind: Annotated[
        str, typer.Argument(help="A kind, as for kubectl; or KIND/NAME.", show_default=False)
    ] = "",
    name: Annotated[str, typer.Argument(help="The object.", show_default=False)] = "",
    files: Files = [],  # noqa: B006 - the command line's default, never changed
    namespace: Namespace = "default",
    wait: Annotated[
        Literal["true", "false"], typer.Option("--wait", help="Whether to wait until the objects are gone.")
    ] = "true",
    timeout: Timeout = "60s",
    cluster: Cluster = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Delete objects and wait until they are gone.

    With -f everything is deleted at the hub in the opposite order of `apply`; what is gone already is told.

    \b
    Examples:
      tradewind delete inferenceservice fraud -n ml
      tradewind delete -f examples/iris
      tradewind delete pod fraud-predictor-00001-x2x5k -n ml --wait=false
    """
    seconds = timeout_seconds(timeout)
    running = open_fleet(home)
    if files:
        doomed, missing = _of_files(running, files, kind, cluster, namespace)
    else:
        doomed, missing = [_of_words(running, kind, name, namespace, cluster)], []
    for one in doomed:
        delete_object(one.server, one.kind, one.namespace, one.name)
    deadline = time.monotonic() + seconds
    for one in doomed:
        _finish(one, wait == "true", max(0.0, deadline - time.monotonic()))
    if missing:
        raise CliError(f"not found: {', '.join(missing)}")


def _of_words(running: RunningFleet, kind: str, name: str, namespace: str, cluster: str) -> Doomed:
    word, name = split_name(kind, name)
    if not word or not name:
        raise CliError("name the object, as in: tradewind delete KIND NAME; or manifests with -f FILE")
    found = find_object(target_of(running, word, cluster), namespace, name)
    metadata = found.manifest["metadata"]
    return Doomed(found.server, found.kind, metadata.get("namespace", ""), name, metadata.get("uid", ""))


def _of_files(
    running: RunningFleet, files: list[str], kind: str, cluster: str, namespace: str
) -> tuple[list[Doomed], list[str]]:
    """The objects of manifests that exist, the dependent ones first, and the names of those that do not."""
    if kind or cluster:
        raise CliError("give either KIND NAME or -f FILE; what -f names is deleted at the hub")
    server = hub_server(running)
    wanted, problems = identify(read_documents(files), namespace, lambda: defined_at(server))
    if problems:
        raise ManifestError(problems)
    doomed, missing = [], []
    for one in reversed(wanted):
        try:
            uid = get_object(server, one.kind, one.namespace, one.name)["metadata"].get("uid", "")
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise
            missing.append(reference(one.kind, one.name))
            continue
        doomed.append(Doomed(server, one.kind, one.namespace, one.name, uid))
    return doomed, missing


def _finish(one: Doomed, wait: bool, seconds: float) -> None:
    if wait:
        wait_until(
            lambda: why_still_there(one.server, one.kind, one.namespace, one.name, one.uid),
            f"{one} to be gone",
            seconds,
        )
    typer.echo(f"{one} {'deleted' if wait else 'is being deleted'}")
