"""RBAC: which rules allow what, to whom; and an authorizer that equals an obvious, slow twin."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apiserver.rbac import authorizer_of, binding, change_of, role, rule
from tradewind.apiserver.access import Attributes, User
from tradewind.apiserver.access.rules import allows, compact, missing, text_of
from tradewind.resources.meta import decode
from tradewind.resources.rbac import PolicyRule

PODS = Attributes("get", plural="pods", namespace="ml", name="p")
LOG = Attributes("get", plural="pods", subresource="log", namespace="ml", name="p")
STATUS = Attributes("update", group="g", plural="things", subresource="status", name="t")
VERSION = Attributes("get", path="/version")

RULES = [
    (rule("get", "pods"), PODS, True),
    (rule("*", "pods"), PODS, True),
    (rule("list watch", "pods"), PODS, False),
    (rule("get", "*"), PODS, True),
    (rule("get", "secrets"), PODS, False),
    (rule("get", "pods", group="apps"), PODS, False),
    (rule("get", "pods", group="*"), PODS, True),
    (rule("get", "pods", names="p q"), PODS, True),
    (rule("get", "pods", names="q"), PODS, False),
    (rule("list", "pods", names="q"), Attributes("list", plural="pods"), False),
    (rule("create", "pods", names="q"), Attributes("create", plural="pods"), False),
    (rule("get", "pods"), LOG, False),
    (rule("get", "pods/log"), LOG, True),
    (rule("get", "pods/log"), PODS, False),
    (rule("get", "*/log"), LOG, True),
    (rule("get", "*/log"), PODS, False),
    (rule("get", "*"), LOG, True),
    (rule("get", "pods/*"), LOG, False),  # upstream knows `*/log`, not `pods/*`
    (rule("update", "*/status", group="g"), STATUS, True),
    (rule("update", "things", group="g"), STATUS, False),
    (rule("get", urls="/version"), VERSION, True),
    (rule("get", urls="/ver*"), VERSION, True),
    (rule("get", urls="*"), VERSION, True),
    (rule("*", urls="/version"), VERSION, True),
    (rule("post", urls="/version"), VERSION, False),
    (rule("get", urls="/version/"), VERSION, False),
    (rule("get", urls="/version"), Attributes("get", path="/version/x"), False),
    (rule("get", urls="/apis/*"), Attributes("get", path="/apis"), False),
    (rule("*", "*", group="*"), VERSION, False),  # resources are not paths
    (rule("*", urls="*"), PODS, False),  # nor paths resources
]


@pytest.mark.parametrize(("written", "asked", "allowed"), RULES)
def test_what_a_rule_allows(written, asked, allowed):
    assert allows(decode(written, PolicyRule), asked) is allowed


JANE = User("jane", ("devs", "system:authenticated"))
ROBOT = User(
    "system:serviceaccount:ml:robot",
    ("system:serviceaccounts", "system:serviceaccounts:ml", "system:authenticated"),
)
READ = role("reader", rule("get list", "pods"))
LOCAL = role("local", rule("get", "pods"), namespace="ml")

BINDINGS = [
    (binding("b", "reader", "user:jane"), JANE, "ml", True),
    (binding("b", "reader", "user:jane"), JANE, "other", True),
    (binding("b", "reader", "user:john"), JANE, "ml", False),
    (binding("b", "reader", "group:devs"), JANE, "ml", True),
    (binding("b", "reader", "group:jane"), JANE, "ml", False),
    (binding("b", "reader", "user:jane", namespace="ml"), JANE, "ml", True),
    (binding("b", "reader", "user:jane", namespace="ml"), JANE, "other", False),
    (binding("b", "reader", "user:jane", namespace="ml"), JANE, "", False),
    (binding("b", "local", "user:jane", namespace="ml", kind="Role"), JANE, "ml", True),
    (binding("b", "local", "user:jane", namespace="other", kind="Role"), JANE, "other", False),
    (binding("b", "local", "user:jane"), JANE, "ml", False),
    (binding("b", "reader", "account:ml/robot"), ROBOT, "ml", True),
    (binding("b", "reader", "account:other/robot"), ROBOT, "ml", False),
    (binding("b", "reader", "account:robot", namespace="ml"), ROBOT, "ml", True),
    (binding("b", "reader", "account:robot", namespace="other"), ROBOT, "other", False),
    (binding("b", "reader", "account:robot"), ROBOT, "ml", False),
    (binding("b", "reader", "group:system:serviceaccounts"), ROBOT, "ml", True),
    (binding("b", "reader", "group:system:serviceaccounts:ml"), ROBOT, "ml", True),
    (binding("b", "reader", "group:system:serviceaccounts:other"), ROBOT, "ml", False),
    (binding("b", "reader", "user:system:serviceaccount:ml:robot"), ROBOT, "ml", True),
    (binding("b", "reader", "group:system:authenticated"), ROBOT, "", True),
    (binding("b", "reader"), JANE, "ml", False),
]


@pytest.mark.parametrize(("bound", "user", "namespace", "allowed"), BINDINGS)
def test_whom_a_binding_means(bound, user, namespace, allowed):
    authorizer = authorizer_of([READ, LOCAL, bound])
    asked = Attributes("get", plural="pods", namespace=namespace, name="p")
    assert authorizer.decide(user, asked).allowed is allowed


def test_a_decision_says_which_binding_allows_it():
    authorizer = authorizer_of([READ, binding("b", "reader", "user:x", "group:devs", namespace="ml")])
    assert authorizer.decide(JANE, PODS).reason == (
        'RBAC: allowed by RoleBinding "b/ml" of ClusterRole "reader" to Group "devs"'
    )
    authorizer = authorizer_of([READ, binding("b", "reader", "account:ml/robot")])
    assert authorizer.decide(ROBOT, PODS).reason == (
        'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "reader" to ServiceAccount "robot/ml"'
    )


def test_a_binding_of_a_role_that_is_gone_is_named_in_the_refusal():
    authorizer = authorizer_of([binding("b", "gone", "user:jane")])
    assert authorizer.decide(JANE, PODS).reason == (
        'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'
    )


def test_changes_count_at_once():
    """A role, its binding, a change of either and the end of either; nothing old is remembered."""
    authorizer = authorizer_of([])

    def allowed() -> bool:
        return authorizer.decide(JANE, PODS).allowed

    bound = binding("b", "reader", "user:jane", namespace="ml")
    seen = [allowed()]
    for change in (
        change_of(bound),
        change_of(READ),
        change_of(role("reader", rule("list", "pods"))),
        change_of(READ),
        change_of(binding("b", "reader", "user:john", namespace="ml")),
        change_of(bound),
        change_of(bound, deleted=True),
        change_of(bound),
        change_of(READ, deleted=True),
    ):
        authorizer.policy.apply(change)
        seen.append(allowed())
    assert seen == [False, False, True, False, True, False, True, False, True, False]


# A twin that looks at every binding and every rule, each time.

NAMES = st.sampled_from(["a", "b"])
NAMESPACES = st.sampled_from(["", "n", "m"])
SUBJECTS = ["user:jane", "user:john", "group:devs", "account:n/robot", "account:robot"]
USERS = [JANE, User("john", ("devs",)), User("system:serviceaccount:n:robot", ()), User("none")]
RULE = st.builds(
    rule,
    verbs=st.sampled_from(["get", "get list", "*"]),
    resources=st.sampled_from(["pods", "pods/log", "*", "*/log", "pods secrets"]),
    group=st.sampled_from(["", "g", "*"]),
    names=st.sampled_from(["", "x", "x y"]),
)
ROLES = st.builds(
    lambda name, rules, namespace: role(name, *rules, namespace=namespace),
    NAMES,
    st.lists(RULE, max_size=2),
    NAMESPACES,
)
BOUND = st.builds(
    lambda name, of, subjects, namespace, kind: binding(
        name, of, *subjects, namespace=namespace, kind=kind if namespace else "ClusterRole"
    ),
    NAMES,
    NAMES,
    st.lists(st.sampled_from(SUBJECTS), max_size=2),
    NAMESPACES,
    st.sampled_from(["Role", "ClusterRole"]),
)
ASKED = st.builds(
    lambda verb, group, resource, namespace, name: Attributes(
        verb=verb,
        group=group,
        plural=resource.partition("/")[0],
        subresource=resource.partition("/")[2],
        namespace=namespace,
        name=name,
    ),
    st.sampled_from(["get", "list", "delete"]),
    st.sampled_from(["", "g"]),
    st.sampled_from(["pods", "pods/log", "secrets"]),
    NAMESPACES,
    st.sampled_from(["", "x", "z"]),
)


def slowly(objects: list[dict[str, Any]], user: User, asked: Attributes) -> bool:
    """Whether any rule of any role of any binding that means the user, and counts there, allows it."""
    for bound in objects:
        at = bound["metadata"].get("namespace", "")
        if "roleRef" not in bound or at not in ("", asked.namespace) or not means(bound, user, at):
            continue
        wanted = bound["roleRef"]
        for one in objects:
            home = at if wanted["kind"] == "Role" else ""
            about = (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
            if about == (wanted["kind"], home, wanted["name"]) and any(
                allows(decode(written, PolicyRule), asked) for written in one["rules"]
            ):
                return True
    return False


def means(bound: dict[str, Any], user: User, at: str) -> bool:
    for subject in bound["subjects"]:
        if subject["kind"] == "User" and subject["name"] == user.name:
            return True
        if subject["kind"] == "Group" and subject["name"] in user.groups:
            return True
        home = subject.get("namespace") or at
        if subject["kind"] == "ServiceAccount" and (
            user.name == f"system:serviceaccount:{home}:{subject['name']}" and home
        ):
            return True
    return False


@given(
    st.lists(st.tuples(st.one_of(ROLES, BOUND), st.booleans()), max_size=12),
    st.lists(st.tuples(st.sampled_from(USERS), ASKED), min_size=1, max_size=6),
)
def test_the_authorizer_equals_its_slow_twin(history, questions):
    """After every change, for objects that come, change and go."""
    authorizer = authorizer_of([])
    objects: dict[Any, dict[str, Any]] = {}
    for manifest, deleted in history:
        change = change_of(manifest, deleted=deleted)
        authorizer.policy.apply(change)
        objects.pop(change.entry.key, None)
        if not deleted:
            objects[change.entry.key] = manifest
        for user, asked in questions:
            assert authorizer.decide(user, asked).allowed == slowly(list(objects.values()), user, asked)


COVERED = [
    ([rule("get list", "pods")], [rule("get", "pods")], []),
    ([rule("get", "pods"), rule("list", "pods")], [rule("get list", "pods")], []),
    ([rule("*", "*", group="*")], [rule("*", "*", group="*")], []),
    ([rule("get", "*")], [rule("get", "pods/log")], []),
    ([rule("get", "*/log")], [rule("get", "pods/log")], []),
    ([rule("get", "pods")], [rule("get", "pods", names="p")], []),
    ([rule("get", urls="/a*")], [rule("get", urls="/a/b")], []),
    (
        [rule("get", "pods", names="p")],
        [rule("get", "pods", names="p q")],
        ['{APIGroups:[""], Resources:["pods"], ResourceNames:["q"], Verbs:["get"]}'],
    ),
    (
        [rule("get", "pods")],
        [rule("get list watch", "pods secrets")],
        [
            '{APIGroups:[""], Resources:["pods"], Verbs:["list" "watch"]}',
            '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list" "watch"]}',
        ],
    ),
    ([rule("get", "pods")], [rule("*", "pods")], ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}']),
    (
        [rule("get", "pods", names="p")],
        [rule("get", "pods")],
        ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'],
    ),
    ([], [rule("get", urls="/a")], ['{NonResourceURLs:["/a"], Verbs:["get"]}']),
]


@pytest.mark.parametrize(("held", "wanted", "lacking"), COVERED)
def test_what_is_missing_is_said_as_upstream_does(held, wanted, lacking):
    found = missing([decode(one, PolicyRule) for one in held], [decode(one, PolicyRule) for one in wanted])
    assert [text_of(one) for one in compact(found)] == lacking
