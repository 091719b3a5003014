"""What control processes do besides: their logs stay small."""

import asyncio
import sys
import time

from tradewind import control
from tradewind.base.layout import FleetLayout
from tradewind.base.processes import spawn_detached
from tradewind.node.logs import older

# Writes 11 MB three times, each time until it is put away, and then a last line.
CHATTER = """
import os, time
for _ in range(3):
    os.write(2, b'x' * 11_000_000)
    while os.fstat(2).st_size:
        time.sleep(0.001)
os.write(1, b'end\\n')
"""


async def test_what_a_process_writes_for_ever_takes_a_bounded_part_of_the_disk(tmp_path, monkeypatch):
    """33 MB are written; the process has its log open all along."""
    monkeypatch.setattr(control, "LOOK_AT_LOGS_SECONDS", 0.001)
    part = FleetLayout(tmp_path).hub
    process, _ = spawn_detached([sys.executable, "-c", CHATTER], part.envoy_log, {})
    keeping = asyncio.create_task(control.keep_logs_small(part))
    deadline = time.monotonic() + 30
    while process.poll() is None:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert part.envoy_log.read_bytes() == b"end\n"
    assert older(part.envoy_log).stat().st_size == 11_000_000
    assert len(list(part.log_folder.iterdir())) == 2
