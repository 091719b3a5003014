"""Bad input of every sort: a message that names the thing and the fix, and what ran keeps running."""

import json
import pickle
import socket
from collections.abc import Callable

import pytest

from tests.fleet.harness import Site, iris_model, model_bytes, wait_for

pytestmark = pytest.mark.fleet

GOOD = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "bad", "namespace": "ml"},
    "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://models/x"}}},
}


def other_version() -> bytes:
    """A model that says it was saved by scikit-learn 0.18.2."""
    from sklearn import __version__

    model = iris_model()
    state = model.__getstate__()
    assert state["_sklearn_version"] == __version__
    return model_bytes(model).replace(
        _text(__version__), _text("0.18.2".ljust(len(__version__))[: len(__version__)])
    )


def _text(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


BROKEN_MODELS: list[tuple[str, Callable[[], bytes], list[str]]] = [
    ("corrupt", lambda: model_bytes()[:200], ["model.joblib"]),
    ("not-a-model", lambda: pickle.dumps({"a": 1}), ["model.joblib"]),
    ("other-version", other_version, ["0.18", "scikit-learn"]),
]


@pytest.mark.parametrize(("name", "content", "words"), BROKEN_MODELS, ids=[row[0] for row in BROKEN_MODELS])
def test_a_model_that_cannot_be_loaded_says_why(
    site: Site, iris: str, name: str, content: Callable[[], bytes], words: list[str]
):
    """In the status, and in the InferenceService's condition, with the replica's own last line."""
    site.apply(name, site.put_model(name, content()), 1)

    def said() -> str:
        return site.service(name).get("why", "")

    wait_for(lambda: all(word in said() for word in words), said)
    found = json.loads(site.kubectl("hub", "get", "isvc", name, "-n", "ml", "-o", "json"))
    messages = " ".join(one.get("message", "") for one in found["status"]["conditions"])
    assert all(word in messages for word in words), messages
    assert "Traceback" not in said()
    assert site.predict(iris, site.front_door).status_code == 200
    assert site.tradewind("delete", "isvc", name, "-n", "ml").returncode == 0


def test_a_missing_model_names_bucket_and_prefix(site: Site, iris: str):
    site.apply("missing", "s3://models/not/there", 1)

    def said() -> str:
        return site.service("missing").get("why", "")

    wait_for(lambda: "not/there" in said() and "models" in said(), said)
    assert site.tradewind("delete", "isvc", "missing", "-n", "ml").returncode == 0


CLI_ERRORS = [
    ("broken YAML", "a: [1\nb: 2", ["line"]),
    (
        "unknown kind",
        json.dumps(GOOD | {"kind": "InferenceServise"}),
        ["InferenceServise", "InferenceService"],
    ),
    (
        "misspelt field",
        json.dumps(GOOD | {"spec": {"predictor": {"modle": {}}}}),
        ["spec.predictor.modle", "model"],
    ),
    (
        "wrong type",
        json.dumps(GOOD | {"spec": {"predictor": {"minReplicas": "two"}}}),
        ["spec.predictor.minReplicas", "two"],
    ),
]


@pytest.mark.parametrize(
    ("text", "words"), [row[1:] for row in CLI_ERRORS], ids=[row[0] for row in CLI_ERRORS]
)
def test_apply_refuses_and_writes_nothing(site: Site, iris: str, text: str, words: list[str]):
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "half-done", "namespace": "ml"}}
    result = site.tradewind("apply", "-f", "-", stdin=f"{json.dumps(other)}\n---\n{text}\n")
    assert result.returncode != 0
    assert all(word in result.stderr for word in words), result.stderr
    assert "Traceback" not in result.stderr
    assert "half-done" not in site.kubectl("hub", "get", "configmaps", "-n", "ml", "-o", "name")


def test_a_second_up_says_that_the_fleet_runs(site: Site, iris: str):
    result = site.tradewind("up", "--detach")
    assert result.returncode != 0
    assert "already running" in result.stderr
    assert site.predict(iris, site.front_door).status_code == 200


def test_a_taken_port_is_named_before_anything_starts(site: Site, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 15400))
        taken.listen()
        fleet = tmp_path / "fleet.yaml"
        fleet.write_text(
            "{apiVersion: tradewind.dev/v1alpha1, kind: Fleet, metadata: {name: other}, "
            "spec: {ports: {base: 15400}, clusters: [{name: one, region: one}]}}"
        )
        other = Site(type(site.layout)(tmp_path / "home"), site.fleet, site.bucket)
        result = other.tradewind("up", "--detach", "-f", str(fleet))
    assert result.returncode != 0
    assert "15400" in result.stderr
    assert "ports.base" in result.stderr
    assert other.tradewind("status").returncode != 0


def test_apply_without_a_fleet_says_how_to_start_one(site: Site, tmp_path):
    other = Site(type(site.layout)(tmp_path / "home"), site.fleet, site.bucket)
    result = other.tradewind("apply", "-f", "-", stdin=json.dumps(GOOD))
    assert result.returncode != 0
    assert "tradewind up" in result.stderr
