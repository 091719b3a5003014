"""What one InferenceService's step looks at: the service, what belongs to it, and what it refers to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradewind.controller.plan import Key
from tradewind.controller.view import View
from tradewind.resources import labels
from tradewind.resources.core import Pod, Service
from tradewind.resources.core_kinds import POD, SECRET, SERVICE, SERVICE_ACCOUNT
from tradewind.resources.meta import Manifest, Object
from tradewind.resources.serving import InferenceService, Revision
from tradewind.resources.serving_kinds import (
    CLUSTER_SERVING_RUNTIME,
    INFERENCE_SERVICE,
    REVISION,
    SERVING_RUNTIME,
)
from tradewind.serving.credentials import Vault
from tradewind.serving.names import service_name
from tradewind.serving.render import Surroundings
from tradewind.serving.revisions import in_order


@dataclass(frozen=True)
class World:
    """`revisions` are the service's own, oldest first; `pods` are theirs, by revision name; `route` is the
    Service of its name, whoever it belongs to."""

    service: InferenceService
    manifest: Manifest
    revisions: Sequence[Revision]
    pods: Mapping[str, Sequence[Pod]]
    route: Service | None
    around: Surroundings

    @property
    def owns_route(self) -> bool:
        """Whether the route is there and belongs to the service."""
        return self.route is not None and is_owned(self.route, self.service)


def read_world(key: Key, view: View) -> World | None:
    """The world of the service of this name; None when there is none, or when it is being deleted."""
    service: InferenceService | None = view.get(INFERENCE_SERVICE, key.namespace, key.name)
    manifest = view.get_manifest(INFERENCE_SERVICE, key.namespace, key.name)
    if service is None or manifest is None or service.metadata.deletion_timestamp:
        return None
    mine = {labels.INFERENCE_SERVICE: key.name}
    revisions = [one for one in view.list(REVISION, key.namespace, mine) if is_owned(one, service)]
    pods = view.list(POD, key.namespace, mine)
    return World(
        service=service,
        manifest=manifest,
        revisions=in_order(revisions),
        pods={one.metadata.name: [pod for pod in pods if is_owned(pod, one)] for one in revisions},
        route=view.get(SERVICE, key.namespace, service_name(service)),
        around=Surroundings(
            runtimes=view.list(SERVING_RUNTIME, key.namespace),
            cluster_runtimes=view.list(CLUSTER_SERVING_RUNTIME),
            vault=Vault(
                accounts={one.metadata.name: one for one in view.list(SERVICE_ACCOUNT, key.namespace)},
                secrets={one.metadata.name: one for one in view.list(SECRET, key.namespace)},
            ),
        ),
    )


def is_owned(obj: Object, owner: Object) -> bool:
    """Whether this very owner, and not an earlier one of its name, owns the object."""
    return any(reference.uid == owner.metadata.uid for reference in obj.metadata.owner_references)
