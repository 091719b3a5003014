"""The hub's controllers of the federation, each a thin loop around decisions made elsewhere."""

from collections.abc import Sequence

from tradewind.controller.view import Controller
from tradewind.federation.bindings import FindKind
from tradewind.federation.controllers.binding import make_binding_controller
from tradewind.federation.controllers.cluster import make_cluster_controller
from tradewind.federation.controllers.dependencies import make_dependencies
from tradewind.federation.controllers.detector import make_detector
from tradewind.federation.controllers.endpoints import make_endpoints_controller
from tradewind.federation.controllers.eviction import make_eviction
from tradewind.federation.controllers.rebalancer import make_rebalancer
from tradewind.federation.controllers.scheduler import make_scheduler
from tradewind.federation.controllers.status import make_binding_status, make_service_status
from tradewind.resources.kinds import Kind


def hub_controllers(
    kinds: Sequence[Kind], find_kind: FindKind, front_door_url: str
) -> tuple[Controller, ...]:
    """All that the hub runs of the federation.

    `kinds` can be propagated, `find_kind` finds one of them by `apiVersion` and `kind`, `front_door_url` is
    where users reach the whole fleet ("" if there is no such place).
    """
    return (
        *(make_detector(kind) for kind in kinds),
        make_scheduler(),
        make_eviction(),
        make_dependencies(kinds, find_kind),
        make_rebalancer(),
        make_binding_controller(kinds, find_kind),
        make_binding_status(),
        make_service_status(front_door_url),
        make_cluster_controller(),
        make_endpoints_controller(),
    )
