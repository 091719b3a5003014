"""Puts back the roles and bindings that a server must have (shell). Runs at every start."""

import asyncio

from tradewind.apiserver.access.bootstrap import bootstrap_objects, restored
from tradewind.apiserver.draft import decode_manifest
from tradewind.apiserver.objects import Objects, WriteOptions
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import ApiError

# Who upstream says these objects are by.
_OPTIONS = WriteOptions(manager="kube-apiserver")


async def restore_roles(objects: Objects) -> None:
    """Write what is missing of the bootstrap roles and bindings; all at once, so that it is one wait."""
    wanted = [(kind, one) for kind, one in bootstrap_objects() if kind.resource in objects.served.by_resource]
    await asyncio.gather(*(_restore(objects, kind, manifest) for kind, manifest in wanted))


async def _restore(objects: Objects, kind: Kind, wanted: Manifest) -> None:
    name = wanted["metadata"]["name"]
    try:
        found = decode_manifest(objects.get(kind, "", name).data)
    except ApiError:
        await objects.create(kind, wanted, _OPTIONS)
        return
    if found.get("roleRef") != wanted.get("roleRef"):  # which cannot be changed, only made anew
        await objects.delete(kind, "", name)
        await objects.create(kind, wanted, _OPTIONS)
    elif (whole := restored(wanted, found)) != found:
        await objects.update(kind, whole, _OPTIONS)
