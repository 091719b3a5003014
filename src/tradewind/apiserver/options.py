"""Query parameters, read strictly: a value that cannot be meant is refused, with its name. Pure."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from tradewind.apiserver.admission import FIELD_VALIDATIONS
from tradewind.apiserver.objects import DeleteOptions, WriteOptions
from tradewind.apiserver.selectors import Selection, parse_selection
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import bad_request
from tradewind.store.entries import Key

Query = Mapping[str, str]
MAX_INTEGER = 2**63 - 1
_MATCHES = ("", "Exact", "NotOlderThan")


@dataclass(frozen=True)
class ListOptions:
    """How to list or watch. `revision` is None when none was given, or 0, which means any."""

    selection: Selection
    limit: int = 0
    after: Key | None = None
    continued_at: int = 0
    revision: int | None = None
    exact: bool = False
    bookmarks: bool = False
    send_initial_events: bool = False
    timeout_seconds: int = 0


class _Token(msgspec.Struct, frozen=True):
    rv: int
    namespace: str
    name: str


def list_options(kind: Kind, query: Query, name: str = "") -> ListOptions:
    """The options of a list or watch; `name`, from the path, narrows it to one object."""
    field_selector = query.get("fieldSelector", "")
    if name:
        field_selector = ",".join(filter(None, (field_selector, f"metadata.name={name}")))
    match = query.get("resourceVersionMatch", "")
    if match not in _MATCHES:
        raise bad_request(f'resourceVersionMatch is "{match}"; must be Exact or NotOlderThan')
    token = _token(query["continue"]) if query.get("continue") else None
    return ListOptions(
        selection=parse_selection(kind, query.get("labelSelector", ""), field_selector),
        limit=integer(query, "limit"),
        after=Key(kind.resource, token.namespace, token.name) if token else None,
        continued_at=token.rv if token else 0,
        revision=integer(query, "resourceVersion") or None,
        exact=match == "Exact",
        bookmarks=boolean(query, "allowWatchBookmarks"),
        send_initial_events=boolean(query, "sendInitialEvents"),
        timeout_seconds=integer(query, "timeoutSeconds"),
    )


def continue_token(revision: int, last: Key) -> str:
    """What a client sends back to get the next part of a list."""
    token = msgspec.json.encode(_Token(revision, last.namespace, last.name))
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _token(text: str) -> _Token:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(raw, type=_Token)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise bad_request(f"continue key is not valid: {error}; list again from the start") from None


def write_options(query: Query) -> WriteOptions:
    """The options of a create, update or patch."""
    field_validation = query.get("fieldValidation") or "Warn"
    if field_validation not in FIELD_VALIDATIONS:
        allowed = ", ".join(FIELD_VALIDATIONS)
        raise bad_request(f'fieldValidation is "{field_validation}"; must be one of {allowed}')
    return WriteOptions(field_validation, _dry_run(query.get("dryRun", "")))


def delete_options(query: Query, body: Manifest) -> DeleteOptions:
    """The options of a delete: the query's, or else those of a `DeleteOptions` body."""
    policy = query.get("propagationPolicy") or body.get("propagationPolicy") or "Background"
    if policy != "Background" or boolean(query, "orphanDependents") or body.get("orphanDependents"):
        raise bad_request(
            f'propagationPolicy "{policy}" is not supported: dependents are deleted with their owner; '
            "use Background"
        )
    grace = query.get("gracePeriodSeconds", body.get("gracePeriodSeconds"))
    preconditions = body.get("preconditions") or {}
    dry_run = query.get("dryRun") or "".join(body.get("dryRun") or [])
    return DeleteOptions(
        grace_seconds=None if grace is None else _integer("gracePeriodSeconds", grace),
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        dry_run=_dry_run(dry_run),
    )


def _dry_run(text: str) -> bool:
    if text not in ("", "All"):
        raise bad_request(f'dryRun is "{text}"; must be All')
    return text == "All"


def boolean(query: Query, name: str) -> bool:
    """A parameter that is true or false; absent is false."""
    text = query.get(name, "").lower()
    if text not in ("", "0", "1", "true", "false"):
        raise bad_request(f'{name} is "{query[name]}"; must be true or false')
    return text in ("1", "true")


def integer(query: Query, name: str) -> int:
    """A parameter that is a whole number, not negative; absent is 0."""
    text = query.get(name, "")
    if not text:
        return 0
    number = _integer(name, text)
    if number < 0:
        raise bad_request(f"{name} is {number}; must not be negative")
    return number


def _integer(name: str, value: object) -> int:
    text = str(value)
    digits = text.removeprefix("-")
    if isinstance(value, bool) or not (digits.isascii() and digits.isdecimal()) or len(digits) > 19:
        raise bad_request(f"{name} is {value!r}; must be a whole number")
    if abs(int(text)) > MAX_INTEGER:
        raise bad_request(f"{name} is {text}; must be at most {MAX_INTEGER}")
    return int(text)
