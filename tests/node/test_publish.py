"""Writing to the API: conflicts, absence, and what must not be overwritten."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from random import Random
from typing import Any

import pytest

from tests.node.fake_client import FakeClient
from tests.node.member import pod
from tradewind.node.life import Phase, State, Tell
from tradewind.node.publish import Publisher
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import EVENT, POD
from tradewind.resources.meta import decode

RUNNING = State(phase=Phase.RUNNING, pid=7, started_at_ms=1)


class Published:
    def __init__(self, client: FakeClient, publisher: Publisher) -> None:
        self.client = client
        self.publisher = publisher

    @property
    def phase(self) -> str:
        found = self.client.objects.get(("pods", "ml", "replica"), {})
        return str(found.get("status", {}).get("phase"))

    def writes(self) -> int:
        return len(self.client.history)


async def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.005)


@pytest.fixture
async def published() -> AsyncIterator[Published]:
    client = FakeClient()
    created = decode(await client.create(POD, pod()), Pod)
    publisher = Publisher(created, client, lambda: 1_800_000_000_000, Random(1))
    running = asyncio.create_task(publisher.run())
    yield Published(client, publisher)
    running.cancel()
    await asyncio.wait([running])


async def test_a_state_is_written_once(published: Published) -> None:
    published.publisher.update(RUNNING)
    await until(lambda: published.phase == "Running")
    before = published.writes()
    published.publisher.update(RUNNING)
    published.publisher.tell(Tell("Normal", "Started", "x"))
    await until(lambda: published.writes() > before)
    assert [resource for resource, _ in published.client.history[before:]] == [EVENT.resource]


@pytest.mark.parametrize(
    ("initial", "field_path"),
    [
        (False, "spec.containers{kserve-container}"),
        (True, "spec.initContainers{storage-initializer}"),
    ],
)
async def test_an_event_says_who_tells_of_which_container(initial: bool, field_path: str) -> None:
    client = FakeClient()
    manifest = pod(nodeName="here", initContainers=[{"name": "storage-initializer"}])
    created = await client.create(POD, manifest)
    publisher = Publisher(decode(created, Pod), client, lambda: 1_800_000_000_000, Random(1))
    publisher.tell(Tell("Normal", "Started", "x", initial))
    await publisher.finish()
    [event] = [one for (kind, _, _), one in client.objects.items() if kind == EVENT.resource]
    assert event["involvedObject"] == {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "ml",
        "name": "replica",
        "uid": created["metadata"]["uid"],
        "resourceVersion": created["metadata"]["resourceVersion"],
        "fieldPath": field_path,
    }
    assert event["source"] == {"component": "kubelet", "host": "here"}
    assert (event["reportingComponent"], event["reportingInstance"]) == ("kubelet", "here")
    assert (event["firstTimestamp"], event["count"]) == ("2027-01-15T08:00:00Z", 1)


async def test_a_pod_that_somebody_else_changed_is_read_again(published: Published) -> None:
    await published.client.patch(POD, "ml", "replica", {"metadata": {"labels": {"new": "label"}}})
    published.publisher.update(RUNNING)
    await until(lambda: published.phase == "Running")
    assert published.client.objects["pods", "ml", "replica"]["metadata"]["labels"] == {"new": "label"}


async def test_another_pod_of_the_same_name_is_let_alone(published: Published) -> None:
    await published.client.delete(POD, "ml", "replica", grace_seconds=0)
    await published.client.create(POD, pod())
    before = published.writes()
    published.publisher.update(RUNNING)
    published.publisher.tell(Tell("Normal", "Started", "x"))
    await until(lambda: published.writes() > before)
    assert published.phase == "None"
    await asyncio.wait_for(published.publisher.finish(), 5)
    assert ("pods", "ml", "replica") in published.client.objects


async def test_while_the_api_is_away_the_latest_state_is_kept(published: Published) -> None:
    published.client.fail_writes = 3
    published.publisher.update(State())
    published.publisher.update(RUNNING)
    await until(lambda: published.phase == "Running")
    assert published.client.fail_writes == 0


async def test_an_older_version_read_later_does_not_matter(
    published: Published, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = decode(await published.client.get(POD, "ml", "replica"), Pod)
    published.publisher.update(State())
    await until(lambda: published.phase == "Pending")
    published.publisher.see(old)
    monkeypatch.delattr(FakeClient, "get")  # not even read again for a conflict
    before = published.writes()
    published.publisher.update(RUNNING)
    await until(lambda: published.phase == "Running")
    assert published.writes() == before + 1


async def test_the_end_removes_the_pod_and_leaves_its_events(published: Published) -> None:
    published.publisher.tell(Tell("Normal", "Killing", "Stopping container main"))
    await asyncio.wait_for(published.publisher.finish(), 5)
    assert [name[0] for name in published.client.objects] == [EVENT.resource]
    await asyncio.wait_for(published.publisher.finish(), 5)
