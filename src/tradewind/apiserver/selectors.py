"""Label and field selectors: from their text to a yes or no for each object. Pure.

Grammar and errors as apimachinery `labels.Parse` and `fields.ParseSelector`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import LabelSelector, LabelSelectorRequirement, selects
from tradewind.resources.status import bad_request
from tradewind.resources.syntax import label_value_problem, qualified_name_problem
from tradewind.store.entries import Entry

# Which fields besides metadata.name and metadata.namespace a selector may ask for, by resource, as upstream.
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
}

_LABEL_TERM = re.compile(
    r"\s*(?:"
    r"(?P<absent>!)\s*(?P<absent_key>[^\s=!,()]+)"
    r"|(?P<set_key>[^\s=!,()]+)\s+(?P<set>in|notin)\s*\((?P<values>[^()]*)\)"
    r"|(?P<key>[^\s=!,()]+)\s*(?:(?P<operator>==|=|!=)\s*(?P<value>[^\s=!,()]*))?"
    r")\s*(?:,|$)"
)
_FIELD_TERM = re.compile(r"(?P<field>[^=!,\\]+)(?P<operator>==|=|!=)(?P<value>(?:\\[\\,=]|[^\\,=])*)(?:,|$)")


ALL_LABELS = LabelSelector()


@dataclass(frozen=True)
class FieldTerm:
    """One condition of a field selector."""

    field: str
    value: str
    equal: bool = True


@dataclass(frozen=True)
class Selection:
    """Which objects of a list or watch are wanted: all that fit both selectors."""

    labels: LabelSelector = ALL_LABELS
    fields: tuple[FieldTerm, ...] = ()

    @property
    def name(self) -> str:
        """The only name that can fit, "" when several can."""
        return next((term.value for term in self.fields if term.field == "metadata.name" and term.equal), "")

    def matches(self, entry: Entry) -> bool:
        """Whether an object is wanted."""
        if self.fields and not _fields_hold(self.fields, entry):
            return False
        if not self.labels.match_expressions:
            return True
        return selects(self.labels, _decode_labels(entry.data).metadata.labels)


EVERYTHING = Selection()


class _Labels(msgspec.Struct, frozen=True):
    labels: dict[str, str] = {}


class _Labelled(msgspec.Struct, frozen=True):
    metadata: _Labels = _Labels()


_decode_labels: Callable[[bytes], _Labelled] = msgspec.json.Decoder(_Labelled).decode


def parse_selection(kind: Kind, label_selector: str = "", field_selector: str = "") -> Selection:
    """The selection that a request's two selectors ask for. 400 when one is malformed."""
    labels = LabelSelector(match_expressions=parse_labels(label_selector))
    return Selection(labels, parse_fields(kind, field_selector))


def parse_labels(text: str) -> list[LabelSelectorRequirement]:
    """The requirements of a label selector: `a=b`, `a!=b`, `a in (b, c)`, `a notin (b)`, `a`, `!a`."""
    if not text.strip():
        return []
    requirements = []
    at = 0
    while at < len(text):
        term = _LABEL_TERM.match(text, at)
        if term is None or term.end() == at:
            raise bad_request(f"unable to parse requirement: {text[at:]!r} of the label selector {text!r}")
        requirements.append(_requirement(term, text))
        at = term.end()
    if text.rstrip().endswith(","):
        raise bad_request(f"unable to parse requirement: the label selector {text!r} ends with a comma")
    return requirements


def _requirement(term: re.Match[str], text: str) -> LabelSelectorRequirement:
    if term["absent"]:
        key, operator, values = term["absent_key"], "DoesNotExist", []
    elif term["set"]:
        values = [value.strip() for value in term["values"].split(",")]
        key, operator = term["set_key"], "In" if term["set"] == "in" else "NotIn"
    elif term["operator"]:
        values = [term["value"]]
        key, operator = term["key"], "NotIn" if term["operator"] == "!=" else "In"
    else:
        key, operator, values = term["key"], "Exists", []
    problem = qualified_name_problem(key) or next(filter(None, map(label_value_problem, values)), "")
    if problem:
        raise bad_request(f"unable to parse requirement: {problem} (in the label selector {text!r})")
    return LabelSelectorRequirement(key=key, operator=operator, values=values)


def parse_fields(kind: Kind, text: str) -> tuple[FieldTerm, ...]:
    """The terms of a field selector: `a=b`, `a==b`, `a!=b`, with a backslash before `\\`, `,` and `=`."""
    terms = []
    at = 0
    while at < len(text):
        found = _FIELD_TERM.match(text, at)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{text[at:]}'")
        value = re.sub(r"\\(.)", r"\1", found["value"])
        terms.append(FieldTerm(found["field"].strip(), value, found["operator"] != "!="))
        at = found.end()
    for term in terms:
        _check_field(kind, term.field)
    return tuple(terms)


def _check_field(kind: Kind, field: str) -> None:
    allowed = ("metadata.name", "metadata.namespace", *_FIELDS.get(kind.resource, ()), *kind.selectable)
    if field in allowed:
        return
    if kind.resource not in _FIELDS and (not kind.group or kind.group.endswith(".k8s.io")):
        known = ", ".join(f'"{one}"' for one in allowed)
        raise bad_request(f'"{field}" is not a known field selector: only {known}')
    raise bad_request(f"field label not supported: {field}; {kind.plural} have {', '.join(allowed)}")


def _fields_hold(terms: tuple[FieldTerm, ...], entry: Entry) -> bool:
    manifest: Any = None
    for term in terms:
        if term.field == "metadata.name":
            value = entry.key.name
        elif term.field == "metadata.namespace":
            value = entry.key.namespace
        else:
            manifest = manifest or msgspec.json.decode(entry.data)
            value = _field_text(manifest, term.field)
        if (value == term.value) != term.equal:
            return False
    return True


def _field_text(manifest: Any, field: str) -> str:
    """A field as a selector sees it: "" when absent, booleans in lower case."""
    if field == "source":
        field = "source.component"
    value = manifest
    for name in field.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if field == "spec.unschedulable":
        return "true" if value else "false"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
