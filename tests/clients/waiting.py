"""Waiting for a condition, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

DEADLINE_SECONDS = 15.0
PAUSE_SECONDS = 0.05


def eventually(ask: Callable[[], Value]) -> Value:
    """What `ask` gives once it raises no AssertionError any more; that of the last try after the deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return ask()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        time.sleep(PAUSE_SECONDS)
