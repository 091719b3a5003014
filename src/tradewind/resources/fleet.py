"""The fleet file: which clusters `tradewind up` starts on this machine, and how far apart they stand."""

from collections.abc import Sequence
from itertools import combinations

from msgspec import field

from tradewind.base.ports import MAX_CLUSTERS, member_ports
from tradewind.resources import rules
from tradewind.resources.core import RequestedResources, Taint
from tradewind.resources.kinds import Kind
from tradewind.resources.manifests import STANDARD_INPUT, ManifestError, parse_manifests
from tradewind.resources.meta import Manifest, Object, ObjectMeta, Struct, decode
from tradewind.resources.problems import Cause, Level, Problem, errors, warning
from tradewind.resources.shape import drop_nulls, nearest, shown
from tradewind.resources.syntax import dns_label_problem, label_value_problem, qualified_name_problem
from tradewind.resources.validate import check

API_VERSION = "tradewind.dev/v1alpha1"
MAX_CLUSTER_NAME = 48  # Karmada's limit, so that names derived from it stay within 63
RESERVED_NAMES = ("hub",)  # its context in the kubeconfig
SMALLEST_PORT = 1024
LARGEST_PORT = 65535
EPHEMERAL_PORTS_START = 32768  # the kernel hands out ports from here on, net.ipv4.ip_local_port_range
MAX_ROUND_TRIP_MS = 60_000
DEFAULT_CAPACITY: RequestedResources = {"cpu": "16", "memory": "64Gi", "pods": "110"}
NO_DELAY = "distances order regions from near to far; the delay itself is not added in this version"


class FleetPorts(Struct):
    """`base` is the first port; all others are derived from it (see base/ports)."""

    base: int = 7400


class FleetCluster(Struct):
    """One member. What `capacity` leaves out of cpu, memory and pods is that of DEFAULT_CAPACITY."""

    name: str
    provider: str = "local"
    region: str = "local"
    zone: str = ""
    labels: dict[str, str] = {}
    taints: list[Taint] = []
    capacity: RequestedResources = {}


class RegionDistance(Struct):
    """The round trip between two regions, the same both ways."""

    between: list[str]
    rtt_ms: int


class FleetSpec(Struct):
    """What a fleet consists of; the order of the clusters is their order everywhere."""

    clusters: list[FleetCluster]
    ports: FleetPorts = FleetPorts()
    network: list[RegionDistance] = []


class Fleet(Object):
    """A fleet on one machine. Not an object of the API: it is what starts the API."""

    spec: FleetSpec = field(default_factory=lambda: FleetSpec(clusters=[]))


def load_fleet(text: str, source: str = STANDARD_INPUT) -> Fleet:
    """The fleet of a file, defaults filled in. Raises ManifestError with all problems."""
    documents = parse_manifests(text, source)
    if len(documents) != 1:
        raise ManifestError([f"{source}: a fleet file holds one Fleet; this has {len(documents)} manifests"])
    manifest = drop_nulls(documents[0].manifest, Fleet)
    problems = errors(check(manifest, FLEET))
    if problems:
        raise ManifestError([f"{source}: {problem}" for problem in problems])
    return decode(_default(manifest), Fleet)


def fleet_warnings(fleet: Fleet) -> list[str]:
    """What a user should hear about a fleet that is accepted."""
    return [str(problem) for problem in _check_spec(fleet.spec) if problem.level is Level.WARNING]


def round_trips_ms(spec: FleetSpec, region: str) -> dict[str, int]:
    """Declared round trips from a region to others, in milliseconds, sorted by region."""
    pairs = [(distance.between, distance.rtt_ms) for distance in spec.network if region in distance.between]
    return dict(sorted((between[1] if between[0] == region else between[0], rtt) for between, rtt in pairs))


def builtin_fleet() -> Fleet:
    """Three regions with GPUs, as far apart as the cloud regions that they are named after."""
    return Fleet(
        api_version=API_VERSION,
        kind="Fleet",
        metadata=ObjectMeta(name="demo"),
        spec=FleetSpec(
            clusters=[
                _gpu_cluster("us-east-1", "a100"),
                _gpu_cluster("us-west-2", "a100"),
                _gpu_cluster("eu-west-1", "a10g"),
            ],
            network=[
                RegionDistance(between=["us-east-1", "us-west-2"], rtt_ms=65),
                RegionDistance(between=["us-east-1", "eu-west-1"], rtt_ms=70),
                RegionDistance(between=["us-west-2", "eu-west-1"], rtt_ms=130),
            ],
        ),
    )


def _gpu_cluster(region: str, gpu_type: str) -> FleetCluster:
    return FleetCluster(
        name=f"{region}-gpu",
        provider="aws",
        region=region,
        zone=f"{region}a",
        labels={"gpu-type": gpu_type},
        capacity={**DEFAULT_CAPACITY, "nvidia.com/gpu": "4"},
    )


def _default(manifest: Manifest) -> Manifest:
    spec = manifest["spec"]
    return {**manifest, "spec": {**spec, "clusters": [_default_cluster(one) for one in spec["clusters"]]}}


def _default_cluster(cluster: Manifest) -> Manifest:
    region = cluster.get("region", "local")
    capacity = {**DEFAULT_CAPACITY, **cluster.get("capacity", {})}
    return {**cluster, "region": region, "zone": cluster.get("zone") or region, "capacity": capacity}


def _check(manifest: Manifest) -> list[Problem]:
    return _check_spec(decode(manifest, Fleet).spec)


def _check_spec(spec: FleetSpec) -> list[Problem]:
    problems = _check_count(spec) + _check_ports(spec)
    problems += rules.no_duplicates("spec.clusters", [cluster.name for cluster in spec.clusters])
    for place, cluster in enumerate(spec.clusters):
        problems += _check_cluster(f"spec.clusters[{place}]", cluster)
    return problems + _check_network(spec)


def _check_count(spec: FleetSpec) -> list[Problem]:
    count = len(spec.clusters)
    if count == 0:
        return [rules.required("spec.clusters", "a fleet has at least one cluster")]
    if count > MAX_CLUSTERS:
        return [Problem("spec.clusters", f"Too many: {count}: a fleet has at most {MAX_CLUSTERS} clusters")]
    return []


def _check_ports(spec: FleetSpec) -> list[Problem]:
    base, path = spec.ports.base, "spec.ports.base"
    used = member_ports(base, max(len(spec.clusters), 1) - 1).replicas.stop - base
    if not SMALLEST_PORT <= base <= LARGEST_PORT + 1 - used:
        allowed = (
            f"must be between {SMALLEST_PORT} and {LARGEST_PORT + 1 - used}: this fleet uses {used} ports"
        )
        return [rules.invalid(path, base, allowed)]
    if base + used > EPHEMERAL_PORTS_START:
        lower = f"choose {EPHEMERAL_PORTS_START - used} or less"
        return [warning(path, f"ports up to {base + used - 1} may be taken by outgoing connections; {lower}")]
    return []


def _check_cluster(path: str, cluster: FleetCluster) -> list[Problem]:
    problems = rules.syntax(f"{path}.name", cluster.name, dns_label_problem(cluster.name))
    if len(cluster.name) > MAX_CLUSTER_NAME:
        limit = f"must be no more than {MAX_CLUSTER_NAME} characters"
        problems.append(rules.invalid(f"{path}.name", cluster.name, limit))
    if cluster.name in RESERVED_NAMES:
        problems.append(rules.invalid(f"{path}.name", cluster.name, "is the name of the hub; choose another"))
    for name, value in (("provider", cluster.provider), ("region", cluster.region), ("zone", cluster.zone)):
        problems += rules.syntax(f"{path}.{name}", value, label_value_problem(value))
    for key, value in cluster.labels.items():
        problems += rules.syntax(f"{path}.labels", key, qualified_name_problem(key))
        problems += rules.syntax(f"{path}.labels[{key}]", value, label_value_problem(value))
    problems += rules.taints(f"{path}.taints", cluster.taints)
    return problems + rules.quantities(f"{path}.capacity", cluster.capacity)


def _check_network(spec: FleetSpec) -> list[Problem]:
    regions = sorted({cluster.region for cluster in spec.clusters})
    problems = [warning("spec.network", NO_DELAY)] if spec.network else []
    for place, distance in enumerate(spec.network):
        problems += _check_distance(f"spec.network[{place}]", distance, regions)
    for (_, first), (place, second) in combinations(enumerate(spec.network), 2):
        if set(first.between) == set(second.between):
            pair = " and ".join(second.between)
            problems.append(
                Problem(
                    f"spec.network[{place}].between",
                    f"Duplicate value: {pair} have a distance",
                    Cause.DUPLICATE,
                )
            )
    return problems


def _check_distance(path: str, distance: RegionDistance, regions: Sequence[str]) -> list[Problem]:
    problems = []
    if len(distance.between) != 2 or len(set(distance.between)) != 2:
        problems.append(rules.invalid(f"{path}.between", distance.between, "must be two different regions"))
    for place, region in enumerate(distance.between):
        if region not in regions:
            known = f"no cluster is in this region; regions are {', '.join(map(shown, regions))}"
            near = nearest(region, list(regions))
            problems.append(rules.invalid(f"{path}.between[{place}]", region, known + near))
    if not 0 <= distance.rtt_ms <= MAX_ROUND_TRIP_MS:
        limit = f"must be between 0 and {MAX_ROUND_TRIP_MS} milliseconds"
        problems.append(rules.invalid(f"{path}.rttMs", distance.rtt_ms, limit))
    return problems


FLEET = Kind(
    group="tradewind.dev",
    versions=("v1alpha1",),
    name="Fleet",
    plural="fleets",
    struct=Fleet,
    namespaced=False,
    has_status=False,
    check=_check,
)
