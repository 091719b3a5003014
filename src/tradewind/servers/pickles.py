"""Reading a pickled estimator, and saying in one line why it cannot be read.

A pickle runs code of its author's choice while it loads: serve only models that you trust.

An estimator writes the scikit-learn version into its state. Another version than the installed one is
refused, because predictions may then differ without any error. scikit-learn itself warns of that, but
only when unpickling gets so far; when it fails earlier (a class or module that was renamed), the
version is read from the bytes, so that the message names the cause instead of the symptom.
"""

import bz2
import gzip
import io
import lzma
import re
import warnings
import zlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib

from tradewind.servers.errors import StartError, describe
from tradewind.servers.events import emit

ALLOW_MISMATCH = "TRADEWIND_ALLOW_VERSION_MISMATCH"
CHUNK_BYTES = 2**20
# the key, then a few bytes of pickle opcodes and lengths, then the version
SAVED_VERSION = re.compile(
    rb"_sklearn_version[\x00-\xff]{1,16}?(\d+\.\d+(?:\.\d+)?(?:\.?(?:a|b|rc|dev|post)\d+)?)"
)
LONGEST_MATCH_BYTES = 64
LONGEST_SUFFIX_BYTES = 16  # a version that ends at the end of a read may go on in the next


def read(path: Path, allow_mismatch: bool) -> Any:
    """The object pickled in `path`, by joblib or pickle.

    Raises StartError: unreadable, damaged, saved by another scikit-learn (unless `allow_mismatch`),
    or in need of something that is not installed.
    """
    if path.stat().st_size == 0:
        raise StartError(f"{path} is empty; upload the model again")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loaded = joblib.load(path)
        except Exception as error:
            raise StartError(_failure(path, error)) from None
    _check_versions(path, [warning.message for warning in caught], allow_mismatch)
    return loaded


def saved_version(path: Path) -> str | None:
    """The scikit-learn version written in a pickle, compressed or not; None when it has none."""
    window = b""
    match = None
    try:
        with _open(path) as file:
            while chunk := file.read(CHUNK_BYTES):
                window = window[-LONGEST_MATCH_BYTES:] + chunk
                match = SAVED_VERSION.search(window) or match
                if match and match.end() + LONGEST_SUFFIX_BYTES <= len(window):
                    break
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        return None
    return match[1].decode() if match else None


def _open(path: Path) -> io.BufferedIOBase:
    with path.open("rb") as file:
        magic = file.read(6)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.open(path)
    if magic.startswith(b"BZh"):
        return bz2.open(path)
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.open(path)
    if magic.startswith(b"\x78"):
        opened: io.BufferedIOBase = joblib.compressor.BinaryZlibFile(str(path))
        return opened
    return path.open("rb")


def _check_versions(path: Path, messages: list[Any], allow_mismatch: bool) -> None:
    saved = {
        message.original_sklearn_version
        for message in messages
        if type(message).__name__ == "InconsistentVersionWarning"
    }
    others = {describe(message) for message in messages if not hasattr(message, "original_sklearn_version")}
    for text in sorted(others):
        emit("load_warning", file=str(path), warning=text)
    if not saved:
        return
    problem = f"{path} was saved by scikit-learn {', '.join(sorted(saved))}, but this is {_installed()}"
    if not allow_mismatch:
        raise StartError(
            f"{problem}; save it again with this version, or set {ALLOW_MISMATCH}=true on the predictor "
            f"to load it anyway"
        )
    emit("version_mismatch", warning=f"{problem}; predictions may differ")


def _failure(path: Path, error: Exception) -> str:
    saved = saved_version(path)
    foreign = isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("sklearn")
    if saved is not None and saved != _installed_version() and not foreign:
        return (
            f"{path} was saved by scikit-learn {saved} and {_installed()} cannot read it "
            f"({describe(error)}); save it again with this version"
        )
    if isinstance(error, ModuleNotFoundError):
        return f"{path} needs Python module {error.name!r}, which is not installed; install it here"
    if isinstance(error, AttributeError) and "__main__" in str(error):
        return (
            f"{path} refers to code of the program that saved it ({describe(error)}); "
            f"put that code into an installed module and save the model again"
        )
    if isinstance(error, OSError):
        return f"cannot read {path}: {error.strerror or describe(error)}"
    return f"{path} is damaged or not a pickle ({describe(error)}); upload the model again"


def _installed() -> str:
    return f"scikit-learn {_installed_version()}"


def _installed_version() -> str:
    try:
        return version("scikit-learn")
    except PackageNotFoundError:
        return "none"
