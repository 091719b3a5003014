"""The command line of the predict server: KServe's spelling of its Python servers' flags.

The flags are those of KServe's `model_server.py` and `predictiveserver`, so that the arguments of a
ServingRuntime work unchanged. Those that mean nothing here are accepted and named in
`Settings.warnings`; an unknown flag is an error. `_` and `-` are the same in a flag's name.
"""

import argparse
import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from tradewind.servers.frameworks import FRAMEWORKS

USAGE_ERROR = 2
HIGHEST_PORT = 65535

NO_GRPC = "gRPC is not served"
NOT_A_TRANSFORMER = "a predict server calls no other predictor"
OWN_LOG = "the server logs JSON lines to standard output"
WITHOUT_EFFECT = {
    "--grpc_port": NO_GRPC,
    "--enable_grpc": NO_GRPC,
    "--max_threads": NO_GRPC,
    "--grpc_max_send_message_length": NO_GRPC,
    "--grpc_max_receive_message_length": NO_GRPC,
    "--predictor_host": NOT_A_TRANSFORMER,
    "--protocol": NOT_A_TRANSFORMER,
    "--predictor_protocol": NOT_A_TRANSFORMER,
    "--predictor_use_ssl": NOT_A_TRANSFORMER,
    "--predictor_request_timeout_seconds": NOT_A_TRANSFORMER,
    "--predictor_request_retries": NOT_A_TRANSFORMER,
    "--enable_predictor_health_check": NOT_A_TRANSFORMER,
    "--configure_logging": OWN_LOG,
    "--log_config_file": OWN_LOG,
    "--access_log_format": OWN_LOG,
    "--enable_docs_url": "there is no documentation page",
    "--event_loop": "the event loop is uvloop",
    "--workers": "a replica is one process: raise minReplicas instead",
    "--nthread": "set OMP_NUM_THREADS instead",
}


@dataclass(frozen=True)
class Settings:
    """How one predict server runs; flags carry the same names where KServe has none."""

    model_name: str
    model_dir: Path
    framework: str
    host: str
    http_port: int
    predict_threads: int
    max_in_flight: int
    max_body_bytes: int
    predict_timeout_seconds: float
    drain_seconds: float
    keep_alive_seconds: float
    logs_latency: bool
    warnings: tuple[str, ...] = ()


def parse(arguments: Sequence[str]) -> Settings:
    """Settings from a command line; prints one line and exits with 2 when it is wrong."""
    parser = _make_parser()
    options, rest = parser.parse_known_args([_canonical(argument) for argument in arguments])
    if rest:
        parser.error(_unknown(rest[0], arguments))
    given = vars(options)
    return Settings(
        model_name=options.model_name,
        model_dir=options.model_dir,
        framework=options.framework,
        host=options.host,
        http_port=options.http_port,
        predict_threads=options.max_asyncio_workers,
        max_in_flight=options.max_in_flight,
        max_body_bytes=options.max_body_bytes,
        predict_timeout_seconds=options.predict_timeout_seconds,
        drain_seconds=options.drain_seconds,
        keep_alive_seconds=options.timeout_keep_alive,
        logs_latency=options.enable_latency_logging,
        warnings=tuple(
            f"{flag} has no effect: {reason}"
            for flag, reason in WITHOUT_EFFECT.items()
            if given[flag.removeprefix("--")] is not None
        ),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, without the usage text."""
        sys.stderr.write(f"predict server: {message}\n")
        sys.exit(USAGE_ERROR)


def _make_parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tradewind.servers.predict", allow_abbrev=False)
    add = parser.add_argument
    add("--model_name", default="model", help="name in the URLs (default: %(default)s)")
    add("--model_dir", type=Path, required=True, help="local folder of the model")
    add("--framework", choices=sorted(FRAMEWORKS), default="sklearn", help="default: %(default)s")
    add("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    add("--http_port", type=_port, default=8080, help="0 takes a free one (default: %(default)s)")
    add("--max_asyncio_workers", type=_count, default=1, help="predictions at a time (default: %(default)s)")
    add("--max_in_flight", type=_count, default=256, help="more get 503 (default: %(default)s)")
    add("--max_body_bytes", type=_count, default=32 * 2**20, help="more get 413 (default: %(default)s)")
    add("--predict_timeout_seconds", type=_seconds, default=600.0, help="then 504 (default: %(default)s)")
    add("--drain_seconds", type=_seconds, default=25.0, help="after SIGTERM (default: %(default)s)")
    add("--timeout_keep_alive", type=_seconds, default=65.0, help="idle seconds (default: %(default)s)")
    add("--enable_latency_logging", type=_boolean, default=False, help="a line per request (default: no)")
    for flag, reason in WITHOUT_EFFECT.items():
        add(flag, nargs="?", const="", help=f"no effect: {reason}")
    return parser


def _canonical(argument: str) -> str:
    if not argument.startswith("--"):
        return argument
    name, equals, value = argument[2:].partition("=")
    return f"--{name.replace('-', '_')}{equals}{value}"


def _unknown(canonical: str, arguments: Sequence[str]) -> str:
    written = next(argument for argument in arguments if _canonical(argument) == canonical)
    if not written.startswith("-"):
        return f"unexpected argument {written!r}; every option is written --NAME=VALUE"
    flag = written.partition("=")[0]
    known = sorted(action for action in _make_parser()._option_string_actions if action.startswith("--"))
    nearest = difflib.get_close_matches(_canonical(flag), known, n=1, cutoff=0.0)
    return f"unknown flag {flag}; the nearest known one is {nearest[0]}, --help lists all"


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= HIGHEST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port; write a whole number from 0 to {HIGHEST_PORT}")


def _count(text: str) -> int:
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if 0 <= seconds < float("inf"):
        return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, 0 or more")


def _boolean(text: str) -> bool:
    words = {"y": True, "yes": True, "t": True, "true": True, "on": True, "1": True}
    words |= {"n": False, "no": False, "f": False, "false": False, "off": False, "0": False}
    if text.lower() in words:
        return words[text.lower()]
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")
