"""Webster's method (Sainte-Laguë): whole replicas in proportion to weights.

Replicas are given one at a time to the cluster with the greatest weight / (2 * replicas so far + 1). Ties
go to the cluster with fewer replicas, then to the name that comes first, or, for one half of all
object uids, last, so that the odd replica of many small services does not always land in the same cluster.
Weights 3:2:1 and 6 replicas give 3, 2, 1; 3 replicas give 1, 1, 1.

Upstream: `AllocateWebsterSeats` (`pkg/util/helper/webstermethod.go`), since Karmada v1.16.
"""

import heapq
import math
from collections.abc import Mapping
from fractions import Fraction

from tradewind.federation.names import fnv1a_32


def webster(
    replicas: int, weights: Mapping[str, int], uid: str = "", initial: Mapping[str, int] | None = None
) -> dict[str, int]:
    """The share of each cluster, by name in ascending order, zero shares included.

    `initial` is what clusters have already; new replicas go on top. Clusters without a weight keep
    what they have. Nothing is given when all weights are 0. `uid` is the object's, for ties.
    """
    have = dict(initial or {})
    shares = {name: have.get(name, 0) for name in sorted({*have, *weights})}
    if not any(weights.values()):
        return shares
    given = _certain(replicas, weights, shares)
    rank = {name: place for place, name in enumerate(sorted(shares, reverse=breaks_ties_downward(uid)))}
    queue = [_priority(name, weights, given, rank) for name in given]
    heapq.heapify(queue)
    for _ in range(replicas - sum(given.values()) + sum(shares.values())):
        name = queue[0][3]
        given[name] += 1
        heapq.heapreplace(queue, _priority(name, weights, given, rank))
    return given


def breaks_ties_downward(uid: str) -> bool:
    """Whether ties go to the last name; an empty uid never says so."""
    return bool(uid) and fnv1a_32(uid) % 2 == 1


def _priority(
    name: str, weights: Mapping[str, int], shares: Mapping[str, int], rank: Mapping[str, int]
) -> tuple[Fraction, int, int, str]:
    """Smallest first: the heap's order of who is next."""
    return -Fraction(weights.get(name, 0), 2 * shares[name] + 1), shares[name], rank[name], name


def _certain(replicas: int, weights: Mapping[str, int], shares: Mapping[str, int]) -> dict[str, int]:
    """What every cluster gets for certain, found at once, so that the time does not grow with `replicas`.

    With a divisor d, the seats whose priority is above d/2 come before all others; a cluster of weight w
    has ceil(w/d - 1/2) of them. d is chosen so large that they cannot be more than `replicas`.
    """
    spare = Fraction(replicas) - Fraction(len(weights), 2)
    if spare <= 0:
        return dict(shares)
    divisor = Fraction(sum(weights.values())) / spare
    return {
        name: max(share, math.ceil(weights.get(name, 0) / divisor - Fraction(1, 2)))
        for name, share in shares.items()
    }
