"""What a container needs before it can start (shell): models, Secrets and ConfigMaps, its launch."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

import aiohttp

from tradewind.base.layout import PartLayout
from tradewind.client.base import Client
from tradewind.node.environment import Objects, Reference, references, resolve
from tradewind.node.launch import Launch, Machine, make_launch, server_of, storage_of
from tradewind.node.models.cache import ModelCache
from tradewind.node.models.download import Progress
from tradewind.node.probes import Probe, probes_of
from tradewind.node.slots import StartSlots
from tradewind.resources.core import ConfigMap, Pod, Secret
from tradewind.resources.core_kinds import CONFIG_MAP, SECRET
from tradewind.resources.meta import decode
from tradewind.resources.status import ApiError


@dataclass(frozen=True)
class Host:
    """What all replicas of a node share."""

    client: Client
    layout: PartLayout
    cache: ModelCache
    machine: Machine
    http: aiohttp.ClientSession
    slots: StartSlots
    now_ms: Callable[[], int]
    rng: Random
    drain_ms: int


async def fetch_models(pod: Pod, host: Host, progress: Progress) -> dict[str, Path]:
    """The local folder of each of the Pod's models, by mount path.

    Raises ConfigError, ModelError and ApiError.
    """
    environment: Mapping[str, str] = {}
    for container in pod.spec.init_containers:
        objects = await _read_objects(host.client, pod, references(container))
        environment = resolve(container, pod, objects, {}).values
    return {mount: await host.cache.ensure(uri, environment, progress) for uri, mount in storage_of(pod)}


async def prepare(pod: Pod, mounts: Mapping[str, Path], host: Host) -> tuple[Launch, tuple[Probe, ...]]:
    """The process that runs the Pod's container, and how it is probed. Raises ConfigError and ApiError."""
    storage_of(pod)
    container = pod.spec.containers[0]
    objects = await _read_objects(host.client, pod, references(container))
    return make_launch(pod, container, mounts, objects, host.machine), probes_of_pod(pod)


def probes_of_pod(pod: Pod) -> tuple[Probe, ...]:
    """The probes of the Pod's container. Raises ConfigError."""
    container = pod.spec.containers[0]
    server = server_of(container)
    return probes_of(container, server.ready_path if server else None)


async def _read_objects(client: Client, pod: Pod, wanted: Iterable[Reference]) -> Objects:
    """The objects that exist; which of them must, `resolve` knows."""
    found: dict[Reference, Secret | ConfigMap] = {}
    namespace = pod.metadata.namespace
    for reference in wanted:
        try:
            if reference.kind == "Secret":
                found[reference] = decode(await client.get(SECRET, namespace, reference.name), Secret)
            else:
                found[reference] = decode(await client.get(CONFIG_MAP, namespace, reference.name), ConfigMap)
        except ApiError as error:
            if error.reason != "NotFound":
                raise
    return found
