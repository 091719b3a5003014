"""On whose behalf the request is, that this task answers.

It travels beside the calls, as in upstream's request context, so that no way to write an object can forget
to pass it on. Controllers inside the process write on nobody's behalf and are not asked.
"""

from collections.abc import Callable
from contextvars import ContextVar

from tradewind.apiserver.access import User
from tradewind.apiserver.access.authorizer import Authorizer
from tradewind.apiserver.access.escalation import check_write
from tradewind.resources.kinds import Kind
from tradewind.resources.meta import Manifest

requester: ContextVar[User | None] = ContextVar("requester", default=None)


def guard_of(authorizer: Authorizer) -> Callable[[Kind, Manifest, Manifest | None], None]:
    """What `Objects` asks before it creates or, with the old one, changes an object: 403 if it may not be."""

    def guard(kind: Kind, new: Manifest, old: Manifest | None) -> None:
        user = requester.get()
        if user is not None:
            check_write(authorizer, user, kind, new, old)

    return guard
