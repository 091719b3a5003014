"""docs/conformance.md, made from the table: `python -m tests.clients.page` writes it anew."""

from collections import Counter
from pathlib import Path

from tests.clients.case import Case
from tests.clients.table import CASES, PENDING
from tradewind.base.files import write_atomic

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
CLIENTS = {
    "kubectl": "the real `kubectl`, 1.37",
    "kubernetes": "the official Python client: typed, custom objects, dynamic, watch, utilities",
    "kr8s": "kr8s, synchronous and asynchronous",
    "lightkube": "lightkube, typed and generic resources",
    "kserve": "KServe's Python SDK: `KServeClient`",
    "http": "plain HTTP, for what no client sends: bad input, headers, forms",
}
INTRODUCTION = """# Conformance: what real clients get

`tests/clients` asks a real server over TLS, with the clients that people use, and compares what comes
with what the page named beside it says: Kubernetes' documentation or, where that is silent, the sources
of its API server. CI runs every case on every change: `pytest tests/clients`; one of them with
`pytest tests/clients -k kubectl/apply-conflict`. This page is made from the cases by
`python -m tests.clients.page`; a test holds it to them.
"""


def page() -> str:
    """The whole page."""
    counts = Counter(case.client for case in CASES)
    overview = [f"| {client} | {counts[client]} | {text} |" for client, text in CLIENTS.items()]
    parts = [
        INTRODUCTION,
        "| client | cases | what it is |\n|---|---|---|\n" + "\n".join(overview) + "\n",
        f"{len(CASES)} cases; {len(PENDING) or 'none'} of them {'is' if len(PENDING) == 1 else 'are'} known "
        "not to hold yet" + (": they are marked below, with the reason.\n" if PENDING else ".\n"),
    ]
    return "\n".join([*parts, *(_section(client) for client in CLIENTS)])


def _section(client: str) -> str:
    rows = "\n".join(_row(case) for case in CASES if case.client == client)
    return f"## {client}\n\n| case | what is checked | reference |\n|---|---|---|\n{rows}\n"


def _row(case: Case) -> str:
    name = case.id.partition("/")[2]
    checks = case.checks.replace("|", "\\|")
    missing = f" **Not yet: {PENDING[case.id]}.**" if case.id in PENDING else ""
    return f"| `{name}` | {checks}{missing} | [{_title(case.reference)}]({case.reference}) |"


def _title(reference: str) -> str:
    """The last words of an address: page and anchor."""
    address, _, anchor = reference.partition("#")
    name = address.rstrip("/").rpartition("/")[2].partition("?")[0]
    return f"{name}: {anchor}" if anchor else name


if __name__ == "__main__":
    write_atomic(PAGE, page().encode())
