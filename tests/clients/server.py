"""The server under test as a process of its own: `python -m tests.clients.server HOME PORT`.

One API with the kinds of the hub and of a member, joined as in those processes, and the controllers that
belong to it. Says "ready" when it
answers, and runs until its standard input ends.
"""

import asyncio
import sys
from pathlib import Path
from random import Random

from tests.clients.home import LAYOUT_PART, MEASURED_NODE, MEASURED_POD
from tradewind.accounts import account_controllers
from tradewind.base.layout import FleetLayout
from tradewind.control import Readiness, now_ms, open_api, token_key
from tradewind.controller.plan import LOCAL
from tradewind.controller.run import Runner
from tradewind.node.meter import Meter, metrics_of
from tradewind.node.usage import PodUsage
from tradewind.resources.core import Container, Pod, PodSpec
from tradewind.resources.meta import Manifest, ObjectMeta
from tradewind.resources.registry import ALL_KINDS


def measured() -> Meter:
    """A meter that has read one Pod: a quarter of a processor, 64 MiB."""
    namespace, name = MEASURED_POD
    pod = Pod(
        metadata=ObjectMeta(name=name, namespace=namespace), spec=PodSpec(containers=[Container(name="main")])
    )
    meter = Meter()
    meter.usages = (PodUsage(pod, now_ms(), 15_000, 250_000_000, 64 * 1024 * 1024),)
    return meter


async def run(layout: FleetLayout) -> None:
    part = layout.member(LAYOUT_PART)
    part.folder.mkdir(parents=True, exist_ok=True)

    def pod_log(pod: Manifest) -> Path:
        metadata = pod["metadata"]
        return part.pod_log_folder(metadata["namespace"], metadata["name"], metadata["uid"])

    metrics = metrics_of(measured(), MEASURED_NODE, {}, now_ms)
    async with open_api(
        layout,
        part,
        ALL_KINDS,
        int(sys.argv[2]),
        Readiness(set()),
        manager="conformance",
        pod_logs=pod_log,
        computed=metrics,
    ) as client:
        accounts = account_controllers(token_key(part), layout.ca_certificate.read_text())
        running = asyncio.create_task(Runner({LOCAL: client}, accounts, [], now_ms, Random(0)).run())
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        running.cancel()


if __name__ == "__main__":
    asyncio.run(run(FleetLayout(Path(sys.argv[1]))))
