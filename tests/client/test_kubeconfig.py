"""Kubeconfig files: those of others are read, ours is one that kubectl reads, mistakes are named."""

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tradewind.client.connection import Connection
from tradewind.client.kubeconfig import KubeconfigError, context_names, fleet_kubeconfig, read_context

HUB = Connection("https://127.0.0.1:7400", ca="CA", client_certificate="CERT", client_key="KEY")
MEMBER = Connection("https://127.0.0.1:7410", ca="CA", token="TOKEN", tls_server_name="member.test")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(cluster: dict[str, Any], user: dict[str, Any], /, **context: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": "https://example.com:6443/"} | cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"} | context}],
    }


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "config"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


def refusal(path: Path, name: str = "") -> str:
    with pytest.raises(KubeconfigError) as caught:
        read_context(path, name)
    assert str(caught.value).startswith(f"{path}: ")
    return str(caught.value)


def test_the_fleets_own_file_comes_back(tmp_path: Path):
    path = written(tmp_path, json.dumps(fleet_kubeconfig({"hub": HUB, "member-a": MEMBER}, "hub")))
    assert context_names(path) == ["hub", "member-a"]
    assert read_context(path).connection == HUB
    assert read_context(path, "member-a").connection == MEMBER


def test_kubectl_reads_the_fleets_own_file(tmp_path: Path):
    skipping = Connection("https://127.0.0.1:7420", skip_tls_verify=True)
    made = fleet_kubeconfig({"hub": HUB, "member-a": MEMBER, "b": skipping}, "hub")
    path = written(tmp_path, json.dumps(made))
    found = subprocess.run(
        [
            Path(sys.executable).with_name("kubectl"),
            "config",
            "view",
            "--raw",
            "-o",
            "json",
            "--kubeconfig",
            path,
        ],
        capture_output=True,
        check=True,
        timeout=30,
    )
    seen = json.loads(found.stdout)
    assert seen["current-context"] == "hub"
    for part in ("clusters", "users", "contexts"):
        by_name = {one["name"]: one for one in made[part]}
        assert {one["name"]: one for one in seen[part]} == by_name


def test_embedded_data_wins_over_files_which_are_found_beside_the_file(tmp_path: Path):
    (tmp_path / "ca.crt").write_text("CA-FILE")
    (tmp_path / "client.crt").write_text("CERT-FILE")
    (tmp_path / "token").write_text("TOKEN-FILE\n")
    cluster = {"certificate-authority": "ca.crt", "certificate-authority-data": encoded("CA-DATA")}
    user = {
        "client-certificate": str(tmp_path / "client.crt"),
        "client-key-data": encoded("KEY"),
        "tokenFile": "token",
    }
    context = read_context(written(tmp_path, config(cluster, user, namespace="ml")))
    assert context.namespace == "ml"
    assert context.connection == Connection(
        "https://example.com:6443",
        ca="CA-DATA",
        client_certificate="CERT-FILE",
        client_key="KEY",
        token="TOKEN-FILE",
    )


def test_a_context_without_user_and_with_skipped_verification(tmp_path: Path):
    path = written(tmp_path, config({"insecure-skip-tls-verify": True, "tls-server-name": "x"}, {}, user=""))
    assert read_context(path).connection == Connection(
        "https://example.com:6443", tls_server_name="x", skip_tls_verify=True
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: [", "is not YAML"),
        ("text", "is not a kubeconfig: an object with clusters, users and contexts is expected"),
        ({}, "no current-context; choose one of none"),
        (config({}, {}) | {"current-context": "x"}, 'has no context "x"; it has here'),
        (config({}, {}, cluster="x"), 'has no cluster "x"; it has c'),
        (config({}, {}, user="x"), 'has no user "x"; it has u'),
        (config({"server": "example.com"}, {}), 'cluster "c": server must be a URL with https:// or http://'),
        (config({"server": None}, {}), 'cluster "c": server must be a URL with https:// or http://'),
        (config({"proxy-url": "http://p"}, {}), 'cluster "c": proxy-url is not supported; remove it'),
        (
            config({}, {"exec": {"command": "aws"}}),
            'user "u": exec is not supported; use a client certificate or a token',
        ),
        (config({}, {"username": "a", "password": "hunter2"}), 'user "u": username is not supported'),
        (config({}, {"client-key-data": "?hunter2"}), "client-key-data is not base64 of PEM text"),
        (config({"certificate-authority": "missing.crt"}, {}), "missing.crt cannot be read"),
        (
            {"current-context": "here", "contexts": [{"name": "here", "context": 3}]},
            'has no cluster ""; it has none',
        ),
        ({"current-context": "here", "contexts": {"here": 1}}, 'has no context "here"; it has none'),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_entry_and_fix(tmp_path: Path, content: Any, said: str):
    message = refusal(written(tmp_path, content))
    assert said in message
    assert "hunter2" not in message


def test_a_file_that_is_not_there(tmp_path: Path):
    assert "cannot be read: No such file or directory; is the fleet up?" in refusal(tmp_path / "missing")
