"""`status` answers within 300 ms, interpreter included, and what makes that possible."""

import os
import subprocess
import sys

from tests.cli.conftest import LiveFleet

LIMIT_SECONDS = 0.3
ATTEMPTS = 10
HEAVY = {"aiohttp", "cryptography", "uvloop", "rich", "obstore", "numpy", "cel_expr_python"}


def command(fleet: LiveFleet, *python_options: str) -> list[str]:
    return [sys.executable, *python_options, "-m", "tradewind.cli", "status", "--home", fleet.home]


def cpu_seconds(arguments: list[str]) -> float:
    """What a process costs. On an idle machine it hardly waits, so this is how long it takes; unlike that,
    it does not depend on what else runs."""
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    return usage.ru_utime + usage.ru_stime


def test_status_costs_less_than_300_ms(fleet):
    took: list[float] = []
    while len(took) < ATTEMPTS and not (took and took[-1] < LIMIT_SECONDS):
        took.append(cpu_seconds(command(fleet)))
    assert took[-1] < LIMIT_SECONDS, took


def test_status_loads_nothing_heavy(fleet):
    shown = subprocess.run(
        command(fleet, "-X", "importtime"), capture_output=True, text=True, timeout=30, check=True
    )
    loaded = {line.rpartition("|")[2].strip() for line in shown.stderr.splitlines()}
    assert "tradewind.cli.snapshot" in loaded
    assert not HEAVY & loaded
