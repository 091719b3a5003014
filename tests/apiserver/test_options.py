"""Query parameters."""

import pytest

from tradewind.apiserver.objects import DeleteOptions, WriteOptions
from tradewind.apiserver.options import continue_token, delete_options, list_options, write_options
from tradewind.resources.core_kinds import POD
from tradewind.resources.status import ApiError
from tradewind.store.entries import Key


def test_list_options():
    token = continue_token(7, Key("pods", "d", "p"))
    query = {
        "limit": "5",
        "continue": token,
        "resourceVersion": "9",
        "resourceVersionMatch": "Exact",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "3",
        "labelSelector": "a=b",
    }
    options = list_options(POD, query, "p")
    assert (options.limit, options.after, options.continued_at) == (5, Key("pods", "d", "p"), 7)
    assert (options.revision, options.exact, options.bookmarks, options.timeout_seconds) == (9, True, True, 3)
    assert options.selection.name == "p"
    assert options.selection.labels.match_expressions[0].key == "a"


@pytest.mark.parametrize("text", ["", "0"])
def test_any_version_will_do(text):
    assert list_options(POD, {"resourceVersion": text}).revision is None


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"limit": "x"}, "limit is 'x'; must be a whole number"),
        ({"limit": "-1"}, "must not be negative"),
        ({"limit": "9" * 30}, "must be a whole number"),
        ({"limit": "9" * 19}, "must be at most"),
        ({"resourceVersion": "abc"}, "resourceVersion is 'abc'"),
        ({"resourceVersion": "٣"}, "resourceVersion"),
        ({"resourceVersionMatch": "Newest"}, "must be Exact or NotOlderThan"),
        ({"sendInitialEvents": "maybe"}, 'sendInitialEvents is "maybe"'),
        ({"continue": "%%%"}, "continue key is not valid"),
        ({"continue": "bm90IGpzb24"}, "continue key is not valid"),
        ({"continue": "eyJydiI6MX0"}, "continue key is not valid"),
    ],
)
def test_what_cannot_be_meant_is_refused(query, says):
    with pytest.raises(ApiError, match=says) as raised:
        list_options(POD, query)
    assert raised.value.code == 400


def test_write_options():
    assert write_options({}) == WriteOptions("Warn")
    assert write_options({"fieldValidation": "Strict", "dryRun": "All"}) == WriteOptions(
        "Strict", dry_run=True
    )
    for query in ({"fieldValidation": "strict"}, {"dryRun": "Some"}):
        with pytest.raises(ApiError, match="must be"):
            write_options(query)


def test_delete_options_come_from_the_query_or_the_body():
    body = {
        "gracePeriodSeconds": 5,
        "preconditions": {"uid": "u", "resourceVersion": "7"},
        "dryRun": ["All"],
        "propagationPolicy": "Background",
    }
    assert delete_options({}, {}) == DeleteOptions()
    assert delete_options({}, body) == DeleteOptions(5, "u", "7", dry_run=True)
    assert delete_options({"gracePeriodSeconds": "0"}, body).grace_seconds == 0


@pytest.mark.parametrize(
    ("query", "body", "says"),
    [
        ({"propagationPolicy": "Orphan"}, {}, "use Background"),
        ({}, {"propagationPolicy": "Foreground"}, '"Foreground" is not supported'),
        ({"orphanDependents": "true"}, {}, "use Background"),
        ({}, {"gracePeriodSeconds": "soon"}, "gracePeriodSeconds is 'soon'"),
        ({}, {"gracePeriodSeconds": True}, "must be a whole number"),
    ],
)
def test_deletions_that_cannot_be_done_are_refused(query, body, says):
    with pytest.raises(ApiError, match=says):
        delete_options(query, body)
