"""`apply` and `delete` against a real API server: what is written, in which order, and what is not."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import LiveFleet
from tests.observe.objects import ready_pod
from tradewind.cli.api import hub_server, list_objects
from tradewind.resources.core_kinds import CONFIG_MAP, NAMESPACE, POD, SECRET
from tradewind.resources.kinds import Kind
from tradewind.resources.policy import PROPAGATION_POLICY
from tradewind.resources.rbac_kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING
from tradewind.resources.registry import HUB_KINDS
from tradewind.resources.serving_kinds import INFERENCE_SERVICE

SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: fraud, namespace: ml}
spec:
  predictor:
    minReplicas: 2
    model: {modelFormat: {name: sklearn}, storageUri: "s3://models/fraud"}
"""
POLICY = """
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: fraud, namespace: ml}
spec:
  resourceSelectors: [{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: fraud}]
  placement: {clusterAffinity: {clusterNames: [east, west]}}
"""
CONFIG = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {colour: blue}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For manifests; the fleet's home lies elsewhere."""
    path = tmp_path / "manifests"
    path.mkdir()
    return path


def write(folder: Path, **files: str) -> str:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return str(folder)


def stored(fleet: LiveFleet) -> list[str]:
    """Everything that a user can write and that is not there from the start, as KIND/NAME."""
    server = hub_server(fleet.running)
    from_the_start = ("Namespace", CLUSTER_ROLE.name, CLUSTER_ROLE_BINDING.name)
    kinds: list[Kind] = [kind for kind in HUB_KINDS if kind.name not in from_the_start]
    return [f"{kind.name}/{one['metadata']['name']}" for kind in kinds for one in list_objects(server, kind)]


def test_apply_creates_then_configures_then_leaves_alone(fleet, run, folder):
    whole = write(folder, a_service=SERVICE, b_policy=POLICY)
    first = run("apply", "-f", whole, "--home", fleet.home)
    assert first.out.splitlines() == [
        "propagationpolicy.policy.karmada.io/fraud created",
        "inferenceservice.serving.kserve.io/fraud created",
    ]
    write(folder, a_service=SERVICE.replace("minReplicas: 2", "minReplicas: 5"))
    second = run("apply", "-f", whole, "--home", fleet.home)
    assert second.out.splitlines() == [
        "propagationpolicy.policy.karmada.io/fraud unchanged",
        "inferenceservice.serving.kserve.io/fraud configured",
    ]
    assert fleet.get(INFERENCE_SERVICE, "ml", "fraud")["spec"]["predictor"]["minReplicas"] == 5


def test_apply_removes_what_the_manifest_no_longer_says_and_keeps_what_others_set(fleet, run, folder):
    write(folder, config=CONFIG.replace("blue}", "blue, shape: round}"))
    run("apply", "-f", str(folder), "--home", fleet.home)
    from tradewind.cli.api import request
    from tradewind.client.urls import object_path

    request(
        hub_server(fleet.running),
        "PATCH",
        object_path(CONFIG_MAP, "default", "settings"),
        {"data": {"added": "by another"}},
        "application/merge-patch+json",
    )
    write(folder, config=CONFIG)
    run("apply", "-f", str(folder), "--home", fleet.home)
    data = fleet.get(CONFIG_MAP, "default", "settings")["data"]
    assert data == {"colour": "blue", "added": "by another"}


def test_apply_orders_what_others_refer_to_first(fleet, run, folder):
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ml}\n"
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s3, namespace: ml}\nstringData: {key: hunter2}\n"
    text = "---\n".join([SERVICE, POLICY, secret, namespace])
    answer = run("apply", "-f", write_text(folder / "all.yaml", text), "--home", fleet.home)
    assert [line.partition("/")[0] for line in answer.out.splitlines()] == [
        "namespace",
        "secret",
        "propagationpolicy.policy.karmada.io",
        "inferenceservice.serving.kserve.io",
    ]
    assert fleet.get(NAMESPACE, "", "ml")
    assert fleet.get(SECRET, "ml", "s3")["data"] == {"key": "aHVudGVyMg=="}


def write_text(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_apply_reads_standard_input_and_fills_in_the_namespace(fleet, run, monkeypatch):
    import io
    import sys

    monkeypatch.setattr(sys, "stdin", io.StringIO(CONFIG))
    assert run("apply", "-f", "-", "-n", "ml", "--home", fleet.home).out == "configmap/settings created\n"
    assert fleet.get(CONFIG_MAP, "ml", "settings")["data"] == {"colour": "blue"}


def test_warnings_are_told_once(fleet, run, folder):
    text = SERVICE.replace("minReplicas: 2", "minReplicas: 2\n    schedulerName: mine")
    answer = run("apply", "-f", write_text(folder / "a.yaml", text), "--home", fleet.home)
    assert answer.code == 0
    lines = answer.err.splitlines()
    assert lines == list(dict.fromkeys(lines))


def test_a_warning_with_quotes_is_told_once_and_as_it_was_meant(fleet, run, folder):
    """The server quotes it in a header; what is shown must be the same text as the local check's."""
    policy = {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": "p", "namespace": "ml"},
        "spec": {
            "resourceSelectors": [{"apiVersion": "v1", "kind": "ConfigMap"}],
            "propagateDeps": True,
            "failover": {
                "application": {
                    "decisionConditions": {"tolerationSeconds": 60},
                    "purgeMode": "Graciously",
                    "gracePeriodSeconds": 120,
                }
            },
        },
    }
    answer = run("apply", "-f", write_text(folder / "a.json", json.dumps(policy)), "--home", fleet.home)
    assert answer.code == 0, answer.err
    told = [line for line in answer.err.splitlines() if "Graciously" in line]
    assert len(told) == 1
    assert '"Graciously"' in told[0]


MISSPELT = SERVICE.replace("minReplicas", "minReplica")
BAD_INPUT = {
    "broken YAML": (SERVICE + "  x: [1, 2\n", ["a.yaml:10:1: ", "flow sequence that begins on line 9"]),
    "a misspelt field": (
        MISSPELT,
        ['a.yaml:2: InferenceService "fraud": spec.predictor.minReplica', 'did you mean "minReplicas"?'],
    ),
    "a wrong type": (
        SERVICE.replace("minReplicas: 2", 'minReplicas: "two"'),
        ['InferenceService "fraud": spec.predictor.minReplicas', '"two"'],
    ),
    "an unknown kind": (
        SERVICE.replace("kind: InferenceService", "kind: InferenceServce"),
        [
            'the hub has no kind "InferenceServce"',
            'did you mean "serving.kserve.io/v1beta1 InferenceService"?',
        ],
    ),
    "a kind of members": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
        ['Pod "a": Pod (v1) exists in members only; what is applied goes to the hub'],
    ),
    "no name": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n",
        ["metadata.name is missing; give the object a name"],
    ),
    "the same object twice": (
        CONFIG + "---" + CONFIG,
        ['ConfigMap "settings" is also at ', "a.yaml:2; keep one of them"],
    ),
    "a fragment": (
        "spec:\n  predictor: {minReplicas: 3}\n",
        ["a.yaml:1: this is a fragment, not a manifest"],
    ),
    "two mistakes": (
        MISSPELT.replace("storageUri", "storageUrl"),
        ["spec.predictor.minReplica", "spec.predictor.model.storageUrl"],
    ),
    "nothing": ("# only a comment\n", ["no manifests in "]),
}


@pytest.mark.parametrize(("text", "said"), BAD_INPUT.values(), ids=BAD_INPUT)
def test_bad_input_is_refused_whole(fleet, run, folder, text, said):
    """A good file beside the bad one is not applied either, and whatever was there stays."""
    write_text(folder / "a.yaml", text)
    if text.startswith("#"):
        files = ("-f", str(folder / "a.yaml"))
    else:
        write_text(folder / "0_good.yaml", CONFIG.replace("settings", "good"))
        files = ("-f", str(folder))
    answer = run("apply", *files, "--home", fleet.home)
    assert (answer.code, answer.out) == (1, "")
    assert all(part in answer.err for part in said), answer.err
    assert "Traceback" not in answer.err
    assert stored(fleet) == []


def test_what_only_the_server_refuses_is_refused_whole_too(fleet, run, folder):
    """That a namespace is being deleted is something that no file shows; the dry run finds it."""
    held = CONFIG.replace("settings", "held, namespace: ml, finalizers: [tradewind.dev/held]")
    run("apply", "-f", write_text(folder / "held.yaml", held), "--home", fleet.home)
    run("delete", "namespace", "ml", "--wait=false", "--home", fleet.home)
    (folder / "held.yaml").unlink()
    write(folder, a_new=CONFIG, b_late=CONFIG.replace("settings", "late, namespace: ml"))
    answer = run("apply", "-f", str(folder), "--home", fleet.home)
    assert (answer.code, answer.out) == (1, "")
    assert 'b_late.yaml:2: ConfigMap "late": ' in answer.err
    assert "because it is being terminated" in answer.err
    assert stored(fleet) == ["ConfigMap/held"]


COMMAND_LINES = {
    "no such file": (("apply", "-f", "nowhere.yaml"), 1, "nowhere.yaml: No such file or directory"),
    "no file at all": (("apply",), 2, "Missing option '--filename'"),
    "an unknown command": (("aply",), 2, "Did you mean 'apply'?"),
    "an unknown option": (("status", "--wtach"), 2, "--watch"),
    "an unknown kind": (("get", "inferenceservce"), 1, 'did you mean "inferenceservice"?'),
    "a kind that the hub only has": (
        ("get", "works", "--cluster", "east"),
        1,
        'unknown kind "works" in cluster east',
    ),
    "an unknown cluster": (
        ("get", "pods", "--cluster", "eat"),
        1,
        'its clusters: east, west; did you mean "east"?',
    ),
    "an unknown object": (
        ("get", "isvc", "fraud"),
        1,
        'inferenceservices.serving.kserve.io "fraud" not found',
    ),
    "a kind and a name twice": (("get", "isvc/a", "b"), 1, 'leave out "b"'),
    "describe without a name": (("describe", "isvc"), 1, "see all with: tradewind get isvc -A"),
    "a selector that is none": (("get", "isvc", "-l", "a in b"), 1, "a in b"),
    "wait for a word": (("wait", "fraud"), 1, "write KIND/NAME, for example inferenceservice/fraud"),
    "wait for what": (("wait", "isvc/a", "--for", "ready"), 1, "condition=TYPE"),
    "wait for nothing": (("wait", "isvc/a"), 1, '"a" not found'),
    "a time-out that is none": (("wait", "isvc/a", "--timeout", "soon"), 1, '--timeout: "soon"'),
    "a negative time-out": (("wait", "isvc/a", "--timeout", "-5s"), 1, '"-5s" is negative'),
    "delete without a name": (("delete", "isvc"), 1, "tradewind delete KIND NAME"),
    "delete of nothing": (("delete", "isvc", "fraud"), 1, '"fraud" not found'),
    "drill of an unknown cluster": (("drill", "kill", "wst"), 1, 'did you mean "west"?'),
    "revive of an unknown cluster": (("drill", "revive", "wst"), 1, 'did you mean "west"?'),
    "revive of one that lives": (("drill", "revive", "west"), 1, 'the member "west" runs already'),
    "predict from nowhere": (
        ("predict", "a", "--data", '{"instances": []}', "--region", "eas-1"),
        1,
        'no cluster in region "eas-1"; regions: east-1, west-1; did you mean "east-1"?',
    ),
    "predict with no JSON": (("predict", "a", "--data", "rows.json"), 1, "a file is given as @FILE"),
    "predict with no file": (("predict", "a", "--data", "@nowhere"), 1, "--data @nowhere: cannot be read"),
    "predict with neither protocol": (
        ("predict", "a", "--data", "[1]"),
        1,
        '"instances" (V1) or "inputs" (V2',
    ),
    "a fleet file that is none": (("up", "-f", "/dev/null", "--detach"), 1, "a fleet file holds one Fleet"),
}


@pytest.mark.parametrize(("arguments", "code", "said"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_bad_command_lines(fleet, run, arguments, code, said):
    answer = run(*arguments, "--home", fleet.home) if arguments != ("aply",) else run(*arguments)
    assert (answer.code, answer.out) == (code, "")
    assert said in answer.err, answer.err
    assert "Traceback" not in answer.err


NEEDS_A_FLEET = {
    "apply": ("apply", "-f", "{file}"),
    "status": ("status",),
    "get": ("get", "isvc"),
    "describe": ("describe", "isvc", "a"),
    "wait": ("wait", "isvc/a"),
    "delete": ("delete", "isvc", "a"),
    "logs": ("logs", "a"),
    "predict": ("predict", "a", "--data", '{"instances": []}'),
    "drill kill": ("drill", "kill", "a"),
    "drill revive": ("drill", "revive", "a"),
}


@pytest.mark.parametrize("arguments", NEEDS_A_FLEET.values(), ids=NEEDS_A_FLEET)
def test_without_a_fleet_every_command_says_how_to_start_one(run, folder, arguments):
    file = write_text(folder / "config.yaml", CONFIG)
    answer = run(
        *(part.format(file=file) if part == "{file}" else part for part in arguments), "--home", "none"
    )
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "tradewind: no fleet is running in none; start one with: tradewind up --home none\n"


def test_apply_says_when_the_hub_is_down(fleet, run, folder):
    fleet.die("hub")
    answer = run("apply", "-f", write_text(folder / "a.yaml", CONFIG), "--home", fleet.home)
    assert answer.code == 1
    assert "the hub does not answer at https://127.0.0.1:" in answer.err
    assert f"bring it back with: tradewind up --home {fleet.home}\n" in answer.err


def test_down_without_a_fleet_is_no_mistake(run, folder):
    answer = run("down", "--home", str(folder))
    assert (answer.code, answer.out) == (0, f"no fleet is running in {folder}\n")


def test_delete_waits_until_the_object_is_gone(fleet, run, folder):
    run("apply", "-f", write_text(folder / "a.yaml", CONFIG), "--home", fleet.home)
    assert run("delete", "cm", "settings", "--home", fleet.home).out == "configmap/settings deleted\n"
    assert stored(fleet) == []


def test_delete_says_what_holds_an_object(fleet, run, folder):
    held = CONFIG.replace("settings", "settings, finalizers: [tradewind.dev/held]")
    run("apply", "-f", write_text(folder / "a.yaml", held), "--home", fleet.home)
    answer = run("delete", "cm/settings", "--timeout", "300ms", "--home", fleet.home)
    assert answer.code == 1
    assert (
        "timed out waiting for configmap/settings to be gone: it is still there, held by tradewind.dev/held"
        in (answer.err)
    )
    at_once = run("delete", "cm/settings", "--wait=false", "--home", fleet.home)
    assert (at_once.code, at_once.out) == (0, "configmap/settings is being deleted\n")


def test_delete_of_manifests_goes_the_other_way_and_tells_what_is_missing(fleet, run, folder):
    whole = write(folder, service=SERVICE, policy=POLICY)
    run("apply", "-f", whole, "--home", fleet.home)
    run("delete", "isvc/fraud", "-n", "ml", "--home", fleet.home)
    answer = run("delete", "-f", whole, "--home", fleet.home)
    assert (answer.code, answer.out) == (1, "propagationpolicy.policy.karmada.io/fraud deleted\n")
    assert "not found: inferenceservice.serving.kserve.io/fraud" in answer.err
    assert stored(fleet) == []


def test_delete_finds_a_pod_in_its_member(fleet, run):
    pod = ready_pod("fraud-1")
    spec = {"containers": [{"name": "kserve-container", "image": "kserve/sklearnserver:v0.15.0"}]}
    fleet.put(POD, {"metadata": pod["metadata"], "spec": spec}, "west")
    assert run("delete", "pod", "fraud-1", "-n", "ml", "--home", fleet.home).out == "pod/fraud-1 deleted\n"


def test_delete_takes_words_or_files_not_both(fleet, run, folder):
    file = write_text(folder / "a.yaml", CONFIG)
    assert "either KIND NAME or -f FILE" in run("delete", "cm", "-f", file, "--home", fleet.home).err


def test_policy_kind_is_known():
    """The order of `apply` names kinds as the registry does."""
    from tradewind.cli.manifests import ORDER

    assert set(ORDER) <= {kind.name for kind in HUB_KINDS}
    assert PROPAGATION_POLICY.name in ORDER
