"""A service's trouble in few words, for places where its replicas have lines of their own."""

from collections import Counter

from tradewind.observe.replicas import READY
from tradewind.observe.status import ServiceStatus


def unexplained(service: ServiceStatus) -> str:
    """What is wrong with a service beyond what its replicas that are not ready tell themselves: clusters
    whose replicas do not explain it, or, when there is not one replica, why. "" when there is no more."""
    telling = {pod.cluster for pod in service.pods if pod.state != READY}
    silent = [
        f"{cluster}: {share.why}"
        for cluster, share in service.clusters.items()
        if share.why and cluster not in telling
    ]
    return "; ".join(silent) if silent or service.pods else service.why


def brief(service: ServiceStatus) -> str:
    """`unexplained`, and how many replicas are in which state: `west: unreachable; 2 loading, 1 failing`."""
    states = Counter(pod.state for pod in service.pods if pod.state != READY)
    counts = ", ".join(f"{count} {state}" for state, count in states.items())
    return "; ".join(part for part in (unexplained(service), counts) if part)
