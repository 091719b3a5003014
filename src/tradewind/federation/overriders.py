"""The changes that an override rule makes to one object. Pure.

| overrider | without a match in the object |
|---|---|
| image (no predicate), command, args | nothing happens |
| image with a predicate, field, plaintext | an error |
| labels, annotations | `add` adds, `addIfAbsent` only what is missing, `replace` and `remove` skip |

Containers are found in Pods and what has a Pod template, as upstream, and also in InferenceServices (where
`model` is the container `kserve-container`) and serving runtimes, which upstream silently leaves alone.

Upstream: `pkg/util/overridemanager`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from tradewind.apiserver.json_patch import json_patch
from tradewind.federation.images import override_image
from tradewind.resources.meta import Manifest
from tradewind.resources.policy_types import (
    CommandArgsOverrider,
    FieldOverrider,
    ImageOverrider,
    LabelAnnotationOverrider,
    Overriders,
    PlaintextOverrider,
    SubPatchOperation,
)
from tradewind.resources.status import ApiError
from tradewind.resources.yaml_loader import YamlMistakes
from tradewind.resources.yaml_text import format_yaml, parse_yaml

MODEL_CONTAINER = "kserve-container"
ADD_IF_ABSENT = "addIfAbsent"
_POD_TEMPLATE_KINDS = ("ReplicaSet", "Deployment", "DaemonSet", "StatefulSet", "Job")
_POD_SPECS = {
    "Pod": "/spec",
    "ServingRuntime": "/spec",
    "ClusterServingRuntime": "/spec",
    **dict.fromkeys(_POD_TEMPLATE_KINDS, "/spec/template/spec"),
}
_COMPONENTS = ("predictor", "transformer", "explainer")


class DoesNotApply(Exception):
    """An overrider cannot be applied to an object: `field` is its place in the rule, `path` the place in the
    object ("" if it is about none), `why` the cause."""

    def __init__(self, field: str, path: str, why: str) -> None:
        super().__init__(f"{field}{f' ({path})' if path else ''}: {why}")
        self.field = field
        self.path = path
        self.why = why


def apply_overriders(manifest: Manifest, overriders: Overriders) -> Manifest:
    """The object after all overriders, in upstream's order of types. Raises DoesNotApply."""
    for field, overrider, change in _changes(overriders):
        try:
            manifest = change(manifest, overrider)
        except ApiError as error:
            raise DoesNotApply(field, getattr(overrider, "path", ""), error.message) from None
        except _Misfit as error:
            raise DoesNotApply(field, error.path, str(error)) from None
    return manifest


def containers_of(manifest: Manifest) -> Iterator[tuple[str, Manifest]]:
    """Each container with its JSON pointer and, in "name", its name."""
    if manifest.get("kind") == "InferenceService":
        for component in _COMPONENTS:
            yield from _containers_in(manifest, f"/spec/{component}")
            model = _at(manifest, ["spec", component, "model"])
            if isinstance(model, dict):
                yield f"/spec/{component}/model", {**model, "name": MODEL_CONTAINER}
    elif prefix := _POD_SPECS.get(manifest.get("kind", "")):
        yield from _containers_in(manifest, prefix)


class _Misfit(Exception):
    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


Change = Callable[[Manifest, Any], Manifest]


def _changes(overriders: Overriders) -> Iterator[tuple[str, Any, Change]]:
    for field, listed, change in (
        ("imageOverrider", overriders.image_overrider, _change_images),
        ("commandOverrider", overriders.command_overrider, _change_commands),
        ("argsOverrider", overriders.args_overrider, _change_args),
        ("labelsOverrider", overriders.labels_overrider, _change_labels),
        ("annotationsOverrider", overriders.annotations_overrider, _change_annotations),
        ("fieldOverrider", overriders.field_overrider, _change_field),
        ("plaintext", overriders.plaintext, _change_plaintext),
    ):
        for place, one in enumerate(listed):
            yield f"{field}[{place}]", one, change


def _change_images(manifest: Manifest, overrider: ImageOverrider) -> Manifest:
    if overrider.predicate:
        pointers = [overrider.predicate.path]
    else:
        pointers = [f"{at}/image" for at, container in containers_of(manifest) if container.get("image")]
    for pointer in pointers:
        image = _at(manifest, _parts(pointer))
        if not isinstance(image, str):
            raise _Misfit(
                pointer, "there is no text at this path of the object; name one that holds an image"
            )
        try:
            changed = override_image(image, overrider)
        except ValueError as error:
            raise _Misfit(pointer, str(error)) from None
        manifest = _patched(manifest, "replace", pointer, changed)
    return manifest


def _change_commands(manifest: Manifest, overrider: CommandArgsOverrider) -> Manifest:
    return _change_words(manifest, overrider, "command")


def _change_args(manifest: Manifest, overrider: CommandArgsOverrider) -> Manifest:
    return _change_words(manifest, overrider, "args")


def _change_words(manifest: Manifest, overrider: CommandArgsOverrider, field: str) -> Manifest:
    for at, container in containers_of(manifest):
        if container.get("name") != overrider.container_name:
            continue
        words = container.get(field) or []
        if overrider.operator == "add":
            changed = [*words, *overrider.value]
        else:
            changed = [word for word in words if word not in overrider.value]
        manifest = _patched(manifest, "add", f"{at}/{field}", changed)
    return manifest


def _change_labels(manifest: Manifest, overrider: LabelAnnotationOverrider) -> Manifest:
    return _change_map(manifest, overrider, "labels")


def _change_annotations(manifest: Manifest, overrider: LabelAnnotationOverrider) -> Manifest:
    return _change_map(manifest, overrider, "annotations")


def _change_map(manifest: Manifest, overrider: LabelAnnotationOverrider, field: str) -> Manifest:
    metadata = manifest.get("metadata") or {}
    before, value = metadata.get(field) or {}, overrider.value
    match overrider.operator:
        case "add":
            changed = before | value
        case "replace":
            changed = before | {key: one for key, one in value.items() if key in before}
        case "remove":
            changed = {key: one for key, one in before.items() if key not in value}
        case _:
            changed = value | before
    return {**manifest, "metadata": {**metadata, field: changed}}


def _change_field(manifest: Manifest, overrider: FieldOverrider) -> Manifest:
    pointer = overrider.field_path
    text = _at(manifest, _parts(pointer))
    if not isinstance(text, str):
        raise _Misfit(pointer, "there is no text at this path of the object; fieldPath must name one")
    try:
        if overrider.yaml_operations:
            changed = format_yaml(_patched_text(_yaml_value(text), overrider.yaml_operations))
        else:
            patched = _patched_text(msgspec.json.decode(text), overrider.json_operations)
            changed = msgspec.json.encode(patched, order="sorted").decode()
    except (YamlMistakes, msgspec.DecodeError) as error:
        raise _Misfit(pointer, f"the text there cannot be read: {error}") from None
    except ApiError as error:
        raise _Misfit(pointer, error.message) from None
    return _patched(manifest, "replace", pointer, changed)


def _yaml_value(text: str) -> Any:
    documents = parse_yaml(text)
    return documents[0].value if documents else None


def _patched_text(value: Any, operations: list[SubPatchOperation]) -> Any:
    patch = [_operation(one.operator, one.sub_path, one.value) for one in operations]
    return json_patch(value, patch)


def _change_plaintext(manifest: Manifest, overrider: PlaintextOverrider) -> Manifest:
    operator = overrider.operator
    if operator == ADD_IF_ABSENT:
        if _at(manifest, _parts(overrider.path)) is not None:
            return manifest
        operator = "add"
    return _patched(manifest, operator, overrider.path, overrider.value)


def _patched(manifest: Manifest, operator: str, pointer: str, value: Any) -> Manifest:
    changed = json_patch(manifest, [_operation(operator, pointer, value)])
    if not isinstance(changed, dict):
        raise _Misfit(pointer, "the object would be none any more")
    return changed


def _operation(operator: str, pointer: str, value: Any) -> Manifest:
    operation = {"op": operator, "path": pointer}
    return operation if operator == "remove" else operation | {"value": value}


def _containers_in(manifest: Manifest, prefix: str) -> Iterator[tuple[str, Manifest]]:
    found = _at(manifest, [*_parts(prefix), "containers"])
    for place, container in enumerate(found if isinstance(found, list) else []):
        yield f"{prefix}/containers/{place}", container


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _at(value: Any, path: list[str]) -> Any:
    """What is at a path; None when there is nothing."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value
