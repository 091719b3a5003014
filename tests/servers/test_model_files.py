"""Exactly one model file, directly in the folder."""

from pathlib import Path

import pytest

from tradewind.servers.errors import StartError
from tradewind.servers.model_files import find_model_file
from tradewind.servers.sklearn_model import EXTENSIONS

FOUND = [
    (["model.joblib"], "model.joblib"),
    (["a.pkl", "README.md"], "a.pkl"),
    (["my.model.v2.pickle", "sub/other.pkl"], "my.model.v2.pickle"),
]


def fill(folder: Path, names: list[str]) -> Path:
    for name in names:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(("names", "wanted"), FOUND)
def test_the_one_model_file_is_found(tmp_path: Path, names: list[str], wanted: str):
    assert find_model_file(fill(tmp_path, names), EXTENSIONS) == tmp_path / wanted


def test_a_link_to_a_file_counts(tmp_path: Path):
    (tmp_path / "stored").touch()
    (tmp_path / "model.pkl").symlink_to(tmp_path / "stored")
    assert find_model_file(tmp_path, EXTENSIONS).name == "model.pkl"


WRONG = [
    ([], "holds no model file (found: nothing)"),
    (["model.onnx", "sub/model.pkl"], "holds no model file (found: model.onnx, sub/)"),
    ([f"{n:02}.txt" for n in range(12)], "08.txt, 09.txt, and 2 more)"),
    (["a.joblib", "b.pkl"], "holds 2 model files (a.joblib, b.pkl); keep exactly one"),
]


@pytest.mark.parametrize(("names", "message"), WRONG)
def test_none_or_several_are_told_with_the_folder_and_its_files(
    tmp_path: Path, names: list[str], message: str
):
    with pytest.raises(StartError) as caught:
        find_model_file(fill(tmp_path, names), EXTENSIONS)
    assert f"model folder {tmp_path}" in str(caught.value)
    assert message in str(caught.value)
    assert "exactly one .joblib or .pkl or .pickle file directly in it" in str(caught.value)


def test_a_folder_that_is_none(tmp_path: Path):
    with pytest.raises(StartError, match="missing does not exist"):
        find_model_file(tmp_path / "missing", EXTENSIONS)
    (tmp_path / "model.pkl").touch()
    with pytest.raises(
        StartError, match=r"model.pkl is a file; --model_dir must be the folder that holds it"
    ):
        find_model_file(tmp_path / "model.pkl", EXTENSIONS)
