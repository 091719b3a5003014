"""From changes in the store to what a watch with a selection is told."""

from typing import Literal, NamedTuple, Self

from tradewind.apiserver.selectors import Selection
from tradewind.resources.status import ApiError, gone
from tradewind.store.entries import Change, Entry, TooOld
from tradewind.store.watch import Watch


class Event(NamedTuple):
    """ADDED, MODIFIED or DELETED, and the object; for DELETED its last state."""

    type: Literal["ADDED", "MODIFIED", "DELETED"]
    entry: Entry


def event_of(change: Change, selection: Selection) -> Event | None:
    """What a change is to someone who sees only the selected objects; None when it is nothing. Pure.

    An object that begins to fit is ADDED, one that no longer fits is DELETED, as upstream.
    """
    before = change.previous is not None and selection.matches(change.previous)
    after = not change.deleted and selection.matches(change.entry)
    if not before and not after:
        return None
    if before and after:
        return Event("MODIFIED", change.entry)
    return Event("ADDED" if after else "DELETED", change.entry)


class EventStream:
    """Events after a revision. `initial` are those of the objects that existed then, if asked for.

    Use it as a context manager.
    """

    def __init__(self, watch: Watch, selection: Selection, initial: list[Event]) -> None:
        self.initial = initial
        self._watch = watch
        self._selection = selection

    @property
    def revision(self) -> int:
        """Everything up to this revision has been told."""
        return self._watch.revision

    async def next(self, timeout_seconds: float | None = None) -> list[Event]:
        """The next events; none when the time is up, or when what happened concerns other objects.

        410 when too much happened since the last call; WatchEnded when the server stops.
        """
        try:
            changes = await self._watch.next(timeout_seconds)
        except TooOld as error:
            raise expired(error) from None
        events = (event_of(change, self._selection) for change in changes)
        return [event for event in events if event]

    def end(self) -> None:
        """Make `next` raise WatchEnded."""
        self._watch.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.close()


def expired(error: TooOld) -> ApiError:
    """The 410 that a TooOld is to a client."""
    return gone(str(error))
