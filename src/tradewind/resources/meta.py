"""What every Kubernetes object has: metadata, conditions, selectors, and the way to and from JSON.

Objects travel as plain dictionaries (`Manifest`) and are decided upon as frozen structs. A struct
names fields as Python does (`resource_version`); on the wire they are camel case. A field at its
default is absent on the wire, as in Kubernetes; one that Kubernetes always writes is declared with `always`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, dataclass_transform

import msgspec

from tradewind.resources.schema import ATOMIC, VALUE_SET, keyed

Manifest = dict[str, Any]


def always(*, default: Any, name: str | None = None) -> Any:
    """A field that is on the wire even at its default, as Go writes one that is not `omitempty`.

    Clients made from Kubernetes' OpenAPI refuse an object that lacks such a field, for example the `ready`
    of a container that is not. (msgspec leaves out defaults, but cannot know what a factory makes.)
    """
    return msgspec.field(default_factory=lambda: type(default)(default), name=name)


if TYPE_CHECKING:
    # A checker takes a subclass of a frozen msgspec.Struct for a mutable one; this says that it is not.
    @dataclass_transform(field_specifiers=(msgspec.field, always), kw_only_default=True, frozen_default=True)
    class Struct:
        """Base of every typed part of an object: frozen, camel case on the wire, defaults left out."""
else:

    class Struct(
        msgspec.Struct,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        rename="camel",
        repr_omit_defaults=True,
    ):
        """Base of every typed part of an object: frozen, camel case on the wire, defaults left out."""


class OwnerReference(Struct):
    """Who an object belongs to; when the owner goes, the object goes."""

    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Struct):
    """metadata/v1 ObjectMeta. Times are RFC 3339 text in UTC."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    deletion_grace_period_seconds: int | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: Annotated[list[Annotated[OwnerReference, ATOMIC]], keyed("uid")] = []
    finalizers: Annotated[list[str], VALUE_SET] = []
    managed_fields: list[dict[str, Any]] = []
    self_link: str = ""


class Condition(Struct):
    """A condition as both metav1 and Knative write it; `status` is "True", "False" or "Unknown"."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    severity: str = ""
    last_transition_time: str | None = None
    observed_generation: int = 0


class LabelSelectorRequirement(Struct):
    """One expression of a label selector."""

    key: str
    operator: str
    values: list[str] = []


class LabelSelector(Struct):
    """metav1 LabelSelector: all of `match_labels` and all of `match_expressions`; empty selects all."""

    match_labels: dict[str, str] = {}
    match_expressions: list[LabelSelectorRequirement] = []


class Object(Struct):
    """What every kind is made of. Subclasses add `spec`, `status` and the like."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta = ObjectMeta()


ObjectT = TypeVar("ObjectT", bound=Struct)


def decode(manifest: Any, struct: type[ObjectT]) -> ObjectT:
    """The typed form of a manifest that the API server has accepted; unknown fields are dropped.

    Raises msgspec.ValidationError when a value has the wrong type.
    """
    return msgspec.convert(manifest, struct)


def encode(value: Struct) -> Manifest:
    """The wire form: camel case, defaults left out, safe to change by the caller."""
    return msgspec.to_builtins(value)  # type: ignore[no-any-return]


def replace(value: ObjectT, /, **changes: Any) -> ObjectT:
    """A copy of `value` with some fields changed."""
    return msgspec.structs.replace(value, **changes)  # type: ignore[type-var]


def owner_reference(owner: Object) -> OwnerReference:
    """A controlling reference to `owner`, which must have been read from the API (uid set)."""
    return OwnerReference(
        api_version=owner.api_version,
        kind=owner.kind,
        name=owner.metadata.name,
        uid=owner.metadata.uid,
        controller=True,
        block_owner_deletion=True,
    )


ConditionT = TypeVar("ConditionT", bound=Condition)


def condition_of(conditions: Sequence[ConditionT], type_: str) -> ConditionT | None:
    """The condition of this type, if there is one."""
    return next((condition for condition in conditions if condition.type == type_), None)


def is_true(conditions: Sequence[Condition], type_: str) -> bool:
    """Whether the condition of this type is there and True."""
    condition = condition_of(conditions, type_)
    return condition is not None and condition.status == "True"


def selects(selector: LabelSelector | None, labels: dict[str, str]) -> bool:
    """Whether a label selector matches; None matches everything, an unknown operator nothing."""
    if selector is None:
        return True
    if any(labels.get(key) != value for key, value in selector.match_labels.items()):
        return False
    return all(_holds(expression, labels) for expression in selector.match_expressions)


def _holds(expression: LabelSelectorRequirement, labels: dict[str, str]) -> bool:
    value = labels.get(expression.key)
    match expression.operator:
        case "In":
            return value in expression.values
        case "NotIn":
            return value not in expression.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
