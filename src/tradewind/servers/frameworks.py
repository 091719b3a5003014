"""The frameworks that the predict server can load, by the name KServe gives their model format.

A framework is one module with `load(folder, environment) -> Model`. Modules are named, not imported:
a server pays for the framework that it serves and for no other.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from tradewind.servers.model import Load, Model

FRAMEWORKS: Mapping[str, str] = {"sklearn": "tradewind.servers.sklearn_model"}


def load(framework: str, folder: Path, environment: Mapping[str, str]) -> Model:
    """Load the model in `folder`; raises StartError with one line that says why it cannot."""
    loader: Load = import_module(FRAMEWORKS[framework]).load
    return loader(folder, environment)
