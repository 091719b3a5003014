"""The entry point: finds the module of the command, runs it, and turns every error into words.

Only the asked-for command's module is loaded: loading all of them costs more than `status` may take.
"""

import importlib
import sys
from collections.abc import Sequence

import typer

# Command -> the module of its group, in the order in which the help lists them.
COMMANDS = {
    "up": "up",
    "down": "up",
    "status": "status",
    "plan": "plan",
    "explain": "plan",
    "apply": "apply",
    "get": "get",
    "describe": "describe",
    "wait": "wait",
    "delete": "delete",
    "logs": "logs",
    "predict": "predict",
    "backup": "backup",
    "restore": "backup",
    "cordon": "cordon",
    "uncordon": "cordon",
    "drain": "cordon",
    "drill": "drill",
    "demo": "demo",
    "kubeconfig": "kubeconfig",
    "version": "version",
}

HELP = """Tradewind serves machine-learning models as one service across many clusters.

\b
A first round:
  tradewind up --detach                  start a fleet on this machine
  tradewind apply -f examples/iris       say what is to be served, and where
  tradewind status -w                    watch it come up
  tradewind predict iris -n ml --data @rows.json
  tradewind down                         stop all of it
"""


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """The application with the one command that the arguments begin with, or with all of them."""
    first = arguments[0] if arguments else ""
    modules = [COMMANDS[first]] if first in COMMANDS else list(dict.fromkeys(COMMANDS.values()))
    app = typer.Typer(
        help=HELP,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback()(_root)
    for module in modules:
        app.add_typer(importlib.import_module(f"tradewind.cli.{module}").app)
    return app


def main() -> None:
    """Run the command line of this process and exit: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    try:
        build_app(sys.argv[1:])(prog_name="tradewind")
    except Exception as error:  # the last resort: a user never sees a traceback
        from tradewind.cli.errors import message_of

        sys.stderr.write(f"tradewind: {message_of(error)}\n")
        sys.exit(1)


def _root() -> None:
    pass
