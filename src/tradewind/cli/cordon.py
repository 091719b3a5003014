"""`tradewind cordon`, `uncordon` and `drain`: keep work away from a cluster, and move it out."""

from collections.abc import Iterable
from typing import Annotated

import typer

from tradewind.cli.api import Server, get_object, hub_server, list_objects, request
from tradewind.cli.errors import CliError
from tradewind.cli.home import open_fleet
from tradewind.cli.options import DEFAULT_HOME, Home, Timeout
from tradewind.cli.targets import NOT_FOUND
from tradewind.cli.waiting import timeout_seconds, wait_until
from tradewind.client.urls import object_path
from tradewind.federation.keys import UNSCHEDULABLE_TAINT
from tradewind.federation.taints import change_taints
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core import Taint
from tradewind.resources.meta import Manifest, decode, encode
from tradewind.resources.shape import nearest
from tradewind.resources.status import ApiError
from tradewind.resources.work import CLUSTER_RESOURCE_BINDING, RESOURCE_BINDING

CORDON = Taint(key=UNSCHEDULABLE_TAINT, effect="NoSchedule")  # as karmadactl cordon
DRAIN = Taint(key=UNSCHEDULABLE_TAINT, effect="NoExecute")
ATTEMPTS = 5  # the hub and the member write the same object

Name = Annotated[str, typer.Argument(help="A member cluster.", show_default=False)]

app = typer.Typer()


@app.command()
def cordon(name: Name, home: Home = DEFAULT_HOME) -> None:
    """Keep new work away from a cluster; what runs there stays.

    \b
    Example:
      tradewind cordon us-east-1-gpu
    """
    changed = _change(hub_server(open_fleet(home)), name, add=[CORDON], remove=[])
    typer.echo(f"cluster/{name} {'cordoned' if changed else 'was cordoned already'}")


@app.command()
def uncordon(name: Name, home: Home = DEFAULT_HOME) -> None:
    """Let a cluster take work again, after cordon or drain.

    What has left it does not come back by itself; ask for a division anew with a WorkloadRebalancer.

    \b
    Example:
      tradewind uncordon us-east-1-gpu
    """
    changed = _change(hub_server(open_fleet(home)), name, add=[], remove=[CORDON, DRAIN])
    typer.echo(f"cluster/{name} {'uncordoned' if changed else 'was not cordoned'}")


@app.command()
def drain(name: Name, timeout: Timeout = "10m", home: Home = DEFAULT_HOME) -> None:
    """Move everything out of a cluster, and wait until it has left.

    Each object stays until its new copies elsewhere are ready. What tolerates the taint
    cluster.karmada.io/unschedulable:NoExecute, or has no other place, stays; the wait then ends with why.

    \b
    Example:
      tradewind drain us-east-1-gpu
    """
    seconds = timeout_seconds(timeout)
    server = hub_server(open_fleet(home))
    _change(server, name, add=[CORDON, DRAIN], remove=[])
    wait_until(lambda: _what_is_left(server, name), f"cluster {name} to be empty", seconds)
    typer.echo(f"cluster/{name} drained")


def _change(server: Server, name: str, add: list[Taint], remove: list[Taint]) -> bool:
    """Change a cluster's taints; whether that made a difference."""
    for attempt in range(ATTEMPTS):
        cluster = _cluster(server, name)
        taints = [decode(one, Taint) for one in cluster["spec"].get("taints") or []]
        wanted = change_taints(taints, add=add, remove=remove)
        if wanted == taints:
            return False
        changed = {**cluster, "spec": {**cluster["spec"], "taints": [encode(one) for one in wanted]}}
        try:
            request(server, "PUT", object_path(CLUSTER, "", name), changed)
        except ApiError as error:
            if error.reason != "Conflict" or attempt == ATTEMPTS - 1:
                raise
        else:
            return True
    raise AssertionError("the last attempt returns or raises")


def _cluster(server: Server, name: str) -> Manifest:
    try:
        return get_object(server, CLUSTER, "", name)
    except ApiError as error:
        if error.code != NOT_FOUND:
            raise
        known = [one["metadata"]["name"] for one in list_objects(server, CLUSTER)]
        hint = f"; there are: {', '.join(known)}{nearest(name, known)}" if known else ""
        raise CliError(f'the hub has no cluster "{name}"{hint}') from None


def _what_is_left(server: Server, name: str) -> str:
    """The objects that are in the cluster or leaving it; "" when there are none."""
    bindings = [*list_objects(server, RESOURCE_BINDING), *list_objects(server, CLUSTER_RESOURCE_BINDING)]
    left = [one["spec"]["resource"] for one in bindings if name in _clusters_of(one)]
    return "still there: " + ", ".join(map(_title, left)) if left else ""


def _clusters_of(binding: Manifest) -> Iterable[str]:
    spec = binding["spec"]
    return [
        *(one["name"] for one in spec.get("clusters") or []),
        *(one["fromCluster"] for one in spec.get("gracefulEvictionTasks") or []),
    ]


def _title(resource: Manifest) -> str:
    namespace = f"{resource['namespace']}/" if resource.get("namespace") else ""
    return f"{resource['kind']} {namespace}{resource['name']}"
