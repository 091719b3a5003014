"""From a container to arguments and environment."""

from pathlib import Path
from typing import Any

import pytest

from tradewind.node.environment import ConfigError, Reference
from tradewind.node.launch import (
    Launch,
    Machine,
    inherited,
    make_launch,
    server_of,
    storage_of,
    with_folders,
    with_ports,
)
from tradewind.resources.core import Container, Pod, Secret
from tradewind.resources.meta import decode

MACHINE = Machine("/venv/bin/python", 8, {"PATH": "/venv/bin:/bin", "HOME": "/home/me"})
MOUNTS = {"/mnt/models": Path("/cache/abc/files")}
PREDICT = ["/venv/bin/python", "-P", "-m", "tradewind.servers.predict"]


def make_pod(container: dict[str, Any], **spec: Any) -> Pod:
    meta = {"namespace": "ml", "name": "fraud-0"}
    container = {"name": "kserve-container", "image": "kserve/sklearnserver:v0.15", **container}
    return decode({"metadata": meta, "spec": {"containers": [container], **spec}}, Pod)


def launch(container: dict[str, Any], objects: dict[Reference, Any] | None = None) -> Launch:
    pod = make_pod(container)
    return make_launch(pod, pod.spec.containers[0], MOUNTS, objects or {}, MACHINE)


PORTS = {"ports": [{"name": "http1", "containerPort": 8080, "hostPort": 9001}]}


@pytest.mark.parametrize(
    ("container", "arguments"),
    [
        (
            {"args": ["--model_name=fraud", "--model_dir=/mnt/models", "--http_port=8080"], **PORTS},
            [*PREDICT, "--model_name=fraud", "--model_dir=/cache/abc/files", "--http_port=9001"],
        ),
        ({"args": ["--model_name=fraud"], **PORTS}, [*PREDICT, "--http_port=9001", "--model_name=fraud"]),
        ({"args": ["--http-port", "8080"], **PORTS}, [*PREDICT, "--http-port", "9001"]),
        (
            {"command": ["python", "serve.py"], "args": ["--port", "8080"], **PORTS},
            ["python", "serve.py", "--port", "9001"],
        ),
        (
            {"command": ["sh", "-c", "uvicorn app --port 8080 --workers 8080"], **PORTS},
            ["sh", "-c", "uvicorn app --port 9001 --workers 8080"],
        ),
        (
            {"command": ["serve", "--name=$(POD_NAME).$(POD_NAMESPACE)", "$(NONE)"]},
            ["serve", "--name=fraud-0.ml", "$(NONE)"],
        ),
        (
            {"command": ["serve"], "workingDir": "/mnt/models/x"},
            ["env", "--chdir=/cache/abc/files/x", "serve"],
        ),
    ],
)
def test_arguments(container: dict[str, Any], arguments: list[str]) -> None:
    assert list(launch(container).arguments) == arguments


@pytest.mark.parametrize(
    "image",
    [
        "kserve/sklearnserver",
        "kserve/sklearnserver:latest",
        "docker.io/kserve/sklearnserver:v0.15.0",
        "registry.example:5000/mirror/sklearnserver@sha256:0123",
    ],
)
def test_images_of_the_predict_server(image: str) -> None:
    server = server_of(Container(image=image))
    assert server is not None
    assert (server.name, server.ready_path) == ("predict server", "/v2/health/ready")


def test_an_unknown_image_names_those_that_are_known_and_the_way_out() -> None:
    with pytest.raises(ConfigError) as caught:
        launch({"image": "nvcr.io/nvidia/tritonserver:24"})
    assert 'image "nvcr.io/nvidia/tritonserver:24"' in str(caught.value)
    assert "kserve/sklearnserver*" in str(caught.value)
    assert "give the container a command" in str(caught.value)


def test_an_unknown_image_with_a_command_runs_the_command() -> None:
    assert launch({"image": "acme/x", "command": ["serve"]}).arguments == ("serve",)


def test_the_environment_is_made_from_scratch() -> None:
    container = {
        "env": [
            {"name": "STORAGE_URI", "value": "/mnt/models"},
            {"name": "HTTP_PORT", "value": "8080"},
            {"name": "COUNT", "value": "8080"},
            {"name": "PORT", "value": "8080"},
        ],
        "resources": {"limits": {"cpu": "1500m"}},
        **PORTS,
    }
    found = launch(container)
    assert found.environment == {
        "PATH": "/venv/bin:/bin",
        "HOME": "/home/me",
        "OMP_NUM_THREADS": "2",
        "POD_NAME": "fraud-0",
        "POD_NAMESPACE": "ml",
        "POD_IP": "127.0.0.1",
        "STORAGE_URI": "/cache/abc/files",
        "HTTP_PORT": "9001",
        "COUNT": "8080",
        "PORT": "9001",
    }
    assert found.port == 9001


@pytest.mark.parametrize(
    ("resources", "threads"),
    [
        ({}, "8"),
        ({"requests": {"cpu": "100m"}}, "1"),
        ({"requests": {"cpu": "1"}, "limits": {"cpu": "3"}}, "3"),
        ({"limits": {"cpu": "64"}}, "8"),
    ],
)
def test_threads_follow_the_cpus_a_container_may_use(resources: dict[str, Any], threads: str) -> None:
    assert launch({"resources": resources}).environment["OMP_NUM_THREADS"] == threads


def test_a_user_chooses_threads_over_all() -> None:
    assert launch({"env": [{"name": "OMP_NUM_THREADS", "value": "5"}]}).environment["OMP_NUM_THREADS"] == "5"


def test_of_a_members_own_environment_only_the_harmless_is_passed_on() -> None:
    own = {
        "PATH": "/bin",
        "HOME": "/root",
        "AWS_SECRET_ACCESS_KEY": "s",
        "KUBECONFIG": "/k",
        "LANG": "de_DE.UTF-8",
    }
    assert inherited(own, "/venv/bin/python") == {
        "PATH": "/venv/bin:/bin",
        "HOME": "/root",
        "LANG": "de_DE.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }


def test_a_secret_never_becomes_an_argument() -> None:
    api = {
        Reference("Secret", "api"): decode({"metadata": {"name": "api"}, "data": {"key": "aHVzaA=="}}, Secret)
    }
    container = {
        "command": ["serve", "--api-key=$(KEY)"],
        "env": [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "key"}}}],
    }
    with pytest.raises(ConfigError) as caught:
        launch(container, api)
    assert "$(KEY)" in str(caught.value)
    assert "hush" not in str(caught.value)
    found = launch({**container, "command": ["serve"]}, api)
    assert found.environment["KEY"] == "hush"
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("/mnt/models", "/cache/m"),
        ("--dir=/mnt/models/sub", "--dir=/cache/m/sub"),
        ("/mnt/models:/mnt/models/x", "/cache/m:/cache/m/x"),
        ('{"path": "/mnt/models"}', '{"path": "/cache/m"}'),
        ("/mnt/models-2", "/mnt/models-2"),
        ("/data/mnt/models", "/data/mnt/models"),
        ("/mnt/lora", "/cache/lora"),
        ("/mnt/lora/base", "/cache/base"),
    ],
)
def test_mount_paths(text: str, result: str) -> None:
    mounts = {
        "/mnt/models": Path("/cache/m"),
        "/mnt/lora": Path("/cache/lora"),
        "/mnt/lora/base": Path("/cache/base"),
    }
    assert with_folders(text, mounts) == result


def test_a_cache_folder_that_looks_like_a_mount_is_not_replaced_again() -> None:
    assert (
        with_folders("/mnt/models", {"/mnt/models": Path("/home/mnt/models/files")})
        == "/home/mnt/models/files"
    )


@pytest.mark.parametrize(
    ("arguments", "result"),
    [
        (["--http_port=8080"], ["--http_port=9001"]),
        (["--PORT=8080"], ["--PORT=9001"]),
        (["--grpc-port=8081"], ["--grpc-port=9002"]),
        (["-port", "8080"], ["-port", "9001"]),
        (["--port=80801"], ["--port=80801"]),
        (["--timeout=8080"], ["--timeout=8080"]),
        (["--timeout", "8080"], ["--timeout", "8080"]),
        (["8080"], ["8080"]),
    ],
)
def test_ports(arguments: list[str], result: list[str]) -> None:
    assert with_ports(arguments, {8080: 9001, 8081: 9002}) == result


def initializer(*arguments: str, name: str = "storage-initializer") -> dict[str, Any]:
    return {"initContainers": [{"name": name, "args": list(arguments)}]}


def test_storage_is_read_from_the_init_container() -> None:
    spec = initializer("s3://a/b", "/mnt/models", "s3://c/d", "/mnt/lora")
    assert storage_of(make_pod({}, **spec)) == (("s3://a/b", "/mnt/models"), ("s3://c/d", "/mnt/lora"))
    assert storage_of(make_pod({})) == ()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (initializer(name="migrate"), 'init container "migrate" cannot run here'),
        (initializer("s3://a/b"), "not pairs of storage URI and path"),
        ({"containers": [{"name": "a"}, {"name": "b"}]}, "a Pod runs one container here, not a, b"),
    ],
)
def test_pods_of_another_shape_are_refused(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        storage_of(make_pod({}, **spec))
