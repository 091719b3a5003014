"""A real fleet for tests: hub, three members, four Envoys, a bucket; asked as a user would."""

import asyncio
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import requests
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from tradewind import fleet as fleets
from tradewind import parts
from tradewind.base.layout import FleetLayout
from tradewind.rehearse.bucket import Bucket, local_bucket
from tradewind.rehearse.load import Load, LoadReport, LoadRequest
from tradewind.resources.fleet import Fleet, builtin_fleet
from tradewind.resources.meta import replace

ROWS = load_iris().data[::50].tolist()
BODY = json.dumps({"instances": ROWS}).encode()
KUBECTL = Path(sys.executable).with_name("kubectl")
WAIT_SECONDS = 45.0


@dataclass(frozen=True)
class Site:
    """One running fleet."""

    layout: FleetLayout
    fleet: Fleet
    bucket: Bucket

    @property
    def names(self) -> list[str]:
        return [cluster.name for cluster in self.fleet.spec.clusters]

    @property
    def front_door(self) -> str:
        return f"http://127.0.0.1:{parts.hub_part(self.layout, self.fleet).gateway_port}"

    def gateway(self, name: str) -> str:
        return f"http://127.0.0.1:{parts.member_part(self.layout, self.fleet, name).gateway_port}"

    def tradewind(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """One command of ours, with this fleet's home."""
        command = [sys.executable, "-m", "tradewind.cli", *arguments, "--home", str(self.layout.home)]
        return subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=90)

    def kubectl(self, context: str, *arguments: str, stdin: str | None = None) -> str:
        """The output of a kubectl command that must succeed."""
        command = [
            str(KUBECTL),
            "--kubeconfig",
            str(self.layout.kubeconfig),
            "--context",
            context,
            *arguments,
        ]
        result = subprocess.run(command, input=stdin, text=True, capture_output=True, timeout=60)
        assert result.returncode == 0, f"kubectl {' '.join(arguments)}: {result.stderr}"
        return result.stdout

    def status(self) -> dict[str, Any]:
        result = self.tradewind("status", "-o", "json")
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    def service(self, name: str) -> dict[str, Any]:
        """The service's row of `status -o json`; empty before there is one."""
        return next((one for one in self.status()["services"] if one["name"] == name), {})

    def apply(self, name: str, uri: str, replicas: int, **predictor: Any) -> None:
        """A service and its policy: 3 : 2 : 1 over the clusters."""
        text = "---\n".join(json.dumps(one) + "\n" for one in self.manifests(name, uri, replicas, predictor))
        result = self.tradewind("apply", "-f", "-", stdin=text)
        assert result.returncode == 0, result.stderr

    def manifests(
        self, name: str, uri: str, replicas: int, predictor: dict[str, Any]
    ) -> list[dict[str, Any]]:
        meta = {"name": name, "namespace": "ml"}
        model = {"modelFormat": {"name": "sklearn"}, "storageUri": uri, **predictor.pop("model", {})}
        spec = {"minReplicas": replicas, "serviceAccountName": "reader", "model": model, **predictor}
        selected = [("serving.kserve.io/v1beta1", "InferenceService", name)]
        selected += [("v1", "Secret", "keys"), ("v1", "ServiceAccount", "reader")]
        weights = [
            {"targetCluster": {"clusterNames": [cluster]}, "weight": 3 - index}
            for index, cluster in enumerate(self.names)
        ]
        notes = {"s3-endpoint": f"127.0.0.1:{self.bucket.port}", "s3-usehttps": "0"}
        return [
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {
                    "name": "keys",
                    "namespace": "ml",
                    "annotations": {f"serving.kserve.io/{key}": value for key, value in notes.items()},
                },
                "stringData": {
                    "AWS_ACCESS_KEY_ID": self.bucket.access_key,
                    "AWS_SECRET_ACCESS_KEY": self.bucket.secret_key,
                },
            },
            {
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {"name": "reader", "namespace": "ml"},
                "secrets": [{"name": "keys"}],
            },
            {
                "apiVersion": "policy.karmada.io/v1alpha1",
                "kind": "PropagationPolicy",
                "metadata": meta,
                "spec": {
                    "resourceSelectors": [
                        {"apiVersion": version, "kind": kind, "name": one} for version, kind, one in selected
                    ],
                    "placement": {
                        "replicaScheduling": {
                            "replicaSchedulingType": "Divided",
                            "replicaDivisionPreference": "Weighted",
                            "weightPreference": {"staticWeightList": weights},
                        }
                    },
                },
            },
            {
                "apiVersion": "serving.kserve.io/v1beta1",
                "kind": "InferenceService",
                "metadata": meta,
                "spec": {"predictor": spec},
            },
        ]

    def put_model(self, folder: str, content: bytes | None = None) -> str:
        """Store a model; returns the `s3://` address of its folder."""
        return self.bucket.put(f"{folder}/model.joblib", content or model_bytes()).rpartition("/")[0]

    def wait_until_ready(self, name: str, replicas: int) -> dict[str, Any]:
        """Until every replica of a service is ready and every cluster is."""

        def whole() -> bool:
            status = self.status()
            row = next((one for one in status["services"] if one["name"] == name), {})
            return row.get("readyReplicas") == replicas and all(one["ready"] for one in status["clusters"])

        wait_for(whole, lambda: self.tradewind("status").stdout)
        return self.service(name)

    def predict(self, name: str, base: str, **headers: str) -> requests.Response:
        return requests.post(
            f"{base}/serving/ml/{name}/v1/models/{name}:predict", data=BODY, headers=headers, timeout=10
        )


@contextmanager
def running_fleet(folder: Path, base_port: int) -> Iterator[Site]:
    """The built-in fleet at other ports, and a bucket, with everything below `folder`."""
    builtin = builtin_fleet()
    fleet = replace(builtin, spec=replace(builtin.spec, ports=replace(builtin.spec.ports, base=base_port)))
    layout = FleetLayout(folder / "home")
    bucket = Bucket("models", base_port + 9, "test", "test-secret-key")
    with local_bucket(folder / "s3", bucket):
        try:
            asyncio.run(fleets.up(layout, fleet, lambda _: None))
            yield Site(layout, fleet, bucket)
        finally:
            fleets.down(layout, lambda _: None)


def iris_model() -> LogisticRegression:
    return LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True))


def model_bytes(model: Any = None) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model or iris_model(), buffer)
    return buffer.getvalue()


def wait_for(
    condition: Callable[[], bool], explain: Callable[[], object], seconds: float = WAIT_SECONDS
) -> None:
    """Poll until true; fails with `explain()` after the deadline."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, explain()
        time.sleep(0.05)


def under_load(url: str, act: Callable[[], object], headers: dict[str, str] | None = None) -> LoadReport:
    """50 requests/s while `act` happens, from a little before to two seconds after."""

    async def run() -> LoadReport:
        async with Load(LoadRequest(url, BODY, headers or {}), 50) as load:
            await asyncio.sleep(0.5)
            await asyncio.to_thread(act)
            await asyncio.sleep(2)
        return load.report

    return asyncio.run(run())
