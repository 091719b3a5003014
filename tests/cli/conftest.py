"""A fleet that is only its API servers: real ones, over memory, in a thread of the test's own process."""

import asyncio
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import Server, TlsFiles, serve
from tradewind.base.certificates import Credentials, issue, make_authority
from tradewind.base.files import write_atomic
from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.ports import hub_ports, is_free, member_ports
from tradewind.base.processes import ProcessRecord, save_record, start_ticks
from tradewind.cli.api import get_object, hub_server, member_server, request
from tradewind.cli.home import RunningFleet
from tradewind.cli.main import main
from tradewind.client.urls import collection_path, object_path
from tradewind.resources.fleet import Fleet, FleetCluster, FleetPorts, FleetSpec
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, ObjectMeta
from tradewind.resources.registry import HUB_KINDS, MEMBER_KINDS
from tradewind.store.store import memory_store

CLUSTERS = ("east", "west")
START_SECONDS = 10.0


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Run a command line in this process, errors and exit code included."""

    def run_command(*arguments: str) -> Answer:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["tradewind", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return Answer(int(end.value.code or 0), said.out, said.err)

    return run_command


@pytest.fixture(scope="session")
def authority() -> Credentials:
    return make_authority("test", now_ms())


@pytest.fixture(scope="session")
def certificate(authority: Credentials) -> Credentials:
    return issue(authority, "admin", now_ms(), organizations=["system:masters"], hosts=["127.0.0.1"])


class Servers:
    """API servers in a thread; each can be stopped and started again."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.running: dict[str, Server] = {}

    def start(self, name: str, port: int, kinds: tuple[Kind, ...], tls: TlsFiles) -> None:
        self.running[name] = self._wait(self._serve(port, kinds, tls))

    def stop(self, name: str) -> None:
        self._wait(self.running.pop(name).close())

    def close(self) -> None:
        for name in tuple(self.running):
            self.stop(name)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(START_SECONDS)
        self.loop.close()

    async def _serve(self, port: int, kinds: tuple[Kind, ...], tls: TlsFiles) -> Server:
        objects = Objects(catalog(kinds), memory_store(), now_ms, lambda: str(uuid.uuid4()))
        return await serve(application(objects), port, tls)

    def _wait(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(START_SECONDS)


@dataclass
class LiveFleet:
    """A fleet of two clusters whose control processes are, as far as anybody can see, this process."""

    running: RunningFleet
    servers: Servers

    @property
    def home(self) -> str:
        return str(self.running.layout.home)

    def put(self, kind: Kind, manifest: Manifest, cluster: str = "", status: Manifest | None = None) -> None:
        """Create an object, and then its status."""
        server = member_server(self.running, cluster) if cluster else hub_server(self.running)
        whole = {"apiVersion": kind.api_version, "kind": kind.name, **manifest}
        namespace = manifest["metadata"].get("namespace", "")
        request(server, "POST", collection_path(kind, namespace), whole)
        if status is not None:
            self.put_status(kind, namespace, manifest["metadata"]["name"], status, cluster)

    def put_status(self, kind: Kind, namespace: str, name: str, status: Manifest, cluster: str = "") -> None:
        """Replace the status of an object."""
        server = member_server(self.running, cluster) if cluster else hub_server(self.running)
        current = self.get(kind, namespace, name, cluster)
        path = object_path(kind, namespace, name, "status")
        request(server, "PUT", path, {**current, "status": status})

    def get(self, kind: Kind, namespace: str, name: str, cluster: str = "") -> Manifest:
        server = member_server(self.running, cluster) if cluster else hub_server(self.running)
        return get_object(server, kind, namespace, name)

    def die(self, name: str) -> None:
        """The control process of a part is gone, and nobody answers on its port."""
        layout = self.running.layout
        part = layout.hub if name == "hub" else layout.member(name)
        for path in (part.process, part.envoy_process):
            path.unlink()
        self.servers.stop(name)


def free_base() -> int:
    """A base port whose API ports nobody uses."""
    for base in range(21000, 29000, 50):
        ports = [hub_ports(base).api, *(member_ports(base, place).api for place in range(len(CLUSTERS)))]
        if all(map(is_free, ports)):
            return base
    raise AssertionError("no free ports")


def write_part(part: PartLayout, certificate: Credentials) -> None:
    """Certificates, and records that name this process as the control process and as Envoy."""
    write_atomic(part.certificate, certificate.certificate)
    write_atomic(part.private_key, certificate.private_key)
    me = ProcessRecord(os.getpid(), start_ticks(os.getpid()) or 0)
    save_record(part.process, me)
    save_record(part.envoy_process, me)


@pytest.fixture
def fleet(tmp_path: Path, authority: Credentials, certificate: Credentials) -> Iterator[LiveFleet]:
    layout = FleetLayout(tmp_path / "home")
    clusters = [FleetCluster(name=name, region=f"{name}-1") for name in CLUSTERS]
    spec = FleetSpec(ports=FleetPorts(base=free_base()), clusters=clusters)
    running = RunningFleet(layout, Fleet(metadata=ObjectMeta(name="demo"), spec=spec))
    write_atomic(layout.fleet_file, msgspec.json.encode(running.fleet))
    write_atomic(layout.ca_certificate, authority.certificate)
    write_atomic(layout.admin_certificate, certificate.certificate)
    write_atomic(layout.admin_key, certificate.private_key)
    servers = Servers()
    parts = [("hub", layout.hub, hub_ports(spec.ports.base).api, HUB_KINDS)]
    for place, name in enumerate(CLUSTERS):
        parts.append((name, layout.member(name), member_ports(spec.ports.base, place).api, MEMBER_KINDS))
    for name, part, port, kinds in parts:
        write_part(part, certificate)
        servers.start(name, port, kinds, TlsFiles(part.certificate, part.private_key, layout.ca_certificate))
    yield LiveFleet(running, servers)
    servers.close()
