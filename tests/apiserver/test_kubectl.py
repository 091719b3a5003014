"""The real kubectl against a real server."""

import asyncio
import json

import pytest

from tests.apiserver.conftest import KUBECTL_SECONDS
from tradewind.base.pod_logs import log_file

SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: s, namespace: d}
type: Opaque
data: {key: dmFsdWU=}
"""
CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata: {name: c, namespace: d}
data: {key: value}
"""
INFERENCE_SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: fraud
  namespace: d
  annotations: {serving.kserve.io/enable-prometheus-scraping: "true"}
spec:
  predictor:
    minReplicas: 2
    model:
      modelFormat: {name: sklearn}
      storageUri: s3://bucket/fraud
      resources: {limits: {cpu: "1", memory: 1Gi}}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: d, labels: {app: x}}
spec:
  nodeName: n1
  containers:
  - {name: c, image: i, env: [{name: A, value: "1"}], ports: [{containerPort: 80}]}
"""

APPLIED = [  # manifest, name, what to change, by what, where it is then seen
    (SECRET, "secret/s", "dmFsdWU=", "b3RoZXI=", ("{.data.key}", "b3RoZXI=")),
    (CONFIG_MAP, "configmap/c", "value}", "other}", ("{.data.key}", "other")),
    (
        INFERENCE_SERVICE,
        "inferenceservice.serving.kserve.io/fraud",
        "minReplicas: 2",
        "minReplicas: 3",
        ("{.spec.predictor.minReplicas}", "3"),
    ),
    (POD, "pod/p", "image: i", "image: j", ("{.spec.containers[0].image}", "j")),
]


@pytest.mark.parametrize(("manifest", "name", "old", "new", "seen"), APPLIED)
async def test_apply_creates_leaves_alone_and_changes(api, manifest, name, old, new, seen):
    created = await api.kubectl("apply", "-f", "-", stdin=manifest)
    assert (created.code, created.out) == (0, f"{name} created\n"), created.err
    revision = api.objects.revision
    again = await api.kubectl("apply", "-f", "-", stdin=manifest)
    assert (again.code, again.out) == (0, f"{name} unchanged\n"), again.err
    assert api.objects.revision == revision
    changed = await api.kubectl("apply", "-f", "-", stdin=manifest.replace(old, new))
    assert changed.out == f"{name} configured\n", changed.err
    path, value = seen
    assert (await api.kubectl("get", name, "-o", f"jsonpath={path}")).out == value
    gone = await api.kubectl("delete", "-f", "-", "--grace-period=0", "--force", stdin=manifest)
    assert gone.code == 0, gone.err
    assert "NotFound" in (await api.kubectl("get", name)).err


MISSPELT = [
    (SECRET, "\ndata:", "\ndta:", 'unknown field "dta"'),
    (CONFIG_MAP, "\ndata:", "\ndat:", 'unknown field "dat"'),
    (
        INFERENCE_SERVICE,
        "minReplicas:",
        "minReplica:",
        'spec.predictor.minReplica: did you mean "minReplicas"?',
    ),
    (POD, "image: i", "imag: i", 'unknown field "spec.containers[0].imag"'),
]


@pytest.mark.parametrize("verb", ["apply", "create"])
@pytest.mark.parametrize(("manifest", "right", "wrong", "says"), MISSPELT)
async def test_a_misspelt_field_is_refused_by_name(api, manifest, right, wrong, says, verb):
    before = api.objects.revision
    refused = await api.kubectl(verb, "-f", "-", stdin=manifest.replace(right, wrong))
    assert refused.code == 1
    assert says in refused.err
    assert api.objects.revision == before


async def test_warnings_are_printed(api):
    misspelt = CONFIG_MAP.replace("\ndata:", "\ndat:")
    warned = await api.kubectl("create", "-f", "-", "--validate=warn", stdin=misspelt)
    assert (warned.code, 'Warning: unknown field "dat"' in warned.err) == (0, True), warned.err


# In order, over the objects above: arguments, exit code, what it prints (or says on stderr when it fails).
READS = [
    ("version", 0, "Server Version: v1.37"),
    ("api-resources --namespaced=true -o name", 0, "inferenceservices.serving.kserve.io"),
    ("api-versions", 0, "policy.karmada.io/v1alpha1"),
    ("get isvc", 0, "fraud"),
    ("get isvc,cm,secret,pods", 0, "configmap/c"),
    ("get all", 0, "pod/p"),
    ("get isvc fraud -o yaml", 0, "storageUri: s3://bucket/fraud"),
    ("get isvc -o wide", 0, "READY"),
    ("get isvc -A -o name", 0, "inferenceservice.serving.kserve.io/fraud"),
    ("get pods -l app=x -o name", 0, "pod/p"),
    ("get pods -l app!=x", 0, ""),
    ("get pods --field-selector spec.nodeName=n1 -o name", 0, "pod/p"),
    ("get pods --field-selector spec.bad=1", 1, "field label not supported: spec.bad"),
    ("get pods --chunk-size=1", 0, "p "),
    ("get ns", 0, "Active"),
    ("get podz", 1, "the server doesn't have a resource type"),
    ("get cm nobody", 1, '(NotFound): configmaps "nobody" not found'),
    ("get --raw /readyz", 0, "ok"),
    ("describe isvc fraud", 0, "Storage Uri:"),
    ("describe pod p", 0, "Container"),
    ("describe cm c", 0, "value"),
    ("logs p", 0, "first\nlast\n"),
    ("logs p -c c --tail=1", 0, "last\n"),
    ("logs p -p", 1, '(BadRequest): previous terminated container "c" in pod "p" not found'),
    ("logs p -c nope", 1, "container nope is not valid for pod p"),
]
WRITES = [
    ("label isvc fraud team=risk", 0, "labeled"),
    ("label isvc fraud team=fraud", 1, "already has a value"),
    ("annotate cm c note=x", 0, "annotated"),
    ("label isvc fraud bad/label/key=x", 1, "qualified name"),
    ('patch isvc fraud --type=merge -p {"spec":{"predictor":{"minReplicas":5}}}', 0, "patched"),
    ('patch isvc fraud --type=json -p [{"op":"remove","path":"/spec/predictor/minReplicas"}]', 0, "patched"),
    (
        'patch isvc fraud --type=json -p [{"op":"remove","path":"/spec/nothing"}]',
        1,
        "the server rejected our request due to an error in our request",
    ),
    ('patch isvc fraud --type=strategic -p {"spec":{}}', 1, "accepted media types"),
    ('patch pod p -p {"spec":{"containers":[{"name":"c","image":"new"}]}}', 0, "patched"),
    ("get pod p -o jsonpath={.spec.containers[0].env[0].name}", 0, "A"),
    ('patch isvc fraud --subresource=status --type=merge -p {"status":{"url":"http://f"}}', 0, "patched"),
    ("get isvc fraud -o jsonpath={.status.url}", 0, "http://f"),
    ("get isvc fraud -o jsonpath={.metadata.generation}", 0, "3"),
    ("set image pod/p c=newer", 0, "image updated"),
    ("create namespace team", 0, "namespace/team created"),
    ("create secret generic made --from-literal=a=b -n team", 0, "secret/made created"),
    ("create configmap made --from-literal=a=b -n team", 0, "configmap/made created"),
    ("create serviceaccount made -n team", 0, "serviceaccount/made created"),
    ("get secret made -n team -o jsonpath={.data.a}", 0, "Yg=="),
    ("delete ns team", 0, 'namespace "team" deleted'),
    ("get secret,cm,sa -n team", 0, ""),
    ("apply --server-side --dry-run=server -f isvc.yaml", 0, "serverside-applied (server dry run)"),
    ("diff -f isvc.yaml", 1, ""),
    ("replace -f isvc.yaml", 0, "replaced"),
    ("diff -f isvc.yaml", 0, ""),
    ("delete isvc fraud", 0, 'inferenceservice.serving.kserve.io "fraud" deleted'),
    ("delete isvc fraud --ignore-not-found", 0, ""),
    ("delete isvc fraud", 1, "not found"),
    ("delete pods --all --now --timeout=5s --wait=false", 0, 'pod "p" deleted'),
]


async def test_a_day_with_kubectl(api):
    (api.home / "isvc.yaml").write_text(INFERENCE_SERVICE)
    everything = "---".join((SECRET, CONFIG_MAP, INFERENCE_SERVICE, POD))
    assert (await api.kubectl("apply", "-f", "-", stdin=everything)).code == 0
    await run_pod(api, "first\nlast\n")
    reads = await asyncio.gather(*(api.kubectl(*line.split(" ")) for line, _, _ in READS))
    for (line, code, says), result in zip(READS, reads, strict=True):
        assert (result.code, says in (result.err if code else result.out)) == (code, True), (line, result)
    for line, code, says in WRITES:
        result = await api.kubectl(*line.split(" "))
        assert (result.code, says in (result.err if code else result.out)) == (code, True), (line, result)


async def test_wait_returns_when_the_condition_comes(api):
    await api.kubectl("apply", "-f", "-", stdin=INFERENCE_SERVICE)
    waiting = asyncio.create_task(api.kubectl("wait", "isvc/fraud", "--for=condition=Ready", "--timeout=10s"))
    await wait_for_watch(api)
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    patch = ("patch", "isvc", "fraud", "--subresource=status", "--type=merge", "-p", json.dumps(ready))
    assert (await api.kubectl(*patch)).code == 0
    assert (await waiting).out == "inferenceservice.serving.kserve.io/fraud condition met\n"


async def test_wait_for_deletion(api):
    await api.kubectl(
        "apply", "-f", "-", stdin=CONFIG_MAP.replace("}\ndata", ", finalizers: [x.io/y]}\ndata")
    )
    deleting = asyncio.create_task(api.kubectl("delete", "cm", "c", "--timeout=10s"))
    await wait_for_watch(api)
    assert (await api.kubectl("patch", "cm", "c", "-p", '{"metadata":{"finalizers":null}}')).code == 0
    result = await deleting
    assert (result.code, "deleted" in result.out) == (0, True), result.err


async def test_get_watch_prints_changes(api):
    await api.kubectl("apply", "-f", "-", stdin=CONFIG_MAP)
    watching = await api.start_kubectl("get", "cm", "-w", "-o", "name")
    assert await next_line(watching) == "configmap/c\n"
    await wait_for_watch(api)
    await api.kubectl("create", "configmap", "new")
    assert await next_line(watching) == "configmap/new\n"
    watching.kill()
    await watching.wait()


async def run_pod(api, text: str, **status) -> None:
    """As its node: container `c` of the Pod `p` runs and has written this."""
    status = {"name": "c", "ready": True, "restartCount": 0, "state": {"running": {}}} | status
    patch = json.dumps({"status": {"phase": "Running", "containerStatuses": [status]}})
    patched = await api.kubectl("patch", "pod", "p", "--subresource=status", "--type=merge", "-p", patch)
    assert patched.code == 0, patched.err
    log = log_file(api.logs, "c", status["restartCount"])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)


async def test_logs_follow_until_the_container_ends(api):
    await api.kubectl("apply", "-f", "-", stdin=POD)
    await run_pod(api, "first\n")
    following = await api.start_kubectl("logs", "-f", "p")
    assert await next_line(following) == "first\n"
    await run_pod(api, "first\nlast\n", state={"terminated": {"exitCode": 0}})
    rest, _ = await asyncio.wait_for(following.communicate(), KUBECTL_SECONDS)
    assert (following.returncode, rest) == (0, b"last\n")


@pytest.mark.parametrize(
    ("user", "line", "code", "says"),
    [
        ("nobody", "get isvc", 1, 'User "nobody" cannot list resource "inferenceservices"'),
        ("nobody", "api-resources", 0, "inferenceservices"),
        ("agent", "get works -n karmada-es-m1", 0, ""),
        ("agent", "get works -n karmada-es-m2", 1, 'cannot list resource "works"'),
        ("agent", "get works -A", 1, "at the cluster scope"),
        ("agent", "delete ns d", 1, 'cannot delete resource "namespaces"'),
    ],
)
async def test_other_users(api, user, line, code, says):
    result = await api.kubectl(*line.split(" "), user=user)
    assert (result.code, says in (result.err if code else result.out)) == (code, True), result


async def next_line(process) -> str:
    return (await asyncio.wait_for(process.stdout.readline(), KUBECTL_SECONDS)).decode()


async def wait_for_watch(api) -> None:
    """Until somebody watches something."""
    for _ in range(500):
        if any(api.store._watches.values()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody watches")
