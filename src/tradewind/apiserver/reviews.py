"""Questions about access, each answered with the object that asked (upstream `pkg/registry/auth*`)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tradewind.apiserver.access import Attributes, User, user_info
from tradewind.apiserver.access.authorizer import Authorizer
from tradewind.apiserver.accounts import Accounts
from tradewind.apiserver.computed import Computed
from tradewind.apiserver.tokens import AUDIENCE, InvalidToken
from tradewind.apiserver.urls import Target
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode, encode
from tradewind.resources.problems import Cause, Level
from tradewind.resources.rbac import PolicyRule
from tradewind.resources.review_kinds import (
    LOCAL_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_ACCESS_REVIEW,
    SELF_SUBJECT_REVIEW,
    SELF_SUBJECT_RULES_REVIEW,
    SUBJECT_ACCESS_REVIEW,
    TOKEN_REVIEW,
)
from tradewind.resources.reviews import (
    NonResourceAttributes,
    ResourceAttributes,
    SelfSubjectAccessReview,
    SelfSubjectAccessReviewSpec,
    SelfSubjectRulesReview,
    SubjectAccessReview,
    TokenReview,
)
from tradewind.resources.shape import shape_problems
from tradewind.resources.status import bad_request, invalid
from tradewind.resources.times import time_text


@dataclass(frozen=True)
class Reviewer:
    """What answers need: who may do what, whose token is whose, the time."""

    authorizer: Authorizer
    accounts: Accounts
    now_ms: int


Answer = Callable[[Reviewer, User, Manifest], Manifest]
Clock = Callable[[], int]


def admitted_review(kind: Kind, manifest: Manifest) -> Manifest:
    """The object, if it has the fields and types of its kind and keeps its rules: else 400 or 422."""
    problems = [one for one in shape_problems(manifest, kind.struct) if one.cause is not Cause.UNKNOWN]
    if problems:
        listed = ", ".join(map(str, problems))
        raise bad_request(f'{kind.name} in version "v1" cannot be handled as a {kind.name}: {listed}')
    refusals = [problem for problem in kind.check(manifest) if problem.level is Level.ERROR]
    if refusals:
        raise invalid(kind.name, kind.resource, "", refusals)
    return manifest


def self_access(reviewer: Reviewer, user: User, review: Manifest) -> Manifest:
    """SelfSubjectAccessReview."""
    return _decided(reviewer.authorizer, user, review, decode(review, SelfSubjectAccessReview).spec)


def access(reviewer: Reviewer, _: User, review: Manifest) -> Manifest:
    """SubjectAccessReview and LocalSubjectAccessReview."""
    spec = decode(review, SubjectAccessReview).spec
    extra = tuple(sorted((key.lower(), tuple(values)) for key, values in spec.extra.items()))
    about = User(spec.user, tuple(spec.groups), spec.uid, extra)
    return _decided(reviewer.authorizer, about, review, spec)


def self_rules(reviewer: Reviewer, user: User, review: Manifest) -> Manifest:
    """SelfSubjectRulesReview."""
    namespace = decode(review, SelfSubjectRulesReview).spec.namespace
    if not namespace:
        raise bad_request("no namespace on request")
    rules, errors = reviewer.authorizer.rules_of(user, namespace)
    status = {
        "resourceRules": _listed(rule for rule in rules if rule.resources),
        "nonResourceRules": _listed(rule for rule in rules if rule.non_resource_urls),
        "incomplete": False,
    }
    if errors:
        status["evaluationError"] = ", ".join(errors)
    return {**review, "status": status}


def self_review(reviewer: Reviewer, user: User, review: Manifest) -> Manifest:
    """SelfSubjectReview."""
    metadata = {"creationTimestamp": time_text(reviewer.now_ms)}
    return {**review, "metadata": metadata, "status": {"userInfo": user_info(user)}}


def token_review(reviewer: Reviewer, _: User, review: Manifest) -> Manifest:
    """TokenReview."""
    spec = decode(review, TokenReview).spec
    if not spec.token:
        raise bad_request("token is required for TokenReview in authentication")
    status: Manifest
    try:
        found = reviewer.accounts.user_of(spec.token, spec.audiences or (AUDIENCE,))
        status = {"authenticated": True, "user": user_info(found.user), "audiences": list(found.audiences)}
    except InvalidToken as error:
        status = {"user": {}, "error": f"[invalid bearer token, {error}]"}
    return {**review, "status": status}


def _decided(
    authorizer: Authorizer, user: User, review: Manifest, spec: SelfSubjectAccessReviewSpec
) -> Manifest:
    decision = authorizer.decide(user, _asked(spec.resource_attributes, spec.non_resource_attributes))
    status: Manifest = {"allowed": decision.allowed}
    return {**review, "status": status | ({"reason": decision.reason} if decision.reason else {})}


def _asked(resource: ResourceAttributes | None, path: NonResourceAttributes | None) -> Attributes:
    if resource is None:
        assert path is not None
        return Attributes(path.verb, path.path)
    return Attributes(
        verb=resource.verb,
        group=resource.group,
        plural=resource.resource,
        subresource=resource.subresource,
        namespace=resource.namespace,
        name=resource.name,
        version=resource.version,
    )


def _listed(rules: Iterable[PolicyRule]) -> list[Manifest]:
    return [encode(rule) for rule in rules]


def computed_reviews(authorizer: Authorizer, accounts: Accounts, clock: Clock) -> list[Computed]:
    """All kinds of reviews."""

    def create(kind: Kind, answer: Answer) -> Computed:
        def answered(user: User, _: Target, manifest: Manifest) -> Manifest:
            reviewer = Reviewer(authorizer, accounts, clock())
            return answer(reviewer, user, admitted_review(kind, manifest))

        return Computed(kind, create=answered)

    return [
        create(SELF_SUBJECT_ACCESS_REVIEW, self_access),
        create(SUBJECT_ACCESS_REVIEW, access),
        create(LOCAL_SUBJECT_ACCESS_REVIEW, access),
        create(SELF_SUBJECT_RULES_REVIEW, self_rules),
        create(SELF_SUBJECT_REVIEW, self_review),
        create(TOKEN_REVIEW, token_review),
    ]
