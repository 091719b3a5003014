"""The reviews of access, and their rules (kubernetes `pkg/apis/authorization/validation`, its wording)."""

from functools import partial

from tradewind.resources import rules
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.problems import Problem
from tradewind.resources.reviews import (
    SelfSubjectAccessReview,
    SelfSubjectReview,
    SelfSubjectRulesReview,
    SubjectAccessReview,
    TokenRequest,
    TokenReview,
)

MIN_TOKEN_SECONDS = 600
MAX_TOKEN_SECONDS = 2**32


def check_self_review(manifest: Manifest) -> list[Problem]:
    """A resource or a path, not both."""
    spec = decode(manifest, SelfSubjectAccessReview).spec
    if spec.resource_attributes is not None and spec.non_resource_attributes is not None:
        why = "cannot be specified in combination with resourceAttributes"
        return [rules.invalid("spec.nonResourceAttributes", {}, why)]
    if spec.resource_attributes is None and spec.non_resource_attributes is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        return [rules.invalid("spec.resourceAttributes", None, why)]
    return []


def check_review(manifest: Manifest) -> list[Problem]:
    """As `check_self_review`, and somebody."""
    spec = decode(manifest, SubjectAccessReview).spec
    problems = check_self_review(manifest)
    if not spec.user and not spec.groups:
        problems.append(rules.invalid("spec.user", "", "at least one of user or group must be specified"))
    return problems


def check_local_review(manifest: Manifest) -> list[Problem]:
    """As `check_review`, and about the namespace in which it is asked."""
    review = decode(manifest, SubjectAccessReview)
    problems = check_review(manifest)
    asked = review.spec.resource_attributes
    if asked is not None and asked.namespace != review.metadata.namespace:
        path = "spec.resourceAttributes.namespace"
        problems.append(rules.invalid(path, asked.namespace, "must match metadata.namespace"))
    if review.spec.non_resource_attributes is not None:
        problems.append(rules.invalid("spec.nonResourceAttributes", {}, "disallowed on this kind of request"))
    return problems


def check_token_request(manifest: Manifest) -> list[Problem]:
    """How long a token may last."""
    seconds, path = decode(manifest, TokenRequest).spec.expiration_seconds, "spec.expirationSeconds"
    if seconds < MIN_TOKEN_SECONDS:
        return [rules.invalid(path, seconds, "may not specify a duration less than 10 minutes")]
    if seconds > MAX_TOKEN_SECONDS:
        return [rules.invalid(path, seconds, "may not specify a duration larger than 2^32 seconds")]
    return []


# Computed kinds: they can only be created, and have no `/status` to be read or written.
_review = partial(Kind, versions=("v1",), has_status=False, verbs=("create",))
_authorization = partial(_review, group="authorization.k8s.io")
_authentication = partial(_review, group="authentication.k8s.io", namespaced=False)

SELF_SUBJECT_ACCESS_REVIEW = _authorization(
    name="SelfSubjectAccessReview",
    plural="selfsubjectaccessreviews",
    struct=SelfSubjectAccessReview,
    namespaced=False,
    check=check_self_review,
)
SUBJECT_ACCESS_REVIEW = _authorization(
    name="SubjectAccessReview",
    plural="subjectaccessreviews",
    struct=SubjectAccessReview,
    namespaced=False,
    check=check_review,
)
LOCAL_SUBJECT_ACCESS_REVIEW = _authorization(
    name="LocalSubjectAccessReview",
    plural="localsubjectaccessreviews",
    struct=SubjectAccessReview,
    check=check_local_review,
)
SELF_SUBJECT_RULES_REVIEW = _authorization(
    name="SelfSubjectRulesReview",
    plural="selfsubjectrulesreviews",
    struct=SelfSubjectRulesReview,
    namespaced=False,
)
TOKEN_REVIEW = _authentication(name="TokenReview", plural="tokenreviews", struct=TokenReview)
SELF_SUBJECT_REVIEW = _authentication(
    name="SelfSubjectReview", plural="selfsubjectreviews", struct=SelfSubjectReview
)
REVIEW_KINDS: tuple[Kind, ...] = (
    TOKEN_REVIEW,
    SELF_SUBJECT_REVIEW,
    LOCAL_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_RULES_REVIEW,
    SUBJECT_ACCESS_REVIEW,
)

# What is posted to `serviceaccounts/NAME/token`; it has no URL of its own.
TOKEN_REQUEST = _review(
    group="authentication.k8s.io",
    name="TokenRequest",
    plural="tokenrequests",
    struct=TokenRequest,
    check=check_token_request,
)
