"""Kinds whose objects are worked out when they are asked for and never stored: reviews, metrics."""

from collections.abc import Callable
from dataclasses import dataclass

from tradewind.apiserver.access import User
from tradewind.apiserver.urls import Target
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest


@dataclass(frozen=True)
class Computed:
    """How a kind is answered; `kind.verbs` says what can be asked.

    `create(user, target, manifest)` answers a posted object; `read(namespace)` gives all objects of a
    namespace, or of all for "". Both may raise ApiError.
    """

    kind: Kind
    create: Callable[[User, Target, Manifest], Manifest] | None = None
    read: Callable[[str], list[Manifest]] | None = None
