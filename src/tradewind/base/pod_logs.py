"""The log files of one Pod, and when what part of each was written.

A container's output goes straight to a file, one for each restart: the process that writes it must outlive
whoever started it, so nobody stands between who could put times before the lines. Instead the member
looks at the files as they grow, and notes in an index beside each how long it was at its last modification.
A line's time is that of the first note that covers it: exact for a line that nothing follows for
NOTE_SECONDS, and else late by that at most. What was written while no member looked has the time of the
last of it.
"""

import struct
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from pathlib import Path

NOTE_SECONDS = 0.5
_NOTE = struct.Struct("<QQ")  # size in bytes, time in nanoseconds since the epoch


def log_file(folder: Path, container: str, restart: int) -> Path:
    """The output of a container of the Pod with this folder, after so many restarts."""
    return folder / container / f"{restart}.log"


def restarts(folder: Path, container: str) -> list[int]:
    """The restarts of a container whose output is there, in order."""
    found = (path.stem for path in (folder / container).glob("*.log"))
    return sorted(int(stem) for stem in found if stem.isdecimal())


def times_file(log: Path) -> Path:
    """The index of a log."""
    return log.with_suffix(".times")


@dataclass(frozen=True)
class LogTimes:
    """Notes in order: the log had `ends[i]` bytes at `at_ns[i]`, the time of its last modification then."""

    ends: "array[int]"
    at_ns: "array[int]"

    @property
    def end(self) -> int:
        """How many bytes the notes cover."""
        return self.ends[-1] if self.ends else 0

    def time_ns(self, byte: int) -> int | None:
        """When the log had become `byte` bytes long; None when that is not noted."""
        place = bisect_left(self.ends, byte)
        return self.at_ns[place] if place < len(self.ends) else None

    def end_before(self, time_ns: int) -> int:
        """How many bytes had been written before this time, for certain."""
        place = bisect_left(self.at_ns, time_ns)
        return self.ends[place - 1] if place else 0


def read_times(log: Path) -> LogTimes:
    """The notes on a log; none when there is no index. A last note cut short is left out."""
    try:
        raw = times_file(log).read_bytes()
    except FileNotFoundError:
        raw = b""
    numbers = array("Q", raw[: len(raw) - len(raw) % _NOTE.size])
    return LogTimes(numbers[0::2], numbers[1::2])


def note(log: Path, known_bytes: int) -> int:
    """Note the size of a log if it is not what was noted last (`known_bytes`); returns its size.

    A log that does not exist yet has no bytes. One that is shorter than before was emptied.
    """
    try:
        about = log.stat()
    except FileNotFoundError:
        return 0
    if about.st_size != known_bytes:
        with times_file(log).open("wb" if about.st_size < known_bytes else "ab") as index:
            index.write(_NOTE.pack(about.st_size, about.st_mtime_ns))
    return about.st_size
