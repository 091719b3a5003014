"""Calls run in threads, one at a time each; results, failures and time-outs come back."""

import asyncio
import threading

import pytest

from tradewind.servers.workers import Workers

LONG_SECONDS = 20.0


async def test_a_result_comes_back_from_another_thread():
    workers = Workers(1)
    assert await workers.run(threading.get_ident, LONG_SECONDS) != threading.get_ident()


async def test_a_failure_comes_back():
    def fail() -> None:
        raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError, match="no"):
        await Workers(1).run(fail, LONG_SECONDS)


async def test_a_call_that_takes_too_long_is_given_up_and_the_queue_goes_on():
    workers, gate = Workers(1), threading.Event()
    with pytest.raises(TimeoutError):
        await workers.run(lambda: gate.wait(LONG_SECONDS), 0.05)
    gate.set()
    assert await workers.run(lambda: 1, LONG_SECONDS) == 1


async def test_a_call_given_up_before_it_began_never_begins():
    workers, gate, ran = Workers(1), threading.Event(), []
    blocked = asyncio.create_task(workers.run(lambda: gate.wait(LONG_SECONDS), LONG_SECONDS))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await workers.run(lambda: ran.append(1), 0.05)
    gate.set()
    assert await blocked is True
    assert await workers.run(lambda: 2, LONG_SECONDS) == 2
    assert ran == []


async def test_as_many_calls_run_at_once_as_there_are_threads():
    workers, together = Workers(2), threading.Barrier(2)
    calls = [workers.run(lambda: together.wait(LONG_SECONDS), LONG_SECONDS) for _ in range(2)]
    assert sorted(await asyncio.gather(*calls)) == [0, 1]
