"""Keeps a node's Node and Lease in the API up to date (shell), as kubelet does.

The Lease is renewed every RENEW_SECONDS; the Node's status is written when it has changed, and every
REPORT_MS in any case.
"""

import asyncio
import logging
from collections.abc import Callable
from random import Random

from tradewind.client.base import Client
from tradewind.controller.perform import record_event
from tradewind.controller.plan import Record
from tradewind.controller.queue import backoff_ms
from tradewind.node.nodes import COMPONENT, LEASE_NAMESPACE, NodeConfig, is_due, make_node, make_node_lease
from tradewind.node.threads import in_thread
from tradewind.node.vitals import Vitals
from tradewind.resources.core import Node
from tradewind.resources.core_kinds import LEASE, NODE
from tradewind.resources.meta import decode, encode
from tradewind.resources.status import ApiError

log = logging.getLogger(__name__)

RENEW_SECONDS = 10.0
WRITE_SECONDS = 10.0


async def keep_registered(
    config: NodeConfig,
    client: Client,
    read_vitals: Callable[[], Vitals],
    now_ms: Callable[[], int],
    rng: Random,
) -> None:
    """Make the node known and keep it known until cancelled; a Node that somebody deletes comes back.

    Its labels are written once, at the beginning: what users change of it later stays.
    """
    failures, registered = 0, False
    while True:
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                vitals = await in_thread(read_vitals)
                if not registered:
                    await _register(client, make_node(config, vitals, now_ms()))
                await _report(client, config, vitals, now_ms())
                if not registered:
                    await _tell(client, config.name, now_ms())
                    registered = True
            failures = 0
            await asyncio.sleep(RENEW_SECONDS)
        except (ApiError, TimeoutError) as error:
            registered = registered and not (isinstance(error, ApiError) and error.reason == "NotFound")
            failures += 1
            log.warning("node %s: not reported: %s", config.name, error)
            await asyncio.sleep(backoff_ms(failures, rng) / 1000)


async def _register(client: Client, node: Node) -> None:
    try:
        await client.create(NODE, encode(node))
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
        await client.patch(NODE, "", node.metadata.name, {"metadata": {"labels": node.metadata.labels}})


async def _report(client: Client, config: NodeConfig, vitals: Vitals, now_ms: int) -> None:
    stored = decode(await client.get(NODE, "", config.name), Node)
    wanted = make_node(config, vitals, now_ms, stored.status.conditions)
    if is_due(wanted.status, stored.status):
        await client.update_status(NODE, encode(wanted))
    lease = encode(make_node_lease(stored, now_ms))
    try:
        await client.create(LEASE, lease)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise
        await client.patch(LEASE, LEASE_NAMESPACE, config.name, {"spec": lease["spec"]})


async def _tell(client: Client, name: str, now_ms: int) -> None:
    node = await client.get(NODE, "", name)
    started = Record(node, "Normal", "Starting", "Starting kubelet.", host=name)
    await record_event(started, client, COMPONENT, now_ms)
