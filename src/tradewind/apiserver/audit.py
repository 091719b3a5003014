"""What the audit log says of a request: audit.k8s.io/v1 Events at level Metadata, never a body. Pure."""

from dataclasses import dataclass
from typing import Any

from tradewind.apiserver.access import Attributes, Decision, User, user_info
from tradewind.resources.meta import Manifest
from tradewind.resources.times import micro_time_text

MAX_USER_AGENT_LENGTH = 1024  # upstream's
MAX_NAME_LENGTH = 253  # of an object whose name has not been checked yet
READS = ("get", "list", "watch", "head", "options")
CLIENT_WENT = 499  # as nginx says it: nobody waited for the answer


@dataclass(frozen=True)
class Heard:
    """How a request came in."""

    audit_id: str
    uri: str
    source: str
    user_agent: str
    received_ms: int


@dataclass
class Asked:
    """What has become clear of a request so far: who asks (None: nobody, 401, and why not), as whom, for
    what; `name` is that of an object to be created."""

    heard: Heard
    attributes: Attributes
    user: User | None = None
    acting_as: User | None = None
    decision: Decision | None = None
    why_unknown: str = ""
    name: str = ""


def is_audited(asked: Asked, code: int) -> bool:
    """Writes, and whatever was refused for who asked."""
    return code in (401, 403) or asked.attributes.verb not in READS


def event_of(asked: Asked, code: int, reason: str, now_ms: int) -> Manifest:
    """The line of a request that has been answered; `reason` is that of a failure."""
    heard = asked.heard
    event: Manifest = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": heard.audit_id,
        "stage": "ResponseComplete",
        "requestURI": heard.uri,
        "verb": asked.attributes.verb,
        "user": user_info(asked.user) if asked.user else {},
    }
    if asked.acting_as:
        event["impersonatedUser"] = user_info(asked.acting_as)
    event |= {"sourceIPs": [heard.source], "userAgent": heard.user_agent[:MAX_USER_AGENT_LENGTH]}
    if asked.attributes.plural:
        event["objectRef"] = _object(asked)
    status: dict[str, Any] = {"metadata": {}, "code": code}
    event["responseStatus"] = status | ({"status": "Failure", "reason": reason} if reason else {})
    event["requestReceivedTimestamp"] = micro_time_text(heard.received_ms)
    event["stageTimestamp"] = micro_time_text(now_ms)
    if asked.decision:
        event["annotations"] = {
            "authorization.k8s.io/decision": "allow" if asked.decision.allowed else "forbid",
            "authorization.k8s.io/reason": asked.decision.reason,
        }
    if asked.why_unknown:
        event["annotations"] = {"tradewind.dev/unauthorized": asked.why_unknown}
    return event


def _object(asked: Asked) -> Manifest:
    about = asked.attributes
    named = {
        "resource": about.plural,
        "namespace": about.namespace,
        "name": about.name or asked.name[:MAX_NAME_LENGTH],
        "apiGroup": about.group,
        "apiVersion": about.version,
        "subresource": about.subresource,
    }
    return {key: value for key, value in named.items() if value}
