"""Where a case runs: the shared server, a namespace of its own, and one way to each client."""

import json
import subprocess
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Timer
from typing import Any

import requests
import yaml
from kubernetes import client, config

from tests.clients.home import ADMIN, Home

KUBECTL = Path(sys.executable).with_name("kubectl")
KUBECTL_SECONDS = 30
HTTP_SECONDS = 20


@dataclass(frozen=True)
class Result:
    """What a command said."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class Sandbox:
    """A server and a namespace that no other case uses."""

    home: Home
    namespace: str
    folder: Path
    started: list[tuple[subprocess.Popen[str], Timer]] = field(default_factory=list)

    # kubectl

    def command(self, *arguments: str, user: str = ADMIN) -> list[str]:
        return [str(KUBECTL), f"--context={user}", f"--namespace={self.namespace}", *arguments]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "KUBECONFIG": str(self.home.kubeconfig),
            "HOME": str(self.home.folder),
            "PATH": f"{KUBECTL.parent}:/usr/bin:/bin",
        }

    def kubectl(
        self, *arguments: str, stdin: str = "", user: str = ADMIN, environment: dict[str, str] | None = None
    ) -> Result:
        """What kubectl says; never longer than KUBECTL_SECONDS."""
        done = subprocess.run(
            self.command(*arguments, user=user),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=KUBECTL_SECONDS,
            env=self.environment | (environment or {}),
            cwd=self.folder,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def start_kubectl(self, *arguments: str) -> subprocess.Popen[str]:
        """kubectl, running until the case is over, KUBECTL_SECONDS at most."""
        process = subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment,
            cwd=self.folder,
        )
        watchdog = Timer(KUBECTL_SECONDS, process.kill)
        watchdog.start()
        self.started.append((process, watchdog))
        return process

    def close(self) -> None:
        for process, watchdog in self.started:
            watchdog.cancel()
            process.kill()
            process.communicate()

    def write(self, name: str, text: str) -> Path:
        """A file in the folder where kubectl runs."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("$NS", self.namespace))
        return path

    # The official Python client

    def api(self, user: str = ADMIN) -> client.ApiClient:
        return api_client(self.home.kubeconfig, user)

    @property
    def core(self) -> client.CoreV1Api:
        return client.CoreV1Api(self.api())

    @property
    def custom(self) -> client.CustomObjectsApi:
        return client.CustomObjectsApi(self.api())

    # Plain HTTP, for what no client sends

    def http(
        self, method: str, path: str, body: Any = None, user: str = ADMIN, **options: Any
    ) -> requests.Response:
        """An answer, as it comes. `$NS` in the path is the namespace; a body that is no text goes as JSON."""
        url = self.home.url + path.replace("$NS", self.namespace)
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        headers |= options.pop("headers", {})
        certificate = self.home.certificate(user) if user else None
        return requests.request(
            method,
            url,
            data=data,
            headers=headers,
            cert=certificate,
            verify=str(self.home.authority),
            timeout=HTTP_SECONDS,
            **options,
        )

    def write_log(self, pod: dict[str, Any], text: str, container: str = "main", restart: int = 1) -> None:
        """What a container of this Pod has written after so many restarts."""
        with self.home.pod_log(pod, container, restart).open("a") as log:
            log.write(text)

    # Objects that cases begin with

    def create(self, manifests: str) -> list[dict[str, Any]]:
        """Creates what a text of YAML documents describes, in the namespace of the case if it has one.

        Statuses are written too.
        """
        return [self.create_one(one) for one in yaml.safe_load_all(manifests.replace("$NS", self.namespace))]

    def create_one(self, manifest: dict[str, Any]) -> dict[str, Any]:
        collection = self.collection(manifest)
        answer = self.http("POST", collection, manifest)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        if "status" in manifest:
            path = f"{collection}/{created['metadata']['name']}/status"
            answer = self.http("PUT", path, created | {"status": manifest["status"]})
            assert answer.status_code == 200, answer.text
            created = answer.json()
        return created

    def collection(self, manifest: dict[str, Any]) -> str:
        """The path that a manifest is posted to."""
        group_version, kind = manifest["apiVersion"], manifest["kind"]
        root = f"/apis/{group_version}" if "/" in group_version else f"/api/{group_version}"
        plural = kind.lower() + ("es" if kind.endswith("s") else "s")
        if kind.endswith("y"):
            plural = kind.lower()[:-1] + "ies"
        place = "" if kind in CLUSTER_SCOPED else f"/namespaces/{self.namespace}"
        return f"{root}{place}/{plural}"


CLUSTER_SCOPED = (
    "Cluster",
    "ClusterOverridePolicy",
    "ClusterPropagationPolicy",
    "ClusterResourceBinding",
    "ClusterRole",
    "ClusterRoleBinding",
    "ClusterServingRuntime",
    "CustomResourceDefinition",
    "Namespace",
    "Node",
)


@lru_cache(maxsize=16)
def api_client(kubeconfig: Path, user: str) -> client.ApiClient:
    """The official client, as one user; it is safe for threads."""
    return config.new_client_from_config(str(kubeconfig), context=user)
