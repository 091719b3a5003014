"""Server-side apply over HTTP, with the real kubectl, and with the Python client."""

import asyncio
import json
import shlex

import kubernetes
import pytest

from tests.apiserver.conftest import KUBECTL, KUBECTL_SECONDS

MAPS = "/api/v1/namespaces/d/configmaps"
APPLY = {"Content_Type": "application/apply-patch+yaml"}
PATCH = {"Content_Type": "application/merge-patch+json"}


def config(name="a", **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def owners(manifest):
    entries = manifest["metadata"].get("managedFields", [])
    return {(entry["manager"], entry["operation"]): entry["fieldsV1"] for entry in entries}


async def test_applying_creates_and_then_changes(api):
    path = f"{MAPS}/a?fieldManager=me"
    code, made = await api.ask(
        "PATCH", path, b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", **APPLY
    )
    assert (code, made["metadata"]["namespace"]) == (201, "d")
    code, changed = await api.ask("PATCH", path, config(k="1"), **APPLY)
    assert (code, changed["data"]) == (200, {"k": "1"})
    code, same = await api.ask("PATCH", path, config(k="1"), **APPLY)
    assert (code, same) == (200, changed)


async def test_a_dry_run_answers_and_leaves_no_trace(api):
    code, answer = await api.ask("PATCH", f"{MAPS}/a?fieldManager=me&dryRun=All", config(k="1"), **APPLY)
    assert (code, "resourceVersion" in answer["metadata"]) == (201, False)
    assert (await api.ask("GET", f"{MAPS}/a"))[0] == 404


MANAGER = 'PatchOptions.meta.k8s.io "" is invalid: '
REFUSALS = [
    # query, body, code, reason, message
    ("", config(), 422, "Invalid", MANAGER + "fieldManager: Required value: is required for apply patch"),
    (
        f"?fieldManager={'m' * 129}",
        config(),
        422,
        "Invalid",
        MANAGER + "fieldManager: Too long: may not be more than 128 bytes",
    ),
    (
        "?fieldManager=a%07b",
        config(),
        422,
        "Invalid",
        "invalid character U+0007 (at position 1)",
    ),
    (
        "?dryRun=Some",
        config(),
        422,
        "Invalid",
        MANAGER
        + '[fieldManager: Required value: is required for apply patch, dryRun: Unsupported value: "Some"',
    ),
    ("?fieldManager=me", b"[", 400, "BadRequest", "not valid YAML"),
    ("?fieldManager=me", [], 400, "BadRequest", "error decoding patch"),
    ("?fieldManager=me", {"metadata": {"name": "a"}}, 400, "BadRequest", "invalid object type: /, Kind="),
    (
        "?fieldManager=me",
        {"apiVersion": "apps/v1", "kind": "Deployment"},
        400,
        "BadRequest",
        "invalid object type: apps/v1, Kind=Deployment",
    ),
    (
        "?fieldManager=me",
        {"apiVersion": "v1", "kind": "ConfigMap"},
        400,
        "BadRequest",
        "the name of the object (a based on URL) was undeterminable: name must be provided",
    ),
    (
        "?fieldManager=me",
        config("b"),
        400,
        "BadRequest",
        "the name of the object (b) does not match the name on the URL (a)",
    ),
    (
        "?fieldManager=me",
        config() | {"metadata": {"name": "a", "namespace": "e"}},
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
    ),
    (
        "?fieldManager=me",
        config() | {"metadata": {"name": "a", "managedFields": []}},
        400,
        "BadRequest",
        "metadata.managedFields must be nil",
    ),
    (
        "?fieldManager=me",
        config() | {"metadata": []},
        400,
        "BadRequest",
        ".metadata: expected map, got &{[]}",
    ),
    (
        "?fieldManager=me",
        config() | {"datum": {}},
        400,
        "BadRequest",
        "typed patch object (d/a; /v1, Kind=ConfigMap): .datum: field not declared in schema",
    ),
    (
        "?fieldManager=me",
        config(k=1),
        400,
        "BadRequest",
        ".data.k: expected string, got &value.valueUnstructured{Value:1}",
    ),
    ("?fieldManager=me", config(**{"bad/key": "1"}), 422, "Invalid", "bad/key"),
    (
        "?fieldManager=me",
        config() | {"metadata": {"name": "a", "uid": "u"}},
        409,
        "Conflict",
        'Operation cannot be fulfilled on configmaps "a": uid mismatch: the provided object specified uid u, '
        "and no existing object was found",
    ),
]


@pytest.mark.parametrize(("query", "body", "code", "reason", "message"), REFUSALS)
async def test_what_cannot_be_applied(api, query, body, code, reason, message):
    answer = await api.ask("PATCH", f"{MAPS}/a{query}", body, **APPLY)
    assert (answer[0], answer[1]["reason"]) == (code, reason), answer
    assert message in answer[1]["message"]
    assert (await api.ask("GET", f"{MAPS}/a"))[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "headers", "kind"),
    [
        ("POST", MAPS, {}, "CreateOptions"),
        ("PUT", f"{MAPS}/a", {}, "UpdateOptions"),
        ("PATCH", f"{MAPS}/a", PATCH, "PatchOptions"),
    ],
)
async def test_every_write_checks_its_field_manager(api, method, path, headers, kind):
    code, answer = await api.ask(method, f"{path}?fieldManager=%00", config(), **headers)
    assert (code, answer["details"]["causes"][0]["field"]) == (422, "fieldManager")
    assert answer["message"].startswith(f'{kind}.meta.k8s.io "" is invalid: fieldManager: Invalid value')


async def test_only_an_apply_is_forced(api):
    code, answer = await api.ask("PATCH", f"{MAPS}/a?force=true", {}, **PATCH)
    assert (code, answer["message"]) == (
        422,
        MANAGER + "force: Forbidden: may not be specified for non-apply patch",
    )


async def test_replicas_are_owned_through_scale(api):
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "a"},
        "spec": {"predictor": {"model": {"modelFormat": {"name": "sklearn"}, "storageUri": "s3://a/b"}}},
    }
    path = "/apis/serving.kserve.io/v1beta1/namespaces/d/inferenceservices"
    scale = {
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": {"name": "a"},
        "spec": {"replicas": 2},
    }
    code, _ = await api.ask("PATCH", f"{path}/a/scale?fieldManager=hpa", scale, **APPLY)
    assert code == 404
    await api.ask("POST", f"{path}?fieldManager=one", service)
    code, answer = await api.ask("PATCH", f"{path}/a/scale?fieldManager=hpa", scale, **APPLY)
    assert (code, answer["kind"], answer["spec"]) == (200, "Scale", {"replicas": 2})
    await api.ask("PATCH", f"{path}/a/scale?fieldManager=me", {"spec": {"replicas": 3}}, **PATCH)
    entries = (await api.ask("GET", f"{path}/a"))[1]["metadata"]["managedFields"]
    through = {(one["manager"], one.get("subresource", "")): one["fieldsV1"] for one in entries}
    assert through.keys() == {("one", ""), ("me", "scale")}
    assert through["me", "scale"] == {"f:spec": {"f:predictor": {"f:minReplicas": {}}}}
    code, answer = await api.ask("PATCH", f"{path}/a/scale?fieldManager=hpa", scale, **APPLY)
    assert (code, answer["message"]) == (
        409,
        'Apply failed with 1 conflict: conflict with "me" with subresource "scale" using '
        "serving.kserve.io/v1beta1: .spec.predictor.minReplicas",
    )


async def test_fields_that_an_open_schema_keeps_may_be_applied(api):
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": True,
                "properties": {"size": {"type": "integer"}},
            }
        },
    }
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": names, "scope": "Namespaced", "versions": [version]},
    }
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.example.com"
    code, made = await api.ask("PATCH", f"{path}?fieldManager=me", definition, **APPLY)
    assert code == 201, made
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}}
    path = "/apis/example.com/v1/namespaces/d/widgets/a?fieldManager=me"
    code, made = await api.ask("PATCH", path, widget | {"spec": {"size": 1, "more": {"x": 1}}}, **APPLY)
    assert (code, made["spec"]) == (201, {"size": 1, "more": {"x": 1}})
    code, answer = await api.ask("PATCH", path, widget | {"spec": {"size": "1"}}, **APPLY)
    assert (code, ".spec.size: expected numeric (int or float), got string" in answer["message"]) == (
        400,
        True,
    )
    code, made = await api.ask("PATCH", path, widget | {"spec": {"size": 1}}, **APPLY)
    assert (code, made["spec"]) == (200, {"size": 1})


async def test_who_writes_is_named_by_the_query_or_the_user_agent(api):
    await api.ask("POST", f"{MAPS}?fieldManager=named", config("a", k="1"), User_Agent="agent/1.0 (x)")
    await api.ask("POST", MAPS, config("b", k="1"), User_Agent="agent/1.0 (x)")
    await api.ask("PATCH", f"{MAPS}/b", {"data": {"l": "1"}}, User_Agent="other", **PATCH)
    assert list(owners((await api.ask("GET", f"{MAPS}/a"))[1])) == [("named", "Update")]
    assert list(owners((await api.ask("GET", f"{MAPS}/b"))[1])) == [("agent", "Update"), ("other", "Update")]


async def test_a_conflict_has_a_cause_for_each_field(api):
    await api.ask("POST", f"{MAPS}?fieldManager=one", config(k="1", l="1"))
    code, answer = await api.ask("PATCH", f"{MAPS}/a?fieldManager=two", config(k="2", l="1"), **APPLY)
    assert (code, answer) == (
        409,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": 'Apply failed with 1 conflict: conflict with "one" using v1: .data.k',
            "reason": "Conflict",
            "details": {
                "causes": [
                    {
                        "reason": "FieldManagerConflict",
                        "message": 'conflict with "one" using v1',
                        "field": ".data.k",
                    }
                ]
            },
            "code": 409,
        },
    )


POD = """
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - {name: c, image: "kserve/sklearnserver:v1", env: [{name: A, value: "1"}], ports: [{containerPort: 8080}]}
"""
FILES = {
    "cm": config(k="1", l="1"),
    "cm2": config(k="2"),
    "cm3": config(k="3", l="1"),
    "unowned": config(m="1"),
    "twice": json.loads(
        '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"i",'
        '"ports":[{"containerPort":80},{"containerPort":80,"protocol":"TCP"}]}]}}'
    ),
}
GET = "get cm a -o jsonpath='{.data}'"
# command line, exit code, what it says
SESSION = [
    # from client-side apply to server-side apply: kubectl's own fields need no force
    ("apply -f cm.json", 0, "configmap/a created"),
    ("diff --server-side -f cm2.json", 1, ""),
    ("apply --server-side -f cm2.json", 0, "configmap/a serverside-applied"),
    (GET, 0, '{"k":"2"}'),
    ("diff --server-side -f cm2.json", 0, ""),
    ("get cm a -o yaml", 0, "kubectl.kubernetes.io/last-applied-configuration"),
    ("get cm a -o yaml --show-managed-fields", 0, "operation: Apply"),
    # and back again
    ("apply -f cm3.json", 0, "configmap/a configured"),
    (GET, 0, '{"k":"3","l":"1"}'),
    # another manager
    (
        "apply --server-side --field-manager=ci -f cm2.json",
        1,
        'conflict with "kubectl-client-side-apply" using v1: .data.k',
    ),
    ("apply --server-side --field-manager=ci -f cm2.json --force-conflicts", 0, "serverside-applied"),
    ("apply --server-side --field-manager=ci -f unowned.json", 0, "serverside-applied"),
    (GET, 0, '{"m":"1"}'),
    # every other way of writing, and who it is said to be by
    ("label cm a x=1", 0, "labeled"),
    ("annotate cm a y=1", 0, "annotated"),
    ('patch cm a --type=merge -p \'{"data":{"n":"1"}}\'', 0, "patched"),
    ('patch cm a --type=strategic -p \'{"data":{"n":"2"}}\'', 0, "patched"),
    ('patch cm a --type=json -p \'[{"op":"add","path":"/data/o","value":"1"}]\'', 0, "patched"),
    (
        'patch cm a --type=json -p \'[{"op":"test","path":"/data/o","value":"2"}]\'',
        1,
        "The request is invalid: the server rejected our request due to an error in our request",
    ),
    ("get cm a -o jsonpath='{.metadata.managedFields[*].manager}'", 0, "ci "),
    ("get cm a -o jsonpath='{.metadata.managedFields[*].manager}'", 0, "kubectl-label"),
    (
        "get cm a -o jsonpath='{.metadata.managedFields[*].manager}'",
        0,
        "kubectl-annotate kubectl-label kubectl-patch",
    ),
    ("replace -f cm.json", 0, "replaced"),
    (GET, 0, '{"k":"1","l":"1"}'),
    # lists with keys
    ("apply --server-side -f pod.yaml", 0, "pod/p serverside-applied"),
    (
        "apply --server-side -f twice.json",
        1,
        '.spec.containers[name="c"].ports: duplicate entries for key [containerPort=80,protocol="TCP"]',
    ),
    ("set image pod/p c=kserve/sklearnserver:v2", 0, "image updated"),
    (
        "apply --server-side -f pod.yaml",
        1,
        'conflict with "kubectl-set" using v1: .spec.containers[name="c"].image',
    ),
    ("apply --server-side -f pod.yaml --force-conflicts", 0, "serverside-applied"),
    ("apply --server-side -f pod.yaml --validate=strict", 0, "serverside-applied"),
]


async def test_a_session_with_kubectl(api):
    for name, manifest in FILES.items():
        (api.home / f"{name}.json").write_text(json.dumps(manifest))
    (api.home / "pod.yaml").write_text(POD)
    for line, code, says in SESSION:
        result = await api.kubectl(*shlex.split(line))
        assert (result.code, says in result.out + result.err) == (code, True), (line, result)


async def test_editing_with_kubectl(api):
    editor = api.home / "editor"
    editor.write_text('#!/bin/sh\n! grep -q managedFields $1 && sed -i \'s/k: "1"/k: "2"/\' $1\n')
    editor.chmod(0o755)
    await api.ask("POST", f"{MAPS}?fieldManager=one", config(k="1"))
    environment = {"KUBECONFIG": str(api.home / "kubeconfig"), "HOME": str(api.home), "PATH": "/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(
        str(KUBECTL), "--context=admin", "edit", "cm", "a", env=environment | {"KUBE_EDITOR": str(editor)}
    )
    assert await asyncio.wait_for(process.wait(), KUBECTL_SECONDS) == 0
    found = owners((await api.ask("GET", f"{MAPS}/a"))[1])
    assert found == {
        ("one", "Update"): {"f:data": {}},
        ("kubectl-edit", "Update"): {"f:data": {"f:k": {}}},
    }


async def test_all_patches_of_the_python_client(api):
    def work():
        client = kubernetes.config.new_client_from_config(str(api.home / "kubeconfig"), context="admin")
        maps = kubernetes.client.CoreV1Api(client)
        said = []

        def patch(body, content_type, **options):
            changed = maps.patch_namespaced_config_map(
                "a", "d", body, _content_type=content_type, field_manager="py", **options
            )
            said.append(changed.data)
            return changed

        patch(config(k="1"), "application/apply-patch+yaml")
        patch({"data": {"l": "1"}}, "application/merge-patch+json")
        patch({"data": {"m": "1"}}, "application/strategic-merge-patch+json")
        patch([{"op": "remove", "path": "/data/l"}], "application/json-patch+json")
        last = patch(config(n="1", m="2"), "application/apply-patch+yaml", force=True)
        return said, [(entry.manager, entry.operation) for entry in last.metadata.managed_fields]

    said, found = await asyncio.to_thread(work)
    assert said == [
        {"k": "1"},
        {"k": "1", "l": "1"},
        {"k": "1", "l": "1", "m": "1"},
        {"k": "1", "m": "1"},
        {"m": "2", "n": "1"},
    ]
    assert found == [("py", "Apply")]
