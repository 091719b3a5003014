"""What is wrong with the selectors that Karmada's policies share (upstream `pkg/util/validation`)."""

from collections.abc import Iterable

from tradewind.resources import rules
from tradewind.resources.meta import LabelSelector, LabelSelectorRequirement
from tradewind.resources.policy_types import ClusterAffinity, ResourceSelector
from tradewind.resources.problems import Problem
from tradewind.resources.shape import join, shown

FIELDS = ("provider", "region", "zone")
FIELD_OPERATORS = ("In", "NotIn")
LABEL_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def affinity_problems(path: str, affinity: ClusterAffinity | None) -> list[Problem]:
    """Selectors of clusters that could never match."""
    if affinity is None:
        return []
    problems = label_selector_problems(join(path, "labelSelector"), affinity.label_selector)
    if affinity.field_selector:
        for expression in affinity.field_selector.match_expressions:
            problems += _field_expression_problems(join(path, "fieldSelector"), expression)
    return problems


def label_selector_problems(path: str, selector: LabelSelector | None) -> list[Problem]:
    """Expressions that Kubernetes refuses: unknown operators, and values where none or some must be."""
    problems = []
    for place, one in enumerate(selector.match_expressions if selector else []):
        at = f"{join(path, 'matchExpressions')}[{place}]"
        problems += rules.one_of(join(at, "operator"), one.operator, LABEL_OPERATORS)
        if not one.operator:
            problems.append(rules.required(join(at, "operator"), f"one of {', '.join(LABEL_OPERATORS)}"))
        elif one.operator in FIELD_OPERATORS and not one.values:
            problems.append(
                rules.required(join(at, "values"), "must be specified when operator is In or NotIn")
            )
        elif one.operator in ("Exists", "DoesNotExist") and one.values:
            rule = "may not be specified when operator is Exists or DoesNotExist"
            problems.append(rules.invalid(join(at, "values"), one.values, rule))
    return problems


def resource_selector_problems(
    path: str, selectors: Iterable[ResourceSelector], namespace: str
) -> list[Problem]:
    """Selectors that reach out of the policy's namespace ("" for a policy of all), or lack a kind."""
    problems = []
    for place, selector in enumerate(selectors):
        at = f"{path}[{place}]"
        for name, value in (("apiVersion", selector.api_version), ("kind", selector.kind)):
            problems += [] if value else [rules.required(join(at, name))]
        if namespace and selector.namespace not in ("", namespace):
            rule = (
                "namespace of resource selector must be the same as the namespace of the policy, "
                f"{shown(namespace)}; a Cluster policy reaches other namespaces"
            )
            problems.append(rules.invalid(join(at, "namespace"), selector.namespace, rule))
        problems += label_selector_problems(join(at, "labelSelector"), selector.label_selector)
    return problems


def _field_expression_problems(path: str, expression: LabelSelectorRequirement) -> list[Problem]:
    problems = []
    if expression.key not in FIELDS:
        rule = f"unsupported key {shown(expression.key)}, must be provider, region, or zone"
        problems.append(rules.invalid(path, expression.key, rule))
    if expression.operator not in FIELD_OPERATORS:
        rule = f"unsupported operator {shown(expression.operator)}, must be In or NotIn"
        problems.append(rules.invalid(path, expression.operator, rule))
    elif not expression.values:
        problems.append(rules.required(join(path, "values"), "In and NotIn need at least one value"))
    return problems
