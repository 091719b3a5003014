"""Unknown and duplicate fields, in upstream's words: fieldValidation Strict, Warn and Ignore."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apiserver.test_kubectl import INFERENCE_SERVICE
from tradewind.apiserver.duplicates import MAX_ERRORS, duplicates_in_json, duplicates_in_yaml, warnings_of

MAPS = "/api/v1/namespaces/default/configmaps"
YAML, MERGE = "application/yaml", "application/merge-patch+json"
CONFIG_MAP = '{"metadata":{"name":"a","name":"a"},"data":{"x":"1","x":"2"},"dta":{},"immutble":true}'
ERRORS = (
    'duplicate field "metadata.name", duplicate field "data.x", unknown field "dta", unknown field "immutble"'
)


@pytest.fixture
async def api(api):
    """With the namespaces that every cluster has: nothing is told of them."""
    await api.objects.ensure_namespaces()
    return api


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("{}", []),
        ('{"a":1}', []),
        ('{"a":1,"a":2}', ["a"]),
        ('{"a":1,"a":2,"a":3}', ["a"]),
        ('{"a":{"b":1,"b":2},"c":[{"d":1},{"d":1,"d":2}]}', ["a.b", "c[1].d"]),
        ('{"a":{"b":1},"a":{"b":2,"b":3}}', ["a", "a.b"]),
        ('{"\\u0061":1,"a":2}', ["a"]),
        ('[[{"a":1,"a":2}]]', ["[0][0].a"]),
        ('"a"', []),
    ],
)
def test_duplicates_in_json(text, paths):
    assert duplicates_in_json(text.encode()) == tuple(f'duplicate field "{path}"' for path in paths)


def test_no_more_than_a_hundred_errors_are_counted():
    text = ",".join(f'"{number}":1,"{number}":1' for number in range(200))
    assert len(duplicates_in_json(f"{{{text}}}".encode())) == MAX_ERRORS


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(JSON_VALUES)
def test_what_a_program_writes_has_no_duplicates(value):
    assert duplicates_in_json(json.dumps(value).encode()) == ()


def test_duplicates_in_yaml():
    (error,) = duplicates_in_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n")
    assert error.startswith("yaml: unmarshal errors:\n  line ")
    assert set(warnings_of((error,))) == {
        'line 4: key "c" already set in map',
        'line 5: key "a" already set in map',
    }
    assert duplicates_in_yaml("a: 1\n") == ()


async def test_strict_refuses_all_of_them_together(api):
    before = api.objects.revision
    code, status = await api.ask("POST", f"{MAPS}?fieldValidation=Strict", CONFIG_MAP.encode())
    assert (code, status["reason"]) == (400, "BadRequest")
    assert status["message"] == (
        f'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: {ERRORS}'
    )
    assert api.objects.revision == before


async def test_a_near_name_is_told_besides(api):
    _, _, headers = await api.ask_all("POST", f"{MAPS}?fieldValidation=Strict", CONFIG_MAP.encode())
    assert headers.getall("Warning") == [
        '299 - "dta: did you mean \\"data\\"?"',
        '299 - "immutble: did you mean \\"immutable\\"?"',
    ]


@pytest.mark.parametrize("query", ["", "?fieldValidation=Warn"])
async def test_warn_tells_and_drops(api, query):
    code, made, headers = await api.ask_all("POST", MAPS + query, CONFIG_MAP.encode())
    assert (code, made["data"], "dta" in made) == (201, {"x": "2"}, False)
    told = [one.removeprefix('299 - "').removesuffix('"') for one in headers.getall("Warning")]
    assert ", ".join(told).replace("\\", "") == ERRORS


async def test_ignore_drops(api):
    code, made, headers = await api.ask_all("POST", f"{MAPS}?fieldValidation=Ignore", CONFIG_MAP.encode())
    assert (code, made["data"], "Warning" in headers) == (201, {"x": "2"}, False)


async def test_duplicate_keys_of_yaml(api):
    text = b"metadata:\n  name: a\ndata:\n  x: '1'\n  x: '2'\n"
    code, status = await api.ask("POST", f"{MAPS}?fieldValidation=Strict", text, Content_Type=YAML)
    assert (code, status["message"].partition("strict ")[2]) == (
        400,
        'decoding error: yaml: unmarshal errors:\n  line 5: key "x" already set in map',
    )
    code, made, headers = await api.ask_all("POST", MAPS, text, Content_Type=YAML)
    assert (code, made["data"]) == (201, {"x": "2"})
    assert headers["Warning"] == '299 - "line 5: key \\"x\\" already set in map"'


async def test_an_update_is_checked_as_a_creation_is(api):
    await api.ask("POST", MAPS, CONFIG_MAP.encode())
    code, status = await api.ask("PUT", f"{MAPS}/a?fieldValidation=Strict", CONFIG_MAP.encode())
    assert (code, status["message"].endswith(f"strict decoding error: {ERRORS}")) == (400, True)


async def test_a_patch_is_refused_with_the_object_that_it_would_make(api):
    """422 and not 400, as upstream `jsonPatcher.applyPatchToCurrentObject`."""
    await api.ask("POST", MAPS, b'{"metadata":{"name":"a"}}')
    patch = b'{"data":{"x":"1","x":"2"},"dta":{}}'
    code, status = await api.ask("PATCH", f"{MAPS}/a?fieldValidation=Strict", patch, Content_Type=MERGE)
    assert (code, status["reason"], set(status["details"])) == (422, "Invalid", {"causes"})
    (cause,) = status["details"]["causes"]
    assert (cause["field"], cause["reason"]) == ("patch", "FieldValueInvalid")
    assert status["message"].startswith(' "" is invalid: patch: Invalid value: "{')
    says = 'strict decoding error: duplicate field "data.x", unknown field "dta"'
    assert cause["message"].endswith(f'}}": {says}')
    code, _, headers = await api.ask_all("PATCH", f"{MAPS}/a", patch, Content_Type=MERGE)
    assert (code, len(headers.getall("Warning"))) == (200, 2)


async def test_duplicate_fields_of_a_json_patch(api):
    await api.ask("POST", MAPS, b'{"metadata":{"name":"a"}}')
    patch = b'[{"op":"add","op":"add","path":"/data","value":{}}]'
    _, _, headers = await api.ask_all("PATCH", f"{MAPS}/a", patch, Content_Type="application/json-patch+json")
    assert headers["Warning"] == '299 - "json patch duplicate field \\"[0].op\\""'


async def test_kubectl_validates_as_it_is_told(api):
    before = api.objects.revision
    misspelt = INFERENCE_SERVICE.replace("minReplicas", "minReplica")
    misspelt = misspelt.replace("storageUri", "storageURI")
    for validate, code in (("strict", 1), ("true", 1), ("warn", 0), ("ignore", 0), ("false", 0)):
        name = f"--validate={validate}"
        result = await api.kubectl("create", "--dry-run=server", name, "-f", "-", stdin=misspelt)
        assert result.code == code, result
        unknown = (
            'unknown field "spec.predictor.minReplica"',
            'unknown field "spec.predictor.model.storageURI"',
        )
        told = [one in result.err for one in unknown]
        assert told == [validate not in ("ignore", "false")] * 2, result
    assert api.objects.revision == before


async def test_kubectl_apply_shows_a_misspelt_change(api):
    await api.kubectl("apply", "-f", "-", stdin=INFERENCE_SERVICE)
    again = await api.kubectl(
        "apply", "-f", "-", stdin=INFERENCE_SERVICE.replace("minReplicas", "minReplica")
    )
    assert again.code == 1
    assert 'strict decoding error: unknown field "spec.predictor.minReplica"' in again.err
