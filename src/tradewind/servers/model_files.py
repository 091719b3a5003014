"""Which file of a model folder is the model: KServe's rule, exactly one with a known extension."""

from collections.abc import Sequence
from pathlib import Path

from tradewind.servers.errors import StartError

MOST_NAMES_SHOWN = 10


def find_model_file(folder: Path, extensions: Sequence[str]) -> Path:
    """The one file directly in `folder` that ends with one of `extensions`.

    Raises StartError that names the folder, what it holds and the fix.
    """
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        raise StartError(f"model folder {folder} does not exist; --model_dir is a local folder") from None
    except NotADirectoryError:
        raise StartError(f"{folder} is a file; --model_dir must be the folder that holds it") from None
    except OSError as error:
        raise StartError(f"cannot read model folder {folder}: {error.strerror}") from None
    matches = [entry for entry in entries if entry.name.endswith(tuple(extensions)) and entry.is_file()]
    if len(matches) == 1:
        return matches[0]
    wanted = f"exactly one {' or '.join(extensions)} file directly in it"
    if matches:
        raise StartError(
            f"model folder {folder} holds {len(matches)} model files ({_names(matches)}); keep {wanted}"
        )
    raise StartError(f"model folder {folder} holds no model file (found: {_names(entries)}); put {wanted}")


def _names(entries: Sequence[Path]) -> str:
    names = [entry.name + ("/" if entry.is_dir() else "") for entry in entries[:MOST_NAMES_SHOWN]]
    if len(entries) > MOST_NAMES_SHOWN:
        names.append(f"and {len(entries) - MOST_NAMES_SHOWN} more")
    return ", ".join(names) or "nothing"
