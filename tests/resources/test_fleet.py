"""The fleet file: defaults, the built-in fleet, and everything a user can get wrong."""

import msgspec
import pytest

from tradewind.base.ports import MAX_CLUSTERS
from tradewind.resources.fleet import Fleet, builtin_fleet, fleet_warnings, load_fleet, round_trips_ms
from tradewind.resources.manifests import ManifestError

OTHER = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}"
TWO_REGIONS = "{clusters: [{name: a, region: r}, {name: b, region: s}], network: [%s]}"
HEAD = "apiVersion: tradewind.dev/v1alpha1\nkind: Fleet\nmetadata: {name: demo}\n"


def fleet(spec: str) -> Fleet:
    return load_fleet(f"{HEAD}spec: {spec}", "fleet.yaml")


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ManifestError) as caught:
        load_fleet(text, "fleet.yaml")
    return caught.value.problems


def spec_problems(spec: str) -> tuple[str, ...]:
    return problems(f"{HEAD}spec: {spec}")


def test_a_name_is_enough_for_a_cluster():
    found = fleet("{clusters: [{name: a}, {name: b, region: r, capacity: {cpu: 2, nvidia.com/gpu: 1}}]}")
    first, second = found.spec.clusters
    assert found.spec.ports.base == 7400
    assert (first.provider, first.region, first.zone) == ("local", "local", "local")
    assert first.capacity == {"cpu": "16", "memory": "64Gi", "pods": "110"}
    assert (second.zone, second.capacity) == (
        "r",
        {"cpu": 2, "memory": "64Gi", "pods": "110", "nvidia.com/gpu": 1},
    )
    assert fleet_warnings(found) == []


def test_a_null_is_an_absent_field():
    assert fleet("{clusters: [{name: a, labels: , taints: }]}").spec.clusters[0].labels == {}


def test_the_example_of_the_design_is_accepted():
    text = """
apiVersion: tradewind.dev/v1alpha1
kind: Fleet
metadata: {name: demo}
spec:
  ports: {base: 7400}
  clusters:
    - name: us-east-1-gpu
      provider: aws
      region: us-east-1
      zone: us-east-1a
      labels: {gpu-type: a100}
      taints: []
      capacity: {cpu: "16", memory: 64Gi, nvidia.com/gpu: "4", pods: "110"}
    - {name: eu-west-1-gpu, region: eu-west-1}
  network:
    - {between: [us-east-1, eu-west-1], rttMs: 80}
"""
    found = load_fleet(text)
    assert [cluster.name for cluster in found.spec.clusters] == ["us-east-1-gpu", "eu-west-1-gpu"]
    assert found.spec.network[0].rtt_ms == 80
    (told,) = fleet_warnings(found)
    assert told.startswith(
        "spec.network: distances order regions from near to far; the delay itself is not added"
    )


def test_the_built_in_fleet_is_one_that_a_file_could_hold():
    found = builtin_fleet()
    assert load_fleet(msgspec.json.encode(found).decode()) == found
    assert msgspec.json.decode(msgspec.json.encode(found), type=Fleet) == found
    assert [cluster.name for cluster in found.spec.clusters] == [
        "us-east-1-gpu",
        "us-west-2-gpu",
        "eu-west-1-gpu",
    ]
    assert all(cluster.capacity["nvidia.com/gpu"] == "4" for cluster in found.spec.clusters)


def test_distances_are_the_same_both_ways():
    spec = builtin_fleet().spec
    assert round_trips_ms(spec, "us-east-1") == {"eu-west-1": 70, "us-west-2": 65}
    assert (
        round_trips_ms(spec, "eu-west-1")["us-west-2"]
        == round_trips_ms(spec, "us-west-2")["eu-west-1"]
        == 130
    )
    assert round_trips_ms(spec, "nowhere") == {}


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("{clusters: []}", "spec.clusters: Required value: a fleet has at least one cluster"),
        ("{}", "spec.clusters: Required value"),
        ("{clusters: [{name: a}, {name: a}]}", 'spec.clusters: Duplicate value: "a"'),
        ("{clusters: [{name: A}]}", 'spec.clusters[0].name: Invalid value: "A": a lowercase RFC 1123 label'),
        (
            "{clusters: [{name: a.b}]}",
            'spec.clusters[0].name: Invalid value: "a.b": a lowercase RFC 1123 label',
        ),
        ("{clusters: [{name: %s}]}" % ("a" * 49), "must be no more than 48 characters"),
        ("{clusters: [{name: hub}]}", 'spec.clusters[0].name: Invalid value: "hub": is the name of the hub'),
        (
            "{clusters: [{name: a, regoin: r}]}",
            'spec.clusters[0].regoin: unknown field "regoin"; did you mean "region"?',
        ),
        (
            "{clusters: [{name: a, region: x y}]}",
            'spec.clusters[0].region: Invalid value: "x y": a valid label',
        ),
        (
            "{clusters: [{name: a, labels: {a b: c}}]}",
            'spec.clusters[0].labels: Invalid value: "a b": name part',
        ),
        (
            "{clusters: [{name: a, labels: {a: true}}]}",
            "spec.clusters[0].labels[a]: Invalid value: true: must be a string",
        ),
        (
            "{clusters: [{name: a, taints: [{key: k, effect: Nope}]}]}",
            'spec.clusters[0].taints[0].effect: Unsupported value: "Nope"',
        ),
        (
            "{clusters: [{name: a, capacity: {memory: 64 GB}}]}",
            'spec.clusters[0].capacity[memory]: Invalid value: "64 GB" is not a quantity',
        ),
        (
            "{clusters: [{name: a, capacity: {nvidia.com/gpu: 0.5}}]}",
            "spec.clusters[0].capacity[nvidia.com/gpu]: Invalid value: 0.5: must be an integer",
        ),
        (
            "{clusters: [{name: a}], ports: {base: 1023}}",
            "spec.ports.base: Invalid value: 1023: must be between 1024 and 64936: this fleet uses 600 ports",
        ),
        (
            "{clusters: [{name: a}], ports: {base: 64937}}",
            "spec.ports.base: Invalid value: 64937: must be between 1024 and 64936",
        ),
        (
            "{clusters: [{name: a, region: r}], network: [{between: [r, s], rttMs: 1}]}",
            'spec.network[0].between[1]: Invalid value: "s": no cluster is in this region; regions are "r"',
        ),
        (
            "{clusters: [{name: a, region: r}], network: [{between: [r, r], rttMs: 1}]}",
            "spec.network[0].between: Invalid value: […]: must be two different regions",
        ),
        (
            TWO_REGIONS % "{between: [r, s], rttMs: -1}",
            "spec.network[0].rttMs: Invalid value: -1: must be between 0 and 60000 milliseconds",
        ),
        (
            TWO_REGIONS % "{between: [r, s], rttMs: 1}, {between: [s, r], rttMs: 2}",
            "spec.network[1].between: Duplicate value: s and r have a distance",
        ),
    ],
)
def test_a_mistake_is_told_with_its_path(spec: str, expected: str):
    (problem,) = spec_problems(spec)
    assert problem.startswith("fleet.yaml: ")
    assert expected in problem


def test_all_mistakes_come_at_once():
    assert (
        len(
            spec_problems(
                "{ports: {base: 1}, clusters: [{name: A}, {name: hub}, {name: b, capacity: {cpu: x}}]}"
            )
        )
        == 4
    )


def test_there_are_at_most_as_many_clusters_as_ports_allow():
    def named(count: int) -> str:
        return f"{{clusters: [{', '.join(f'{{name: c{place}}}' for place in range(count))}]}}"

    assert len(fleet(named(MAX_CLUSTERS)).spec.clusters) == MAX_CLUSTERS
    assert spec_problems(named(MAX_CLUSTERS + 1)) == (
        f"fleet.yaml: spec.clusters: Too many: {MAX_CLUSTERS + 1}: "
        f"a fleet has at most {MAX_CLUSTERS} clusters",
    )


def test_ports_where_the_kernel_takes_its_own_are_warned_of():
    (told,) = fleet_warnings(fleet("{clusters: [{name: a}], ports: {base: 40000}}"))
    assert told == (
        "spec.ports.base: ports up to 40599 may be taken by outgoing connections; choose 32168 or less"
    )


def test_a_fleet_file_holds_one_fleet():
    assert problems("# nothing") == ("fleet.yaml: a fleet file holds one Fleet; this has 0 manifests",)
    assert "this has 2 manifests" in problems(f"{HEAD}---\n{HEAD}")[0]
    assert 'kind: Unsupported value: "Pod": supported values: "Fleet"' in str(problems(OTHER))
