"""`python -m tradewind.servers.predict`: the predict server's process.

Exit codes: 0 after a drain, 1 when it cannot start (the last line on standard error says why),
2 for a wrong command line.
"""

import os
import sys
from typing import NoReturn

# numpy's BLAS reads this when it is imported, and replicas share the machine: one thread each
os.environ.setdefault("OMP_NUM_THREADS", "1")

import uvloop

from tradewind.servers.errors import StartError, describe
from tradewind.servers.events import emit
from tradewind.servers.flags import parse
from tradewind.servers.serve import serve

START_FAILED = 1


def main() -> NoReturn:
    """Run the server of the command line to its end."""
    settings = parse(sys.argv[1:])
    for warning in settings.warnings:
        emit("flag_ignored", warning=warning)
    try:
        uvloop.run(serve(settings, dict(os.environ)))
    except StartError as error:
        _exit(START_FAILED, f"predict server: {error}\n")
    except Exception as error:
        _exit(START_FAILED, f"predict server: unexpected {describe(error)}\n")
    _exit(0, "")


def _exit(code: int, last_words: str) -> NoReturn:
    """End at once: an interpreter that shuts down can crash under a thread that still predicts."""
    sys.stdout.flush()
    sys.stderr.write(last_words)
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
