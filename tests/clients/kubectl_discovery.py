"""kubectl: what a server says about itself."""

from tests.clients.case import Cases, Step
from tests.clients.documents import CONCEPTS, HEALTH, kubectl

CASES = Cases("kubectl")

CASES.lines(
    "version",
    "the server has a version that kubectl reads without a warning of skew",
    kubectl("version"),
    Step("version", like=[r"^Client Version: v1\.37", r"^Server Version: v1\.37"], lacks=["WARNING"]),
)
CASES.lines(
    "version-json",
    "/version has what `version.Info` has",
    kubectl("version"),
    Step("version -o json", has=['"serverVersion"', '"gitVersion": "v1.37', '"major": "1"', '"minor": "37"']),
)
CASES.lines(
    "api-versions",
    "every group and version that is served, the core's as v1",
    kubectl("api-versions"),
    Step(
        "api-versions",
        like=[
            r"^v1$",
            r"^serving\.kserve\.io/v1beta1$",
            r"^networking\.istio\.io/v1$",
            r"^networking\.istio\.io/v1beta1$",
            r"^coordination\.k8s\.io/v1$",
            r"^rbac\.authorization\.k8s\.io/v1$",
            r"^apiextensions\.k8s\.io/v1$",
            r"^authorization\.k8s\.io/v1$",
        ],
    ),
)
CASES.lines(
    "api-resources",
    "name, short names, apiVersion, scope and kind of every resource",
    kubectl("api-resources"),
    Step(
        "api-resources",
        like=[
            r"^configmaps +cm +v1 +true +ConfigMap$",
            r"^nodes +no +v1 +false +Node$",
            r"^inferenceservices +isvc +serving\.kserve\.io/v1beta1 +true +InferenceService$",
            r"^propagationpolicies +pp +policy\.karmada\.io/v1alpha1 +true +PropagationPolicy$",
            r"^clusterpropagationpolicies +cpp +policy\.karmada\.io/v1alpha1 +false +ClusterPropagation",
            r"^customresourcedefinitions +crd,crds +apiextensions\.k8s\.io/v1 +false +CustomResourceDef",
            r"^serviceaccounts +sa +v1 +true +ServiceAccount$",
        ],
    ),
)
CASES.lines(
    "api-resources-scope",
    "--namespaced=false leaves only kinds without a namespace",
    kubectl("api-resources"),
    Step(
        "api-resources --namespaced=false -o name",
        like=["^nodes$", "^clusters.cluster.karmada.io$", "^clusterservingruntimes.serving.kserve.io$"],
        lacks=["pods", "inferenceservices"],
    ),
)
CASES.lines(
    "api-resources-group",
    "--api-group leaves the resources of one group; -o wide shows verbs and categories",
    kubectl("api-resources"),
    Step(
        "api-resources --api-group=serving.kserve.io -o wide",
        has=["servingruntimes", "create,delete,deletecollection,get,list,patch,update,watch"],
        lacks=["configmaps"],
    ),
)
CASES.lines(
    "api-resources-verbs",
    "--verbs finds what can be reviewed but not listed",
    kubectl("api-resources"),
    Step(
        "api-resources --verbs=create -o name",
        like=[
            "^selfsubjectaccessreviews.authorization.k8s.io$",
            "^selfsubjectreviews.authentication.k8s.io$",
        ],
    ),
    Step("api-resources --verbs=list -o name", lacks=["selfsubjectaccessreviews"]),
)
CASES.lines(
    "api-resources-categories",
    "--categories=all leaves what `kubectl get all` would get",
    kubectl("api-resources"),
    Step("api-resources --categories=all -o name", like=["^pods$", "^services$"], lacks=["configmaps"]),
)
CASES.lines(
    "cluster-info",
    "the address of the control plane",
    kubectl("cluster-info"),
    Step("cluster-info", has=["Kubernetes control plane", "is running at"]),
)
CASES.lines(
    "unknown-resource-type",
    "a word that names no resource",
    kubectl("get"),
    Step("get podz", code=1, err=['error: the server doesn\'t have a resource type "podz"']),
)
CASES.lines(
    "names-of-a-resource",
    "plural, singular, short name, and with group and version name the same resource",
    kubectl("get"),
    Step("create configmap c --from-literal=a=b", out="configmap/c created\n"),
    Step("get configmaps -o name", out="configmap/c\n"),
    Step("get configmap/c -o name", out="configmap/c\n"),
    Step("get cm c -o name", out="configmap/c\n"),
    Step("get configmaps.v1. -o name", out="configmap/c\n"),
    Step("get inferenceservices.v1beta1.serving.kserve.io", out="", err=["No resources found"]),
    Step("get destinationrules.v1beta1.networking.istio.io", out="", err=["No resources found"]),
)
CASES.lines(
    "livez",
    "/livez and /readyz answer ok; with ?verbose they name their checks",
    HEALTH,
    Step("get --raw /livez", out="ok"),
    Step("get --raw /readyz", out="ok"),
    Step("get --raw /livez?verbose", has=["[+]ping ok", "livez check passed"]),
    Step("get --raw /readyz?verbose", has=["[+]ping ok", "readyz check passed"]),
)
CASES.lines(
    "raw-resource-list",
    "the older form of discovery lists resources with their subresources",
    CONCEPTS,
    Step("get --raw /api/v1", has=['"kind":"APIResourceList"', '"name":"pods/status"', '"name":"pods/log"']),
    Step("get --raw /apis/coordination.k8s.io", has=['"kind":"APIGroup"', '"preferredVersion"']),
    Step("get --raw /apis/nowhere.io/v1", code=1, err=["the server could not find the requested resource"]),
)
CASES.lines(
    "explain-kind",
    "explain of a kind: group, version, what it is, its fields",
    kubectl("explain"),
    Step(
        "explain isvc",
        like=[
            r"^GROUP: +serving\.kserve\.io$",
            r"^KIND: +InferenceService$",
            r"^VERSION: +v1beta1$",
            r"^ +spec\t<",
            r"^ +metadata\t<ObjectMeta>",
        ],
    ),
)
CASES.lines(
    "explain-field",
    "explain of a field: its type and the fields below",
    kubectl("explain"),
    Step(
        "explain isvc.spec.predictor",
        like=[r"^FIELD: predictor <", r"^ +minReplicas\t<integer>", r"^ +model\t<"],
    ),
    Step("explain pod.spec.containers.image", like=[r"^FIELD: image <string>"]),
    Step("explain configmap.data", like=[r"^FIELD: data <map\[string\]string>"]),
)
CASES.lines(
    "explain-recursive",
    "explain --recursive prints the whole tree of fields",
    kubectl("explain"),
    Step("explain isvc --recursive", has=["storageUri\t<string>", "minReplicas\t<integer>"]),
)
CASES.lines(
    "explain-unknown",
    "a field that does not exist",
    kubectl("explain"),
    Step("explain pod.spec.nothing", code=1, err=['error: field "nothing" does not exist']),
)
CASES.lines(
    "explain-api-version",
    "--api-version chooses one of the served versions",
    kubectl("explain"),
    Step(
        "explain destinationrule --api-version=networking.istio.io/v1beta1",
        like=[r"^VERSION: +v1beta1$"],
    ),
)
