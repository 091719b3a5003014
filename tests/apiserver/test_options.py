"""Query parameters and the bodies of deletes."""

import pytest

from tradewind.apiserver.list_options import LATEST, continue_token, list_options
from tradewind.apiserver.objects import DeleteOptions, WriteOptions
from tradewind.apiserver.options import check_write_options, delete_options, write_options
from tradewind.resources.core_kinds import NODE, POD
from tradewind.resources.status import ApiError
from tradewind.store.entries import Key

TOKEN = continue_token(7, Key("pods", "d", "p"), "d")


def test_list_options():
    query = {
        "limit": "5",
        "continue": TOKEN,
        "resourceVersion": "0",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "3",
        "labelSelector": "a=b",
    }
    options = list_options(POD, query, "d", "p")
    assert (options.limit, options.token.after, options.token.revision) == (5, Key("pods", "d", "p"), 7)
    assert (options.exact_revision, options.bookmarks, options.timeout_seconds) == (7, True, 3)
    assert options.selection.name == "p"
    assert options.selection.labels.match_expressions[0].key == "a"


@pytest.mark.parametrize(
    ("kind", "namespace", "last"),
    [
        (POD, "", Key("pods", "d", "p")),
        (POD, "d", Key("pods", "d", "p")),
        (NODE, "", Key("nodes", "", "n")),
    ],
)
def test_a_token_finds_its_place_again(kind, namespace, last):
    token = continue_token(LATEST, last, namespace)
    found = list_options(kind, {"continue": token}, namespace)
    assert found.token.after == last
    assert found.exact_revision is None


# What the Kubernetes API concepts page says of lists: version, match, limit; then exactly which revision is
# wanted (None: the latest), and which one it must not be older than (None: any).
SEMANTICS = [
    ("", "", "", None, None),
    ("0", "", "", None, None),
    ("0", "", "5", None, None),
    ("9", "", "", None, 9),
    ("9", "", "5", 9, 9),
    ("9", "Exact", "", 9, 9),
    ("9", "Exact", "5", 9, 9),
    ("9", "NotOlderThan", "", None, 9),
    ("9", "NotOlderThan", "5", None, 9),
    ("0", "NotOlderThan", "", None, None),
]


@pytest.mark.parametrize(("version", "match", "limit", "exact", "least"), SEMANTICS)
def test_what_revision_a_list_is_of(version, match, limit, exact, least):
    query = {"resourceVersion": version, "resourceVersionMatch": match, "limit": limit}
    options = list_options(POD, {name: value for name, value in query.items() if value})
    assert (options.exact_revision, options.revision) == (exact, least)


@pytest.mark.parametrize(
    ("query", "initial"),
    [
        ({}, True),
        ({"resourceVersion": "0"}, True),
        ({"resourceVersion": "9"}, False),
        ({"sendInitialEvents": "false", "resourceVersionMatch": "NotOlderThan"}, False),
        (
            {"resourceVersion": "9", "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"},
            True,
        ),
    ],
)
def test_a_watch_from_anywhere_begins_with_what_is_there(query, initial):
    assert list_options(POD, query, watch=True).send_initial_events is initial


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"limit": "9" * 30}, "value out of range"),
        ({"limit": "9" * 19}, "value out of range"),
        ({"resourceVersion": "abc"}, 'invalid resource version: resourceVersion: Invalid value: "abc"'),
        ({"resourceVersion": "٣"}, "invalid resource version"),
        ({"resourceVersion": "-1"}, "invalid resource version"),
        ({"continue": "%%%"}, "continue key is not valid"),
        ({"continue": "bm90IGpzb24"}, "continue key is not valid"),
        ({"continue": "eyJydiI6MX0"}, "does not recognize this encoded version"),
        ({"continue": TOKEN, "resourceVersion": "4"}, "is not allowed when using continue"),
    ],
)
def test_what_cannot_be_read_is_refused(query, says):
    with pytest.raises(ApiError) as raised:
        list_options(POD, query, "d")
    assert (raised.value.code, says in raised.value.message) == (400, True), raised.value.message


@pytest.mark.parametrize(
    ("query", "watch", "says"),
    [
        ({"resourceVersionMatch": "Exact"}, False, "is forbidden unless resourceVersion is provided"),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "0"},
            False,
            'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        (
            {"resourceVersionMatch": "Newest", "resourceVersion": "1"},
            False,
            'Unsupported value: "Newest": supported values: "Exact", "NotOlderThan", ""',
        ),
        (
            {"resourceVersionMatch": "Exact", "resourceVersion": "1", "continue": TOKEN},
            False,
            "resourceVersionMatch is forbidden when continue is provided",
        ),
        ({"sendInitialEvents": "true"}, False, "sendInitialEvents is forbidden for list"),
        (
            {"sendInitialEvents": "true"},
            True,
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        ),
        (
            {"resourceVersionMatch": "NotOlderThan", "resourceVersion": "1"},
            True,
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(query, watch, says):
    with pytest.raises(ApiError) as raised:
        list_options(POD, query, "d", watch=watch)
    error = raised.value
    assert (error.code, error.reason, says in error.message) == (422, "Invalid", True), error.message
    assert error.message.startswith('ListOptions.meta.k8s.io "" is invalid: ')


@pytest.mark.parametrize(
    ("text", "meant"), [("1", True), ("true", True), ("", True), ("0", False), ("False", False), ("x", True)]
)
def test_booleans_are_read_as_upstream_does(text, meant):
    assert list_options(POD, {"allowWatchBookmarks": text}).bookmarks is meant


def test_write_options():
    assert write_options({}) == WriteOptions("Warn")
    assert write_options({"fieldValidation": "Strict", "dryRun": "All"}) == WriteOptions(
        "Strict", dry_run=True
    )
    for query in ({"fieldValidation": "strict"}, {"dryRun": "Some"}):
        with pytest.raises(ApiError, match=r'PatchOptions.meta.k8s.io "" is invalid: .*: Unsupported value'):
            check_write_options(query, "patch")


def test_delete_options_come_from_the_body_or_else_the_query():
    body = {
        "gracePeriodSeconds": 5,
        "preconditions": {"uid": "u", "resourceVersion": "7"},
        "dryRun": ["All"],
        "propagationPolicy": "Foreground",
    }
    assert delete_options({}, {}) == DeleteOptions()
    assert delete_options({}, body) == DeleteOptions(5, "u", "7", dry_run=True, propagation="Foreground")
    assert delete_options({"gracePeriodSeconds": "0"}, body).grace_seconds == 5
    query = {"gracePeriodSeconds": "0", "propagationPolicy": "Orphan", "dryRun": "All"}
    assert delete_options(query, {}) == DeleteOptions(0, dry_run=True, propagation="Orphan")


@pytest.mark.parametrize(
    ("orphan", "policy"),
    [(True, "Orphan"), (False, "Background"), ("true", "Orphan"), ("false", "Background")],
)
def test_the_older_way_to_say_what_becomes_of_dependents(orphan, policy):
    query, body = ({"orphanDependents": orphan}, {}) if isinstance(orphan, str) else ({}, {})
    body = body if query else {"orphanDependents": orphan}
    assert delete_options(query, body).propagation == policy


@pytest.mark.parametrize(
    ("query", "body", "code", "says"),
    [
        (
            {},
            {"propagationPolicy": "Orphan", "orphanDependents": True},
            422,
            'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "Orphan": '
            "orphanDependents and deletionPropagation cannot be both set",
        ),
        (
            {"propagationPolicy": "All"},
            {},
            422,
            'Unsupported value: "All": supported values: "Foreground", "Background", "Orphan", "nil"',
        ),
        ({"dryRun": "Some"}, {}, 422, 'dryRun: Unsupported value: "Some": supported values: "All"'),
        ({}, {"gracePeriodSeconds": "soon"}, 400, "gracePeriodSeconds"),
        ({}, {"preconditions": []}, 400, "preconditions"),
        ({}, {"kind": "Pod"}, 400, "cannot be handled as a DeleteOptions"),
    ],
)
def test_deletions_that_cannot_be_meant_are_refused(query, body, code, says):
    with pytest.raises(ApiError) as raised:
        delete_options(query, body)
    assert (raised.value.code, says in raised.value.message) == (code, True), raised.value.message
