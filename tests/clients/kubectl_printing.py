"""kubectl: what `get` prints of each kind, and in which forms."""

from tests.clients import documents, manifests
from tests.clients.case import Cases, Step
from tests.clients.documents import JSONPATH, kubectl
from tests.clients.sandbox import Sandbox

CASES = Cases("kubectl")

KARMADA, KSERVE = documents.KARMADA_TYPES, documents.KSERVE_TYPES
# Kind, where its columns are defined, what to create, the header, the first cells of the row.
PRINTED = [
    ("pods", documents.PRINTERS, manifests.POD, "NAME READY STATUS RESTARTS AGE", "p 2/2 Running 1"),
    ("nodes", documents.PRINTERS, manifests.NODE, "NAME STATUS ROLES AGE VERSION", "$NS-node Ready <none>"),
    (
        "services",
        documents.PRINTERS,
        manifests.SERVICE,
        r"NAME TYPE CLUSTER-IP EXTERNAL-IP PORT\(S\) AGE",
        r"web ClusterIP \S+ <none> 80/TCP",
    ),
    ("secrets", documents.PRINTERS, manifests.SECRET, "NAME TYPE DATA AGE", "s Opaque 1"),
    ("configmaps", documents.PRINTERS, manifests.CONFIG_MAP, "NAME DATA AGE", "c 1"),
    ("serviceaccounts", documents.PRINTERS, manifests.SERVICE_ACCOUNT, "NAME( SECRETS)? AGE", "robot"),
    ("namespaces", documents.PRINTERS, manifests.CONFIG_MAP, "NAME STATUS AGE", "$NS Active"),
    (
        "events",
        documents.PRINTERS,
        manifests.EVENT,
        "LAST SEEN TYPE REASON OBJECT MESSAGE",
        r"\S+ Normal Pulled pod/p Container image is here",
    ),
    (
        "endpointslices",
        documents.PRINTERS,
        manifests.ENDPOINT_SLICE,
        "NAME ADDRESSTYPE PORTS ENDPOINTS AGE",
        "web-1 IPv4 8080 10.0.0.1,10.0.0.2",
    ),
    ("leases", documents.PRINTERS, manifests.LEASE, "NAME HOLDER AGE", "lock me"),
    (
        "inferenceservices",
        KSERVE + "v1beta1/inference_service.go",
        manifests.READY_SERVICE,
        "NAME URL READY PREV LATEST PREVROLLEDOUTREVISION LATESTREADYREVISION AGE",
        "fraud http://fraud.example.com True 10 90 fraud-predictor-00001 fraud-predictor-00002",
    ),
    (
        "servingruntimes",
        KSERVE + "v1alpha1/servingruntime_types.go",
        manifests.SERVING_RUNTIME,
        "NAME DISABLED MODELTYPE CONTAINERS AGE",
        "mine sklearn kserve-container",
    ),
    (
        "clusterservingruntimes",
        KSERVE + "v1alpha1/servingruntime_types.go",
        manifests.CLUSTER_SERVING_RUNTIME,
        "NAME DISABLED MODELTYPE CONTAINERS AGE",
        "$NS-mine sklearn kserve-container",
    ),
    (
        "revisions",
        documents.KNATIVE_CRD,
        manifests.REVISION,
        "NAME CONFIG NAME GENERATION READY REASON ACTUAL REPLICAS DESIRED REPLICAS",
        "fraud-predictor-00001 fraud-predictor 1 True 1 2",
    ),
    ("destinationrules", documents.ISTIO_CRD, manifests.DESTINATION_RULE, "NAME HOST AGE", "rule web."),
    (
        "clusters",
        KARMADA + "cluster/v1alpha1/types.go",
        manifests.CLUSTER,
        "NAME VERSION MODE READY AGE",
        "$NS-cluster v1.37.0 Pull True",
    ),
    (
        "propagationpolicies",
        KARMADA + "policy/v1alpha1/propagation_types.go",
        manifests.PROPAGATION_POLICY,
        "NAME CONFLICT-RESOLUTION PRIORITY AGE",
        "spread Abort 5",
    ),
    (
        "clusterpropagationpolicies",
        KARMADA + "policy/v1alpha1/propagation_types.go",
        manifests.CLUSTER_PROPAGATION_POLICY,
        "NAME CONFLICT-RESOLUTION PRIORITY AGE",
        "$NS-spread Abort 5",
    ),
    (
        "overridepolicies",
        KARMADA + "policy/v1alpha1/override_types.go",
        manifests.OVERRIDE_POLICY,
        "NAME AGE",
        "tweak",
    ),
    (
        "clusteroverridepolicies",
        KARMADA + "policy/v1alpha1/override_types.go",
        manifests.CLUSTER_OVERRIDE_POLICY,
        "NAME AGE",
        "$NS-tweak",
    ),
    (
        "resourcebindings",
        KARMADA + "work/v1alpha2/binding_types.go",
        manifests.RESOURCE_BINDING,
        "NAME SCHEDULED FULLYAPPLIED AGE",
        "fraud-inferenceservice True False",
    ),
    (
        "clusterresourcebindings",
        KARMADA + "work/v1alpha2/binding_types.go",
        manifests.CLUSTER_RESOURCE_BINDING,
        "NAME SCHEDULED FULLYAPPLIED AGE",
        "$NS-binding True False",
    ),
    (
        "works",
        KARMADA + "work/v1alpha1/work_types.go",
        manifests.WORK,
        "NAME WORKLOAD-KIND APPLIED AGE",
        "fraud-1 ConfigMap True",
    ),
    ("roles", documents.PRINTERS, manifests.ROLE, "NAME CREATED AT", r"reader \d{4}-\d\d-\d\dT"),
    ("rolebindings", documents.PRINTERS, manifests.ROLE_BINDING, "NAME ROLE AGE", "readers Role/reader"),
    ("clusterroles", documents.PRINTERS, manifests.CLUSTER_ROLE, "NAME CREATED AT", r"$NS-reader \d{4}-"),
    (
        "clusterrolebindings",
        documents.PRINTERS,
        manifests.CLUSTER_ROLE_BINDING,
        "NAME ROLE AGE",
        "$NS-readers ClusterRole/$NS-reader",
    ),
    (
        "customresourcedefinitions",
        documents.DEFINITION_PRINTER,
        manifests.CRON_TAB,
        "NAME SCOPE VERSIONS CREATED AT",
        r"crontabs\.$NS\.example\.com Namespaced v1\(storage\) \d{4}-",
    ),
]


def spaced(cells: str) -> str:
    """A regular expression of cells, whatever stands between them."""
    return "^" + " +".join(cells.split(" "))


for resource, reference, manifest, header, row in PRINTED:
    CASES.lines(
        f"get-{resource}",
        f"the columns of {resource} are upstream's",
        reference,
        Step(
            f"get {resource}",
            like=[spaced(header) + "$" if "REPLICAS" not in header else spaced(header), spaced(row)],
        ),
        given=manifest,
    )

CASES.lines(
    "get-wide-pods",
    "-o wide adds the columns of priority 1",
    documents.PRINTERS,
    Step("get pods -o wide", like=[r"RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES", "$NS-node"]),
    given=manifests.POD,
)
CASES.lines(
    "get-wide-nodes",
    "-o wide adds addresses, system and runtime",
    documents.PRINTERS,
    Step(
        "get nodes -o wide", like=[r"INTERNAL-IP +EXTERNAL-IP +OS-IMAGE +KERNEL-VERSION +CONTAINER-RUNTIME"]
    ),
    given=manifests.NODE,
)
CASES.lines(
    "get-name",
    "-o name prints resource, group and name",
    kubectl("get"),
    Step("get isvc,cm -o name", out="inferenceservice.serving.kserve.io/fraud\nconfigmap/c\n"),
    given=manifests.INFERENCE_SERVICE + "---" + manifests.CONFIG_MAP,
)
CASES.lines(
    "get-json",
    "-o json of several is a v1 List of whole objects",
    kubectl("get"),
    Step("get cm c -o json", has=['"apiVersion": "v1"', '"kind": "ConfigMap"', '"resourceVersion": "']),
    Step("get cm -o json", has=['"kind": "List"', '"items": [', '"key": "value"']),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "get-yaml",
    "-o yaml is the object, without managedFields unless they are asked for",
    kubectl("get"),
    Step("get isvc fraud -o yaml", has=["storageUri: s3://bucket/fraud"], lacks=["managedFields"]),
    given=manifests.INFERENCE_SERVICE,
)
CASES.lines(
    "get-jsonpath",
    "-o jsonpath with a range and a filter",
    JSONPATH,
    Step("get pod p -o jsonpath={.spec.containers[*].name}", out="main side"),
    Step("""get pod p -o 'jsonpath={.spec.containers[?(@.name=="side")].image}'""", out="example/side"),
    Step("""get pods -o 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'""", out="p\n"),
    given=manifests.POD,
)
CASES.lines(
    "get-go-template",
    "-o go-template",
    kubectl("get"),
    Step("""get cm c -o 'go-template={{.metadata.name}}={{.data.key}}'""", out="c=value"),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "get-custom-columns",
    "-o custom-columns prints the columns given",
    kubectl("get"),
    Step(
        "get cm c -o custom-columns=NAME:.metadata.name,KEY:.data.key,NONE:.data.none",
        like=[r"^NAME +KEY +NONE$", r"^c +value +<none>$"],
    ),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "get-show-labels",
    "--show-labels and -L take labels from the rows' metadata",
    kubectl("get"),
    Step("get pods --show-labels", like=[r"AGE +LABELS$", r"app=web$"]),
    Step("get pods -L app", like=[r"AGE +APP$", r" web$"]),
    given=manifests.POD,
)
CASES.lines(
    "get-sort-by",
    "--sort-by orders by a field",
    kubectl("get"),
    Step("create configmap a --from-literal=at=2"),
    Step("create configmap b --from-literal=at=1"),
    Step("get cm --sort-by={.data.at} -o name", out="configmap/b\nconfigmap/a\n"),
)
CASES.lines(
    "get-no-headers",
    "--no-headers leaves them out",
    kubectl("get"),
    Step("get cm --no-headers", like=[r"\Ac +1 +\S+$"], lacks=["NAME"]),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "get-show-kind",
    "several kinds at once are printed with their kind before the name",
    kubectl("get"),
    Step("get cm,isvc", like=[r"^configmap/c ", r"^inferenceservice\.serving\.kserve\.io/fraud "]),
    given=manifests.INFERENCE_SERVICE + "---" + manifests.CONFIG_MAP,
)
CASES.lines(
    "get-all",
    "`all` is a category: Pods, Services, InferenceServices, not ConfigMaps",
    kubectl("get"),
    Step("get all", has=["pod/p", "service/web"], lacks=["configmap/c"]),
    given="---".join((manifests.POD, manifests.SERVICE, manifests.CONFIG_MAP)),
)
CASES.lines(
    "get-all-namespaces",
    "-A adds the namespace as the first column",
    kubectl("get"),
    Step("get leases -A", like=[r"^NAMESPACE +NAME +HOLDER +AGE$", r"^$NS +lock +me "]),
    given=manifests.LEASE,
)
CASES.lines(
    "get-nothing",
    "an empty list is told on standard error, with success",
    kubectl("get"),
    Step("get pods", out="", err=["No resources found in $NS namespace."]),
)
CASES.lines(
    "get-not-found",
    "a name that is not there: NotFound; with --ignore-not-found nothing",
    kubectl("get"),
    Step("get cm c", code=1, err=['Error from server (NotFound): configmaps "c" not found']),
    Step(
        "get isvc c",
        code=1,
        err=['Error from server (NotFound): inferenceservices.serving.kserve.io "c" not found'],
    ),
    Step("get cm c --ignore-not-found", out=""),
)
CASES.lines(
    "get-chunks",
    "--chunk-size reads a list in parts and prints it as one",
    kubectl("get"),
    *(Step(f"create configmap c{number}") for number in range(5)),
    Step("get cm --chunk-size=2 -o name", out="".join(f"configmap/c{number}\n" for number in range(5))),
)
CASES.lines(
    "get-subresource",
    "--subresource=status reads the object through its status",
    kubectl("get"),
    Step("get isvc fraud --subresource=status -o jsonpath={.status.url}", out="http://fraud.example.com"),
    given=manifests.READY_SERVICE,
)
CASES.lines(
    "get-labels",
    "-l takes equality and sets",
    documents.SELECTORS,
    Step("label cm a env=prod tier=front"),
    Step("label cm b env=dev"),
    Step("get cm -l env=prod -o name", out="configmap/a\n"),
    Step("get cm -l env!=prod -o name", out="configmap/b\nconfigmap/c\n"),
    Step("get cm -l 'env in (prod, dev)' -o name", out="configmap/a\nconfigmap/b\n"),
    Step("get cm -l 'env notin (prod)' -o name", out="configmap/b\nconfigmap/c\n"),
    Step("get cm -l tier -o name", out="configmap/a\n"),
    Step("get cm -l '!env' -o name", out="configmap/c\n"),
    Step("get cm -l 'env,env!=dev' -o name", out="configmap/a\n"),
    given="---".join(manifests.CONFIG_MAP.replace("name: c", f"name: {name}") for name in "abc"),
)
CASES.lines(
    "get-bad-label-selector",
    "a label selector that cannot be parsed",
    documents.SELECTORS,
    Step("get cm -l 'a in (b'", code=1, err=["unable to parse requirement"]),
)
CASES.lines(
    "get-fields",
    "--field-selector takes the fields of the kind, equal and not",
    documents.FIELD_SELECTORS,
    Step("get pods --field-selector status.phase=Running -o name", out="pod/p\n"),
    Step("get pods --field-selector status.phase!=Running -o name", out=""),
    Step("get pods --field-selector metadata.name=p,spec.nodeName=$NS-node -o name", out="pod/p\n"),
    given=manifests.POD,
)
CASES.lines(
    "get-bad-field-selector",
    "a field that cannot be selected, in the words of the kind",
    documents.FIELD_SELECTORS,
    Step("get pods --field-selector spec.bad=1", code=1, err=["field label not supported: spec.bad"]),
    Step(
        "get cm --field-selector data.a=1",
        code=1,
        err=['"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ),
    Step("get isvc --field-selector spec.bad=1", code=1, err=["field label not supported: spec.bad"]),
)
CASES.lines(
    "describe-custom",
    "describe of a kind that kubectl does not know prints every field and Events",
    kubectl("describe"),
    Step(
        "describe isvc fraud",
        like=[r"^Name: +fraud$", r"^API Version: +serving.kserve.io/v1beta1", "Storage Uri:", r"^Events: "],
    ),
    given=manifests.INFERENCE_SERVICE,
)
CASES.lines(
    "describe-node",
    "describe of a node: capacity, conditions, its Pods and what they request",
    kubectl("describe"),
    Step(
        "describe node $NS-node",
        like=[
            r"^Capacity:$",
            r"^  cpu: +4$",
            r"^Non-terminated Pods: +\(1 in total\)$",
            "^Allocated resources:$",
        ],
    ),
    given=manifests.NODE + "---" + manifests.POD,
)
CASES.lines(
    "describe-others",
    "describe of a ConfigMap, a Secret (sizes only), a Service, a Namespace",
    kubectl("describe"),
    Step("describe cm c", has=["key:\n----\nvalue"]),
    Step("describe secret s", like=[r"^password: +6 bytes$"], lacks=["c2VjcmV0"]),
    Step("describe svc web", like=[r"^Selector: +app=web$", r"^Endpoints: +10.0.0.1:8080,10.0.0.2:8080$"]),
    Step("describe ns $NS", like=[r"^Status: +Active$"]),
    given="---".join((manifests.CONFIG_MAP, manifests.SECRET, manifests.SERVICE, manifests.ENDPOINT_SLICE)),
)


@CASES(
    "describe-pod", "describe prints containers, conditions and the Events about the Pod", kubectl("describe")
)
def describe_pod(sandbox: Sandbox) -> None:
    (pod,) = sandbox.create(manifests.POD)
    sandbox.create(manifests.EVENT.replace("name: p,", f"name: p, uid: {pod['metadata']['uid']},"))
    Step(
        "describe pod p",
        like=[
            r"^Name: +p$",
            r"^Node: +$NS-node",
            r"^Status: +Running$",
            r"^  main:$",
            r"^  Ready +True",
            r"^Events:$",
            r"Normal +Pulled .* kubelet +Container image is here",
        ],
    ).check(sandbox)
