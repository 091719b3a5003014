"""`tradewind apply`: make the hub's objects what manifests say.

All manifests are parsed, checked here, and rehearsed by the server (a dry run) before the first of them is
written, so that a mistake in the last file does not leave the first ones applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from tradewind.cli.api import Answer, Server, get_object, hub_server, request
from tradewind.cli.home import open_fleet
from tradewind.cli.manifests import Wanted, check_all, identify, read_documents
from tradewind.cli.options import DEFAULT_HOME, Files, Home, Namespace
from tradewind.cli.printing import reference
from tradewind.cli.targets import NOT_FOUND, defined_at
from tradewind.client.apply import last_applied, three_way_patch, with_last_applied, without_nulls
from tradewind.client.urls import collection_path, object_path, query, version_of
from tradewind.parts import FleetError
from tradewind.resources.custom_kinds import is_custom
from tradewind.resources.kinds import Kind
from tradewind.resources.manifests import ManifestError
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

MERGE_PATCH = "application/merge-patch+json"
STRICT = {"fieldManager": "tradewind", "fieldValidation": "Strict"}

app = typer.Typer()


@dataclass(frozen=True)
class Change:
    """The request that makes an object what its manifest says; without a body there is nothing to do.

    `current` is the object as it was read, None when there was none.
    """

    wanted: Wanted
    body: Manifest
    current: Manifest | None


@app.command()
def apply(files: Files, namespace: Namespace = "default", home: Home = DEFAULT_HOME) -> None:
    """Create or change objects at the hub, as `kubectl apply` does.

    All is checked before anything is written: with one mistake in one file, nothing changes. Namespaces,
    secrets, runtimes and policies are written first. --namespace is for manifests that name none.

    \b
    Examples:
      tradewind apply -f examples/iris
      tradewind apply -f policy.yaml -f service.yaml -n ml
      kustomize build . | tradewind apply -f -
    """
    documents = read_documents(files)
    wanted, problems = identify(documents, namespace, lambda: _custom_kinds(home))
    errors, warnings = check_all(wanted)
    if problems or errors:
        raise ManifestError(problems + errors)
    server = hub_server(open_fleet(home))
    changes = [change_for(one, _current(server, one)) for one in wanted]
    warnings += _rehearse(server, _served(server, changes))
    for text in dict.fromkeys(warnings):
        typer.echo(f"warning: {text}", err=True)
    for change in changes:
        typer.echo(f"{reference(change.wanted.kind, change.wanted.name)} {_write(server, change)}")


def _custom_kinds(home: Path) -> list[Kind]:
    """Those of the hub; none while there is no fleet, so that mistakes in manifests are told all the same."""
    try:
        return defined_at(hub_server(open_fleet(home)))
    except FleetError:
        return []


def _served(server: Server, changes: Sequence[Change]) -> list[Change]:
    """The changes that the server can rehearse: not those of kinds that the same manifests only define."""
    if not any(is_custom(change.wanted.kind) for change in changes):
        return list(changes)
    known = {kind.resource for kind in defined_at(server)}
    return [one for one in changes if not is_custom(one.wanted.kind) or one.wanted.kind.resource in known]


def change_for(wanted: Wanted, current: Manifest | None) -> Change:
    """What to send for a manifest, given the object as it is now. Pure."""
    modified = with_last_applied(wanted.manifest)
    if current is None:
        return Change(wanted, without_nulls(modified), None)
    # The server may answer in another version of the kind than the manifest is written in.
    comparable = {**current, "apiVersion": modified["apiVersion"], "kind": modified["kind"]}
    return Change(wanted, three_way_patch(last_applied(current), modified, comparable), current)


def _current(server: Server, wanted: Wanted) -> Manifest | None:
    try:
        return get_object(server, wanted.kind, wanted.namespace, wanted.name)
    except ApiError as error:
        if error.code == NOT_FOUND:
            return None
        raise


def _rehearse(server: Server, changes: Sequence[Change]) -> list[str]:
    """Send every change as a dry run; the server's warnings. Raises ManifestError with all refusals."""
    refusals, warnings = [], []
    for change in changes:
        try:
            answer = _send(server, change, dry_run=True)
        except ApiError as error:
            refusals.append(f"{change.wanted.document}: {error.message}")
            continue
        warnings += [f"{change.wanted.document}: {text}" for text in answer.warnings]
    if refusals:
        raise ManifestError(refusals)
    return warnings


def _write(server: Server, change: Change) -> str:
    """Send a change; what became of the object, in kubectl's words."""
    written = _send(server, change, dry_run=False).manifest
    if change.current is None:
        return "created"
    return "unchanged" if _version(written) == _version(change.current) else "configured"


def _send(server: Server, change: Change, *, dry_run: bool) -> Answer:
    wanted, current = change.wanted, change.current
    if not change.body:
        return Answer(current or {})
    parameters = query({**STRICT, "dryRun": "All" if dry_run else ""})
    version = version_of(wanted.kind, wanted.manifest)
    if current is None:
        path = collection_path(wanted.kind, wanted.namespace, version)
        return request(server, "POST", path + parameters, change.body)
    path = object_path(wanted.kind, wanted.namespace, wanted.name, version=version)
    return request(server, "PATCH", path + parameters, change.body, MERGE_PATCH)


def _version(manifest: Manifest) -> str:
    return str(manifest.get("metadata", {}).get("resourceVersion", ""))
