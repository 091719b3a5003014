"""Request bodies and media types."""

import pytest

from tests.apiserver.world import config_map
from tradewind.apiserver.bodies import (
    PARTIAL,
    PARTIAL_LIST,
    TABLE,
    Form,
    as_stored,
    decode_body,
    patcher,
    wanted_form,
)
from tradewind.apiserver.protobuf import MEDIA_TYPE, decode_protobuf
from tradewind.apiserver.urls import Target
from tradewind.resources.core_kinds import CONFIG_MAP, POD
from tradewind.resources.networking import DESTINATION_RULE
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.status import ApiError


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"a": 1}'),
        ("application/json; charset=utf-8", b'{"a": 1}'),
        ("", b'{"a": 1}'),
        ("application/yaml", b"a: 1"),
    ],
)
def test_json_and_yaml_bodies(content_type, body):
    assert decode_body(content_type, body) == {"a": 1}


def test_a_time_in_yaml_is_text():
    assert decode_body("application/yaml", b"at: 2026-01-01T00:00:00Z") == {"at": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("content_type", "body", "code", "says"),
    [
        ("application/json", b"{", 400, "not valid JSON"),
        ("application/json", b'{"a": NaN}', 400, "not valid JSON"),
        ("application/json", b"\xff", 400, "not valid JSON"),
        ("application/json", b"[" * 100_000, 400, "not valid JSON"),
        ("application/yaml", b"a: [", 400, "not valid YAML: line 2"),
        ("application/yaml", b"\xff\xfe\x00", 400, "not valid YAML"),
        ("application/yaml", b"a: 1\n---\nb: 2", 400, "2 YAML documents"),
        ("application/yaml", b"", 400, "0 YAML documents"),
        ("text/plain", b"", 415, "accepted media types include: application/json"),
        (MEDIA_TYPE, b"k8s\x01", 400, "does not begin with"),
    ],
)
def test_what_cannot_be_read_is_refused(content_type, body, code, says):
    with pytest.raises(ApiError) as raised:
        decode_body(content_type, body)
    assert (raised.value.code, says in raised.value.message) == (code, True), raised.value.message


def test_a_few_aliases_cannot_stand_for_gigabytes():
    bomb = b"a: &a [x, x, x, x, x, x, x, x, x]\n"
    for before, after in zip("abcdefg", "bcdefgh", strict=True):
        bomb += f"{after}: &{after} [{', '.join(['*' + before] * 9)}]\n".encode()
    with pytest.raises(ApiError, match="aliases expanded"):
        decode_body("application/yaml", bomb)


HERE = Target(CONFIG_MAP, "v1", "d", "a")


def test_the_url_gives_what_a_body_leaves_out():
    stored = as_stored(Target(CONFIG_MAP, "v1", "d"), {"metadata": {"name": "a"}})
    assert stored == {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "d"}}


@pytest.mark.parametrize("version", DESTINATION_RULE.versions)
def test_every_served_version_is_stored_at_the_first(version):
    target = Target(DESTINATION_RULE, version, "d")
    given = {"apiVersion": target.api_version, "kind": "DestinationRule", "metadata": {"name": "r"}}
    assert as_stored(target, given)["apiVersion"] == DESTINATION_RULE.api_version


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        ([], "must be of type ConfigMap"),
        (config_map() | {"kind": "Pod"}, 'Pod in version "v1" cannot be handled as a ConfigMap'),
        (config_map() | {"apiVersion": "v2"}, "the API version in the data (v2) does not match"),
        (config_map(namespace="e"), "the namespace of the provided object does not match"),
        (config_map("b"), "the name of the object (b) does not match the name on the URL (a)"),
        (config_map() | {"metadata": 1}, "metadata"),
    ],
)
def test_a_body_must_be_what_its_url_says(manifest, says):
    with pytest.raises(ApiError) as raised:
        as_stored(HERE, manifest)
    assert (raised.value.code, says in raised.value.message) == (400, True), raised.value.message


@pytest.mark.parametrize(
    ("kind", "content_type", "body", "wanted"),
    [
        (POD, "application/merge-patch+json", b'{"a": null, "b": 2}', {"b": 2}),
        (POD, "application/json-patch+json", b'[{"op": "remove", "path": "/a"}]', {}),
        (POD, "application/strategic-merge-patch+json", b'{"b": 2}', {"a": 1, "b": 2}),
        (INFERENCE_SERVICE, "application/merge-patch+json", b'{"b": 2}', {"a": 1, "b": 2}),
    ],
)
def test_patches(kind, content_type, body, wanted):
    assert patcher(kind, content_type, body)({"a": 1}) == wanted


@pytest.mark.parametrize(
    ("kind", "content_type", "code", "says"),
    [
        (POD, "application/json", 415, "application/strategic-merge-patch+json"),
        (INFERENCE_SERVICE, "application/strategic-merge-patch+json", 415, "application/merge-patch+json"),
        (POD, "application/apply-patch+cbor", 415, "application/apply-patch+yaml"),
        (
            POD,
            "application/merge-patch+json",
            400,
            "cannot unmarshal array into Go value of type map",
        ),
    ],
)
def test_patches_that_are_not_supported(kind, content_type, code, says):
    with pytest.raises(ApiError) as raised:
        patcher(kind, content_type, b"[]")
    assert (raised.value.code, says in raised.value.message) == (code, True), raised.value.message


@pytest.mark.parametrize(
    ("accept", "of_list", "form"),
    [
        ("", False, Form()),
        ("*/*", False, Form()),
        ("application/json", False, Form()),
        ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", False, Form(TABLE)),
        ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", False, Form(TABLE, "v1beta1")),
        ("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", False, Form()),
        ("application/json;as=Table;v=v1;g=x.io,application/json", False, Form()),
        ("application/vnd.kubernetes.protobuf, application/json", False, Form()),
        (f"application/json;as={PARTIAL};v=v1;g=meta.k8s.io,application/json", False, Form(PARTIAL)),
        (f"application/json;as={PARTIAL_LIST};v=v1;g=meta.k8s.io", True, Form(PARTIAL_LIST)),
        (f"application/json;as={PARTIAL_LIST};v=v1beta1;g=meta.k8s.io", True, Form(PARTIAL_LIST, "v1beta1")),
    ],
)
def test_the_first_form_that_can_be_given(accept, of_list, form):
    assert wanted_form(accept, of_list=of_list) == form


@pytest.mark.parametrize(
    ("accept", "of_list"),
    [
        ("text/html", False),
        ("application/cbor", False),
        ("application/json;as=Unheard", False),
        (f"application/json;as={PARTIAL_LIST};v=v1;g=meta.k8s.io", False),
        (f"application/json;as={PARTIAL};v=v1;g=meta.k8s.io", True),
    ],
)
def test_a_form_that_cannot_be_given(accept, of_list):
    with pytest.raises(ApiError) as raised:
        wanted_form(accept, of_list=of_list)
    assert raised.value.code == 406


def field(number: int, value: bytes | str | int) -> bytes:
    """A protobuf field; every number and length here is below 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    raw = value.encode() if isinstance(value, str) else value
    return bytes([number << 3 | 2, len(raw)]) + raw


def envelope(kind: str, raw: bytes) -> bytes:
    return (
        b"k8s\x00" + field(1, field(1, "v1") + field(2, kind)) + field(2, raw) + field(3, "") + field(4, "")
    )


META = field(1, "a") + field(2, "") + field(3, "d") + field(7, 0) + field(11, field(1, "k") + field(2, "v"))


@pytest.mark.parametrize(
    ("kind", "raw", "wanted"),
    [
        (
            "Namespace",
            field(1, field(1, "a") + field(8, b"")) + field(2, b"") + field(3, b""),
            {"metadata": {"name": "a"}},
        ),
        (
            "Secret",
            field(1, META)
            + field(2, field(1, "x") + field(2, b"\x00\xff"))
            + field(3, "Opaque")
            + field(5, 0),
            {
                "metadata": {"name": "a", "namespace": "d", "labels": {"k": "v"}},
                "data": {"x": "AP8="},
                "type": "Opaque",
                "immutable": False,
            },
        ),
        (
            "ConfigMap",
            field(2, field(1, "empty") + field(2, "")) + field(2, field(1, "x") + field(2, "é")),
            {"data": {"empty": "", "x": "é"}},
        ),
        (
            "ServiceAccount",
            field(2, field(3, "s")) + field(3, field(1, "t")),
            {"secrets": [{"name": "s"}], "imagePullSecrets": [{"name": "t"}]},
        ),
        (
            "Service",
            field(
                2,
                field(1, field(1, "a") + field(3, 80) + field(4, field(1, 0) + field(2, 90) + field(3, "")))
                + field(1, field(3, 81) + field(4, field(1, 1) + field(2, 0) + field(3, "web")))
                + field(3, ""),
            )
            + field(3, field(1, b"")),
            {
                "spec": {
                    "ports": [{"name": "a", "port": 80, "targetPort": 90}, {"port": 81, "targetPort": "web"}]
                }
            },
        ),
        (
            "DeleteOptions",
            field(1, 0) + field(2, field(1, "u")) + field(4, "Background") + field(5, "All"),
            {
                "gracePeriodSeconds": 0,
                "preconditions": {"uid": "u"},
                "propagationPolicy": "Background",
                "dryRun": ["All"],
            },
        ),
    ],
)
def test_protobuf_bodies(kind, raw, wanted):
    assert decode_protobuf(envelope(kind, raw)) == {"apiVersion": "v1", "kind": kind} | wanted


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (envelope("Pod", b""), 415, "v1 Pod is not understood as protobuf; send application/json"),
        (envelope("Secret", field(15, "new")), 400, "field 15 is not known"),
        (envelope("Secret", field(3, "x")[:-1]), 400, "ends too early"),
        (envelope("Secret", b"\x80"), 400, "not valid protobuf"),
        (envelope("Secret", b"\xff" * 12), 400, "too long"),
        (envelope("Secret", b"\x09" + b"\x00" * 8), 400, "wire type 1"),
        (envelope("Secret", field(1, 3)), 400, "length-delimited"),
        (envelope("Secret", field(5, "x")), 400, "a number was expected"),
        (envelope("ConfigMap", field(2, field(2, b"\xff"))), 400, "not valid protobuf"),
    ],
)
def test_protobuf_that_cannot_be_read_is_refused(body, code, says):
    with pytest.raises(ApiError) as raised:
        decode_body(MEDIA_TYPE, body)
    assert (raised.value.code, says in raised.value.message) == (code, True), raised.value.message
