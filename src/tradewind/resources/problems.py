"""What is wrong with a manifest: every problem at once, each with its path and its fix."""

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """What a problem does to a write: an error refuses it, a warning is told to the user."""

    ERROR = "error"
    WARNING = "warning"


class Cause(Enum):
    """metav1 CauseType, the reason given for one field in `Status.details.causes`."""

    REQUIRED = "FieldValueRequired"
    INVALID = "FieldValueInvalid"
    TYPE = "FieldValueTypeInvalid"
    UNKNOWN = "FieldValueUnknown"  # a field name that the kind does not have
    NOT_SUPPORTED = "FieldValueNotSupported"
    FORBIDDEN = "FieldValueForbidden"
    DUPLICATE = "FieldValueDuplicate"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"


@dataclass(frozen=True)
class Problem:
    """One finding. `path` is like `spec.predictor.model.storageUri` or `spec.rules[0].weight`;
    `message` names the value, what is allowed and what to do."""

    path: str
    message: str
    cause: Cause = Cause.INVALID
    level: Level = Level.ERROR

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def warning(path: str, message: str) -> Problem:
    """A finding that does not refuse the write."""
    return Problem(path, message, Cause.INVALID, Level.WARNING)


def errors(problems: list[Problem]) -> list[Problem]:
    """Only those that refuse the write."""
    return [problem for problem in problems if problem.level is Level.ERROR]
