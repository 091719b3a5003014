"""A real fleet is backed up while it serves, lost, and brought back."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fleet.harness import KUBECTL, wait_for
from tradewind.backup import REVISION_JUMP

FLEET = (
    "{apiVersion: tradewind.dev/v1alpha1, kind: Fleet, metadata: {name: small}, "
    "spec: {ports: {base: 16400}, clusters: [{name: one, region: r}]}}"
)


@pytest.fixture
def tradewind(tmp_path):
    home = tmp_path / "home"

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "tradewind.cli", *arguments, "--home", str(home)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=90)
        assert result.returncode == 0, result.stderr
        return result.stdout

    yield run
    run("down")


def kubectl(config: Path, context: str, *arguments: str, stdin: str = "") -> str:
    command = [str(KUBECTL), "--kubeconfig", str(config), "--context", context, *arguments]
    result = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    return result.stdout


def config_map(name: str) -> str:
    metadata = {"name": name, "namespace": "ml"}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})


def test_a_fleet_is_what_it_was(tradewind, tmp_path):
    file, home, given_out = tmp_path / "fleet.tar.gz", tmp_path / "home", tmp_path / "kubeconfig"
    (tmp_path / "fleet.yaml").write_text(FLEET)
    tradewind("up", "--detach", "-f", str(tmp_path / "fleet.yaml"))
    shutil.copyfile(home / "kubeconfig", given_out)
    for context in ("hub", "one"):
        kubectl(given_out, context, "apply", "-f", "-", stdin=config_map(f"kept-{context}"))
    told = tradewind("backup", str(file))
    assert "copied hub at revision" in told
    assert "copied one at revision" in told
    for context in ("hub", "one"):
        kubectl(given_out, context, "delete", "configmap", f"kept-{context}", "-n", "ml")
        kubectl(given_out, context, "apply", "-f", "-", stdin=config_map("later"))
    tradewind("down")
    shutil.rmtree(home / "hub")
    shutil.rmtree(home / "ca")
    tradewind("restore", str(file), "--replace")
    tradewind("up", "--detach")
    for context in ("hub", "one"):
        found = json.loads(kubectl(given_out, context, "get", "configmaps", "-n", "ml", "-o", "json"))
        assert [one["metadata"]["name"] for one in found["items"]] == [f"kept-{context}"]
        made = json.loads(
            kubectl(given_out, context, "create", "-o", "json", "-f", "-", stdin=config_map("new"))
        )
        assert int(made["metadata"]["resourceVersion"]) > REVISION_JUMP

    def ready() -> bool:
        return all(one["ready"] for one in json.loads(tradewind("status", "-o", "json"))["clusters"])

    wait_for(ready, lambda: tradewind("status"))
