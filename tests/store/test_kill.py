"""kill -9 at any moment loses no acknowledged write."""

import random
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from tradewind.store.sqlite import open_store

WRITER = """
    import asyncio, sys
    from pathlib import Path
    from tradewind.store.sqlite import open_store
    from tests.store.writing import put

    async def client(store, run, number):
        for count in range(1_000_000):
            name = f"{run}-{number}-{count}"
            await store.write([put(name, "x" * 300)])
            sys.stdout.write(name + "\\n")
            sys.stdout.flush()

    async def main():
        store = open_store(Path(sys.argv[1]))
        await asyncio.gather(*(client(store, sys.argv[2], number) for number in range(8)))

    asyncio.run(main())
"""


def write_until_killed(path, run: int, seconds: float) -> list[str]:
    """The names that a child acknowledged before it was killed, so many seconds after its first."""
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path), str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
    whole_lines = (first + rest).rpartition("\n")[0]
    return whole_lines.split("\n")


@pytest.mark.parametrize("kills", [10, pytest.param(200, marks=pytest.mark.long)])
@pytest.mark.timeout(300)
async def test_no_acknowledged_write_is_lost(tmp_path, kills):
    chance = random.Random(kills)
    path = tmp_path / "store.db"
    acknowledged: list[str] = []
    revision = 0
    for run in range(kills):
        acknowledged += write_until_killed(path, run, chance.uniform(0.0, 0.15))
        store = open_store(path)
        there = {entry.key.name for entry in store.entries("pods")}
        assert not [name for name in acknowledged if name not in there]
        assert store.revision > revision
        revision = store.revision
        await store.close()
    assert len(acknowledged) > kills
