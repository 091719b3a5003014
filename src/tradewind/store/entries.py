"""What the store holds, what is asked of it, and why it may refuse.

What is held by the ten thousands is kept out of sight of the cyclic garbage collector (`gc=False`): it
has no cycles, and walking over it costs tens of milliseconds at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

MUST_NOT_EXIST = 0
WHATEVER = -1
MAX_OBJECT_BYTES = 1536 * 1024  # as etcd's --max-request-bytes


class Key(msgspec.Struct, frozen=True, order=True, gc=False):
    """Where an object is. `namespace` is "" for objects outside of namespaces."""

    resource: str
    namespace: str
    name: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An object at one revision; `data` is its JSON, which the store never looks into."""

    key: Key
    revision: int
    data: bytes


class Change(msgspec.Struct, frozen=True, gc=False):
    """What one write did. For a deletion `entry` is the last state, at the revision of the deletion."""

    entry: Entry
    previous: Entry | None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Write:
    """One write that is asked for.

    `expected` is the revision that the object must have in the tip, MUST_NOT_EXIST, or WHATEVER it has.
    `render` makes the object's data, given the revision that the write gets.
    """

    key: Key
    expected: int
    render: Callable[[int], bytes]
    delete: bool = False

    def entry(self, revision: int) -> Entry:
        """What is stored at this revision. Raises ObjectTooLarge."""
        data = self.render(revision)
        if len(data) > MAX_OBJECT_BYTES:
            raise ObjectTooLarge(self.key, len(data))
        return Entry(self.key, revision, data)


class Stale(Exception):
    """A write expected another revision than the object has (`actual`, 0 when it does not exist)."""

    def __init__(self, key: Key, actual: int) -> None:
        super().__init__(f"{key} is at revision {actual}")
        self.key = key
        self.actual = actual


class TooOld(Exception):
    """Changes after the revision asked for are no longer kept; read everything and watch from there."""

    def __init__(self, asked: int, oldest: int) -> None:
        super().__init__(f"too old resource version: {asked} ({oldest})")
        self.asked = asked
        self.oldest = oldest


class WatchEnded(Exception):
    """The watch was ended, not by the one who watches."""


class StoreError(Exception):
    """The store cannot do its work; the message names the file, the cause and what to do about it."""


class ObjectTooLarge(StoreError):
    """An object has more than MAX_OBJECT_BYTES."""

    def __init__(self, key: Key, size_bytes: int) -> None:
        where = f"{key.namespace}/{key.name}" if key.namespace else key.name
        super().__init__(
            f'Request entity too large: {key.resource} "{where}" would have {size_bytes} bytes, and at most '
            f"{MAX_OBJECT_BYTES} are stored"
        )


class Overloaded(StoreError):
    """Too many writes wait already; the same write may succeed a moment later."""


class StorageFailed(StoreError):
    """A write could not be made durable. It did not happen; reads go on, later writes are tried again."""


class StorageFull(StorageFailed):
    """`StorageFailed` because the disk is full."""


class CannotOpen(StoreError):
    """The file cannot be opened, is damaged, is not a store, or is in use."""
