"""Plain HTTP: bad input that no client would send, and headers that clients rely on."""

import json
import ssl
from typing import Any

import jwt
import requests

from tests.clients import manifests
from tests.clients.case import Cases
from tests.clients.documents import (
    AUTHENTICATION,
    AUTHORIZATION,
    CONCEPTS,
    ERRORS,
    HANDLERS,
    LIST_VALIDATION,
    META_VALIDATION,
    OPTIONS_VALIDATION,
    kep,
)
from tests.clients.sandbox import Sandbox
from tradewind.apiserver.tokens import make_key

CASES = Cases("http")
MAPS = "/api/v1/namespaces/$NS/configmaps"
SERVICES = "/apis/serving.kserve.io/v1beta1/namespaces/$NS/inferenceservices"
MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"key": "value"}}
NEGOTIATION = HANDLERS + "negotiation/errors.go"


def refused(answer: requests.Response, code: int, reason: str, message: str = "") -> dict[str, Any]:
    """The Status of an answer, which must have this code and reason, and a message with this text."""
    status: dict[str, Any] = answer.json()
    assert (answer.status_code, status.get("reason")) == (code, reason), answer.text
    assert (status["kind"], status["apiVersion"], status["status"]) == ("Status", "v1", "Failure"), status
    assert status["code"] == code, status
    assert status["metadata"] == {}, status
    assert message in status["message"], status
    return status


@CASES("malformed-json", "400: a body that is no JSON", HANDLERS + "rest.go")
def malformed_json(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, '{"metadata": {')
    refused(answer, 400, "BadRequest", "the object provided is unrecognized (must be of type ConfigMap)")


@CASES("malformed-yaml", "400: a body that is no YAML", HANDLERS + "rest.go")
def malformed_yaml(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, "a: [", headers={"Content-Type": "application/yaml"})
    refused(answer, 400, "BadRequest", "the object provided is unrecognized (must be of type ConfigMap)")


@CASES("yaml-body", "a body may be YAML", CONCEPTS + "#alternate-representations-of-resources")
def yaml_body(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, manifests.CONFIG_MAP, headers={"Content-Type": "application/yaml"})
    assert answer.status_code == 201
    assert answer.json()["data"] == {"key": "value"}


@CASES(
    "yaml-answer",
    "Accept: application/yaml is answered in YAML",
    CONCEPTS + "#alternate-representations-of-resources",
)
def yaml_answer(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    answer = sandbox.http("GET", MAPS + "/c", headers={"Accept": "application/yaml"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/yaml")
    assert "\nkind: ConfigMap\n" in answer.text


@CASES("empty-body", "400: a create without a body", HANDLERS + "rest.go")
def empty_body(sandbox: Sandbox) -> None:
    refused(sandbox.http("POST", MAPS, ""), 400, "BadRequest")


@CASES("wrong-kind", "400: another kind than the URL's", HANDLERS + "create.go")
def wrong_kind(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP | {"kind": "Secret"})
    refused(answer, 400, "BadRequest", 'Secret in version "v1" cannot be handled as a ConfigMap')


@CASES("wrong-api-version", "400: another apiVersion than the URL's", HANDLERS + "create.go")
def wrong_api_version(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP | {"apiVersion": "v2"})
    refused(answer, 400, "BadRequest", "v2")


@CASES("wrong-type", "400 or 422: a field of another type, named", ERRORS)
def wrong_type(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP | {"data": ["a"]})
    assert answer.status_code in (400, 422), answer.text
    assert "data" in answer.json()["message"]


@CASES("unsupported-media-type", "415: a Content-Type that cannot be read", NEGOTIATION)
def unsupported_media_type(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, "x", headers={"Content-Type": "text/plain"})
    says = "the body of the request was in an unknown format - accepted media types include: application/json"
    refused(answer, 415, "UnsupportedMediaType", says)


@CASES("unsupported-patch-type", "415: a patch of an unknown type, with those that can be read", NEGOTIATION)
def unsupported_patch_type(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    says = (
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, "
        "application/apply-patch+yaml"
    )
    refused(sandbox.http("PATCH", MAPS + "/c", {}), 415, "UnsupportedMediaType", says)


@CASES("not-acceptable", "406: an Accept that cannot be given", NEGOTIATION)
def not_acceptable(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, headers={"Accept": "text/html"})
    refused(answer, 406, "NotAcceptable", "only the following media types are accepted: application/json")


@CASES("accept-fallback", "of several types in Accept the first that can be given is", CONCEPTS)
def accept_fallback(sandbox: Sandbox) -> None:
    accept = "application/json;as=Nothing;g=x;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1,*/*"
    answer = sandbox.http("GET", MAPS, headers={"Accept": accept})
    assert answer.json()["kind"] == "Table"


@CASES("too-large", "413: a body above 3 MiB", ERRORS)
def too_large(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP | {"data": {"a": "x" * (3 * 1024 * 1024)}})
    says = "Request entity too large: limit is 3145728"
    refused(answer, 413, "RequestEntityTooLarge", says)


@CASES(
    "config-map-too-long",
    "422: a ConfigMap above 1 MiB",
    "https://kubernetes.io/docs/concepts/configuration/configmap/",
)
def config_map_too_long(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP | {"data": {"a": "x" * (1024 * 1024 + 1)}})
    refused(answer, 422, "Invalid", "Too long: may not be more than 1048576 bytes")


@CASES("method-not-allowed", "405: a method that the resource does not have", ERRORS)
def method_not_allowed(sandbox: Sandbox) -> None:
    says = "the server does not allow this method on the requested resource"
    refused(sandbox.http("PUT", MAPS, MAP), 405, "MethodNotAllowed", says)
    refused(sandbox.http("POST", MAPS + "/c", MAP), 405, "MethodNotAllowed", says)


@CASES("unknown-resource", "404: a resource, group or version that is not served", CONCEPTS)
def unknown_resource(sandbox: Sandbox) -> None:
    for path in (
        "/api/v1/namespaces/$NS/things",
        "/api/v2/namespaces/$NS/configmaps",
        "/apis/serving.kserve.io/v9/namespaces/$NS/inferenceservices",
        "/apis/nowhere.io/v1/things",
        "/nothing",
    ):
        assert sandbox.http("GET", path).status_code == 404, path


@CASES("unknown-subresource", "404: a subresource that the kind does not have", CONCEPTS)
def unknown_subresource(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    for path in (MAPS + "/c/status", MAPS + "/c/scale"):
        assert sandbox.http("GET", path).status_code == 404, path


@CASES("bad-label-selector", "400: a label selector that cannot be parsed", CONCEPTS)
def bad_label_selector(sandbox: Sandbox) -> None:
    for selector in ("a in (b", "a=b=c", "=a", "a,,b", "a in b"):
        answer = sandbox.http("GET", MAPS, params={"labelSelector": selector})
        refused(answer, 400, "BadRequest")


@CASES("bad-field-selector", "400: a field selector that cannot be parsed", CONCEPTS)
def bad_field_selector(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, params={"fieldSelector": "metadata.name"})
    refused(answer, 400, "BadRequest", "invalid selector: 'metadata.name'; can't understand 'metadata.name'")


@CASES(
    "bad-continue",
    "400: a continue token that nobody gave",
    CONCEPTS + "#retrieving-large-results-sets-in-chunks",
)
def bad_continue(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, params={"limit": "1", "continue": "nonsense"})
    refused(answer, 400, "BadRequest", "continue key is not valid")


@CASES("bad-limit", "400: a limit that is no number", CONCEPTS)
def bad_limit(sandbox: Sandbox) -> None:
    refused(sandbox.http("GET", MAPS, params={"limit": "many"}), 400, "BadRequest")


@CASES("bad-resource-version", "400: a resourceVersion that is no number", CONCEPTS + "#resource-versions")
def bad_resource_version(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, params={"resourceVersion": "abc"})
    assert answer.status_code in (400, 422), answer.text
    assert "resourceVersion" in answer.json()["message"]


@CASES(
    "future-resource-version",
    "504 Timeout with cause ResourceVersionTooLarge and a time to retry after",
    CONCEPTS + "#unavailable-resource-versions",
)
def future_resource_version(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, params={"resourceVersion": "999999999999"})
    status = refused(answer, 504, "Timeout", "Too large resource version: 999999999999, current: ")
    (cause,) = status["details"]["causes"]
    assert (cause["reason"], cause["message"]) == ("ResourceVersionTooLarge", "Too large resource version")
    assert status["details"]["retryAfterSeconds"] == 1


@CASES(
    "resource-version-match-rules",
    "422: resourceVersionMatch without resourceVersion, unknown, or Exact at 0",
    LIST_VALIDATION,
)
def resource_version_match_rules(sandbox: Sandbox) -> None:
    for query, says in (
        (
            {"resourceVersionMatch": "Exact"},
            "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is "
            "provided",
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
            'resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion '
            '"0"',
        ),
        (
            {"resourceVersionMatch": "Other", "resourceVersion": "1"},
            'resourceVersionMatch: Unsupported value: "Other": supported values: "Exact", "NotOlderThan", ""',
        ),
    ):
        answer = sandbox.http("GET", MAPS, params=query)
        status = refused(answer, 422, "Invalid", 'ListOptions.meta.k8s.io "" is invalid: ')
        assert says in status["message"], status


@CASES("bad-dry-run", "422: dryRun is All or nothing", OPTIONS_VALIDATION)
def bad_dry_run(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP, params={"dryRun": "maybe"})
    says = 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: '
    refused(answer, 422, "Invalid", says)


@CASES("bad-field-validation", "422: fieldValidation is Ignore, Strict or Warn", OPTIONS_VALIDATION)
def bad_field_validation(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP, params={"fieldValidation": "Maybe"})
    says = (
        'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "Maybe": supported '
        'values: "", "Ignore", "Strict", "Warn"'
    )
    refused(answer, 422, "Invalid", says)


@CASES(
    "bad-propagation-policy", "422: propagationPolicy is Foreground, Background or Orphan", OPTIONS_VALIDATION
)
def bad_propagation_policy(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    answer = sandbox.http("DELETE", MAPS + "/c", params={"propagationPolicy": "Sideways"})
    says = 'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways"'
    refused(answer, 422, "Invalid", says)


@CASES("apply-needs-manager", "422: an apply patch without fieldManager", OPTIONS_VALIDATION)
def apply_needs_manager(sandbox: Sandbox) -> None:
    answer = sandbox.http("PATCH", MAPS + "/c", MAP, headers={"Content-Type": "application/apply-patch+yaml"})
    says = 'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch'
    refused(answer, 422, "Invalid", says)


@CASES("force-without-apply", "422: force belongs to apply patches", OPTIONS_VALIDATION)
def force_without_apply(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    answer = sandbox.http(
        "PATCH",
        MAPS + "/c",
        {},
        params={"force": "true"},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    says = "force: Forbidden: may not be specified for non-apply patch"
    refused(answer, 422, "Invalid", says)


@CASES("json-patch-malformed", "400: a JSON patch that is none", HANDLERS + "patch.go")
def json_patch_malformed(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    headers = {"Content-Type": "application/json-patch+json"}
    refused(sandbox.http("PATCH", MAPS + "/c", '{"a":', headers=headers), 400, "BadRequest")
    refused(sandbox.http("PATCH", MAPS + "/c", {"a": "b"}, headers=headers), 400, "BadRequest")


@CASES(
    "json-patch-does-not-apply", "422 Invalid: a JSON patch whose path is not there", HANDLERS + "patch.go"
)
def json_patch_does_not_apply(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    patch = [{"op": "remove", "path": "/data/nothing"}]
    headers = {"Content-Type": "application/json-patch+json"}
    answer = sandbox.http("PATCH", MAPS + "/c", patch, headers=headers)
    refused(answer, 422, "Invalid", "the server rejected our request due to an error in our request")


@CASES("patch-missing", "404: a patch of what is not there", ERRORS)
def patch_missing(sandbox: Sandbox) -> None:
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = sandbox.http("PATCH", MAPS + "/c", {}, headers=headers)
    status = refused(answer, 404, "NotFound", 'configmaps "c" not found')
    assert status["details"] == {"name": "c", "kind": "configmaps"}


@CASES("patch-immutable-name", "a patch cannot change the name", META_VALIDATION)
def patch_immutable_name(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    headers = {"Content-Type": "application/merge-patch+json"}
    answer = sandbox.http("PATCH", MAPS + "/c", {"metadata": {"name": "d"}}, headers=headers)
    refused(answer, 400, "BadRequest", "the name of the object (d) does not match the name on the URL (c)")


@CASES("patch-system-fields", "uid and creationTimestamp cannot be changed by a patch", META_VALIDATION)
def patch_system_fields(sandbox: Sandbox) -> None:
    (made,) = sandbox.create(manifests.CONFIG_MAP)
    headers = {"Content-Type": "application/merge-patch+json"}
    change = {"metadata": {"creationTimestamp": "2001-01-01T00:00:00Z", "generation": 77}}
    answer = sandbox.http("PATCH", MAPS + "/c", change, headers=headers)
    assert answer.status_code in (200, 422), answer.text
    found = sandbox.http("GET", MAPS + "/c").json()["metadata"]
    assert found["creationTimestamp"] == made["metadata"]["creationTimestamp"]
    assert found.get("generation") == made["metadata"].get("generation")


@CASES(
    "strict-names-all",
    "400: fieldValidation=Strict names every unknown and duplicate field",
    CONCEPTS + "#field-validation",
)
def strict_names_all(sandbox: Sandbox) -> None:
    body = '{"metadata":{"name":"c","nam":"x"},"data":{"a":"1","a":"2"},"dta":{}}'
    answer = sandbox.http("POST", MAPS, body, params={"fieldValidation": "Strict"})
    status = refused(answer, 400, "BadRequest", "strict decoding error: ")
    for part in ('unknown field "dta"', 'unknown field "metadata.nam"', 'duplicate field "data.a"'):
        assert part in status["message"], status


@CASES(
    "warn-duplicates",
    "fieldValidation=Warn warns of duplicates and unknown fields, and stores the last value",
    CONCEPTS + "#field-validation",
)
def warn_duplicates(sandbox: Sandbox) -> None:
    body = '{"metadata":{"name":"c"},"data":{"a":"1","a":"2"},"dta":{}}'
    answer = sandbox.http("POST", MAPS, body)
    assert answer.status_code == 201
    assert answer.json()["data"] == {"a": "2"}
    assert 'unknown field \\"dta\\"' in answer.headers["Warning"]
    assert 'duplicate field \\"data.a\\"' in answer.headers["Warning"]


@CASES("nulls", "null is as if the field were not there", CONCEPTS)
def nulls(sandbox: Sandbox) -> None:
    answer = sandbox.http("POST", MAPS, MAP | {"data": {"a": "1"}, "binaryData": None, "immutable": None})
    assert answer.status_code == 201
    assert "binaryData" not in answer.json()


@CASES("unauthorized", "401: a bearer token that is none", AUTHENTICATION)
def unauthorized(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, user="", headers={"Authorization": "Bearer not.a.token"})
    assert refused(answer, 401, "Unauthorized")["message"] == "Unauthorized"


@CASES("basic-authentication", "401: a scheme that is not spoken is no identity", AUTHENTICATION)
def basic_authentication(sandbox: Sandbox) -> None:
    answer = sandbox.http("GET", MAPS, user="", headers={"Authorization": "Basic YTpi"})
    assert answer.status_code in (401, 403), answer.text


@CASES("forbidden", "403: details name what was asked for", AUTHORIZATION)
def forbidden(sandbox: Sandbox) -> None:
    status = refused(sandbox.http("DELETE", SERVICES + "/fraud", user="nobody"), 403, "Forbidden")
    assert status["message"] == (
        'inferenceservices.serving.kserve.io "fraud" is forbidden: User "nobody" cannot delete resource '
        f'"inferenceservices" in API group "serving.kserve.io" in the namespace "{sandbox.namespace}"'
    )
    assert status["details"] == {"name": "fraud", "group": "serving.kserve.io", "kind": "inferenceservices"}


@CASES("forbidden-path", "403: a path that is no resource", AUTHORIZATION)
def forbidden_path(sandbox: Sandbox) -> None:
    status = refused(sandbox.http("GET", "/metrics", user="nobody"), 403, "Forbidden")
    assert status["message"] == 'forbidden: User "nobody" cannot get path "/metrics"'


@CASES(
    "wrong-certificate",
    "a certificate of another authority is refused or no identity",
    AUTHENTICATION + "#x509-client-certificates",
)
def wrong_certificate(sandbox: Sandbox) -> None:
    try:
        answer = sandbox.http("GET", MAPS, user="stranger")
    except (requests.exceptions.SSLError, requests.exceptions.ConnectionError, ssl.SSLError):
        return
    assert answer.status_code in (401, 403), answer.text


@CASES("status-of-success", "a delete answers 200 with a Status, or the object while it waits", CONCEPTS)
def status_of_success(sandbox: Sandbox) -> None:
    (made,) = sandbox.create(manifests.CONFIG_MAP)
    answer = sandbox.http("DELETE", MAPS + "/c")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": "c", "kind": "configmaps", "uid": made["metadata"]["uid"]},
        },
    )


@CASES("created", "a create answers 201, an apply 201 first and 200 then", CONCEPTS)
def created(sandbox: Sandbox) -> None:
    assert sandbox.http("POST", MAPS, MAP).status_code == 201
    headers = {"Content-Type": "application/apply-patch+yaml"}
    body = json.dumps(MAP | {"metadata": {"name": "d"}})
    codes = [
        sandbox.http("PATCH", MAPS + "/d?fieldManager=me", body, headers=headers).status_code for _ in "ab"
    ]
    assert codes == [201, 200]


@CASES(
    "table",
    "the Table form: columns, rows, and metadata of each object",
    CONCEPTS + "#receiving-resources-as-tables",
)
def table(sandbox: Sandbox) -> None:
    sandbox.create(manifests.CONFIG_MAP)
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    found = sandbox.http("GET", MAPS, headers={"Accept": accept}).json()
    assert (found["kind"], found["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert [one["name"] for one in found["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert found["rows"][0]["cells"][:2] == ["c", 1]
    assert found["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    whole = sandbox.http("GET", MAPS, params={"includeObject": "Object"}, headers={"Accept": accept}).json()
    assert whole["rows"][0]["object"]["data"] == {"key": "value"}


@CASES("aggregated-discovery", "the aggregated form of discovery", kep(3352))
def aggregated_discovery(sandbox: Sandbox) -> None:
    accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    answer = sandbox.http("GET", "/apis", headers={"Accept": accept})
    found = answer.json()
    assert (found["kind"], found["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    groups = {one["metadata"]["name"]: one["versions"] for one in found["items"]}
    (version,) = groups["serving.kserve.io"][0:1]
    services = {one["resource"]: one for one in version["resources"]}
    assert services["inferenceservices"]["scope"] == "Namespaced"
    assert services["inferenceservices"]["responseKind"]["kind"] == "InferenceService"


@CASES(
    "openapi",
    "/openapi/v3 has a document for every group and version, /openapi/v2 one for all",
    "https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-interface-definition",
)
def openapi(sandbox: Sandbox) -> None:
    index = sandbox.http("GET", "/openapi/v3").json()["paths"]
    url = index["apis/serving.kserve.io/v1beta1"]["serverRelativeURL"]
    document = sandbox.http("GET", url).json()
    assert document["openapi"].startswith("3.")
    (service,) = [
        schema
        for schema in document["components"]["schemas"].values()
        if {"group": "serving.kserve.io", "version": "v1beta1", "kind": "InferenceService"}
        in schema.get("x-kubernetes-group-version-kind", ())
    ]
    assert {"apiVersion", "kind", "metadata", "spec", "status"} <= set(service["properties"])
    old = sandbox.http("GET", "/openapi/v2", headers={"Accept": "application/json"}).json()
    assert old["swagger"] == "2.0"
    assert old["definitions"]


@CASES(
    "versions-of-a-kind",
    "an object can be read and written in every served version",
    "https://kubernetes.io/docs/reference/using-api/#api-versioning",
)
def versions_of_a_kind(sandbox: Sandbox) -> None:
    sandbox.create(manifests.DESTINATION_RULE)
    for version in ("v1", "v1beta1"):
        path = f"/apis/networking.istio.io/{version}/namespaces/$NS/destinationrules/rule"
        found = sandbox.http("GET", path).json()
        assert found["apiVersion"] == f"networking.istio.io/{version}"
        assert sandbox.http("PUT", path, found).json()["apiVersion"] == f"networking.istio.io/{version}"


@CASES(
    "anonymous",
    "without credentials: health and version, nothing else",
    AUTHENTICATION + "#anonymous-requests",
)
def anonymous(sandbox: Sandbox) -> None:
    for path in ("/livez", "/readyz", "/healthz", "/version"):
        assert sandbox.http("GET", path, user="").status_code == 200, path
    says = (
        'configmaps is forbidden: User "system:anonymous" cannot list resource "configmaps" in API group ""'
    )
    refused(sandbox.http("GET", MAPS, user=""), 403, "Forbidden", says)
    says = 'forbidden: User "system:anonymous" cannot get path "/apis"'
    refused(sandbox.http("GET", "/apis", user=""), 403, "Forbidden", says)


def bearer(sandbox: Sandbox, token: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return sandbox.http("GET", MAPS, user="", headers=headers)


@CASES("expired-token", "401: a token whose time is over", AUTHENTICATION + "#service-account-tokens")
def expired_token(sandbox: Sandbox) -> None:
    sandbox.create("---".join((manifests.SERVICE_ACCOUNT, manifests.ROLE, manifests.ROLE_BINDING)))
    token = sandbox.kubectl("create", "token", "robot").out.strip()
    assert bearer(sandbox, token).status_code == 200
    kind, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    hour_ago = claims["iat"] - 3600
    claims |= {"iat": hour_ago, "nbf": hour_ago, "exp": hour_ago + 1800}
    over = jwt.encode(claims, sandbox.home.token_key, algorithm=kind["alg"], headers={"kid": kind.get("kid")})
    assert refused(bearer(sandbox, over), 401, "Unauthorized")["message"] == "Unauthorized"


@CASES("forged-token", "401: a token that another key signed", AUTHENTICATION + "#service-account-tokens")
def forged_token(sandbox: Sandbox) -> None:
    sandbox.create("---".join((manifests.SERVICE_ACCOUNT, manifests.ROLE, manifests.ROLE_BINDING)))
    token = sandbox.kubectl("create", "token", "robot").out.strip()
    kind, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    forged = jwt.encode(claims, make_key(), algorithm=kind["alg"], headers={"kid": kind.get("kid")})
    refused(bearer(sandbox, forged), 401, "Unauthorized")
    refused(bearer(sandbox, token[:-4]), 401, "Unauthorized")
