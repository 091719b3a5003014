"""kubectl: CustomResourceDefinitions, their objects, and scale."""

from tests.clients.case import Cases, Step
from tests.clients.documents import CUSTOM_RESOURCES, kubectl
from tests.clients.manifests import CRON_TAB, INFERENCE_SERVICE, MY_CRON_TAB, SERVING_RUNTIME

CASES = Cases("kubectl")

DEFINED = (
    Step("apply -f -", stdin=CRON_TAB, has=["crontabs.$NS.example.com created"]),
    Step(
        "wait crd/crontabs.$NS.example.com --for=condition=Established --timeout=20s", has=["condition met"]
    ),
)
# What a client has to do until its discovery knows the kind.
SERVED = Step("get crontabs.v1.$NS.example.com", err=["No resources found"], later=True)

CASES.lines(
    "crd-established",
    "a CustomResourceDefinition is Established and its names are accepted",
    CUSTOM_RESOURCES,
    *DEFINED,
    Step(
        "get crd crontabs.$NS.example.com -o "
        """jsonpath='{.status.conditions[?(@.type=="NamesAccepted")].status}/{.status.acceptedNames.kind}'""",
        out="True/CronTab",
    ),
    Step("get crd crontabs.$NS.example.com -o jsonpath={.status.storedVersions[*]}", out="v1"),
    SERVED,
    Step(
        "api-resources --api-group=$NS.example.com",
        like=[r"^crontabs +$NS-ct +$NS.example.com/v1 +true +CronTab$"],
    ),
)
CASES.lines(
    "crd-objects",
    "objects of a defined kind are created, printed by their columns and deleted",
    CUSTOM_RESOURCES + "#create-custom-objects",
    *DEFINED,
    SERVED,
    Step("apply -f -", stdin=MY_CRON_TAB, out="crontab.$NS.example.com/mine created\n"),
    Step("get $NS-ct", like=[r"^NAME +SPEC +REPLICAS +AGE$", r"^mine +\* \* \* \* \*/5 +3 "]),
    Step("apply -f -", stdin=MY_CRON_TAB, out="crontab.$NS.example.com/mine unchanged\n"),
    Step("get $NS-all -o name", out="crontab.$NS.example.com/mine\n"),
    Step("delete $NS-ct mine", has=['"mine" deleted']),
)
CASES.lines(
    "crd-default",
    "defaults of the schema are filled in",
    CUSTOM_RESOURCES + "#defaulting",
    *DEFINED,
    SERVED,
    Step("create -f -", stdin=MY_CRON_TAB),
    Step("get $NS-ct mine -o jsonpath={.spec.image}", out="example/cron"),
)
CASES.lines(
    "crd-validation",
    "objects that break the schema are refused with every field that is wrong",
    CUSTOM_RESOURCES + "#validation",
    *DEFINED,
    SERVED,
    Step(
        "apply -f -",
        stdin=MY_CRON_TAB.replace('"* * * * */5"', '"* * * *"').replace("3", "15"),
        code=1,
        err=[
            'The CronTab "mine" is invalid:',
            'spec.cronSpec: Invalid value: "* * * *": spec.cronSpec in body should match',
            "spec.replicas: Invalid value: 15: spec.replicas in body should be less than or equal to 10",
        ],
    ),
    Step(
        "create -f -",
        stdin=MY_CRON_TAB.replace("replicas: 3", "mode: other"),
        code=1,
        err=['spec.mode: Unsupported value: "other": supported values: "fast", "slow"'],
    ),
    Step(
        "create -f -",
        stdin=MY_CRON_TAB.replace("replicas: 3", "replica: 3"),
        code=1,
        err=['strict decoding error: unknown field "spec.replica"'],
    ),
    Step(
        "create --validate=ignore -f -",
        stdin=MY_CRON_TAB.replace("cronSpec", "cron"),
        code=1,
        err=["spec.cronSpec: Required value"],
    ),
)
CASES.lines(
    "crd-pruning",
    "fields that the schema does not have are pruned",
    CUSTOM_RESOURCES + "#field-pruning",
    *DEFINED,
    SERVED,
    Step(
        "create --validate=ignore -f -",
        stdin=MY_CRON_TAB.replace("replicas: 3", "someRandomField: 42"),
        has=["created"],
    ),
    Step("get $NS-ct mine -o jsonpath={.spec.someRandomField}", out=""),
)
CASES.lines(
    "crd-status",
    "with the subresource status, spec and status are written apart",
    CUSTOM_RESOURCES + "#status-subresource",
    *DEFINED,
    SERVED,
    Step("create -f -", stdin=MY_CRON_TAB),
    Step(
        "patch $NS-ct mine --type=merge --subresource=status "
        """-p '{"status":{"replicas":3},"spec":{"replicas":9}}'"""
    ),
    Step(
        "get $NS-ct mine -o jsonpath={.status.replicas}/{.spec.replicas}/{.metadata.generation}", out="3/3/1"
    ),
)
CASES.lines(
    "crd-scale",
    "with the subresource scale, kubectl scale changes the replicas",
    CUSTOM_RESOURCES + "#scale-subresource",
    *DEFINED,
    SERVED,
    Step("create -f -", stdin=MY_CRON_TAB),
    Step("scale $NS-ct/mine --replicas=5", out="crontab.$NS.example.com/mine scaled\n"),
    Step("get $NS-ct mine -o jsonpath={.spec.replicas}", out="5"),
    Step(
        "scale $NS-ct/mine --replicas=2 --current-replicas=9",
        code=1,
        err=["Expected replicas to be 9, was 5"],
    ),
    Step("get $NS-ct mine --subresource=scale -o jsonpath={.kind}/{.spec.replicas}", out="Scale/5"),
)
CASES.lines(
    "crd-explain",
    "explain knows the fields of a defined kind",
    kubectl("explain"),
    *DEFINED,
    SERVED,
    Step(
        "explain crontabs.spec.cronSpec --api-version=$NS.example.com/v1",
        has=["cronSpec <string>", "When to run."],
        later=True,
    ),
)
CASES.lines(
    "crd-invalid",
    "a definition that cannot be one is refused with every reason",
    CUSTOM_RESOURCES,
    Step(
        "create -f -",
        stdin=CRON_TAB.replace("name: crontabs.$NS", "name: other.$NS"),
        code=1,
        err=[
            'metadata.name: Invalid value: "other.$NS.example.com": must be spec.names.plural+"."+spec.group'
        ],
    ),
    Step(
        "create -f -",
        stdin=CRON_TAB.replace("storage: true", "storage: false"),
        code=1,
        err=["spec.versions: Invalid value", "must have exactly one version marked as storage version"],
    ),
)
CASES.lines(
    "crd-delete",
    "deleting a definition deletes its objects, and the kind is no longer served",
    CUSTOM_RESOURCES + "#delete-a-customresourcedefinition",
    *DEFINED,
    SERVED,
    Step("create -f -", stdin=MY_CRON_TAB),
    Step("delete crd crontabs.$NS.example.com --timeout=20s", has=["deleted"]),
    Step(
        "get --raw /apis/$NS.example.com/v1/namespaces/$NS/crontabs",
        code=1,
        err=["the server could not find the requested resource"],
        later=True,
    ),
)
CASES.lines(
    "scale-without",
    "a kind without the subresource scale cannot be scaled",
    kubectl("scale"),
    Step("scale servingruntime/mine --replicas=3", code=1, err=["could not find the requested resource"]),
    given=SERVING_RUNTIME,
)
CASES.lines(
    "scale",
    "scale of an InferenceService sets its least number of replicas",
    kubectl("scale"),
    Step("scale isvc/fraud --replicas=3", out="inferenceservice.serving.kserve.io/fraud scaled\n"),
    Step("get isvc fraud -o jsonpath={.spec.predictor.minReplicas}", out="3"),
    Step("get isvc fraud -o jsonpath={.metadata.generation}", out="2"),
    given=INFERENCE_SERVICE,
)
