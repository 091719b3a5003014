"""The logs of replicas (shell): their last lines, their times, and the bound on their size."""

import contextlib
import shutil
from collections.abc import Iterable
from pathlib import Path

from tradewind.base.pod_logs import log_file, note, read_times, restarts, times_file

LONGEST_MESSAGE = 1_000  # characters of a status message
TAIL_BYTES = 8_192
LIMIT_BYTES = 10_000_000
TIMES_LIMIT_BYTES = 1_600_000  # 100,000 notes: at two a second, half a day of output without a pause
KEPT_RESTARTS = 2  # the running one, and the one before it for `kubectl logs --previous`


def last_line(log: Path) -> str:
    """The last line that is not blank; "" when there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line.strip()[:LONGEST_MESSAGE] for line in reversed(lines) if line.strip()), "")


def begin_log(folder: Path, container: str, restart: int) -> Path:
    """The file for the next run of a container; those of all but the run before it are deleted."""
    log = log_file(folder, container, restart)
    log.parent.mkdir(parents=True, exist_ok=True)
    for old in restarts(folder, container):
        if old <= restart - KEPT_RESTARTS:
            _remove(log_file(folder, container, old))
    return log


def write_line(log: Path, text: str) -> None:
    """Add a line to a log that the member itself writes, if that can be done: no work fails for its log."""
    with contextlib.suppress(OSError), log.open("a") as file:
        file.write(text + "\n")


def older(log: Path) -> Path:
    """Where `rotate` keeps what came before."""
    return log.with_name(log.name + ".1")


def rotate(log: Path, limit_bytes: int = LIMIT_BYTES, times_limit_bytes: int = TIMES_LIMIT_BYTES) -> None:
    """Move a log that has grown past a limit to `older`, by copy and truncation: the replica keeps its
    file open, and appends. Lines written between the two are lost."""
    times = times_file(log)
    if _size_of(log) > limit_bytes or _size_of(times) > times_limit_bytes:
        shutil.copyfile(log, older(log))
        with log.open("r+b") as file:
            file.truncate(0)
        times.unlink(missing_ok=True)


class LogCare:
    """Looks after the logs in one folder. Both methods block."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._noted: dict[Path, int] = {}

    def note_times(self, logs: Iterable[Path]) -> None:
        """Note how long these are now; call it every NOTE_SECONDS."""
        noted = {}
        for log in logs:
            known = self._noted.get(log)
            noted[log] = note(log, read_times(log).end if known is None else known)
        self._noted = noted

    def pods(self) -> list[Path]:
        """The folders of all Pods that have logs."""
        return list(self._folder.iterdir()) if self._folder.exists() else []

    def tidy(self, existing: Iterable[Path], logs: Iterable[Path], kept: set[Path]) -> None:
        """Bound `logs`, and delete the folders of Pods that are not `kept`.

        `existing` is older than `kept`, so that the log of a replica that has just started is not deleted.
        """
        for log in logs:
            rotate(log)
        for folder in existing:
            if folder not in kept:
                shutil.rmtree(folder)


def _remove(log: Path) -> None:
    for file in (log, older(log), times_file(log)):
        file.unlink(missing_ok=True)


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
