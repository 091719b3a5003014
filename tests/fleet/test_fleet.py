"""The main job, end to end: apply at the hub, be served in every region, survive the death of parts."""

import json

import pytest
import requests

from tests.fleet.harness import BODY, ROWS, Site, iris_model, model_bytes, under_load, wait_for
from tradewind.base.processes import load_record
from tradewind.rehearse.drill import kill

pytestmark = pytest.mark.fleet


def test_replicas_are_divided_by_weight(site: Site, iris: str):
    counts = {name: share["readyReplicas"] for name, share in site.service(iris)["clusters"].items()}
    assert counts == dict(zip(site.names, (3, 2, 1), strict=True))


def test_every_gateway_and_the_front_door_answer_as_the_model_does(site: Site, iris: str):
    expected = {"predictions": iris_model().predict(ROWS).tolist()}
    for base in (*map(site.gateway, site.names), site.front_door):
        assert site.predict(iris, base).json() == expected


def test_a_gateway_answers_by_host_name_too(site: Site, iris: str):
    for name in site.names:
        answer = requests.post(
            f"{site.gateway(name)}/v1/models/{iris}:predict",
            data=BODY,
            headers={"Host": f"{iris}-ml.{name}.localhost"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text


def test_predict_over_the_open_inference_protocol(site: Site, iris: str):
    body = {"inputs": [{"name": "x", "shape": [len(ROWS), 4], "datatype": "FP64", "data": ROWS}]}
    answer = requests.post(
        f"{site.front_door}/serving/ml/{iris}/v2/models/{iris}/infer", json=body, timeout=10
    )
    assert answer.json()["outputs"][0]["data"] == iris_model().predict(ROWS).tolist()


def test_predict_command(site: Site, iris: str):
    for extra in ([], ["--cluster", site.names[1]]):
        result = site.tradewind("predict", iris, "-n", "ml", "--data", BODY.decode(), *extra)
        assert result.returncode == 0, result.stderr
        assert json.loads(result.stdout) == {"predictions": iris_model().predict(ROWS).tolist()}


@pytest.mark.parametrize(
    ("path", "status"), [("/serving/ml/nothing/v1/models", 404), ("/", 404), ("/serving/ml", 404)]
)
def test_an_unknown_path_is_refused_by_name(site: Site, iris: str, path: str, status: int):
    answer = requests.get(site.gateway(site.names[0]) + path, timeout=10)
    assert answer.status_code == status
    assert path in answer.json()["error"]


def test_the_hub_shows_one_merged_status(site: Site, iris: str):
    found = json.loads(site.kubectl("hub", "get", "isvc", iris, "-n", "ml", "-o", "json"))
    conditions = {one["type"]: one["status"] for one in found["status"]["conditions"]}
    assert conditions["Ready"] == "True"
    assert set(found["status"]["clusters"]) == set(site.names)
    assert found["status"]["url"]


def test_kubectl_sees_pods_and_their_logs_in_a_member(site: Site, iris: str):
    names = site.kubectl(site.names[0], "get", "pods", "-n", "ml", "-l", f"app={iris}", "-o", "name")
    names = names or site.kubectl(site.names[0], "get", "pods", "-n", "ml", "-o", "name")
    pod = next(line for line in names.split() if f"/{iris}-predictor" in line)
    assert "ready" in site.kubectl(site.names[0], "logs", "-n", "ml", pod)
    said = site.kubectl(site.names[0], "logs", "-n", "ml", pod, "-c", "storage-initializer", "--timestamps")
    assert "Successfully copied" in said
    node = site.kubectl(site.names[0], "describe", "node")
    assert "RenewTime" in node
    assert pod.removeprefix("pod/") in node

    def measured() -> bool:
        path = "/apis/metrics.k8s.io/v1beta1/namespaces/ml/pods"
        metrics = json.loads(site.kubectl(site.names[0], "get", "--raw", path))
        return pod.removeprefix("pod/") in [one["metadata"]["name"] for one in metrics["items"]]

    wait_for(measured, lambda: "no usage of it")
    assert "Mi" in site.kubectl(site.names[0], "top", "pods", "-n", "ml")


def test_one_download_serves_all_clusters(site: Site, iris: str):
    """All members share the cache: one folder for the one model, whatever the number of replicas."""
    from sklearn.tree import DecisionTreeClassifier

    uri = site.put_model("shared", model_bytes(DecisionTreeClassifier().fit(ROWS, [0, 1, 2])))
    before = {path.name for path in site.layout.models.iterdir() if path.is_dir()}
    site.apply("shared", uri, 3)
    site.wait_until_ready("shared", 3)
    after = {path.name for path in site.layout.models.iterdir() if path.is_dir()}
    assert len(after - before) == 1
    site.tradewind("delete", "isvc", "shared", "-n", "ml")


def test_killed_replicas_and_control_are_not_felt_at_their_gateway(site: Site, iris: str):
    victim = site.names[0]
    url = f"{site.gateway(victim)}/serving/ml/{iris}/v1/models/{iris}:predict"
    report = under_load(url, lambda: kill(site.layout, victim, keep_gateway=True))
    assert report.failures == ()
    row = next(one for one in site.status()["clusters"] if one["name"] == victim)
    assert not row["ready"]
    assert "revive" in row["reason"]
    assert site.tradewind("drill", "revive", victim).returncode == 0
    site.wait_until_ready(iris, 6)


def test_a_cluster_killed_whole_is_not_felt_at_the_front_door(site: Site, iris: str):
    victim = site.fleet.spec.clusters[1]
    url = f"{site.front_door}/serving/ml/{iris}/v1/models/{iris}:predict"
    headers = {"x-tradewind-region": victim.region}
    report = under_load(url, lambda: kill(site.layout, victim.name, keep_gateway=False), headers)
    assert report.failures == ()
    assert site.tradewind("drill", "revive", victim.name).returncode == 0
    site.wait_until_ready(iris, 6)


def test_a_dead_cluster_is_marked_at_the_hub(site: Site, iris: str):
    victim = site.names[2]

    def taints() -> str:
        return site.kubectl("hub", "get", "cluster", victim, "-o", "jsonpath={.spec.taints[*].key}")

    kill(site.layout, victim, keep_gateway=False)
    wait_for(lambda: "cluster.karmada.io/unreachable" in taints(), taints)
    assert site.tradewind("drill", "revive", victim).returncode == 0
    wait_for(lambda: "unreachable" not in taints(), taints)
    site.wait_until_ready(iris, 6)


def test_a_restarted_member_adopts_its_replicas_and_its_gateway(site: Site, iris: str):
    """Only the control process dies; nothing that serves is started anew."""
    name = site.names[0]
    part = site.layout.member(name)

    def serving() -> set[int]:
        return {record.pid for path in part.pods.glob("*.json") if (record := load_record(path))} | {
            record.pid for record in [load_record(part.envoy_process)] if record
        }

    before = serving()
    control = load_record(part.process)
    assert control is not None
    url = f"{site.gateway(name)}/serving/ml/{iris}/v1/models/{iris}:predict"

    def restart() -> None:
        import os
        import signal

        os.kill(control.pid, signal.SIGKILL)
        wait_for(lambda: site.tradewind("drill", "revive", name).returncode == 0, lambda: "not revived")

    report = under_load(url, restart)
    assert report.failures == ()
    site.wait_until_ready(iris, 6)
    assert serving() == before


def test_the_fleet_serves_on_while_the_hub_is_dead_and_up_repairs_it(site: Site, iris: str):
    import os
    import signal

    record = load_record(site.layout.hub.process)
    assert record is not None
    url = f"{site.front_door}/serving/ml/{iris}/v1/models/{iris}:predict"
    report = under_load(url, lambda: os.kill(record.pid, signal.SIGKILL))
    assert report.failures == ()
    wait_for(lambda: "up" in site.tradewind("status").stdout, lambda: "status does not say how to repair")
    repaired = site.tradewind("up", "--detach")
    assert repaired.returncode == 0, repaired.stderr
    site.wait_until_ready(iris, 6)


def test_a_new_model_takes_over_without_a_failed_request(site: Site, iris: str):
    site.apply("rolling", site.put_model("rolling/v1"), 3)
    site.wait_until_ready("rolling", 3)
    url = f"{site.front_door}/serving/ml/rolling/v1/models/rolling:predict"
    uri = site.put_model("rolling/v2")

    def latest() -> bool:
        found = site.kubectl("hub", "get", "isvc", "rolling", "-n", "ml", "-o", "json")
        predictor = json.loads(found)["status"]["components"]["predictor"]
        return predictor["latestRolledoutRevision"].endswith("00002")

    def roll() -> None:
        site.apply("rolling", uri, 3)
        wait_for(latest, lambda: site.tradewind("status").stdout)

    assert under_load(url, roll).failures == ()
    site.tradewind("delete", "isvc", "rolling", "-n", "ml")


def test_deleting_at_the_hub_removes_everything_in_the_members(site: Site, iris: str):
    site.apply("brief", site.put_model("brief"), 3)
    site.wait_until_ready("brief", 3)
    assert site.tradewind("delete", "isvc", "brief", "-n", "ml").returncode == 0

    def left() -> str:
        return "".join(
            site.kubectl(name, "get", "isvc,pods,svc,revisions", "-n", "ml", "-o", "name")
            for name in site.names
        )

    wait_for(lambda: "brief" not in left(), left)
    assert site.predict("brief", site.front_door).status_code == 404
