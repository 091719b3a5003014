"""Runs cases taken from KServe's unit tests against Tradewind's serving decisions.

    python -m tests.conformance.kserve CASES.json

The file is a list of cases {id, area, given, expect}. Prints passed, failed and skipped per area, and
why each failed. A case is skipped when it is about something that this version does not do.
Exits with 1 when a case fails.
"""

import base64
import copy
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tradewind.resources.columns import at
from tradewind.resources.core import Container, Pod
from tradewind.resources.meta import Manifest, ObjectMeta, decode, encode
from tradewind.resources.problems import Problem, errors
from tradewind.resources.serving import (
    ComponentExtension,
    InferenceService,
    ModelSpec,
    ServingRuntime,
    ServingRuntimeSpec,
)
from tradewind.resources.serving_kinds import (
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    SERVING_RUNTIME,
)
from tradewind.resources.serving_names import KSERVE_CONTAINER, deployment_mode
from tradewind.resources.serving_storage_checks import common_parent
from tradewind.serving.credentials import s3_environment
from tradewind.serving.errors import InvalidService
from tradewind.serving.images import choose_image
from tradewind.serving.merge import merge_container, merge_pod_fields
from tradewind.serving.model_status import model_status
from tradewind.serving.runtimes import choose_runtime, supporting_runtimes
from tradewind.serving.storage import is_supported
from tradewind.serving.templates import fill_placeholders

# Where Tradewind answers otherwise on purpose.
DELIBERATE = {"validation-055": "a resource name that no Pod may have is refused at once"}


class Skipped(Exception):
    """The case is about something that this version does not do."""


class Failed(Exception):
    """The case came out differently."""


def expect(wanted: Any, got: Any, what: str = "") -> None:
    if wanted != got:
        raise Failed(f"{what} wanted {wanted!r}, got {got!r}".strip())


def defaulting(given: Manifest, wanted: Manifest) -> None:
    if "runtime" in given:
        raise Skipped("defaults that depend on mlserver, torchserve or triton")
    filled = INFERENCE_SERVICE.default(given["inferenceService"])
    for path, value in wanted.items():
        expect(value, at(filled, *path.split(".")), path)


def verdict(found: list[Problem], wanted: Manifest) -> None:
    """Accepted, or refused with the wanted text among the problems."""
    texts = [problem.message for problem in errors(found)]
    expect(wanted["accepted"], not texts, f"accepted ({texts})")
    if "error" in wanted and wanted["error"] not in texts:
        raise Failed(f"wanted {wanted['error']!r}, got {texts}")
    part = wanted.get("error_contains", "")
    if not wanted["accepted"] and not any(part in text for text in texts):
        raise Failed(f"wanted a text with {part!r}, got {texts}")


def validation(given: Manifest, wanted: Manifest) -> None:
    manifest = given.get("create") or given["update"] | {"status": given["old"].get("status", {})}
    verdict(INFERENCE_SERVICE.check(INFERENCE_SERVICE.default(manifest)), wanted)


def runtime_validation(given: Manifest, wanted: Manifest) -> None:
    manifest = given.get("create") or given.get("update") or {}
    kind = CLUSTER_SERVING_RUNTIME if manifest["kind"] == CLUSTER_SERVING_RUNTIME.name else SERVING_RUNTIME
    if not wanted["accepted"] and (given.get("existing") or given.get("old")):
        raise Skipped("comparison with other runtimes, or with the runtime as it was")
    verdict(kind.check(kind.default(manifest)), wanted)


def runtime_selection(given: Manifest, wanted: Manifest) -> None:
    typed = [decode(one, ServingRuntime) for one in given["runtimes"]]
    runtimes = [one for one in typed if one.kind == SERVING_RUNTIME.name]
    cluster_runtimes = [one for one in typed if one.kind == CLUSTER_SERVING_RUNTIME.name]
    predictor = decode(given["inferenceService"], InferenceService).spec.predictor
    model, workers = predictor.model or ModelSpec(), predictor.worker_spec is not None
    if "candidates_in_order" in wanted:
        found = supporting_runtimes(model, workers, runtimes, cluster_runtimes)
        names = [one.runtime.metadata.name for one in found]
        expect(wanted["candidates_in_order"], names)
    try:
        choice = choose_runtime(model, workers, runtimes, cluster_runtimes)
        expect(wanted["selected"], choice.runtime.metadata.name)
    except InvalidService as error:
        expect(wanted["selected"], None, f"selected ({error.message})")
        reason = (wanted.get("status.modelStatus") or {}).get("lastFailureInfo.reason", error.reason)
        expect(reason, error.reason)
        if wanted.get("error", "") not in error.message:
            raise Failed(f"wanted {wanted['error']!r}, got {error.message!r}") from error


def container_merge(given: Manifest, wanted: Manifest) -> None:
    if "runtimeContainers" in given:
        merge_one_container(given, wanted)
        return
    if "containers" in given["runtimePodSpec"]:
        raise Skipped("helper containers are not run")
    runtime = decode(given["runtimePodSpec"], ServingRuntimeSpec)
    own = decode(given["isvcPodSpec"], ComponentExtension)
    expect(wanted["podSpec"], merge_pod_fields(runtime, own))


def merge_one_container(given: Manifest, wanted: Manifest) -> None:
    """The target's name is the caller's in upstream; here it is always kserve-container."""
    target = given["targetContainerName"]
    containers = [
        decode({**one, "name": KSERVE_CONTAINER if one["name"] == target else one["name"]}, Container)
        for one in given["runtimeContainers"]
    ]
    try:
        merged = merge_container(
            ServingRuntimeSpec(containers=containers), decode(given["isvcContainer"], Container)
        )
    except InvalidService as error:
        expect(True, wanted.get("error", False), f"error ({error.message})")
        if wanted.get("error_contains", "") not in error.message:
            raise Failed(error.message) from error
        return
    expect({**wanted["container"], "name": KSERVE_CONTAINER}, encode(merged))


def template(given: Manifest, wanted: Manifest) -> None:
    metadata = decode(given["metadata"], ObjectMeta)
    if "&#43;" in str(wanted):
        raise Skipped("values are not escaped for HTML")
    try:
        filled = fill_placeholders(given["container"], metadata)
    except InvalidService as error:
        expect(True, wanted.get("error", False), f"error ({error.message})")
        expect(wanted["status.modelStatus"]["lastFailureInfo.reason"], error.reason)
        return
    expect(wanted["container"], filled)


def image_tag(given: Manifest, wanted: Manifest) -> None:
    metadata = ObjectMeta(name=given["runtimeName"], annotations=given.get("runtimeAnnotations", {}))
    runtime = ServingRuntime(metadata=metadata)
    chosen = choose_image(decode(given["container"], Container), runtime, given.get("runtimeVersion"))
    expect(wanted["image"], chosen.image)


def status(given: Manifest, wanted: Manifest) -> None:
    if "pods" not in given and "podsReady" not in given:
        raise Skipped("conditions of Deployments and of several components")
    if given.get("pods") == []:
        raise Skipped("revisions do not go to zero on failure")
    pods = [decode({"metadata": {"name": "p"}, **{"status": one}}, Pod) for one in given.get("pods", [])]
    for ready in given.get("podsReady", []):
        text = "True" if ready else "False"
        conditions = {"phase": "Running", "conditions": [{"type": "Ready", "status": text}]}
        pods.append(decode({"metadata": {"name": f"p{len(pods)}"}, "status": conditions}, Pod))
    component = given.get("component", {})
    latest = component.get("latestReadyRevision") == component.get("latestCreatedRevision")
    loaded = bool(given.get("isvcReady")) and latest
    got = encode(model_status(None, "r", pods, loaded, loaded))
    for path, value in wanted.items():
        if path != "unchanged":
            names = path.removeprefix("modelStatus.").split(".")
            expect(value, at(got, *names) if value else at(got, *names) or 0, path)


def mode(given: Manifest, wanted: Manifest) -> None:
    expect(wanted["deploymentMode"], deployment_mode(given["status.deploymentMode"], given["annotations"]))


def storage_credentials(given: Manifest, wanted: Manifest) -> None:
    if "storage" in given:
        raise Skipped("the storage spec is not read")
    if "config.storageInitializer/credentials.s3" in given:
        given = without_configuration(given, wanted)
    encoded = {key: base64_text(value) for key, value in given.get("secretData", {}).items()}
    found = s3_environment(given.get("annotations", {}), encoded)
    expect(wanted["env"], {variable.name: variable.value for variable in found})


def without_configuration(given: Manifest, wanted: Manifest) -> Manifest:
    """There is no cluster-wide configuration: what only it says is taken out of what is wanted."""
    for name in ("S3_USER_VIRTUAL_BUCKET", "S3_USE_ACCELERATE", "awsAnonymousCredential"):
        if name not in given.get("secretData", {}):
            wanted["env"].pop(name, None)
    return given


def base64_text(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def storage_uri(given: Manifest, wanted: Manifest) -> None:
    if "storageUri" in given:
        expect(wanted["accepted"], is_supported(given["storageUri"]))
    elif "mountPaths" in given:
        expect(wanted["commonParent"], common_parent(given["mountPaths"]))
    else:
        raise Skipped("OCI images and volumes of several sources")


AREAS: dict[str, Callable[[Manifest, Manifest], None]] = {
    "defaulting": defaulting,
    "validation": validation,
    "canary_validation": validation,
    "runtime_validation": runtime_validation,
    "runtime_selection": runtime_selection,
    "container_merge": container_merge,
    "template": template,
    "image_tag": image_tag,
    "status": status,
    "deployment_mode": mode,
    "storage_credentials": storage_credentials,
    "storage_uri": storage_uri,
}


def run(cases: list[Manifest]) -> dict[str, dict[str, list[str]]]:
    """Outcomes by area: "passed", "failed" and "skipped", each with its cases and why."""
    outcomes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        check = AREAS.get(case["area"])
        if check is None:
            continue
        outcome = outcomes[case["area"]]
        try:
            if case["id"] in DELIBERATE:
                raise Skipped(DELIBERATE[case["id"]])
            check(copy.deepcopy(case["given"]), copy.deepcopy(case["expect"]))
            outcome["passed"].append(case["id"])
        except Skipped as reason:
            outcome["skipped"].append(f"{case['id']}: {reason}")
        except Failed as reason:
            outcome["failed"].append(f"{case['id']}: {reason}")
    return outcomes


def report(outcomes: dict[str, dict[str, list[str]]]) -> str:
    """One line per area, then why cases failed or were skipped."""
    lines = []
    for area, outcome in sorted(outcomes.items()):
        counts = ", ".join(f"{len(outcome[name])} {name}" for name in ("passed", "failed", "skipped"))
        lines.append(f"{area:22} {counts}")
        lines += [f"    {line}" for line in outcome["failed"] + outcome["skipped"]]
    return "\n".join(lines) + "\n"


def main(path: str) -> int:
    outcomes = run(json.loads(Path(path).read_text()))
    sys.stdout.write(report(outcomes))
    return 1 if any(outcome["failed"] for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
