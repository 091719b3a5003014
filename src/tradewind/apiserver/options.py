"""The options of requests, from query parameters and bodies; those of lists are in `list_options`. Pure."""

from collections.abc import Mapping

import msgspec

from tradewind.apiserver.admission import FIELD_VALIDATIONS
from tradewind.apiserver.authors import author_problems
from tradewind.apiserver.objects import DeleteOptions, WriteOptions
from tradewind.apiserver.rules import BACKGROUND, FOREGROUND, ORPHAN
from tradewind.resources import rules
from tradewind.resources.meta import Manifest, Struct, decode
from tradewind.resources.status import bad_request, invalid

Query = Mapping[str, str]
MAX_INTEGER = 2**63 - 1
POLICIES = (FOREGROUND, BACKGROUND, ORPHAN)


def write_options(query: Query) -> WriteOptions:
    """The options of a create, update or patch, which `check_write_options` has let through."""
    return WriteOptions(query.get("fieldValidation") or "Warn", query.get("dryRun") == "All")


def check_write_options(query: Query, verb: str, *, applies: bool = False) -> None:
    """422 for values that are not allowed (metav1 `ValidateCreateOptions` and its like). `applies`: it is a
    patch that is a server-side apply."""
    problems = [
        *author_problems(query, verb, applies),
        *rules.one_of("dryRun", query.get("dryRun", ""), ("All",)),
        *rules.one_of("fieldValidation", query.get("fieldValidation", ""), ("", *sorted(FIELD_VALIDATIONS))),
    ]
    if problems:
        name = f"{verb.title()}Options"
        raise invalid(name, f"{name.lower()}.meta.k8s.io", "", problems)


def delete_options(query: Query, body: Manifest) -> DeleteOptions:
    """The options of a delete: those of a `DeleteOptions` body if there is one, else the query's.

    400 for what cannot be read, 422 for what is not allowed (metav1 `ValidateDeleteOptions`).
    """
    given = _checked(body) if body else _delete_query(query)
    policy, orphan = given.get("propagationPolicy"), given.get("orphanDependents")
    dry_run = given.get("dryRun") or []
    problems = rules.one_of("dryRun", "".join(one for one in dry_run if one != "All"), ("All",))
    if orphan is not None and policy is not None:
        why = "orphanDependents and deletionPropagation cannot be both set"
        problems.append(rules.invalid("propagationPolicy", policy, why))
    if policy is not None:
        problems += rules.one_of("propagationPolicy", policy or "", (*POLICIES, "nil"))
    if problems:
        raise invalid("DeleteOptions", "deleteoptions.meta.k8s.io", "", problems)
    if orphan is not None:
        policy = ORPHAN if orphan else BACKGROUND
    preconditions = given.get("preconditions") or {}
    return DeleteOptions(
        grace_seconds=given.get("gracePeriodSeconds"),
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        dry_run=bool(dry_run),
        propagation=policy,
    )


def _delete_query(query: Query) -> Manifest:
    options: Manifest = {}
    if "gracePeriodSeconds" in query:
        options["gracePeriodSeconds"] = signed_integer(query, "gracePeriodSeconds")
    if "orphanDependents" in query:
        options["orphanDependents"] = boolean(query, "orphanDependents")
    if "propagationPolicy" in query:
        options["propagationPolicy"] = query["propagationPolicy"]
    if query.get("dryRun"):
        options["dryRun"] = [query["dryRun"]]
    return options


class _Preconditions(Struct):
    uid: str | None = None
    resource_version: str | None = None


class _DeleteBody(Struct):
    grace_period_seconds: int | None = None
    orphan_dependents: bool | None = None
    propagation_policy: str | None = None
    dry_run: list[str] | None = None
    preconditions: _Preconditions | None = None


def _checked(body: Manifest) -> Manifest:
    """The body, if every field has its type."""
    try:
        decode(body, _DeleteBody)
    except msgspec.ValidationError as error:
        raise bad_request(f"the body is not DeleteOptions: {error}") from None
    if (kind := body.get("kind") or "DeleteOptions") != "DeleteOptions":
        raise bad_request(f"{kind} cannot be handled as a DeleteOptions; decoded object cannot be converted")
    return body


def boolean(query: Query, name: str) -> bool:
    """A parameter that is true or false; absent is false, and anything but `false` and `0` is true, as
    apimachinery converts it."""
    return name in query and query[name].lower() not in ("0", "false")


def integer(query: Query, name: str) -> int:
    """A parameter that is a whole number, not negative; absent is 0."""
    number = signed_integer(query, name)
    if number < 0:
        raise bad_request(f"{name} is {number}; must not be negative")
    return number


def signed_integer(query: Query, name: str) -> int:
    """A parameter that is a whole number; absent is 0."""
    text = query.get(name, "")
    if not text:
        return 0
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal()):
        raise bad_request(f'{name}: strconv.ParseInt: parsing "{text}": invalid syntax')
    if len(digits) > 19 or abs(int(text)) > MAX_INTEGER:
        raise bad_request(f'{name}: strconv.ParseInt: parsing "{text}": value out of range')
    return int(text)
