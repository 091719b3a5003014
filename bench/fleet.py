"""How fast a whole fleet is, and what it loses when parts of it are killed.

    python bench/fleet.py [--rounds 3] [--kills 10] [--base-port 12400]

Each round starts a fresh fleet of three clusters. Measured: `up` to all ready; memory of the idle hub and
members; apply to the first 200 at the front door, for a model that is not in the cache and for one that is.
Then, on one fleet with six replicas, under 50 requests/s: a cluster's control process and replicas are
killed while its gateway is asked, and a whole cluster is killed while the front door is asked, `--kills`
times each. Prints a table and writes bench/out/fleet.json.
"""

import argparse
import asyncio
import contextlib
import io
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import joblib
import psutil
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

from measure import print_table, spread, write_json
from tradewind import fleet as fleets
from tradewind import parts
from tradewind.base.layout import FleetLayout, PartLayout
from tradewind.base.processes import load_record
from tradewind.rehearse.bucket import Bucket, local_bucket
from tradewind.rehearse.drill import kill
from tradewind.rehearse.load import Load, LoadReport, LoadRequest
from tradewind.resources.fleet import Fleet, builtin_fleet
from tradewind.resources.meta import replace

ROW = [5.1, 3.5, 1.4, 0.2]
BODY = json.dumps({"instances": [ROW]}).encode()
RATE_PER_SECOND = 50
BEFORE_SECONDS, AFTER_SECONDS = 0.5, 3.0
DEADLINE_SECONDS = 60.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Site:
    """A fleet under measurement."""

    layout: FleetLayout
    fleet: Fleet
    bucket: Bucket

    def tradewind(self, *arguments: str, stdin: str = "") -> None:
        """Run one command. Raises CalledProcessError when it fails."""
        command = [sys.executable, "-m", "tradewind.cli", *arguments, "--home", str(self.layout.home)]
        subprocess.run(command, input=stdin, text=True, check=True, capture_output=True, timeout=90)

    @property
    def names(self) -> list[str]:
        return [cluster.name for cluster in self.fleet.spec.clusters]

    def gateway(self, name: str) -> str:
        return f"http://127.0.0.1:{parts.member_part(self.layout, self.fleet, name).gateway_port}"

    @property
    def front_door(self) -> str:
        return f"http://127.0.0.1:{parts.hub_part(self.layout, self.fleet).gateway_port}"


def manifests(name: str, uri: str, replicas: int, bucket: Bucket) -> str:
    """A service, its way to the bucket, and a policy that divides it 3 : 2 : 1 by weight."""
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "namespace": "bench"},
        "spec": {
            "predictor": {
                "minReplicas": replicas,
                "serviceAccountName": "reader",
                "model": {"modelFormat": {"name": "sklearn"}, "storageUri": uri},
            }
        },
    }
    notes = {
        "serving.kserve.io/s3-endpoint": f"127.0.0.1:{bucket.port}",
        "serving.kserve.io/s3-usehttps": "0",
    }
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "keys", "namespace": "bench", "annotations": notes},
        "stringData": {"AWS_ACCESS_KEY_ID": bucket.access_key, "AWS_SECRET_ACCESS_KEY": bucket.secret_key},
    }
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "reader", "namespace": "bench"},
        "secrets": [{"name": "keys"}],
    }
    weights = [
        {"targetCluster": {"clusterNames": [cluster.name]}, "weight": 3 - index}
        for index, cluster in enumerate(builtin_fleet().spec.clusters)
    ]
    policy = {
        "apiVersion": "policy.karmada.io/v1alpha1",
        "kind": "PropagationPolicy",
        "metadata": {"name": "all", "namespace": "bench"},
        "spec": {
            "resourceSelectors": [
                {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"},
                {"apiVersion": "v1", "kind": "Secret"},
                {"apiVersion": "v1", "kind": "ServiceAccount"},
            ],
            "placement": {
                "replicaScheduling": {
                    "replicaSchedulingType": "Divided",
                    "replicaDivisionPreference": "Weighted",
                    "weightPreference": {"staticWeightList": weights},
                }
            },
        },
    }
    return "---\n".join(json.dumps(one) + "\n" for one in (policy, secret, account, service))


@contextlib.contextmanager
def running_fleet(base: int) -> Iterator[tuple[Site, float]]:
    """A fresh fleet with a bucket beside it, and the seconds that `up` took."""
    builtin = builtin_fleet()
    fleet = replace(builtin, spec=replace(builtin.spec, ports=replace(builtin.spec.ports, base=base)))
    with tempfile.TemporaryDirectory(prefix="tradewind-bench-") as folder:
        layout = FleetLayout(Path(folder) / "fleet")
        bucket = Bucket("models", base + 9, "bench", "bench-secret-key")
        with local_bucket(Path(folder) / "s3", bucket):
            begun = time.monotonic()
            try:
                asyncio.run(fleets.up(layout, fleet, lambda _: None))
                yield Site(layout, fleet, bucket), time.monotonic() - begun
            finally:
                fleets.down(layout, lambda _: None)


def resident_mib(part: PartLayout) -> float:
    """Resident memory of a part's control process and its Envoy."""
    records = [load_record(path) for path in (part.process, part.envoy_process)]
    return sum(psutil.Process(record.pid).memory_info().rss for record in records if record) / MIB


def model_bytes(seed: int) -> bytes:
    """A small model, another one for every seed, so that no cache has it."""
    buffer = io.BytesIO()
    joblib.dump(LogisticRegression(max_iter=500 + seed).fit(*load_iris(return_X_y=True)), buffer)
    return buffer.getvalue()


def path_of(name: str) -> str:
    return f"/serving/bench/{name}/v1/models/{name}:predict"


async def seconds_to_first_answer(url: str) -> float:
    """Ask until the first 200. Raises TimeoutError."""
    begun = time.monotonic()
    async with asyncio.timeout(DEADLINE_SECONDS), aiohttp.ClientSession() as session:
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.post(url, data=BODY) as response:
                    if response.status == 200:
                        return time.monotonic() - begun
            await asyncio.sleep(0.01)


def measure_first_answer(site: Site, name: str, uri: str) -> float:
    """Seconds from the start of `tradewind apply` to the first answer at the front door."""
    begun = time.monotonic()
    site.tradewind("apply", "-f", "-", stdin=manifests(name, uri, 3, site.bucket))
    asyncio.run(seconds_to_first_answer(site.front_door + path_of(name)))
    return time.monotonic() - begun


async def under_load(url: str, headers: dict[str, str], site: Site, cluster: str, keep: bool) -> LoadReport:
    async with Load(LoadRequest(url, BODY, headers), RATE_PER_SECOND) as load:
        await asyncio.sleep(BEFORE_SECONDS)
        await asyncio.to_thread(kill, site.layout, cluster, keep)
        await asyncio.sleep(AFTER_SECONDS)
    return load.report


def wait_until_whole(site: Site, name: str, replicas: int) -> None:
    """Until every replica is ready and every gateway answers. Raises TimeoutError."""
    from tradewind.cli.home import open_fleet
    from tradewind.cli.snapshot import read_status

    until = time.monotonic() + DEADLINE_SECONDS
    while True:
        status = read_status(open_fleet(site.layout.home))
        service = next((one for one in status.services if one.name == name), None)
        if service and service.ready_replicas == replicas and all(one.ready for one in status.clusters):
            return
        if time.monotonic() > until:
            raise TimeoutError(f"not whole again: {service}")
        time.sleep(0.1)


def measure_kills(site: Site, kills: int) -> dict[str, list[LoadReport]]:
    """Kill and revive, again and again; the reports of each way to die."""
    uri = site.bucket.put("six/model.joblib", model_bytes(99)).rpartition("/")[0]
    site.tradewind("apply", "-f", "-", stdin=manifests("six", uri, 6, site.bucket))
    reports: dict[str, list[LoadReport]] = {"replicas and control": [], "whole cluster": []}
    for round_ in range(kills):
        for what, victim in (("replicas and control", site.names[0]), ("whole cluster", site.names[1])):
            wait_until_whole(site, "six", 6)
            keep = what != "whole cluster"
            address = site.gateway(victim) if keep else site.front_door
            region = site.fleet.spec.clusters[site.names.index(victim)].region
            headers = {} if keep else {"x-tradewind-region": region}
            report = asyncio.run(under_load(address + path_of("six"), headers, site, victim, keep))
            reports[what].append(report)
            print(f"kill {round_ + 1}, {what}: {len(report.failures)} of {report.sent} failed", flush=True)
            site.tradewind("drill", "revive", victim)
    return reports


def measure(rounds: int, kills: int, base: int) -> dict[str, Any]:
    ups, hubs, members, uncached, cached = [], [], [], [], []
    reports: dict[str, list[LoadReport]] = {}
    for round_ in range(rounds):
        with running_fleet(base) as (site, seconds):
            ups.append(seconds)
            time.sleep(3)  # what is idle after start-up, not what start-up needs
            hubs.append(resident_mib(site.layout.hub))
            members += [resident_mib(site.layout.member(name)) for name in site.names]
            uri = site.bucket.put(f"m{round_}/model.joblib", model_bytes(round_)).rpartition("/")[0]
            uncached.append(measure_first_answer(site, "first", uri))
            wait_until_whole(site, "first", 3)
            site.tradewind("delete", "isvc", "first", "-n", "bench")
            cached.append(measure_first_answer(site, "second", uri))
            if round_ == rounds - 1:
                site.tradewind("delete", "isvc", "second", "-n", "bench")
                reports = measure_kills(site, kills)
    figures = {
        "up to all ready, s": (spread(ups), 8),
        "apply to first answer, model not cached, s": (spread(uncached), 4),
        "apply to first answer, model cached, s": (spread(cached), 2),
        "idle hub with front door, MiB": (spread(hubs), None),
        "idle member with gateway, MiB": (spread(members), 200),
    }
    return {"figures": figures, "kills": reports}


def show(found: dict[str, Any]) -> None:
    rows = [[what, value, limit or ""] for what, (value, limit) in found["figures"].items()]
    print_table("A fleet of three clusters", ["", "median (lowest-highest)", "to reach"], rows)
    kill_rows = [
        [
            what,
            len(reports),
            sum(one.sent for one in reports),
            sum(len(one.failures) for one in reports),
            spread([one.percentile_ms(99) for one in reports]),
        ]
        for what, reports in found["kills"].items()
    ]
    print_table("kill -9 at 50 requests/s", ["killed", "times", "requests", "failed", "p99 ms"], kill_rows)
    results = {
        "figures": {what: asdict(value) for what, (value, _) in found["figures"].items()},
        "kills": {
            what: [
                {"sent": one.sent, "failed": [asdict(failure) for failure in one.failures]} for one in reports
            ]
            for what, reports in found["kills"].items()
        },
    }
    print(f"wrote {write_json('fleet', results)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--base-port", type=int, default=12400)
    options = parser.parse_args()
    show(measure(options.rounds, options.kills, options.base_port))


if __name__ == "__main__":
    main()
