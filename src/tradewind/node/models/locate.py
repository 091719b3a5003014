"""Storage URIs (shell): which store, or which local folder. A further scheme is one more row of `SCHEMES`."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tradewind.node.models.s3 import S3Source, s3_options
from tradewind.node.models.source import ModelError, Source

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


def _s3(uri: str, environment: Mapping[str, str]) -> Source:
    return S3Source(s3_options(uri, environment))


def _file(uri: str, _: Mapping[str, str]) -> Path:
    url = urlsplit(uri)
    if url.netloc not in ("", "localhost"):
        raise ModelError(
            f"{uri} names the host {url.netloc!r}: write file:///PATH for a path of this machine"
        )
    return _local(unquote(url.path), uri)


def _local(path: str, uri: str) -> Path:
    """The path itself: local models are used where they are, as upstream links to them."""
    if not path.startswith("/"):
        raise ModelError(f"{uri!r} is not an absolute path: write file:///PATH, /PATH or s3://BUCKET/PREFIX")
    if not Path(path).exists():
        raise ModelError(f"no model at {uri}: there is no such file or folder on this machine")
    return Path(path)


SCHEMES: dict[str, Callable[[str, Mapping[str, str]], Source | Path]] = {"s3": _s3, "file": _file}


def locate(uri: str, environment: Mapping[str, str]) -> Source | Path:
    """A store to download from, or a file or folder that is already here.

    `environment` holds credentials and endpoints under KServe's names. Raises ModelError.
    """
    match = _SCHEME.match(uri)
    if match is None:
        return _local(uri, uri)
    opener = SCHEMES.get(match[1])
    if opener is None:
        supported = ", ".join(f"{scheme}://" for scheme in SCHEMES)
        raise ModelError(
            f'the scheme "{match[1]}" of {_without_secrets(uri)} is not supported here: '
            f"store the model under {supported} or an absolute path"
        )
    return opener(uri, environment)


def _without_secrets(uri: str) -> str:
    """The URI without user information and query, which can hold passwords and signatures."""
    url = urlsplit(uri)
    return url._replace(netloc=url.netloc.rpartition("@")[2], query="", fragment="").geturl()
