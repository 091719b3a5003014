"""How to list, watch or delete a collection, from query parameters. Pure.

Rules and words are upstream's: metav1 `ListOptions`, its validation (`meta/internalversion/validation`), its
defaults, and what revision a list is of (`storage.ValidateListOptions`).
"""

import base64
import binascii
from dataclasses import dataclass

import msgspec

from tradewind.apiserver.options import Query, boolean, signed_integer
from tradewind.apiserver.selectors import EVERYTHING, Selection, parse_selection
from tradewind.resources import rules
from tradewind.resources.kinds import Kind
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.status import bad_request, invalid
from tradewind.store.entries import Key

EXACT, NOT_OLDER_THAN = "Exact", "NotOlderThan"
LATEST = -1  # the revision in a token that goes on with whatever is there now
_ANY_VERSION = ("", "0")
_ENCODING = "meta.k8s.io/v1"


@dataclass(frozen=True)
class Token:
    """Where a list goes on: behind `after`, as things were at `revision`, or LATEST."""

    revision: int
    after: Key


@dataclass(frozen=True)
class ListOptions:
    """How to list or watch. `revision` is None when none was given, or 0, which means any."""

    selection: Selection
    limit: int = 0
    token: Token | None = None
    revision: int | None = None
    match: str = ""
    bookmarks: bool = False
    send_initial_events: bool = False
    timeout_seconds: int = 0

    @property
    def exact_revision(self) -> int | None:
        """The one revision that a list must be of; None when any not older than `revision` will do."""
        if self.token is not None:
            return self.token.revision if self.token.revision > 0 else None
        if self.match == EXACT or (not self.match and self.limit):
            return self.revision
        return None

    @property
    def counts_remaining(self) -> bool:
        """Whether a part of a list says how many more there are: only if nothing is selected, as upstream."""
        return self.selection == EVERYTHING


def list_options(
    kind: Kind, query: Query, namespace: str = "", name: str = "", *, watch: bool = False
) -> ListOptions:
    """The options of a list or watch; `name`, from the path, narrows it to one object.

    400 for what cannot be read, 422 for what does not go together.
    """
    if problems := _problems(query, watch=watch):
        raise invalid("ListOptions", "listoptions.meta.k8s.io", "", problems)
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    starts_anywhere = watch and not match and version in _ANY_VERSION and "sendInitialEvents" not in query
    token = _token(kind, namespace, query["continue"]) if query.get("continue") and not watch else None
    if token and version not in _ANY_VERSION:
        raise bad_request("specifying resource version is not allowed when using continue")
    return ListOptions(
        selection=parse_selection(
            kind, query.get("labelSelector", ""), _fields(query.get("fieldSelector", ""), name)
        ),
        limit=max(0, signed_integer(query, "limit")),
        token=token,
        revision=_revision(version) or None,
        match=match,
        bookmarks=boolean(query, "allowWatchBookmarks"),
        send_initial_events=starts_anywhere or boolean(query, "sendInitialEvents"),
        timeout_seconds=signed_integer(query, "timeoutSeconds"),
    )


def revision_of(query: Query) -> int:
    """The resource version that an object must at least be of; 0 for any."""
    return _revision(query.get("resourceVersion", ""))


def continue_token(revision: int, last: Key, namespace: str) -> str:
    """What a client sends back to get the next part of a list of one namespace, or of all for ""."""
    place = last.name if namespace or not last.namespace else f"{last.namespace}/{last.name}"
    token = {"v": _ENCODING, "rv": revision, "start": f"{place}\0"}
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


class _Encoded(msgspec.Struct, frozen=True):
    v: str = ""
    rv: int = 0
    start: str = ""


def _token(kind: Kind, namespace: str, text: str) -> Token:
    invalid_key = "invalid continue token: continue key is not valid"
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        token = msgspec.json.decode(raw, type=_Encoded)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise bad_request(f"{invalid_key}: {error}") from None
    if token.v != _ENCODING:
        raise bad_request(f"{invalid_key}: server does not recognize this encoded version {token.v}")
    if token.rv == 0:
        raise bad_request(f"{invalid_key}: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    if not token.start:
        raise bad_request(f"{invalid_key}: encoded start key empty (version meta.k8s.io/v1)")
    first, slash, name = token.start.rstrip("\0").partition("/")
    if not kind.namespaced or namespace:
        first, name = namespace, first if not slash else ""
    if not name or "/" in name:
        raise bad_request(f"{invalid_key}: {token.start}")
    return Token(token.rv, Key(kind.resource, first, name))


def _revision(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 20):
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f'invalid resource version: resourceVersion: Invalid value: "{text}": {why}')
    return int(text or 0)


def _fields(selector: str, name: str) -> str:
    """The field selector, narrowed to the name in the path."""
    wanted = f"metadata.name={name}"
    if not name or selector == wanted:
        return selector
    if selector:
        raise bad_request("fieldSelector metadata.name doesn't match requested name")
    return wanted


def _problems(query: Query, *, watch: bool) -> list[Problem]:
    version, match = query.get("resourceVersion", ""), query.get("resourceVersionMatch", "")
    problems = _watch_problems(query, match) if watch else _list_problems(query, match, version)
    if match and query.get("continue"):
        problems.append(_forbidden("resourceVersionMatch", "is forbidden when continue is provided"))
    return problems


def _list_problems(query: Query, match: str, version: str) -> list[Problem]:
    problems = rules.one_of("resourceVersionMatch", match, (EXACT, NOT_OLDER_THAN, ""))
    if match and not version:
        problems.append(_forbidden("resourceVersionMatch", "is forbidden unless resourceVersion is provided"))
    if match == EXACT and version == "0":
        problems.append(_forbidden("resourceVersionMatch", '"exact" is forbidden for resourceVersion "0"'))
    if "sendInitialEvents" in query:
        problems.append(_forbidden("sendInitialEvents", "is forbidden for list"))
    return problems


def _watch_problems(query: Query, match: str) -> list[Problem]:
    asked = "sendInitialEvents" in query
    problems = []
    if asked and match != NOT_OLDER_THAN:
        why = f"sendInitialEvents requires setting resourceVersionMatch to {NOT_OLDER_THAN}"
        problems.append(Problem("resourceVersionMatch", f"Forbidden: {why}", Cause.FORBIDDEN))
    if match and not asked:
        why = "is forbidden for watch unless sendInitialEvents is provided"
        problems.append(_forbidden("resourceVersionMatch", why))
    return problems + rules.one_of("resourceVersionMatch", match, (NOT_OLDER_THAN,))


def _forbidden(parameter: str, why: str) -> Problem:
    return Problem(parameter, f"Forbidden: {parameter} {why}", Cause.FORBIDDEN)
