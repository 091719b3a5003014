"""What the hub would do, from files alone."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tradewind.cli.main import build_app

FLEET = """
apiVersion: tradewind.dev/v1alpha1
kind: Fleet
metadata: {name: demo}
spec:
  clusters:
  - {name: us-east, region: us-east-1, capacity: {cpu: "16", memory: 64Gi, nvidia.com/gpu: "4"}}
  - {name: eu-west, region: eu-west-1, capacity: {cpu: "16", memory: 64Gi, nvidia.com/gpu: "2"}}
  - {name: edge, region: eu-north-1, capacity: {cpu: "4", memory: 8Gi}}
"""
SERVICE = """
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata: {name: llama, namespace: ml}
spec:
  predictor:
    minReplicas: 6
    maxReplicas: 12
    containers:
    - name: kserve-container
      image: vllm/vllm-openai:v0.6
      resources: {requests: {cpu: "1", memory: 1Gi}, limits: {cpu: "1", memory: 1Gi, nvidia.com/gpu: "1"}}
"""
POLICY = """
apiVersion: policy.karmada.io/v1alpha1
kind: PropagationPolicy
metadata: {name: llama, namespace: ml}
spec:
  resourceSelectors: [{apiVersion: serving.kserve.io/v1beta1, kind: InferenceService}]
  placement:
    clusterAffinity: {clusterNames: [us-east, eu-west]}
    replicaScheduling:
      replicaSchedulingType: Divided
      replicaDivisionPreference: Weighted
      weightPreference:
        staticWeightList:
        - {targetCluster: {clusterNames: [us-east]}, weight: 2}
        - {targetCluster: {clusterNames: [eu-west]}, weight: 1}
"""
OVERRIDE = """
apiVersion: policy.karmada.io/v1alpha1
kind: OverridePolicy
metadata: {name: gpus, namespace: ml}
spec:
  overrideRules:
  - targetCluster: {clusterNames: [eu-west]}
    overriders:
      plaintext: [{path: %s, operator: replace, value: "2"}]
"""
GPUS = "/spec/predictor/containers/0/resources/limits/nvidia.com~1gpu"


@pytest.fixture
def files(tmp_path: Path):
    for name, text in (("fleet", FLEET), ("service", SERVICE), ("policy", POLICY)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def planned(folder: Path, *options: str) -> str:
    result = CliRunner().invoke(build_app(["plan"]), ["plan", "-f", str(folder), *options])
    assert result.exit_code == 0, result.output
    return result.stdout


def workload(folder: Path, *options: str) -> dict:
    [one] = json.loads(planned(folder, "-o", "json", *options))["workloads"]
    return one


def test_clusters_shares_and_reasons(files):
    one = workload(files)
    assert (one["kind"], one["namespace"], one["name"], one["policy"]) == (
        "InferenceService",
        "ml",
        "llama",
        "ml/llama",
    )
    assert one["clusters"] == [{"name": "eu-west", "replicas": 2}, {"name": "us-east", "replicas": 4}]
    [rejected] = one["rejected"]
    assert rejected["cluster"] == "edge"
    assert "affinity" in rejected["reason"]
    predictor = one["manifests"]["us-east"]["spec"]["predictor"]
    assert (predictor["minReplicas"], predictor["maxReplicas"]) == (4, 8)


def test_the_text_tells_the_same_and_the_totals(files):
    text = planned(files)
    for part in ("policy: ml/llama", "us-east", "WEIGHT", "6 replicas, at most 12; 6 GPUs", "edge"):
        assert part in text


def test_what_a_cluster_gets_after_overrides(files):
    (files / "override.yaml").write_text(OVERRIDE % GPUS)
    limits = [
        one["spec"]["predictor"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"]
        for one in workload(files)["manifests"].values()
    ]
    assert limits == ["2", "1"]
    assert "has room for 1 of 2 replicas" in planned(files)


def test_a_patch_to_nowhere_is_an_error_and_others_go_on(files):
    (files / "override.yaml").write_text(OVERRIDE % "/spec/nowhere/x")
    one = workload(files)
    assert list(one["manifests"]) == ["us-east"]
    for part in ("eu-west", "OverridePolicy ml/gpus", "/spec/nowhere/x"):
        assert part in one["error"]


def test_the_loss_of_a_cluster(files):
    one = workload(files, "--without", "us-east")
    assert one["clusters"] == [{"name": "eu-west", "replicas": 6}]


def test_a_policy_that_fits_nothing(files):
    (files / "policy.yaml").write_text(POLICY.replace("[us-east, eu-west]", "[mars]"))
    one = workload(files)
    assert one["clusters"] == []
    assert one["error"].startswith("0/3 clusters are available")


def test_an_object_that_no_policy_selects(files):
    (files / "policy.yaml").unlink()
    assert "no PropagationPolicy" in workload(files)["error"]


def test_where_it_is_now_matters(files):
    placed = POLICY.replace("Weighted", "Aggregated")
    (files / "policy.yaml").write_text(placed.partition("      weightPreference")[0])
    (files / "service.yaml").write_text(SERVICE.replace("minReplicas: 6", "minReplicas: 7"))
    assert "not enough" in workload(files)["error"]
    (files / "service.yaml").write_text(SERVICE.replace("minReplicas: 6", "minReplicas: 3"))
    assert workload(files)["clusters"] == [{"name": "us-east", "replicas": 3}]
    (files / "binding.yaml").write_text("""
apiVersion: work.karmada.io/v1alpha2
kind: ResourceBinding
metadata: {name: llama-inferenceservice, namespace: ml}
spec:
  resource: {apiVersion: serving.kserve.io/v1beta1, kind: InferenceService, name: llama, namespace: ml}
  clusters: [{name: eu-west, replicas: 1}]
""")
    assert workload(files)["clusters"] == [{"name": "eu-west", "replicas": 3}]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--without", "mars"], "no cluster"),
        (["-o", "yaml"], "must be text or json"),
    ],
)
def test_bad_options(files, options, part):
    result = CliRunner().invoke(build_app(["plan"]), ["plan", "-f", str(files), *options])
    assert result.exit_code != 0
    assert part in str(result.exception)
