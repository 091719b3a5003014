"""What typing cannot see in a Cluster: upstream's rules, and what has no effect in this version.

Rules: upstream `ValidateCluster` (`pkg/apis/cluster/validation/validation.go`).
"""

import itertools
from urllib.parse import urlsplit

from tradewind.resources import rules
from tradewind.resources.cluster_types import Cluster, ClusterSpec, ResourceModel, ResourceModelRange
from tradewind.resources.core import Taint
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.problems import Problem, warning
from tradewind.resources.quantity import LARGEST, parse_quantity
from tradewind.resources.syntax import dns_label_problem, label_value_problem

NAME_LENGTH = 48
EFFECTS = ("NoSchedule", "NoExecute")
PROXY_SCHEMES = ("http", "https", "socks5")
PULL_ONLY = "has no effect: members fetch their work from the hub themselves (Pull)"


def check_cluster(manifest: Manifest) -> list[Problem]:
    """Every problem of a Cluster; unused fields are warnings."""
    cluster = decode(manifest, Cluster)
    spec = cluster.spec
    return [
        *_name(cluster.metadata.name),
        *_sync_mode(spec),
        *_endpoints(spec),
        *_locality(spec),
        *taint_problems("spec.taints", spec.taints),
        *_models(spec.resource_models),
        *_unused(spec),
    ]


def taint_problems(path: str, taints: list[Taint]) -> list[Problem]:
    """Taints of a cluster: as those of nodes, but PreferNoSchedule does not exist."""
    problems = rules.taints(path, taints)
    for place, taint in enumerate(taints):
        if taint.effect == "PreferNoSchedule":
            problems += rules.one_of(f"{path}[{place}].effect", taint.effect, EFFECTS)
    return problems


def _name(name: str) -> list[Problem]:
    if len(name) > NAME_LENGTH:
        return [rules.invalid("metadata.name", name, f"must be no more than {NAME_LENGTH} characters")]
    return rules.syntax("metadata.name", name, dns_label_problem(name)) if name else []


def _sync_mode(spec: ClusterSpec) -> list[Problem]:
    if spec.sync_mode == "Push":
        return [warning("spec.syncMode", f"Push {PULL_ONLY}")]
    return []


def _endpoints(spec: ClusterSpec) -> list[Problem]:
    problems = []
    if spec.api_endpoint:
        endpoint = urlsplit(spec.api_endpoint)
        rule = (
            "must be a URL with a host and without user, query and fragment, such as https://127.0.0.1:7410"
        )
        if not endpoint.hostname or endpoint.username or endpoint.query or endpoint.fragment:
            problems.append(rules.invalid("spec.apiEndpoint", spec.api_endpoint, rule))
    if spec.proxy_url and urlsplit(spec.proxy_url).scheme not in PROXY_SCHEMES:
        rule = f"unsupported scheme, must be {', '.join(PROXY_SCHEMES)}"
        problems.append(rules.invalid("spec.proxyURL", spec.proxy_url, rule))
    references = (("secretRef", spec.secret_ref), ("impersonatorSecretRef", spec.impersonator_secret_ref))
    for name, reference in references:
        if reference is not None:
            problems += [] if reference.namespace else [rules.required(f"spec.{name}.namespace")]
            problems += [] if reference.name else [rules.required(f"spec.{name}.name")]
    return problems


def _locality(spec: ClusterSpec) -> list[Problem]:
    problems = rules.syntax("spec.provider", spec.provider, label_value_problem(spec.provider))
    problems += rules.syntax("spec.region", spec.region, label_value_problem(spec.region))
    problems += rules.syntax("spec.zone", spec.zone, label_value_problem(spec.zone))
    if spec.zone and spec.zones:
        rule = "zone and zones cannot co-exist; keep zones"
        problems.append(rules.invalid("spec.zone", spec.zone, rule))
    for place, zone in enumerate(spec.zones):
        problems += rules.syntax(f"spec.zones[{place}]", zone, label_value_problem(zone))
    return problems


def _models(models: list[ResourceModel]) -> list[Problem]:
    path = "spec.resourceModels"
    problems = []
    for place, model in enumerate(models):
        at = f"{path}[{place}]"
        for number, one in enumerate(model.ranges):
            problems += _range(f"{at}.ranges[{number}]", one)
    if problems:
        return problems
    grades = [model.grade for model in models]
    if len(set(grades)) < len(grades):
        problems.append(rules.invalid(path, grades, "the grade of each model must be different"))
    for lower, upper in itertools.pairwise(models):
        problems += _neighbours(path, lower, upper)
    return problems or _open_ended(models)


def _range(path: str, one: ResourceModelRange) -> list[Problem]:
    problems = []
    for name, amount in (("min", one.min), ("max", one.max)):
        try:
            parse_quantity(amount)
        except ValueError as error:
            problems.append(rules.invalid(f"{path}.{name}", amount, str(error)))
    if not problems and parse_quantity(one.max) <= parse_quantity(one.min):
        rule = f"the max value of each resource must be greater than the min value, {one.min}"
        problems.append(rules.invalid(f"{path}.max", one.max, rule))
    return problems


def _neighbours(path: str, lower: ResourceModel, upper: ResourceModel) -> list[Problem]:
    """Two grades in a row speak of the same resources, and the upper begins where the lower ends."""
    at = f"{path} of grade {upper.grade}"
    if [one.name for one in lower.ranges] != [one.name for one in upper.ranges]:
        return [Problem(path, f"{at}: the resource types of each model must be the same, in the same order")]
    return [
        rules.invalid(path, two.min, f"{at}: {two.name} must begin at {one.max}, where the grade below ends")
        for one, two in zip(lower.ranges, upper.ranges, strict=True)
        if parse_quantity(one.max) != parse_quantity(two.min)
    ]


def _unused(spec: ClusterSpec) -> list[Problem]:
    found: tuple[tuple[object, str], ...] = (
        (spec.secret_ref, "secretRef"),
        (spec.impersonator_secret_ref, "impersonatorSecretRef"),
        (spec.proxy_url, "proxyURL"),
        (spec.proxy_header, "proxyHeader"),
        (spec.insecure_skip_tls_verification, "insecureSkipTLSVerification"),
    )
    return [warning(f"spec.{name}", PULL_ONLY) for is_set, name in found if is_set]


def _open_ended(models: list[ResourceModel]) -> list[Problem]:
    """Karmada overwrites the lowest min with 0 and the highest max with the largest number."""
    path = "spec.resourceModels"
    if not models:
        return []
    last = len(models) - 1
    lowest = [
        warning(f"{path}[0].ranges[{number}].min", f"the lowest grade begins at 0: {one.min} is read as 0")
        for number, one in enumerate(models[0].ranges)
        if parse_quantity(one.min) != 0
    ]
    highest = [
        warning(
            f"{path}[{last}].ranges[{number}].max",
            f"the highest grade has no upper end: {one.max} is read as unlimited, as on Karmada",
        )
        for number, one in enumerate(models[last].ranges)
        if parse_quantity(one.max) != LARGEST
    ]
    return lowest + highest
