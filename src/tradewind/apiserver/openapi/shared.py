"""Definitions that every document has: what the API itself says and takes, besides objects. Pure.

Upstream: apimachinery `pkg/apis/meta/v1`, api `autoscaling/v1`.
"""

from collections.abc import Callable

from tradewind.apiserver.openapi.names import META
from tradewind.apiserver.openapi.operations import SCALE_DEFINITION
from tradewind.apiserver.openapi.schemas import ANYTHING, Definitions, Form
from tradewind.resources.meta import Manifest


def _text(description: str) -> Manifest:
    return {"description": description, "type": "string"}


def _integer(description: str) -> Manifest:
    return {"description": description, "type": "integer", "format": "int64"}


def _boolean(description: str) -> Manifest:
    return {"description": description, "type": "boolean"}


def _texts(description: str) -> Manifest:
    items = {"type": "string"}
    return {
        "description": description,
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "atomic",
    }


def _list(description: str, items: Manifest) -> Manifest:
    return {
        "description": description,
        "type": "array",
        "items": items,
        "x-kubernetes-list-type": "atomic",
    }


def _object(description: str, properties: Manifest, *required: str) -> Manifest:
    found = {"description": description, "type": "object", "properties": properties}
    return found | ({"required": list(required)} if required else {})


_VERSION = _text("The version of the schema of this object.")
_KIND = _text("What kind of object this is.")
_TYPE_META = {"apiVersion": _VERSION, "kind": _KIND}


def shared_definitions(form: Form) -> Definitions:
    """All of them, by name."""

    def meta(name: str, description: str = "") -> Manifest:
        return form.reference(f"{META}.{name}", description)

    named = {
        "ListMeta": _LIST_META,
        "Status": _status(meta("ListMeta", "Nothing."), meta("StatusDetails", "More about the failure.")),
        "StatusDetails": _status_details(meta("StatusCause")),
        "StatusCause": _STATUS_CAUSE,
        "DeleteOptions": _delete_options(meta("Preconditions", "What must hold of the object.")),
        "Preconditions": _PRECONDITIONS,
        "Patch": {"description": "A change of an object, in one of the forms of patches.", "type": "object"},
        "WatchEvent": _WATCH_EVENT,
        "APIResourceList": _resource_list(meta("APIResource")),
        "APIResource": _API_RESOURCE,
    }
    return {f"{META}.{name}": one for name, one in named.items()} | _scale(form, meta)


_LIST_META = _object(
    "What a list says about itself.",
    {
        "continue": _text("What to send to get the next part; empty when there is none."),
        "remainingItemCount": _integer("How many objects are in later parts."),
        "resourceVersion": _text("The version of the store that the list is of; a watch can begin there."),
        "selfLink": _text("Not used any more."),
    },
)


def _status(metadata: Manifest, details: Manifest) -> Manifest:
    return _object(
        "The answer to a request that has no object to answer with: it failed, or something is gone.",
        {
            **_TYPE_META,
            "metadata": metadata,
            "status": _text("Success or Failure."),
            "message": _text("What happened, for people."),
            "reason": _text("What happened, for programs, for example NotFound."),
            "details": details,
            "code": _integer("The HTTP status code."),
        },
    )


def _status_details(cause: Manifest) -> Manifest:
    return _object(
        "What a Status is about.",
        {
            "name": _text("The name of the object."),
            "group": _text("The API group of the object."),
            "kind": _text("The resource of the object, for example pods."),
            "uid": _text("The uid of the object."),
            "causes": _list("Each of the things that are wrong.", cause),
            "retryAfterSeconds": _integer("When to try again."),
        },
    )


_STATUS_CAUSE = _object(
    "One thing that is wrong.",
    {
        "reason": _text("What it is, for programs, for example FieldValueRequired."),
        "message": _text("What it is, for people."),
        "field": _text("Where in the object, for example spec.replicas."),
    },
)


def _delete_options(preconditions: Manifest) -> Manifest:
    return _object(
        "How to delete.",
        {
            **_TYPE_META,
            "dryRun": _texts("With All, nothing is deleted."),
            "gracePeriodSeconds": _integer("How long the object may take to end; 0 deletes it at once."),
            "orphanDependents": _boolean("Deprecated in favour of propagationPolicy."),
            "preconditions": preconditions,
            "propagationPolicy": _text("What becomes of dependents: Background, Foreground or Orphan."),
        },
    )


_PRECONDITIONS = _object(
    "What must hold of an object that is to be deleted.",
    {"uid": _text("Its uid."), "resourceVersion": _text("Its version.")},
)
_WATCH_EVENT = _object(
    "One change of an object that is watched.",
    {
        "type": _text("ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."),
        "object": {"description": "The object after the change, or a Status for ERROR.", "type": "object"}
        | ANYTHING,
    },
    "type",
    "object",
)


def _resource_list(resource: Manifest) -> Manifest:
    return _object(
        "What is served of a group and version.",
        {
            **_TYPE_META,
            "groupVersion": _text("The group and version."),
            "resources": _list("The resources and their subresources.", resource),
        },
        "groupVersion",
        "resources",
    )


_API_RESOURCE = _object(
    "A resource that is served.",
    {
        "name": _text("Its name in URLs, for example pods or pods/status."),
        "singularName": _text("Its name for one."),
        "namespaced": _boolean("Whether its objects are in namespaces."),
        "group": _text("The group of its objects, if that is another than the list's."),
        "version": _text("The version of its objects, if that is another than the list's."),
        "kind": _text("The kind of its objects."),
        "verbs": _texts("What can be done with it."),
        "shortNames": _texts("Shorter names for command lines."),
        "categories": _texts("The groups of resources that it is in, for example all."),
        "storageVersionHash": _text("Changes when the version in which its objects are stored changes."),
    },
    "name",
    "singularName",
    "namespaced",
    "kind",
    "verbs",
)


def _scale(form: Form, meta: Callable[..., Manifest]) -> Definitions:
    spec, status = f"{SCALE_DEFINITION}Spec", f"{SCALE_DEFINITION}Status"
    return {
        SCALE_DEFINITION: _object(
            "How many replicas an object has and should have, whatever its kind.",
            {
                **_TYPE_META,
                "metadata": meta("ObjectMeta", "That of the object."),
                "spec": form.reference(spec, "What is wanted."),
                "status": form.reference(status, "What there is."),
            },
        )
        | {"x-kubernetes-group-version-kind": [{"group": "autoscaling", "version": "v1", "kind": "Scale"}]},
        spec: _object(
            "How many replicas are wanted.", {"replicas": _integer("The number of replicas wanted.")}
        ),
        status: _object(
            "How many replicas there are.",
            {
                "replicas": _integer("The number of replicas that exist."),
                "selector": _text("The label selector that finds the replicas."),
            },
            "replicas",
        ),
    }
