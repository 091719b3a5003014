"""`tradewind describe`."""

from typing import Annotated

import typer

from tradewind.cli.api import list_objects
from tradewind.cli.clock import now_ms
from tradewind.cli.describing import describe_text
from tradewind.cli.errors import CliError
from tradewind.cli.home import open_fleet
from tradewind.cli.options import DEFAULT_HOME, Cluster, Home, Namespace
from tradewind.cli.targets import Found, find_object, split_name, target_of
from tradewind.resources.core_kinds import EVENT
from tradewind.resources.meta import Manifest

CLUSTER_SCOPED_EVENTS = "default"  # where Kubernetes keeps events about objects without a namespace

app = typer.Typer()


@app.command()
def describe(
    kind: Annotated[str, typer.Argument(help="A kind: its name, plural or short name, as for kubectl.")],
    name: Annotated[str, typer.Argument(help="The object.", show_default=False)] = "",
    namespace: Namespace = "default",
    cluster: Cluster = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Show all that is known of one object.

    Its fields, its conditions with their reasons, and events about it.

    \b
    Examples:
      tradewind describe inferenceservice fraud -n ml
      tradewind describe cluster us-east-1-gpu
      tradewind describe pod fraud-predictor-00001-x2x5k -n ml --cluster us-east-1-gpu
    """
    running = open_fleet(home)
    word, name = split_name(kind, name)
    if not name:
        raise CliError(f"name the object to describe; see all with: tradewind get {word} -A")
    target = target_of(running, word, cluster)
    found = find_object(target, namespace, name)
    if len(target.servers) > 1:
        typer.echo(f"in cluster {found.server.name}:", err=True)
    typer.echo(describe_text(found.manifest, _events(found), now_ms()))


def _events(found: Found) -> list[Manifest]:
    metadata = found.manifest["metadata"]
    events = list_objects(found.server, EVENT, metadata.get("namespace") or CLUSTER_SCOPED_EVENTS)
    return [event for event in events if _is_about(event.get("involvedObject") or {}, found)]


def _is_about(involved: Manifest, found: Found) -> bool:
    metadata = found.manifest["metadata"]
    if involved.get("uid") and metadata.get("uid"):
        return bool(involved["uid"] == metadata["uid"])
    return (involved.get("kind"), involved.get("name")) == (found.kind.name, metadata["name"])
