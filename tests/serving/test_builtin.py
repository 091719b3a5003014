"""The runtimes that a member brings along."""

from tests.resources.serving_objects import findings
from tradewind.resources.problems import Level
from tradewind.resources.serving_kinds import CLUSTER_SERVING_RUNTIME
from tradewind.serving.builtin import builtin_runtimes


def test_built_in_runtimes_are_accepted():
    """They carry upstream's securityContext, which no process on this machine can have: that is said."""
    for manifest in builtin_runtimes():
        assert findings(manifest, CLUSTER_SERVING_RUNTIME) == {}
        told = findings(manifest, CLUSTER_SERVING_RUNTIME, Level.WARNING)
        assert list(told) == ["spec.containers[0].securityContext"]


def test_the_sklearn_runtime_is_upstreams():
    (manifest,) = builtin_runtimes()
    spec = manifest["spec"]
    assert manifest["metadata"]["name"] == "kserve-sklearnserver"
    assert spec["supportedModelFormats"] == [
        {"name": "sklearn", "version": "1", "autoSelect": True, "priority": 1}
    ]
    assert spec["protocolVersions"] == ["v1", "v2"]
    assert spec["containers"][0]["args"] == [
        "--model_name={{.Name}}",
        "--model_dir=/mnt/models",
        "--http_port=8080",
    ]
