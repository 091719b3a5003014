"""The quality of service of a Pod, and the status that the API gives it at first."""

from collections.abc import Iterable

from tradewind.resources.core import Container, Pod
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.quantity import parse_quantity

COUNTED = ("cpu", "memory")


def first_pod_status(manifest: Manifest) -> Manifest:
    """What a Pod's status is before any node has seen it (kubernetes `podStrategy.PrepareForCreate`)."""
    spec = decode(manifest, Pod).spec
    return {"phase": "Pending", "qosClass": qos_class([*spec.init_containers, *spec.containers])}


def qos_class(containers: Iterable[Container]) -> str:
    """Guaranteed, Burstable or BestEffort (kubernetes `pkg/apis/core/v1/helper/qos`).

    Guaranteed: every container has limits of CPU and memory, and requests just these. BestEffort: none
    has either.
    """
    containers = list(containers)
    if not any(_amounts(one.resources.limits) or _amounts(one.resources.requests) for one in containers):
        return "BestEffort"
    return "Guaranteed" if all(map(_is_guaranteed, containers)) else "Burstable"


def _is_guaranteed(container: Container) -> bool:
    limits = _amounts(container.resources.limits)
    return len(limits) == len(COUNTED) and _amounts(container.resources.requests) in ({}, limits)


def _amounts(given: dict[str, str | int | float]) -> Manifest:
    """Of CPU and memory, what is asked for: zero asks for nothing."""
    amounts = {name: parse_quantity(given[name]) for name in COUNTED if name in given}
    return {name: amount for name, amount in amounts.items() if amount}
