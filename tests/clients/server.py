"""The server under test as a process of its own: `python -m tests.clients.server HOME PORT`.

One API with the kinds of the hub and of a member, joined as in those processes. Says "ready" when it
answers, and runs until its standard input ends.
"""

import asyncio
import sys
from pathlib import Path

from tests.clients.home import LAYOUT_PART
from tradewind.base.layout import FleetLayout
from tradewind.control import Readiness, open_api
from tradewind.resources.meta import Manifest
from tradewind.resources.registry import ALL_KINDS


async def run(layout: FleetLayout) -> None:
    part = layout.member(LAYOUT_PART)
    part.folder.mkdir(parents=True, exist_ok=True)

    def pod_log(pod: Manifest) -> Path:
        return part.pod_log(pod["metadata"]["namespace"], pod["metadata"]["name"])

    async with open_api(layout, part, ALL_KINDS, int(sys.argv[2]), Readiness(set()), pod_log):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(run(FleetLayout(Path(sys.argv[1]))))
