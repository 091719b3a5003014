"""Runs the cases side by side against one server, before the first test; each test then looks at its own."""

import socket
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from kubernetes import config

from tests.clients.case import Case
from tests.clients.home import ADMIN, Home, running_server
from tests.clients.sandbox import Sandbox
from tradewind.base.ports import LOOPBACK

AT_ONCE = 6


def run(case: Case, home: Home, number: int, folder: Path) -> None:
    """A case in a namespace and a folder of its own."""
    folder.mkdir()
    sandbox = Sandbox(home, f"case-{number}", folder)
    try:
        sandbox.create_one({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": sandbox.namespace}})
        case.run(sandbox)
    finally:
        sandbox.close()


def free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[dict[str, Future[None]]]:
    """What comes of every case of this run, by id."""
    cases = [
        item.callspec.params["case"]
        for item in request.session.items
        if isinstance(item, pytest.Function) and "outcomes" in item.fixturenames
    ]
    folders = tmp_path_factory.mktemp("cases")
    with running_server(tmp_path_factory.mktemp("server"), free_port()) as home:
        config.load_kube_config(str(home.kubeconfig), ADMIN)  # what the KServe SDK's helpers use
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcomes = {
                case.id: pool.submit(run, case, home, number, folders / str(number))
                for number, case in enumerate(cases)
            }
        yield outcomes
