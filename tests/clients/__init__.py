"""What real clients get from the API, case by case, against what Kubernetes documents.

Each case is a row: who asks, what it checks, where it is written, and how to find out. `table.py` joins the
rows of all modules; `docs/conformance.md` is made from them.
"""

import pytest

# So that a failed assert shows its values: pytest does that by itself in test modules only.
pytest.register_assert_rewrite(
    *(f"{__name__}.{name}_cases" for name in ("python", "watch", "kr8s", "lightkube", "kserve", "http"))
)
