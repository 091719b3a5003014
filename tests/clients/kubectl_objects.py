"""kubectl: creating, changing and deleting objects."""

import json

import requests

from tests.clients import manifests
from tests.clients.case import Cases, Step
from tests.clients.documents import (
    CASCADING,
    CONCEPTS,
    CONFIG_MAPS,
    ERRORS,
    FINALIZERS,
    HANDLERS,
    META_VALIDATION,
    NAMESPACES,
    NODES,
    SECRETS,
    STRATEGIC,
    kubectl,
)
from tests.clients.sandbox import Sandbox

CASES = Cases("kubectl")

CASES.lines(
    "create-generators",
    "create configmap, secret, serviceaccount and namespace from arguments",
    kubectl("create"),
    Step("create configmap c --from-literal=a=b", out="configmap/c created\n"),
    Step("create secret generic s --from-literal=a=b", out="secret/s created\n"),
    Step("create secret docker-registry d --docker-username=u --docker-password=p", out="secret/d created\n"),
    Step("create serviceaccount robot", out="serviceaccount/robot created\n"),
    Step("create service clusterip web --tcp=80:8080", out="service/web created\n"),
    Step("create namespace $NS-more", out="namespace/$NS-more created\n"),
    Step("get cm c -o jsonpath={.data.a}", out="b"),
    Step("get secret s -o jsonpath={.data.a}/{.type}", out="Yg==/Opaque"),
    Step("get secret d -o jsonpath={.type}", out="kubernetes.io/dockerconfigjson"),
)
CASES.lines(
    "create-exists",
    "a name that is taken: AlreadyExists",
    ERRORS,
    Step(
        "create configmap c",
        code=1,
        err=['error: failed to create configmap: configmaps "c" already exists'],
    ),
    Step(
        "create -f -",
        stdin=manifests.CONFIG_MAP,
        code=1,
        err=['Error from server (AlreadyExists): error when creating "STDIN": configmaps "c" already exists'],
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "create-dry-run",
    "--dry-run=server answers as if, and stores nothing",
    CONCEPTS + "#dry-run",
    Step("create configmap c --dry-run=server", out="configmap/c created (server dry run)\n"),
    Step("create configmap c --dry-run=server -o jsonpath={.metadata.uid}", like=[r"^[0-9a-f-]{36}$"]),
    Step("get cm c", code=1, err=["NotFound"]),
)
CASES.lines(
    "create-generate-name",
    "generateName is completed by five letters and digits",
    CONCEPTS + "#generated-values",
    Step(
        "create -f - -o name",
        stdin="{apiVersion: v1, kind: ConfigMap, metadata: {generateName: job-}}",
        like=[r"\Aconfigmap/job-[a-z0-9]{5}\n\Z"],
    ),
)
CASES.lines(
    "create-invalid-name",
    "a name that is no DNS subdomain, in upstream's words",
    META_VALIDATION,
    Step(
        "create configmap Bad_Name",
        code=1,
        err=[
            'metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower '
            "case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character"
        ],
    ),
)
CASES.lines(
    "create-strict",
    "unknown fields are refused by default (--validate=strict), with all of their names",
    CONCEPTS + "#field-validation",
    Step(
        "create -f -",
        stdin=manifests.POD.partition("\nstatus")[0].replace("env:", "evn:").replace("nodeName", "nodName"),
        code=1,
        err=[
            "strict decoding error",
            'unknown field "spec.nodName"',
            'unknown field "spec.containers[0].evn"',
        ],
    ),
)
CASES.lines(
    "create-warn",
    "--validate=warn stores the rest and warns of each unknown field",
    CONCEPTS + "#field-validation",
    Step(
        "create --validate=warn -f -",
        stdin=manifests.CONFIG_MAP + "dta: {a: b}\n",
        out="configmap/c created\n",
        err=['Warning: unknown field "dta"'],
    ),
    Step("get cm c -o jsonpath={.dta}", out=""),
)
CASES.lines(
    "create-ignore",
    "--validate=ignore drops unknown fields without a word",
    CONCEPTS + "#field-validation",
    Step(
        "create --validate=ignore -f -",
        stdin=manifests.CONFIG_MAP + "dta: {a: b}\n",
        out="configmap/c created\n",
    ),
    Step("get cm c -o jsonpath={.dta}", out=""),
)
CASES.lines(
    "create-several-problems",
    "all problems of an object are told together",
    META_VALIDATION,
    Step(
        "create -f -",
        stdin='{apiVersion: v1, kind: ConfigMap, metadata: {name: c, labels: {"b d": x}}, data: {"a/b": c}}',
        code=1,
        err=['The ConfigMap "c" is invalid:', "metadata.labels: Invalid value:", "data[a/b]: Invalid value:"],
    ),
)
CASES.lines(
    "label",
    "label adds, refuses to overwrite, overwrites and removes",
    kubectl("label"),
    Step("label cm c team=risk", out="configmap/c labeled\n"),
    Step(
        "label cm c team=fraud",
        code=1,
        err=["error: 'team' already has a value (risk), and --overwrite is false"],
    ),
    Step("label cm c team=fraud --overwrite", out="configmap/c labeled\n"),
    Step("label cm c team-", out="configmap/c unlabeled\n"),
    Step("label cm c team-", out='label "team" not found.\nconfigmap/c not labeled\n'),
    Step("label cm --all seen=1", out="configmap/c labeled\n"),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "label-invalid",
    "a label that cannot be one is refused by the server",
    META_VALIDATION,
    Step(
        'patch cm c --type=merge -p \'{"metadata":{"labels":{"a":"not valid"}}}\'',
        code=1,
        err=[
            'metadata.labels: Invalid value: "not valid": a valid label must be an empty string or consist of'
        ],
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "label-resource-version",
    "--resource-version is the precondition of a label",
    kubectl("label"),
    Step(
        "label cm c a=b --resource-version=1",
        code=1,
        err=['Operation cannot be fulfilled on configmaps "c": the object has been modified'],
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "annotate",
    "annotate adds and removes",
    kubectl("annotate"),
    Step("annotate isvc fraud note='a b'", out="inferenceservice.serving.kserve.io/fraud annotated\n"),
    Step("get isvc fraud -o jsonpath={.metadata.annotations.note}", out="a b"),
    Step("annotate isvc fraud note-", out="inferenceservice.serving.kserve.io/fraud annotated\n"),
    given=manifests.INFERENCE_SERVICE,
)
CASES.lines(
    "patch-merge",
    "a merge patch: null removes, lists are replaced",
    STRATEGIC,
    Step('patch cm c --type=merge -p \'{"data":{"key":null,"new":"1"}}\'', out="configmap/c patched\n"),
    Step("get cm c -o jsonpath={.data}", out='{"new":"1"}'),
    Step('patch cm c --type=merge -p \'{"data":{"new":"1"}}\'', out="configmap/c patched (no change)\n"),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "patch-json",
    "a JSON patch with test, replace, add and remove",
    STRATEGIC,
    Step(
        "patch cm c --type=json -p '"
        + json.dumps(
            [
                {"op": "test", "path": "/data/key", "value": "value"},
                {"op": "add", "path": "/data/new", "value": "1"},
                {"op": "remove", "path": "/data/key"},
            ]
        )
        + "'",
        out="configmap/c patched\n",
    ),
    Step("get cm c -o jsonpath={.data}", out='{"new":"1"}'),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "patch-json-does-not-apply",
    "a JSON patch whose test fails: 422 in upstream's words",
    HANDLERS + "patch.go",
    Step(
        """patch cm c --type=json -p '[{"op":"test","path":"/data/key","value":"x"}]'""",
        code=1,
        err=["The request is invalid: the server rejected our request due to an error in our request"],
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "patch-strategic",
    "a strategic merge patch merges containers and their environment by name",
    STRATEGIC,
    Step(
        """patch pod p -p '{"spec":{"containers":[{"name":"main","image":"example/new"}]}}'""",
        out="pod/p patched\n",
    ),
    Step("get pod p -o jsonpath={.spec.containers[*].image}", out="example/new example/side"),
    Step("get pod p -o jsonpath={.spec.containers[0].env[0].name}", out="A"),
    given=manifests.POD,
)
CASES.lines(
    "patch-strategic-directives",
    "$patch: delete removes one element of a list, $deleteFromPrimitiveList a value",
    STRATEGIC,
    Step(
        """patch svc web -p '{"spec":{"ports":[{"port":81,"name":"b"},{"port":80,"name":"a"}]}}'""",
        out="service/web patched\n",
    ),
    Step(
        """patch svc web -p '{"spec":{"ports":[{"port":80,"$patch":"delete"}]}}'""",
        out="service/web patched\n",
    ),
    Step("get svc web -o jsonpath={.spec.ports[*].port}", out="81"),
    Step(
        """patch cm c -p '{"metadata":{"finalizers":["x.io/a","x.io/b"]}}'""",
        out="configmap/c patched\n",
    ),
    Step(
        """patch cm c -p '{"metadata":{"$deleteFromPrimitiveList/finalizers":["x.io/a"]}}'""",
        out="configmap/c patched\n",
    ),
    Step("get cm c -o jsonpath={.metadata.finalizers}", out='["x.io/b"]'),
    Step("""patch cm c -p '{"metadata":{"finalizers":null}}'"""),
    given=manifests.SERVICE + "---" + manifests.CONFIG_MAP,
)
CASES.lines(
    "patch-strategic-custom",
    "custom kinds take no strategic merge patch: 415",
    CONCEPTS + "#patch-and-apply",
    Step(
        "patch isvc fraud --type=strategic -p '{\"spec\":{}}'",
        code=1,
        err=[
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json"
        ],
    ),
    given=manifests.INFERENCE_SERVICE,
)
CASES.lines(
    "patch-status",
    "--subresource=status changes status alone; the main resource leaves status alone; generation stays",
    kubectl("patch"),
    Step(
        """patch isvc fraud --subresource=status --type=merge -p '{"status":{"url":"http://f"},"spec":{"predictor":null}}'""",
        out="inferenceservice.serving.kserve.io/fraud patched\n",
    ),
    Step("get isvc fraud -o jsonpath={.status.url}/{.spec.predictor.minReplicas}", out="http://f/2"),
    Step("get isvc fraud -o jsonpath={.metadata.generation}", out="1"),
    Step("""patch isvc fraud --type=merge -p '{"status":{"url":"http://other"}}'"""),
    Step("get isvc fraud -o jsonpath={.status.url}", out="http://f"),
    Step("""patch isvc fraud --type=merge -p '{"spec":{"predictor":{"minReplicas":3}}}'"""),
    Step("get isvc fraud -o jsonpath={.metadata.generation}", out="2"),
    given=manifests.INFERENCE_SERVICE,
)
CASES.lines(
    "replace",
    "replace puts the whole object; what is left out goes",
    kubectl("replace"),
    Step(
        "replace -f -",
        stdin="{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {other: x}}",
        out="configmap/c replaced\n",
    ),
    Step("get cm c -o jsonpath={.data}", out='{"other":"x"}'),
    Step(
        "replace -f -", stdin=manifests.CONFIG_MAP.replace("name: c", "name: none"), code=1, err=["NotFound"]
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "replace-stale",
    "replace of an older state: Conflict",
    CONCEPTS + "#resource-versions",
    Step(
        "replace -f -",
        stdin='{apiVersion: v1, kind: ConfigMap, metadata: {name: c, resourceVersion: "1"}}',
        code=1,
        err=[
            'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on '
            'configmaps "c": the object has been modified; please apply your changes to the latest version '
            "and try again"
        ],
    ),
    given=manifests.CONFIG_MAP,
)


@CASES("replace-force", "replace --force deletes and creates: another uid", kubectl("replace"))
def replace_force(sandbox: Sandbox) -> None:
    (before,) = sandbox.create(manifests.CONFIG_MAP)
    done = sandbox.kubectl("replace", "--force", "-f", "-", stdin=manifests.CONFIG_MAP)
    assert done.code == 0, done
    assert done.out.startswith('configmap "c" deleted'), done
    assert done.out.endswith("configmap/c replaced\n"), done
    after = sandbox.core.read_namespaced_config_map("c", sandbox.namespace)
    assert after.metadata.uid != before["metadata"]["uid"]


@CASES("edit", "edit with a scripted EDITOR changes the object", kubectl("edit"))
def edit(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    editor = {"KUBE_EDITOR": "sed -i s/value/edited/"}
    done = sandbox.kubectl("edit", "cm", "c", environment=editor)
    assert (done.code, done.out) == (0, "configmap/c edited\n"), done
    assert sandbox.core.read_namespaced_config_map("c", sandbox.namespace).data == {"key": "edited"}
    done = sandbox.kubectl("edit", "cm", "c", environment={"KUBE_EDITOR": "true"})
    assert (done.code, done.err) == (0, "Edit cancelled, no changes made.\n"), done


@CASES("edit-status", "edit --subresource=status changes status alone", kubectl("edit"))
def edit_status(sandbox: Sandbox) -> None:
    sandbox.create(manifests.READY_SERVICE)
    editor = {"KUBE_EDITOR": "sed -i s,http://fraud.example.com,http://edited,"}
    done = sandbox.kubectl("edit", "isvc", "fraud", "--subresource=status", environment=editor)
    assert (done.code, done.out) == (0, "inferenceservice.serving.kserve.io/fraud edited\n"), done
    assert sandbox.kubectl("get", "isvc", "fraud", "-o", "jsonpath={.status.url}").out == "http://edited"


CASES.lines(
    "set-image",
    "set image and set env change containers",
    kubectl("set_image"),
    Step("set image pod/p main=example/newer", out="pod/p image updated\n"),
    Step("get pod p -o jsonpath={.spec.containers[0].image}", out="example/newer"),
    given=manifests.POD,
)
CASES.lines(
    "immutable-pod",
    "most of a Pod's spec cannot be changed",
    "https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement",
    Step(
        """patch pod p -p '{"spec":{"nodeName":"another"}}'""",
        code=1,
        err=['The Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than'],
    ),
    given=manifests.POD,
)
CASES.lines(
    "immutable-config-map",
    "a ConfigMap marked immutable cannot be changed, nor unmarked",
    CONFIG_MAPS + "#configmap-immutable",
    Step("""patch cm c -p '{"immutable":true}'""", out="configmap/c patched\n"),
    Step(
        """patch cm c -p '{"data":{"key":"x"}}'""",
        code=1,
        err=['The ConfigMap "c" is invalid: data: Forbidden: field is immutable when `immutable` is set'],
    ),
    Step(
        """patch cm c -p '{"immutable":false}'""",
        code=1,
        err=["immutable: Forbidden: field is immutable when `immutable` is set"],
    ),
    Step("label cm c still=allowed", out="configmap/c labeled\n"),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "immutable-secret",
    "a Secret's type cannot be changed; one marked immutable not at all",
    SECRETS + "#secret-immutable",
    Step(
        """patch secret s -p '{"type":"example.com/other"}'""",
        code=1,
        err=['The Secret "s" is invalid: type: Invalid value: "example.com/other": field is immutable'],
    ),
    Step("""patch secret s -p '{"immutable":true}'""", out="secret/s patched\n"),
    Step(
        """patch secret s -p '{"stringData":{"password":"x"}}'""",
        code=1,
        err=["data: Forbidden: field is immutable when `immutable` is set"],
    ),
    given=manifests.SECRET,
)
CASES.lines(
    "secret-string-data",
    "stringData is written, data is read",
    SECRETS,
    Step(
        "apply -f -",
        stdin="{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: b}}",
        out="secret/s created\n",
    ),
    Step("get secret s -o jsonpath={.data.a}{.stringData}", out="Yg=="),
)
CASES.lines(
    "delete",
    "delete by name, by label, all, and of what is not there",
    kubectl("delete"),
    Step("create configmap d"),
    Step("create configmap e"),
    Step("label cm d x=y"),
    Step("delete cm c", has=['configmap "c" deleted']),
    Step("delete cm c", code=1, err=['Error from server (NotFound): configmaps "c" not found']),
    Step("delete cm c --ignore-not-found", out=""),
    Step("delete cm -l x=y", has=['configmap "d" deleted']),
    Step("delete cm --all", has=['configmap "e" deleted']),
    Step("get cm -o name", out=""),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "delete-dry-run",
    "delete --dry-run=server deletes nothing",
    CONCEPTS + "#dry-run",
    Step("delete cm c --dry-run=server", has=['configmap "c" deleted', "(server dry run)"]),
    Step("get cm c -o name", out="configmap/c\n"),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "delete-finalizer",
    "an object with a finalizer is marked, stays until the last finalizer goes, and takes no new one",
    FINALIZERS,
    Step("""patch cm c -p '{"metadata":{"finalizers":["x.io/a"]}}'"""),
    Step("delete cm c --wait=false", has=['configmap "c" deleted']),
    Step("get cm c -o jsonpath={.metadata.deletionTimestamp}", like=[r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"]),
    Step(
        """patch cm c --type=merge -p '{"metadata":{"finalizers":["x.io/a","x.io/b"]}}'""",
        code=1,
        err=[
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
            'found new finalizers []string{"x.io/b"}'
        ],
    ),
    Step("""patch cm c -p '{"metadata":{"finalizers":null}}'""", out="configmap/c patched\n"),
    Step("get cm c", code=1, err=["NotFound"]),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "delete-pod-grace",
    "a Pod on a node waits its grace period; --force --grace-period=0 removes it at once",
    "https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination",
    Step("delete pod p --grace-period=20 --wait=false", has=['pod "p" deleted']),
    Step("get pod p -o jsonpath={.metadata.deletionGracePeriodSeconds}", out="20"),
    Step("get pods", has=["Terminating"]),
    Step(
        "delete pod p --force --grace-period=0",
        has=['pod "p" force deleted'],
        err=["Warning: Immediate deletion does not wait for confirmation"],
    ),
    Step("get pod p", code=1, err=["NotFound"]),
    given=manifests.POD,
)


def owned(owner: dict[str, object], name: str, *, blocks: bool) -> str:
    """A ConfigMap that belongs to another."""
    metadata = owner["metadata"]
    assert isinstance(metadata, dict)
    reference = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": metadata["name"],
        "uid": metadata["uid"],
        "blockOwnerDeletion": blocks,
    }
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "ownerReferences": [reference]},
        }
    )


@CASES("cascade-background", "delete takes dependents with it, afterwards", CASCADING)
def cascade_background(sandbox: Sandbox) -> None:
    (owner,) = sandbox.create(manifests.CONFIG_MAP)
    sandbox.create(owned(owner, "child", blocks=True))
    assert sandbox.kubectl("delete", "cm", "c").code == 0
    Step("get cm -o name", out="").check_later(sandbox)


@CASES("cascade-foreground", "--cascade=foreground waits for dependents that block", CASCADING)
def cascade_foreground(sandbox: Sandbox) -> None:
    (owner,) = sandbox.create(manifests.CONFIG_MAP)
    sandbox.create(owned(owner, "child", blocks=True))
    Step("""patch cm child -p '{"metadata":{"finalizers":["x.io/a"]}}'""").check(sandbox)
    Step("delete cm c --cascade=foreground --wait=false", has=["deleted"]).check(sandbox)
    Step("get cm c -o jsonpath={.metadata.finalizers}", out='["foregroundDeletion"]').check(sandbox)
    marked = Step("get cm child -o jsonpath={.metadata.deletionTimestamp}", like=[r"^\d{4}-"])
    marked.check_later(sandbox)
    Step("""patch cm child -p '{"metadata":{"finalizers":null}}'""").check(sandbox)
    Step("get cm -o name", out="").check_later(sandbox)


@CASES(
    "cascade-orphan", "--cascade=orphan leaves dependents, without the reference to their owner", CASCADING
)
def cascade_orphan(sandbox: Sandbox) -> None:
    (owner,) = sandbox.create(manifests.CONFIG_MAP)
    sandbox.create(owned(owner, "child", blocks=True))
    assert sandbox.kubectl("delete", "cm", "c", "--cascade=orphan").code == 0
    Step("get cm child -o jsonpath={.metadata.ownerReferences}", out="").check_later(sandbox)
    Step("get cm -o name", out="configmap/child\n").check_later(sandbox)


CASES.lines(
    "namespace",
    "a namespace is Active and carries its name as a label; deleting it deletes what is in it",
    NAMESPACES,
    Step("create namespace $NS-x", out="namespace/$NS-x created\n"),
    Step(
        "get ns $NS-x -o jsonpath={.status.phase}/{.metadata.labels.kubernetes\\\\.io/metadata\\\\.name}",
        out="Active/$NS-x",
    ),
    Step("create configmap c -n $NS-x"),
    Step("create secret generic s -n $NS-x"),
    Step("delete ns $NS-x --timeout=20s", has=['namespace "$NS-x" deleted']),
    Step("get cm,secret -n $NS-x -o name", out=""),
    Step("get ns $NS-x", code=1, err=['Error from server (NotFound): namespaces "$NS-x" not found']),
)
CASES.lines(
    "namespace-terminating",
    "a namespace that is being deleted takes nothing new",
    NAMESPACES,
    Step("create namespace $NS-x"),
    Step("create configmap c -n $NS-x"),
    Step("""patch cm c -n $NS-x -p '{"metadata":{"finalizers":["x.io/a"]}}'"""),
    Step("delete ns $NS-x --wait=false"),
    Step("get ns $NS-x -o jsonpath={.status.phase}", out="Terminating", later=True),
    Step(
        "create configmap d -n $NS-x",
        code=1,
        err=[
            'configmaps "d" is forbidden: unable to create new content in namespace $NS-x because it is '
            "being terminated"
        ],
    ),
    Step("""patch cm c -n $NS-x -p '{"metadata":{"finalizers":null}}'"""),
    Step("get ns $NS-x", code=1, err=["NotFound"], later=True),
)
CASES.lines(
    "node-taint-cordon",
    "taint, untaint, cordon and uncordon a node",
    NODES,
    Step("taint node $NS-node gpu=only:NoSchedule", out="node/$NS-node tainted\n"),
    Step("get node $NS-node -o jsonpath={.spec.taints[0].key}", out="gpu"),
    Step("taint node $NS-node gpu:NoSchedule-", out="node/$NS-node untainted\n"),
    Step("cordon $NS-node", out="node/$NS-node cordoned\n"),
    Step("get node $NS-node", has=["Ready,SchedulingDisabled"]),
    Step("get nodes --field-selector spec.unschedulable=true -o name", has=["node/$NS-node"]),
    Step("uncordon $NS-node", out="node/$NS-node uncordoned\n"),
    given=manifests.NODE,
)
CASES.lines(
    "wait-condition",
    "wait for a condition that holds, and for one that never comes",
    kubectl("wait"),
    Step(
        "wait isvc/fraud --for=condition=Ready --timeout=10s",
        out="inferenceservice.serving.kserve.io/fraud condition met\n",
    ),
    Step(
        "wait isvc/fraud --for=condition=Ready=false --timeout=1s",
        code=1,
        err=["error: timed out waiting for the condition on inferenceservices/fraud"],
    ),
    Step(
        "wait isvc/fraud --for=jsonpath={.spec.predictor.minReplicas}=2 --timeout=10s", has=["condition met"]
    ),
    given=manifests.READY_SERVICE,
)


@CASES("wait-change", "wait ends when another client's write brings the condition", kubectl("wait"))
def wait_change(sandbox: Sandbox) -> None:
    sandbox.create(manifests.INFERENCE_SERVICE)
    waiting = sandbox.start_kubectl("wait", "isvc/fraud", "--for=condition=Ready", "--timeout=20s")
    ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    path = "/apis/serving.kserve.io/v1beta1/namespaces/$NS/inferenceservices/fraud/status"
    headers = {"Content-Type": "application/merge-patch+json"}
    assert sandbox.http("PATCH", path, ready, headers=headers).status_code == 200
    out, err = waiting.communicate(timeout=25)
    assert out == "inferenceservice.serving.kserve.io/fraud condition met\n", err


@CASES("wait-create", "wait --for=create ends when the object appears", kubectl("wait"))
def wait_create(sandbox: Sandbox) -> None:
    waiting = sandbox.start_kubectl("wait", "cm/c", "--for=create", "--timeout=20s")
    sandbox.create(manifests.CONFIG_MAP)
    out, err = waiting.communicate(timeout=25)
    assert out == "configmap/c condition met\n", err


@CASES("get-watch", "get -w prints a row for each change", kubectl("get"))
def get_watch(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    watching = sandbox.start_kubectl("get", "cm", "-w")
    assert watching.stdout
    assert watching.stdout.readline().split() == ["NAME", "DATA", "AGE"]
    assert watching.stdout.readline().split()[:2] == ["c", "1"]
    sandbox.create(manifests.CONFIG_MAP.replace("name: c", "name: d"))
    assert watching.stdout.readline().split()[:2] == ["d", "1"]


@CASES("edit-invalid", "edit of something invalid says why in the file, and keeps a copy", kubectl("edit"))
def edit_invalid(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    done = sandbox.kubectl(
        "edit", "cm", "c", environment={"KUBE_EDITOR": "sed -i s/key:/a%b:/", "TMPDIR": str(sandbox.folder)}
    )
    assert done.code == 1, done
    assert 'error: configmaps "c" is invalid' in done.err, done
    assert "A copy of your changes has been stored to" in done.err, done
    copies = "".join(path.read_text() for path in sandbox.folder.glob("kubectl-edit-*.yaml"))
    assert '# configmaps "c" was not valid:' in copies
    assert "data[a%b]: Invalid value" in copies


@CASES("wait-delete", "wait --for=delete ends when the object is gone", kubectl("wait"))
def wait_delete(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    waiting = sandbox.start_kubectl("wait", "cm/c", "--for=delete", "--timeout=20s", "-v=6")
    assert waiting.stderr
    while "watch=true" not in (said := waiting.stderr.readline()):
        assert said, "it ended without a watch"
    assert sandbox.http("DELETE", "/api/v1/namespaces/$NS/configmaps/c").status_code == 200
    out, err = waiting.communicate(timeout=25)
    assert (waiting.returncode, out) == (0, "configmap/c condition met\n"), err


@CASES("get-watch-events", "get -w --output-watch-events says what happened", kubectl("get"))
def get_watch_events(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    watching = sandbox.start_kubectl("get", "cm", "-w", "--output-watch-events")
    assert watching.stdout
    assert watching.stdout.readline().split() == ["EVENT", "NAME", "DATA", "AGE"]
    assert watching.stdout.readline().split()[:2] == ["ADDED", "c"]
    assert sandbox.http("DELETE", "/api/v1/namespaces/$NS/configmaps/c").status_code == 200
    assert watching.stdout.readline().split()[:2] == ["DELETED", "c"]


CASES.lines(
    "raw",
    "create, get, replace and delete --raw send what they are given",
    kubectl("create"),
    Step(
        "create --raw /api/v1/namespaces/$NS/configmaps -f -",
        stdin='{"metadata":{"name":"c"},"data":{"a":"1"}}',
        has=['"resourceVersion":'],
    ),
    Step(
        "replace --raw /api/v1/namespaces/$NS/configmaps/c -f -",
        stdin='{"metadata":{"name":"c"},"data":{"a":"2"}}',
        has=['"data":{"a":"2"}'],
    ),
    Step("get --raw /api/v1/namespaces/$NS/configmaps?limit=1", has=['"kind":"ConfigMapList"', '"a":"2"']),
    Step("delete --raw /api/v1/namespaces/$NS/configmaps/c", has=['"status":"Success"']),
)


@CASES("proxy", "proxy lets plain HTTP through to the API", kubectl("proxy"))
def proxy(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    proxying = sandbox.start_kubectl("proxy", "--port=0")
    assert proxying.stdout
    address = proxying.stdout.readline().rpartition(" ")[2].strip()
    path = f"/api/v1/namespaces/{sandbox.namespace}/configmaps/c"
    answer = requests.get(f"http://{address}{path}", timeout=20)
    assert (answer.status_code, answer.json()["data"]) == (200, {"key": "value"})
