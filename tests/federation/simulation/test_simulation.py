"""Hundreds of histories of a fleet, each from a seed: users, faults, and what must hold in the end.

`SEED=7 pytest tests/federation/simulation` runs one history again, exactly.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from tests.federation.simulation import script as scripts
from tests.federation.simulation.checks import Guard, at_rest, end_state
from tests.federation.simulation.simulation import Simulation
from tradewind.federation import health

ROOT = Path(__file__).parents[3]
SEEDS = 100
SEEDS_IN_ORDER = 10
LONG_SEEDS = 4_100
BATCH = 10
ACTIONS = 25
BEGIN = 8
RECOVER_MS = 25_000
REST_MS = 40_000
QUIET_MS = 15_000  # longer than anything that is tried again waits
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
        busy = script.choice((0.6, 0.1))  # how much users do, once there is something
        for number in range(ACTIONS):
            share = 1 if number < BEGIN else busy
            action = script.choice(scripts.USER if script.random() < share else scripts.TROUBLE)
            told.append(f"{simulation.now_ms} {action.__name__}")
            guard.excuse(action(simulation, script))
            if script.random() < 0.5:
                simulation.step(script.randint(1, 40))
            else:
                simulation.run_until(simulation.now_ms + script.choice((0, 100, 1_000, 4_000, 12_000)))
        told.append(f"{simulation.now_ms} heal")
        scripts.heal(simulation)
        simulation.run_until(simulation.now_ms + RECOVER_MS)
        simulation.now_ms += NIGHT_MS
        simulation.run_until(simulation.now_ms + REST_MS)
        told.append(f"{simulation.now_ms} rest")
        written = len(simulation.writes)
        simulation.run_until(simulation.now_ms + QUIET_MS)
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


@pytest.mark.long
@pytest.mark.parametrize("first", range(SEEDS, LONG_SEEDS, 20 * BATCH))
def test_thousands_of_fleets_come_to_rest(first: int) -> None:
    for seed in range(first, first + 20 * BATCH):
        live(seed)


def test_the_same_seed_is_the_same_history() -> None:
    """In another process too, where sets have another order."""
    code = (
        "from tradewind.federation import health; health.EVICTION_AFTER_MS = 30_000\n"
        "from tests.federation.simulation.test_simulation import live\n"
        "print(live(7).digest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": salt, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout.strip()
        for salt in ("1", "2")
    }
    assert said == {live(7).digest()}
    assert live(8).digest() not in said


@pytest.mark.parametrize("first", range(0, SEEDS_IN_ORDER, BATCH))
def test_in_whichever_order_watches_tell_the_end_is_the_same(first: int) -> None:
    for seed in seeds(SEEDS_IN_ORDER)[first : first + BATCH]:
        one, other = (_calm(seed, orders) for orders in (1, 2))
        assert one == other, f"SEED={seed}"


def _calm(seed: int, orders: int) -> Mapping[str, object]:
    """How a history ends in which only users do something, each thing after the other."""
    script, simulation = Random(seed), Simulation(Random(orders))
    simulation.run_until(simulation.now_ms + 5_000)
    for _ in range(ACTIONS // 2):
        script.choice(scripts.USER)(simulation, script)
        simulation.run_until(simulation.now_ms + 12_000)
    simulation.run_until(simulation.now_ms + REST_MS)
    return end_state(simulation)
