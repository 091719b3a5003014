"""Which CustomResourceDefinitions are accepted, in apiextensions-apiserver's words, and their status."""

from typing import Any

import pytest

from tests.resources.custom_objects import SCALE, definition, schema, version
from tradewind.resources.custom_checks import check_definition_update
from tradewind.resources.custom_definition import CUSTOM_RESOURCE_DEFINITION, with_status
from tradewind.resources.custom_types import CustomResourceDefinition
from tradewind.resources.meta import decode
from tradewind.resources.serving_kinds import INFERENCE_SERVICE
from tradewind.resources.validate import check

AT = "spec.versions[0].schema.openAPIV3Schema"


def problems(manifest: dict[str, Any]) -> list[str]:
    return [
        str(one) for one in check(CUSTOM_RESOURCE_DEFINITION.default(manifest), CUSTOM_RESOURCE_DEFINITION)
    ]


def with_spec(spec: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A definition whose objects have this schema for their spec."""
    return definition(version(spec=spec, **more))


def with_root(**root: Any) -> dict[str, Any]:
    made = definition(version(subresources={}))
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = root
    return made


def changed(**spec: Any) -> dict[str, Any]:
    made = definition()
    made["spec"] |= spec
    return made


def field(**one: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": one}}


X = f"{AT}.properties[spec].properties[x]"


def test_a_definition_is_defaulted_and_accepted():
    manifest = CUSTOM_RESOURCE_DEFINITION.default(definition())
    assert manifest["spec"]["names"]["singular"] == "widget"
    assert manifest["spec"]["names"]["listKind"] == "WidgetList"
    assert manifest["spec"]["conversion"] == {"strategy": "None"}
    assert check(manifest, CUSTOM_RESOURCE_DEFINITION) == []


DEFINITIONS = {
    "a name that does not fit": (
        definition() | {"metadata": {"name": "gadgets.example.com"}},
        ['metadata.name: Invalid value: "gadgets.example.com": must be spec.names.plural+"."+spec.group'],
    ),
    "no scope": (changed(scope=""), ["spec.scope: Required value"]),
    "another scope": (
        changed(scope="Global"),
        ['spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"'],
    ),
    "two storage versions": (
        definition(version(), version("v2")),
        ["spec.versions: Invalid value: […]: must have exactly one version marked as storage version"],
    ),
    "no storage version": (
        definition(version(storage=False)),
        ["spec.versions: Invalid value: […]: must have exactly one version marked as storage version"],
    ),
    "one version twice": (
        definition(version(), version(storage=False)),
        ["spec.versions: Invalid value: […]: must contain unique version names"],
    ),
    "no schema": (
        definition(version(schema=None)),
        ["spec.versions[0].schema.openAPIV3Schema: Required value"],
    ),
    "a webhook for conversion": (
        changed(conversion={"strategy": "Webhook", "webhook": {}}),
        [
            'spec.conversion.strategy: Invalid value: "Webhook": conversion webhooks are not supported here; '
            "use strategy None, which changes only apiVersion, and keep the versions' schemas compatible"
        ],
    ),
    "unknown fields for all": (
        changed(preserveUnknownFields=True),
        [
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true, set "
            "x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead"
        ],
    ),
    "kind and list alike": (
        definition(listKind="Widget"),
        ['spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
    ),
    "a column of no type": (
        definition(version(additionalPrinterColumns=[{"name": "A", "type": "text", "jsonPath": "a"}])),
        [
            'spec.versions[0].additionalPrinterColumns[0].type: Invalid value: "text": must be one of '
            "boolean,date,integer,number,string",
            'spec.versions[0].additionalPrinterColumns[0].jsonPath: Invalid value: "a": must be a '
            "simple json "
            "path starting with .",
        ],
    ),
    "a scale that is elsewhere": (
        definition(version(subresources={"scale": SCALE | {"specReplicasPath": ".status.replicas"}})),
        [
            "spec.versions[0].subresources.scale.specReplicasPath: Invalid value: "
            '".status.replicas": should be a json path under .spec'
        ],
    ),
    "a warning of nothing deprecated": (
        definition(version(deprecationWarning="old")),
        [
            'spec.versions[0].deprecationWarning: Invalid value: "old": can only be set for deprecated '
            "versions"
        ],
    ),
    "a field that cannot be selected": (
        definition(version(selectableFields=[{"jsonPath": ".spec.parts"}])),
        [
            'spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.parts": must point '
            "to a field "
            "of type string, boolean or integer. Enum string fields and strings with formats are allowed."
        ],
    ),
    "a group of Kubernetes": (
        definition(group="a.k8s.io"),
        [
            "metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have "
            "approval annotation, see https://github.com/kubernetes/enhancements/pull/1111"
        ],
    ),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_definition_is_told_what_is_wrong_with_it(name: str):
    manifest, expected = DEFINITIONS[name]
    assert problems(manifest) == expected


SCHEMAS = {
    "a keyword that does not exist": (
        with_spec(field(type="string", patern="a")),
        [f'{X}.patern: unknown field "patern"; did you mean "pattern"?'],
    ),
    "a keyword of the wrong type": (
        with_spec(field(type="string", maxLength="3")),
        [f'{X}.maxLength: Invalid value: "3": must be an integer'],
    ),
    "no type": (
        with_spec(field(description="d")),
        [f"{X}.type: Required value: must not be empty for specified object fields"],
    ),
    "another type": (
        with_spec(field(type="text")),
        [
            f'{X}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", '
            '"number", '
            '"object", "string"'
        ],
    ),
    "a list of nothing": (with_spec(field(type="array")), [f"{X}.items: Required value: must be specified"]),
    "a root that is no object": (
        with_root(type="string"),
        [f'{AT}.type: Invalid value: "string": must be object at the root'],
    ),
    "free fields at the root": (
        with_root(type="object", additionalProperties={"type": "string"}),
        [f"{AT}.additionalProperties: Forbidden: must not be used at the root"],
    ),
    "fields and a map at once": (
        with_spec({**field(type="string"), "additionalProperties": {"type": "string"}}),
        [
            f"{AT}.properties[spec].additionalProperties: Forbidden: additionalProperties and properties are "
            "mutual exclusive"
        ],
    ),
    "a reference": (
        with_spec(field(type="string", **{"$ref": "#/a"})),
        [f"{X}.$ref: Forbidden: $ref is not supported"],
    ),
    "unique items": (
        with_spec(field(type="array", items={"type": "string"}, uniqueItems=True)),
        [
            f"{X}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity "
            "becomes quadratic"
        ],
    ),
    "a pattern that is none": (
        with_spec(field(type="string", pattern="(?=a)")),
        [
            f'{X}.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn\'t: invalid '
            "regular expression: invalid perl operator: (?="
        ],
    ),
    "a default that is invalid": (
        with_spec(field(type="integer", minimum=3, default=1)),
        [
            f"{X}.default: Invalid value: 1: {X}.default in body should be greater than or equal to 3",
        ],
    ),
    "a type inside of anyOf": (
        with_spec(field(type="string", anyOf=[{"type": "string", "minLength": 1}])),
        [f"{X}.anyOf[0].type: Forbidden: must be empty to be structural"],
    ),
    "a field only inside of anyOf": (
        with_spec({"type": "object", "properties": {}, "anyOf": [{"properties": {"x": {"minimum": 1}}}]}),
        [
            f"{AT}.properties[spec].properties[x]: Required value: because it is defined in "
            f"{AT}.properties[spec].anyOf[0].properties[x]"
        ],
    ),
    "int-or-string as upstream writes it": (
        with_spec(
            field(**{"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]})
        ),
        [],
    ),
    "more of metadata than names": (
        with_root(
            type="object",
            properties={"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}},
        ),
        [
            f"{AT}.properties[metadata]: Forbidden: must not specify anything other than name and "
            "generateName, "
            "but metadata is implicitly specified"
        ],
    ),
    "a map of items without keys": (
        with_spec(field(type="array", items={"type": "object"}, **{"x-kubernetes-list-type": "map"})),
        [
            f"{X}.x-kubernetes-list-map-keys: Required value: must not be empty if "
            "x-kubernetes-list-type is map"
        ],
    ),
    "a key that may be missing": (
        with_spec(
            field(
                type="array",
                items={"type": "object", "properties": {"k": {"type": "string"}}},
                **{"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]},
            )
        ),
        [
            f"{X}.items.properties[k].default: Required value: this property is in "
            "x-kubernetes-list-map-keys, "
            "so it must have a default or be a required property"
        ],
    ),
    "a list type of what is no list": (
        with_spec(field(type="string", **{"x-kubernetes-list-type": "set"})),
        [f'{X}.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified'],
    ),
    "a format that nobody checks": (
        with_spec(field(type="string", format="colour")),
        [f'{X}.format: unrecognized format "colour"'],
    ),
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_told_what_is_wrong_with_it(name: str):
    manifest, expected = SCHEMAS[name]
    assert problems(manifest) == expected


def rule(text: str, **more: Any) -> dict[str, Any]:
    return with_spec(
        {
            "type": "object",
            "properties": {
                "size": {"type": "integer"},
                "names": {"type": "array", "items": {"type": "string"}},
            },
            "x-kubernetes-validations": [{"rule": text, **more}],
        }
    )


RULE = f"{AT}.properties[spec].x-kubernetes-validations[0]"
RULES = {
    "no rule": (rule(" "), [f"{RULE}.rule: Required value: rule is not specified"]),
    "a rule that is no expression": (rule("self.size >"), [f"{RULE}.rule: Invalid value", "Syntax error"]),
    "a function that does not exist": (rule("isPrime(self.size)"), ["undeclared reference to 'isPrime'"]),
    "a field that does not exist": (rule("self.sise > 1"), ["compilation failed", "undefined field 'sise'"]),
    "a rule that is no condition": (rule("size(self.names)"), ["cel expression must evaluate to a bool"]),
    "a message that is no text": (
        rule("self.size > 1", messageExpression="1 + 1"),
        [f"{RULE}.messageExpression", "cel expression must evaluate to a string"],
    ),
    "a reason that does not exist": (
        rule("self.size > 1", reason="Bad"),
        [f"{RULE}.reason: Unsupported value"],
    ),
    "a path that does not exist": (
        rule("self.size > 1", fieldPath=".sise"),
        [f'{RULE}.fieldPath: Invalid value: ".sise": must be a valid path'],
    ),
    "lines without a message": (
        rule("self.size > 1 &&\nself.size < 3"),
        [f"{RULE}.message: Required value: message must be specified if rule contains line breaks"],
    ),
    "an optional old value": (
        rule("self.size > 1", optionalOldSelf=True),
        [f"{RULE}.optionalOldSelf: Invalid"],
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_cannot_run_is_refused_with_the_reason(name: str):
    manifest, expected = RULES[name]
    (said,) = problems(manifest)
    assert all(part in said for part in expected), said


def test_items_that_cannot_be_told_apart_have_no_old_value():
    item = {"type": "integer", "x-kubernetes-validations": [{"rule": "self >= oldSelf"}]}
    (said,) = problems(with_spec(field(type="array", items=item)))
    assert f"oldSelf cannot be used on the uncorrelatable portion of the schema within {X}" in said


def test_what_objects_are_stored_under_cannot_be_changed():
    old = with_status(CUSTOM_RESOURCE_DEFINITION.default(definition()), [], [], 0)
    new = CUSTOM_RESOURCE_DEFINITION.default(definition(version("v2"), kind="Gadget"))
    new["spec"]["scope"] = "Cluster"
    assert [str(one) for one in check_definition_update(new, old)] == [
        'spec.scope: Invalid value: "Cluster": field is immutable',
        'spec.names.kind: Invalid value: "Gadget": field is immutable',
        'status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was '
        "previously a storage "
        "version, and must remain in spec.versions until a storage migration ensures no data "
        "remains persisted "
        "in v1 and removes v1 from status.storedVersions",
    ]


def accepted(manifest: dict[str, Any], *others: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Accepted names and conditions by type, as (status, reason, message)."""
    typed = [decode(one, CustomResourceDefinition) for one in others]
    defaulted = CUSTOM_RESOURCE_DEFINITION.default(manifest)
    status = with_status(defaulted, typed, [INFERENCE_SERVICE], 0)["status"]
    told = {one["type"]: (one["status"], one["reason"], one["message"]) for one in status["conditions"]}
    return status["acceptedNames"], told


def test_free_names_are_accepted_at_once():
    names, told = accepted(definition())
    assert names["shortNames"] == ["wi"]
    assert told == {
        "NamesAccepted": ("True", "NoConflicts", "no conflicts found"),
        "Established": ("True", "InitialNamesAccepted", "the initial names have been accepted"),
    }


def test_names_of_another_definition_of_the_group_are_not_given_away():
    first = with_status(CUSTOM_RESOURCE_DEFINITION.default(definition()), [], [], 0)
    names, told = accepted(definition(plural="gadgets", kind="Widget", shortNames=["wi", "ga"]), first)
    assert "kind" not in names and "shortNames" not in names
    assert names["plural"] == "gadgets"
    assert told["NamesAccepted"] == ("False", "ListKindConflict", '"WidgetList" is already in use')
    assert told["Established"] == ("False", "NotAccepted", "not all names are accepted")
    _, elsewhere = accepted(definition(plural="gadgets", kind="Widget", group="other.com"), first)
    assert elsewhere["NamesAccepted"][0] == "True"


def test_a_built_in_kind_is_never_shadowed():
    _, told = accepted(
        definition(plural="inferenceservices", group="serving.kserve.io", kind="InferenceService")
    )
    assert told["NamesAccepted"][:2] == ("False", "ListKindConflict")
    assert told["Established"][0] == "False"


def test_a_definition_that_is_established_stays_so_and_its_status_is_stable():
    stored = with_status(CUSTOM_RESOURCE_DEFINITION.default(definition()), [], [], 0)
    assert with_status(stored, [], [], 5_000) == stored
    added = {**stored, "spec": {**stored["spec"], "versions": [version(storage=False), version("v2")]}}
    assert with_status(added, [], [], 5_000)["status"]["storedVersions"] == ["v1", "v2"]


def test_what_needs_a_status_of_its_own_says_nothing_about_the_whole_object():
    made = definition()
    made["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema(oneOf=[{"required": ["spec"]}])
    assert any("status subresource is enabled" in one for one in problems(made))
