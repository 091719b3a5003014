"""Where Kubernetes, KServe, Karmada and Istio say what a client gets."""

DOCS = "https://kubernetes.io/docs/"
CONCEPTS = f"{DOCS}reference/using-api/api-concepts/"
APPLY = f"{DOCS}reference/using-api/server-side-apply/"
HEALTH = f"{DOCS}reference/using-api/health-checks/"
AUTHENTICATION = f"{DOCS}reference/access-authn-authz/authentication/"
AUTHORIZATION = f"{DOCS}reference/access-authn-authz/authorization/"
RBAC = f"{DOCS}reference/access-authn-authz/rbac/"
CUSTOM_RESOURCES = f"{DOCS}tasks/extend-kubernetes/custom-resources/custom-resource-definitions/"
SELECTORS = f"{DOCS}concepts/overview/working-with-objects/labels/"
FIELD_SELECTORS = f"{DOCS}concepts/overview/working-with-objects/field-selectors/"
FINALIZERS = f"{DOCS}concepts/overview/working-with-objects/finalizers/"
NAMES = f"{DOCS}concepts/overview/working-with-objects/names/"
NAMESPACES = f"{DOCS}concepts/overview/working-with-objects/namespaces/"
GARBAGE = f"{DOCS}concepts/architecture/garbage-collection/"
CASCADING = f"{DOCS}tasks/administer-cluster/use-cascading-deletion/"
LEASES = f"{DOCS}concepts/architecture/leases/"
NODES = f"{DOCS}concepts/architecture/nodes/"
PODS = f"{DOCS}concepts/workloads/pods/pod-lifecycle/"
CONFIG_MAPS = f"{DOCS}concepts/configuration/configmap/"
SECRETS = f"{DOCS}concepts/configuration/secret/"
JSONPATH = f"{DOCS}reference/kubectl/jsonpath/"
STRATEGIC = f"{DOCS}tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/"
DECLARATIVE = f"{DOCS}tasks/manage-kubernetes-objects/declarative-config/"
KUSTOMIZE = f"{DOCS}tasks/manage-kubernetes-objects/kustomization/"
CONVENTIONS = (
    "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/"
    "api-conventions.md"
)
ERRORS = "https://github.com/kubernetes/apimachinery/blob/master/pkg/api/errors/errors.go"
HANDLERS = "https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/handlers/"
META_VALIDATION = "https://github.com/kubernetes/apimachinery/blob/master/pkg/api/validation/objectmeta.go"
OPTIONS_VALIDATION = (
    "https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/validation/validation.go"
)
LIST_VALIDATION = (
    "https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/internalversion/validation/"
    "validation.go"
)
PRINTERS = "https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go"
DEFINITION_PRINTER = (
    "https://github.com/kubernetes/apiextensions-apiserver/blob/master/pkg/registry/"
    "customresourcedefinition/tableconvertor/tableconvertor.go"
)
KSERVE_TYPES = "https://github.com/kserve/kserve/blob/master/pkg/apis/serving/"
KSERVE_CLIENT = "https://kserve.github.io/website/docs/reference/controlplane-client/kserve-client"
KARMADA_TYPES = "https://github.com/karmada-io/karmada/blob/master/pkg/apis/"
KNATIVE_CRD = "https://github.com/knative/serving/blob/main/config/core/300-resources/revision.yaml"
ISTIO_CRD = "https://istio.io/latest/docs/reference/config/networking/destination-rule/"
PYTHON = "https://github.com/kubernetes-client/python/blob/master/"
KR8S = "https://docs.kr8s.org/en/stable/"
LIGHTKUBE = "https://lightkube.readthedocs.io/en/stable/"


def kubectl(command: str) -> str:
    """The reference page of a kubectl command, such as `create_token`."""
    return f"{DOCS}reference/kubectl/generated/kubectl_{command.partition('_')[0]}/" + (
        f"kubectl_{command}/" if "_" in command else ""
    )


def api(group: str, kind: str) -> str:
    """The API reference of a kind, such as `api("core", "config-map-v1")`."""
    return f"{DOCS}reference/kubernetes-api/{group}/{kind}/"


def kep(number: int) -> str:
    """A Kubernetes enhancement proposal."""
    return f"https://www.kubernetes.dev/resources/keps/{number}/"
