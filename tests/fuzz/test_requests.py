"""Whatever is sent, the server answers in time, without an error of its own, and goes on."""

import copy
import json
import os
import random
import string
import urllib.parse
from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
import requests
import schemathesis

from tests.fuzz.conftest import Fuzzed, until
from tests.fuzz.manifests import MANIFESTS, manifest
from tests.fuzz.odd import BODIES, HEADERS, JSON, METHODS, ODD, PARAMETERS, PATCHES, STEPS, TYPES, VALUES
from tradewind.apiserver.openapi.documents import document, prefixes
from tradewind.apiserver.openapi.names import prefix
from tradewind.resources.kinds import Kind
from tradewind.resources.registry import ALL_KINDS

SECONDS = 5.0  # each of the tests below, in CI; the long ones take ten times as much
OPERATIONS = [
    operation.ok()
    for at in prefixes(ALL_KINDS)
    for operation in schemathesis.openapi.from_dict(document(ALL_KINDS, at)).get_all_operations()
]


def seeded(test: str) -> random.Random:
    """Chance, the same in every run in CI."""
    return random.Random(test if os.environ.get("CI") else None)


# What the published documents allow.


def send_case(fuzzed: Fuzzed, case: schemathesis.Case) -> None:
    """Without what would keep the answer from ever ending."""
    arguments = case.as_transport_kwargs(base_url="https://127.0.0.1")
    endless = ("watch", "follow")
    arguments["params"] = {name: one for name, one in (case.query or {}).items() if name not in endless}
    request = requests.Request(**{**arguments, "cookies": None}).prepare()
    body = request.body or b""
    headers = {name: str(one) for name, one in request.headers.items() if name != "Content-Length"}
    fuzzed.send(
        str(request.method), request.path_url, body if isinstance(body, bytes) else body.encode(), headers
    )


def check_operations(fuzzed: Fuzzed, seconds: float) -> None:
    order = seeded("operations").sample(OPERATIONS, len(OPERATIONS))
    for number in until(seconds):

        @hypothesis.settings(
            max_examples=2,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(order[number % len(order)].as_strategy())
        def send(case: schemathesis.Case) -> None:
            send_case(fuzzed, case)

        send()


def test_every_operation_with_what_its_schema_allows(fuzzed):
    check_operations(fuzzed, SECONDS)


# Objects that are almost right.


NAMES = ["nothing", "", "a" * 400, "\x00", "spec", "metadata"]


def places(value: Any, found: list[tuple[Any, Any]] | None = None) -> list[tuple[Any, Any]]:
    """Every container with every key or index in it."""
    found = [] if found is None else found
    keys = value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        found.append((value, key))
        places(value[key], found)
    return found


def spoil(chance: random.Random, value: Any) -> Any:
    """A copy with one to three things changed."""
    spoilt = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        container, key = chance.choice(places(spoilt) or [({"": None}, "")])
        match chance.randrange(6):
            case 0 | 1 | 2:
                container[key] = copy.deepcopy(chance.choice(ODD))
            case 3:
                del container[key]
            case 4 if isinstance(container, dict):
                container[chance.choice(["nothing", "", "a" * 400, "\x00", "spec", "metadata"])] = container[
                    key
                ]
            case _:
                container[key] = [container[key]] if chance.random() < 0.5 else {"a": container[key]}
    return spoilt


def text_of(chance: random.Random, value: Any) -> bytes:
    """JSON, sometimes broken."""
    text = json.dumps(value).encode()
    match chance.randrange(10):
        case 0:
            return text[: chance.randrange(len(text) + 1)]
        case 1:
            at = chance.randrange(len(text))
            return text[:at] + chance.choice([b"\x00", b"\xff", b"\\", b'"', b"{", b"\\ud800"]) + text[at:]
        case 2:
            return text.replace(b",", b',"a":1,"a":2,', 1)
        case 3:
            return b"\xef\xbb\xbf" + text
    return text


def urls(kind: Kind, version: str) -> tuple[str, str]:
    namespace = "/namespaces/d" if kind.namespaced else ""
    collection = f"/{prefix(kind, version)}{namespace}/{kind.plural}"
    return collection, f"{collection}/a"


def check_manifests(fuzzed: Fuzzed, seconds: float) -> None:
    chance = seeded("manifests")
    for number in until(seconds):
        kind = ALL_KINDS[number % len(ALL_KINDS)]
        version = chance.choice(kind.versions)
        collection, one = urls(kind, version)
        valid = manifest(kind, version, "a")
        query = chance.choice(["", "?fieldValidation=Strict", "?dryRun=All", "?fieldManager=a&force=true"])
        fuzzed.send("POST", collection, json.dumps(valid).encode(), {"Content-Type": JSON})
        body = text_of(chance, spoil(chance, valid))
        fuzzed.send("POST", collection + query, body, {"Content-Type": JSON})
        below = chance.choice([one, one, f"{one}/status", f"{one}/scale"])
        fuzzed.send("PUT", below + query, body, {"Content-Type": JSON})
        patch = spoil(chance, chance.choice([valid, valid.get("spec", valid), operations(chance)]))
        for type_ in PATCHES:
            more = "&fieldManager=a" if query else "?fieldManager=a"
            fuzzed.send("PATCH", below + query + more, text_of(chance, patch), {"Content-Type": type_})
        fuzzed.send("DELETE", one, text_of(chance, spoil(chance, DELETE)), {"Content-Type": JSON})
        fuzzed.send("GET", one)


DELETE = {
    "kind": "DeleteOptions",
    "apiVersion": "v1",
    "gracePeriodSeconds": 0,
    "preconditions": {"uid": "a", "resourceVersion": "1"},
    "propagationPolicy": "Background",
    "dryRun": ["All"],
}


def operations(chance: random.Random) -> list[dict[str, Any]]:
    """A JSON patch."""
    paths = [
        "",
        "/",
        "/metadata",
        "/metadata/name",
        "/spec",
        "/spec/-",
        "/a~0~1",
        "/metadata/labels/a",
        "/spec/0",
    ]
    names = ["add", "remove", "replace", "move", "copy", "test"]
    return [
        {
            "op": chance.choice(names),
            "path": chance.choice(paths),
            "from": chance.choice(paths),
            "value": chance.choice(ODD),
        }
        for _ in range(chance.randint(1, 3))
    ]


def test_every_kind_with_spoilt_manifests(fuzzed):
    check_manifests(fuzzed, SECONDS)


def test_the_manifests_are_valid(fuzzed):
    """Else the one above would test little."""
    for kind in ALL_KINDS:
        if kind.name in MANIFESTS:
            collection, _ = urls(kind, kind.versions[0])
            body = json.dumps(manifest(kind, kind.versions[0], "valid")).encode()
            answer = fuzzed.send("POST", collection, body, {"Content-Type": JSON})
            assert answer.code == 201, (kind.name, answer.body)


# Requests that make no sense.


VISIBLE = "".join(set(string.printable) - set(string.whitespace))


def odd_target(chance: random.Random) -> str:
    steps = [chance.choice(STEPS) for _ in range(chance.randint(0, 7))]
    path = "/" * chance.choice([1, 1, 1, 2]) + "/".join(steps)
    if chance.random() < 0.5:
        path = chance.choice(urls(chance.choice(ALL_KINDS), "v1")) + chance.choice(
            ["", "/status", "/log", "/"]
        )
    query = "&".join(
        f"{chance.choice(PARAMETERS)}={chance.choice(VALUES)}" for _ in range(chance.randint(0, 3))
    )
    ends = "timeoutSeconds=1&" if "watch=" in query else ""
    return urllib.parse.quote(
        f"{path}?{ends}{query}", safe="".join(set(string.printable) - set(string.whitespace))
    )


def check_requests(fuzzed: Fuzzed, seconds: float) -> None:
    chance = seeded("requests")
    for _ in until(seconds):
        headers = dict(chance.choice(HEADERS) for _ in range(chance.randint(0, 2)))
        if chance.random() < 0.7:
            headers["Content-Type"] = chance.choice(TYPES)
        body = chance.choice(BODIES) if chance.random() < 0.5 else chance.randbytes(chance.randrange(300))
        fuzzed.send(chance.choice(METHODS), odd_target(chance), body, headers)


def test_requests_that_make_no_sense(fuzzed):
    check_requests(fuzzed, SECONDS)


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_with_every_odd_body(fuzzed, type_):
    for body in BODIES:
        for method, path in (
            ("POST", "/api/v1/namespaces/d/configmaps"),
            ("PATCH", "/api/v1/namespaces/d/configmaps/a"),
        ):
            fuzzed.send(method, path, body, {"Content-Type": type_})


@pytest.mark.long
@pytest.mark.parametrize("check", [check_operations, check_manifests, check_requests])
def test_for_longer(fuzzed, check: Callable[[Fuzzed, float], None]):
    check(fuzzed, 12 * SECONDS)
