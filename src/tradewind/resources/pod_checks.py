"""What typing cannot see in containers and Pods (kubernetes `pkg/apis/core/validation`, its wording).

Affinity, security context and volumes are kept as written and not checked.
"""

from collections.abc import Sequence

from tradewind.resources import rules
from tradewind.resources.core import Container, ContainerPort, EnvVar, Pod, PodSpec, ResourceRequirements
from tradewind.resources.meta import Manifest, decode
from tradewind.resources.problems import Problem
from tradewind.resources.quantity import parse_quantity
from tradewind.resources.shape import join, shown
from tradewind.resources.syntax import dns_label_problem, environment_name_problem, port_name_problem

PROTOCOLS = ("TCP", "UDP", "SCTP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
RESTART_POLICIES = ("Always", "OnFailure", "Never")


def check_pod(manifest: Manifest) -> list[Problem]:
    """Everything wrong with a Pod whose types are right."""
    spec = decode(manifest, Pod).spec
    problems = [
        problem
        for field, containers in (("initContainers", spec.init_containers), ("containers", spec.containers))
        for place, container in enumerate(containers)
        for problem in _pod_container(f"spec.{field}[{place}]", container)
    ]
    if not spec.containers:
        problems.append(rules.required("spec.containers"))
    problems += rules.no_duplicates("spec.containers", [one.name for one in _all_containers(spec)])
    problems += rules.one_of("spec.restartPolicy", spec.restart_policy, RESTART_POLICIES)
    problems += rules.tolerations("spec.tolerations", spec.tolerations)
    grace = spec.termination_grace_period_seconds
    if grace is not None and grace < 0:
        path = "spec.terminationGracePeriodSeconds"
        problems.append(rules.invalid(path, grace, "must be greater than or equal to 0"))
    return problems


def container_problems(path: str, container: Container) -> list[Problem]:
    """Wrong resources, ports and environment of one container; its name and image are not looked at."""
    return [
        *rules.one_of(join(path, "imagePullPolicy"), container.image_pull_policy, PULL_POLICIES),
        *_resources(join(path, "resources"), container.resources),
        *_ports(join(path, "ports"), container.ports),
        *_environment(join(path, "env"), container.env),
    ]


def _all_containers(spec: PodSpec) -> list[Container]:
    return [*spec.init_containers, *spec.containers]


def _pod_container(path: str, container: Container) -> list[Problem]:
    problems = []
    if not container.name:
        problems.append(rules.required(join(path, "name")))
    else:
        problems += rules.syntax(join(path, "name"), container.name, dns_label_problem(container.name))
    if not container.image:
        problems.append(rules.required(join(path, "image")))
    return problems + container_problems(path, container)


def _resources(path: str, resources: ResourceRequirements) -> list[Problem]:
    problems = rules.quantities(join(path, "limits"), resources.limits)
    problems += rules.quantities(join(path, "requests"), resources.requests)
    if problems:
        return problems
    for name, request in resources.requests.items():
        limit = resources.limits.get(name)
        at = f"{join(path, 'requests')}[{name}]"
        if limit is None:
            if rules.is_extended(name):
                problems.append(
                    rules.required(at, f"a limit must be set for the non overcommitable resource {name}")
                )
        elif rules.is_extended(name) and parse_quantity(request) != parse_quantity(limit):
            problems.append(rules.invalid(at, request, f"must be equal to {name} limit of {limit}"))
        elif parse_quantity(request) > parse_quantity(limit):
            problems.append(
                rules.invalid(at, request, f"must be less than or equal to {name} limit of {limit}")
            )
    return problems


def _ports(path: str, ports: Sequence[ContainerPort]) -> list[Problem]:
    problems = []
    for place, port in enumerate(ports):
        at = f"{path}[{place}]"
        problems += rules.port_number(join(at, "containerPort"), port.container_port)
        problems += rules.port_number(join(at, "hostPort"), port.host_port) if port.host_port else []
        problems += rules.one_of(join(at, "protocol"), port.protocol, PROTOCOLS)
        if port.name:
            problems += rules.syntax(join(at, "name"), port.name, port_name_problem(port.name))
    return problems + rules.no_duplicates(path, [port.name for port in ports])


def _environment(path: str, variables: Sequence[EnvVar]) -> list[Problem]:
    problems = []
    for place, variable in enumerate(variables):
        at = f"{path}[{place}]"
        if not variable.name:
            problems.append(rules.required(join(at, "name")))
        else:
            problems += rules.syntax(join(at, "name"), variable.name, environment_name_problem(variable.name))
        if variable.value and variable.value_from:
            rule = f"{shown(variable.name)} may not be specified when `value` is not empty"
            problems.append(Problem(join(at, "valueFrom"), f"Invalid value: {rule}"))
    return problems
