"""`status`, `get`, `describe`, `wait`, `logs` and `predict` against real API servers."""

import json
import shutil
import threading
import time
from pathlib import Path

import yaml

from tests.cli.conftest import LiveFleet
from tests.observe.objects import condition, container, failing_pod, loading_pod, ready_pod
from tradewind.base.layout import FleetLayout
from tradewind.base.pod_logs import log_file
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import EVENT, POD, SECRET
from tradewind.resources.meta import Manifest
from tradewind.resources.serving_kinds import INFERENCE_SERVICE

READY = condition("Ready", "True")


def put_service(fleet: LiveFleet, name: str = "fraud", *conditions: Manifest, **status: object) -> None:
    model = {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/fraud"}
    fleet.put(
        INFERENCE_SERVICE,
        {"metadata": {"name": name, "namespace": "ml"}, "spec": {"predictor": {"model": model}}},
        status={"conditions": list(conditions), **status},
    )


def put_pod(fleet: LiveFleet, cluster: str, pod: Manifest) -> None:
    spec = {
        "containers": [{"name": "kserve-container", "image": "kserve/sklearnserver:v0.15.0"}],
        **pod["spec"],
    }
    fleet.put(POD, {"metadata": pod["metadata"], "spec": spec}, cluster, status=pod["status"])


def put_world(fleet: LiveFleet) -> None:
    """Two clusters that work, and a service that is ready in one and fails in the other."""
    for name in ("east", "west"):
        fleet.put(
            CLUSTER,
            {"metadata": {"name": name}, "spec": {"syncMode": "Pull"}},
            status={"conditions": [READY]},
        )
    shares = {"east": {"replicas": 1, "readyReplicas": 1}, "west": {"replicas": 1, "why": "corrupt model"}}
    put_service(
        fleet, "fraud", condition("Ready", "False", "PredictorNotReady", "corrupt model"), clusters=shares
    )
    put_pod(fleet, "east", ready_pod("fraud-1"))
    put_pod(fleet, "west", failing_pod("fraud-2"))


def test_status_as_json(fleet, run):
    put_world(fleet)
    answer = run("status", "-o", "json", "--home", fleet.home)
    found = json.loads(answer.out)
    assert [cluster["ready"] for cluster in found["clusters"]] == [True, True]
    assert found["services"][0] == {
        "namespace": "ml",
        "name": "fraud",
        "ready": False,
        "why": "west: corrupt model",
        "url": "",
        "replicas": 2,
        "readyReplicas": 1,
        "clusters": {
            "east": {"replicas": 1, "readyReplicas": 1, "why": ""},
            "west": {"replicas": 1, "readyReplicas": 0, "why": "corrupt model"},
        },
    }


def test_status_as_text_tells_why_and_what_next(fleet, run):
    put_world(fleet)
    lines = run("status", "--home", fleet.home).out.splitlines()
    assert lines[0].startswith("fleet demo: 2 clusters, 2 ready; front door http://127.0.0.1:")
    next_command = f"tradewind logs fraud-2 -n ml --cluster west --home {fleet.home}"
    assert any(line.endswith(f"1 failing; next: {next_command}") for line in lines)
    assert any(line.split()[:3] == ["ml/fraud-2", "west", "failing"] for line in lines)
    assert not any("fraud-1" in line for line in lines)
    assert "fraud-1" in run("status", "-o", "wide", "--home", fleet.home).out


def test_status_of_a_dead_member(fleet, run):
    put_world(fleet)
    fleet.die("east")
    east, west = json.loads(run("status", "-o", "json", "--home", fleet.home).out)["clusters"]
    assert (west["ready"], east["ready"]) == (True, False)
    assert east["reason"] == "process is not running; revive it with: tradewind drill revive east"
    text = run("status", "--home", fleet.home).out
    told = text.count(f"revive it with: tradewind drill revive east --home {fleet.home}")
    assert told == 2  # in the cluster's row and in its service's


def test_status_without_the_hub(fleet, run):
    put_world(fleet)
    fleet.die("hub")
    answer = run("status", "--home", fleet.home)
    assert answer.code == 0
    assert (
        f"the hub is down; serving goes on; start it again with: tradewind up --home {fleet.home}"
        in answer.out
    )
    assert "east 1/1, west 0/1" in answer.out


def test_status_bounds_a_member_that_does_not_answer(fleet, run, monkeypatch):
    """A server that accepts and then says nothing may cost its bound, and no more."""
    put_world(fleet)
    port = fleet.servers.running["west"].port
    fleet.servers.stop("west")
    with silent_server(port):
        begun = time.monotonic()
        answer = run("status", "-o", "json", "--home", fleet.home)
        assert time.monotonic() - begun < 1.0
    assert answer.code == 0


class silent_server:  # noqa: N801 - used like a function
    def __init__(self, port: int) -> None:
        import socket

        self.socket = socket.create_server(("127.0.0.1", port))

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def test_get_prints_a_table(fleet, run):
    put_world(fleet)
    header, row = run("get", "isvc", "-n", "ml", "--home", fleet.home).out.splitlines()
    assert header.split()[:2] == ["NAME", "URL"]
    assert row.split()[0] == "fraud"


def test_get_of_all_namespaces_names_them(fleet, run):
    put_world(fleet)
    header, row = run("get", "isvc", "-A", "--home", fleet.home).out.splitlines()
    assert (header.split()[0], row.split()[0]) == ("NAMESPACE", "ml")


def test_get_one_as_yaml_json_and_name(fleet, run):
    put_world(fleet)
    command = ("get", "isvc/fraud", "-n", "ml", "--home", fleet.home, "-o")
    as_yaml = yaml.safe_load(run(*command, "yaml").out)
    assert as_yaml == json.loads(run(*command, "json").out)
    assert (as_yaml["kind"], as_yaml["metadata"]["name"]) == ("InferenceService", "fraud")
    assert run(*command, "name").out == "inferenceservice.serving.kserve.io/fraud\n"


def test_get_many_as_a_list(fleet, run):
    put_world(fleet)
    found = json.loads(run("get", "isvc", "-n", "ml", "-o", "json", "--home", fleet.home).out)
    assert (found["kind"], [item["kind"] for item in found["items"]]) == ("List", ["InferenceService"])
    assert json.loads(run("get", "isvc", "-o", "json", "--home", fleet.home).out)["items"] == []


def test_get_of_what_only_members_have_looks_in_all(fleet, run):
    put_world(fleet)
    header, *rows = run("get", "pods", "-n", "ml", "--home", fleet.home).out.splitlines()
    assert header.split()[:2] == ["CLUSTER", "NAME"]
    assert [row.split()[:2] for row in rows] == [["east", "fraud-1"], ["west", "fraud-2"]]
    header, *rows = run("get", "pods", "-n", "ml", "--cluster", "west", "--home", fleet.home).out.splitlines()
    assert [row.split()[0] for row in rows] == ["fraud-2"]


def test_get_of_pods_goes_on_without_a_dead_member(fleet, run):
    put_world(fleet)
    fleet.die("east")
    answer = run("get", "pods", "-n", "ml", "--home", fleet.home)
    assert "fraud-2" in answer.out
    assert "cluster east does not answer" in answer.err
    assert "tradewind drill revive east" in answer.err


def test_get_selects_by_label(fleet, run):
    put_world(fleet)
    command = ("get", "pods", "-n", "ml", "--home", fleet.home, "-o", "name", "-l")
    assert len(run(*command, "serving.kserve.io/inferenceservice=fraud").out.splitlines()) == 2
    assert run(*command, "serving.kserve.io/inferenceservice=other").out == ""


def test_describe_shows_fields_conditions_and_events(fleet, run):
    put_world(fleet)
    uid = fleet.get(INFERENCE_SERVICE, "ml", "fraud")["metadata"]["uid"]
    for name, about in (("e1", uid), ("e2", "of-another-one")):
        involved = {"kind": "InferenceService", "name": "fraud", "namespace": "ml", "uid": about}
        event = {
            "involvedObject": involved,
            "reason": "Scheduled",
            "message": f"told by {name}",
            "type": "Normal",
        }
        fleet.put(EVENT, {"metadata": {"name": name, "namespace": "ml"}, **event})
    out = run("describe", "isvc", "fraud", "-n", "ml", "--home", fleet.home).out
    assert "Kind:         InferenceService (serving.kserve.io/v1beta1)" in out
    assert "storageUri: s3://models/fraud" in out
    assert any(line.split()[:3] == ["Ready", "False", "PredictorNotReady"] for line in out.splitlines())
    assert "told by e1" in out
    assert "told by e2" not in out


def test_describe_never_shows_a_secret(fleet, run):
    fleet.put(SECRET, {"metadata": {"name": "s3", "namespace": "ml"}, "data": {"key": "aHVudGVyMg=="}})
    out = run("describe", "secret", "s3", "-n", "ml", "--home", fleet.home).out
    assert "key: 7 bytes" in out
    assert "aHVudGVyMg" not in out


def test_describe_finds_the_member_that_has_a_pod(fleet, run):
    put_world(fleet)
    answer = run("describe", "pod", "fraud-2", "-n", "ml", "--home", fleet.home)
    assert answer.err == "in cluster west:\n"
    assert "CrashLoopBackOff" in answer.out


def test_wait_is_over_when_the_condition_is_met(fleet, run):
    put_service(fleet, "fraud", READY)
    answer = run("wait", "isvc/fraud", "-n", "ml", "--home", fleet.home)
    assert answer.out == "inferenceservice.serving.kserve.io/fraud condition met\n"


def test_wait_tells_the_steps_of_replicas(fleet, run):
    put_world(fleet)
    put_pod(fleet, "west", loading_pod("fraud-3"))

    def become_ready() -> None:
        time.sleep(0.5)
        fleet.put_status(INFERENCE_SERVICE, "ml", "fraud", {"conditions": [READY]})

    helper = threading.Thread(target=become_ready)
    helper.start()
    answer = run("wait", "isvc/fraud", "-n", "ml", "--timeout", "10s", "--home", fleet.home)
    helper.join()
    assert answer.code == 0
    assert "replica west/fraud-3: loading\n" in answer.err
    assert answer.err.count("replica east/fraud-1: ready\n") == 1


def test_wait_times_out_with_the_last_reason(fleet, run):
    put_world(fleet)
    answer = run("wait", "isvc/fraud", "-n", "ml", "--timeout", "300ms", "--home", fleet.home)
    assert answer.code == 1
    assert "timed out waiting for inferenceservice.serving.kserve.io/fraud (condition=Ready)" in answer.err
    assert "Ready is False (PredictorNotReady: corrupt model)" in answer.err


def test_wait_for_a_condition_of_an_older_spec_goes_on(fleet, run):
    put_service(fleet, "fraud", READY, observedGeneration=1)
    put_service(fleet, "stale", READY, observedGeneration=-1)
    assert run("wait", "isvc/fraud", "-n", "ml", "--timeout", "0s", "--home", fleet.home).code == 0
    answer = run("wait", "isvc/stale", "-n", "ml", "--timeout", "0s", "--home", fleet.home)
    assert (answer.code, "before its last change" in answer.err) == (1, True)


def test_wait_for_deletion_of_what_is_not_there(fleet, run):
    answer = run("wait", "isvc/nothing", "--for", "delete", "--home", fleet.home)
    assert answer.out == "inferenceservice.serving.kserve.io/nothing deleted\n"


def write_log(
    layout: FleetLayout, cluster: str, pod: str, text: str, restart: int = 0, container: str = "server"
) -> Path:
    path = log_file(layout.member(cluster).pod_log_folder("ml", pod, "uid"), container, restart)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_logs_finds_the_member(fleet, run):
    write_log(fleet.running.layout, "west", "fraud-2", "one\ntwo\nthree\n")
    answer = run("logs", "fraud-2", "-n", "ml", "--tail", "2", "--home", fleet.home)
    assert (answer.out, answer.err) == ("two\nthree\n", "from cluster west:\n")


def test_logs_of_each_run_and_container(fleet, run):
    layout = fleet.running.layout
    write_log(layout, "west", "fraud-2", "first run\n", restart=9)
    write_log(layout, "west", "fraud-2", "second run\n", restart=10)
    write_log(layout, "west", "fraud-2", "downloading\n", container="storage-initializer")
    words = ("logs", "fraud-2", "-n", "ml", "--cluster", "west", "--home", fleet.home)
    assert run(*words).out == "second run\n"
    assert run(*words, "--previous").out == "first run\n"
    assert run(*words, "-c", "storage-initializer").out == "downloading\n"


def test_logs_can_be_read_when_the_fleet_is_down(fleet, run):
    write_log(fleet.running.layout, "west", "fraud-2", "one\n")
    for name in ("hub", "east", "west"):
        fleet.die(name)
    assert run("logs", "fraud-2", "-n", "ml", "--cluster", "west", "--home", fleet.home).out == "one\n"


def test_logs_of_a_control_process(fleet, run):
    layout = fleet.running.layout
    layout.hub.log.parent.mkdir(parents=True, exist_ok=True)
    layout.hub.log.write_text("the hub is up\n")
    assert run("logs", "hub", "--home", fleet.home).out == "the hub is up\n"
    answer = run("logs", "east", "--home", fleet.home)
    assert (answer.code, answer.err) == (1, 'tradewind: "east" has written nothing yet\n')


def test_logs_follows_until_the_file_is_gone(fleet, run):
    path = write_log(fleet.running.layout, "east", "fraud-1", "one\n")

    def write_more() -> None:
        with path.open("a") as file:
            file.write("two\n")
        time.sleep(0.3)
        path.unlink()

    helper = threading.Timer(0.3, write_more)
    helper.start()
    answer = run("logs", "fraud-1", "-n", "ml", "-f", "--home", fleet.home)
    helper.join()
    assert answer.out == "one\ntwo\n"


def test_logs_of_a_replica_that_has_not_started_says_how_far_it_is(fleet, run):
    fetching = loading_pod("fraud-3")
    running = container({"running": {"message": "downloading 3.1 MB of 12.0 MB"}})
    fetching["status"] = {"initContainerStatuses": [running]}
    put_pod(fleet, "east", fetching)
    answer = run("logs", "fraud-3", "-n", "ml", "--home", fleet.home)
    assert (
        answer.err
        == 'tradewind: Pod "fraud-3" has written nothing yet: it is downloading: 3.1 MB of 12.0 MB\n'
    )


def test_logs_of_a_misspelt_pod(fleet, run):
    write_log(fleet.running.layout, "west", "fraud-2", "one\n")
    answer = run("logs", "frad-2", "-n", "ml", "--home", fleet.home)
    assert answer.code == 1
    assert 'no log of a Pod "frad-2" in namespace ml of east, west; did you mean "fraud-2"?' in answer.err


def test_logs_in_several_clusters_asks_which(fleet, run):
    for cluster in ("east", "west"):
        write_log(fleet.running.layout, cluster, "twin", "one\n")
    assert (
        "in several clusters: east, west; choose one with --cluster"
        in run("logs", "twin", "-n", "ml", "--home", fleet.home).err
    )


def test_a_home_that_was_removed_is_no_fleet(fleet, run):
    shutil.rmtree(fleet.home)
    assert "no fleet is running" in run("status", "--home", fleet.home).err
