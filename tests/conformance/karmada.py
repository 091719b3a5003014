"""Runs cases taken from Karmada's own tests against this implementation.

    python -m tests.conformance.karmada CASES.json [AREA...]

Prints, for each area, how many cases pass, fail, and are of operations that do not exist here; then every
failure with what was wanted. Exits with 1 when a case fails. Where this implementation differs on
purpose, DIFFERENT says why, and the case counts as such.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conformance import (
    karmada_capacity,
    karmada_evicting,
    karmada_overrides,
    karmada_placing,
    karmada_policies,
    karmada_spreading,
    karmada_works,
)

Case = dict[str, Any]
Handler = Callable[[Any, Any], tuple[Any, Any]]  # given, expected -> what came out, what was wanted

HANDLERS: dict[tuple[str, str], Handler] = {
    **karmada_capacity.HANDLERS,
    **karmada_evicting.HANDLERS,
    **karmada_overrides.HANDLERS,
    **karmada_placing.HANDLERS,
    **karmada_policies.HANDLERS,
    **karmada_spreading.HANDLERS,
    **karmada_works.HANDLERS,
}

DIFFERENT = {
    "crd-schema/admit-override-policy": "addIfAbsent is accepted for labels, annotations and plaintext",
    "inferenceservice-default": "InferenceServices are divided, watched for health and aggregated",
    "work-render/prune/remove-job-irrelevant-fields": "Jobs are not served, so they are not pruned",
    "work-render/conflict-resolution/overwriteinrt-abortinpp": "the case has lost the template's annotation",
    "cluster-validation/validate-cluster/invalid-cluster-resource-models-with-invalid": (
        "its fault is the missing syncMode, which is Pull by default here"
    ),
    "estimator/max-available-replicas-multi/assumed-workloads": "gate SchedulingOvercommitProtection is off",
    "spread-cluster/select-clusters/select-clusters-by-cluster-score-and-ignore-2": (
        "spread constraints hold for static weights too"
    ),
    "retain/service-clusterip/cluster-object-has-invalid-clusterip": "the types refuse it before",
}


def verdict(case: Case) -> tuple[str, str]:
    """passed, failed, different or absent; with what came out and what was wanted."""
    handler = HANDLERS.get((case["area"], case["op"]))
    if handler is None:
        return ("different" if _reason(case) else "absent"), _reason(case)
    try:
        got, wanted = handler(case["given"], case["expect"])
    except Exception as error:
        got, wanted = repr(error), case["expect"]
    if got == wanted:
        return "passed", ""
    return ("different" if _reason(case) else "failed"), f"got {got!r}, wanted {wanted!r}"


def main() -> int:
    """Print the table and the failures."""
    areas = sys.argv[2:]
    cases = json.loads(Path(sys.argv[1]).read_text())
    counts: dict[str, Counter[str]] = {}
    failures = []
    for case in cases:
        if areas and case["area"] not in areas:
            continue
        outcome, detail = verdict(case)
        counts.setdefault(case["area"], Counter())[outcome] += 1
        if outcome == "failed":
            failures.append(f"{case['id']}: {detail}")
    for area in sorted(counts):
        found = counts[area]
        sys.stdout.write(
            f"{area:28} {found['passed']:4} passed {found['failed']:3} failed "
            f"{found['different']:3} different {found['absent']:4} absent\n"
        )
    sys.stdout.writelines(f"{failure}\n" for failure in failures)
    return 1 if failures else 0


def _reason(case: Case) -> str:
    return next((why for start, why in DIFFERENT.items() if case["id"].startswith(start)), "")


if __name__ == "__main__":
    sys.exit(main())
