"""Places for replicas that start."""

import asyncio
import subprocess
import sys
from pathlib import Path

from tradewind.node.slots import StartSlots


async def test_places_are_bounded_and_handed_out_in_order(tmp_path: Path) -> None:
    slots, order = StartSlots(tmp_path, 2), []

    async def taker(name: str) -> None:
        await slots.take()
        order.append(name)

    first, second = await slots.take(), await slots.take()
    tasks = [asyncio.create_task(taker(name)) for name in ("third", "fourth")]
    await asyncio.sleep(0)
    assert order == []
    first.release()
    first.release()
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    assert order == ["third"], "a place given back twice is one place"
    second.release()
    await asyncio.wait_for(asyncio.gather(*tasks), 5)
    assert order == ["third", "fourth"]


async def test_a_place_that_is_not_given_back_ends_with_its_lease(tmp_path: Path) -> None:
    slots = StartSlots(tmp_path, 1, lease_seconds=0.05)
    await slots.take()
    await asyncio.wait_for(slots.take(), 5)


async def test_a_taker_that_is_cancelled_leaves_the_place_to_others(tmp_path: Path) -> None:
    slots = StartSlots(tmp_path, 1)
    held = await slots.take()
    waiting = asyncio.create_task(slots.take())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    held.release()
    await asyncio.wait_for(slots.take(), 5)


async def test_another_process_counts_and_a_killed_one_does_not(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tradewind.base.files import exclusive_lock\n"
        "with exclusive_lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "0.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        waiting = asyncio.create_task(StartSlots(tmp_path, 1).take())
        done, _ = await asyncio.wait([waiting], timeout=0.1)
        assert not done
        other.kill()
        (await asyncio.wait_for(waiting, 5)).release()
