"""`tradewind plan` and `tradewind explain`: what the hub would do, and why it did what it did."""

import json
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from tradewind.base.ports import member_ports
from tradewind.cli.api import Server, hub_server, list_objects
from tradewind.cli.clock import now_ms
from tradewind.cli.errors import CliError
from tradewind.cli.home import open_fleet
from tradewind.cli.manifests import check_all, identify, read_documents
from tradewind.cli.options import DEFAULT_HOME, Files, Home, Namespace
from tradewind.cli.plan_text import plan_json, plan_text
from tradewind.cli.targets import defined_at
from tradewind.federation.member import api_enablements, make_cluster, make_status
from tradewind.federation.planning import Template, WorkloadPlan, World, plan
from tradewind.member import identity_of
from tradewind.node.nodes import MAX_PODS
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.cluster_types import Cluster, ClusterStatus
from tradewind.resources.core import Node, NodeSpec, NodeStatus, RequestedResources
from tradewind.resources.core_parts import NodeCondition
from tradewind.resources.custom_kinds import is_custom
from tradewind.resources.fleet import Fleet, FleetCluster, load_fleet
from tradewind.resources.kinds import Kind
from tradewind.resources.manifests import Document, ManifestError
from tradewind.resources.meta import Manifest, ObjectMeta, decode, replace
from tradewind.resources.policy import (
    CLUSTER_OVERRIDE_POLICY,
    CLUSTER_PROPAGATION_POLICY,
    OVERRIDE_POLICY,
    PROPAGATION_POLICY,
)
from tradewind.resources.registry import MEMBER_KINDS, PROPAGATED_KINDS, find_by_name
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING
from tradewind.resources.yaml_text import format_yaml

READ_KINDS = (
    CLUSTER,
    PROPAGATION_POLICY,
    CLUSTER_PROPAGATION_POLICY,
    OVERRIDE_POLICY,
    CLUSTER_OVERRIDE_POLICY,
    RESOURCE_BINDING,
    CLUSTER_RESOURCE_BINDING,
    *PROPAGATED_KINDS,
)

Objects = dict[tuple[str, str, str], tuple[Kind, Manifest]]

app = typer.Typer()


@app.command("plan")
def plan_command(
    files: Files,
    namespace: Namespace = "default",
    output: Annotated[str, typer.Option("--output", "-o", help="text or json.")] = "text",
    live: Annotated[
        bool,
        typer.Option("--live", help="Together with the running hub's objects."),
    ] = False,
    without: Annotated[
        str, typer.Option("--without", help="What the loss of this cluster would do.", show_default=False)
    ] = "",
    home: Home = DEFAULT_HOME,
) -> None:
    """Show what the hub would do with objects: which policy, which clusters, what each of them gets.

    Nothing runs and nothing is written. Clusters come from the files (Cluster objects with their status, or
    a Fleet), or with --live from the running hub, whose objects the files replace.

    \b
    Examples:
      tradewind plan -f fleet.yaml -f examples/iris
      tradewind plan -f examples/iris --live --without us-east-1-gpu
      tradewind plan -f examples/iris --live -o json
    """
    if output not in ("text", "json"):
        raise CliError(f'--output is "{output}"; must be text or json')
    documents = read_documents(files)
    server = hub_server(open_fleet(home)) if live else None
    custom = defined_at(server) if server else []
    objects = _live_objects(server, custom) if server else {}
    own, clusters = _given_objects(documents, namespace, custom)
    plans = _plans(objects | own, clusters, list(own), without)
    typer.echo(json.dumps(plan_json(plans), indent=2) if output == "json" else plan_text(plans))


@app.command()
def explain(
    what: Annotated[str, typer.Argument(help="`placement`.")],
    name: Annotated[str, typer.Argument(help="A service's name, or KIND/NAME.")],
    namespace: Namespace = "default",
    home: Home = DEFAULT_HOME,
) -> None:
    """Explain where an object is, and why it is not elsewhere.

    Every cluster that was dropped with its reason, and the arithmetic of the division, as the hub would
    decide now.

    \b
    Examples:
      tradewind explain placement diagnosis -n ml
      tradewind explain placement secret/s3-credentials -n ml
    """
    if what != "placement":
        raise CliError(f'"{what}" cannot be explained; it must be placement')
    word, _, rest = name.rpartition("/")
    server = hub_server(open_fleet(home))
    custom = defined_at(server)
    kinds = (*PROPAGATED_KINDS, *custom)
    kind = find_by_name(kinds, word or "inferenceservice")
    if kind is None:
        known = ", ".join(one.name for one in kinds)
        raise CliError(f'no kind "{word}" is propagated; these are: {known}')
    objects = _live_objects(server, custom)
    key = (kind.resource, namespace if kind.namespaced else "", rest)
    if key not in objects:
        raise CliError(f'{kind.resource} "{rest}" not found in namespace {namespace} at the hub')
    typer.echo(plan_text(_plans(objects, [], [key], "")))


def _plans(
    objects: Objects, clusters: Sequence[Cluster], wanted: Sequence[tuple[str, str, str]], without: str
) -> list[WorkloadPlan]:
    by_kind: dict[str, list[Any]] = {}
    for kind, manifest in objects.values():
        by_kind.setdefault(kind.resource, []).append(decode(manifest, kind.struct))
    found = [*by_kind.get(CLUSTER.resource, []), *clusters]
    if without and without not in {one.metadata.name for one in found}:
        known = ", ".join(sorted(one.metadata.name for one in found)) or "none"
        raise CliError(f'--without names "{without}", which is no cluster; there are: {known}')
    kinds = {
        kind.resource: kind for kind, _ in objects.values() if kind in PROPAGATED_KINDS or is_custom(kind)
    }
    templates = [Template(*objects[key]) for key in wanted if key[0] in kinds]
    world = World(
        clusters=[_serving(one, kinds.values()) for one in found],
        policies=_all_of(by_kind, PROPAGATION_POLICY, CLUSTER_PROPAGATION_POLICY),
        overrides=_all_of(by_kind, OVERRIDE_POLICY, CLUSTER_OVERRIDE_POLICY),
        templates=templates,
        bindings=_all_of(by_kind, RESOURCE_BINDING, CLUSTER_RESOURCE_BINDING),
    )
    return plan(world, without)


def _all_of(by_kind: dict[str, list[Any]], *kinds: Kind) -> list[Any]:
    return [one for kind in kinds for one in by_kind.get(kind.resource, [])]


def _serving(cluster: Cluster, kinds: Iterable[Kind]) -> Cluster:
    """A Cluster written by hand says nothing of the kinds that it serves: it is taken to serve all."""
    if cluster.status.api_enablements:
        return cluster
    served = api_enablements(kinds)
    return replace(cluster, status=replace(cluster.status, api_enablements=served))


def _live_objects(server: Server, custom: Iterable[Kind]) -> Objects:
    return {
        _key(kind, manifest): (kind, manifest)
        for kind in (*READ_KINDS, *custom)
        for manifest in list_objects(server, kind)
    }


def _key(kind: Kind, manifest: Manifest) -> tuple[str, str, str]:
    metadata = manifest["metadata"]
    return kind.resource, metadata.get("namespace", "") if kind.namespaced else "", metadata["name"]


def _given_objects(
    documents: Sequence[Document], namespace: str, custom: Sequence[Kind]
) -> tuple[Objects, list[Cluster]]:
    """The objects of the files, and the clusters of fleets among them."""
    fleets = [one for one in documents if one.manifest["kind"] == Fleet.__name__]
    wanted, problems = identify([one for one in documents if one not in fleets], namespace, lambda: custom)
    errors, _ = check_all(wanted)
    if problems or errors:
        raise ManifestError(problems + errors)
    found: Objects = {}
    for one in wanted:
        stored = {**one.manifest, "apiVersion": one.kind.api_version}
        found[_key(one.kind, stored)] = (one.kind, one.kind.default(stored))
    clusters = [cluster for one in fleets for cluster in _clusters_of(one)]
    return found, clusters


def _clusters_of(document: Document) -> list[Cluster]:
    """The clusters of a fleet as they would report themselves, idle."""
    fleet = load_fleet(format_yaml(document.manifest), document.source)
    made = []
    for place, one in enumerate(fleet.spec.clusters):
        identity = identity_of(fleet, one, member_ports(fleet.spec.ports.base, place))
        status = make_status(identity, ClusterStatus(), [], MEMBER_KINDS, [_node_of(one)], [], now_ms())
        made.append(replace(make_cluster(identity, None), status=status))
    return made


def _node_of(cluster: FleetCluster) -> Node:
    capacity: RequestedResources = {"pods": str(MAX_PODS), **cluster.capacity}
    return Node(
        metadata=ObjectMeta(name=cluster.name, labels=cluster.labels),
        spec=NodeSpec(taints=cluster.taints),
        status=NodeStatus(allocatable=capacity, conditions=[NodeCondition(type="Ready", status="True")]),
    )
