"""The parameters of the API's operations, as OpenAPI describes them. Pure."""

from tradewind.resources.meta import Manifest

_TEXTS = {
    "allowWatchBookmarks": "Of a watch: send BOOKMARK events, which carry only a resourceVersion.",
    "container": "The container whose log is wanted; it may be left out when the Pod has one.",
    "continue": "The token from the metadata of a list that had a limit, to get the part after it.",
    "dryRun": "With All, everything is checked and answered as if it were done, and nothing is stored.",
    "fieldManager": "Who makes the change, for managedFields; at most 128 printable characters.",
    "fieldSelector": "Only objects whose fields have these values, for example metadata.name=a.",
    "fieldValidation": "What happens to unknown and duplicate fields: Strict refuses them, Warn (the "
    "default) drops them with a warning, Ignore drops them.",
    "follow": "Go on with the log until the Pod ends.",
    "force": "Of server-side apply: take over fields that other managers own.",
    "gracePeriodSeconds": "How long the object may take to end; 0 deletes it at once.",
    "insecureSkipTLSVerifyBackend": "Has no effect: the log is read from a file.",
    "labelSelector": "Only objects whose labels match, for example app=a,tier!=b.",
    "limit": "At most so many objects; the list then has a token to continue with.",
    "limitBytes": "At most so many bytes.",
    "orphanDependents": "Deprecated in favour of propagationPolicy.",
    "pretty": "Whether the answer is to be indented for people.",
    "previous": "The log of the container that ran before this one.",
    "propagationPolicy": "What becomes of dependents: Background, Foreground or Orphan.",
    "resourceVersion": "How new the answer must be at least, or exactly how old; see resourceVersionMatch.",
    "resourceVersionMatch": "How resourceVersion is meant: NotOlderThan or Exact.",
    "sendInitialEvents": "Of a watch: begin with what exists and mark its end by a bookmark.",
    "sinceSeconds": "Only what was written in the last so many seconds.",
    "sinceTime": "Only what was written from this time on.",
    "stream": "Which output: All, Stdout or Stderr.",
    "tailLines": "Only so many lines from the end.",
    "timeoutSeconds": "End the list or watch after so many seconds.",
    "timestamps": "Begin each line with the time at which it was written.",
    "watch": "Send changes as they happen, one event a line, instead of a list.",
}
_INTEGERS = {"gracePeriodSeconds", "limit", "limitBytes", "sinceSeconds", "tailLines", "timeoutSeconds"}
_BOOLEANS = {
    "allowWatchBookmarks",
    "follow",
    "force",
    "insecureSkipTLSVerifyBackend",
    "orphanDependents",
    "previous",
    "sendInitialEvents",
    "timestamps",
    "watch",
}
_IN_PATH = {"name": "The name of the {kind}.", "namespace": "The namespace that the objects are in."}

_SELECTORS = ("fieldSelector", "labelSelector")
_VERSIONS = ("resourceVersion", "resourceVersionMatch")
LIST = (
    "allowWatchBookmarks",
    "continue",
    *_SELECTORS,
    "limit",
    *_VERSIONS,
    "sendInitialEvents",
    "timeoutSeconds",
    "watch",
)
WRITE = ("dryRun", "fieldManager", "fieldValidation")
PATCH = (*WRITE, "force")
DELETE = ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy")
DELETE_COLLECTION = (
    "continue",
    "dryRun",
    *_SELECTORS,
    "gracePeriodSeconds",
    "limit",
    "orphanDependents",
    "propagationPolicy",
    *_VERSIONS,
    "sendInitialEvents",
    "timeoutSeconds",
)
LOG = (
    "container",
    "follow",
    "insecureSkipTLSVerifyBackend",
    "limitBytes",
    "previous",
    "sinceSeconds",
    "sinceTime",
    "stream",
    "tailLines",
    "timestamps",
)
PRETTY = ("pretty",)


def in_query(name: str, *, v2: bool) -> Manifest:
    """One parameter of a query."""
    type_ = "integer" if name in _INTEGERS else "boolean" if name in _BOOLEANS else "string"
    typed: Manifest = {"type": type_, "uniqueItems": True}
    head = {"name": name, "in": "query", "description": _TEXTS[name]}
    return head | (typed if v2 else {"schema": typed})


def in_path(name: str, kind: str, *, v2: bool) -> Manifest:
    """The name or the namespace in a path."""
    typed: Manifest = {"type": "string", "uniqueItems": True}
    head = {"name": name, "in": "path", "description": _IN_PATH[name].format(kind=kind), "required": True}
    return head | (typed if v2 else {"schema": typed})
