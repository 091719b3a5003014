"""authorization.k8s.io/v1 and authentication.k8s.io/v1: questions about access, answered and never stored."""

from typing import Any

from tradewind.resources.meta import Object, Struct


class ResourceAttributes(Struct):
    """What would be done with objects; `*` is any."""

    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    field_selector: dict[str, Any] | None = None
    label_selector: dict[str, Any] | None = None


class NonResourceAttributes(Struct):
    """What would be done with a path."""

    path: str = ""
    verb: str = ""


class SelfSubjectAccessReviewSpec(Struct):
    """One of the two."""

    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None


class SubjectAccessReviewSpec(SelfSubjectAccessReviewSpec):
    """One of the two, and about whom."""

    user: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}
    uid: str = ""


class SelfSubjectAccessReview(Object):
    """May I?"""

    spec: SelfSubjectAccessReviewSpec = SelfSubjectAccessReviewSpec()
    status: dict[str, Any] = {}


class SubjectAccessReview(Object):
    """May they? LocalSubjectAccessReview asks it of one namespace."""

    spec: SubjectAccessReviewSpec = SubjectAccessReviewSpec()
    status: dict[str, Any] = {}


class SelfSubjectRulesReviewSpec(Struct):
    """The namespace in which rules are asked for."""

    namespace: str = ""


class SelfSubjectRulesReview(Object):
    """What may I do?"""

    spec: SelfSubjectRulesReviewSpec = SelfSubjectRulesReviewSpec()
    status: dict[str, Any] = {}


class SelfSubjectReview(Object):
    """Who am I?"""

    status: dict[str, Any] = {}


class TokenReviewSpec(Struct):
    """A token, and for whom it should be."""

    token: str = ""
    audiences: list[str] = []


class TokenReview(Object):
    """Whose token is this?"""

    spec: TokenReviewSpec = TokenReviewSpec()
    status: dict[str, Any] = {}


class BoundObjectReference(Struct):
    """The Pod or Secret with which a token ends."""

    kind: str = ""
    api_version: str = ""
    name: str = ""
    uid: str = ""


class TokenRequestSpec(Struct):
    """For whom a token shall be, and for how long."""

    audiences: list[str] = []
    expiration_seconds: int = 3600
    bound_object_ref: BoundObjectReference | None = None


class TokenRequest(Object):
    """A token of a ServiceAccount, please."""

    spec: TokenRequestSpec = TokenRequestSpec()
    status: dict[str, Any] = {}
