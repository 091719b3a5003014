"""Real kubectl: rights given, asked for, tried out and taken away."""

import json

import pytest

from tests.apiserver.conftest import Api, Result

ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: map-reader, namespace: ml}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get, list]}
"""


async def ok(api: Api, *arguments: str, stdin: str = "", user: str = "admin") -> str:
    result = await api.kubectl(*arguments, stdin=stdin, user=user)
    assert result.code == 0, result.err
    return result.out


async def as_robot(api: Api, *arguments: str, token: str) -> Result:
    """kubectl with a token and no certificate."""
    own = ("--kubeconfig", "/dev/null", "--server", api.server.url, "--certificate-authority", "ca.crt")
    return await api.kubectl(*own, "--context=", "--token", token, *arguments)


@pytest.fixture
async def robot(api) -> str:
    """The token of an account that may read ConfigMaps in the namespace ml."""
    await ok(api, "create", "serviceaccount", "robot", "-n", "ml")
    await ok(api, "apply", "-f", "-", stdin=ROLE)
    await ok(
        api, "create", "rolebinding", "robots", "-n", "ml", "--role=map-reader", "--serviceaccount=ml:robot"
    )
    await ok(api, "create", "configmap", "m", "-n", "ml", "--from-literal=a=b")
    return (await ok(api, "create", "token", "robot", "-n", "ml")).strip()


async def test_a_token_gives_what_is_bound_to_its_account_and_no_more(api, robot):
    shown = await as_robot(api, "get", "configmaps", "-n", "ml", "-o", "name", token=robot)
    assert shown.out.split() == ["configmap/m"]
    refused = await as_robot(api, "delete", "configmap", "m", "-n", "ml", token=robot)
    assert refused.code == 1
    assert refused.err.strip() == (
        'Error from server (Forbidden): configmaps "m" is forbidden: User "system:serviceaccount:ml:robot" '
        'cannot delete resource "configmaps" in API group "" in the namespace "ml"'
    )
    elsewhere = await as_robot(api, "get", "configmaps", "-A", token=robot)
    assert elsewhere.err.strip() == (
        'Error from server (Forbidden): configmaps is forbidden: User "system:serviceaccount:ml:robot" '
        'cannot list resource "configmaps" in API group "" at the cluster scope'
    )


async def test_whoami_names_the_account(api, robot):
    shown = json.loads((await as_robot(api, "auth", "whoami", "-o", "json", token=robot)).out)
    info = shown["status"]["userInfo"]
    account = json.loads(await ok(api, "get", "serviceaccount", "robot", "-n", "ml", "-o", "json"))
    assert info["username"] == "system:serviceaccount:ml:robot"
    assert info["uid"] == account["metadata"]["uid"]
    assert info["groups"] == ["system:serviceaccounts", "system:serviceaccounts:ml", "system:authenticated"]
    assert list(info["extra"]) == ["authentication.kubernetes.io/credential-id"]


async def test_a_token_ends_with_its_account(api, robot):
    await ok(api, "delete", "serviceaccount", "robot", "-n", "ml")
    refused = await as_robot(api, "get", "configmaps", "-n", "ml", token=robot)
    assert "You must be logged in to the server" in refused.err
    await ok(api, "create", "serviceaccount", "robot", "-n", "ml")  # of the same name, but another
    refused = await as_robot(api, "get", "configmaps", "-n", "ml", token=robot)
    assert "You must be logged in to the server" in refused.err


CAN_I = [
    (("get", "configmaps", "-n", "ml"), "yes"),
    (("get", "configmaps/m", "-n", "ml"), "yes"),
    (("delete", "configmaps", "-n", "ml"), "no"),
    (("get", "configmaps", "-n", "other"), "no"),
    (("create", "isvc", "-n", "ml"), "no"),
    (("get", "/version"), "yes"),
    (("get", "/metrics"), "no"),
]


async def test_can_i_answers_as_the_server_does(api, robot):
    for question, answer in CAN_I:
        said = await as_robot(api, "auth", "can-i", *question, token=robot)
        assert said.out.split()[:1] == [answer], (question, said)
        assert said.code == (answer == "no")
    assert (await ok(api, "auth", "can-i", "create", "isvc", "-n", "ml")).strip() == "yes"


async def test_can_i_list_shows_the_rules(api, robot):
    shown = await as_robot(api, "auth", "can-i", "--list", "-n", "ml", token=robot)
    lines = [line.split() for line in shown.out.splitlines()]
    assert ["configmaps", "[]", "[]", "[get", "list]"] in lines
    assert ["[/version]", "[]", "[get]"] in lines
    assert ["*.*", "[]", "[]", "[*]"] in [
        line.split() for line in (await ok(api, "auth", "can-i", "--list")).splitlines()
    ]


async def test_acting_as_somebody_else(api, robot):
    del robot
    account = "system:serviceaccount:ml:robot"
    assert await ok(api, "get", "cm", "-n", "ml", "-o", "name", f"--as={account}") == "configmap/m\n"
    refused = await api.kubectl("delete", "cm", "m", "-n", "ml", f"--as={account}")
    assert f'User "{account}" cannot delete' in refused.err
    whole = ("--as=jane", "--as-group=a", "--as-group=b", "--as-uid=u1", "--as-user-extra=team=ml")
    shown = json.loads(await ok(api, "auth", "whoami", "-o", "json", *whole))
    assert shown["status"]["userInfo"] == {
        "username": "jane",
        "uid": "u1",
        "groups": ["a", "b", "system:authenticated"],
        "extra": {"team": ["ml"]},
    }
    refused = await api.kubectl("get", "cm", "--as=jane", user="nobody")
    assert refused.err.strip() == (
        'Error from server (Forbidden): users "jane" is forbidden: User "nobody" cannot impersonate resource '
        '"users" in API group "" at the cluster scope'
    )


async def test_the_usual_roles_are_there_and_view_shows_no_secrets(api):
    names = (await ok(api, "get", "clusterroles", "-o", "name")).split()
    for name in ("admin", "cluster-admin", "edit", "view", "system:basic-user", "system:discovery"):
        assert f"clusterrole.rbac.authorization.k8s.io/{name}" in names
    await ok(api, "create", "clusterrolebinding", "viewers", "--clusterrole=view", "--group=viewers")
    viewer = ("--as=v", "--as-group=viewers")
    for resource, answer in [("pods", "yes"), ("isvc", "yes"), ("pods/log", "yes"), ("secrets", "no")]:
        plural, _, below = resource.partition("/")
        extra = (f"--subresource={below}",) if below else ()
        said = await api.kubectl("auth", "can-i", "get", plural, *extra, "-A", *viewer)
        assert said.out.strip() == answer, resource


async def test_reconcile_makes_and_mends_roles(api):
    said = await ok(api, "auth", "reconcile", "-f", "-", stdin=ROLE)
    assert "reconciled" in said
    more = ROLE.replace("verbs: [get, list]", "verbs: [get, list, watch]")
    await ok(api, "auth", "reconcile", "-f", "-", stdin=more)
    rules = json.loads(await ok(api, "get", "role", "map-reader", "-n", "ml", "-o", "json"))["rules"]
    assert {verb for rule in rules for verb in rule["verbs"]} == {"get", "list", "watch"}


async def test_nobody_gives_what_they_do_not_have(api, robot):
    await ok(
        api, "create", "rolebinding", "boss", "-n", "ml", "--clusterrole=admin", "--serviceaccount=ml:robot"
    )
    wish = ("create", "role", "x", "-n", "ml", "--verb=get", "--resource=clusters.cluster.karmada.io")
    refused = await as_robot(api, *wish, token=robot)
    assert refused.code == 1
    assert refused.err.strip() == (
        'Error from server (Forbidden): roles.rbac.authorization.k8s.io "x" is forbidden: user '
        '"system:serviceaccount:ml:robot" (groups=["system:serviceaccounts" "system:serviceaccounts:ml" '
        '"system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n'
        '{APIGroups:["cluster.karmada.io"], Resources:["clusters"], Verbs:["get"]}'
    )
    wish = ("create", "role", "x", "-n", "ml", "--verb=get,list", "--resource=pods,secrets")
    allowed = await as_robot(api, *wish, token=robot)
    assert allowed.code == 0, allowed.err


async def test_tables_and_descriptions(api, robot):
    del robot
    shown = await ok(api, "get", "rolebindings", "-n", "ml", "-o", "wide")
    assert shown.splitlines()[0].split() == ["NAME", "ROLE", "AGE", "USERS", "GROUPS", "SERVICEACCOUNTS"]
    assert shown.splitlines()[1].split()[:2] == ["robots", "Role/map-reader"]
    assert shown.splitlines()[1].split()[-1] == "ml/robot"
    shown = await ok(api, "get", "roles", "-n", "ml")
    assert shown.splitlines()[0].split() == ["NAME", "CREATED", "AT"]
    assert "configmaps" in await ok(api, "describe", "role", "map-reader", "-n", "ml")
    changed = await api.kubectl(
        "patch", "rolebinding", "robots", "-n", "ml", "--type=merge", "-p", '{"roleRef": {"name": "other"}}'
    )
    assert "cannot change roleRef" in changed.err
