"""How often and when a request to a store is tried again."""

from random import Random

MAX_ATTEMPTS = 6
FIRST_DELAY_MS = 200
LONGEST_DELAY_MS = 10_000


def retry_delay_ms(failures: int, rng: Random) -> int | None:
    """Wait after the `failures`-th failure in a row (from 1): doubling, the upper half random.

    None once there have been `MAX_ATTEMPTS`. All waits together stay under 13 seconds; what lasts
    longer is the Pod's back-off's business.
    """
    if failures >= MAX_ATTEMPTS:
        return None
    full = min(LONGEST_DELAY_MS, FIRST_DELAY_MS << (failures - 1))
    return full // 2 + rng.randrange(full // 2 + 1)
