"""The node with real processes: tiny servers over a fake API."""

import itertools
import os
import signal
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.node.member import Member, container_status, host_port, is_ready, pod
from tradewind.base.pod_logs import read_times
from tradewind.base.processes import is_alive, load_record, send_signal
from tradewind.node import agent as agent_module
from tradewind.node import registration as registration_module
from tradewind.node import replica as replica_module
from tradewind.resources.core_kinds import CONFIG_MAP, NODE, POD, SECRET


async def get(port: int, path: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status


def restarts(member: Member) -> int:
    return int(container_status(member.find()).get("restartCount", 0))


async def test_a_pod_is_bound_started_and_ready(member: Member) -> None:
    await member.start()
    await member.create(pod())
    found = await member.until_ready()
    assert found["spec"]["nodeName"] == "here"
    assert host_port(found) == member.ports[0]
    assert await get(host_port(found), "/") == 200
    status = found["status"]
    assert (status["phase"], status["podIP"], status["hostIP"]) == ("Running", "127.0.0.1", "127.0.0.1")
    assert list(container_status(found)["state"]) == ["running"]
    assert {one["type"] for one in status["conditions"]} == {
        "PodReadyToStartContainers",
        "PodScheduled",
        "Initialized",
        "ContainersReady",
        "Ready",
    }
    await member.until(lambda: member.events("Started"), "the Started event")
    assert member.events("Created") == ["Created container: kserve-container"]
    assert member.events("Starting") == ["Starting kubelet."]
    assert member.events("Scheduled") == ["Successfully assigned ml/replica to here"]
    assert member.log("replica").read_text() == "listening\n"


async def test_a_replica_is_not_ready_before_it_says_so(member: Member) -> None:
    await member.start()
    created_at = time.monotonic()
    await member.create(pod(env={"DELAY": "1.5"}))
    await member.until(lambda: "running" in container_status(member.find()).get("state", {}), "it runs")
    assert not is_ready(member.find())
    await member.until_ready()
    assert time.monotonic() - created_at >= 1.5
    assert restarts(member) == 0


async def test_readiness_comes_and_goes(member: Member) -> None:
    await member.start()
    await member.create(pod())
    port = host_port(await member.until_ready())
    await get(port, "/set/unready")
    await member.until(lambda: not is_ready(member.find()), "it is unready")
    [told] = [one["message"] for one in member.find()["status"]["conditions"] if one["type"] == "Ready"]
    assert "containers with unready status: [kserve-container]" in told
    assert "HTTP probe failed with statuscode: 503" in told
    await member.until(lambda: member.events("Unhealthy"), "the Unhealthy event")
    await get(port, "/set/ready")
    await member.until_ready()


async def test_a_crash_loop_backs_off_and_tells_the_last_line(member: Member) -> None:
    await member.start()
    await member.create(pod(code="print('first'); raise ValueError('the model is from scikit-learn 0.1')"))

    def backing_off() -> bool:
        status = container_status(member.find())
        return (
            status.get("restartCount", 0) >= 2
            and status["state"].get("waiting", {}).get("reason") == "CrashLoopBackOff"
        )

    await member.until(backing_off, "CrashLoopBackOff")
    status = container_status(member.find())
    ended = status["lastState"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (1, "Error")
    assert ended["message"] == "ValueError: the model is from scikit-learn 0.1"
    assert ended["message"] in status["state"]["waiting"]["message"]
    assert (
        "back-off 2s restarting failed container=kserve-container pod=replica_ml("
        in status["state"]["waiting"]["message"]
    )
    assert await member.until(lambda: member.events("BackOff"), "the BackOff event")
    assert not is_ready(member.find())


async def test_a_killed_replica_is_restarted_at_once(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    [record] = member.records().values()
    send_signal(record, signal.SIGKILL)
    await member.until(lambda: restarts(member) == 1, "a restart")
    found = await member.until_ready()
    ended = container_status(found)["lastState"]["terminated"]
    assert (ended["exitCode"], ended["signal"], ended["reason"]) == (137, 9, "Error")


async def test_replicas_outlive_the_member_and_are_adopted_as_they_are(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    before = member.records()
    await member.stop()
    assert [is_alive(record) for record in before.values()] == [True]
    version = member.find()["metadata"]["resourceVersion"]

    await member.start()
    port = host_port(member.find())
    await get(port, "/set/unready")
    await member.until(lambda: not is_ready(member.find()), "readiness is probed again")
    history = [
        e.manifest
        for _, e in member.client.history
        if int(e.manifest["metadata"]["resourceVersion"]) > int(version)
    ]
    pods = [one for one in history if one["kind"] == "Pod"]
    assert is_ready(pods[0]) or len(pods) == 1, "adoption by itself does not make it unready"
    assert member.records() == before
    assert restarts(member) == 0


async def test_a_replica_that_died_with_the_member_counts_as_an_exit(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    await member.stop()
    [record] = member.records().values()
    send_signal(record, signal.SIGKILL)
    await member.until(lambda: not is_alive(record), "it is dead")
    await member.start()
    await member.until(lambda: restarts(member) == 1, "a restart")
    found = await member.until_ready()
    ended = container_status(found)["lastState"]["terminated"]
    assert (ended["reason"], ended["message"]) == ("ContainerStatusUnknown", "listening")


async def test_an_adopted_replica_that_exits_is_restarted(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    await member.stop()
    await member.start()
    [record] = member.records().values()
    send_signal(record, signal.SIGKILL)
    await member.until(lambda: restarts(member) == 1, "a restart")
    await member.until_ready()


async def test_a_process_whose_record_was_never_written_is_found(member: Member) -> None:
    await member.start()
    created = await member.create(pod())
    await member.until_ready()
    await member.stop()
    record_file = member.layout.pods / f"{created['metadata']['uid']}.json"
    record = load_record(record_file)
    record_file.unlink()
    await member.start()
    await member.until(lambda: load_record(record_file) == record, "the record is written again")
    await member.until(lambda: is_ready(member.find()), "it is adopted")
    assert restarts(member) == 0


async def test_a_process_without_a_pod_is_stopped(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    await member.stop()
    [record] = member.records().values()
    await member.client.delete(POD, "ml", "replica", grace_seconds=0)
    await member.start()
    await member.until(lambda: not is_alive(record) and not member.records(), "the stray is stopped")


async def test_deletion_drains_then_terminates_then_removes(member: Member) -> None:
    member.drain_ms = 500
    await member.start()
    await member.create(pod())
    port = host_port(await member.until_ready())
    deleted_at = time.monotonic()
    await member.client.delete(POD, "ml", "replica")
    assert await get(port, "/") == 200, "while it drains it answers"
    assert member.find()["metadata"]["deletionTimestamp"]
    await member.until(lambda: member.find() is None, "the Pod is gone")
    assert 0.5 <= time.monotonic() - deleted_at < 5
    assert member.records() == {}
    assert member.events("Killing") == ["Stopping container kserve-container"]


async def test_a_pod_that_is_being_deleted_when_first_seen_is_not_started(member: Member) -> None:
    await member.create(pod(nodeName="here"))
    await member.client.delete(POD, "ml", "replica")
    await member.start()
    await member.until(lambda: member.find() is None, "the Pod is gone")
    assert not member.log("replica").exists()


async def test_replicas_start_in_turn_and_one_that_waits_can_be_deleted(member: Member) -> None:
    member.parallel_starts = 1
    await member.start()
    await member.create(pod("first", env={"DELAY": "1"}))
    await member.until(
        lambda: "running" in container_status(member.find("first")).get("state", {}), "it runs"
    )
    await member.create(pod("second"))
    await member.create(pod("third"))
    await member.until(lambda: container_status(member.find("third")).get("state"), "third waits")
    assert container_status(member.find("third"))["state"] == {"waiting": {"reason": "ContainerCreating"}}
    await member.client.delete(POD, "ml", "third")
    await member.until(lambda: member.find("third") is None, "third is gone")
    assert not is_ready(member.find("first")), "it was gone before its turn came"
    began_at = time.monotonic()
    await member.until_ready("second")
    assert time.monotonic() - began_at < 8, "a ready replica gives its turn to the next"
    assert is_ready(member.find("first"))
    assert not member.log("third").exists()


async def test_a_replica_that_ignores_sigterm_is_killed_after_its_grace(member: Member) -> None:
    await member.start()
    await member.create(pod(env={"IGNORE_TERM": "1"}))
    await member.until_ready()
    [record] = member.records().values()
    deleted_at = time.monotonic()
    await member.client.delete(POD, "ml", "replica", grace_seconds=2)
    await member.until(lambda: member.find() is None, "the Pod is gone")
    assert 2 <= time.monotonic() - deleted_at < 6
    assert not is_alive(record)


async def test_a_pod_deleted_by_force_is_stopped_all_the_same(member: Member) -> None:
    await member.start()
    await member.create(pod(env={"IGNORE_TERM": "1"}))
    await member.until_ready()
    [record] = member.records().values()
    await member.client.delete(POD, "ml", "replica", grace_seconds=0)
    await member.until(lambda: not is_alive(record) and not member.records(), "the process is stopped")


async def test_children_of_a_replica_do_not_outlive_it(member: Member) -> None:
    await member.start()
    parent = "import subprocess; child = subprocess.Popen(['sleep', '600']); print(child.pid); child.wait()"
    await member.create(pod(code=parent, container={"readinessProbe": None, "ports": []}))
    await member.until_ready()
    log = member.log("replica")
    child = int(await member.until(lambda: log.exists() and log.read_text().strip(), "the child's number"))
    await member.client.delete(POD, "ml", "replica")
    await member.until(lambda: member.find() is None, "the Pod is gone")
    assert not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text()


async def test_a_failing_liveness_probe_restarts(member: Member) -> None:
    await member.start()
    probe = {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1, "failureThreshold": 2}
    await member.create(pod(container={"livenessProbe": probe}))
    port = host_port(await member.until_ready())
    await get(port, "/set/unready")
    await member.until(lambda: restarts(member) == 1, "a restart")
    await member.until_ready()
    assert member.events("Killing") == ["Container kserve-container failed liveness probe, will be restarted"]


async def test_exec_and_tcp_probes(member: Member) -> None:
    await member.start()
    container = {
        "startupProbe": {"exec": {"command": ["sh", "-c", "test $MARK = yes"]}, "periodSeconds": 1},
        "readinessProbe": {"tcpSocket": {"port": "http1"}},
    }
    await member.create(pod(env={"MARK": "yes"}, container=container))
    await member.until_ready()
    await member.create(pod("never", env={"MARK": "no"}, container=container))
    await member.until(lambda: member.events("Started"), "it started")
    assert not is_ready(member.find("never"))


async def test_secrets_reach_the_environment_and_nothing_else(member: Member) -> None:
    await member.start()
    code = "import os, time; print(os.environ['TOKEN'][::-1], sorted(os.environ)); time.sleep(60)"
    env = [{"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}]
    os.environ["MEMBER_SECRET"] = "of the member"
    try:
        await member.create(pod(code=code, container={"env": env, "readinessProbe": None, "ports": []}))
        missing = 'secret "api" not found'

        def waiting() -> dict[str, str]:
            return container_status(member.find()).get("state", {}).get("waiting", {})

        await member.until(lambda: waiting().get("message") == missing, "the missing Secret is named")
        assert waiting()["reason"] == "CreateContainerConfigError"
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": "ml", "name": "api"}}
        await member.client.create(SECRET, secret | {"data": {"token": "aHVzaC1odXNo"}})
        await member.until_ready()
    finally:
        del os.environ["MEMBER_SECRET"]
    log = member.log("replica")
    line = await member.until(lambda: log.read_text(), "its output")
    assert line.startswith("hsuh-hsuh ")
    assert "MEMBER_SECRET" not in line
    [record] = member.records().values()
    assert b"hush-hush" not in Path(f"/proc/{record.pid}/cmdline").read_bytes()


async def test_pods_that_cannot_start_say_why(member: Member) -> None:
    await member.start()
    await member.create(pod("unknown", container={"command": [], "image": "acme/server:1"}))
    await member.create(pod("absent", container={"command": ["/no/such/program"]}))
    await member.create(pod("large", container={"resources": {"requests": {"nvidia.com/gpu": "2"}}}))

    def why(name: str) -> str:
        return container_status(member.find(name)).get("state", {}).get("waiting", {}).get("message", "")

    assert "acme/server:1" in await member.until(lambda: why("unknown"), "unknown image")
    assert "/no/such/program" in await member.until(lambda: why("absent"), "absent program")
    large = await member.until(lambda: member.find("large").get("status"), "unschedulable")
    [condition] = large["conditions"]
    assert condition["reason"] == "Unschedulable"
    assert (
        condition["message"]
        == "0/1 nodes are available: 1 Insufficient nvidia.com/gpu (requested 2, free 0)."
    )
    assert member.events("FailedScheduling") == [condition["message"]]


async def test_a_freed_place_is_taken_by_a_waiting_pod(member: Member) -> None:
    await member.start({"cpu": "1"})
    half = {"resources": {"requests": {"cpu": "600m"}}}
    await member.create(pod("one", container=half))
    await member.until_ready("one")
    await member.create(pod("two", container=half))
    await member.until(lambda: member.events("FailedScheduling"), "two waits")
    await member.client.delete(POD, "ml", "one")
    await member.until_ready("two")


async def test_status_is_written_when_the_api_is_back(member: Member) -> None:
    await member.start()
    await member.create(pod(env={"DELAY": "0.5"}))
    await member.until(lambda: "running" in container_status(member.find()).get("state", {}), "it runs")
    member.client.fail_writes = 5
    await member.until_ready()
    assert member.client.fail_writes == 0


async def test_config_maps_and_many_pods_at_once(member: Member) -> None:
    await member.start()
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": "ml", "name": "settings"}}
    await member.client.create(CONFIG_MAP, manifest | {"data": {"DELAY": "0.1"}})
    names = [f"replica-{place}" for place in range(8)]
    for name in names:
        await member.create(pod(name, container={"envFrom": [{"configMapRef": {"name": "settings"}}]}))
    for name in names:
        await member.until_ready(name)
    ports = [host_port(member.find(name)) for name in names]
    assert len(set(ports)) == len(names)
    assert set(ports) <= set(member.ports)


async def test_logs_are_bounded_and_go_with_their_pod(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_module, "LOG_CARE_SECONDS", 0.05)
    await member.start()
    code = "import time; print(('x' * 99 + chr(10)) * 110_000); print('last', flush=True); time.sleep(600)"
    await member.create(pod(code=code, container={"readinessProbe": None, "ports": []}))
    log = await member.until(lambda: member.log().exists() and member.log(), "it writes")
    kept = log.with_name(log.name + ".1")
    await member.until(lambda: kept.exists() and kept.stat().st_size >= 10_000_000, "the log is rotated")
    await member.until(lambda: log.stat().st_size < 10_000_000, "the log is short again")
    await member.client.delete(POD, "ml", "replica")
    await member.until(lambda: not log.parent.parent.exists(), "its logs are deleted")


async def test_every_run_has_its_log_and_its_times(member: Member) -> None:
    await member.start()
    await member.create(pod(code="import sys; print('run', flush=True); sys.exit(3)"))
    await member.until(lambda: restarts(member) >= 2, "it was restarted twice")
    now = restarts(member)
    kept = await member.until(lambda: [one for one in (now - 1, now) if member.log(restart=one).exists()], "")
    assert kept[0] > 0, "the first run's is deleted"
    log = member.log(restart=kept[0])
    assert log.read_text() == "run\n"
    await member.until(lambda: read_times(log).end == 4, "its time is noted")


async def test_a_restart_whose_status_was_not_written_is_found_by_its_log(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    await member.stop()
    member.log().rename(member.log(restart=2))
    await member.start()
    await member.until(lambda: restarts(member) == 2, "the number of its log")


async def test_a_replica_whose_care_fails_is_taken_up_again(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_module, "LOOK_AGAIN_SECONDS", 0.05)
    step, calls = replica_module.step, itertools.count()

    def failing_once(*arguments: Any) -> Any:
        if next(calls) == 2:
            raise RuntimeError("a bug")
        return step(*arguments)

    monkeypatch.setattr(replica_module, "step", failing_once)
    await member.start()
    await member.create(pod())
    await member.until_ready()
    assert restarts(member) == 0
    assert len(member.records()) == 1


async def test_a_pod_kept_by_a_finalizer_is_stopped_once(member: Member) -> None:
    await member.start()
    await member.create(pod())
    await member.until_ready()
    await member.client.patch(POD, "ml", "replica", {"metadata": {"finalizers": ["example.com/keep"]}})
    await member.client.delete(POD, "ml", "replica")
    await member.until(lambda: not member.records(), "the process is stopped")
    before = len(member.client.history)
    await member.create(pod("other"))
    await member.until_ready("other")
    changes = [event.manifest["metadata"]["name"] for _, event in member.client.history[before:]]
    assert changes.count("replica") <= 2, "the node does not ask for its deletion again and again"


async def test_a_node_renews_its_lease_and_comes_back_when_it_is_deleted(
    member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registration_module, "RENEW_SECONDS", 0.02)
    await member.start()

    def renewed_at() -> str:
        lease = member.client.objects.get(("leases.coordination.k8s.io", "kube-node-lease", "here"), {})
        return str(lease.get("spec", {}).get("renewTime", ""))

    first = await member.until(renewed_at, "a lease")
    await member.until(lambda: renewed_at() > first, "its renewal")
    await member.client.patch(NODE, "", "here", {"metadata": {"labels": {"mine": "yes"}}})
    writes = len(member.client.history)
    await member.until(lambda: len(member.client.history) >= writes + 5, "more renewals")
    written = {resource for resource, _ in member.client.history[writes:]}
    assert written == {"leases.coordination.k8s.io"}, "a status that says nothing new is not written"
    await member.client.delete(NODE, "", "here")
    await member.until(
        lambda: "status" in member.client.objects.get(("nodes", "", "here"), {}), "the node is back"
    )
