"""The kind Cluster: named, defaulted and printed as upstream (`pkg/printers/internalversion/printers.go`)."""

from tradewind.resources.cluster_checks import check_cluster
from tradewind.resources.cluster_types import Cluster
from tradewind.resources.columns import AGE, NAME, NONE, at, condition, field_text
from tradewind.resources.kinds import Column, Kind
from tradewind.resources.meta import Manifest


def default_cluster(manifest: Manifest) -> Manifest:
    """Sync mode Pull, which every member here has (upstream requires the field), and `zone` as `zones`."""
    spec = manifest.get("spec", {})
    if not isinstance(spec, dict):
        return manifest
    filled = {"syncMode": "Pull", **spec}
    if filled.get("zone") and not filled.get("zones"):
        filled["zones"] = [filled.pop("zone")]
    return {**manifest, "spec": filled}


def _ready(cluster: Manifest, _: int) -> str:
    found = condition(cluster, "Ready")
    return str(found.get("status", "")) if found else "Unknown"


def _zones(cluster: Manifest, _: int) -> str:
    return ",".join(at(cluster, "spec", "zones") or []) or NONE


CLUSTER = Kind(
    group="cluster.karmada.io",
    versions=("v1alpha1",),
    name="Cluster",
    plural="clusters",
    struct=Cluster,
    namespaced=False,
    columns=(
        NAME,
        Column("Version", field_text("status", "kubernetesVersion")),
        Column("Mode", field_text("spec", "syncMode")),
        Column("Ready", _ready),
        AGE,
        Column("Zones", _zones, wide=True),
        Column("Region", field_text("spec", "region", absent=NONE), wide=True),
        Column("Provider", field_text("spec", "provider", absent=NONE), wide=True),
        Column("API-Endpoint", field_text("spec", "apiEndpoint"), wide=True),
        Column("Proxy-URL", field_text("spec", "proxyURL", absent=NONE), wide=True),
    ),
    default=default_cluster,
    check=check_cluster,
)

KINDS = (CLUSTER,)
