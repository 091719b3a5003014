"""A case: one thing that a client must get from a Kubernetes API."""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.clients.sandbox import Sandbox
from tests.clients.waiting import eventually

Run = Callable[[Sandbox], None]


@dataclass(frozen=True)
class Case:
    """A row of the table. `run` raises AssertionError when the server answers otherwise."""

    id: str
    client: str
    checks: str
    reference: str
    run: Run


class Cases:
    """The rows of one client, in the order of their declaration."""

    def __init__(self, client: str) -> None:
        self.client = client
        self.rows: list[Case] = []

    def __call__(self, name: str, checks: str, reference: str) -> Callable[[Run], Run]:
        """Declares the function below as a case."""

        def declare(run: Run) -> Run:
            self.rows.append(Case(f"{self.client}/{name}", self.client, checks, reference, run))
            return run

        return declare

    def lines(self, name: str, checks: str, reference: str, *steps: "Step", given: str = "") -> None:
        """Declares kubectl command lines in order, after the manifests `given` were created."""

        def run(sandbox: Sandbox) -> None:
            if given:
                sandbox.create(given)
            for step in steps:
                step.check_later(sandbox) if step.later else step.check(sandbox)

        self(name, checks, reference)(run)


@dataclass(frozen=True)
class Step:
    """A kubectl command line and what it must answer.

    `$NS` in any text is the namespace of the case. `out` is all of standard output, `has` are parts of it,
    `lacks` must not be in it, `like` are regular expressions found in it, `err` are parts of standard error.
    `later`: it may take a while until it answers so.
    """

    line: str
    code: int = 0
    out: str | None = None
    has: Sequence[str] = ()
    lacks: Sequence[str] = ()
    like: Sequence[str] = ()
    err: Sequence[str] = ()
    stdin: str = ""
    user: str = "admin"
    later: bool = False

    def check_later(self, sandbox: Sandbox) -> None:
        """As `check`, but it may take a while."""
        eventually(lambda: self.check(sandbox))

    def check(self, sandbox: Sandbox) -> None:
        def placed(text: str) -> str:
            return text.replace("$NS", sandbox.namespace)

        result = sandbox.kubectl(*shlex.split(placed(self.line)), stdin=placed(self.stdin), user=self.user)
        shown = f"kubectl {placed(self.line)}\n{result}"
        assert result.code == self.code, shown
        if self.out is not None:
            assert result.out == placed(self.out), shown
        for part in self.has:
            assert placed(part) in result.out, f"no {placed(part)!r}\n{shown}"
        for part in self.lacks:
            assert placed(part) not in result.out, f"{placed(part)!r}\n{shown}"
        for pattern in self.like:
            assert re.search(placed(pattern), result.out, re.M), f"nothing like {pattern!r}\n{shown}"
        for part in self.err:
            assert placed(part) in result.err, f"no {placed(part)!r}\n{shown}"
