"""A node with its scheduler over a fake API, as a member runs them, and Pods for it."""

import asyncio
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from tests.node.fake_client import FakeClient
from tradewind.base.layout import FleetLayout
from tradewind.base.pod_logs import log_file
from tradewind.base.ports import is_free
from tradewind.base.processes import ProcessRecord, send_signal
from tradewind.controller.plan import LOCAL
from tradewind.controller.run import Runner
from tradewind.node.agent import NodeAgent, NodeSettings, this_machine
from tradewind.node.controllers import make_scheduler
from tradewind.node.meter import Meter
from tradewind.node.nodes import NodeConfig
from tradewind.node.processes import find_replicas
from tradewind.resources.core_kinds import EVENT, POD
from tradewind.resources.meta import Manifest

DEADLINE_SECONDS = 20.0

# A tiny server: ready after DELAY seconds, told over HTTP to become unready, to exit or to print.
SERVER = """
import http.server, os, signal, sys, time
ready_at = time.monotonic() + float(os.environ.get("DELAY", "0"))
state = {"ready": True}
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path.startswith("/set/"):
            state["ready"] = self.path.endswith("ready") and not self.path.endswith("unready")
        code = 200 if state["ready"] and time.monotonic() >= ready_at else 503
        self.send_response(200 if self.path.startswith("/set/") else code)
        self.end_headers()
    def log_message(self, *args):
        pass
if os.environ.get("IGNORE_TERM"):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("listening", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


def pod(
    name: str = "replica", code: str = SERVER, env: dict[str, str] | None = None, **spec: Any
) -> Manifest:
    """A Pod whose container runs Python `code`; `spec` adds to, or replaces, fields of its spec."""
    container = {
        "name": "kserve-container",
        "image": "example/tiny",
        "command": ["python", "-c", code],
        "ports": [{"name": "http1", "containerPort": 8080}],
        "env": [{"name": key, "value": value} for key, value in (env or {}).items()],
        "resources": {"requests": {"cpu": "100m"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http1"}, "periodSeconds": 1},
    }
    container |= spec.pop("container", {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": "ml", "name": name},
        "spec": {
            "containers": [container],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 5,
            **spec,
        },
    }


class Member:
    """`start` and `stop` are the life of a member process: stopping leaves replicas running."""

    def __init__(self, home: Path, drain_ms: int = 0, parallel_starts: int = 4) -> None:
        self.client = FakeClient()
        self.fleet = FleetLayout(home)
        self.layout = self.fleet.member("here")
        self.drain_ms = drain_ms
        self.meter = Meter()
        self.parallel_starts = parallel_starts
        self.ports = range(21000 + os.getpid() % 200 * 50, 21000 + os.getpid() % 200 * 50 + 50)
        self._task: asyncio.Task[None] | None = None

    async def start(self, capacity: dict[str, str] | None = None) -> None:
        settings = NodeSettings(
            node=NodeConfig("here", capacity or {"cpu": "4", "memory": "8Gi"}, "test"),
            layout=self.layout,
            models=self.fleet.models,
            machine=this_machine(),
            parallel_starts=self.parallel_starts,
            drain_ms=self.drain_ms,
        )
        agent = NodeAgent(settings, self.client, self.now_ms, Random(1), self.meter)
        scheduler = make_scheduler(self.ports, is_free)
        runner = Runner({LOCAL: self.client}, [scheduler], [agent.observer()], self.now_ms, Random(2))
        self._task = asyncio.create_task(self._run(agent, runner))
        await self.until(lambda: "status" in self.client.objects.get(("nodes", "", "here"), {}), "a node")

    async def _run(self, agent: NodeAgent, runner: Runner) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(runner.run())
            tasks.create_task(agent.run())

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @staticmethod
    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    def kill_all(self) -> None:
        for record in find_replicas(self.layout.pods).values():
            send_signal(record, signal.SIGKILL)

    async def create(self, manifest: Manifest) -> Manifest:
        return await self.client.create(POD, manifest)

    def find(self, name: str = "replica") -> Manifest | None:
        return self.client.objects.get(("pods", "ml", name))

    def log(self, name: str = "replica", restart: int = 0, container: str = "kserve-container") -> Path:
        """The output of a Pod that is, or was, here."""
        folder = next(self.layout.pod_logs.glob(f"ml_{name}_*"), self.layout.pod_logs / "none")
        return log_file(folder, container, restart)

    def records(self) -> dict[str, ProcessRecord]:
        return find_replicas(self.layout.pods)

    def events(self, reason: str) -> list[str]:
        found = [one for (kind, _, _), one in self.client.objects.items() if kind == EVENT.resource]
        return [one["message"] for one in found if one["reason"] == reason]

    async def until(self, condition: Callable[[], Any], what: str) -> Any:
        """The first true value of `condition`; fails, with all Pods, after the deadline."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            if self._task and self._task.done():
                self._task.result()
            if value := condition():
                return value
            await asyncio.sleep(0.01)
        pods = [one for (kind, _, _), one in self.client.objects.items() if kind == "pods"]
        raise AssertionError(f"not in time: {what}; pods: {json.dumps(pods, indent=1)}")

    async def until_ready(self, name: str = "replica") -> Manifest:
        ready = await self.until(lambda: is_ready(self.find(name)), f"{name} is ready")
        assert ready
        found = self.find(name)
        assert found
        return found


def is_ready(manifest: Manifest | None) -> bool:
    conditions = (manifest or {}).get("status", {}).get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def container_status(manifest: Manifest | None) -> Manifest:
    statuses = (manifest or {}).get("status", {}).get("containerStatuses") or [{}]
    return dict(statuses[0])


def host_port(manifest: Manifest) -> int:
    return int(manifest["spec"]["containers"][0]["ports"][0]["hostPort"])
