"""What RBAC rules allow, and whether some rules hold all that others do . Pure."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from tradewind.apiserver.access import Attributes
from tradewind.resources.rbac import ANY, PolicyRule


def allows(rule: PolicyRule, asked: Attributes) -> bool:
    """Whether a rule allows this."""
    return matches(rule, asked) and names(rule, asked.name)


def matches(rule: PolicyRule, asked: Attributes) -> bool:
    """`allows`, whatever the name of the object."""
    if not _has(rule.verbs, asked.verb):
        return False
    if not asked.plural:
        return any(_is_path(url, asked.path) for url in rule.non_resource_urls)
    return _has(rule.api_groups, asked.group) and any(_is_resource(one, asked) for one in rule.resources)


def names(rule: PolicyRule, name: str) -> bool:
    """Whether a rule is about an object of this name; a rule without names is about all."""
    return not rule.resource_names or name in rule.resource_names


def missing(held: Sequence[PolicyRule], wanted: Iterable[PolicyRule]) -> list[PolicyRule]:
    """What of `wanted` is not in `held`, one verb of one resource at a time."""
    return [part for rule in wanted for part in _parts(rule) if not any(_covers(one, part) for one in held)]


def compact(rules: Iterable[PolicyRule]) -> list[PolicyRule]:
    """The same rules with the verbs of each resource joined (upstream `CompactRules`)."""
    simple: dict[tuple[str, ...], list[str]] = {}
    others: list[PolicyRule] = []
    for rule in rules:
        if len(rule.api_groups) == len(rule.resources) == 1 and len(rule.resource_names) <= 1:
            key = (*rule.api_groups, *rule.resources, *rule.resource_names)
            simple.setdefault(key, []).extend(verb for verb in rule.verbs if verb not in simple[key])
        else:
            others.append(rule)
    joined = [
        PolicyRule(verbs=verbs, api_groups=[key[0]], resources=[key[1]], resource_names=list(key[2:]))
        for key, verbs in simple.items()
    ]
    return others + joined


def text_of(rule: PolicyRule) -> str:
    """A rule as upstream's messages show it (`CompactString`)."""
    parts = {
        "APIGroups": rule.api_groups,
        "Resources": rule.resources,
        "NonResourceURLs": rule.non_resource_urls,
        "ResourceNames": rule.resource_names,
        "Verbs": rule.verbs,
    }
    return "{" + ", ".join(f"{name}:{quoted(values)}" for name, values in parts.items() if values) + "}"


def quoted(values: Iterable[str]) -> str:
    """A list as Go's `%q` prints it."""
    return f"[{' '.join(json.dumps(value, ensure_ascii=False) for value in values)}]"


def _has(values: Sequence[str], wanted: str) -> bool:
    return wanted in values or ANY in values


def _is_resource(written: str, asked: Attributes) -> bool:
    if written in (ANY, asked.resource):
        return True
    return bool(asked.subresource) and written == f"*/{asked.subresource}"


def _is_path(written: str, path: str) -> bool:
    if written in (ANY, path):
        return True
    return written.endswith("*") and path.startswith(written.rstrip("*"))


def _parts(rule: PolicyRule) -> Iterator[PolicyRule]:
    """A rule taken apart into those of one verb (upstream `BreakdownRule`)."""
    for group, resource, verb in product(rule.api_groups, rule.resources, rule.verbs):
        plain = PolicyRule(verbs=[verb], api_groups=[group], resources=[resource])
        if not rule.resource_names:
            yield plain
        for name in rule.resource_names:
            yield PolicyRule(verbs=[verb], api_groups=[group], resources=[resource], resource_names=[name])
    for url, verb in product(rule.non_resource_urls, rule.verbs):
        yield PolicyRule(verbs=[verb], non_resource_urls=[url])


def _covers(held: PolicyRule, part: PolicyRule) -> bool:
    return (
        _has(held.verbs, part.verbs[0])
        and all(_has(held.api_groups, group) for group in part.api_groups)
        and all(_covers_resource(held.resources, resource) for resource in part.resources)
        and all(any(_is_path(one, url) for one in held.non_resource_urls) for url in part.non_resource_urls)
        and _covers_names(held, part)
    )


def _covers_resource(held: Sequence[str], resource: str) -> bool:
    _, slash, subresource = resource.partition("/")
    return _has(held, resource) or (bool(slash) and f"*/{subresource}" in held)


def _covers_names(held: PolicyRule, part: PolicyRule) -> bool:
    if not held.resource_names:
        return True
    return bool(part.resource_names) and part.resource_names[0] in held.resource_names
