"""`tradewind demo`: the whole story once, with the commands that a user would type."""

import asyncio
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradewind.cli.errors import CliError
from tradewind.cli.home import open_fleet
from tradewind.cli.snapshot import read_status
from tradewind.observe.changes import service_changes
from tradewind.observe.status import FleetStatus, ServiceStatus
from tradewind.resources.fleet import builtin_fleet

if TYPE_CHECKING:
    from tradewind.rehearse.load import LoadReport
    from tradewind.rehearse.sample_model import SampleModel

app = typer.Typer()

NAMESPACE, NAME = "ml", "diagnosis"
PATH = f"/serving/{NAMESPACE}/{NAME}/v1/models/{NAME}:predict"
MODEL_KEY = "diagnosis/v1/model.joblib"
EXAMPLE_PORTS_BASE = 7400  # what examples/quickstart/storage.yaml is written for
RATE_PER_SECOND = 50
BEFORE_SECONDS, AFTER_SECONDS = 1.0, 4.0
READY_SECONDS = 90.0
POLL_SECONDS = 0.1


@dataclass
class Story:
    """One run of the demo: where it happens and what was measured."""

    home: Path
    base: int
    summary: list[tuple[str, str]] = field(default_factory=list)

    def say(self, text: str = "") -> None:
        """A line for the reader."""
        typer.echo(text)

    def note(self, what: str, value: str) -> None:
        """A row of the summary."""
        self.summary.append((what, value))

    def command(self, *arguments: str) -> float:
        """Show and run one tradewind command; returns its seconds. Raises CliError when it fails."""
        self.say(f"\n$ tradewind {shlex.join(arguments)}")
        begun = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-m", "tradewind.cli", *arguments],
            env={**os.environ, "TRADEWIND_HOME": str(self.home)},
            timeout=READY_SECONDS,
            check=False,
        )
        if result.returncode != 0:
            raise CliError(f"`tradewind {shlex.join(arguments)}` failed; the demo ends here")
        return time.monotonic() - begun

    def status(self) -> FleetStatus:
        """The fleet now."""
        return read_status(open_fleet(self.home))


@app.command()
def demo(
    base_port: Annotated[
        int, typer.Option(help="First port; all others follow from it.", min=1024)
    ] = EXAMPLE_PORTS_BASE,
) -> None:
    """Start three clusters, serve a real model from S3, lose two of them under load, clean up.

    Everything happens on loopback and in a temporary folder; nothing is left running.

    \b
    Example:
      tradewind demo
    """
    home = Path(tempfile.mkdtemp(prefix="tradewind-demo-"))
    story = Story(home / "fleet", base_port)
    try:
        with ExitStack() as stack:
            _tell(story, home, stack)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    story.say("\nSummary")
    width = max(len(what) for what, _ in story.summary)
    for what, value in story.summary:
        story.say(f"  {what:<{width}}  {value}")


def _tell(story: Story, folder: Path, stack: ExitStack) -> None:
    """The chapters in order; `stack` ends whatever they started, last first."""
    from tradewind.rehearse.sample_model import train_sample_model

    _start_fleet(story, folder, stack)
    sample = train_sample_model()
    _store_model(story, folder, stack, sample)
    status = _deploy(story, folder)
    _predict_everywhere(story, status, sample, folder)
    body = json.dumps({"instances": sample.rows}).encode()
    first, second = status.clusters[0], status.clusters[1]
    _outage(
        story,
        f"kill -9 of control and replicas of {first.name}, its gateway asked",
        ("drill", "kill", first.name, "--keep-gateway"),
        first.gateway + PATH,
        body,
    )
    _revive(story, first.name)
    _outage(
        story,
        f"kill -9 of all of {second.name}, the front door asked",
        ("drill", "kill", second.name),
        status.front_door + PATH,
        body,
        {"x-tradewind-region": second.region},
    )
    _revive(story, second.name)
    _show_where_everything_is(story)


def _start_fleet(story: Story, folder: Path, stack: ExitStack) -> None:
    fleet_file = folder / "fleet.json"
    fleet_file.write_text(json.dumps(_fleet_manifest(story.base)))
    stack.callback(_stop_fleet, story)
    seconds = story.command("up", "--detach", "-f", str(fleet_file))
    story.note("fleet of three clusters up", f"{seconds:.1f} s")


def _fleet_manifest(base: int) -> dict[str, Any]:
    from tradewind.resources.meta import encode

    manifest = encode(builtin_fleet())
    manifest["spec"]["ports"] = {"base": base}
    return manifest


def _stop_fleet(story: Story) -> None:
    if story.home.exists():
        story.command("down")


def _store_model(story: Story, folder: Path, stack: ExitStack, sample: "SampleModel") -> None:
    from tradewind.rehearse.bucket import Bucket, local_bucket
    from tradewind.rehearse.sample_model import DATA_SET

    wanted = Bucket("models", story.base + 9, access_key="demo", secret_key="demo-secret-key")  # noqa: S106
    bucket = stack.enter_context(local_bucket(folder / "s3", wanted))
    address = bucket.put(MODEL_KEY, sample.joblib)
    story.say(f"\nTrained a scikit-learn model on {DATA_SET} (accuracy {sample.accuracy:.3f}),")
    story.say(f"and put its {len(sample.joblib):,} bytes into S3 at {bucket.endpoint}: {address}")


def _deploy(story: Story, folder: Path) -> FleetStatus:
    """Apply the example manifests and follow every replica until the service is ready."""
    begun = time.monotonic()
    story.command("apply", "-f", str(_manifests(story, folder)))
    status = _wait_for(story, lambda service: service.ready and service.ready_replicas == service.replicas)
    story.note("apply to all six replicas ready", f"{time.monotonic() - begun:.1f} s")
    story.command("status")
    return status


def _manifests(story: Story, folder: Path) -> Path:
    """The example folder; copied and adapted when the ports are not those it is written for."""
    examples = examples_folder() / "quickstart"
    if story.base == EXAMPLE_PORTS_BASE:
        return examples
    copy = folder / "quickstart"
    shutil.copytree(examples, copy)
    storage = copy / "storage.yaml"
    storage.write_text(storage.read_text().replace(f":{EXAMPLE_PORTS_BASE + 9}", f":{story.base + 9}"))
    return copy


def examples_folder() -> Path:
    """The example manifests: inside an installed package, or at the top of a clone."""
    import tradewind

    package = Path(tradewind.__file__).parent
    installed = package / "examples"
    return installed if installed.is_dir() else package.parents[1] / "examples"


def _wait_for(story: Story, done: Callable[[ServiceStatus], bool]) -> FleetStatus:
    """Show what changes until the service is as wanted. Raises CliError, with the reason, after a bound."""
    until = time.monotonic() + READY_SECONDS
    begun = time.monotonic()
    before: tuple[ServiceStatus, ...] = ()
    while True:
        status = story.status()
        for line in service_changes(before, status.services):
            story.say(f"  {time.monotonic() - begun:5.1f} s  {line}")
        before = status.services
        service = next((one for one in status.services if one.name == NAME), None)
        if service is not None and done(service):
            return status
        if time.monotonic() > until:
            raise CliError(f"the service is not ready after {READY_SECONDS:.0f} s: {service}")
        time.sleep(POLL_SECONDS)


def _predict_everywhere(story: Story, status: FleetStatus, sample: "SampleModel", folder: Path) -> None:
    story.say("\nPredictions for three tumours at each region's gateway, and at the front door:")
    rows = folder / "rows.json"
    rows.write_text(json.dumps({"instances": sample.rows}))
    data = f"@{rows}"
    for cluster in status.clusters:
        story.command("predict", NAME, "-n", NAMESPACE, "--cluster", cluster.name, "--data", data)
    story.command("predict", NAME, "-n", NAMESPACE, "--data", data)
    story.say(f"The model itself, asked here, says {sample.expected}.")


def _outage(
    story: Story,
    title: str,
    kill: tuple[str, ...],
    url: str,
    body: bytes,
    headers: dict[str, str] | None = None,
) -> None:
    story.say(f"\n== {title} ==\n{RATE_PER_SECOND} requests/s to {url}")

    async def act() -> None:
        await asyncio.to_thread(story.command, *kill)

    report = asyncio.run(_under_load(url, body, headers or {}, act))
    failed = f"{len(report.failures)} of {report.sent} requests failed"
    slowest = max(report.latencies_ms, default=0.0)
    p50, p99 = report.percentile_ms(50), report.percentile_ms(99)
    latency = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, slowest {slowest:.0f} ms"
    story.say(f"\n{failed}; {latency}")
    for failure in report.failures[:5]:
        story.say(f"  at {failure.at_seconds} s: {failure.reason}")
    story.note(title, f"{failed}; {latency}")


async def _under_load(
    url: str, body: bytes, headers: dict[str, str], act: Callable[[], Awaitable[None]]
) -> "LoadReport":
    from tradewind.rehearse.load import Load, LoadRequest

    request = LoadRequest(url, body, {"content-type": "application/json", **headers})
    async with Load(request, RATE_PER_SECOND) as load:
        await asyncio.sleep(BEFORE_SECONDS)
        await act()
        await asyncio.sleep(AFTER_SECONDS)
    return load.report


def _revive(story: Story, cluster: str) -> None:
    story.command("status")
    begun = time.monotonic()
    story.command("drill", "revive", cluster)
    _wait_for(story, lambda service: service.ready and service.ready_replicas == service.replicas)
    story.note(f"{cluster} back with all its replicas", f"{time.monotonic() - begun:.1f} s")


def _show_where_everything_is(story: Story) -> None:
    story.say(
        f"""
Where everything was
  state, databases, certificates  {story.home}
  model cache, shared by all      {story.home / "models"}
  logs of every process           {story.home / "logs"}
  for kubectl                     KUBECONFIG={story.home / "kubeconfig"}  (contexts hub and one per cluster)
  front door                      {story.status().front_door}{PATH}
Your own fleet: tradewind up --detach; then tradewind --help."""
    )
