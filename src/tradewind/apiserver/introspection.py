"""What is served besides objects: health, version, discovery, OpenAPI. Pure."""

from tradewind.apiserver import discovery, openapi
from tradewind.apiserver.catalog import Catalog
from tradewind.resources.meta import Manifest

READY_PATH = "/readyz"
HEALTH_PATHS = ("/healthz", "/livez", READY_PATH)


def introspect(served: Catalog, path: str, accept: str) -> Manifest | None:
    """The document at a path, or None. Discovery comes in the aggregated form if that is asked for."""
    match path.strip("/").split("/"):
        case ["version"]:
            return discovery.version()
        case ["api" | "apis" as root] if discovery.wants_aggregated(accept):
            return discovery.aggregated(served, core=root == "api")
        case ["api"]:
            return discovery.core_versions()
        case ["apis"]:
            return discovery.group_list(served)
        case ["apis", group]:
            return discovery.group(served, group)
        case ["api", version]:
            return discovery.resource_list(served, "", version)
        case ["apis", group, version]:
            return discovery.resource_list(served, group, version)
        case ["openapi", "v2"]:
            return openapi.swagger()
        case ["openapi", "v3"]:
            return openapi.index(served)
        case ["openapi", "v3", *prefix]:
            return openapi.document(served, "/".join(prefix))
    return None
