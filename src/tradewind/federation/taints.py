"""Which taints a toleration list tolerates, and how taints are added and taken away.

Upstream: `k8s.io/component-helpers/scheduling/corev1` and `pkg/util/helper/taint.go`.
"""

from collections.abc import Iterable, Sequence

from tradewind.resources.core import Taint, Toleration

NO_EXECUTE = "NoExecute"
SCHEDULING_EFFECTS = ("NoSchedule", NO_EXECUTE)  # PreferNoSchedule keeps nothing away


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """Whether a toleration is for this taint. An empty key or effect is for all, an empty operator Equal."""
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    if toleration.operator in ("", "Equal"):
        return toleration.value == taint.value
    return toleration.operator == "Exists"


def untolerated(taints: Iterable[Taint], tolerations: Sequence[Toleration]) -> Taint | None:
    """The first taint that keeps new work away; None when all are tolerated."""
    for taint in taints:
        if taint.effect in SCHEDULING_EFFECTS and not any(tolerates(one, taint) for one in tolerations):
            return taint
    return None


def taint_text(taint: Taint) -> str:
    """`key=value:effect`, without the value `key:effect`."""
    return f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"


def change_taints(taints: Sequence[Taint], add: Sequence[Taint], remove: Sequence[Taint]) -> list[Taint]:
    """Taints without those of `remove` and with those of `add`; one that is there already stays as it is."""
    kept = [taint for taint in taints if not any(_same(taint, one) for one in remove)]
    return kept + [one for one in add if not any(_same(taint, one) for taint in kept)]


def _same(left: Taint, right: Taint) -> bool:
    return (left.key, left.effect) == (right.key, right.effect)
