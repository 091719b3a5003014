"""Plans as text and as JSON. Pure."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from tradewind.cli.tables import table
from tradewind.federation.interpret import interpreter_of
from tradewind.federation.planning import WorkloadPlan
from tradewind.resources.meta import Manifest
from tradewind.resources.quantity import format_quantity, parse_quantity

GPU = "nvidia.com/gpu"
NOTHING = "-"


def plan_json(plans: Iterable[WorkloadPlan]) -> dict[str, Any]:
    """The stable form for scripts."""
    return {"workloads": [_workload(one) for one in plans]}


def plan_text(plans: Sequence[WorkloadPlan]) -> str:
    """One paragraph for each object: its clusters with their shares, those that are out with the reason, and
    what all of it takes."""
    if not plans:
        return "There is nothing to place: no object in the files is one that can be propagated."
    return "\n\n".join(map(_paragraph, plans))


def _workload(made: WorkloadPlan) -> dict[str, Any]:
    return {
        "kind": made.template.kind.name,
        "namespace": made.template.namespace,
        "name": made.template.name,
        "policy": made.policy,
        "clusters": [{"name": one.name, "replicas": one.replicas} for one in made.clusters],
        "rejected": [{"cluster": name, "reason": why} for name, why in made.rejected.items()],
        "error": made.error or "; ".join(made.failures.values()),
        "manifests": made.manifests,
    }


def _paragraph(made: WorkloadPlan) -> str:
    place = f"{made.template.namespace}/" if made.template.namespace else ""
    lines = [f"{made.template.kind.name} {place}{made.template.name}"]
    if made.policy:
        lines.append(f"  policy: {made.policy}{_group(made)}")
    if made.error:
        lines.append(f"  error: {made.error}")
    rows = [*_kept(made), *_dropped(made)]
    if rows:
        lines += _indented(table(("CLUSTER", "REPLICAS", "MAX", "GPUS", _measure(made), "WHY"), rows))
    if any(_counts(manifest) for manifest in made.manifests.values()):
        lines.append(f"  in all: {_totals(made)}")
    return "\n".join(lines)


def _group(made: WorkloadPlan) -> str:
    name = made.attempts[-1].affinity_name if made.attempts else ""
    return f" (clusters of {name})" if name else ""


def _measure(made: WorkloadPlan) -> str:
    return (made.attempts[-1].measure if made.attempts else "").upper() or "MEASURE"


def _kept(made: WorkloadPlan) -> list[tuple[str, ...]]:
    amounts = made.attempts[-1].amounts if made.attempts else {}
    return [
        (
            one.name,
            *_figures(made.manifests.get(one.name), one.replicas),
            str(amounts.get(one.name, NOTHING)),
            made.failures.get(one.name) or made.notes.get(one.name, ""),
        )
        for one in made.clusters
    ]


def _dropped(made: WorkloadPlan) -> list[tuple[str, ...]]:
    return [(name, NOTHING, NOTHING, NOTHING, NOTHING, why) for name, why in made.rejected.items()]


def _figures(manifest: Manifest | None, replicas: int) -> tuple[str, str, str]:
    """Replicas, most replicas and GPUs of one cluster; what an override has changed counts."""
    if manifest is None:
        return str(replicas), NOTHING, NOTHING
    if not _counts(manifest):
        return NOTHING, NOTHING, NOTHING
    least, most, gpus = _amounts(manifest)
    return str(least), str(most) if most else "no limit", format_quantity(gpus)


def _totals(made: WorkloadPlan) -> str:
    found = [_amounts(manifest) for manifest in made.manifests.values() if _counts(manifest)]
    replicas = sum(one[0] for one in found)
    most = "no limit" if any(not one[1] for one in found) else str(sum(one[1] for one in found))
    gpus = sum((one[2] for one in found), Fraction(0))
    return f"{replicas} replicas, at most {most}; {format_quantity(gpus)} GPUs"


def _counts(manifest: Manifest) -> bool:
    return interpreter_of(manifest) is not None


def _amounts(manifest: Manifest) -> tuple[int, int, Fraction]:
    """Replicas, most replicas (0: no limit), and the GPUs of all replicas together."""
    interpreter = interpreter_of(manifest)
    assert interpreter is not None
    replicas, requirements = interpreter.replicas(manifest)
    requested = requirements.resource_request if requirements else {}
    gpus = parse_quantity(requested.get(GPU, 0)) * replicas
    return replicas, interpreter.most_replicas(manifest), gpus


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
