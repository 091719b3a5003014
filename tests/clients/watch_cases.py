"""The official Python client: watches."""

import json
import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any

import yaml
from kubernetes import client, dynamic, watch
from kubernetes.client.exceptions import ApiException

from tests.clients import manifests
from tests.clients.case import Cases
from tests.clients.documents import CONCEPTS, LIST_VALIDATION, PYTHON, api
from tests.clients.python_cases import SERVICES, config_map
from tests.clients.sandbox import Sandbox

CASES = Cases("kubernetes")
WATCH = CONCEPTS + "#efficient-detection-of-changes"
BOOKMARKS = CONCEPTS + "#watch-bookmarks"
STREAMING = CONCEPTS + "#streaming-lists"
PATH = "/api/v1/namespaces/$NS/configmaps"


def told(events: Iterator[dict[str, Any]], count: int) -> list[tuple[str, str]]:
    """Type and name of the next events."""
    return [
        (event["type"], event["raw_object"]["metadata"]["name"])
        for _, event in zip(range(count), events, strict=False)
    ]


def lines_of(sandbox: Sandbox, **query: str) -> list[dict[str, Any]]:
    """All that a watch of the ConfigMaps says until it ends."""
    answer = sandbox.http("GET", PATH, params={"watch": "true", "timeoutSeconds": "1"} | query)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@CASES("watch", "ADDED, MODIFIED and DELETED in order, each with the object", WATCH)
def watch_all(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    after = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map())
    core.patch_namespaced_config_map("c", namespace, {"data": {"key": "2"}})
    core.delete_namespaced_config_map("c", namespace)
    stream = watch.Watch().stream(
        core.list_namespaced_config_map, namespace, resource_version=after, timeout_seconds=10
    )
    events = list(islice(stream, 3))
    assert [event["type"] for event in events] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event["object"].data["key"] for event in events] == ["value", "2", "2"]
    versions = [int(event["object"].metadata.resource_version) for event in events]
    assert versions == sorted(set(versions))


@CASES("watch-from-now", "without a resourceVersion a watch begins with what exists", WATCH)
def watch_from_now(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map("b"))
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map("a"))
    stream = watch.Watch().stream(
        sandbox.core.list_namespaced_config_map, sandbox.namespace, timeout_seconds=10
    )
    assert sorted(told(stream, 2)) == [("ADDED", "a"), ("ADDED", "b")]


@CASES(
    "watch-resume", "a watch that is taken up where another ended misses nothing and repeats nothing", WATCH
)
def watch_resume(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    after = core.list_namespaced_config_map(namespace).metadata.resource_version
    seen: list[tuple[str, str]] = []
    for number in range(3):
        core.create_namespaced_config_map(namespace, config_map(f"c{number}"))
        watcher = watch.Watch()
        for event in watcher.stream(
            core.list_namespaced_config_map, namespace, resource_version=after, timeout_seconds=10
        ):
            seen.append((event["type"], event["object"].metadata.name))
            after = event["object"].metadata.resource_version
            watcher.stop()
    assert seen == [("ADDED", "c0"), ("ADDED", "c1"), ("ADDED", "c2")]


@CASES("watch-name", "a field selector on metadata.name watches one object", WATCH)
def watch_name(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    for name in ("a", "b"):
        core.create_namespaced_config_map(namespace, config_map(name))
    core.delete_namespaced_config_map("b", namespace)
    core.delete_namespaced_config_map("a", namespace)
    core.create_namespaced_config_map(namespace, config_map("b"))
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        field_selector="metadata.name=b",
        timeout_seconds=10,
    )
    assert told(stream, 1) == [("ADDED", "b")]


@CASES("watch-selector", "an object that leaves a label selector is DELETED, one that enters ADDED", WATCH)
def watch_selector(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    core.create_namespaced_config_map(namespace, config_map(metadata={"labels": {"on": "1"}}))
    after = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.patch_namespaced_config_map("c", namespace, {"data": {"key": "2"}})
    core.patch_namespaced_config_map("c", namespace, {"metadata": {"labels": {"on": None}}})
    core.patch_namespaced_config_map("c", namespace, {"data": {"key": "3"}})
    core.patch_namespaced_config_map("c", namespace, {"metadata": {"labels": {"on": "1"}}})
    stream = watch.Watch().stream(
        core.list_namespaced_config_map,
        namespace,
        label_selector="on",
        resource_version=after,
        timeout_seconds=10,
    )
    assert [kind for kind, _ in told(stream, 3)] == ["MODIFIED", "DELETED", "ADDED"]


@CASES("watch-timeout", "timeoutSeconds ends a watch in good order", WATCH)
def watch_timeout(sandbox: Sandbox) -> None:
    stream = watch.Watch().stream(
        sandbox.core.list_namespaced_config_map, sandbox.namespace, timeout_seconds=1
    )
    assert list(stream) == []


@CASES(
    "watch-bookmark",
    "allowWatchBookmarks: the stream ends with a BOOKMARK that has a resourceVersion",
    BOOKMARKS,
)
def watch_bookmark(sandbox: Sandbox) -> None:
    made = sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    lines = lines_of(sandbox, allowWatchBookmarks="true")
    kinds = [line["type"] for line in lines]
    assert (kinds[0], set(kinds[1:])) == ("ADDED", {"BOOKMARK"})
    mark = lines[-1]["object"]
    assert (mark["kind"], mark["apiVersion"]) == ("ConfigMap", "v1")
    assert int(mark["metadata"]["resourceVersion"]) >= int(made.metadata.resource_version)
    assert "data" not in mark


@CASES(
    "watch-send-initial-events", "sendInitialEvents: all that exists, then a BOOKMARK that says so", STREAMING
)
def watch_send_initial_events(sandbox: Sandbox) -> None:
    for name in ("a", "b"):
        sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map(name))
    lines = lines_of(
        sandbox,
        sendInitialEvents="true",
        allowWatchBookmarks="true",
        resourceVersionMatch="NotOlderThan",
    )
    assert [line["type"] for line in lines[:3]] == ["ADDED", "ADDED", "BOOKMARK"]
    annotations = lines[2]["object"]["metadata"]["annotations"]
    assert annotations == {"k8s.io/initial-events-end": "true"}


@CASES(
    "watch-send-initial-events-rules",
    "sendInitialEvents needs resourceVersionMatch=NotOlderThan: 422",
    LIST_VALIDATION,
)
def watch_send_initial_events_rules(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", PATH, params={"watch": "true", "sendInitialEvents": "true"})
    status = answer.json()
    assert (answer.status_code, status["reason"]) == (422, "Invalid")
    assert status["message"] == (
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires '
        "setting resourceVersionMatch to NotOlderThan"
    )


@CASES("watch-no-initial-events", "sendInitialEvents=false begins with what changes from now on", STREAMING)
def watch_no_initial_events(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    lines = lines_of(sandbox, sendInitialEvents="false", resourceVersionMatch="NotOlderThan")
    assert lines == []


def forget(sandbox: Sandbox) -> None:
    """Writes to ServiceAccounts until the server has forgotten the first of these writes."""
    large = "x" * 250_000
    sandbox.core.create_namespaced_service_account(sandbox.namespace, {"metadata": {"name": "large"}})
    for number in range(24):
        change = {"metadata": {"annotations": {"a": large, "n": str(number)}}}
        sandbox.core.patch_namespaced_service_account("large", sandbox.namespace, change)
    sandbox.core.delete_namespaced_service_account("large", sandbox.namespace)


@CASES(
    "watch-expired",
    "a watch from a version that is forgotten: an ERROR event with 410 Expired",
    CONCEPTS + "#410-gone-responses",
)
def watch_expired(sandbox: Sandbox) -> None:
    first = sandbox.core.list_namespaced_service_account(sandbox.namespace).metadata.resource_version
    forget(sandbox)
    stream = watch.Watch().stream(
        sandbox.core.list_namespaced_service_account,
        sandbox.namespace,
        resource_version=first,
        timeout_seconds=5,
    )
    try:
        events = list(stream)
    except ApiException as error:
        assert error.status == 410
        assert "too old resource version" in f"{error.reason} {error.body}"
    else:
        raise AssertionError(events)


@CASES(
    "list-expired",
    "a continue token whose snapshot is forgotten: 410 Expired with a token to go on",
    CONCEPTS + "#410-gone-responses",
)
def list_expired(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    for name in "abc":
        core.create_namespaced_service_account(namespace, {"metadata": {"name": name}})
    first = core.list_namespaced_service_account(namespace, limit=1)
    forget(sandbox)
    try:
        rest = core.list_namespaced_service_account(namespace, limit=5, _continue=first.metadata._continue)
    except ApiException as error:
        status = json.loads(error.body)
        assert (error.status, status["reason"]) == (410, "Expired")
        assert status["message"].startswith(
            "The provided continue parameter is too old to display a consistent list result."
        )
        token = status["metadata"]["continue"]
        rest = core.list_namespaced_service_account(namespace, _continue=token)
        names = [one.metadata.name for one in rest.items]
        assert names == [name for name in names if name != first.items[0].metadata.name]
    else:
        raise AssertionError(rest)


@CASES("watch-custom", "a watch of custom objects", PYTHON + "kubernetes/base/watch/watch.py")
def watch_custom(sandbox: Sandbox) -> None:
    sandbox.create(manifests.INFERENCE_SERVICE)
    stream = watch.Watch().stream(
        sandbox.custom.list_namespaced_custom_object,
        *SERVICES,
        sandbox.namespace,
        "inferenceservices",
        timeout_seconds=10,
    )
    assert told(stream, 1) == [("ADDED", "fraud")]


@CASES("watch-dynamic", "a watch of the dynamic client", PYTHON + "kubernetes/base/dynamic/README.md")
def watch_dynamic(sandbox: Sandbox) -> None:
    found = dynamic.DynamicClient(sandbox.api())
    services = found.resources.get(api_version="serving.kserve.io/v1beta1", kind="InferenceService")
    services.create(body=yaml.safe_load(manifests.INFERENCE_SERVICE), namespace=sandbox.namespace)
    stream = services.watch(namespace=sandbox.namespace, timeout=10)
    assert told(stream, 1) == [("ADDED", "fraud")]


@CASES("watch-live", "a change is told to who watches already", WATCH)
def watch_live(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    core.create_namespaced_config_map(namespace, config_map("first"))
    stream = watch.Watch().stream(core.list_namespaced_config_map, namespace, timeout_seconds=20)
    assert told(stream, 1) == [("ADDED", "first")]
    writer = threading.Thread(
        target=core.create_namespaced_config_map, args=(namespace, config_map("second"))
    )
    writer.start()
    assert told(stream, 1) == [("ADDED", "second")]
    writer.join()


@CASES("watch-namespaced", "a watch of a namespace tells nothing of others; one of all tells both", WATCH)
def watch_namespaced(sandbox: Sandbox) -> None:
    core, other = sandbox.core, f"{sandbox.namespace}-other"
    core.create_namespace({"metadata": {"name": other}})
    labels = {"labels": {"of": sandbox.namespace}}
    core.create_namespaced_config_map(other, config_map("theirs", metadata=labels))
    core.create_namespaced_config_map(sandbox.namespace, config_map("ours", metadata=labels))
    options = {"label_selector": f"of={sandbox.namespace}", "timeout_seconds": 10}
    own = watch.Watch().stream(core.list_namespaced_config_map, sandbox.namespace, **options)
    assert told(own, 1) == [("ADDED", "ours")]
    both = watch.Watch().stream(core.list_config_map_for_all_namespaces, **options)
    assert sorted(told(both, 2)) == [("ADDED", "ours"), ("ADDED", "theirs")]


@CASES("watch-logs", "Watch.stream follows the log of a Pod", api("workload-resources", "pod-v1"))
def watch_logs(sandbox: Sandbox) -> None:
    (pod,) = sandbox.create(manifests.ENDED_POD)
    sandbox.write_log(pod, "one\ntwo\n")
    lines = watch.Watch().stream(
        client.CoreV1Api(sandbox.api()).read_namespaced_pod_log,
        name="p",
        namespace=sandbox.namespace,
        container="main",
        follow=True,
        _request_timeout=20,
    )
    assert list(islice(lines, 2)) == ["one", "two"]
