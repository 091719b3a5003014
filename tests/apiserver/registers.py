"""Whether what clients saw of one object is what one object, changed by one at a time, can show.

Every version of an object has its resource version, and those are ordered. So a history is linearizable
(Herlihy and Wing, 1990) exactly when the order of versions agrees with the order in real time, and each
write that expected a version came right after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Operation:
    """One request that was answered: asked at one time, answered at another. `version` is what was read or
    written; a write that gave a resource version `expected` it."""

    asked: float
    answered: float
    version: int
    writes: bool = False
    expected: int | None = None


def violations(history: Sequence[Operation]) -> list[str]:
    """What cannot be; nothing for a linearizable history."""
    found = []
    writes = sorted((one for one in history if one.writes), key=lambda one: one.version)
    versions = [one.version for one in writes]
    if len(set(versions)) < len(versions):
        found.append("a version was given out twice")
    latest: Operation | None = None
    by_answer = sorted(history, key=lambda one: one.answered)
    answered = 0
    for one in sorted(history, key=lambda one: one.asked):
        while by_answer[answered].answered < one.asked:
            if latest is None or by_answer[answered].version > latest.version:
                latest = by_answer[answered]
            answered += 1
        if latest and one.version < latest.version:
            found.append(f"{one} is older than {latest}, which was answered before it was asked for")
        if latest and one.writes and one.version == latest.version:
            found.append(f"{one} was seen before it was written: {latest}")
    known = dict.fromkeys([*versions, *(one.version for one in history)])
    for write in writes:
        between = [
            one for one in known if write.expected is not None and write.expected < one < write.version
        ]
        if between:
            found.append(f"{write} replaced {between}, which it did not expect")
    return found
