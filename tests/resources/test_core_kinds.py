"""The core kinds as kubectl sees them: names, printed rows, defaults and refusals."""

import base64
from typing import Any

import pytest

from tradewind.resources.core_kinds import (
    CONFIG_MAP,
    ENDPOINT_SLICE,
    EVENT,
    LEASE,
    NAMESPACE,
    NODE,
    POD,
    SECRET,
    SERVICE,
    SERVICE_ACCOUNT,
)
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.problems import Level
from tradewind.resources.times import time_text
from tradewind.resources.validate import check

ALL = (POD, NODE, SERVICE, SECRET, CONFIG_MAP, SERVICE_ACCOUNT, NAMESPACE, EVENT, ENDPOINT_SLICE, LEASE)
NOW_MS = 1_000_000


def made(kind: Kind, **parts: Any) -> Manifest:
    metadata = {"name": "a", "creationTimestamp": time_text(NOW_MS - 5000)} | parts.pop("metadata", {})
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata} | parts


def row(kind: Kind, manifest: Manifest) -> dict[str, str | int]:
    return {column.name: column.value(manifest, NOW_MS) for column in kind.columns}


def problems(kind: Kind, **parts: Any) -> list[str]:
    return [str(problem) for problem in check(made(kind, **parts), kind)]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.name)
def test_an_empty_object_prints_and_defaults_without_change_of_the_original(kind: Kind):
    manifest = made(kind)
    before = made(kind)
    assert all(isinstance(value, str | int) for value in row(kind, manifest).values())
    defaulted = kind.default(manifest)
    assert manifest == before
    assert kind.default(defaulted) == defaulted


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (POD, "pods"),
        (NODE, "nodes"),
        (ENDPOINT_SLICE, "endpointslices.discovery.k8s.io"),
        (LEASE, "leases.coordination.k8s.io"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_store_and_errors_call_them_as_upstream(kind: Kind, word: str):
    assert kind.resource == word


def test_a_node_prints_its_state_and_roles():
    node = made(
        NODE,
        status={"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1"}},
    )
    assert row(NODE, node)["Status"] == "Ready"
    assert row(NODE, node)["Roles"] == "<none>"
    node["metadata"]["labels"] = {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/gpu": ""}
    node["spec"] = {"unschedulable": True}
    node["status"]["conditions"][0]["status"] = "False"
    node["status"]["addresses"] = [{"type": "InternalIP", "address": "127.0.0.1"}]
    found = row(NODE, node)
    assert found["Status"] == "NotReady,SchedulingDisabled"
    assert found["Roles"] == "gpu,worker"
    assert (found["Internal-IP"], found["External-IP"]) == ("127.0.0.1", "<none>")
    assert row(NODE, made(NODE))["Status"] == "Unknown"


def test_a_service_prints_its_ports_and_selector():
    spec = {
        "type": "NodePort",
        "clusterIP": "10.0.0.1",
        "ports": [{"port": 80}, {"port": 53, "protocol": "UDP", "nodePort": 30053}],
        "selector": {"b": "2", "a": "1"},
    }
    found = row(SERVICE, made(SERVICE, spec=spec))
    assert found["Port(s)"] == "80/TCP,53:30053/UDP"
    assert (found["Type"], found["Cluster-IP"], found["External-IP"]) == ("NodePort", "10.0.0.1", "<none>")
    assert found["Selector"] == "a=1,b=2"
    external = row(SERVICE, made(SERVICE, spec={"type": "ExternalName", "externalName": "example.com"}))
    assert (external["External-IP"], external["Port(s)"]) == ("example.com", "<none>")


def test_data_is_counted_and_never_shown():
    assert row(SECRET, made(SECRET, type="Opaque", data={"a": "aGk=", "b": "aGk="})) == {
        "Name": "a",
        "Type": "Opaque",
        "Data": 2,
        "Age": "5s",
    }
    assert row(CONFIG_MAP, made(CONFIG_MAP, data={"a": "x"}, binaryData={"b": "aGk="}))["Data"] == 2
    assert row(SERVICE_ACCOUNT, made(SERVICE_ACCOUNT, secrets=[{"name": "s"}]))["Secrets"] == 1


def test_an_event_prints_what_happened_to_what():
    event = made(
        EVENT,
        type="Warning",
        reason="BackOff",
        message="restarting\n",
        involvedObject={"kind": "Pod", "name": "p"},
        lastTimestamp=time_text(NOW_MS - 3000),
        firstTimestamp=time_text(NOW_MS - 90_000),
        count=4,
        source={"component": "node", "host": "h"},
    )
    found = row(EVENT, event)
    assert [column.name for column in EVENT.columns if not column.wide] == [
        "Last Seen",
        "Type",
        "Reason",
        "Object",
        "Message",
    ]
    assert (found["Last Seen"], found["Object"], found["Message"]) == ("3s", "pod/p", "restarting")
    assert (found["First Seen"], found["Count"], found["Source"]) == ("90s", 4, "node, h")


def test_a_balanced_service_waits_for_its_address():
    waiting = row(SERVICE, made(SERVICE, spec={"type": "LoadBalancer"}))
    assert waiting["External-IP"] == "<pending>"


def test_an_endpoint_slice_prints_its_first_ports():
    ports = [{"port": 1}, {"name": "http"}, {}, {"port": 4}]
    assert row(ENDPOINT_SLICE, made(ENDPOINT_SLICE, ports=ports))["Ports"] == "1,http,* + 1 more..."


def test_an_endpoint_slice_prints_its_first_endpoints():
    endpoints = [{"addresses": [f"10.0.0.{place}"]} for place in range(5)]
    found = row(
        ENDPOINT_SLICE, made(ENDPOINT_SLICE, addressType="IPv4", endpoints=endpoints, ports=[{"port": 80}])
    )
    assert found["Endpoints"] == "10.0.0.0,10.0.0.1,10.0.0.2 + 2 more..."
    assert found["Ports"] == "80"
    assert row(ENDPOINT_SLICE, made(ENDPOINT_SLICE))["Endpoints"] == "<unset>"


def test_a_lease_prints_who_holds_it():
    assert row(LEASE, made(LEASE, spec={"holderIdentity": "member-a"}))["Holder"] == "member-a"


def test_pod_defaults():
    container = {
        "name": "c",
        "image": "i",
        "ports": [{"containerPort": 1}],
        "resources": {"limits": {"cpu": 1, "memory": 2}, "requests": {"cpu": "500m"}},
    }
    spec = POD.default(made(POD, spec={"containers": [container]}))["spec"]
    assert (spec["restartPolicy"], spec["terminationGracePeriodSeconds"]) == ("Always", 30)
    assert spec["containers"][0]["ports"] == [{"containerPort": 1, "protocol": "TCP"}]
    assert spec["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "2"}
    assert spec["containers"][0]["resources"]["limits"] == {"cpu": "1", "memory": "2"}


def test_service_and_slice_defaults():
    spec = SERVICE.default(made(SERVICE, spec={"ports": [{"port": 80}, {"port": 1, "targetPort": "http1"}]}))[
        "spec"
    ]
    assert (spec["type"], spec["sessionAffinity"]) == ("ClusterIP", "None")
    assert spec["ports"][0] == {"port": 80, "protocol": "TCP", "targetPort": 80}
    assert spec["ports"][1]["targetPort"] == "http1"
    assert ENDPOINT_SLICE.default(made(ENDPOINT_SLICE, ports=[{"port": 1}]))["ports"] == [
        {"port": 1, "protocol": "TCP"}
    ]


def test_plain_text_of_a_secret_is_stored_encoded_only():
    secret = SECRET.default(made(SECRET, stringData={"a": "new"}, data={"a": "b2xk", "b": "eA=="}))
    assert "stringData" not in secret
    assert secret["data"] == {"a": base64.b64encode(b"new").decode(), "b": "eA=="}
    assert secret["type"] == "Opaque"


def test_namespace_and_node_defaults():
    namespace = NAMESPACE.default(made(NAMESPACE))
    assert namespace["metadata"]["labels"] == {"kubernetes.io/metadata.name": "a"}
    assert namespace["status"] == {"phase": "Active"}
    assert NODE.default(made(NODE, status={"capacity": {"cpu": "4"}}))["status"]["allocatable"] == {
        "cpu": "4"
    }


GOOD_CONTAINER = {"name": "c", "image": "i"}


@pytest.mark.parametrize(
    ("kind", "parts", "expected"),
    [
        (POD, {"spec": {}}, "spec.containers: Required value"),
        (POD, {"spec": {"containers": [{"name": "c"}]}}, "spec.containers[0].image: Required value"),
        (POD, {"spec": {"containers": [{"image": "i"}]}}, "spec.containers[0].name: Required value"),
        (
            POD,
            {"spec": {"containers": [{"name": "C", "image": "i"}]}},
            'spec.containers[0].name: Invalid value: "C": a lowercase RFC 1123 label',
        ),
        (
            POD,
            {"spec": {"containers": [GOOD_CONTAINER, GOOD_CONTAINER]}},
            'spec.containers: Duplicate value: "c"',
        ),
        (
            POD,
            {"spec": {"containers": [GOOD_CONTAINER], "restartPolicy": "always"}},
            'spec.restartPolicy: Unsupported value: "always": supported values: "Always"',
        ),
        (
            POD,
            {"spec": {"containers": [GOOD_CONTAINER], "terminationGracePeriodSeconds": -1}},
            "spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            POD,
            {"spec": {"containers": [GOOD_CONTAINER], "tolerations": [{"operator": "Equal"}]}},
            'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists',
        ),
        (
            POD,
            {
                "spec": {
                    "containers": [GOOD_CONTAINER],
                    "tolerations": [{"key": "a", "operator": "Exists", "value": "v"}],
                }
            },
            'spec.tolerations[0].value: Invalid value: "v": value must be empty',
        ),
        (
            POD,
            {"spec": {"containers": [GOOD_CONTAINER], "tolerations": [{"key": "a", "tolerationSeconds": 3}]}},
            "spec.tolerations[0].effect: Invalid value: \"\": effect must be 'NoExecute'",
        ),
        (
            NODE,
            {"spec": {"taints": [{"key": "a", "effect": "Nope"}]}},
            'spec.taints[0].effect: Unsupported value: "Nope"',
        ),
        (
            NODE,
            {"status": {"capacity": {"cpu": "4 cores"}}},
            'status.capacity[cpu]: Invalid value: "4 cores" is not a quantity',
        ),
        (SERVICE, {"spec": {}}, "spec.ports: Required value"),
        (
            SERVICE,
            {"spec": {"ports": [{"port": 0}]}},
            "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive",
        ),
        (
            SERVICE,
            {"spec": {"ports": [{"port": 1}, {"port": 2, "name": "b"}]}},
            "spec.ports[0].name: Required value",
        ),
        (
            SERVICE,
            {"spec": {"ports": [{"port": 1, "targetPort": "A"}]}},
            'spec.ports[0].targetPort: Invalid value: "A": must contain only',
        ),
        (SERVICE, {"spec": {"type": "ExternalName"}}, "spec.externalName: Required value"),
        (
            SERVICE,
            {"metadata": {"name": "a.b"}, "spec": {"ports": [{"port": 1}]}},
            'metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label',
        ),
        (
            NAMESPACE,
            {"metadata": {"name": "a.b"}},
            'metadata.name: Invalid value: "a.b": a lowercase RFC 1123 label',
        ),
        (ENDPOINT_SLICE, {"addressType": "IPv5"}, 'addressType: Unsupported value: "IPv5"'),
        (
            ENDPOINT_SLICE,
            {"endpoints": [{"addresses": []}]},
            "endpoints[0].addresses: Required value: must contain at least 1 address",
        ),
        (
            ENDPOINT_SLICE,
            {"endpoints": [{"addresses": ["::1"]}]},
            'endpoints[0].addresses[0]: Invalid value: "::1": must be an IPv4 address',
        ),
        (
            ENDPOINT_SLICE,
            {"endpoints": [{"addresses": ["1.1.1.1"] * 101}]},
            "endpoints[0].addresses: Too many: 101: must have at most 100 items",
        ),
        (
            ENDPOINT_SLICE,
            {"endpoints": [{"addresses": ["1.1.1.1"]}] * 1001},
            "endpoints: Too many: 1001: must have at most 1000 items",
        ),
        (
            ENDPOINT_SLICE,
            {"ports": [{"port": 70000}]},
            "ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (CONFIG_MAP, {"data": {"a/b": "x"}}, 'data[a/b]: Invalid value: "a/b": a valid config key'),
        (CONFIG_MAP, {"data": {"..a": "x"}}, "data[..a]: Invalid value: \"..a\": must not start with '..'"),
        (
            CONFIG_MAP,
            {"data": {"a": "x" * 2**20, "b": "y"}},
            "data: Too long: may not be more than 1048576 bytes, is 1048577",
        ),
        (
            CONFIG_MAP,
            {"data": {"a": "x"}, "binaryData": {"a": "aGk="}},
            "data[a]: Duplicate value: is also a key of binaryData",
        ),
        (CONFIG_MAP, {"binaryData": {"a": "?"}}, "binaryData[a]: Invalid value: must be base64"),
        (SECRET, {"type": "kubernetes.io/tls", "data": {"tls.crt": "aGk="}}, "data[tls.key]: Required value"),
        (
            LEASE,
            {"spec": {"leaseDurationSeconds": 0}},
            "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
        ),
        (
            LEASE,
            {"spec": {"leaseTransitions": -1}},
            "spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0",
        ),
        (
            LEASE,
            {"spec": {"renewTime": "now"}},
            'spec.renewTime: Invalid value: "now": must be an RFC 3339 time',
        ),
    ],
)
def test_what_typing_cannot_see_is_refused(kind: Kind, parts: Manifest, expected: str):
    found = problems(kind, **parts)
    assert len(found) == 1
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        (
            {"limits": {"cpu": "1"}, "requests": {"cpu": "2"}},
            'requests[cpu]: Invalid value: "2": must be less than or equal to cpu limit of 1',
        ),
        (
            {"requests": {"nvidia.com/gpu": "1"}},
            "requests[nvidia.com/gpu]: Required value: a limit must be set",
        ),
        (
            {"limits": {"nvidia.com/gpu": 2}, "requests": {"nvidia.com/gpu": 1}},
            "requests[nvidia.com/gpu]: Invalid value: 1: must be equal to nvidia.com/gpu limit of 2",
        ),
        (
            {"limits": {"nvidia.com/gpu": "500m"}},
            'limits[nvidia.com/gpu]: Invalid value: "500m": must be an integer',
        ),
        ({"limits": {"cpu": "-1"}}, 'limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'),
        ({"limits": {"cpu cores": 1}}, 'limits: Invalid value: "cpu cores": name part must consist of'),
    ],
)
def test_resources_that_cannot_be_are_refused(resources: Manifest, expected: str):
    (found,) = problems(POD, spec={"containers": [{**GOOD_CONTAINER, "resources": resources}]})
    assert found.startswith(f"spec.containers[0].resources.{expected}")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("ports", [{"containerPort": 0}], "ports[0].containerPort: Invalid value: 0"),
        ("ports", [{"containerPort": 1, "hostPort": 70000}], "ports[0].hostPort: Invalid value: 70000"),
        ("ports", [{"containerPort": 1, "protocol": "tcp"}], 'ports[0].protocol: Unsupported value: "tcp"'),
        (
            "ports",
            [{"containerPort": 1, "name": "http1-is-too-long"}],
            'ports[0].name: Invalid value: "http1-is-too-long": must be no more than 15',
        ),
        (
            "ports",
            [{"containerPort": 1, "name": "a"}, {"containerPort": 2, "name": "a"}],
            'ports: Duplicate value: "a"',
        ),
        ("env", [{"name": ""}], "env[0].name: Required value"),
        ("env", [{"name": "A=B"}], 'env[0].name: Invalid value: "A=B": a valid environment variable name'),
        (
            "env",
            [{"name": "A", "value": "x", "valueFrom": {"fieldRef": {}}}],
            "env[0].valueFrom: Invalid value",
        ),
        ("imagePullPolicy", "Sometimes", 'imagePullPolicy: Unsupported value: "Sometimes"'),
    ],
)
def test_containers_that_cannot_be_are_refused(field: str, value: Any, expected: str):
    (found,) = problems(POD, spec={"containers": [{**GOOD_CONTAINER, field: value}]})
    assert found.startswith(f"spec.containers[0].{expected}")


@pytest.mark.parametrize("value", ["not base64!", "aGk"])
def test_a_secrets_value_is_never_quoted(value: str):
    (found,) = problems(SECRET, data={"key": value})
    assert found.startswith("data[key]: Invalid value: must be base64")
    assert value not in found


def test_storage_settings_that_are_not_read_are_named_on_the_secret():
    notes = {"serving.kserve.io/s3-cabundle": "/ca.pem", "serving.kserve.io/s3-endpoint": "s3.a"}
    manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": notes}}
    told = [(one.path, one.level) for one in SECRET.check(manifest)]
    assert told == [("metadata.annotations[serving.kserve.io/s3-cabundle]", Level.WARNING)]
