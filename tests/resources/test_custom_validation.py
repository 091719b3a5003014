"""Values against JSON schemas, in kube-apiserver's words (kube-openapi `pkg/validation`)."""

import pytest

from tradewind.resources.custom_validation import schema_problems

CASES = {
    "a type": (
        {"type": "integer"},
        "x",
        ['a: Invalid value: "string": a in body must be of type integer: "string"'],
    ),
    "an integer is a number": ({"type": "number"}, 3, []),
    "a number without a fraction is an integer": ({"type": "integer"}, 3.0, []),
    "a number with a fraction is none": (
        {"type": "integer"},
        3.5,
        ['a: Invalid value: "number": a in body must be of type integer: "number"'],
    ),
    "true is no integer": (
        {"type": "integer"},
        True,
        ['a: Invalid value: "boolean": a in body must be of type integer: "boolean"'],
    ),
    "an integer of more than 64 bits is none": (
        {"type": "integer"},
        2**70,
        ['a: Invalid value: "number": a in body must be of type integer: "number"'],
    ),
    "null": (
        {"type": "string"},
        None,
        ['a: Invalid value: "null": a in body must be of type string: "null"'],
    ),
    "null where it may be": ({"type": "string", "nullable": True}, None, []),
    "int-or-string takes both": ({"x-kubernetes-int-or-string": True}, "80%", []),
    "int-or-string takes nothing else": (
        {"x-kubernetes-int-or-string": True},
        True,
        ['a: Invalid value: "boolean": a in body must be of type integer,string: "boolean"'],
    ),
    "an enumeration": (
        {"type": "string", "enum": ["x", "y"]},
        "z",
        ['a: Unsupported value: "z": supported values: "x", "y"'],
    ),
    "1 is not true": ({"enum": [True]}, 1, ['a: Unsupported value: 1: supported values: "true"']),
    "a pattern is searched for": ({"type": "string", "pattern": "b+"}, "abc", []),
    "a pattern": (
        {"type": "string", "pattern": "^b+$"},
        "abc",
        ["a: Invalid value: \"abc\": a in body should match '^b+$'"],
    ),
    "a pattern that would take a backtracking matcher for ever": (
        {"type": "string", "pattern": "^(a+)+$"},
        "a" * 5000 + "b",
        [f"a: Invalid value: \"{'a' * 58}…: a in body should match '^(a+)+$'"],
    ),
    "too short": (
        {"type": "string", "minLength": 3},
        "ab",
        ['a: Invalid value: "ab": a in body should be at least 3 chars long'],
    ),
    "too long": ({"type": "string", "maxLength": 1}, "ab", ["a: Too long: may not be more than 1 bytes"]),
    "length is counted in characters": ({"type": "string", "maxLength": 1}, "é", []),
    "too small": (
        {"type": "integer", "minimum": 2},
        1,
        ["a: Invalid value: 1: a in body should be greater than or equal to 2"],
    ),
    "too large": (
        {"type": "integer", "maximum": 2},
        3,
        ["a: Invalid value: 3: a in body should be less than or equal to 2"],
    ),
    "not larger": (
        {"type": "number", "minimum": 2, "exclusiveMinimum": True},
        2,
        ["a: Invalid value: 2: a in body should be greater than 2"],
    ),
    "not smaller": (
        {"type": "number", "maximum": 2, "exclusiveMaximum": True},
        2,
        ["a: Invalid value: 2: a in body should be less than 2"],
    ),
    "no multiple": (
        {"type": "number", "multipleOf": 0.1},
        0.35,
        ["a: Invalid value: 0.35: a in body should be a multiple of 0.1"],
    ),
    "a multiple that floats cannot tell": ({"type": "number", "multipleOf": 0.1}, 0.3, []),
    "more than 32 bits": (
        {"type": "integer", "format": "int32"},
        2**31,
        ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a'],
    ),
    "a format": (
        {"type": "string", "format": "ipv4"},
        "1.2.3",
        ['a: Invalid value: "1.2.3": a in body must be of type ipv4: "1.2.3"'],
    ),
    "a format that nobody knows": ({"type": "string", "format": "colour"}, "x", []),
    "too few items": (
        {"type": "array", "minItems": 1},
        [],
        ["a: Invalid value: 0: a in body should have at least 1 items"],
    ),
    "too many items": (
        {"type": "array", "maxItems": 1},
        [1, 2],
        ["a: Too many: 2: must have at most 1 items"],
    ),
    "items": (
        {"type": "array", "items": {"type": "string"}},
        ["x", 1],
        ['a[1]: Invalid value: "integer": a[1] in body must be of type string: "integer"'],
    ),
    "too few properties": (
        {"type": "object", "minProperties": 1},
        {},
        ["a: Invalid value: 0: a in body should have at least 1 properties"],
    ),
    "too many properties": (
        {"type": "object", "maxProperties": 0},
        {"x": 1},
        ["a: Too many: 1: must have at most 0 items"],
    ),
    "missing": ({"type": "object", "required": ["x", "y"]}, {"x": 1}, ["a.y: Required value"]),
    "a map's values": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"x": "1"},
        ['a.x: Invalid value: "string": a.x in body must be of type integer: "string"'],
    ),
    "none of anyOf": (
        {"anyOf": [{"type": "string"}, {"type": "integer"}]},
        True,
        [
            '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
            'a: Invalid value: "boolean": a in body must be of type string: "boolean"',
        ],
    ),
    "both of oneOf": (
        {"oneOf": [{"required": ["x"]}, {"required": ["y"]}]},
        {"x": 1, "y": 1},
        [
            '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). '
            "Found 2 valid alternatives"
        ],
    ),
    "none of oneOf": (
        {"oneOf": [{"required": ["x"]}, {"required": ["y"]}]},
        {},
        [
            '<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found none valid',
            "a.x: Required value",
        ],
    ),
    "one of allOf fails": (
        {"allOf": [{"minimum": 5}, {"maximum": 9}]},
        3,
        [
            "a: Invalid value: 3: a in body should be greater than or equal to 5",
            '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)',
        ],
    ),
    "not": (
        {"not": {"enum": ["x"]}},
        "x",
        ['<nil>: Invalid value: "": "a" must not validate the schema (not)'],
    ),
    "all at once": (
        {"type": "object", "required": ["z"], "properties": {"x": {"type": "string"}, "y": {"minimum": 1}}},
        {"x": 1, "y": 0},
        [
            'a.x: Invalid value: "integer": a.x in body must be of type string: "integer"',
            "a.y: Invalid value: 0: a.y in body should be greater than or equal to 1",
            "a.z: Required value",
        ],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_value_is_told_what_is_wrong_with_it(name: str):
    schema, value, expected = CASES[name]
    assert [str(problem) for problem in schema_problems(value, schema, "a")] == expected


def test_problems_are_bounded():
    many = schema_problems(list(range(10_000)), {"type": "array", "items": {"type": "string"}})
    assert len(many) == 50


FORMATS = {
    "byte": ("aGk=", "hi!"),
    "cidr": ("10.0.0.0/8", "10.0.0.0"),
    "creditcard": ("4111 1111 1111 1111", "4111 1111 1111 1112"),
    "date": ("2026-01-31", "2026-02-30"),
    "date-time": ("2026-01-31T10:00:00Z", "2026-01-31 10:00:00"),
    "duration": ("1h30m", "soon"),
    "email": ("a@example.com", "a"),
    "hexcolor": ("#fff", "#ffff"),
    "hostname": ("a.example.com", "-a"),
    "ipv4": ("1.2.3.4", "1.2.3.256"),
    "ipv6": ("::1", ":::1"),
    "isbn": ("978-0321751041", "978-0321751042"),
    "mac": ("00:1b:63:84:45:e6", "00:1b:63"),
    "rgbcolor": ("rgb(1, 2, 255)", "rgb(1,2,256)"),
    "ssn": ("111-22-3333", "111"),
    "uri": ("https://example.com/a", "example"),
    "uuid": ("9f0f1b0c-5ad0-4c0a-8c4e-0d2f0f0b1a11", "9f0f"),
    "uuid4": ("9f0f1b0c-5ad0-4c0a-8c4e-0d2f0f0b1a11", "9f0f1b0c-5ad0-1c0a-8c4e-0d2f0f0b1a11"),
    "k8s-short-name": ("a-b", "A"),
    "k8s-long-name": ("a.b", "a..b"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_checked(name: str):
    good, bad = FORMATS[name]
    schema = {"type": "string", "format": name}
    assert schema_problems(good, schema, "a") == []
    assert [one.path for one in schema_problems(bad, schema, "a")] == ["a"]
