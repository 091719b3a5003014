"""Rules that many kinds share, in Kubernetes' wording. Each returns the problems of one field."""

from collections.abc import Iterable, Sequence

from tradewind.resources.core import RequestedResources, Taint, Toleration
from tradewind.resources.problems import Cause, Problem
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.shape import join, nearest, shown
from tradewind.resources.syntax import label_value_problem, qualified_name_problem

LARGEST_PORT = 65535
TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
TOLERATION_OPERATORS = ("Exists", "Equal")
WHOLE_RESOURCES = ("pods",)  # besides extended resources, which have a domain of their own


def invalid(path: str, value: object, why: str) -> Problem:
    """A value that breaks a rule; it is quoted in the message."""
    return Problem(path, f"Invalid value: {shown(value)}: {why}")


def required(path: str, what: str = "") -> Problem:
    """A missing value; `what` says what is to be written there."""
    return Problem(path, f"Required value: {what}" if what else "Required value", Cause.REQUIRED)


def syntax(path: str, value: str, why: str) -> list[Problem]:
    """The outcome of a function of the module `syntax` as problems."""
    return [invalid(path, value, why)] if why else []


def one_of(path: str, value: str, allowed: Iterable[str]) -> list[Problem]:
    """A text outside an enumeration; an empty one is left to `required`."""
    choices = list(allowed)
    if not value or value in choices:
        return []
    listed = ", ".join(f'"{choice}"' for choice in choices)
    message = f"Unsupported value: {shown(value)}: supported values: {listed}{nearest(value, choices)}"
    return [Problem(path, message, Cause.NOT_SUPPORTED)]


def no_duplicates(path: str, names: Sequence[str]) -> list[Problem]:
    """Every name that stands there more than once; empty ones are left alone."""
    return [
        Problem(path, f"Duplicate value: {shown(name)}", Cause.DUPLICATE)
        for name in dict.fromkeys(names)
        if name and names.count(name) > 1
    ]


def port_number(path: str, port: int) -> list[Problem]:
    """A port outside 1 to 65535."""
    if 1 <= port <= LARGEST_PORT:
        return []
    return [invalid(path, port, f"must be between 1 and {LARGEST_PORT}, inclusive")]


def quantities(path: str, amounts: RequestedResources) -> list[Problem]:
    """Resource names and amounts that cannot be read, negative ones, and parts of what comes whole."""
    problems = []
    for name, amount in amounts.items():
        problems += syntax(path, name, qualified_name_problem(name))
        problems += _quantity(f"{path}[{name}]", name, amount)
    return problems


def is_extended(resource: str) -> bool:
    """Whether a resource is a device such as `nvidia.com/gpu`: counted whole, and never overcommitted."""
    domain, slash, _ = resource.partition("/")
    return bool(slash) and domain != "kubernetes.io" and not domain.endswith(".kubernetes.io")


def taints(path: str, found: Sequence[Taint]) -> list[Problem]:
    """Keys, values and effects of taints."""
    problems = []
    for place, taint in enumerate(found):
        at = f"{path}[{place}]"
        problems += syntax(join(at, "key"), taint.key, qualified_name_problem(taint.key))
        problems += syntax(join(at, "value"), taint.value, label_value_problem(taint.value))
        problems += one_of(join(at, "effect"), taint.effect, TAINT_EFFECTS)
        if not taint.effect:
            problems.append(required(join(at, "effect"), f"one of {', '.join(TAINT_EFFECTS)}"))
    return problems + no_duplicates(path, [f"{taint.key}:{taint.effect}" for taint in found])


def tolerations(path: str, found: Sequence[Toleration]) -> list[Problem]:
    """Operators and effects of tolerations, and the rules between their fields."""
    return [
        problem
        for place, toleration in enumerate(found)
        for problem in _toleration(f"{path}[{place}]", toleration)
    ]


def _quantity(path: str, name: str, amount: str | int | float) -> list[Problem]:
    try:
        exact = parse_quantity(amount)
    except ValueError as error:
        return [Problem(path, f"Invalid value: {error}")]
    if exact < 0:
        return [invalid(path, amount, "must be greater than or equal to 0")]
    if exact.denominator != 1 and (is_extended(name) or name in WHOLE_RESOURCES):
        return [invalid(path, amount, "must be an integer")]
    return []


def _toleration(path: str, toleration: Toleration) -> list[Problem]:
    operator, effect = join(path, "operator"), join(path, "effect")
    problems = one_of(operator, toleration.operator, TOLERATION_OPERATORS)
    problems += one_of(effect, toleration.effect, TAINT_EFFECTS)
    if not toleration.key and toleration.operator != "Exists":
        rule = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
        problems.append(invalid(operator, toleration.operator, rule))
    if toleration.operator == "Exists" and toleration.value:
        rule = "value must be empty when `operator` is 'Exists'"
        problems.append(invalid(join(path, "value"), toleration.value, rule))
    if toleration.toleration_seconds is not None and toleration.effect != "NoExecute":
        rule = "effect must be 'NoExecute' when `tolerationSeconds` is set"
        problems.append(invalid(effect, toleration.effect, rule))
    return problems
