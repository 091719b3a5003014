"""Services and what they refer to, as YAML, and the revisions that come of them.

REWRITE=1 writes the outcomes anew; commit the difference only if you understand it.
"""

import os
from pathlib import Path

import pytest
import yaml

from tests.serving.objects import surroundings
from tradewind.resources import validate
from tradewind.resources.core_kinds import SECRET, SERVICE_ACCOUNT
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest, decode, encode
from tradewind.resources.problems import errors
from tradewind.resources.serving_kinds import (
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    SERVING_RUNTIME,
)
from tradewind.serving.credentials import Vault
from tradewind.serving.errors import InvalidService
from tradewind.serving.render import Surroundings, render
from tradewind.serving.revisions import TEMPLATE_DIGEST, make_revision
from tradewind.serving.services import make_service

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name.removesuffix(".in.yaml") for path in GOLDEN.glob("*.in.yaml"))


def load(case: str) -> dict[str, list]:
    """Typed objects by kind, defaulted and checked as the API server does."""
    kinds = (INFERENCE_SERVICE, SERVING_RUNTIME, CLUSTER_SERVING_RUNTIME, SECRET, SERVICE_ACCOUNT)
    found: dict[str, list] = {kind.name: [] for kind in kinds}
    for manifest in yaml.safe_load_all((GOLDEN / f"{case}.in.yaml").read_text()):
        kind = next(kind for kind in kinds if kind.name == manifest["kind"])
        filled = kind.default(manifest)
        assert not errors(validate.check(filled, kind))
        filled["metadata"]["uid"] = f"uid-{filled['metadata']['name']}"
        found[kind.name].append(decode(filled, kind.struct))
    return found


def of_kind(found: dict[str, list], kind: Kind) -> list:
    return found[kind.name]


def outcome(case: str) -> Manifest:
    found = load(case)
    (service,) = of_kind(found, INFERENCE_SERVICE)
    builtin = surroundings().cluster_runtimes
    around = Surroundings(
        runtimes=of_kind(found, SERVING_RUNTIME),
        cluster_runtimes=[*of_kind(found, CLUSTER_SERVING_RUNTIME), *builtin],
        vault=Vault(
            {one.metadata.name: one for one in of_kind(found, SERVICE_ACCOUNT)},
            {one.metadata.name: one for one in of_kind(found, SECRET)},
        ),
    )
    try:
        template = render(service, around)
    except InvalidService as error:
        return {"reason": error.reason, "message": error.message}
    revision = encode(make_revision(service, template, 1))
    revision["metadata"]["annotations"].pop(TEMPLATE_DIGEST)
    runtime = template.choice.runtime.metadata.name if template.choice else ""
    route = encode(make_service(service, make_revision(service, template, 1)))
    return {"runtime": runtime, "revision": revision, "service": route}


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str):
    path = GOLDEN / f"{case}.out.yaml"
    text = yaml.safe_dump(outcome(case), sort_keys=False)
    if os.environ.get("REWRITE"):
        path.write_text(text)
    assert text == path.read_text()


def test_there_are_cases():
    assert len(CASES) == 10


def test_the_digest_changes_with_each_part_of_the_template():
    (service,) = of_kind(load("short-form"), INFERENCE_SERVICE)
    plain = render(service, surroundings())
    assert plain.digest == render(service, surroundings()).digest
    changed = [
        type(plain)(plain.spec, {**plain.labels, "a": "b"}, plain.annotations, plain.choice),
        type(plain)(plain.spec, plain.labels, {**plain.annotations, "a": "b"}, plain.choice),
        type(plain)(
            decode({"containers": []}, type(plain.spec)), plain.labels, plain.annotations, plain.choice
        ),
    ]
    assert len({one.digest for one in (plain, *changed)}) == 4
