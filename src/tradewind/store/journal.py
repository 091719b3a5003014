"""Where accepted writes are made durable before anyone hears of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tradewind.store.entries import Change, StorageFailed


@dataclass(frozen=True)
class Outcomes:
    """What a journal reports, always on the event loop's thread.

    `durable(n)`: the next n groups, in the order they were appended, will survive a crash.
    `failed(error)`: the next group and all after it are lost; the journal waits for `reset`. Never
    reported from within `append`.
    """

    durable: Callable[[int], None]
    failed: Callable[[StorageFailed], None]


class Journal(Protocol):
    """An ordered, durable record of changes."""

    def start(self, outcomes: Outcomes) -> None:
        """Begin to accept groups. Called once, with an event loop running."""
        ...

    def append(self, group: Sequence[Change]) -> None:
        """Make the changes of a group durable together or not at all. Returns at once."""
        ...

    def reset(self) -> None:
        """After a failure: everything appended before this call is forgotten; go on with what comes."""
        ...

    async def close(self) -> None:
        """Finish what was appended, then let go of the storage."""
        ...


class NoJournal:
    """Keeps nothing: for tests, and for state that may vanish with its process."""

    def start(self, outcomes: Outcomes) -> None:
        """Remember whom to tell."""
        self._outcomes = outcomes

    def append(self, group: Sequence[Change]) -> None:  # noqa: ARG002
        """As durable as it gets, at once."""
        self._outcomes.durable(1)

    def reset(self) -> None:
        """Nothing is ever lost."""

    async def close(self) -> None:
        """Nothing to finish."""
