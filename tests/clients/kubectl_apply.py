"""kubectl: apply, client-side and server-side, diff, prune, kustomize."""

from tests.clients import manifests
from tests.clients.case import Cases, Step
from tests.clients.documents import APPLY, CONCEPTS, DECLARATIVE, KUSTOMIZE, kep, kubectl
from tests.clients.sandbox import Sandbox

CASES = Cases("kubectl")

APPLIED = [  # what, manifest, its name, what to change and by what, where that is seen
    ("config-map", manifests.CONFIG_MAP, "configmap/c", "value}", "new}", "{.data.key}", "new"),
    ("secret", manifests.SECRET, "secret/s", "c2VjcmV0", "bmV3", "{.data.password}", "bmV3"),
    (
        "inference-service",
        manifests.INFERENCE_SERVICE,
        "inferenceservice.serving.kserve.io/fraud",
        "minReplicas: 2",
        "minReplicas: 3",
        "{.spec.predictor.minReplicas}",
        "3",
    ),
    (
        "service",
        manifests.SERVICE,
        "service/web",
        "targetPort: 8080",
        "targetPort: 9090",
        "{.spec.ports[0].targetPort}",
        "9090",
    ),
    (
        "pod",
        manifests.POD.partition("status:")[0],
        "pod/p",
        "image: example/server",
        "image: example/new",
        "{.spec.containers[0].image}",
        "example/new",
    ),
    (
        "policy",
        manifests.PROPAGATION_POLICY,
        "propagationpolicy.policy.karmada.io/spread",
        "priority: 5",
        "priority: 6",
        "{.spec.priority}",
        "6",
    ),
]
for what, manifest, name, old, new, path, seen in APPLIED:
    for way, option in (("apply", ""), ("apply-server-side", " --server-side")):
        done = " serverside-applied" if option else " created"
        CASES.lines(
            f"{way}-{what}",
            f"apply{option} of a {what} creates it, leaves it alone when nothing is new, and changes it",
            APPLY if option else DECLARATIVE,
            Step(f"apply{option} -f -", stdin=manifest, out=f"{name}{done}\n"),
            Step(
                f"apply{option} -f -",
                stdin=manifest,
                out=f"{name}{done if option else ' unchanged'}\n",
            ),
            Step(
                f"apply{option} -f -",
                stdin=manifest.replace(old, new),
                out=f"{name}{done if option else ' configured'}\n",
            ),
            Step(f"get {name} -o jsonpath={path}", out=seen),
            Step(f"get {name} -o jsonpath={{.metadata.generation}}", like=[r"\A2?\Z"]),
        )

TWO_KEYS = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: '1', b: '2'}}"
ONE_KEY = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: '1'}}"

CASES.lines(
    "apply-removes",
    "apply removes what the last apply had and this one has not, and leaves what others added",
    DECLARATIVE,
    Step("apply -f -", stdin=TWO_KEYS),
    Step("""patch cm c -p '{"data":{"theirs":"3"}}'"""),
    Step("apply -f -", stdin=ONE_KEY, out="configmap/c configured\n"),
    Step("get cm c -o jsonpath={.data}", out='{"a":"1","theirs":"3"}'),
)
CASES.lines(
    "apply-last-applied",
    "the last applied configuration is an annotation; view-last-applied reads it",
    DECLARATIVE,
    Step("apply -f -", stdin=ONE_KEY),
    Step("apply view-last-applied cm c", like=[r"^data:$", r"^  a: \"1\"$"]),
)
CASES.lines(
    "apply-without-annotation",
    "apply of an object that was created otherwise warns and takes it over",
    kubectl("apply"),
    Step(
        "apply -f -",
        stdin=ONE_KEY,
        out="configmap/c configured\n",
        err=[
            "Warning: resource configmaps/c is missing the kubectl.kubernetes.io/last-applied-configuration"
        ],
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "apply-dry-run",
    "--dry-run=server says what would happen and stores nothing",
    CONCEPTS + "#dry-run",
    Step("apply --dry-run=server -f -", stdin=ONE_KEY, out="configmap/c created (server dry run)\n"),
    Step("get cm c", code=1, err=["NotFound"]),
    Step("apply --server-side --dry-run=server -f -", stdin=ONE_KEY, has=["(server dry run)"]),
    Step("get cm c", code=1, err=["NotFound"]),
)
CASES.lines(
    "apply-strict",
    "a misspelt field is refused by the server (--validate=strict is the default)",
    CONCEPTS + "#field-validation",
    Step(
        "apply -f -",
        stdin=manifests.INFERENCE_SERVICE.replace("minReplicas", "minReplica"),
        code=1,
        err=["strict decoding error", 'unknown field "spec.predictor.minReplica"'],
    ),
    Step(
        "apply --validate=strict --server-side -f -",
        stdin=ONE_KEY.replace(" data", " dta"),
        code=1,
        err=["dta"],
    ),
    Step("get isvc,cm -o name", out=""),
)
CASES.lines(
    "apply-several",
    "several documents are applied in order; one that is wrong does not stop the others",
    kubectl("apply"),
    Step(
        "apply -f -",
        stdin="---".join(
            (manifests.CONFIG_MAP, manifests.SECRET.replace("name: s", "name: S"), manifests.LEASE)
        ),
        code=1,
        has=["configmap/c created", "lease.coordination.k8s.io/lock created"],
        err=['The Secret "S" is invalid: metadata.name: Invalid value: "S"'],
    ),
)
CASES.lines(
    "apply-unknown-kind",
    "a kind that is not served",
    kubectl("apply"),
    Step(
        "apply -f -",
        stdin="{apiVersion: nowhere.io/v1, kind: Thing, metadata: {name: t}}",
        code=1,
        err=['no matches for kind "Thing" in version "nowhere.io/v1"'],
    ),
)
CASES.lines(
    "apply-managed-fields",
    "server-side apply records who owns which field; an update is recorded with operation Update",
    APPLY + "#field-management",
    Step("apply --server-side --field-manager=mine -f -", stdin=ONE_KEY),
    Step(
        "get cm c --show-managed-fields -o jsonpath={.metadata.managedFields[0]}",
        has=['"manager":"mine"', '"operation":"Apply"', '"fieldsType":"FieldsV1"', '"f:data":{', '"f:a":{}'],
    ),
    Step("""patch cm c --field-manager=theirs --type=merge -p '{"data":{"b":"2"}}'"""),
    Step(
        "get cm c --show-managed-fields -o jsonpath={.metadata.managedFields[1]}",
        has=['"manager":"theirs"', '"operation":"Update"', '"f:b":{}'],
        lacks=['"f:a"'],
    ),
)
CASES.lines(
    "apply-conflict",
    "a field that another manager owns is a conflict; --force-conflicts takes it over",
    APPLY + "#conflicts",
    Step("apply --server-side --field-manager=first -f -", stdin=ONE_KEY),
    Step(
        "apply --server-side --field-manager=second -f -",
        stdin=ONE_KEY.replace("'1'", "'2'"),
        code=1,
        err=['Apply failed with 1 conflict: conflict with "first": .data.a', "--force-conflicts"],
    ),
    Step(
        "apply --server-side --field-manager=second --force-conflicts -f -",
        stdin=ONE_KEY.replace("'1'", "'2'"),
        out="configmap/c serverside-applied\n",
    ),
    Step("get cm c -o jsonpath={.data.a}", out="2"),
    Step("get cm c --show-managed-fields -o jsonpath={.metadata.managedFields[*].manager}", out="second"),
)
CASES.lines(
    "apply-shared",
    "managers that apply the same value share the field; it goes when the last one gives it up",
    APPLY + "#sharing-and-transferring",
    Step("apply --server-side --field-manager=first -f -", stdin=TWO_KEYS),
    Step("apply --server-side --field-manager=second -f -", stdin=TWO_KEYS, has=["serverside-applied"]),
    Step("apply --server-side --field-manager=first -f -", stdin=ONE_KEY),
    Step("get cm c -o jsonpath={.data.b}", out="2"),
    Step("apply --server-side --field-manager=second -f -", stdin=ONE_KEY),
    Step("get cm c -o jsonpath={.data.b}", out=""),
)
CASES.lines(
    "apply-merge-list",
    "server-side apply merges containers by name: each manager has its own",
    APPLY + "#merge-strategy",
    Step(
        "apply --server-side --field-manager=first -f -",
        stdin="{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: x}]}}",
    ),
    Step(
        "apply --server-side --field-manager=second -f -",
        stdin="{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: a, image: x}]}}",
        out="pod/p serverside-applied\n",
    ),
    Step(
        "apply --server-side --field-manager=third -f -",
        stdin="{apiVersion: v1, kind: Service, metadata: "
        "{name: s}, spec: {selector: {a: b}, ports: [{port: 80, protocol: TCP, name: a}]}}",
    ),
    Step(
        "apply --server-side --field-manager=fourth -f -",
        stdin="{apiVersion: v1, kind: Service, metadata: "
        "{name: s}, spec: {ports: [{port: 81, protocol: TCP, name: b}]}}",
    ),
    Step("get svc s -o jsonpath={.spec.ports[*].port}", out="80 81"),
)
CASES.lines(
    "apply-upgrade",
    "client-side apply moves to server-side apply without a conflict",
    APPLY + "#upgrading-from-client-side-apply-to-server-side-apply",
    Step("apply -f -", stdin=TWO_KEYS),
    Step("apply --server-side -f -", stdin=ONE_KEY, out="configmap/c serverside-applied\n"),
    Step("get cm c -o jsonpath={.data}", out='{"a":"1"}'),
)
CASES.lines(
    "apply-status",
    "server-side apply to a subresource",
    APPLY,
    Step("apply --server-side -f -", stdin=manifests.INFERENCE_SERVICE),
    Step(
        "apply --server-side --subresource=status --field-manager=reporter -f -",
        stdin=manifests.READY_SERVICE,
        has=["serverside-applied"],
    ),
    Step("get isvc fraud -o jsonpath={.status.url}", out="http://fraud.example.com"),
)
CASES.lines(
    "diff",
    "diff shows what an apply would change: exit code 1; 0 when nothing would",
    kubectl("diff"),
    Step("apply -f -", stdin=manifests.CONFIG_MAP),
    Step("diff -f -", stdin=manifests.CONFIG_MAP, out=""),
    Step(
        "diff -f -",
        stdin=manifests.CONFIG_MAP.replace("value}", "new}"),
        code=1,
        has=["-  key: value", "+  key: new"],
    ),
    Step("diff -f -", stdin=manifests.SERVICE_ACCOUNT, code=1, has=["+kind: ServiceAccount"]),
    Step("get cm,sa -o name", out="configmap/c\n"),
)
CASES.lines(
    "diff-server-side",
    "diff --server-side asks the server for the outcome of an apply",
    kubectl("diff"),
    Step("apply --server-side -f -", stdin=manifests.CONFIG_MAP),
    Step("diff --server-side -f -", stdin=manifests.CONFIG_MAP, out=""),
    Step(
        "diff --server-side -f -",
        stdin=manifests.CONFIG_MAP.replace("value}", "new}"),
        code=1,
        has=["-  key: value", "+  key: new"],
    ),
)


@CASES("apply-kustomize", "apply -k builds a kustomization", KUSTOMIZE)
def apply_kustomize(sandbox: Sandbox) -> None:
    sandbox.write("base/cm.yaml", manifests.CONFIG_MAP)
    sandbox.write(
        "base/kustomization.yaml",
        "resources: [cm.yaml]\nnamePrefix: a-\nlabels: [{pairs: {team: risk}}]\n"
        "configMapGenerator: [{name: made, literals: [a=b]}]\n",
    )
    done = sandbox.kubectl("apply", "-k", "base")
    assert done.code == 0, done
    assert "configmap/a-c created" in done.out, done
    Step("get cm -l team=risk -o name", like=[r"^configmap/a-c$", r"^configmap/a-made-\w{10}$"]).check(
        sandbox
    )
    assert sandbox.kubectl("delete", "-k", "base").code == 0
    Step("get cm -o name", out="").check(sandbox)


@CASES("apply-directory", "apply -R -f of a folder takes every file in it", kubectl("apply"))
def apply_directory(sandbox: Sandbox) -> None:
    sandbox.write("all/cm.yaml", manifests.CONFIG_MAP)
    sandbox.write("all/more/secret.yaml", manifests.SECRET)
    done = sandbox.kubectl("apply", "-R", "-f", "all")
    assert (done.code, done.out) == (0, "configmap/c created\nsecret/s created\n"), done


@CASES("apply-prune", "apply --prune deletes what is labelled and no longer applied", kubectl("apply"))
def apply_prune(sandbox: Sandbox) -> None:
    labelled = manifests.CONFIG_MAP.replace("name: c", "name: %s, labels: {app: x}")
    prune = ("apply", "--prune", "-l", "app=x", "--prune-allowlist=core/v1/ConfigMap", "-f", "-")
    both = sandbox.kubectl(*prune, stdin=labelled % "a" + "---" + labelled % "b")
    assert both.out == "configmap/a created\nconfigmap/b created\n", both
    one = sandbox.kubectl(*prune, stdin=labelled % "a")
    assert (one.code, one.out) == (0, "configmap/a unchanged\nconfigmap/b pruned\n"), one


@CASES("apply-prune-set", "apply --prune --applyset deletes what has left the set", kep(3659))
def apply_prune_set(sandbox: Sandbox) -> None:
    alpha = {"KUBECTL_APPLYSET": "true"}
    prune = ("apply", "--server-side", "--prune", "--applyset=configmaps/set", "-f", "-")
    two = manifests.CONFIG_MAP + "---" + manifests.SECRET
    both = sandbox.kubectl(*prune, stdin=two, environment=alpha)
    assert both.code == 0, both
    one = sandbox.kubectl(*prune, stdin=manifests.CONFIG_MAP, environment=alpha)
    assert one.code == 0, one
    assert "secret/s pruned" in one.out, one
    Step("get cm,secret -o name", out="configmap/c\nconfigmap/set\n").check(sandbox)
