"""The server of the suite and who may ask it: certificates, a kubeconfig, the process."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradewind.apiserver.tokens import make_key
from tradewind.base.certificates import issue, make_authority, write_credentials
from tradewind.base.files import write_atomic
from tradewind.base.layout import FleetLayout
from tradewind.base.pod_logs import log_file
from tradewind.base.ports import LOOPBACK

LAYOUT_PART = "conformance"
ADMIN, NOBODY, STRANGER = "admin", "nobody", "stranger"
USERS = {ADMIN: ["system:masters"], NOBODY: []}
# What the server has measured: a Pod by namespace and name, and its node.
MEASURED_POD, MEASURED_NODE = ("measured", "busy"), "measured-node"
STOP_SECONDS = 10


@dataclass(frozen=True)
class Home:
    """A running server: its URL, and the folder with everybody's credentials."""

    folder: Path
    url: str

    @property
    def kubeconfig(self) -> Path:
        """Contexts `admin`, `nobody`, `stranger` (a certificate of another authority) and `anonymous`."""
        return self.folder / "kubeconfig"

    @property
    def authority(self) -> Path:
        return FleetLayout(self.folder).ca_certificate

    @property
    def token_key(self) -> bytes:
        """The key that signs the tokens of ServiceAccounts, PEM."""
        return FleetLayout(self.folder).member(LAYOUT_PART).token_key.read_bytes()

    def certificate(self, user: str) -> tuple[str, str]:
        """A user's certificate and key, as files."""
        return str(self.folder / f"{user}.crt"), str(self.folder / f"{user}.key")

    def pod_log(self, pod: dict[str, Any], container: str, restart: int) -> Path:
        """The file that a container would write its output to after so many restarts."""
        metadata = pod["metadata"]
        part = FleetLayout(self.folder).member(LAYOUT_PART)
        folder = part.pod_log_folder(metadata["namespace"], metadata["name"], metadata["uid"])
        path = log_file(folder, container, restart)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def write_everything(home: Home) -> None:
    """The authority, the server's certificate, one for every user, and the kubeconfig."""
    now_ms = time.time_ns() // 1_000_000
    layout = FleetLayout(home.folder)
    part = layout.member(LAYOUT_PART)
    for folder in (layout.ca_certificate.parent, part.folder, part.log_folder):
        folder.mkdir(parents=True)
    authority = make_authority("conformance", now_ms)
    write_credentials(authority, layout.ca_certificate, layout.ca_key)
    server = issue(authority, "system:hub", now_ms, organizations=["system:masters"], hosts=[LOOPBACK])
    write_credentials(server, part.certificate, part.private_key)
    write_atomic(part.token_key, make_key(), mode=0o600)
    for user, groups in USERS.items():
        credentials = issue(authority, user, now_ms, organizations=groups)
        write_credentials(credentials, *map(Path, home.certificate(user)))
    other = make_authority("another", now_ms)
    stranger = issue(other, STRANGER, now_ms, organizations=["system:masters"])
    write_credentials(stranger, *map(Path, home.certificate(STRANGER)))
    home.kubeconfig.write_text(json.dumps(kubeconfig(home)))


def kubeconfig(home: Home) -> dict[str, Any]:
    users = [
        {
            "name": user,
            "user": dict(zip(("client-certificate", "client-key"), home.certificate(user), strict=False)),
        }
        for user in (*USERS, STRANGER)
    ]
    users.append({"name": "anonymous", "user": {}})
    names = [user["name"] for user in users]
    cluster = {"server": home.url, "certificate-authority": str(home.authority)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": users,
        "contexts": [{"name": name, "context": {"cluster": "c", "user": name}} for name in names],
        "current-context": ADMIN,
    }


@contextmanager
def running_server(folder: Path, port: int) -> Iterator[Home]:
    """A server on this port, until the block ends."""
    home = Home(folder, f"https://{LOOPBACK}:{port}")
    write_everything(home)
    log = (folder / "server.log").open("wb")
    command = [sys.executable, "-m", "tests.clients.server", str(folder), str(port)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout and process.stdin
        said = process.stdout.readline()
        assert said == b"ready\n", (folder / "server.log").read_text()
        yield home
    finally:
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()
