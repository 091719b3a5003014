"""metrics.k8s.io over HTTP: what `kubectl top` asks for."""

import uuid

import pytest

from tests.apiserver.conftest import Api, kubeconfig, now_ms
from tests.apiserver.world import pod
from tradewind.apiserver.catalog import catalog
from tradewind.apiserver.computed import Computed
from tradewind.apiserver.http import application
from tradewind.apiserver.objects import Objects
from tradewind.apiserver.serving import TlsFiles, serve
from tradewind.resources.metrics import NODE_METRICS, POD_METRICS
from tradewind.resources.registry import ALL_KINDS
from tradewind.store.store import memory_store

BASE = "/apis/metrics.k8s.io/v1beta1"
TIMES = {"timestamp": "2027-01-15T08:00:00Z", "window": "15s"}
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def pod_metrics(name: str, cpu: str, **labels: str):
    return {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": {"name": name, "namespace": "d", "labels": labels},
        **TIMES,
        "containers": [{"name": "main", "usage": {"cpu": cpu, "memory": "2048Ki"}}],
    }


PODS = [pod_metrics("a", "250000000n", app="x"), pod_metrics("b", "1500000000n", app="y")]
NODE = {
    "apiVersion": "metrics.k8s.io/v1beta1",
    "kind": "NodeMetrics",
    "metadata": {"name": "n1"},
    **TIMES,
    "usage": {"cpu": "1750000000n", "memory": "4096Ki"},
}


@pytest.fixture
async def api(tls_home, tmp_path):
    store = memory_store()
    kinds = catalog([*ALL_KINDS, POD_METRICS, NODE_METRICS])
    objects = Objects(kinds, store, now_ms, lambda: str(uuid.uuid4()))
    computed = [
        Computed(POD_METRICS, read=lambda namespace: PODS if namespace in ("", "d") else []),
        Computed(NODE_METRICS, read=lambda _: [NODE]),
    ]
    tls = TlsFiles(tls_home / "tls.crt", tls_home / "tls.key", tls_home / "ca.crt")
    server = await serve(application(objects, computed=computed), 0, tls)
    for name in ("ca.crt", "admin.crt", "admin.key", "nobody.crt", "nobody.key"):
        (tmp_path / name).symlink_to(tls_home / name)
    (tmp_path / "kubeconfig").write_text(kubeconfig(tmp_path, server.url))
    running = Api(tmp_path, server, objects, store, tmp_path)
    yield running
    for session in running.sessions.values():
        await session.close()
    await server.close()
    await store.close()


@pytest.mark.parametrize(
    ("path", "names"),
    [
        (f"{BASE}/pods", ["a", "b"]),
        (f"{BASE}/namespaces/d/pods", ["a", "b"]),
        (f"{BASE}/namespaces/other/pods", []),
        (f"{BASE}/pods?labelSelector=app%3Dy", ["b"]),
        (f"{BASE}/pods?fieldSelector=metadata.name%3Da", ["a"]),
        (f"{BASE}/nodes", ["n1"]),
    ],
)
async def test_lists(api, path, names):
    code, found = await api.ask("GET", path)
    assert (code, [one["metadata"]["name"] for one in found["items"]]) == (200, names)
    assert found["kind"] in ("PodMetricsList", "NodeMetricsList")


async def test_one_and_none(api):
    assert await api.ask("GET", f"{BASE}/namespaces/d/pods/a") == (200, PODS[0])
    code, status = await api.ask("GET", f"{BASE}/namespaces/d/pods/c")
    assert (code, status["message"]) == (404, 'pods.metrics.k8s.io "c" not found')
    assert (await api.ask("GET", f"{BASE}/nodes", user="nobody"))[0] == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{BASE}/namespaces/d/pods"),
        ("DELETE", f"{BASE}/namespaces/d/pods/a"),
        ("DELETE", f"{BASE}/namespaces/d/pods"),
        ("PATCH", f"{BASE}/nodes/n1"),
        ("GET", f"{BASE}/pods?watch=1"),
    ],
)
async def test_it_can_only_be_read(api, method, path):
    code, status = await api.ask(method, path, {} if method in ("POST", "PATCH") else None)
    assert (code, status["reason"]) == (405, "MethodNotAllowed")


async def test_tables(api):
    _, table = await api.ask("GET", f"{BASE}/namespaces/d/pods", Accept=TABLE)
    assert [one["name"] for one in table["columnDefinitions"]] == ["Name", "cpu", "memory", "Window"]
    assert [row["cells"] for row in table["rows"]] == [
        ["a", "250000000n", "2048Ki", "15s"],
        ["b", "1500000000n", "2048Ki", "15s"],
    ]
    _, table = await api.ask("GET", f"{BASE}/nodes/n1", Accept=TABLE)
    assert [row["cells"] for row in table["rows"]] == [["n1", "1750000000n", "4096Ki", "15s"]]


async def test_kubectl_top(api):
    for name in ("a", "b"):
        await api.ask("POST", "/api/v1/namespaces/d/pods", pod(name))
    await api.ask("POST", "/api/v1/nodes", {"metadata": {"name": "n1"}})
    capacity = {"cpu": "4", "memory": "8Mi"}
    node = {"metadata": {"name": "n1"}, "status": {"capacity": capacity, "allocatable": capacity}}
    assert (await api.ask("PUT", "/api/v1/nodes/n1/status", node))[0] == 200
    for line, rows in (
        ("top pods", [["a", "250m", "2Mi"], ["b", "1500m", "2Mi"]]),
        ("top pods --sort-by=cpu", [["b", "1500m", "2Mi"], ["a", "250m", "2Mi"]]),
        ("top pods -l app=y --containers", [["b", "main", "1500m", "2Mi"]]),
        ("top pod a", [["a", "250m", "2Mi"]]),
        ("top nodes", [["n1", "1750m", "43%", "4Mi", "50%"]]),
        (
            "get pods.metrics.k8s.io",
            [["a", "250000000n", "2048Ki", "15s"], ["b", "1500000000n", "2048Ki", "15s"]],
        ),
    ):
        told = await api.kubectl(*line.split(" "), "--no-headers")
        assert (told.code, [row.split() for row in told.out.splitlines()]) == (0, rows), (line, told)
