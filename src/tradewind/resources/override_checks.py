"""What typing cannot see in an OverridePolicy: upstream's rules (`ValidateOverrideSpec`)."""

from tradewind.resources import rules
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.policy_types import (
    FieldOverrider,
    OverridePolicy,
    Overriders,
    RuleWithCluster,
    SubPatchOperation,
)
from tradewind.resources.problems import Problem
from tradewind.resources.selector_checks import affinity_problems, resource_selector_problems
from tradewind.resources.shape import join
from tradewind.resources.syntax import label_value_problem, qualified_name_problem


def check_override(manifest: Manifest) -> list[Problem]:
    """Every problem of an OverridePolicy or ClusterOverridePolicy."""
    policy = decode(manifest, OverridePolicy)
    spec = policy.spec
    problems = resource_selector_problems(
        "spec.resourceSelectors", spec.resource_selectors, policy.metadata.namespace
    )
    if spec.override_rules and spec.target_cluster is not None:
        problems.append(Problem("spec.targetCluster", "overrideRules and targetCluster can't co-exist"))
    if spec.override_rules and spec.overriders != Overriders():
        problems.append(Problem("spec.overriders", "overrideRules and overriders can't co-exist"))
    problems += affinity_problems("spec.targetCluster", spec.target_cluster)
    problems += _overriders("spec.overriders", spec.overriders)
    for place, rule in enumerate(spec.override_rules):
        problems += _rule(f"spec.overrideRules[{place}]", rule)
    return problems


def _rule(path: str, rule: RuleWithCluster) -> list[Problem]:
    return [
        *affinity_problems(join(path, "targetCluster"), rule.target_cluster),
        *_overriders(join(path, "overriders"), rule.overriders),
    ]


def _overriders(path: str, overriders: Overriders) -> list[Problem]:
    problems = []
    for place, label in enumerate(overriders.labels_overrider):
        problems += _labels(f"{path}.labelsOverrider[{place}].value", label.value)
    for place, annotation in enumerate(overriders.annotations_overrider):
        for key in annotation.value:
            at = f"{path}.annotationsOverrider[{place}].value"
            problems += rules.syntax(at, key, qualified_name_problem(key.lower()))
    for place, image in enumerate(overriders.image_overrider):
        if image.predicate:
            problems += _pointer(f"{path}.imageOverrider[{place}].predicate.path", image.predicate.path)
    for place, field in enumerate(overriders.field_overrider):
        problems += _field(f"{path}.fieldOverrider[{place}]", field)
    return problems


def _labels(path: str, labels: dict[str, str]) -> list[Problem]:
    problems = []
    for key, value in labels.items():
        problems += rules.syntax(path, key, qualified_name_problem(key))
        problems += rules.syntax(f"{path}[{key}]", value, label_value_problem(value))
    return problems


def _field(path: str, overrider: FieldOverrider) -> list[Problem]:
    problems = _pointer(join(path, "fieldPath"), overrider.field_path)
    if overrider.json_operations and overrider.yaml_operations:
        problems.append(Problem(path, "FieldOverrider has both YAML and JSON set. Only one is allowed"))
    if not overrider.json_operations and not overrider.yaml_operations:
        problems.append(rules.required(path, "FieldOverrider must have either JSON or YAML set"))
    for name, operations in (("json", overrider.json_operations), ("yaml", overrider.yaml_operations)):
        for place, operation in enumerate(operations):
            problems += _operation(f"{path}.{name}[{place}]", operation)
    return problems


def _operation(path: str, operation: SubPatchOperation) -> list[Problem]:
    problems = _pointer(join(path, "subPath"), operation.sub_path)
    if operation.operator == "remove" and operation.value is not None:
        rule = "value is not allowed for remove operation"
        problems.append(rules.invalid(join(path, "value"), operation.value, rule))
    if operation.operator != "remove" and operation.value is None:
        rule = "value is required for add or replace operation"
        problems.append(rules.required(join(path, "value"), rule))
    return problems


def _pointer(path: str, pointer: str) -> list[Problem]:
    """RFC 6901: empty, or every part begins with a slash."""
    if not pointer or pointer.startswith("/"):
        return []
    return [rules.invalid(path, pointer, 'JSON pointer must be empty or start with a "/"')]
