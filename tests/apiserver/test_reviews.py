"""Questions about access over HTTP: who may ask, and what is answered; and who may give what."""

import pytest

from tests.apiserver.rbac import binding, role, rule

AUTHORIZATION = "/apis/authorization.k8s.io/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GET_PODS = {"namespace": "ml", "verb": "get", "resource": "pods"}


async def give(api, *manifests):
    for manifest in manifests:
        namespace = manifest["metadata"].get("namespace")
        folder = f"{RBAC}/namespaces/{namespace}" if namespace else RBAC
        code, answer = await api.ask("POST", f"{folder}/{manifest['kind'].lower()}s", manifest)
        assert code == 201, answer


async def test_access_reviews_decide_as_requests_are_decided(api):
    await give(api, role("r", rule("get", "pods")), binding("b", "r", "group:devs", namespace="ml"))
    spec = {"resourceAttributes": GET_PODS, "user": "jane", "groups": ["devs"]}
    code, answer = await api.ask("POST", f"{AUTHORIZATION}/subjectaccessreviews", {"spec": spec})
    assert code == 201
    assert answer["status"] == {
        "allowed": True,
        "reason": 'RBAC: allowed by RoleBinding "b/ml" of ClusterRole "r" to Group "devs"',
    }
    other = spec | {"groups": ["others"]}
    _, answer = await api.ask("POST", f"{AUTHORIZATION}/subjectaccessreviews", {"spec": other})
    assert answer["status"] == {"allowed": False}
    local = f"{AUTHORIZATION}/namespaces/ml/localsubjectaccessreviews"
    _, answer = await api.ask("POST", local, {"spec": spec})
    assert answer["status"]["allowed"] is True
    _, answer = await api.ask(
        "POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": GET_PODS}}
    )
    assert answer["status"]["allowed"] is True


REFUSED = [
    (
        "subjectaccessreviews",
        {"resourceAttributes": GET_PODS},
        'spec.user: Invalid value: "": at least one of user or group must be specified',
    ),
    (
        "selfsubjectaccessreviews",
        {},
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
    ),
    (
        "selfsubjectaccessreviews",
        {"resourceAttributes": GET_PODS, "nonResourceAttributes": {"path": "/", "verb": "get"}},
        "cannot be specified in combination with resourceAttributes",
    ),
    (
        "namespaces/other/localsubjectaccessreviews",
        {"resourceAttributes": GET_PODS, "user": "jane"},
        'spec.resourceAttributes.namespace: Invalid value: "ml": must match metadata.namespace',
    ),
]


@pytest.mark.parametrize(("plural", "spec", "says"), REFUSED)
async def test_reviews_that_make_no_sense(api, plural, spec, says):
    code, answer = await api.ask("POST", f"{AUTHORIZATION}/{plural}", {"spec": spec})
    assert (code, answer["reason"]) == (422, "Invalid")
    assert says in answer["message"]


async def test_reviews_are_asked_not_kept(api):
    code, answer = await api.ask("GET", f"{AUTHORIZATION}/subjectaccessreviews")
    assert (code, answer["reason"]) == (405, "MethodNotAllowed")
    code, _ = await api.ask("POST", f"{AUTHORIZATION}/selfsubjectrulesreviews", {"spec": {}})
    assert code == 400
    code, answer = await api.ask("POST", f"{AUTHORIZATION}/selfsubjectaccessreviews", {"spec": {}}, user="")
    assert (code, answer["details"]) == (
        403,
        {"group": "authorization.k8s.io", "kind": "selfsubjectaccessreviews"},
    )


async def test_what_does_not_exist_is_only_told_to_who_may_know(api):
    code, answer = await api.ask("GET", "/apis/apps/v1/namespaces/ml/deployments", user="nobody")
    assert (code, answer["message"]) == (
        403,
        'deployments.apps is forbidden: User "nobody" cannot list resource "deployments" in API group "apps" '
        'in the namespace "ml"',
    )
    code, _ = await api.ask("GET", "/apis/apps/v1/namespaces/ml/deployments")
    assert code == 404
    code, answer = await api.ask("GET", "/api/v1/namespaces/ml", user="nobody")
    assert answer["message"].endswith(
        'cannot get resource "namespaces" in API group "" in the namespace "ml"'
    )


async def test_anonymous_sees_health_and_version_only(api):
    for path in ("/healthz", "/livez", "/readyz", "/version"):
        assert (await api.ask("GET", path, user=""))[0] == 200
    for path in ("/api", "/apis", "/openapi/v3", "/metrics", "/api/v1/namespaces"):
        code, answer = await api.ask("GET", path, user="")
        assert code == 403
        assert 'User "system:anonymous" cannot' in answer["message"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/apis/work.karmada.io/v1alpha1/namespaces/karmada-es-m1/works", 200),
        ("/apis/work.karmada.io/v1alpha1/namespaces/karmada-es-m2/works", 403),
        ("/apis/work.karmada.io/v1alpha1/works", 403),
        ("/apis/cluster.karmada.io/v1alpha1/clusters", 403),
        ("/apis/cluster.karmada.io/v1alpha1/clusters?fieldSelector=metadata.name%3Dm1", 200),
        ("/apis/cluster.karmada.io/v1alpha1/clusters?fieldSelector=metadata.name%3Dm2", 403),
        ("/apis/cluster.karmada.io/v1alpha1/clusters?fieldSelector=metadata.name%21%3Dm1", 403),
        ("/api/v1/namespaces/karmada-es-m1/secrets", 200),
        ("/api/v1/namespaces/karmada-es-m2/secrets", 403),
        ("/api/v1/namespaces/ml/secrets", 403),
        ("/api/v1/secrets", 403),
        ("/apis/rbac.authorization.k8s.io/v1/clusterroles", 403),
    ],
)
async def test_an_agent_reads_what_is_its_clusters(api, path, code):
    assert (await api.ask("GET", path, user="agent"))[0] == code


async def test_an_agent_makes_only_its_own_cluster_and_gives_itself_nothing(api):
    clusters = "/apis/cluster.karmada.io/v1alpha1/clusters"
    cluster = {"metadata": {"name": "m2"}, "spec": {"syncMode": "Pull"}}
    code, answer = await api.ask("POST", clusters, cluster, user="agent")
    assert code == 403
    assert 'the agent of the cluster "m1" may create only its own' in answer["message"]
    code, answer = await api.ask("POST", clusters, cluster | {"metadata": {"name": "m1"}}, user="agent")
    assert code == 201, answer
    wish = binding("b", "cluster-admin", "user:system:karmada:agent:m1", namespace="karmada-es-m1")
    code, answer = await api.ask("POST", f"{RBAC}/namespaces/karmada-es-m1/rolebindings", wish, user="agent")
    assert code == 403
    assert "is attempting to grant RBAC permissions not currently held" in answer["message"]


# Who may give what: `jane` (the user nobody) has some rights in ml, and tries.

HAS = [
    rule("get list", "pods"),
    rule("create update patch", "roles rolebindings", "rbac.authorization.k8s.io"),
]
GIVES = [
    ([], role("x", rule("get", "pods"), namespace="ml"), 201),
    ([], role("x", rule("get delete", "pods"), namespace="ml"), 403),
    ([], role("x", rule("get", "*"), namespace="ml"), 403),
    (
        [rule("escalate", "roles", "rbac.authorization.k8s.io")],
        role("x", rule("*", "*"), namespace="ml"),
        201,
    ),
    ([], binding("x", "readers", "user:y", namespace="ml", kind="Role"), 201),
    ([], binding("x", "editors", "user:y", namespace="ml", kind="Role"), 403),
    ([], binding("x", "gone", "user:y", namespace="ml", kind="Role"), 404),
    (
        [rule("bind", "roles", "rbac.authorization.k8s.io", names="editors")],
        binding("x", "editors", "user:y", namespace="ml", kind="Role"),
        201,
    ),
    (
        [rule("bind", "roles", "rbac.authorization.k8s.io", names="others")],
        binding("x", "editors", "user:y", namespace="ml", kind="Role"),
        403,
    ),
    ([], binding("x", "view", "user:y", namespace="ml"), 403),
]


@pytest.mark.parametrize(("more", "wish", "code"), GIVES)
async def test_nobody_gives_what_they_do_not_have(api, more, wish, code):
    await give(
        api,
        role("hers", *HAS, *more, namespace="ml"),
        binding("hers", "hers", "user:nobody", namespace="ml", kind="Role"),
        role("readers", rule("get list", "pods"), namespace="ml"),
        role("editors", rule("get delete", "pods"), namespace="ml"),
    )
    plural = f"{wish['kind'].lower()}s"
    found, answer = await api.ask("POST", f"{RBAC}/namespaces/ml/{plural}", wish, user="nobody")
    assert found == code, answer


async def test_nor_by_changing_what_is_there(api):
    await give(
        api,
        role("hers", *HAS, namespace="ml"),
        binding("hers", "hers", "user:nobody", namespace="ml", kind="Role"),
    )
    patch = {"rules": [rule("*", "*")]}
    path = f"{RBAC}/namespaces/ml/roles/hers"
    content = "application/merge-patch+json"
    code, answer = await api.ask("PATCH", path, patch, user="nobody", Content_Type=content)
    assert code == 403, answer
    code, _ = await api.ask(
        "PATCH", path, {"metadata": {"labels": {"a": "b"}}}, "nobody", Content_Type=content
    )
    assert code == 200


WAYS = [
    ("PUT", "", "application/json"),
    ("PATCH", "?fieldManager=x", "application/apply-patch+yaml"),
]


@pytest.mark.parametrize(("method", "query", "content_type"), WAYS)
@pytest.mark.parametrize(("verbs", "code"), [("update patch", 403), ("update patch create", 201)])
async def test_who_makes_an_object_by_changing_it_must_be_allowed_to_create(
    api, method, query, content_type, verbs, code
):
    """A Lease that is not there is made by an update and by server-side apply."""
    await give(
        api,
        role("r", rule(verbs, "leases", "coordination.k8s.io"), namespace="ml"),
        binding("b", "r", "user:nobody", namespace="ml", kind="Role"),
    )
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "l"}}
    path = f"/apis/coordination.k8s.io/v1/namespaces/ml/leases/l{query}"
    found, answer = await api.ask(method, path, lease, user="nobody", Content_Type=content_type)
    assert found == code, answer
    assert code == 201 or 'User "nobody" cannot create resource "leases"' in answer["message"]


async def test_a_role_that_gathers_is_for_who_may_do_everything(api):
    everything = role("boss", rule("*", "clusterroles", "rbac.authorization.k8s.io"))
    everything["rules"][0]["verbs"].remove("*")
    everything["rules"][0]["verbs"] += ["create", "update"]
    await give(api, everything, binding("boss", "boss", "user:nobody"))
    selectors = {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}
    code, answer = await api.ask(
        "POST", f"{RBAC}/clusterroles", role("x", aggregationRule=selectors), user="nobody"
    )
    assert code == 403
    assert answer["message"] == (
        'clusterroles.rbac.authorization.k8s.io "x" is forbidden: must have cluster-admin privileges to use '
        "an aggregationRule"
    )
