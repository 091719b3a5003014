"""From a Pod as KServe writes it to predictions: a real bucket, the shared cache, the real predict server."""

import base64
import io
from pathlib import Path
from typing import Any

import aiohttp
import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.node.member import Member, container_status, host_port, is_ready, pod
from tests.node.s3_server import SECRET as SECRET_KEY
from tests.node.s3_server import S3Server, relay_to
from tradewind.resources.core_kinds import POD, SECRET
from tradewind.resources.meta import Manifest


@pytest.fixture(scope="module")
def model() -> bytes:
    features = np.array([[0.0, 0.0], [0.1, 0.0], [1.0, 0.9], [1.0, 1.0]])
    buffer = io.BytesIO()
    joblib.dump(LogisticRegression().fit(features, [0, 0, 1, 1]), buffer)
    return buffer.getvalue()


def s3_secret(environment: dict[str, str], **changes: str) -> Manifest:
    meta = {"namespace": "ml", "name": "s3"}
    data = {key: _base64(value) for key, value in (environment | changes).items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def predictor(name: str, uri: str, environment: dict[str, str]) -> Manifest:
    env = [{"name": key, "valueFrom": {"secretKeyRef": {"name": "s3", "key": key}}} for key in environment]
    initial = {
        "name": "storage-initializer",
        "image": "kserve/storage-initializer",
        "args": [uri, "/mnt/models"],
        "env": env,
    }
    container: dict[str, Any] = {
        "image": "kserve/sklearnserver:v0.15",
        "command": [],
        "args": [f"--model_name={name}", "--model_dir=/mnt/models", "--http_port=8080"],
        "readinessProbe": None,
    }
    manifest = pod(name, container=container, initContainers=[initial])
    del manifest["spec"]["containers"][0]["readinessProbe"]
    return manifest


def init_status(member: Member, name: str) -> Manifest:
    statuses = (member.find(name) or {}).get("status", {}).get("initContainerStatuses") or [{}]
    return dict(statuses[0])


async def predict(port: int, name: str) -> Any:
    url = f"http://127.0.0.1:{port}/v1/models/{name}:predict"
    async with (
        aiohttp.ClientSession() as http,
        http.post(url, json={"instances": [[0, 0], [1, 1]]}) as response,
    ):
        return await response.json()


async def test_a_model_from_a_bucket_answers_and_is_fetched_once(
    member: Member, s3: S3Server, model: bytes
) -> None:
    s3.put("models", "fraud/v1/model.joblib", model)
    async with relay_to(s3.port) as relay:
        environment = s3.environment(relay.port)
        await member.client.create(SECRET, s3_secret(environment))
        await member.start()
        for name in ("one", "two"):
            await member.create(predictor(name, "s3://models/fraud/v1", environment))
        for name in ("one", "two"):
            found = await member.until_ready(name)
            assert await predict(host_port(found), name) == {"predictions": [0, 1]}
            assert init_status(member, name)["state"]["terminated"]["reason"] == "Completed"
        assert relay.sent_bytes < len(model) + 20_000
    arguments = [Path(f"/proc/{record.pid}/cmdline").read_bytes() for record in member.records().values()]
    assert len(arguments) == 2
    assert all(str(member.fleet.models).encode() in one for one in arguments)
    replicas = [Path(f"/proc/{record.pid}/environ").read_bytes() for record in member.records().values()]
    assert all(SECRET_KEY.encode() not in one for one in arguments + replicas)


async def test_wrong_keys_are_told_and_right_ones_mend_it(member: Member, s3: S3Server, model: bytes) -> None:
    s3.put("models", "fraud/v2/model.joblib", model)
    environment = s3.environment()
    wrong = s3_secret(environment, AWS_SECRET_ACCESS_KEY="not-this-one")
    await member.client.create(SECRET, wrong)
    await member.start()
    await member.create(predictor("fraud", "s3://models/fraud/v2", environment))

    def waiting() -> Manifest:
        return dict(init_status(member, "fraud").get("state", {}).get("waiting", {}))

    await member.until(lambda: waiting().get("reason") == "CrashLoopBackOff", "the download backs off")
    assert "refused with the given credentials (SignatureDoesNotMatch)" in waiting()["message"]
    terminated = init_status(member, "fraud")["lastState"]["terminated"]
    assert (terminated["exitCode"], terminated["reason"]) == (1, "Error")
    everything = str(member.client.objects)
    assert "not-this-one" not in everything
    assert container_status(member.find("fraud"))["state"] == {"waiting": {"reason": "PodInitializing"}}

    await member.client.update(SECRET, s3_secret(environment))
    await member.until_ready("fraud")


async def test_a_slow_download_is_shown_and_can_be_given_up(member: Member, s3: S3Server) -> None:
    s3.put("models", "slow/model.joblib", b"x" * 9_000_000)
    async with relay_to(s3.port) as relay:
        relay.delay_seconds = 0.05
        environment = s3.environment(relay.port)
        await member.client.create(SECRET, s3_secret(environment))
        await member.start()
        await member.create(predictor("slow", "s3://models/slow", environment))

        def progress() -> str:
            return str(init_status(member, "slow").get("state", {}).get("running", {}).get("message", ""))

        assert (await member.until(progress, "progress")).endswith("MB of 9.0 MB")
        assert not is_ready(member.find("slow"))
        await member.client.delete(POD, "ml", "slow")
        await member.until(lambda: member.find("slow") is None, "the Pod is gone")
    partial = member.fleet.models / ".partial"
    assert not list(partial.iterdir())


async def test_a_model_that_cannot_be_loaded_says_so_with_its_last_line(member: Member, s3: S3Server) -> None:
    s3.put("models", "broken/model.joblib", b"this is no pickle")
    environment = s3.environment()
    await member.client.create(SECRET, s3_secret(environment))
    await member.start()
    await member.create(predictor("broken", "s3://models/broken", environment))
    await member.until(
        lambda: container_status(member.find("broken")).get("restartCount", 0) >= 1, "a restart"
    )
    ended = container_status(member.find("broken"))["lastState"]["terminated"]
    assert ended["exitCode"] != 0
    assert "model.joblib" in ended["message"]
