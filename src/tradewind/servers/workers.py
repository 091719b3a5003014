"""Threads that run predictions, so that the event loop goes on answering health checks.

A `SimpleQueue` instead of `ThreadPoolExecutor`: for a prediction of 0.1 ms the executor's own cost is
felt (64 connections, one thread: 8,200 requests a second and 12 ms at p99, against 6,400 and 50 ms).
The threads are daemons: a prediction that never returns does not keep the process from ending.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Job = tuple[asyncio.Future[Any], Callable[[], Any]]


class Workers:
    """A fixed number of threads serving the event loop that it was made in.

    The queue is unbounded here: whoever calls bounds how many calls are in flight (see `admission`).
    """

    def __init__(self, threads: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"predict-{number}", daemon=True).start()

    async def run(self, call: Callable[[], T], timeout_seconds: float) -> T:
        """What `call` returns or raises, from one of the threads.

        Raises TimeoutError after `timeout_seconds`; a call that has begun then runs on to its end.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        expiry = self._loop.call_later(timeout_seconds, _settle, future, None, TimeoutError())
        self._jobs.put((future, call))
        try:
            return await future
        finally:
            expiry.cancel()

    def _work(self) -> None:
        while True:
            future, call = self._jobs.get()
            if future.done():
                continue
            try:
                result = call()
            except BaseException as error:
                self._tell(_settle, future, None, error)
            else:
                self._tell(_settle, future, result, None)

    def _tell(self, *arguments: Any) -> None:
        # the loop is closed when the process ends in the middle of a prediction
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(*arguments)


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
