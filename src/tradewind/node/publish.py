"""Writes what becomes of one Pod to the API (shell): its status, Events, and at last its deletion.

Apart from the Pod's own loop, so that a slow or absent API never delays a probe or a signal. Only the
latest state is written; what lies between two writes is skipped.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from random import Random

from tradewind.client.base import Client
from tradewind.controller.perform import record_event
from tradewind.controller.plan import Record
from tradewind.controller.queue import backoff_ms
from tradewind.node.life import State, Tell
from tradewind.node.nodes import COMPONENT
from tradewind.node.status import pod_status
from tradewind.resources.core import Pod
from tradewind.resources.core_kinds import POD
from tradewind.resources.meta import decode, encode, replace
from tradewind.resources.status import ApiError

log = logging.getLogger(__name__)

WRITE_SECONDS = 10.0
WAITING_EVENTS = 32  # the oldest go first when the API is away for long


class Publisher:
    """The API's view of one Pod. `update` and `tell` never wait; `run` writes until cancelled."""

    def __init__(self, pod: Pod, client: Client, now_ms: Callable[[], int], rng: Random) -> None:
        self._pod = pod
        self._client = client
        self._now_ms = now_ms
        self._rng = rng
        self._state: State | None = None
        self._events: deque[Tell] = deque(maxlen=WAITING_EVENTS)
        self._changed = asyncio.Event()

    def see(self, pod: Pod) -> None:
        """The Pod has been read again; an older version than one's own writes gave is passed over."""
        if _version(pod) > _version(self._pod):
            self._pod = pod

    def update(self, state: State) -> None:
        """This is now the state to publish."""
        self._state = state
        self._changed.set()

    def tell(self, event: Tell) -> None:
        """Record an Event soon."""
        self._events.append(event)
        self._changed.set()

    async def run(self) -> None:
        """Write every change; a write that fails is tried again, later and later."""
        failures = 0
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._write_status()
                await self._write_events()
                failures = 0
            except (ApiError, TimeoutError) as error:
                failures += 1
                log.warning("pod %s: status not written: %s", self._pod.metadata.name, error)
                await asyncio.sleep(backoff_ms(failures, self._rng) / 1000)
                self._changed.set()

    async def _write_status(self) -> None:
        if self._state is None:
            return
        status = pod_status(self._pod, self._state, self._now_ms())
        if status == self._pod.status:
            return
        async with asyncio.timeout(WRITE_SECONDS):
            try:
                stored = await self._client.update_status(POD, encode(replace(self._pod, status=status)))
            except ApiError as error:
                if error.reason not in ("Conflict", "NotFound"):
                    raise
                await self._read_again(error)
                return
        self._pod = decode(stored, Pod)

    async def _read_again(self, error: ApiError) -> None:
        """The Pod has changed, which is tried again, or is no longer, which is left to the reader of Pods."""
        meta = self._pod.metadata
        if error.reason == "NotFound":
            return
        latest = decode(await self._client.get(POD, meta.namespace, meta.name), Pod)
        if latest.metadata.uid == meta.uid:
            self._pod = latest
            self._changed.set()

    async def _write_events(self) -> None:
        """Write the Events that wait. Raises ApiError or TimeoutError; those not written stay."""
        about = {"apiVersion": POD.api_version, "kind": POD.name, "metadata": encode(self._pod.metadata)}
        while self._events:
            event = self._events[0]
            record = Record(
                about,
                event.type,
                event.reason,
                event.message,
                field_path=field_path(self._pod, event),
                host=self._pod.spec.node_name,
            )
            async with asyncio.timeout(WRITE_SECONDS):
                await record_event(record, self._client, COMPONENT, self._now_ms())
            if self._events and self._events[0] is event:
                self._events.popleft()

    async def finish(self) -> None:
        """Write the last Events, if that can be done at once, and remove the Pod from the API: that is tried
        until it is gone or another of its name is there."""
        try:
            await self._write_events()
        except (ApiError, TimeoutError) as error:
            log.warning("pod %s: its last events are lost: %s", self._pod.metadata.name, error)
        await self._delete()

    async def _delete(self) -> None:
        meta, failures = self._pod.metadata, 0
        while True:
            try:
                async with asyncio.timeout(WRITE_SECONDS):
                    await self._client.delete(POD, meta.namespace, meta.name, uid=meta.uid, grace_seconds=0)
                return
            except (ApiError, TimeoutError) as error:
                if isinstance(error, ApiError) and error.reason in ("NotFound", "Conflict"):
                    return
                failures += 1
                log.warning("pod %s: not deleted yet: %s", meta.name, error)
            await asyncio.sleep(backoff_ms(failures, self._rng) / 1000)


def field_path(pod: Pod, event: Tell) -> str:
    """Which container an Event is about, as client-go's `GetPartialReference` writes it."""
    kind = "initContainers" if event.initial else "containers"
    containers = pod.spec.init_containers if event.initial else pod.spec.containers
    return f"spec.{kind}{{{containers[0].name}}}" if containers else ""


def _version(pod: Pod) -> int:
    """The resource version as a number; 0 for one that is none, which then never counts as newer."""
    text = pod.metadata.resource_version
    return int(text) if text.isdigit() else 0
