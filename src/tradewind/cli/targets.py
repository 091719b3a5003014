"""What the words of a command line mean: which kind, on which API servers, which object."""

from dataclasses import dataclass

from tradewind.cli.api import (
    Server,
    ask_all,
    get_object,
    hub_server,
    list_objects,
    member_server,
    member_servers,
)
from tradewind.cli.errors import CliError
from tradewind.cli.home import RunningFleet
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION
from tradewind.resources.custom_kinds import custom_kinds
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.registry import ALL_KINDS, HUB_KINDS, MEMBER_KINDS, find_by_name
from tradewind.resources.shape import nearest
from tradewind.resources.status import ApiError

NOT_FOUND = 404


@dataclass(frozen=True)
class Target:
    """A kind and the servers to ask about it: every member when only members have it and none is named."""

    kind: Kind
    servers: tuple[Server, ...]


@dataclass(frozen=True)
class Found:
    """An object and the server that has it."""

    server: Server
    kind: Kind
    manifest: Manifest


def target_of(running: RunningFleet, word: str, cluster: str) -> Target:
    """The kind that `word` names, at the cluster, or at the hub, or at every member if only they have it.

    Raises CliError when there is no such kind or cluster.
    """
    if cluster:
        server = member_server(running, cluster)
        kind = find_by_name(MEMBER_KINDS, word) or find_by_name(defined_at(server), word)
        if kind is None:
            raise _no_kind(word, MEMBER_KINDS, f"cluster {cluster}")
        return Target(kind, (server,))
    if kind := find_by_name(HUB_KINDS, word):
        return Target(kind, (hub_server(running),))
    if kind := find_by_name(ALL_KINDS, word):
        return Target(kind, tuple(member_servers(running)))
    if kind := find_by_name(defined_at(hub_server(running)), word):
        return Target(kind, (hub_server(running),))
    raise _no_kind(word, ALL_KINDS, "this fleet")


def defined_at(server: Server) -> list[Kind]:
    """The custom kinds that a server serves; none if it does not answer."""
    try:
        return custom_kinds(list_objects(server, CUSTOM_RESOURCE_DEFINITION))
    except ApiError:
        return []


def find_object(target: Target, namespace: str, name: str) -> Found:
    """The one object of this name at the target's servers.

    Raises ApiError when it is nowhere or a server fails, CliError when several clusters have one.
    """
    kind = target.kind
    answers = ask_all(target.servers, lambda server: get_object(server, kind, namespace, name))
    found = [Found(server, kind, one) for server, one in answers if not isinstance(one, ApiError)]
    if len(found) > 1:
        names = ", ".join(one.server.name for one in found)
        raise CliError(f'{kind.name} "{name}" is in several clusters: {names}; choose one with --cluster')
    if found:
        return found[0]
    errors = [one for _, one in answers if isinstance(one, ApiError)]
    raise next((error for error in errors if error.code != NOT_FOUND), errors[0])


def split_name(kind: str, name: str) -> tuple[str, str]:
    """`KIND NAME` or `KIND/NAME` as two words. Raises CliError when the name is given twice."""
    if "/" not in kind:
        return kind, name
    if name:
        raise CliError(f'"{kind}" already names an object; leave out "{name}"')
    word, _, found = kind.partition("/")
    return word, found


def _no_kind(word: str, kinds: tuple[Kind, ...], where: str) -> CliError:
    words = [name for one in kinds for name in (one.name.lower(), one.plural, *one.short_names)]
    listed = ", ".join(sorted(one.plural for one in kinds))
    return CliError(f'unknown kind "{word}" in {where}; kinds: {listed}{nearest(word, words)}')
