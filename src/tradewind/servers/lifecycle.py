"""The three phases of a replica, and what readiness says in each.

    loading --loaded--> ready --terminate--> draining

A model that cannot be loaded ends the process, so there is no phase for that. A replica that drains
never becomes ready again, even when its model finishes loading meanwhile.
"""

from enum import StrEnum


class Phase(StrEnum):
    """Where a replica is in its life."""

    LOADING = "loading"
    READY = "ready"
    DRAINING = "draining"


class Event(StrEnum):
    """What moves it on."""

    LOADED = "loaded"
    TERMINATE = "terminate"


NEXT: dict[tuple[Phase, Event], Phase] = {
    (Phase.LOADING, Event.LOADED): Phase.READY,
    (Phase.LOADING, Event.TERMINATE): Phase.DRAINING,
    (Phase.READY, Event.LOADED): Phase.READY,
    (Phase.READY, Event.TERMINATE): Phase.DRAINING,
    (Phase.DRAINING, Event.LOADED): Phase.DRAINING,
    (Phase.DRAINING, Event.TERMINATE): Phase.DRAINING,
}

WHY_NOT_READY = {
    Phase.LOADING: "The model is loading.",
    Phase.READY: "",
    Phase.DRAINING: "The replica is shutting down.",
}
