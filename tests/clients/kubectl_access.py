"""kubectl: who may do what, and who one is."""

import time

from tests.clients import manifests
from tests.clients.case import Cases, Step
from tests.clients.documents import AUTHENTICATION, AUTHORIZATION, HEALTH, RBAC, kubectl
from tests.clients.sandbox import Sandbox

CASES = Cases("kubectl")
ROLE = manifests.ROLE.replace("name: reader", "name: reader, namespace: $NS")
READERS = "---".join((manifests.ROLE, manifests.ROLE_BINDING, manifests.SERVICE_ACCOUNT))

CASES.lines(
    "auth-whoami",
    "auth whoami tells user and groups",
    kubectl("auth_whoami"),
    Step("auth whoami", like=[r"^Username +admin$", r"^Groups +\[system:masters system:authenticated\]$"]),
    Step("auth whoami -o jsonpath={.status.userInfo.username}", user="nobody", out="nobody"),
)
CASES.lines(
    "auth-can-i",
    "auth can-i answers yes, or no with exit code 1",
    kubectl("auth_can-i"),
    Step("auth can-i create configmaps", out="yes\n"),
    Step("auth can-i delete nodes", err=["Warning: resource 'nodes' is not namespace scoped"], out="yes\n"),
    Step("auth can-i get configmaps", user="nobody", code=1, out="no\n"),
    Step("auth can-i '*' '*'", out="yes\n"),
)
CASES.lines(
    "auth-can-i-role",
    "what a Role grants, and nothing else: other verbs, resources and namespaces stay forbidden",
    RBAC,
    Step("auth can-i list configmaps --as=$NS-user", out="yes\n"),
    Step("auth can-i create configmaps --as=$NS-user", code=1, out="no\n"),
    Step("auth can-i list secrets --as=$NS-user", code=1, out="no\n"),
    Step("auth can-i list configmaps --as=$NS-user -n default", code=1, out="no\n"),
    Step("auth can-i list configmaps --as=system:serviceaccount:$NS:robot", out="yes\n"),
    given=READERS,
)
CASES.lines(
    "auth-can-i-list",
    "auth can-i --list prints the rules",
    kubectl("auth_can-i"),
    Step("auth can-i --list --as=$NS-user", like=[r"^configmaps +\[\] +\[\] +\[get list watch\]$"]),
    given=READERS,
)
CASES.lines(
    "auth-can-i-subresource",
    "can-i of a subresource and of a path",
    kubectl("auth_can-i"),
    Step("create role logs --verb=get --resource=pods/log"),
    Step("create rolebinding logs --role=logs --user=$NS-user"),
    Step("auth can-i get pods --subresource=log --as=$NS-user", out="yes\n"),
    Step("auth can-i get pods --as=$NS-user", code=1, out="no\n"),
    Step("auth can-i get /version --as=$NS-user", out="yes\n"),
    Step("auth can-i get /metrics --as=$NS-user", code=1, out="no\n"),
)
CASES.lines(
    "auth-reconcile",
    "auth reconcile creates roles and bindings, and adds what is missing",
    kubectl("auth_reconcile"),
    Step(
        "auth reconcile -f -",
        stdin=ROLE + "---" + manifests.ROLE_BINDING.replace("name: readers", "name: readers, namespace: $NS"),
        has=[
            "role.rbac.authorization.k8s.io/reader reconciled",
            "rolebinding.rbac.authorization.k8s.io/readers",
        ],
    ),
    Step(
        "auth reconcile -f -",
        stdin=ROLE.replace("configmaps", "leases").replace('""', "coordination.k8s.io"),
        has=["reconciled"],
        err=["reconciliation required update", "missing rules added:"],
    ),
    Step("get role reader -o jsonpath={.rules[*].resources[*]}", has=["configmaps leases"]),
)
CASES.lines(
    "forbidden-list",
    "a user without any role: Forbidden in upstream's words",
    AUTHORIZATION,
    Step(
        "get configmaps",
        user="nobody",
        code=1,
        err=[
            'Error from server (Forbidden): configmaps is forbidden: User "nobody" cannot list resource '
            '"configmaps" in API group "" in the namespace "$NS"'
        ],
    ),
    Step(
        "get isvc fraud",
        user="nobody",
        code=1,
        err=[
            'inferenceservices.serving.kserve.io "fraud" is forbidden: User "nobody" cannot get resource '
            '"inferenceservices" in API group "serving.kserve.io" in the namespace "$NS"'
        ],
    ),
    Step(
        "get nodes",
        user="nobody",
        code=1,
        err=[
            'nodes is forbidden: User "nobody" cannot list resource "nodes" in API group "" at the '
            "cluster scope"
        ],
    ),
)
CASES.lines(
    "role-grants",
    "a Role and its RoleBinding let a user do what they say, in their namespace",
    RBAC,
    Step("get cm --as=$NS-user -o name", out="configmap/c\n"),
    Step("create cm d --as=$NS-user", code=1, err=['cannot create resource "configmaps"']),
    Step("get cm -A --as=$NS-user", code=1, err=["at the cluster scope"]),
    Step("delete rolebinding readers"),
    Step("get cm --as=$NS-user", code=1, err=["Forbidden"], later=True),
    given=READERS + "---" + manifests.CONFIG_MAP,
)
CASES.lines(
    "cluster-role-grants",
    "a ClusterRoleBinding grants in every namespace; a RoleBinding to a ClusterRole only in its own",
    RBAC,
    Step("get cm -A --as=$NS-user -o name", has=["configmap/c"]),
    Step("create rolebinding b --clusterrole=$NS-reader --user=$NS-other"),
    Step("get cm --as=$NS-other -o name", out="configmap/c\n"),
    Step("get cm -A --as=$NS-other", code=1, err=["Forbidden"]),
    given="---".join((manifests.CLUSTER_ROLE, manifests.CLUSTER_ROLE_BINDING, manifests.CONFIG_MAP)),
)
CASES.lines(
    "role-of-a-group",
    "roles are bound to groups; --as-group puts a user into one",
    RBAC,
    Step("create rolebinding g --role=reader --group=$NS-team"),
    Step("get cm --as=somebody --as-group=$NS-team -o name", out="configmap/c\n"),
    Step("get cm --as=somebody", code=1, err=["Forbidden"]),
    given=manifests.ROLE + "---" + manifests.CONFIG_MAP,
)
CASES.lines(
    "role-resource-names",
    "resourceNames narrow a role to objects of these names",
    RBAC + "#referring-to-resources",
    Step("create role one --verb=get --resource=configmaps --resource-name=c"),
    Step("create rolebinding one --role=one --user=$NS-user"),
    Step("get cm c --as=$NS-user -o name", out="configmap/c\n"),
    Step("get cm d --as=$NS-user", code=1, err=["Forbidden"]),
    Step("get cm --as=$NS-user", code=1, err=["Forbidden"]),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "role-aggregation",
    "view, edit and admin exist as ClusterRoles; a RoleBinding to view lets read, not write nor see Secrets",
    RBAC + "#user-facing-roles",
    Step("create rolebinding v --clusterrole=view --user=$NS-user"),
    Step("get cm,isvc --as=$NS-user -o name", has=["configmap/c"]),
    Step("get secrets --as=$NS-user", code=1, err=["Forbidden"]),
    Step("label cm c a=b --as=$NS-user", code=1, err=["Forbidden"]),
    given=manifests.CONFIG_MAP,
)
CASES.lines(
    "role-escalation",
    "nobody can grant what he does not have himself",
    RBAC + "#privilege-escalation-prevention-and-bootstrapping",
    Step("create role granter --verb=create,update,get --resource=roles.rbac.authorization.k8s.io"),
    Step("create rolebinding granter --role=granter --user=$NS-user"),
    Step(
        "create role all --verb=get --resource=secrets --as=$NS-user",
        code=1,
        err=["attempting to grant RBAC permissions not currently held"],
    ),
)
CASES.lines(
    "role-ref-immutable",
    "the roleRef of a binding cannot be changed",
    RBAC,
    Step(
        """patch rolebinding readers --type=merge -p '{"roleRef":{"name":"other"}}'""",
        code=1,
        err=["roleRef: Invalid value", "cannot change roleRef"],
    ),
    given=manifests.ROLE_BINDING,
)
CASES.lines(
    "impersonation-forbidden",
    "--as needs the right to impersonate",
    AUTHENTICATION + "#user-impersonation",
    Step(
        "get cm --as=somebody",
        user="nobody",
        code=1,
        err=[
            'users "somebody" is forbidden: User "nobody" cannot impersonate resource "users" in API group ""'
        ],
    ),
)


@CASES("create-token", "create token gives a token that --token is then known by", kubectl("create_token"))
def create_token(sandbox: Sandbox) -> None:
    sandbox.create(READERS + "---" + manifests.CONFIG_MAP)
    made = sandbox.kubectl("create", "token", "robot", "--duration=10m")
    assert made.code == 0, made
    token = made.out.strip()
    assert token.count(".") == 2, made
    whoami = sandbox.kubectl(
        "auth", "whoami", f"--token={token}", "-o", "jsonpath={.status.userInfo.username}", user="anonymous"
    )
    assert whoami.out == f"system:serviceaccount:{sandbox.namespace}:robot", whoami
    listed = sandbox.kubectl("get", "cm", f"--token={token}", "-o", "name", user="anonymous")
    assert listed.out == "configmap/c\n", listed
    refused = sandbox.kubectl("get", "secrets", f"--token={token}", user="anonymous")
    assert f'User "system:serviceaccount:{sandbox.namespace}:robot" cannot list resource' in refused.err, (
        refused
    )


@CASES("token-of-deleted-account", "a token dies with its ServiceAccount", AUTHENTICATION)
def token_of_deleted_account(sandbox: Sandbox) -> None:
    sandbox.create(READERS)
    token = sandbox.kubectl("create", "token", "robot").out.strip()
    ask = ("get", "cm", f"--token={token}")
    assert sandbox.kubectl(*ask, user="anonymous").code == 0
    assert sandbox.kubectl("delete", "sa", "robot").code == 0
    deadline = time.monotonic() + 15
    while (done := sandbox.kubectl(*ask, user="anonymous")).code == 0 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "error: You must be logged in to the server" in done.err, done


CASES.lines(
    "create-token-nobody",
    "a token for an account that does not exist",
    kubectl("create_token"),
    Step(
        "create token robot",
        code=1,
        err=['error: failed to create token: serviceaccounts "robot" not found'],
    ),
)
CASES.lines(
    "bad-token",
    "a token that nobody gave: Unauthorized",
    AUTHENTICATION,
    Step(
        "get cm --token=not.a.token",
        user="anonymous",
        code=1,
        err=["error: You must be logged in to the server (Unauthorized)"],
    ),
)
CASES.lines(
    "discovery-of-everybody",
    "every authenticated user may discover what is served",
    RBAC + "#discovery-roles",
    Step("api-resources -o name", user="nobody", like=["^inferenceservices.serving.kserve.io$"]),
    Step("get --raw /healthz", user="nobody", out="ok"),
)
CASES.lines(
    "wrong-certificate",
    "a certificate of another authority is no identity",
    AUTHENTICATION + "#x509-client-certificates",
    Step("get --raw /api/v1/namespaces/$NS/configmaps", user="stranger", code=1, out=""),
)
CASES.lines(
    "health-of-nobody",
    "health needs no right",
    HEALTH,
    Step("get --raw /readyz", user="nobody", out="ok"),
)
