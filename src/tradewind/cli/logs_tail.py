"""The end of a log file, and what is added to it later."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

BLOCK_BYTES = 64 * 1024
POLL_SECONDS = 0.1


def last_lines(path: Path, count: int | None) -> tuple[bytes, int]:
    """The last `count` lines, all of them for None, and the offset behind them.

    Reads from the end, so the end of a huge log costs nothing.
    """
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        start = 0 if count is None else _start_of_last(file, end, count)
        file.seek(start)
        return file.read(end - start), end


def follow(path: Path, offset: int, go_on: Callable[[], bool]) -> Iterator[bytes]:
    """What is appended after `offset` as it comes, until `go_on` says no and nothing is left.

    A file that has become shorter was emptied, and is read from its start.
    """
    with path.open("rb") as file:
        file.seek(offset)
        while True:
            last_look = not go_on()
            if os.fstat(file.fileno()).st_size < file.tell():
                file.seek(0)
            block = file.read(BLOCK_BYTES)
            if block:
                yield block
            elif last_look:
                return
            else:
                time.sleep(POLL_SECONDS)


def _start_of_last(file: BinaryIO, end: int, count: int) -> int:
    """Where the last `count` lines begin; a last line without its newline counts as one."""
    if count == 0:
        return end
    wanted, position = count, end
    while position > 0:
        step = min(BLOCK_BYTES, position)
        position -= step
        file.seek(position)
        block = file.read(step)
        if position + step == end and block.endswith(b"\n"):
            wanted += 1  # the newline that ends the last line begins none
        newlines = block.count(b"\n")
        if newlines >= wanted:
            return position + _after_newline(block, newlines - wanted)
        wanted -= newlines
    return 0


def _after_newline(block: bytes, skipped: int) -> int:
    """The offset behind the newline that comes after `skipped` others."""
    place = -1
    for _ in range(skipped + 1):
        place = block.index(b"\n", place + 1)
    return place + 1
