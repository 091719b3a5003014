"""From a container to a process: which server its image stands for, its arguments and environment.

A container image is not run; it names a server (table `SERVERS`), or the container brings its own
`command`. What would be inside the container is mapped to this machine: the model's mount path to its
local folder, and each container port to the host port that the scheduler chose.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import ceil
from pathlib import Path

from tradewind.base.ports import LOOPBACK
from tradewind.node.environment import ConfigError, Environment, Objects, expand, resolve, uses_secret
from tradewind.resources.core import Container, Pod
from tradewind.resources.quantity import parse_quantity

# What a replica takes over from the environment of its member, which may hold secrets: nothing else.
INHERITED = (
    "HOME",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONHOME",
    "PYTHONPATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "VIRTUAL_ENV",
)
STORAGE_INITIALIZER = "storage-initializer"
_PORT_FLAG = re.compile(r"(--?[\w-]*port[\w-]*[= ])(\d+)\b", re.IGNORECASE)
_PORT_NAME = re.compile(r"--?[\w-]*port[\w-]*|\w*PORT\w*", re.IGNORECASE)


@dataclass(frozen=True)
class Server:
    """A server that runs on this machine: the images it stands for, and its module.

    `port_option` tells it where to listen; `ready_path` answers 200 when it is ready.
    """

    name: str
    images: tuple[str, ...]
    module: str
    port_option: str
    ready_path: str


SERVERS = (
    Server(
        name="predict server",
        images=("kserve/sklearnserver*", "*/sklearnserver*"),
        module="tradewind.servers.predict",
        port_option="--http_port",
        ready_path="/v2/health/ready",
    ),
)


@dataclass(frozen=True)
class Machine:
    """What launching needs to know of this machine: its Python, CPUs, and the variables to pass on."""

    python: str
    cpus: int
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Launch:
    """A process to start: `port` is where its first port listens, 0 when it has none."""

    arguments: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    port: int


def inherited(environment: Mapping[str, str], python: str) -> dict[str, str]:
    """The variables to pass on from a member's own, with its Python's folder first on PATH, and output
    unbuffered so that a crash leaves its last line in the log."""
    passed = {name: environment[name] for name in INHERITED if name in environment}
    path = f"{Path(python).parent}:{passed.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    return {"LANG": "C.UTF-8"} | passed | {"PATH": path, "PYTHONUNBUFFERED": "1"}


def server_of(container: Container) -> Server | None:
    """The server that runs this container; None when it brings its own command. Raises ConfigError."""
    if container.command:
        return None
    for server in SERVERS:
        if any(fnmatchcase(container.image, pattern) for pattern in server.images):
            return server
    known = ", ".join(pattern for server in SERVERS for pattern in server.images)
    raise ConfigError(
        f'image "{container.image}" names no server of this machine: use an image like {known}, or give the '
        "container a command"
    )


def storage_of(pod: Pod) -> tuple[tuple[str, str], ...]:
    """Storage URI and mount path of each model, as KServe writes them into the arguments of its init
    container: URI, path, URI, path ... Raises ConfigError for any other Pod than this node runs."""
    for container in pod.spec.init_containers:
        if container.name != STORAGE_INITIALIZER:
            raise ConfigError(
                f'init container "{container.name}" cannot run here: the only one that a node of processes '
                f"knows is {STORAGE_INITIALIZER}; move its work into the container's command"
            )
    if len(pod.spec.containers) != 1:
        names = ", ".join(container.name for container in pod.spec.containers)
        raise ConfigError(f"a Pod runs one container here, not {names}: deploy the others by themselves")
    given = [argument for container in pod.spec.init_containers for argument in container.args]
    if len(given) % 2:
        raise ConfigError(f"args of {STORAGE_INITIALIZER} are not pairs of storage URI and path: {given}")
    return tuple(zip(given[::2], given[1::2], strict=True))


def real_ports(container: Container) -> dict[int, int]:
    """Where each container port really listens: its host port, or itself when none was chosen."""
    return {port.container_port: port.host_port or port.container_port for port in container.ports}


def make_launch(
    pod: Pod, container: Container, mounts: Mapping[str, Path], objects: Objects, machine: Machine
) -> Launch:
    """The process that runs `container`. `mounts` maps mount paths to local model folders.

    Raises ConfigError for an image without a server, a missing object, or an argument that would show
    a Secret to everybody on the machine.
    """
    server, ports = server_of(container), real_ports(container)
    environment = _environment(pod, container, mounts, objects, machine)
    written = _expanded([*container.command, *container.args], environment)
    own = with_ports([with_folders(one, mounts) for one in written], ports)
    port = next(iter(ports.values()), 0)
    arguments = [*_server_command(server, own, port, machine), *own]
    if container.working_dir:
        arguments = ["env", f"--chdir={with_folders(container.working_dir, mounts)}", *arguments]
    return Launch(tuple(arguments), environment.values, port)


def _server_command(server: Server | None, own: Sequence[str], port: int, machine: Machine) -> list[str]:
    if server is None:
        return []
    told = any(_same_option(one, server.port_option) for one in own)
    listen = [f"{server.port_option}={port}"] if port and not told else []
    # -P: a pickle must not find its modules in whatever folder the fleet was started from.
    return [machine.python, "-P", "-m", server.module, *listen]


def _same_option(argument: str, option: str) -> bool:
    """Servers take `-` and `_` in the name of an option as the same."""
    return argument.partition("=")[0].replace("-", "_") == option.replace("-", "_")


def _expanded(texts: Sequence[str], environment: Environment) -> list[str]:
    for text in texts:
        shown = next(iter(uses_secret(text, environment)), None)
        if shown:
            raise ConfigError(
                f"argument {text!r} would show the Secret in ${shown} to every user of this machine: "
                "remove the argument and let the server read the variable"
            )
    return [expand(text, environment.values)[0] for text in texts]


def _environment(
    pod: Pod, container: Container, mounts: Mapping[str, Path], objects: Objects, machine: Machine
) -> Environment:
    """The container's variables over those that every replica gets. PORT wins: it is where to listen."""
    given = {
        **machine.environment,
        "OMP_NUM_THREADS": str(_threads(container, machine)),
        "POD_NAME": pod.metadata.name,
        "POD_NAMESPACE": pod.metadata.namespace,
        "POD_IP": LOOPBACK,
    }
    resolved = resolve(container, pod, objects, given)
    ports = real_ports(container)
    values = {
        name: _mapped(name, with_folders(value, mounts), ports) for name, value in resolved.values.items()
    }
    listen = {"PORT": str(next(iter(ports.values())))} if ports else {}
    return Environment(values | listen, resolved.secret)


def _threads(container: Container, machine: Machine) -> int:
    """As many computing threads as the container may use CPUs, rounded up, but not more than there are.

    Without this every replica's libraries would start one thread per CPU of the whole machine.
    """
    resources = container.resources
    cpu = resources.limits.get("cpu") or resources.requests.get("cpu")
    return min(machine.cpus, max(1, ceil(parse_quantity(cpu)))) if cpu else machine.cpus


def with_folders(text: str, mounts: Mapping[str, Path]) -> str:
    """`text` with every mount path in it replaced by its local folder; `/mnt/models-2` is another path."""
    folders = {mount.rstrip("/"): str(folder) for mount, folder in mounts.items() if mount.rstrip("/")}
    if not folders:
        return text
    longest_first = sorted(folders, key=len, reverse=True)
    pattern = rf"(?<![\w./-])({'|'.join(map(re.escape, longest_first))})(?![\w.-])"
    return re.sub(pattern, lambda match: folders[match[1]], text)


def with_ports(arguments: Sequence[str], ports: Mapping[int, int]) -> list[str]:
    """Arguments with container ports replaced where a port option names them: `--http_port=8080`,
    `--port 8080` in one or two arguments. Other numbers stay."""
    replaced, before = [], ""
    for argument in arguments:
        if _PORT_NAME.fullmatch(before) and argument.isdigit():
            replaced.append(str(ports.get(int(argument), argument)))
        else:
            replaced.append(_PORT_FLAG.sub(lambda m: m[1] + str(ports.get(int(m[2]), m[2])), argument))
        before = argument
    return replaced


def _mapped(name: str, value: str, ports: Mapping[int, int]) -> str:
    """The value of a variable such as HTTP_PORT, when it is one of the container's ports."""
    if value.isdigit() and _PORT_NAME.fullmatch(name):
        return str(ports.get(int(value), value))
    return value
