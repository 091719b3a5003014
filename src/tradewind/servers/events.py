"""The server's log: one JSON object a line on standard output, one line per thing that matters."""

import contextlib
import json
import sys
from datetime import UTC, datetime


def emit(event: str, **fields: object) -> None:
    """Write one event; a log that cannot be written (full disk, closed pipe) never fails the caller."""
    time = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": time, "event": event, **fields}, default=str)
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
