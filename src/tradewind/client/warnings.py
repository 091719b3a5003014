"""What a server says beside its answer."""

import re


def warning_text(header: str) -> str:
    """The text of a `Warning` header (`299 - "text"`, RFC 7234), its quoting undone."""
    _, quote, rest = header.partition('"')
    text = rest.rpartition('"')[0] if quote else header
    return re.sub(r"\\(.)", r"\1", text)
