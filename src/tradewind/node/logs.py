"""A replica's log file (shell): its last line, and the bound on its size."""

import shutil
from pathlib import Path

LONGEST_MESSAGE = 1_000  # characters of a status message
TAIL_BYTES = 8_192
LIMIT_BYTES = 10_000_000


def size_of(log: Path) -> int:
    """Its size in bytes, 0 when there is none."""
    return log.stat().st_size if log.exists() else 0


def last_line(log: Path, from_byte: int) -> str:
    """The last line that is not blank, of what was written from `from_byte` on; "" when there is none.

    A log that has become shorter since was rotated: then all of it counts.
    """
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(from_byte if from_byte <= size else 0, size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line.strip()[:LONGEST_MESSAGE] for line in reversed(lines) if line.strip()), "")


def older(log: Path) -> Path:
    """Where `rotate` keeps what came before."""
    return log.with_name(log.name + ".1")


def rotate(log: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Move a log that has grown past the limit to `older`, by copy and truncation: the replica keeps its
    file open, and appends. Lines written between the two are lost."""
    if size_of(log) > limit_bytes:
        shutil.copyfile(log, older(log))
        with log.open("r+b") as file:
            file.truncate(0)


def remove(log: Path) -> None:
    """Delete a log and what was rotated out of it."""
    log.unlink(missing_ok=True)
    older(log).unlink(missing_ok=True)
