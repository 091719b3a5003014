"""The official Python client: typed APIs, custom objects, the dynamic client, utilities."""

import json
import threading
from typing import Any

import yaml
from kubernetes import client, dynamic, utils
from kubernetes.client.exceptions import ApiException
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

from tests.clients import manifests
from tests.clients.case import Cases
from tests.clients.documents import (
    APPLY,
    CASCADING,
    CONCEPTS,
    CUSTOM_RESOURCES,
    ERRORS,
    KSERVE_TYPES,
    LEASES,
    PYTHON,
    RBAC,
    SELECTORS,
    api,
)
from tests.clients.sandbox import Sandbox
from tests.clients.waiting import eventually

CASES = Cases("kubernetes")
SERVICES = ("serving.kserve.io", "v1beta1")


def config_map(name: str = "c", **more: Any) -> client.V1ConfigMap:
    metadata = client.V1ObjectMeta(name=name, **more.pop("metadata", {}))
    return client.V1ConfigMap(metadata=metadata, data=more.pop("data", {"key": "value"}), **more)


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[int, dict[str, Any]]:
    """Code and Status of a call that must fail."""
    try:
        answer = call(*arguments, **options)
    except ApiException as error:
        status = json.loads(error.body)
        assert status["kind"] == "Status", status
        assert status["status"] == "Failure", status
        assert status["code"] == error.status, status
        return error.status, status
    raise AssertionError(f"no error, but {answer}")


@CASES("version", "VersionApi gives a version", PYTHON + "kubernetes/docs/VersionApi.md")
def version(sandbox: Sandbox) -> None:
    code = client.VersionApi(sandbox.api()).get_code()
    assert (code.major, code.minor) == ("1", "37")
    assert code.git_version.startswith("v1.37.")


@CASES("discovery", "CoreApi, ApisApi and a group's resources", CONCEPTS)
def discovery(sandbox: Sandbox) -> None:
    assert client.CoreApi(sandbox.api()).get_api_versions().versions == ["v1"]
    groups = {group.name for group in client.ApisApi(sandbox.api()).get_api_versions().groups}
    assert {"serving.kserve.io", "policy.karmada.io", "rbac.authorization.k8s.io"} <= groups
    resources = {one.name: one for one in sandbox.core.get_api_resources().resources}
    assert resources["configmaps"].namespaced
    assert not resources["namespaces"].namespaced
    assert set(resources["configmaps"].verbs) == {
        "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch",
    }  # fmt: skip
    assert resources["pods/log"].verbs == ["get"]


@CASES("create-get", "what is created is read back, with the system's fields", CONCEPTS)
def create_get(sandbox: Sandbox) -> None:
    made = sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    found = sandbox.core.read_namespaced_config_map("c", sandbox.namespace)
    assert found == made
    assert (made.api_version, made.kind, made.data) == ("v1", "ConfigMap", {"key": "value"})
    assert made.metadata.uid
    assert made.metadata.creation_timestamp
    assert made.metadata.resource_version.isdecimal()


@CASES("create-exists", "409 AlreadyExists with name and kind in the details", ERRORS)
def create_exists(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    code, status = refusal(sandbox.core.create_namespaced_config_map, sandbox.namespace, config_map())
    assert (code, status["reason"]) == (409, "AlreadyExists")
    assert status["message"] == 'configmaps "c" already exists'
    assert status["details"] == {"name": "c", "kind": "configmaps"}


@CASES("get-missing", "404 NotFound with name, group and kind in the details", ERRORS)
def get_missing(sandbox: Sandbox) -> None:
    code, status = refusal(
        sandbox.custom.get_namespaced_custom_object, *SERVICES, sandbox.namespace, "inferenceservices", "c"
    )
    assert (code, status["reason"]) == (404, "NotFound")
    assert status["message"] == 'inferenceservices.serving.kserve.io "c" not found'
    assert status["details"] == {"name": "c", "group": "serving.kserve.io", "kind": "inferenceservices"}


@CASES("replace-stale", "409 Conflict for an older resourceVersion", CONCEPTS + "#resource-versions")
def replace_stale(sandbox: Sandbox) -> None:
    first = sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    first.data = {"key": "2"}
    second = sandbox.core.replace_namespaced_config_map("c", sandbox.namespace, first)
    assert int(second.metadata.resource_version) > int(first.metadata.resource_version)
    code, status = refusal(sandbox.core.replace_namespaced_config_map, "c", sandbox.namespace, first)
    assert (code, status["reason"]) == (409, "Conflict")
    assert status["message"] == (
        'Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your '
        "changes to the latest version and try again"
    )
    assert status["details"] == {"name": "c", "kind": "configmaps"}


@CASES("replace-unconditional", "core kinds may be replaced without a resourceVersion", CONCEPTS)
def replace_unconditional(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    changed = sandbox.core.replace_namespaced_config_map(
        "c", sandbox.namespace, config_map(data={"key": "2"})
    )
    assert changed.data == {"key": "2"}


@CASES("replace-same", "a replace that changes nothing keeps the resourceVersion", CONCEPTS)
def replace_same(sandbox: Sandbox) -> None:
    made = sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    again = sandbox.core.replace_namespaced_config_map("c", sandbox.namespace, made)
    assert again.metadata.resource_version == made.metadata.resource_version


@CASES("replace-other-uid", "409 for an object that was deleted and made anew", CONCEPTS)
def replace_other_uid(sandbox: Sandbox) -> None:
    made = sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    made.metadata.uid = "00000000-0000-4000-8000-000000000000"
    made.metadata.resource_version = None
    code, status = refusal(sandbox.core.replace_namespaced_config_map, "c", sandbox.namespace, made)
    assert (code, status["reason"]) == (409, "Conflict")
    assert "Precondition failed: UID in precondition:" in status["message"]


@CASES("replace-name-mismatch", "400 when the name in the body is not that of the URL", ERRORS)
def replace_name_mismatch(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    code, status = refusal(
        sandbox.core.replace_namespaced_config_map, "c", sandbox.namespace, config_map("other")
    )
    assert (code, status["reason"]) == (400, "BadRequest")
    assert status["message"] == "the name of the object (other) does not match the name on the URL (c)"


@CASES("create-namespace-mismatch", "400 when the namespace in the body is not that of the URL", ERRORS)
def create_namespace_mismatch(sandbox: Sandbox) -> None:
    wrong = config_map(metadata={"namespace": "other"})
    code, status = refusal(sandbox.core.create_namespaced_config_map, sandbox.namespace, wrong)
    assert (code, status["reason"]) == (400, "BadRequest")
    assert status["message"].startswith(
        "the namespace of the provided object does not match the namespace sent on the request"
    )


@CASES("create-with-resource-version", "a new object has no resourceVersion", ERRORS)
def create_with_resource_version(sandbox: Sandbox) -> None:
    wrong = config_map(metadata={"resource_version": "5"})
    code, status = refusal(sandbox.core.create_namespaced_config_map, sandbox.namespace, wrong)
    assert status["message"] == "resourceVersion should not be set on objects to be created"
    assert (code, status["reason"]) == (500, "") or code == 400


@CASES("generate-name", "generateName: the prefix and five letters", CONCEPTS + "#generated-values")
def generate_name(sandbox: Sandbox) -> None:
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(generate_name="job-"))
    names = {
        sandbox.core.create_namespaced_config_map(sandbox.namespace, body).metadata.name for _ in range(3)
    }
    assert len(names) == 3
    assert all(name.startswith("job-") and len(name) == 9 for name in names)


@CASES("dry-run", "dryRun=All answers and stores nothing, for every verb", CONCEPTS + "#dry-run")
def dry_run(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    assert core.create_namespaced_config_map(namespace, config_map(), dry_run="All").metadata.uid
    assert refusal(core.read_namespaced_config_map, "c", namespace)[0] == 404
    made = core.create_namespaced_config_map(namespace, config_map())
    other = config_map(data={"key": "2"})
    assert core.replace_namespaced_config_map("c", namespace, other, dry_run="All").data == {"key": "2"}
    patch = {"data": {"key": "3"}}
    assert core.patch_namespaced_config_map("c", namespace, patch, dry_run="All").data == {"key": "3"}
    core.delete_namespaced_config_map("c", namespace, dry_run="All")
    assert core.read_namespaced_config_map("c", namespace) == made


@CASES(
    "field-validation",
    "fieldValidation: Strict refuses, Warn warns, Ignore says nothing",
    CONCEPTS + "#field-validation",
)
def field_validation(sandbox: Sandbox) -> None:
    body = {"metadata": {"name": "c"}, "dta": {}}
    create = sandbox.core.create_namespaced_config_map_with_http_info
    code, status = refusal(create, sandbox.namespace, body, field_validation="Strict")
    assert (code, status["reason"]) == (400, "BadRequest")
    assert 'strict decoding error: unknown field "dta"' in status["message"]
    _, _, headers = create(sandbox.namespace, body, field_validation="Warn", dry_run="All")
    assert headers["Warning"].startswith('299 - "unknown field \\"dta\\"')
    _, _, headers = create(sandbox.namespace, body, field_validation="Ignore", dry_run="All")
    assert "Warning" not in headers


@CASES(
    "patch-types", "merge and strategic merge patches through the typed API", CONCEPTS + "#patch-and-apply"
)
def patch_types(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    change = {"data": {"key": None, "new": "1"}}
    for content_type in ("application/merge-patch+json", "application/strategic-merge-patch+json"):
        changed = sandbox.core.patch_namespaced_config_map(
            "c", sandbox.namespace, change, _content_type=content_type
        )
        assert changed.data == {"new": "1"}
    operations = [{"op": "replace", "path": "/data/new", "value": "2"}]
    changed = sandbox.core.patch_namespaced_config_map(
        "c", sandbox.namespace, operations, _content_type="application/json-patch+json"
    )
    assert changed.data == {"new": "2"}


@CASES(
    "patch-precondition", "a resourceVersion in a patch is a precondition: 409", CONCEPTS + "#patch-and-apply"
)
def patch_precondition(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    stale = {"metadata": {"resourceVersion": "1"}, "data": {"a": "b"}}
    code, status = refusal(sandbox.core.patch_namespaced_config_map, "c", sandbox.namespace, stale)
    assert (code, status["reason"]) == (409, "Conflict")


@CASES("apply-patch", "server-side apply through an apply patch; 409 with a cause for each conflict", APPLY)
def apply_patch(sandbox: Sandbox) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}

    def apply(manager: str, value: str, **options: Any) -> Any:
        return sandbox.core.patch_namespaced_config_map(
            "c",
            sandbox.namespace,
            body | {"data": {"a": value}},
            field_manager=manager,
            _content_type="application/apply-patch+yaml",
            **options,
        )

    assert apply("one", "1").metadata.managed_fields[0].manager == "one"
    code, status = refusal(apply, "two", "2")
    assert (code, status["reason"]) == (409, "Conflict")
    assert status["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.a'
    assert status["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}
    ]
    assert apply("two", "2", force=True).data == {"a": "2"}


@CASES("delete-precondition", "409 when the uid or the resourceVersion to be deleted is another", CONCEPTS)
def delete_precondition(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    other = "00000000-0000-4000-8000-000000000000"
    for preconditions, says in (
        ({"uid": other}, "the UID in the precondition"),
        ({"resource_version": "1"}, "the ResourceVersion in the precondition (1) does not match"),
    ):
        options = client.V1DeleteOptions(preconditions=client.V1Preconditions(**preconditions))
        code, status = refusal(
            sandbox.core.delete_namespaced_config_map, "c", sandbox.namespace, body=options
        )
        assert (code, status["reason"]) == (409, "Conflict")
        assert says in status["message"]


@CASES("delete-collection", "deletecollection takes what its selectors select", CONCEPTS)
def delete_collection(sandbox: Sandbox) -> None:
    for name, label in (("a", "x"), ("b", "x"), ("c", "y")):
        sandbox.core.create_namespaced_config_map(
            sandbox.namespace, config_map(name, metadata={"labels": {"l": label}})
        )
    sandbox.core.delete_collection_namespaced_config_map(sandbox.namespace, label_selector="l=x")
    left = sandbox.core.list_namespaced_config_map(sandbox.namespace)
    assert [one.metadata.name for one in left.items] == ["c"]
    sandbox.core.delete_collection_namespaced_config_map(sandbox.namespace, dry_run="All")
    assert len(sandbox.core.list_namespaced_config_map(sandbox.namespace).items) == 1
    sandbox.core.delete_collection_namespaced_config_map(sandbox.namespace)
    assert sandbox.core.list_namespaced_config_map(sandbox.namespace).items == []


@CASES("propagation-policy", "propagationPolicy Foreground and Orphan", CASCADING)
def propagation_policy(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    for policy in ("Orphan", "Foreground"):
        owner = core.create_namespaced_config_map(namespace, config_map("owner"))
        reference = client.V1OwnerReference(
            api_version="v1",
            kind="ConfigMap",
            name="owner",
            uid=owner.metadata.uid,
            block_owner_deletion=True,
        )
        name = policy.lower()
        core.create_namespaced_config_map(
            namespace, config_map(name, metadata={"owner_references": [reference]})
        )
        core.delete_namespaced_config_map("owner", namespace, propagation_policy=policy)
        left = ["orphan"]

        def names(left: list[str] = left) -> None:
            found = core.list_namespaced_config_map(namespace).items
            assert [one.metadata.name for one in found] == left
            assert not found[0].metadata.owner_references

        eventually(names)


@CASES(
    "list-pages",
    "limit and continue give every object once, from one snapshot",
    CONCEPTS + "#retrieving-large-results-sets-in-chunks",
)
def list_pages(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    for number in range(5):
        core.create_namespaced_config_map(namespace, config_map(f"c{number}"))
    first = core.list_namespaced_config_map(namespace, limit=2)
    assert first.metadata.remaining_item_count == 3
    core.create_namespaced_config_map(namespace, config_map("c99"))
    core.delete_namespaced_config_map("c4", namespace)
    second = core.list_namespaced_config_map(namespace, limit=2, _continue=first.metadata._continue)
    third = core.list_namespaced_config_map(namespace, limit=2, _continue=second.metadata._continue)
    pages = (first, second, third)
    assert [one.metadata.name for page in pages for one in page.items] == ["c0", "c1", "c2", "c3", "c4"]
    assert len({page.metadata.resource_version for page in pages}) == 1
    assert third.metadata._continue is None


@CASES(
    "list-resource-version-exact",
    "resourceVersionMatch=Exact lists the past",
    CONCEPTS + "#semantics-for-get-and-list",
)
def list_exact(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    core.create_namespaced_config_map(namespace, config_map("a"))
    then = core.list_namespaced_config_map(namespace).metadata.resource_version
    core.create_namespaced_config_map(namespace, config_map("b"))
    core.delete_namespaced_config_map("a", namespace)
    past = core.list_namespaced_config_map(namespace, resource_version=then, resource_version_match="Exact")
    assert [one.metadata.name for one in past.items] == ["a"]
    assert past.metadata.resource_version == then
    newer = core.list_namespaced_config_map(
        namespace, resource_version=then, resource_version_match="NotOlderThan"
    )
    assert [one.metadata.name for one in newer.items] == ["b"]
    assert int(newer.metadata.resource_version) >= int(then)
    anything = core.list_namespaced_config_map(namespace, resource_version="0")
    assert [one.metadata.name for one in anything.items] == ["b"]


@CASES("list-selectors", "label and field selectors of a list", SELECTORS)
def list_selectors(sandbox: Sandbox) -> None:
    core, namespace = sandbox.core, sandbox.namespace
    for name, env in (("a", "prod"), ("b", "dev")):
        core.create_namespaced_config_map(namespace, config_map(name, metadata={"labels": {"env": env}}))
    for options, names in (
        ({"label_selector": "env in (prod,qa)"}, ["a"]),
        ({"label_selector": "env notin (prod)"}, ["b"]),
        ({"label_selector": "!env"}, []),
        ({"field_selector": "metadata.name!=a"}, ["b"]),
        ({"field_selector": "metadata.name=b", "label_selector": "env=dev"}, ["b"]),
    ):
        found = core.list_namespaced_config_map(namespace, **options)
        assert [one.metadata.name for one in found.items] == names, options


@CASES(
    "metadata-only", "PartialObjectMetadata: metadata without the rest", CONCEPTS + "#metadata-only-fetches"
)
def metadata_only(sandbox: Sandbox) -> None:
    sandbox.core.create_namespaced_config_map(sandbox.namespace, config_map())
    accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
    path = "/api/v1/namespaces/$NS/configmaps"
    found = sandbox.http("GET", path, headers={"Accept": accept}).json()
    assert (found["kind"], found["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert found["items"][0]["metadata"]["name"] == "c"
    assert "data" not in found["items"][0]
    accept = accept.replace("MetadataList", "Metadata")
    one = sandbox.http("GET", path + "/c", headers={"Accept": accept}).json()
    assert (one["kind"], one["metadata"]["name"]) == ("PartialObjectMetadata", "c")
    assert "data" not in one


@CASES(
    "custom-objects",
    "CustomObjectsApi: create, list, patch, replace, status, delete",
    KSERVE_TYPES + "v1beta1",
)
def custom_objects(sandbox: Sandbox) -> None:
    custom, place = sandbox.custom, (*SERVICES, sandbox.namespace, "inferenceservices")
    body = yaml.safe_load(manifests.INFERENCE_SERVICE)
    made = custom.create_namespaced_custom_object(*place, body)
    assert made["metadata"]["generation"] == 1
    assert len(custom.list_namespaced_custom_object(*place)["items"]) == 1
    patched = custom.patch_namespaced_custom_object(
        *place, "fraud", {"spec": {"predictor": {"minReplicas": 4}}}
    )
    assert (patched["spec"]["predictor"]["minReplicas"], patched["metadata"]["generation"]) == (4, 2)
    patched["spec"]["predictor"]["minReplicas"] = 5
    replaced = custom.replace_namespaced_custom_object(*place, "fraud", patched)
    assert replaced["metadata"]["generation"] == 3
    replaced["status"] = {"url": "http://x"}
    reported = custom.replace_namespaced_custom_object_status(*place, "fraud", replaced)
    assert (reported["status"]["url"], reported["metadata"]["generation"]) == ("http://x", 3)
    assert custom.delete_namespaced_custom_object(*place, "fraud")["status"] == "Success"


@CASES("invalid-causes", "422 Invalid: a cause with reason, message and field for every problem", ERRORS)
def invalid_causes(sandbox: Sandbox) -> None:
    wrong = config_map("Bad_Name", data={"a/b": "c"})
    code, status = refusal(sandbox.core.create_namespaced_config_map, sandbox.namespace, wrong)
    assert (code, status["reason"]) == (422, "Invalid")
    assert status["message"].startswith('ConfigMap "Bad_Name" is invalid: [')
    details = status["details"]
    assert (details["name"], details["kind"]) == ("Bad_Name", "ConfigMap")
    fields = {cause["field"]: cause["reason"] for cause in details["causes"]}
    assert fields == {"metadata.name": "FieldValueInvalid", "data[a/b]": "FieldValueInvalid"}


@CASES("lease", "CoordinationV1Api: a Lease with microseconds", LEASES)
def lease(sandbox: Sandbox) -> None:
    leases = client.CoordinationV1Api(sandbox.api())
    (made,) = sandbox.create(
        manifests.LEASE.replace("leaseDuration", 'renewTime: "2026-08-01T10:00:00.123456Z", leaseDuration')
    )
    found = leases.read_namespaced_lease("lock", sandbox.namespace)
    assert made["spec"]["renewTime"] == "2026-08-01T10:00:00.123456Z"
    assert (found.spec.holder_identity, found.spec.renew_time.microsecond) == ("me", 123456)


@CASES("leader-election", "leaderelection over a ConfigMap: the first leads, the second does not", LEASES)
def leader_election(sandbox: Sandbox) -> None:
    elected = threading.Event()
    locks = [ConfigMapLock("leader", sandbox.namespace, identity) for identity in ("first", "second")]

    def settings(lock: ConfigMapLock) -> electionconfig.Config:
        return electionconfig.Config(
            lock,
            lease_duration=17,
            renew_deadline=15,
            retry_period=5,
            onstarted_leading=elected.set,
            onstopped_leading=None,
        )

    first, second = (leaderelection.LeaderElection(settings(lock)) for lock in locks)
    assert first.try_acquire_or_renew()
    assert not second.try_acquire_or_renew()
    assert first.try_acquire_or_renew()
    found = sandbox.core.read_namespaced_config_map("leader", sandbox.namespace)
    (record,) = found.metadata.annotations.values()
    assert json.loads(record)["holderIdentity"] == "first"


@CASES("rbac", "RbacAuthorizationV1Api: roles and bindings", RBAC)
def rbac(sandbox: Sandbox) -> None:
    rights = client.RbacAuthorizationV1Api(sandbox.api())
    sandbox.create(manifests.ROLE + "---" + manifests.ROLE_BINDING)
    role = rights.read_namespaced_role("reader", sandbox.namespace)
    assert (role.rules[0].resources, role.rules[0].verbs) == (["configmaps"], ["get", "list", "watch"])
    (binding,) = rights.list_namespaced_role_binding(sandbox.namespace).items
    assert (binding.role_ref.name, binding.subjects[0].kind) == ("reader", "User")
    names = {role.metadata.name for role in rights.list_cluster_role().items}
    assert {"cluster-admin", "admin", "edit", "view"} <= names


@CASES(
    "access-reviews",
    "AuthorizationV1Api: SelfSubject- and SubjectAccessReview",
    api("authorization-resources", "self-subject-access-review-v1"),
)
def access_reviews(sandbox: Sandbox) -> None:
    sandbox.create(manifests.ROLE + "---" + manifests.ROLE_BINDING)
    reviews = client.AuthorizationV1Api(sandbox.api())
    about = client.V1ResourceAttributes(namespace=sandbox.namespace, verb="list", resource="configmaps")
    own = client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=about)
    )
    assert reviews.create_self_subject_access_review(own).status.allowed
    for user, allowed in ((f"{sandbox.namespace}-user", True), ("somebody", False)):
        spec = client.V1SubjectAccessReviewSpec(resource_attributes=about, user=user)
        review = reviews.create_subject_access_review(client.V1SubjectAccessReview(spec=spec))
        assert review.status.allowed is allowed


@CASES(
    "token-request",
    "create_namespaced_service_account_token gives a token with an end",
    api("authentication-resources", "token-request-v1"),
)
def token_request(sandbox: Sandbox) -> None:
    sandbox.create(manifests.SERVICE_ACCOUNT)
    body = client.AuthenticationV1TokenRequest(
        spec=client.V1TokenRequestSpec(audiences=[], expiration_seconds=600)
    )
    made = sandbox.core.create_namespaced_service_account_token("robot", sandbox.namespace, body)
    assert made.status.token.count(".") == 2
    assert made.status.expiration_timestamp


@CASES(
    "custom-resource-definition",
    "ApiextensionsV1Api: define a kind, wait until it is established, use it",
    CUSTOM_RESOURCES,
)
def custom_resource_definition(sandbox: Sandbox) -> None:
    definitions = client.ApiextensionsV1Api(sandbox.api())
    body = yaml.safe_load(manifests.CRON_TAB.replace("$NS", sandbox.namespace))
    name = body["metadata"]["name"]
    definitions.create_custom_resource_definition(body)

    def established() -> None:
        found = definitions.read_custom_resource_definition(name)
        conditions = {one.type: one.status for one in found.status.conditions or []}
        assert conditions.get("Established") == "True"

    eventually(established)
    group = f"{sandbox.namespace}.example.com"
    tab = yaml.safe_load(manifests.MY_CRON_TAB.replace("$NS", sandbox.namespace))
    place = (group, "v1", sandbox.namespace, "crontabs")
    assert sandbox.custom.create_namespaced_custom_object(*place, tab)["spec"]["image"] == "example/cron"
    scale = sandbox.custom.get_namespaced_custom_object_scale(*place, "mine")
    assert (scale["kind"], scale["apiVersion"], scale["spec"]["replicas"]) == ("Scale", "autoscaling/v1", 3)
    definitions.delete_custom_resource_definition(name)


@CASES(
    "create-from-yaml",
    "utils.create_from_yaml creates every document",
    PYTHON + "kubernetes/utils/create_from_yaml.py",
)
def create_from_yaml(sandbox: Sandbox) -> None:
    path = sandbox.write("all.yaml", "---".join((manifests.CONFIG_MAP, manifests.SECRET, manifests.LEASE)))
    utils.create_from_yaml(sandbox.api(), str(path), namespace=sandbox.namespace)
    assert sandbox.core.read_namespaced_secret("s", sandbox.namespace).data == {"password": "c2VjcmV0"}
    try:
        utils.create_from_yaml(sandbox.api(), str(path), namespace=sandbox.namespace)
    except utils.FailToCreateError as error:
        assert [one.status for one in error.api_exceptions] == [409, 409, 409]
    else:
        raise AssertionError("created twice")


@CASES(
    "dynamic",
    "the dynamic client discovers, creates, applies, patches and deletes",
    PYTHON + "kubernetes/base/dynamic/README.md",
)
def dynamic_client(sandbox: Sandbox) -> None:
    found = dynamic.DynamicClient(sandbox.api())
    services = found.resources.get(api_version="serving.kserve.io/v1beta1", kind="InferenceService")
    namespace = sandbox.namespace
    services.create(body=yaml.safe_load(manifests.INFERENCE_SERVICE), namespace=namespace)
    assert services.get(name="fraud", namespace=namespace).spec.predictor.minReplicas == 2
    change = {"spec": {"predictor": {"minReplicas": 3}}}
    merge = "application/merge-patch+json"
    patched = services.patch(body=change, name="fraud", namespace=namespace, content_type=merge)
    assert patched.metadata.generation == 2
    assert [one.metadata.name for one in services.get(namespace=namespace, label_selector="team").items] == [
        "fraud"
    ]
    services.delete(name="fraud", namespace=namespace)
    try:
        services.get(name="fraud", namespace=namespace)
    except dynamic.exceptions.NotFoundError as error:
        assert error.status == 404
    else:
        raise AssertionError("still there")


@CASES("dynamic-apply", "the dynamic client's server_side_apply", APPLY)
def dynamic_apply(sandbox: Sandbox) -> None:
    found = dynamic.DynamicClient(sandbox.api())
    maps = found.resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "1"}}
    for value in ("1", "2"):
        body["data"] = {"a": value}
        applied = maps.server_side_apply(body=body, namespace=sandbox.namespace, field_manager="me")
        assert applied.data.a == value


@CASES(
    "pod-log", "read_namespaced_pod_log with tail_lines and limit_bytes", api("workload-resources", "pod-v1")
)
def pod_log(sandbox: Sandbox) -> None:
    (pod,) = sandbox.create(manifests.POD)
    sandbox.write_log(pod, "one\ntwo\n")

    def read(**options: int) -> bytes:
        answer = sandbox.core.read_namespaced_pod_log(
            "p", sandbox.namespace, container="main", _preload_content=False, **options
        )
        return bytes(answer.data)

    assert read() == b"one\ntwo\n"
    assert read(tail_lines=1) == b"two\n"
    assert read(limit_bytes=3) == b"one"


@CASES(
    "pod-log-needs-container",
    "400 when a Pod has several containers and none is named",
    api("workload-resources", "pod-v1"),
)
def pod_log_needs_container(sandbox: Sandbox) -> None:
    sandbox.create(manifests.POD)
    code, status = refusal(sandbox.core.read_namespaced_pod_log, "p", sandbox.namespace)
    assert (code, status["reason"]) == (400, "BadRequest")
    assert status["message"] == "a container name must be specified for pod p, choose one of: [main side]"


@CASES(
    "status-subresource",
    "replacing status leaves the spec alone, and the other way round",
    api("cluster-resources", "node-v1"),
)
def status_subresource(sandbox: Sandbox) -> None:
    sandbox.create(manifests.NODE)
    name = f"{sandbox.namespace}-node"
    node = sandbox.core.read_node(name)
    node.status.capacity = {"cpu": "8"}
    node.spec = client.V1NodeSpec(unschedulable=True)
    reported = sandbox.core.replace_node_status(name, node)
    assert (reported.status.capacity, (reported.spec and reported.spec.unschedulable)) == ({"cpu": "8"}, None)
    reported.status.capacity = {"cpu": "16"}
    reported.spec = client.V1NodeSpec(unschedulable=True)
    written = sandbox.core.replace_node(name, reported)
    assert (written.status.capacity, written.spec.unschedulable) == ({"cpu": "8"}, True)


@CASES(
    "namespaces",
    "a namespace is created Active and deleted with what is in it",
    api("cluster-resources", "namespace-v1"),
)
def namespaces(sandbox: Sandbox) -> None:
    name = f"{sandbox.namespace}-x"
    made = sandbox.core.create_namespace({"metadata": {"name": name}})
    assert made.status.phase == "Active"
    assert made.metadata.labels == {"kubernetes.io/metadata.name": name}
    sandbox.core.create_namespaced_config_map(name, config_map())
    sandbox.core.delete_namespace(name)

    def gone() -> None:
        assert refusal(sandbox.core.read_namespace, name)[0] == 404

    eventually(gone)
    assert sandbox.core.list_namespaced_config_map(name).items == []


@CASES("finalizers", "an object with finalizers is marked and answered as it is", CONCEPTS)
def finalizers(sandbox: Sandbox) -> None:
    made = sandbox.core.create_namespaced_config_map(
        sandbox.namespace, config_map(metadata={"finalizers": ["x.io/a"]})
    )
    sandbox.core.delete_namespaced_config_map("c", sandbox.namespace)
    found = sandbox.core.read_namespaced_config_map("c", sandbox.namespace)
    assert found.metadata.deletion_timestamp
    assert found.metadata.deletion_grace_period_seconds == 0
    assert int(found.metadata.resource_version) > int(made.metadata.resource_version)
    found.metadata.finalizers = None
    sandbox.core.replace_namespaced_config_map("c", sandbox.namespace, found)
    assert refusal(sandbox.core.read_namespaced_config_map, "c", sandbox.namespace)[0] == 404
