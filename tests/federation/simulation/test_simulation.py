"""Hundreds of histories of a fleet, each from a seed: users, faults, and what must hold in the end.

`SEED=7 pytest tests/federation/simulation` runs one history again, exactly.
"""

import os
from random import Random

import pytest

from tests.federation.simulation import script as scripts
from tests.federation.simulation.checks import Guard, at_rest
from tests.federation.simulation.simulation import Simulation
from tradewind.federation import health

SEEDS = 120
SEEDS_IN_ORDER = 40
LONG_SEEDS = 5_000
BATCH = 20
ACTIONS = 25
REST_MS = 60_000
NIGHT_MS = 700_000  # the machine sleeps for longer than any grace


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clusters that stay away are left within the time of a history."""
    monkeypatch.setattr(health, "EVICTION_AFTER_MS", 30_000)


def seeds(count: int) -> list[int]:
    given = os.environ.get("SEED")
    return [int(given)] if given else list(range(count))


def live(seed: int) -> Simulation:
    """One history: trouble, then peace."""
    script = Random(seed)
    simulation = Simulation(Random(seed + 1_000_000), losses=script.choice((0, 0, 20)))
    guard = Guard(simulation)
    told: list[str] = []
    try:
        simulation.run_until(simulation.now_ms + 5_000)
        for _ in range(ACTIONS):
            action = script.choice(scripts.USER if script.random() < 0.6 else scripts.TROUBLE)
            told.append(f"{simulation.now_ms} {action.__name__}")
            guard.excuse(action(simulation, script))
            if script.random() < 0.5:
                simulation.step(script.randint(1, 40))
            else:
                simulation.run_until(simulation.now_ms + script.choice((0, 100, 1_000, 4_000, 12_000)))
        told.append(f"{simulation.now_ms} heal")
        scripts.heal(simulation)
        simulation.run_until(simulation.now_ms + REST_MS)
        simulation.now_ms += NIGHT_MS
        simulation.run_until(simulation.now_ms + REST_MS)
        told.append(f"{simulation.now_ms} rest")
        written = len(simulation.writes)
        simulation.run_until(simulation.now_ms + REST_MS)
        late = simulation.writes[written:]
        assert not late, f"still writing: {late[:5]}"
        at_rest(simulation, guard.abandoned)
    except Exception as error:
        error.add_note(f"SEED={seed}\n" + "\n".join(told))
        raise
    return simulation


@pytest.mark.parametrize("first", range(0, SEEDS, BATCH))
def test_a_fleet_comes_to_rest_as_it_should_be(first: int) -> None:
    for seed in seeds(SEEDS)[first : first + BATCH]:
        live(seed)
