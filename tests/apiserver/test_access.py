"""Who may do what when nobody has been given anything yet."""

import pytest

from tests.apiserver.rbac import authorizer_of
from tradewind.apiserver.access import ANONYMOUS, MASTERS, Attributes, User
from tradewind.apiserver.access.agents import AGENTS
from tradewind.apiserver.access.bootstrap import bootstrap_objects
from tradewind.apiserver.users import bearer_token, user_in
from tradewind.resources.status import ApiError

AUTHORIZER = authorizer_of(manifest for _, manifest in bootstrap_objects())

ADMIN = User("admin", (MASTERS,))
NOBODY = User("nobody", ("system:authenticated",))
AGENT = User("system:karmada:agent:m1", (AGENTS, "system:authenticated"))
IMPOSTOR = User("system:karmada:agent:m1", ())  # the name alone is not enough


def works(verb: str, namespace: str, name: str = "w") -> Attributes:
    return Attributes(verb, group="work.karmada.io", plural="works", namespace=namespace, name=name)


def clusters(verb: str, name: str, subresource: str = "") -> Attributes:
    return Attributes(verb, group="cluster.karmada.io", plural="clusters", name=name, subresource=subresource)


def leases(verb: str, namespace: str, name: str) -> Attributes:
    return Attributes(verb, group="coordination.k8s.io", plural="leases", namespace=namespace, name=name)


def events(verb: str) -> Attributes:
    return Attributes(verb, plural="events", namespace="default")


CASES = [
    (ADMIN, works("delete", "anywhere"), True),
    (ADMIN, clusters("create", "m9"), True),
    (NOBODY, works("get", "karmada-es-m1"), False),
    (ANONYMOUS, works("get", "karmada-es-m1"), False),
    (IMPOSTOR, works("get", "karmada-es-m1"), False),
    *(
        (AGENT, works(verb, "karmada-es-m1"), True)
        for verb in ("get", "list", "watch", "update", "patch", "delete")
    ),
    (AGENT, works("get", "karmada-es-m2"), False),
    (AGENT, works("get", "karmada-es-m10"), False),
    (AGENT, works("list", ""), False),  # of all namespaces
    (AGENT, Attributes("get", plural="secrets", namespace="karmada-es-m1", name="s"), True),
    (AGENT, Attributes("get", plural="secrets", namespace="ml", name="s"), False),
    (AGENT, clusters("create", "m1"), True),
    (AGENT, clusters("patch", "m1", "status"), True),
    (AGENT, clusters("get", "m2"), False),
    (AGENT, clusters("list", ""), False),
    (AGENT, leases("update", "karmada-cluster", "m1"), True),
    (AGENT, leases("update", "karmada-cluster", "m2"), False),
    (AGENT, leases("update", "default", "m1"), False),
    (AGENT, events("create"), True),
    (AGENT, events("list"), True),
    (AGENT, events("delete"), False),
    (ANONYMOUS, Attributes("get", path="/healthz"), True),
    (ANONYMOUS, Attributes("get", path="/readyz"), True),
    (ANONYMOUS, Attributes("get", path="/readyz/extra"), False),
    (ANONYMOUS, Attributes("get", path="/version"), True),
    (ANONYMOUS, Attributes("get", path="/apis"), False),
    (NOBODY, Attributes("get", path="/apis"), True),
    (NOBODY, Attributes("get", path="/openapi/v3"), True),
    (NOBODY, Attributes("get", path="/metrics"), False),
    (User("p", ("system:monitoring",)), Attributes("get", path="/metrics"), True),
    (ANONYMOUS, Attributes("create", group="authorization.k8s.io", plural="selfsubjectaccessreviews"), False),
    (NOBODY, Attributes("create", group="authorization.k8s.io", plural="selfsubjectaccessreviews"), True),
    (NOBODY, Attributes("create", group="authentication.k8s.io", plural="tokenreviews"), False),
    (ADMIN, Attributes("impersonate", plural="users", name="x"), True),
    (AGENT, Attributes("impersonate", plural="serviceaccounts", namespace="karmada-es-m1"), False),
    (ADMIN, Attributes("get", path="/metrics"), True),
]


@pytest.mark.parametrize(("user", "asked", "allowed"), CASES)
def test_authorize(user, asked, allowed):
    assert AUTHORIZER.decide(user, asked).allowed is allowed


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            works("get", "ml"),
            'works.work.karmada.io "w" is forbidden: User "nobody" cannot get resource "works" in API group '
            '"work.karmada.io" in the namespace "ml"',
        ),
        (
            clusters("update", "m1", "status"),
            'clusters.cluster.karmada.io "m1" is forbidden: User "nobody" cannot update resource '
            '"clusters/status" in API group "cluster.karmada.io" at the cluster scope',
        ),
        (
            Attributes("list", plural="pods"),
            'pods is forbidden: User "nobody" cannot list resource "pods" in API group "" at the cluster '
            "scope",
        ),
        (
            Attributes("get", plural="pods", subresource="log", namespace="ml", name="p"),
            'pods "p" is forbidden: User "nobody" cannot get resource "pods/log" in API group "" in the '
            'namespace "ml"',
        ),
        (Attributes("get", path="/metrics"), 'forbidden: User "nobody" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_has_upstreams_words(asked, message):
    with pytest.raises(ApiError) as raised:
        AUTHORIZER.require(NOBODY, asked)
    assert raised.value.message == message
    assert (raised.value.code, raised.value.reason) == (403, "Forbidden")


def test_a_certificates_names_are_user_and_groups():
    subject = ((("organizationName", "a"),), (("organizationName", "b"),), (("commonName", "me"),))
    assert user_in({"subject": subject}) == User("me", ("a", "b", "system:authenticated"))
    assert user_in({}) == ANONYMOUS


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("", ""),
        ("Bearer abc", "abc"),
        ("bearer abc", "abc"),
        ("  Bearer   abc  ", "abc"),
        ("Bearer abc def", "abc"),
        ("Bearer", ""),
        ("Basic abc", ""),
    ],
)
def test_a_bearer_token_is_read_as_upstream_does(header, token):
    assert bearer_token(header) == token
