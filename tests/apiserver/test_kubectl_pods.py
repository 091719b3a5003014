"""What the real kubectl shows of Pods, Nodes and Events: get, describe, events, wait, logs."""

import asyncio
import json
import re
import time

import pytest

from tests.apiserver.conftest import KUBECTL_SECONDS
from tests.apiserver.test_kubectl import next_line, wait_for_watch
from tests.apiserver.world import pod
from tradewind.base.pod_logs import log_file, note
from tradewind.controller.perform import make_event
from tradewind.controller.plan import Record
from tradewind.node.life import Ended, Phase, State, Trouble
from tradewind.node.nodes import NodeConfig, make_node, make_node_lease
from tradewind.node.status import pod_status
from tradewind.node.vitals import Vitals
from tradewind.resources.core import Node, Pod
from tradewind.resources.meta import decode, encode, replace

VITALS = Vitals("m1", "b1", "6.1.0", "Debian GNU/Linux 12", "amd64", 2**33, 0.5, 0.5)
PODS = "/api/v1/namespaces/d/pods"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def post(api, path: str, manifest):
    code, answer = await api.ask("POST", path, manifest)
    assert code == 201, answer
    return answer


async def report(api, name: str, state: State) -> None:
    """As its node."""
    _, found = await api.ask("GET", f"{PODS}/{name}")
    known = decode(found, Pod)
    changed = encode(replace(known, status=pod_status(known, state, now_ms())))
    code, answer = await api.ask("PUT", f"{PODS}/{name}/status", changed)
    assert code == 200, answer


async def put_node(api) -> None:
    node = make_node(NodeConfig("n1", {"cpu": 4, "memory": "8Gi"}, "v0.2.0"), VITALS, now_ms())
    created = decode(await post(api, "/api/v1/nodes", encode(node)), Node)
    assert (await api.ask("PUT", "/api/v1/nodes/n1/status", encode(node)))[0] == 200
    lease = encode(make_node_lease(created, now_ms()))
    await post(api, "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases", lease)


@pytest.fixture
async def running(api):
    """A node; a Pod `a` that runs there after one crash, a Pod `b` that waits, and what was told of them."""
    await put_node(api)
    manifest = pod("a", "n1", labels={"app": "x"})
    manifest["spec"]["containers"][0]["resources"] = {"requests": {"cpu": "1", "memory": "1Gi"}}
    manifest["spec"]["initContainers"] = [{"name": "storage-initializer", "image": "s"}]
    created = await post(api, PODS, manifest)
    ended = Ended(3, "Error", "ValueError: boom", now_ms() - 9_000, now_ms() - 5_000, pid=6)
    state = State(phase=Phase.RUNNING, pid=7, started_at_ms=now_ms(), fetched=True, restarts=1, ended=ended)
    await report(api, "a", state)
    await post(api, PODS, pod("b", "n1", labels={"app": "y"}))
    await report(api, "b", State(phase=Phase.CREATING))
    part = "spec.containers{c}"
    for record, ago_ms in (
        (Record(created, "Warning", "BackOff", "Back-off", field_path=part, host="n1"), 0),
        (Record(created, "Normal", "Started", "Started it", host="n1"), 60_000),
    ):
        await post(api, "/api/v1/namespaces/d/events", make_event(record, "kubelet", now_ms() - ago_ms))
    return api


async def kubectl(api, line: str, code: int = 0) -> str:
    told = await api.kubectl(*line.split(" "))
    assert told.code == code, (line, told)
    return told.err if code else told.out


SHOWN = [
    ("get pods", r"a +1/1 +Running +1 \(\ds ago\) +\ds\nb +0/1 +ContainerCreating +0 +\ds\n"),
    ("get pods -o wide", r"IP +NODE +NOMINATED NODE +READINESS GATES\na .* 127.0.0.1 +n1 +<none> +<none>\n"),
    ("get pods --show-labels", r"app=x\n.*app=y\n"),
    ("get pods -L app", r"APP\na .* x\nb .* y\n"),
    ("get pods --sort-by=.metadata.labels.app", r"a .*\nb "),
    ("get pods -l app=y -o custom-columns=N:.metadata.name,R:.status.qosClass", r"^N +R\nb +BestEffort\n$"),
    ("get pod a -o jsonpath={.status.containerStatuses[0].lastState.terminated.exitCode}", r"^3$"),
    ("get pod b -o jsonpath={.status.containerStatuses[0].ready}", r"^false$"),
    ("get nodes", r"n1 +Ready +<none> +\ds +v0.2.0\n"),
    ("get nodes -o wide", r"127.0.0.1 +<none> +Debian GNU/Linux 12 +6.1.0 +process://0.2.0\n"),
    ("get events", r"LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n"),
    ("get events -o wide", r"pod/a +spec.containers\{c\} +kubelet, n1 +Back-off +\ds +1 +a\.\w{16}\n"),
    ("get events --sort-by=.lastTimestamp", r"Started it\n.*Back-off\n"),
    ("get events --field-selector involvedObject.name=a,reason=BackOff -o name", r"^event/a\.\w{16}\n$"),
    ("events --for pod/a", r"Normal +Started +Pod/a +Started it\n.*Warning +BackOff +Pod/a +Back-off\n"),
    ("events --types=Warning", r"LAST SEEN.*\n\S+ +Warning +BackOff.*\n$"),
    ("get leases -n kube-node-lease", r"n1 +n1 +\ds\n"),
    ("describe pod a", r"Container ID: +process://7\n"),
    ("describe pod a", r"State: +Running\n +Started: .*\n +Last State: +Terminated\n +Reason: +Error\n"),
    ("describe pod a", r"Message: +ValueError: boom\n +Exit Code: +3\n"),
    ("describe pod a", r"storage-initializer:\n.*\n(.*\n)*? +State: +Terminated\n +Reason: +Completed\n"),
    (
        "describe pod a",
        r"Conditions:\n.*\n +PodReadyToStartContainers +True *\n +Initialized +True *\n",
    ),
    ("describe pod a", r"QoS Class: +Burstable\n"),
    ("describe pod a", r"Events:\n.*\n.*\n +Normal +Started +\d+s +kubelet +Started it\n +Warning +BackOff"),
    ("describe pod b", r"State: +Waiting\n +Reason: +ContainerCreating\n"),
    (
        "describe node n1",
        r"MemoryPressure +False .* KubeletHasSufficientMemory +kubelet has ",
    ),
    ("describe node n1", r"Container Runtime Version: +process://0.2.0\n"),
    ("describe node n1", r"HolderIdentity: +n1\n"),
    ("describe node n1", r"Non-terminated Pods: +\(2 in total\)\n"),
    ("describe node n1", r" +d +a +1 \(25%\) +0 \(0%\) +1Gi \(12%\)"),
    ("describe node n1", r"Allocated resources:\n(.*\n)* +cpu +1 \(25%\) "),
    ("wait --for=condition=Ready pod/a --timeout=5s", r"pod/a condition met\n"),
    ("wait --for=jsonpath={.status.phase}=Running pod/a --timeout=5s", r"pod/a condition met\n"),
    ("wait --for=condition=Ready node/n1 --timeout=5s", r"node/n1 condition met\n"),
]


async def test_what_is_shown(running):
    told = await asyncio.gather(*(kubectl(running, line) for line, _ in SHOWN))
    for (line, pattern), text in zip(SHOWN, told, strict=True):
        assert re.search(pattern, text), (line, pattern, text)


async def test_a_watch_prints_rows_as_they_change(running):
    watching = await running.start_kubectl("get", "pods", "b", "-w")
    lines = []
    try:
        for _ in range(2):
            lines.append(await next_line(watching))
        await wait_for_watch(running)  # kubectl takes the first event for what it has printed already
        await report(running, "b", State(phase=Phase.RUNNING, pid=9, started_at_ms=now_ms()))
        lines.append(await next_line(watching))
    finally:
        watching.kill()
        await watching.wait()
    assert [line.split()[:3] for line in lines] == [
        ["NAME", "READY", "STATUS"],
        ["b", "0/1", "ContainerCreating"],
        ["b", "1/1", "Running"],
    ]


def write(api, container: str, restart: int, text: str) -> None:
    log = log_file(api.logs, container, restart)
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(text)
    note(log, 0)


LOGS = [
    ("logs a", "running\n"),
    ("logs a -c c --tail=1 --prefix", "[pod/a/c] running\n"),
    ("logs a -p", "ValueError: boom\n"),
    ("logs a -c storage-initializer", "Copying\n"),
    ("logs a --since=1h", "running\n"),
    ("logs a --since-time=2020-01-01T00:00:00Z --limit-bytes=4", "runn"),
    ("logs a --all-containers --prefix", "[pod/a/storage-initializer] Copying\n[pod/a/c] running\n"),
    ("logs -l app=x --tail=5 --all-containers --max-log-requests=2", "Copying\nrunning\n"),
]


async def test_logs(running):
    write(running, "c", 0, "ValueError: boom\n")
    write(running, "c", 1, "running\n")
    write(running, "storage-initializer", 0, "Copying\n")
    for line, wanted in LOGS:  # of several containers in no certain order
        said = await kubectl(running, line)
        assert sorted(said.splitlines()) == sorted(wanted.splitlines()), line
    stamped = await kubectl(running, "logs a --timestamps")
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z running\n", stamped)
    assert 'container "c" in pod "b" is waiting to start: ContainerCreating' in await kubectl(
        running, "logs b", code=1
    )


async def test_logs_followed_of_several_pods_end_with_their_containers(running):
    await report(running, "b", State(phase=Phase.RUNNING, pid=9, started_at_ms=now_ms()))
    write(running, "c", 0, "one\n")
    write(running, "c", 1, "two\n")
    following = await running.start_kubectl(
        *["logs", "-f", "--tail=5", "--timestamps", "--prefix", "--since=1h", "-l", "app", "--ignore-errors"]
    )
    first = {(await next_line(following)).split()[0] for _ in range(2)}
    assert first == {"[pod/a/c]", "[pod/b/c]"}
    over = Ended(0, "Completed", "", now_ms(), now_ms(), pid=9)
    await report(running, "b", State(phase=Phase.FINISHED, fetched=True, ended=over))
    crash = Trouble("CrashLoopBackOff", "x")
    await report(running, "a", State(phase=Phase.CRASH_BACKOFF, trouble=crash, ended=over, restarts=1))
    assert await asyncio.wait_for(following.wait(), KUBECTL_SECONDS) == 0


SELECTOR = {"apiVersion": "v1", "kind": "ConfigMap"}
DESCRIBED = {
    "cluster.karmada.io/v1alpha1 Cluster": ({"spec": {"region": "eu"}}, r"Region: +eu\n"),
    "policy.karmada.io/v1alpha1 PropagationPolicy": (
        {"spec": {"resourceSelectors": [SELECTOR], "placement": {}}},
        r"Resource Selectors:\n +API Version: +v1\n",
    ),
    "policy.karmada.io/v1alpha1 ClusterOverridePolicy": (
        {"spec": {"resourceSelectors": [SELECTOR], "overrideRules": [{"overriders": {}}]}},
        r"Override Rules:\n",
    ),
    "work.karmada.io/v1alpha2 ResourceBinding": (
        {"spec": {"resource": {**SELECTOR, "namespace": "d", "name": "a"}}},
        r"Resource:\n +API Version: +v1\n",
    ),
    "work.karmada.io/v1alpha1 Work": ({"spec": {"workload": {"manifests": []}}}, r"Kind: +Work\n"),
    "serving.kserve.io/v1alpha1 ServingRuntime": (
        {"spec": {"containers": [{"name": "kserve-container", "image": "i"}]}},
        r"Containers:\n +Image: +i\n",
    ),
    "networking.istio.io/v1 DestinationRule": ({"spec": {"host": "h"}}, r"Host: +h\n"),
    "coordination.k8s.io/v1 Lease": ({"spec": {"holderIdentity": "me"}}, r"Holder Identity: +me\n"),
    "discovery.k8s.io/v1 EndpointSlice": (
        {"addressType": "IPv4", "endpoints": [{"addresses": ["127.0.0.1"]}]},
        r"Addresses: +127.0.0.1\n",
    ),
    "v1 Service": ({"spec": {"ports": [{"port": 80}]}}, r"TargetPort: +80/TCP\n"),
    "v1 ServiceAccount": ({}, r"Image pull secrets: +<none>\n"),
    "v1 Namespace": ({}, r"Status: +Active\n"),
}


async def test_every_sort_of_kind_can_be_described(api):
    lines = []
    for place, (words, (body, _)) in enumerate(DESCRIBED.items()):
        api_version, kind = words.split()
        manifest = {"apiVersion": api_version, "kind": kind, "metadata": {"name": f"a{place}"}, **body}
        told = await api.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
        assert told.code == 0, (words, told)
        created = told.out.split()[0]
        event = make_event(Record(await found(api, created), "Normal", "Noted", "seen"), "test", now_ms())
        space = event["metadata"]["namespace"]
        await post(api, f"/api/v1/namespaces/{space}/events", event)
        lines.append(f"describe {created}")
    told = await asyncio.gather(*(kubectl(api, line) for line in lines))
    for (words, (_, pattern)), text in zip(DESCRIBED.items(), told, strict=True):
        assert re.search(pattern, text), (words, text)
        if words != "v1 Namespace":  # kubectl looks for no events of it
            assert re.search(r" Normal +Noted +\d+s +test +seen\n", text), (words, text)


async def found(api, name: str):
    return json.loads(await kubectl(api, f"get {name} -o json"))
