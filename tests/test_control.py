"""What control processes do besides: their logs stay small."""

import asyncio
import subprocess
import sys
import time

from tradewind import control
from tradewind.base.layout import FleetLayout
from tradewind.base.processes import spawn_detached
from tradewind.node.logs import LIMIT_BYTES, older

CHATTER = "import os; [os.write(2, b'x' * 999 + b'\\n') for _ in range(25_000)]; os.write(1, b'end\\n')"


async def test_what_a_process_writes_for_ever_takes_a_bounded_part_of_the_disk(tmp_path, monkeypatch):
    """25 MB are written while it is looked at all the time; the process has its log open all along."""
    monkeypatch.setattr(control, "LOOK_AT_LOGS_SECONDS", 0.001)
    part = FleetLayout(tmp_path).hub
    process, _ = spawn_detached([sys.executable, "-c", CHATTER], part.envoy_log, {})
    keeping = asyncio.create_task(control.keep_logs_small(part))
    deadline = time.monotonic() + 30
    while process.poll() is None or part.envoy_log.stat().st_size > LIMIT_BYTES:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert part.envoy_log.read_bytes().endswith(b"end\n")
    assert older(part.envoy_log).exists()
    used = subprocess.run(["du", "-sk", tmp_path], capture_output=True, text=True, check=True)
    assert int(used.stdout.split()[0]) < 25_000
