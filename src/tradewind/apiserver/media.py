"""Which of several media types a client prefers. Pure."""

from collections.abc import Sequence

from tradewind.apiserver.bodies import YAML
from tradewind.resources.status import ApiError


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The media type offered that comes first in an Accept header; the first one when there is no header.

    A type with parameters is only given to who asks for all of them; further ones are let be. YAML is as good
    as the first one, of which it is made. 406 when nothing that is accepted is offered.
    """
    for choice in (accept or "*/*").split(","):
        name, *parameters = (part.strip() for part in choice.split(";"))
        if name.lower() == YAML:
            return offered[0]
        asked = {part for part in parameters if not part.startswith("q=")}
        for one in offered:
            own, *needed = one.split(";")
            if _matches(name.lower(), own) and bool(needed) == ("as=" in choice) and set(needed) <= asked:
                return one
    message = f"only the following media types are accepted: {', '.join(offered)}"
    raise ApiError(406, "NotAcceptable", message)


def _matches(pattern: str, name: str) -> bool:
    return pattern in (name, "*/*", f"{name.partition('/')[0]}/*")
