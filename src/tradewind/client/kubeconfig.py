"""Kubeconfig files: reading the connection of a context, and building the fleet's own file.

Upstream's format is `client-go/tools/clientcmd/api/v1`. Contexts, embedded data, files, tokens and token
files are understood; ways to log in that run a program or need a provider are refused with a hint.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tradewind.client.connection import Connection

REFUSED_LOGINS = ("exec", "auth-provider", "username", "password")
YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class KubeconfigError(Exception):
    """A kubeconfig that cannot be used; the message names the file, the entry and the fix."""


@dataclass(frozen=True)
class Context:
    """One context: where it leads, and the namespace it starts in ("" when it names none)."""

    name: str
    connection: Connection
    namespace: str = ""


def read_context(path: Path, name: str = "") -> Context:
    """The context `name` of a kubeconfig file, or its current one. Raises KubeconfigError."""
    config = _load(path)
    wanted = name or config.get("current-context") or ""
    if not wanted:
        raise KubeconfigError(f"{path}: no current-context; choose one of {_listed(config, 'contexts')}")
    context = _entry(path, config, "contexts", wanted, "context")
    cluster_name, user_name = context.get("cluster", ""), context.get("user", "")
    cluster = _entry(path, config, "clusters", cluster_name, "cluster")
    user = _entry(path, config, "users", user_name, "user") if user_name else {}
    return Context(
        wanted, _connection(path, cluster_name, cluster, user_name, user), context.get("namespace") or ""
    )


def context_names(path: Path) -> list[str]:
    """Every context of a kubeconfig file, in its order. Raises KubeconfigError."""
    return [str(one.get("name")) for one in _entries(_load(path), "contexts")]


def fleet_kubeconfig(connections: Mapping[str, Connection], current: str) -> dict[str, Any]:
    """A kubeconfig with one context per connection, everything embedded. Written as JSON it is YAML too."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": _cluster_entry(one)} for name, one in connections.items()],
        "users": [{"name": name, "user": _user_entry(one)} for name, one in connections.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in connections],
        "current-context": current,
    }


def _load(path: Path) -> dict[str, Any]:
    try:
        config = yaml.load(path.read_text(), YAML_LOADER)  # noqa: S506 - a safe loader, in C
    except OSError as error:
        raise KubeconfigError(f"{path}: cannot be read: {error.strerror}; is the fleet up?") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"{path}: is not YAML") from error
    if not isinstance(config, dict):
        raise KubeconfigError(
            f"{path}: is not a kubeconfig: an object with clusters, users and contexts is expected"
        )
    return config


def _entries(config: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    entries = config.get(kind)
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _entry(path: Path, config: dict[str, Any], kind: str, name: str, field: str) -> dict[str, Any]:
    for one in _entries(config, kind):
        if one.get("name") == name:
            found = one.get(field)
            return found if isinstance(found, dict) else {}
    raise KubeconfigError(f'{path}: has no {field} "{name}"; it has {_listed(config, kind)}')


def _listed(config: dict[str, Any], kind: str) -> str:
    return ", ".join(str(one.get("name")) for one in _entries(config, kind)) or "none"


def _connection(
    path: Path, cluster_name: str, cluster: dict[str, Any], user_name: str, user: dict[str, Any]
) -> Connection:
    server = cluster.get("server")
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        raise KubeconfigError(
            f'{path}: cluster "{cluster_name}": server must be a URL with https:// or http://'
        )
    if cluster.get("proxy-url"):
        raise KubeconfigError(f'{path}: cluster "{cluster_name}": proxy-url is not supported; remove it')
    refused = [field for field in REFUSED_LOGINS if user.get(field)]
    if refused:
        fix = "use a client certificate or a token (`kubectl create token`)"
        raise KubeconfigError(f'{path}: user "{user_name}": {refused[0]} is not supported; {fix}')
    return Connection(
        server=server.rstrip("/"),
        ca=_material(path, cluster, "certificate-authority"),
        client_certificate=_material(path, user, "client-certificate"),
        client_key=_material(path, user, "client-key"),
        token=user.get("token") or _file_text(path, user, "tokenFile").strip(),
        tls_server_name=cluster.get("tls-server-name") or "",
        skip_tls_verify=bool(cluster.get("insecure-skip-tls-verify")),
    )


def _material(path: Path, entry: dict[str, Any], field: str) -> str:
    """PEM text embedded as `FIELD-data`, else of the file that `FIELD` names."""
    data = entry.get(f"{field}-data")
    if not data:
        return _file_text(path, entry, field)
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError, TypeError) as error:
        raise KubeconfigError(f"{path}: {field}-data is not base64 of PEM text") from error


def _file_text(path: Path, entry: dict[str, Any], field: str) -> str:
    name = entry.get(field)
    if not name:
        return ""
    file = path.parent / str(name)  # an absolute name stays as it is
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KubeconfigError(f"{path}: {field}: {file} cannot be read") from error


def _cluster_entry(connection: Connection) -> dict[str, Any]:
    entry: dict[str, Any] = {"server": connection.server}
    if connection.ca:
        entry["certificate-authority-data"] = _encoded(connection.ca)
    if connection.tls_server_name:
        entry["tls-server-name"] = connection.tls_server_name
    if connection.skip_tls_verify:
        entry["insecure-skip-tls-verify"] = True
    return entry


def _user_entry(connection: Connection) -> dict[str, Any]:
    entry = {}
    if connection.client_certificate:
        entry["client-certificate-data"] = _encoded(connection.client_certificate)
        entry["client-key-data"] = _encoded(connection.client_key)
    if connection.token:
        entry["token"] = connection.token
    return entry


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
