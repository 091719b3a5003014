"""`tradewind get`."""

from typing import Annotated, Literal

import typer

from tradewind.cli.api import ask_all, list_objects
from tradewind.cli.clock import now_ms
from tradewind.cli.home import open_fleet
from tradewind.cli.options import DEFAULT_HOME, Cluster, Home, Namespace, Selector
from tradewind.cli.printing import list_text, object_text, reference, rows_text
from tradewind.cli.targets import Target, find_object, split_name, target_of
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

app = typer.Typer()


@app.command()
def get(
    kind: Annotated[str, typer.Argument(help="A kind: its name, plural or short name, as for kubectl.")],
    name: Annotated[str, typer.Argument(help="One object; all of them without it.", show_default=False)] = "",
    namespace: Namespace = "default",
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="Objects of all namespaces.")
    ] = False,
    output: Annotated[
        Literal["table", "wide", "yaml", "json", "name"],
        typer.Option("--output", "-o", help="How to print: table, wide, yaml, json or name."),
    ] = "table",
    selector: Selector = "",
    cluster: Cluster = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Print one object or many, of the hub or of a member.

    What only members have (Pods, Revisions, Nodes, …) is read from all of them unless --cluster names one.

    \b
    Examples:
      tradewind get inferenceservices -A
      tradewind get isvc fraud -n ml -o yaml
      tradewind get pods -n ml
      tradewind get pods -n ml --cluster us-east-1-gpu -l component=predictor -o wide
    """
    running = open_fleet(home)
    word, name = split_name(kind, name)
    target = target_of(running, word, cluster)
    if name:
        one = find_object(target, namespace, name)
        found = [(one.server.name, one.manifest)]
    else:
        found = _list(target, "" if all_namespaces else namespace, selector)
    if not found:
        where = "" if all_namespaces or not target.kind.namespaced else f" in namespace {namespace}"
        typer.echo(f"no {target.kind.plural} found{where}", err=True)
    if found or output in ("json", "yaml"):
        typer.echo(_text(target, found, output, bool(name), all_namespaces))


def _list(target: Target, namespace: str, selector: str) -> list[tuple[str, Manifest]]:
    """What the servers have; one of several that does not answer is told on stderr and left out."""
    kind = target.kind
    inside = namespace if kind.namespaced else ""
    answers = ask_all(target.servers, lambda server: list_objects(server, kind, inside, selector))
    found = []
    for server, answer in answers:
        if not isinstance(answer, ApiError):
            found += [(server.name, manifest) for manifest in answer]
        elif len(answers) == 1:
            raise answer
        else:
            typer.echo(answer.message, err=True)
    return found


def _text(
    target: Target, found: list[tuple[str, Manifest]], output: str, single: bool, all_namespaces: bool
) -> str:
    kind = target.kind
    if output == "name":
        return "\n".join(reference(kind, manifest["metadata"]["name"]) for _, manifest in found)
    if output in ("yaml", "json"):
        manifests = [manifest for _, manifest in found]
        return object_text(manifests[0], output) if single else list_text(manifests, output)
    return rows_text(
        kind,
        found,
        wide=output == "wide",
        namespaces=all_namespaces and kind.namespaced,
        clusters=len(target.servers) > 1,
        now_ms=now_ms(),
    )
