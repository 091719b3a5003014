"""The controller at work on a real API server in this process; only the node is played."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from random import Random

from tests.serving.cluster import inference_service, ready_status
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.objects import Objects
from tradewind.client.local import LocalClient
from tradewind.controller.plan import LOCAL
from tradewind.controller.run import Runner
from tradewind.resources.core_kinds import EVENT, POD, SERVICE
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.registry import MEMBER_KINDS
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME, INFERENCE_SERVICE, REVISION
from tradewind.serving.builtin import builtin_runtimes
from tradewind.serving.controllers import inference_service_controller
from tradewind.store.store import memory_store

DEADLINE_SECONDS = 10


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Member:
    """One member's API, with a node that makes every Pod ready, and lets go of those that are deleted."""

    def __init__(self) -> None:
        numbers = itertools.count(1)
        objects = Objects(
            catalog(MEMBER_KINDS),
            memory_store(),
            now_ms,
            lambda: f"00000000-0000-4000-8000-{next(numbers):012}",
        )
        self.client = LocalClient(objects)

    async def all(self, kind: Kind) -> list[Manifest]:
        return (await self.client.list(kind, "ml")).items

    async def node(self) -> None:
        async for event in self.client.watch(POD):
            pod = event.manifest
            meta = pod["metadata"]
            if event.type == "DELETED":
                continue
            if meta.get("deletionTimestamp"):
                await self.client.delete(POD, "ml", meta["name"], uid=meta["uid"], grace_seconds=0)
            elif not pod.get("status", {}).get("conditions"):
                await self.client.update_status(POD, pod | {"status": ready_status()})

    async def until(self, holds: Callable[[Manifest], bool]) -> Manifest:
        """The service, once this holds for it."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                service = await self.client.get(INFERENCE_SERVICE, "ml", "iris")
                if holds(service):
                    return service
                await asyncio.sleep(0.01)


@asynccontextmanager
async def running() -> AsyncIterator[Member]:
    member = Member()
    for runtime in builtin_runtimes():
        await member.client.create(CLUSTER_SERVING_RUNTIME, runtime)
    controllers = [inference_service_controller("east", 7411)]
    runner = Runner({LOCAL: member.client}, controllers, [], now_ms, Random(1))
    tasks = [asyncio.create_task(runner.run()), asyncio.create_task(member.node())]
    try:
        yield member
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def rolled_out(number: int, replicas: int) -> Callable[[Manifest], bool]:
    def holds(service: Manifest) -> bool:
        status = service.get("status", {})
        component = status.get("components", {}).get("predictor", {})
        counts = {"replicas": replicas, "readyReplicas": replicas}
        conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
        return (
            component.get("latestRolledoutRevision") == f"iris-predictor-{number:05}"
            and status.get("replicas") == counts
            and conditions.get("Ready") == conditions.get("LatestDeploymentReady") == "True"
        )

    return holds


async def test_a_service_from_its_first_revision_to_its_end():
    async with running() as member:
        await member.client.create(INFERENCE_SERVICE, inference_service("s3://models/iris/v1", 3))
        await member.until(rolled_out(1, 3))

        change = {"spec": {"predictor": {"minReplicas": 2, "model": {"storageUri": "s3://models/iris/v2"}}}}
        await member.client.patch(INFERENCE_SERVICE, "ml", "iris", change)
        await member.until(rolled_out(2, 2))
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(await member.all(POD)) > 2:
                await asyncio.sleep(0.01)
        assert [one["metadata"]["name"] for one in await member.all(REVISION)] == [
            "iris-predictor-00001",
            "iris-predictor-00002",
        ]
        reasons = {event["reason"] for event in await member.all(EVENT)}
        assert {"RevisionCreated", "InferenceServiceReady"} <= reasons

        await member.client.delete(INFERENCE_SERVICE, "ml", "iris")
        async with asyncio.timeout(DEADLINE_SECONDS):
            while await member.all(POD) or await member.all(REVISION) or await member.all(SERVICE):
                await asyncio.sleep(0.01)
