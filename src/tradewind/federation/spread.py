"""Which of the feasible clusters are used: what `spreadConstraints` ask for. Pure.

1. Clusters are in order: overflow tier, score (100 where the object is already), room, name.
2. Spread by cluster alone: the first `maxGroups`. If replicas follow room and these have too little, the last
   ones are exchanged for those with the most room.
3. Spread by region, zone or provider: the groups with the best score that together have enough clusters, as
   few groups as that takes; of each the best cluster, then the best others up to the clusters' `maxGroups`.

Upstream knows regions only, ignores all of this for static weights, and takes a `maxGroups` that is not set
for 0. Here zones and providers work like regions, several of them together from the coarsest to the
finest; static weights are divided among the clusters selected; and an unset `maxGroups` is no limit.

Upstream: `pkg/scheduler/core/spreadconstraint`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tradewind.resources.cluster_types import Cluster
from tradewind.resources.policy_types import SpreadConstraint

CLUSTER = "cluster"
FIELDS = ("provider", "region", "zone")  # from the coarsest to the finest
NO_LIMIT = 10**9
MAX_LOOKS = 20_000  # combinations of groups that are looked at; there may be billions
_WEIGHT_UNIT = 1000  # how much more room counts than locality in the score of a group


@dataclass(frozen=True)
class Candidate:
    """A cluster that could be used. `available` is its room and what it has of the object already."""

    cluster: Cluster
    score: int = 0
    available: int = 0
    tier: int = 0

    @property
    def name(self) -> str:
        """The cluster's name."""
        return self.cluster.metadata.name


@dataclass(frozen=True)
class Demand:
    """What is to be placed: `needs_room` says that replicas go where there is room, not by fixed shares;
    `duplicated` that every cluster is to have all of them."""

    replicas: int
    needs_room: bool
    duplicated: bool


@dataclass(frozen=True)
class Group:
    """Clusters of one region, zone or provider, in order."""

    name: str
    candidates: tuple[Candidate, ...]
    score: int = 0


@dataclass(frozen=True)
class CannotSpread:
    """Why the constraints cannot be met."""

    message: str


Bounds = Mapping[str, tuple[int, int]]  # field -> fewest and most groups
Path = tuple[Group, ...]


def select(
    candidates: Iterable[Candidate], constraints: Sequence[SpreadConstraint], demand: Demand
) -> list[Candidate] | CannotSpread:
    """The clusters to use; all of them when nothing constrains it."""
    ordered = in_order(candidates)
    within = bounds(constraints)
    fields = [field for field in FIELDS if field in within]
    if fields:
        return _by_topology(ordered, fields, within, demand)
    return by_cluster(ordered, within[CLUSTER], demand) if CLUSTER in within else ordered


def bounds(constraints: Iterable[SpreadConstraint]) -> dict[str, tuple[int, int]]:
    """Fewest and most groups by field. Not set: clusters, at least 1, no limit."""
    return {
        one.spread_by_field or CLUSTER: (one.min_groups or 1, one.max_groups or NO_LIMIT)
        for one in constraints
        if not one.spread_by_label
    }


def in_order(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those to be preferred first."""
    return sorted(candidates, key=lambda one: (one.tier, -one.score, -one.available, one.name))


def by_cluster(
    ordered: Sequence[Candidate], within: tuple[int, int], demand: Demand
) -> list[Candidate] | CannotSpread:
    """The first ones, as many as allowed; exchanged for others where their room does not suffice."""
    fewest, most = within
    if len(ordered) < fewest:
        return CannotSpread(
            "the number of feasible clusters is less than spreadConstraint.MinGroups "
            f"({len(ordered)} of at least {fewest})"
        )
    count = min(len(ordered), most)
    chosen, others = list(ordered[:count]), list(ordered[count:])
    if not demand.needs_room:
        return chosen
    for place in reversed(range(count)):
        if _room(chosen) >= demand.replicas or not others:
            break
        best = max(range(len(others)), key=lambda one: (others[one].available, -one))
        if others[best].available > chosen[place].available:
            chosen[place], others[best] = others[best], chosen[place]
    if _room(chosen) < demand.replicas:
        return CannotSpread(f"no enough resource when selecting {count} clusters")
    return chosen


def grouped(ordered: Iterable[Candidate], field: str, within: Bounds, demand: Demand) -> list[Group]:
    """The groups of a field by name, each with its score; a cluster of several zones is in each of them."""
    members: dict[str, list[Candidate]] = {}
    for candidate in ordered:
        for name in _values(candidate.cluster, field):
            members.setdefault(name, []).append(candidate)
    fewest = within[field][0]
    return [
        Group(name, tuple(members[name]), group_score(members[name], fewest, _fewest(within), demand))
        for name in sorted(members)
    ]


def group_score(
    candidates: Sequence[Candidate], fewest_groups: int, fewest_clusters: int, demand: Demand
) -> int:
    """How well a group could take its part: by room first, then by locality.

    Duplicated: how many of its clusters have room for all replicas. Divided: how much of an equal part its
    first clusters, as many as are asked for at least, have room for.
    """
    if demand.duplicated:
        valid = [one.score for one in candidates if one.available >= demand.replicas]
        return _WEIGHT_UNIT * len(valid) + (sum(valid) // len(valid) if valid else 0)
    target = -(-demand.replicas // fewest_groups)
    room, score = 0, 0
    for count, one in enumerate(candidates, 1):
        room, score = room + one.available, score + one.score
        if room >= target and count >= max(fewest_groups, fewest_clusters):
            return _WEIGHT_UNIT * target + score // count
    return _WEIGHT_UNIT * room + score // len(candidates)


def select_groups(
    groups: Iterable[Group], within: tuple[int, int], fewest_clusters: int, *, further: bool = False
) -> list[Path]:
    """Combinations of groups that have enough clusters, the best one first.

    Best is the greatest sum of scores, then the most clusters; but if a shorter combination is the beginning
    of the best one, it will do. `further` also tries groups beyond those that have enough clusters.
    """
    paths = list(_feasible(groups, within, fewest_clusters, further))
    paths.sort(key=lambda path: (-sum(one.score for one in path), -_size(path)))
    best = paths[0] if paths else ()
    for path in paths:
        if len(path) < len(best) and best[: len(path)] == path:
            best = path
    return [best, *(path for path in paths if path != best)] if paths else []


def _feasible(
    groups: Iterable[Group], within: tuple[int, int], fewest_clusters: int, further: bool
) -> Iterator[Path]:
    """Upstream's depth-first search over the small groups first, each path by score and name; it looks at
    MAX_LOOKS combinations at most."""
    ordered = sorted(groups, key=lambda one: (len(one.candidates), -one.score, one.name))
    fewest, most = within
    looks = 0
    waiting: list[tuple[Path, int]] = [((), 0)]
    while waiting and looks < MAX_LOOKS:
        looks += 1
        path, begin = waiting.pop()
        if _size(path) >= fewest_clusters and fewest <= len(path) <= most:
            yield tuple(sorted(path, key=lambda one: (-one.score, one.name)))
            if not further:
                continue
        if len(path) < most:
            waiting += [((*path, ordered[at]), at + 1) for at in reversed(range(begin, len(ordered)))]


def _by_topology(
    candidates: Sequence[Candidate],
    fields: Sequence[str],
    within: Bounds,
    demand: Demand,
    chosen: Path = (),
) -> list[Candidate] | CannotSpread:
    """Narrow the candidates field by field; `chosen` are the groups of coarser fields."""
    if not fields:
        return pick(candidates, chosen, within.get(CLUSTER, (1, NO_LIMIT))[1])
    field, finer = fields[0], fields[1:]
    fewest = within[field][0]
    groups = grouped(candidates, field, within, demand)
    if len(groups) < fewest:
        return CannotSpread(
            f"the number of feasible {field} is less than spreadConstraint.MinGroups "
            f"({len(groups)} of at least {fewest})"
        )
    failure = CannotSpread("the number of clusters is less than the cluster spreadConstraint.MinGroups")
    for path in select_groups(groups, within[field], _fewest(within), further=bool(finer)):
        inside = {one.name for group in path for one in group.candidates}
        kept = [one for one in candidates if one.name in inside]
        outcome = _by_topology(kept, finer, within, demand, (*chosen, *path))
        if not isinstance(outcome, CannotSpread):
            return outcome
        failure = outcome
    return failure


def pick(candidates: Sequence[Candidate], groups: Path, most: int) -> list[Candidate]:
    """The best cluster of each group, even if that is more than `most`, and then the best of the others."""
    kept = {one.name for one in candidates}
    picked: dict[str, Candidate] = {}
    for group in groups:
        members = [one for one in group.candidates if one.name in kept]
        if not any(one.name in picked for one in members):
            picked[members[0].name] = members[0]
    others = sorted(
        (one for one in candidates if one.name not in picked),
        key=lambda one: (-one.score, -one.available, one.name),
    )
    return [*picked.values(), *others[: max(0, most - len(picked))]]


def _fewest(within: Bounds) -> int:
    return within.get(CLUSTER, (1, NO_LIMIT))[0]


def _values(cluster: Cluster, field: str) -> list[str]:
    spec = cluster.spec
    found = {"provider": [spec.provider], "region": [spec.region], "zone": spec.zones}[field]
    return [value for value in dict.fromkeys(found) if value]


def _size(path: Path) -> int:
    return sum(len(group.candidates) for group in path)


def _room(candidates: Iterable[Candidate]) -> int:
    return sum(one.available for one in candidates)
