"""What a decision hands back: effects as data, performed in the order given.

A controller is `step(key, view, now_ms) -> Plan`, synchronous and free of IO: it looks at what is and
at what should be, and returns the writes that bring them nearer. Performing is idempotent from
the outside: a plan that fails half-way is simply decided again from what then is. All times are
integer milliseconds since the epoch.
"""

from dataclasses import dataclass

from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest

LOCAL = "local"
HUB = "hub"


@dataclass(frozen=True)
class Key:
    """One object's name; `namespace` is "" for cluster-scoped kinds."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Put:
    """Write the whole object: create it if `metadata.uid` is empty, else replace it (all but status).

    A `resourceVersion` in it guards against a change since it was read.
    """

    kind: Kind
    manifest: Manifest
    at: str = LOCAL


@dataclass(frozen=True)
class PutStatus:
    """Replace the status of an object that exists."""

    kind: Kind
    manifest: Manifest
    at: str = LOCAL


@dataclass(frozen=True)
class Delete:
    """Delete an object; gone already is success. `uid`, when given, must still be its own."""

    kind: Kind
    namespace: str
    name: str
    uid: str = ""
    grace_seconds: int | None = None
    at: str = LOCAL


@dataclass(frozen=True)
class Record:
    """Tell the user through an Event on `about`; repeated ones are counted, not multiplied.

    `field_path` names the part of it that is meant, like `spec.containers{main}`; `host` the node that tells.
    """

    about: Manifest
    type: str  # Normal or Warning
    reason: str
    message: str
    at: str = LOCAL
    field_path: str = ""
    host: str = ""


Effect = Put | PutStatus | Delete | Record


@dataclass(frozen=True)
class Plan:
    """Effects in order, and when to look again even if nothing changes (None: only on change)."""

    effects: tuple[Effect, ...] = ()
    wake_at_ms: int | None = None


NOTHING = Plan()
