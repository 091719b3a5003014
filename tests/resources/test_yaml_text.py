"""YAML as kubectl reads it, and mistakes told with their place."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tradewind.resources.yaml_loader import YamlMistakes
from tradewind.resources.yaml_text import MAX_DEPTH, MAX_VALUES, format_yaml, parse_yaml


def values(text: str) -> list[Any]:
    return [document.value for document in parse_yaml(text)]


def mistakes(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(YamlMistakes) as caught:
        parse_yaml(text)
    return [(one.line, one.column, one.message) for one in caught.value.mistakes]


# As kubectl 1.37 reads them; see the test that asks it.
SCALARS_READ = {
    "y": True,
    "N": False,
    "yes": True,
    "Off": False,
    "true": True,
    "y1": "y1",
    "'no'": "no",
    "010": 8,
    "08": 8,
    "0o17": 15,
    "-0o7": -7,
    "0x1F": 31,
    "0X1f": 31,
    "-0b11": -3,
    "0b2": "0b2",
    "1_000": 1000,
    "_1": "_1",
    "+5": 5,
    "1e3": 1000,
    ".5": 0.5,
    "-.5e-3": -0.0005,
    "1.": 1,
    "1.50": 1.5,
    "1_0.5": 10.5,
    "9223372036854775807": 9223372036854775807,
    "99999999999999999999999": 1e23,
    "22:22": "22:22",
    "2026-08-01": "2026-08-01",
    "2026-08-01T12:00:00Z": "2026-08-01T12:00:00Z",
    "64Gi": "64Gi",
    "=": "=",
    "": None,
    "~": None,
    "Null": None,
    "!!str 5": "5",
    "v1.30": "v1.30",
}
KEYS_READ = {"on": "true", "No": "false", "y": "true", "8080": "8080", "1.5": "1.5", "010": "8", "'on'": "on"}


@pytest.mark.parametrize(("text", "expected"), SCALARS_READ.items())
def test_scalars_are_read_as_kubectl_reads_them(text: str, expected: Any):
    ((value),) = [one["a"] for one in values(f"a: {text}")]
    assert (value, type(value)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "key"), KEYS_READ.items())
def test_keys_become_text_as_kubectl_makes_them(text: str, key: str):
    assert values(f"{text}: 1") == [{key: 1}]


def test_kubectl_does_read_them_so(tmp_path: Path):
    lines = [f"  - {text}" for text in SCALARS_READ] + ["keys:"] + [f"  - {key}: 1" for key in KEYS_READ]
    file = tmp_path / "a.yaml"
    file.write_text("\n".join(["apiVersion: a/v1", "kind: A", "metadata: {name: a}", "spec:", *lines]))
    found = subprocess.run(
        [Path(sys.executable).with_name("kubectl"), "label", "--local", "-f", file, "a=b", "-o", "json"],
        capture_output=True,
        check=True,
        timeout=30,
        env={"KUBECONFIG": "/dev/null", "HOME": str(tmp_path)},
    )
    manifest = json.loads(found.stdout)
    assert manifest["spec"] == list(SCALARS_READ.values())
    assert manifest["keys"] == [{key: 1} for key in KEYS_READ.values()]


def test_documents_come_with_their_line_and_empty_ones_are_left_out():
    found = parse_yaml("# comment\n---\n---\na: 1\n---\n# only a comment\n---\n\nb: 2\n")
    assert [(document.line, document.value) for document in found] == [(4, {"a": 1}), (9, {"b": 2})]
    assert parse_yaml("") == []


def test_keys_that_mean_the_same_stand_twice_too():
    assert mistakes("on: 1\nyes: 2") == [
        (2, 1, 'the key "true" stands twice: it is also on line 1; keep one of them')
    ]


def test_json_is_yaml_even_with_tabs():
    assert values('{\n\t"a": [1, null],\n\t"b": "x\\ty"\n}') == [{"a": [1, None], "b": "x\ty"}]


def test_json_says_its_place_when_it_is_wrong():
    assert values('\n{"a": "\\ud83d\\ude00"}') == [{"a": "😀"}]
    assert mistakes('{"a": 1,\n "a": 2}') == [
        (2, 2, 'the key "a" stands twice: it is also on line 1; keep one of them')
    ]
    assert mistakes('{"a": [1\n}')[0][:2] == (2, 1)
    assert mistakes('{"a": "\\ud83d"}')[0][2].startswith("found invalid Unicode character escape code")
    assert mistakes('{"a": 1e400}')[0][2].startswith("1e400 cannot be read as !!float")
    assert values('{"a": NaN}') == [{"a": "NaN"}]
    assert mistakes('{"a":' * 500 + "1" + "}" * 500)[0][2].startswith(
        f"nested deeper than {MAX_DEPTH} levels"
    )


def test_anchors_and_merge_keys_work():
    assert values("a: &a {x: 1, z: 1}\nb:\n  <<: *a\n  z: 2\nc: *a") == [
        {"a": {"x": 1, "z": 1}, "b": {"x": 1, "z": 2}, "c": {"x": 1, "z": 1}}
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("a:\n\t- b", 2, 1, "a tab cannot indent YAML; use spaces"),
        ("a: b: c", 1, 5, "mapping values are not allowed in this context; put the text in quotes"),
        ("a: 1\n  b: 2", 2, 4, "mapping values are not allowed in this context; put the text in quotes"),
        (
            "a: [1,2\nb: 3",
            2,
            2,
            "did not find expected ',' or ']', while parsing a flow sequence that begins on line 1",
        ),
        ("a: @x", 1, 4, "a value cannot begin with @; put it in quotes"),
        ("a: *x", 1, 4, "found undefined alias; put the text in quotes if it begins with *"),
        ("ok: 1\na: \x01", 2, 4, "control characters are not allowed"),
        ("? [1]\n: 2", 1, 3, "found unhashable key"),
        ("a: .inf", 1, 4, ".inf cannot be read as !!float; put it in quotes if it is text"),
        ("a: 1e999", 1, 4, "1e999 cannot be read as !!float; put it in quotes if it is text"),
        ('{"a": 1%s}' % ("0" * 400), 1, 7, "1000"),
        ("a: !!int x", 1, 4, "x cannot be read as !!int"),
        ("a: !!bool x", 1, 4, "x cannot be read as !!bool"),
        ("a: !!binary aGk=", 1, 4, "JSON has no !!binary; write the value as text"),
        ("a: !!python/object:os.system x", 1, 4, "JSON has no !!python/object:os.system"),
        ("a: !mine x", 1, 4, "JSON has no !mine"),
        ("null: 3", 1, 1, "a key must be text; put it in quotes"),
        ("a: !!map [1]", 1, 4, "expected a mapping node, but found sequence"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_fix(text: str, line: int, column: int, message: str):
    (found,) = mistakes(text)
    assert found[:2] == (line, column)
    assert found[2].startswith(message)


def test_every_key_that_stands_twice_is_refused_with_both_lines():
    assert mistakes("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n---\nd: 1\nd: 2") == [
        (5, 1, 'the key "a" stands twice: it is also on line 1; keep one of them'),
        (4, 3, 'the key "c" stands twice: it is also on line 3; keep one of them'),
        (8, 1, 'the key "d" stands twice: it is also on line 7; keep one of them'),
    ]


@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000 + "a", "{a: " * 100_000])
def test_depth_is_bounded_before_anything_recurses(text: str):
    (found,) = mistakes(text)
    assert found[2] == f"nested deeper than {MAX_DEPTH} levels"


def test_aliases_cannot_multiply_without_bound():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
    )
    for text in (bomb, "a: &a [*a]"):
        (found,) = mistakes(text)
        assert found[2] == (
            f"nested deeper than {MAX_DEPTH} levels or larger than {MAX_VALUES} values, aliases expanded"
        )


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
)
TEXTS = st.text(st.characters(blacklist_categories=["Cs"]), max_size=10)
JSON = st.recursive(
    SCALARS | TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


@settings(deadline=None)
@given(JSON)
def test_what_json_writes_comes_back(value: Any):
    assert values(json.dumps({"key": value})) == [{"key": value}]


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_what_is_written_comes_back_here_and_in_readers_of_yaml_1_1(value: Any):
    text = format_yaml({"key": value})
    assert values(text) == [{"key": value}]
    assert yaml.safe_load(text) == {"key": value}


def test_written_text_is_sorted_and_quoted_where_a_reader_would_err():
    shared = {"x": 1}
    written = {"b": "1e3", "a": ["no", "22:22", "2026-08-01", "plain"], "d": shared, "c": shared}
    assert format_yaml(written) == (
        "a:\n- 'no'\n- '22:22'\n- '2026-08-01'\n- plain\nb: '1e3'\nc:\n  x: 1\nd:\n  x: 1\n"
    )


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab:-[]{}&*!|>'\"%@#?,.01 \t\n<"), max_size=40) | st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str):
    try:
        json.dumps(values(text))
    except YamlMistakes as error:
        assert all(one.line >= 1 and one.column >= 1 and one.message for one in error.mistakes)
