"""Placeholders in a runtime's container: `{{.Name}}`, `{{.Namespace}}`, and labels and annotations.

Upstream renders the container with Go's html/template, which also turns `+ & < > ' "` of a value into
HTML entities. That is not imitated: values are put in as they are.
"""

import re
from typing import Any

from tradewind.resources.meta import ObjectMeta
from tradewind.serving.errors import INVALID_PREDICTOR_SPEC, InvalidService

PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
ALLOWED = "{{.Name}}, {{.Namespace}}, {{.Labels.KEY}} and {{.Annotations.KEY}}"
_IN_MAP = re.compile(r'(?:\.(Labels|Annotations)\.(\w+)|index\s+\.(Labels|Annotations)\s+"([^"]*)")')


def fill_placeholders(value: Any, metadata: ObjectMeta) -> Any:
    """A copy of JSON data with every placeholder in its texts replaced.

    A label or annotation that is not there becomes "". Raises InvalidService for any other placeholder.
    """
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: _value(match[1].strip(), metadata), value)
    if isinstance(value, list):
        return [fill_placeholders(one, metadata) for one in value]
    if isinstance(value, dict):
        return {name: fill_placeholders(one, metadata) for name, one in value.items()}
    return value


def _value(placeholder: str, metadata: ObjectMeta) -> str:
    match placeholder:
        case ".Name":
            return metadata.name
        case ".Namespace":
            return metadata.namespace
    found = _IN_MAP.fullmatch(placeholder)
    if found is None:
        raise InvalidService(
            INVALID_PREDICTOR_SPEC,
            f"the placeholder {{{{{placeholder}}}}} in the container is unknown: use {ALLOWED}",
        )
    texts = metadata.labels if "Labels" in (found[1], found[3]) else metadata.annotations
    return texts.get(found[2] if found[1] else found[4], "")
