"""Whether a node is one that a Pod's node selector and required node affinity ask for. Pure.

Upstream: `k8s.io/component-helpers/scheduling/corev1/nodeaffinity`.
"""

from collections.abc import Callable, Mapping
from typing import Any


def selects_node(
    name: str, labels: Mapping[str, str], selector: Mapping[str, str], required: Mapping[str, Any] | None
) -> bool:
    """Every label of `selector`, and one term of `required` (`nodeSelectorTerms`), must match.

    `required` None asks for nothing; one without terms, or of which no term says anything, matches no node.
    """
    if any(labels.get(key) != value for key, value in selector.items()):
        return False
    if required is None:
        return True
    return any(_term(name, labels, term) for term in required.get("nodeSelectorTerms") or [])


def _term(name: str, labels: Mapping[str, str], term: Mapping[str, Any]) -> bool:
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    names = {"metadata.name": name}
    return all(_holds(labels, one) for one in expressions) and all(_holds(names, one) for one in fields)


def _holds(values: Mapping[str, str], expression: Mapping[str, Any]) -> bool:
    value, wanted = values.get(str(expression.get("key", ""))), expression.get("values") or []
    check = _OPERATORS.get(str(expression.get("operator", "")))
    return check is not None and check(value, wanted)


def _compare(larger: bool) -> Callable[[str | None, list[str]], bool]:
    def holds(value: str | None, wanted: list[str]) -> bool:
        try:
            number, limit = int(value or ""), int(wanted[0])
        except (ValueError, IndexError):
            return False
        return number > limit if larger else number < limit

    return holds


_OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda value, wanted: value in wanted,
    "NotIn": lambda value, wanted: value not in wanted,
    "Exists": lambda value, _: value is not None,
    "DoesNotExist": lambda value, _: value is None,
    "Gt": _compare(larger=True),
    "Lt": _compare(larger=False),
}
