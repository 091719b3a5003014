"""Golden pairs: objects in `golden/NAME.in.yaml`, Envoy's resources for them in `golden/NAME.out.yaml`.

`REWRITE=1 pytest tests/traffic/test_golden.py` writes the outputs anew. Real Envoy
validates every one, as it is served and, since Envoy checks only what is static, in an inlined form.
"""

import dataclasses
import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tradewind.controller.cache import Cache, Source
from tradewind.resources.cluster import CLUSTER
from tradewind.resources.core_kinds import ENDPOINT_SLICE
from tradewind.resources.meta import Manifest
from tradewind.traffic.bootstrap import EnvoyIdentity, make_bootstrap
from tradewind.traffic.controllers import front_door_snapshot, gateway_snapshot
from tradewind.traffic.envoy import envoy_binary
from tradewind.traffic.gateway import GatewayIdentity
from tradewind.traffic.render import Resources

FOLDER = Path(__file__).with_name("golden")
CASES = sorted(path.name.removesuffix(".in.yaml") for path in FOLDER.glob("*.in.yaml"))
GATEWAY = GatewayIdentity("us-east-1-gpu", "us-east-1", "us-east-1a", 7411, 7412)
FRONT_DOOR_PORT = 7401


def rendered(case: str) -> Resources:
    """What the objects of a case become; Clusters make a front door, all else a gateway."""
    manifests = list(yaml.safe_load_all((FOLDER / f"{case}.in.yaml").read_text()))
    kind = CLUSTER if manifests[0]["kind"] == "Cluster" else ENDPOINT_SLICE
    cache, source = Cache(), Source("local", kind.resource)
    cache.add_source(source)
    cache.replace(source, kind, manifests, 1)
    if kind is CLUSTER:
        return front_door_snapshot(cache, FRONT_DOOR_PORT)
    return gateway_snapshot(cache, GATEWAY)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_golden(case: str):
    plain = json.loads(json.dumps(dataclasses.asdict(rendered(case))))  # shares no parts: no YAML anchors
    found = yaml.safe_dump(plain, sort_keys=False, width=110)
    path = FOLDER / f"{case}.out.yaml"
    if os.environ.get("REWRITE"):
        path.write_text(found)
    assert found == path.read_text()


def bootstrap_with(clusters: list[Manifest], listeners: list[Manifest]) -> Manifest:
    made = make_bootstrap(EnvoyIdentity("test", "test", 7414, 7413, "1.40.0"))
    static = made["static_resources"]
    resources = {
        "clusters": [*static["clusters"], *clusters],
        "listeners": [*static["listeners"], *listeners],
    }
    return {**made, "static_resources": resources}


def inlined(resources: Resources) -> Manifest:
    """Endpoints inside their clusters and routes inside their listeners, where Envoy checks their fields."""
    clusters = [
        {key: value for key, value in cluster.items() if key != "eds_cluster_config"}
        | {"type": "STATIC", "load_assignment": resources.endpoints[name]}
        for name, cluster in resources.clusters.items()
    ]
    listeners = json.loads(json.dumps(list(resources.listeners.values())))
    for listener in listeners:
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        manager["route_config"] = resources.routes[manager.pop("rds")["route_config_name"]]
    return bootstrap_with(clusters, listeners)


def as_served(resources: Resources) -> Manifest:
    return bootstrap_with(list(resources.clusters.values()), list(resources.listeners.values()))


def validate(bootstrap: Manifest) -> str:
    """What Envoy says against a bootstrap; "" when it takes it."""
    result = subprocess.run(
        [
            str(envoy_binary()),
            "--mode",
            "validate",
            "--log-level",
            "error",
            "--config-yaml",
            json.dumps(bootstrap),
        ],
        capture_output=True,
        text=True,
        timeout=30,
    )
    return "" if result.returncode == 0 else result.stderr + result.stdout + "refused"


@pytest.mark.fleet
@pytest.mark.parametrize("form", [as_served, inlined])
def test_envoy_takes_it(case: str, form):
    assert validate(form(rendered(case))) == ""


@pytest.mark.fleet
def test_the_validation_sees_wrong_fields():
    """Guards the tests above: a misspelt field anywhere must be found."""
    resources = rendered("local-and-imported")
    for part in (resources.clusters, resources.endpoints, resources.routes):
        name = next(iter(part))
        broken = dataclasses.replace(
            resources,
            **{
                field.name: {**part, name: {**part[name], "misspelt": 1}}
                for field in dataclasses.fields(resources)
                if getattr(resources, field.name) is part
            },
        )
        assert "misspelt" in validate(inlined(broken))
