"""The wall clock of the command line, in the unit that decisions use."""

import time


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
