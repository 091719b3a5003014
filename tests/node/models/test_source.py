"""The identity of a model, its paths, and how often a store is asked again."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradewind.node.models.retry import LONGEST_DELAY_MS, MAX_ATTEMPTS, retry_delay_ms
from tradewind.node.models.source import ModelError, ModelFile, check_paths, identity, total_bytes

files = st.lists(
    st.builds(ModelFile, st.text(), st.text(), st.integers(0, 2**40), st.text()), max_size=6, unique=True
)


@given(files, st.randoms(use_true_random=False))
def test_identity_does_not_depend_on_order_or_place(found: list[ModelFile], rng: Random) -> None:
    shuffled = [ModelFile(file.path, f"elsewhere/{file.key}", file.size_bytes, file.etag) for file in found]
    rng.shuffle(shuffled)
    assert identity(shuffled) == identity(found)
    assert len(identity(found)) == 64


def test_identity_sees_every_part() -> None:
    one = ModelFile("a", "k/a", 1, "e")
    others = [ModelFile("b", "k/a", 1, "e"), ModelFile("a", "k/a", 2, "e"), ModelFile("a", "k/a", 1, "f")]
    assert len({identity([file]) for file in [one, *others]} | {identity([]), identity([one, one])}) == 6


def test_size() -> None:
    assert total_bytes([ModelFile("a", "a", 3, ""), ModelFile("b", "b", 4, "")]) == 7


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["../x"], "'../x', which leads out of the model's folder"),
        (["a/../../x"], "leads out"),
        (["/etc/passwd"], "leads out"),
        (["a\0b"], "leads out"),
        (["a", "a/b"], "both 'a' and 'a/b'"),
        (["a/b/c/d", "a/b"], "both 'a/b' and 'a/b/c/d'"),
    ],
)
def test_paths_that_no_folder_can_hold(paths: list[str], message: str) -> None:
    with pytest.raises(ModelError) as caught:
        check_paths([ModelFile(path, path, 1, "") for path in paths], "s3://b/p")
    assert message in str(caught.value)


def test_common_paths_are_fine() -> None:
    check_paths([ModelFile(path, path, 1, "") for path in ("a", "b/a", "b/c..d", "..x", "b/a.b")], "s3://b/p")


def test_delays_double_with_jitter_and_end() -> None:
    rng = Random(7)
    delays = [retry_delay_ms(failures, rng) for failures in range(1, MAX_ATTEMPTS)]
    for place, delay in enumerate(delays):
        full = min(LONGEST_DELAY_MS, 200 << place)
        assert delay is not None
        assert full // 2 <= delay <= full
    assert retry_delay_ms(MAX_ATTEMPTS, rng) is None
    again = Random(7)
    assert delays == [retry_delay_ms(failures, again) for failures in range(1, MAX_ATTEMPTS)]
