"""What `/healthz`, `/livez` and `/readyz` say. Pure. Upstream: apiserver `pkg/server/healthz`."""

from collections.abc import Mapping, Sequence

HEALTH_ROOTS = ("healthz", "livez", "readyz")
PING = "ping"
STARTED = "started"


def checks_of(root: str, why_not_ready: str) -> Mapping[str, str]:
    """What is wrong with each thing that is looked at, "" when nothing is."""
    return {PING: "", STARTED: why_not_ready} if root == "readyz" else {PING: ""}


def one_check(why_not: str) -> tuple[int, str]:
    """Code and text of a single check, such as `/livez/ping`."""
    return (500, f"internal server error: {why_not}\n") if why_not else (200, "ok")


def all_checks(
    root: str, checks: Mapping[str, str], exclude: Sequence[str], *, verbose: bool
) -> tuple[int, str]:
    """Code and text of all checks together. A failure lists them; unlike upstream it says why."""
    lines = [_line(name, why_not, excluded=name in exclude) for name, why_not in checks.items()]
    if unknown := sorted(set(exclude) - set(checks)):
        quoted = ",".join(f'"{name}"' for name in unknown)
        lines.append(f"warn: some health checks cannot be excluded: no matches for {quoted}")
    if any(why_not for name, why_not in checks.items() if name not in exclude):
        return 500, "\n".join([*lines, f"{root} check failed\n"])
    return 200, "\n".join([*lines, f"{root} check passed\n"]) if verbose else "ok"


def _line(name: str, why_not: str, *, excluded: bool) -> str:
    if excluded:
        return f"[+]{name} excluded: ok"
    return f"[-]{name} failed: {why_not}" if why_not else f"[+]{name} ok"
