"""Whether a request means the object that it names, and what is answered when it cannot be done. Pure."""

from tradewind.apiserver.rules import generated_name
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest
from tradewind.resources.status import STALE, ApiError, already_exists, bad_request, conflict, forbidden
from tradewind.store.entries import Key, ObjectTooLarge, Overloaded, StorageFull, StoreError

RETRY_AFTER_SECONDS = 1


def typed(kind: Kind, manifest: Manifest) -> Manifest:
    """The manifest with `apiVersion`, `kind` and `metadata` filled in. 400 when it is no object at all."""
    if not isinstance(manifest, dict):
        raise bad_request(f"a {kind.name} must be an object")
    metadata = manifest.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise bad_request(f"the metadata of a {kind.name} must be an object")
    for name in ("name", "namespace", "generateName"):
        if not isinstance(metadata.get(name) or "", str):
            raise bad_request(f"metadata.{name} of a {kind.name} must be a string")
    api_version = manifest.get("apiVersion") or kind.api_version
    return manifest | {
        "apiVersion": api_version,
        "kind": manifest.get("kind") or kind.name,
        "metadata": metadata,
    }


def named(kind: Kind, manifest: Manifest, uid: str) -> Manifest:
    """A manifest to be created, with its name: its own, or one made from `generateName` and the uid."""
    metadata = manifest["metadata"]
    if metadata.get("resourceVersion"):
        raise bad_request("resourceVersion should not be set on objects to be created")
    if kind.namespaced and not metadata.get("namespace"):
        raise bad_request("an empty namespace may not be set during creation")
    if metadata.get("name") or not metadata.get("generateName"):
        return manifest
    return manifest | {"metadata": metadata | {"name": generated_name(metadata["generateName"], uid)}}


def name_taken(kind: Kind, manifest: Manifest) -> ApiError:
    """409: an object of this name exists; upstream says so in other words when it chose the name itself."""
    name = manifest["metadata"]["name"]
    error = already_exists(kind.resource, name)
    if not manifest["metadata"].get("generateName"):
        return error
    message = f"{error.message}, the server was not able to generate a unique name for the object"
    return ApiError(409, error.reason, message, error.details | {"retryAfterSeconds": RETRY_AFTER_SECONDS})


def without_version(kind: Kind, config: Manifest) -> Manifest:
    """A configuration that is applied where there is no object yet; 409 when it means a certain one."""
    metadata = config["metadata"]
    if metadata.get("uid"):
        uid = metadata["uid"]
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise conflict(kind.resource, metadata["name"], why)
    kept = {name: value for name, value in metadata.items() if name != "resourceVersion"}
    return config | {"metadata": kept}


def check_identity(kind: Kind, proposed: Manifest, old: Manifest) -> None:
    """An update must keep the name, and must mean this very object at its current version."""
    given, stored = proposed["metadata"], old["metadata"]
    if given.get("name") != stored["name"]:
        raise name_mismatch(given.get("name", ""), stored["name"])
    if kind.namespaced and given.get("namespace", stored["namespace"]) != stored["namespace"]:
        raise namespace_mismatch()
    if given.get("uid") and given["uid"] != stored["uid"]:
        why = f"UID in precondition: {given['uid']}, UID in object meta: {stored['uid']}"
        raise conflict(
            kind.resource, stored["name"], f"StorageError: invalid object, Precondition failed: {why}"
        )
    if given.get("resourceVersion") and str(given["resourceVersion"]) != stored["resourceVersion"]:
        raise conflict(kind.resource, stored["name"], STALE)


def check_precondition(kind: Kind, old: Manifest, uid: str, resource_version: str) -> None:
    """A deletion may say which object it means; "" means any."""
    stored = old["metadata"]
    if uid and uid != stored["uid"]:
        why = (
            f"the UID in the precondition ({uid}) does not match the UID in record ({stored['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(kind.resource, stored["name"], why)
    if resource_version and resource_version != stored["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({resource_version}) does not match the "
            f"ResourceVersion in record ({stored['resourceVersion']}). The object might have been modified"
        )
        raise conflict(kind.resource, stored["name"], why)


def name_mismatch(given: str, wanted: str) -> ApiError:
    """400: body and URL name different objects."""
    return bad_request(f"the name of the object ({given}) does not match the name on the URL ({wanted})")


def namespace_mismatch() -> ApiError:
    """400: body and URL name different namespaces."""
    return bad_request(
        "the namespace of the provided object does not match the namespace sent on the request"
    )


def namespace_terminating(key: Key) -> ApiError:
    """403: nothing new in a namespace that is being deleted."""
    error = forbidden(
        f'{key.resource} "{key.name}" is forbidden: unable to create new content in namespace '
        f"{key.namespace} because it is being terminated"
    )
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {key.namespace} is being terminated"}
    error.details = {
        "name": key.name,
        "kind": key.resource,
        "causes": [cause | {"field": "metadata.namespace"}],
    }
    return error


def too_large(asked: int, current: int) -> ApiError:
    """504: a resource version that does not exist yet, as after a restart with an older store."""
    message = f"Too large resource version: {asked}, current: {current}"
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details = {"causes": [cause], "retryAfterSeconds": RETRY_AFTER_SECONDS}
    return ApiError(504, "Timeout", f"Timeout: {message}", details)


def unavailable(error: StoreError) -> ApiError:
    """What a store that cannot write is to a client: try later, or make room first."""
    if isinstance(error, Overloaded):
        return ApiError(429, "TooManyRequests", str(error), {"retryAfterSeconds": RETRY_AFTER_SECONDS})
    if isinstance(error, ObjectTooLarge):
        return ApiError(413, "RequestEntityTooLarge", str(error))
    if isinstance(error, StorageFull):
        return ApiError(507, "StorageFull", str(error))
    return ApiError(503, "ServiceUnavailable", str(error))
