"""Protobuf messages of roles, bindings, reviews and token requests (k8s.io/api `generated.proto`).

`kubectl create role`, `auth can-i` and `create token` speak nothing else.
"""

from tradewind.apiserver.protobuf_types import Field, Message

Kinds = dict[tuple[str, str], Message]
_RBAC = "rbac.authorization.k8s.io/v1"
_AUTHORIZATION = "authorization.k8s.io/v1"
_AUTHENTICATION = "authentication.k8s.io/v1"

_RULE = Message(
    {
        1: Field("verbs", repeated=True),
        2: Field("apiGroups", repeated=True),
        3: Field("resources", repeated=True),
        4: Field("resourceNames", repeated=True),
        5: Field("nonResourceURLs", repeated=True),
    }
)
_REQUIREMENT = Message({1: Field("key"), 2: Field("operator"), 3: Field("values", repeated=True)})
_SELECTOR = Message(
    {1: Field("matchLabels", map=True), 2: Field("matchExpressions", _REQUIREMENT, repeated=True)}
)
_SUBJECT = Message({1: Field("kind"), 2: Field("apiGroup"), 3: Field("name"), 4: Field("namespace")})
_ROLE_REF = Message({1: Field("apiGroup"), 2: Field("kind"), 3: Field("name")})
_RESOURCE = Message(
    {
        1: Field("namespace"),
        2: Field("verb"),
        3: Field("group"),
        4: Field("version"),
        5: Field("resource"),
        6: Field("subresource"),
        7: Field("name"),
    }
)
_PATH = Message({1: Field("path"), 2: Field("verb")})
_ACCESS_SPEC = Message({1: Field("resourceAttributes", _RESOURCE), 2: Field("nonResourceAttributes", _PATH)})
_ACCESS_STATUS = Message(
    {1: Field("allowed", "bool"), 2: Field("reason"), 3: Field("evaluationError"), 4: Field("denied", "bool")}
)
_RULES_STATUS = Message({3: Field("incomplete", "bool"), 4: Field("evaluationError")})
_BOUND = Message({1: Field("kind"), 2: Field("apiVersion"), 3: Field("name"), 4: Field("uid")})
_TOKEN_SPEC = Message(
    {
        1: Field("audiences", repeated=True),
        3: Field("boundObjectRef", _BOUND),
        4: Field("expirationSeconds", "int"),
    }
)
_TOKEN_STATUS = Message({1: Field("token"), 2: Field("expirationTimestamp", "time")})
_USER = Message({1: Field("username"), 2: Field("uid"), 3: Field("groups", repeated=True)})


def access_kinds(metadata: Message) -> Kinds:
    """Messages by `apiVersion` and `kind`, with this one for their metadata."""

    def kind(*fields: Field) -> Message:
        return Message(dict(enumerate((Field("metadata", metadata), *fields), 1)))

    rules = Field("rules", _RULE, repeated=True)
    gathers = Message({1: Field("clusterRoleSelectors", _SELECTOR, repeated=True)})
    binding = kind(Field("subjects", _SUBJECT, repeated=True), Field("roleRef", _ROLE_REF))
    namespace = Message({1: Field("namespace")})
    return {
        (_RBAC, "Role"): kind(rules),
        (_RBAC, "ClusterRole"): kind(rules, Field("aggregationRule", gathers)),
        (_RBAC, "RoleBinding"): binding,
        (_RBAC, "ClusterRoleBinding"): binding,
        (_AUTHORIZATION, "SelfSubjectAccessReview"): kind(
            Field("spec", _ACCESS_SPEC), Field("status", _ACCESS_STATUS)
        ),
        (_AUTHORIZATION, "SelfSubjectRulesReview"): kind(
            Field("spec", namespace), Field("status", _RULES_STATUS)
        ),
        (_AUTHENTICATION, "SelfSubjectReview"): kind(Field("status", Message({1: Field("userInfo", _USER)}))),
        (_AUTHENTICATION, "TokenRequest"): kind(Field("spec", _TOKEN_SPEC), Field("status", _TOKEN_STATUS)),
    }
