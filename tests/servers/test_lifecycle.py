"""The phases: every phase handles every event, and draining is final."""

from itertools import product

import pytest

from tradewind.servers.lifecycle import NEXT, WHY_NOT_READY, Event, Phase


def test_every_phase_handles_every_event():
    assert set(NEXT) == set(product(Phase, Event))


@pytest.mark.parametrize("event", Event)
def test_draining_is_final(event: Event):
    assert NEXT[Phase.DRAINING, event] is Phase.DRAINING


@pytest.mark.parametrize("phase", Phase)
def test_only_a_ready_replica_has_no_reason(phase: Phase):
    assert (WHY_NOT_READY[phase] == "") == (phase is Phase.READY)
