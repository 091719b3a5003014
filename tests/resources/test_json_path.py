"""Kubernetes' JSONPath, as columns use it (client-go `util/jsonpath`)."""

import pytest

from tradewind.resources.json_path import PathError, select

POD = {
    "metadata": {"name": "p", "annotations": {"example.com/a": "note"}},
    "spec": {"containers": [{"image": "x", "ports": [80]}, {"image": "y"}], "replicas": 3},
    "status": {
        "conditions": [
            {"type": "Ready", "status": "True", "weight": 2},
            {"type": "Other", "status": "False", "weight": 1},
        ]
    },
}
CASES = {
    ".metadata.name": ["p"],
    ".": [POD],
    ".spec.replicas": [3],
    ".spec.nothing.below": [],
    ".metadata.name.below": [],
    r".metadata.annotations.example\.com/a": ["note"],
    ".metadata.annotations['example.com/a']": ["note"],
    '.metadata["name","annotations"]': ["p", {"example.com/a": "note"}],
    ".spec.containers[0].image": ["x"],
    ".spec.containers[-1].image": ["y"],
    ".spec.containers[7].image": [],
    ".spec.containers[*].image": ["x", "y"],
    ".spec.containers[0:1].image": ["x"],
    ".spec.containers[:].image": ["x", "y"],
    ".spec.containers[?(@.ports)].image": ["x"],
    '.status.conditions[?(@.type=="Ready")].status': ["True"],
    ".status.conditions[?(@.type != 'Ready')].type": ["Other"],
    ".status.conditions[?(@.weight>=2)].type": ["Ready"],
    ".status.conditions[?(@.type > 1)].type": [],
    "..image": ["x", "y"],
    ".metadata.*": ["p", {"example.com/a": "note"}],
}


@pytest.mark.parametrize("path", CASES)
def test_a_path_selects(path: str):
    assert select(path, POD) == CASES[path]


@pytest.mark.parametrize("path", ["spec", ".spec[", ".a[?(@.b==c)]", ".a b", ".a[1", "$.a"])
def test_what_is_no_path_is_refused(path: str):
    with pytest.raises(PathError):
        select(path, POD)
