"""What kinds and fields are for, in words: `kubectl explain` and the OpenAPI documents print them.

The words are in the folder `descriptions`. In `*.txt`, a line `Name: text` describes a kind or a struct and
the indented lines `  field: text` below it its fields; those of a parent hold for its children too.
`fidelity.tsv` has the rows of `docs/fidelity.md`: kind, path without the places of lists, state and note. It
is made from that page by `REWRITE=1 pytest tests/repo/test_explained.py`, which also holds the two together.
"""

from functools import cache
from importlib.resources import files

from tradewind.resources.schema import Schema

_NO_EFFECT = "no effect"
_IN_WORDS = {
    "honoured": "",
    "approximated": "In Tradewind:",
    _NO_EFFECT: "Has no effect in Tradewind.",
    "refused": "Refused.",
}
_FOLDER = files("tradewind.resources") / "descriptions"


def describe(name: str) -> str:
    """What a kind or a struct is for; "" when nothing is written about it."""
    return descriptions().get((name, ""), "")


def describe_field(schema: Schema, field: str) -> str:
    """What a field of an object is for; "" when nothing is written about it."""
    known = descriptions()
    owners = ((name, field) for name in (schema.struct, *schema.bases))
    return next((known[owner] for owner in owners if owner in known), "")


def remark(kind: str, path: str) -> str:
    """What Tradewind does with a field, where that is not simply what upstream does; else "".

    A row `spec.logger.*` is about `spec.logger` and, if it has no effect, about everything in it.
    """
    known = remarks()
    found = known.get((kind, path)) or known.get((kind, f"{path}.*"))
    if found:
        return _in_words(*found)
    steps = path.split(".")
    above = (known.get((kind, ".".join([*steps[:end], "*"]))) for end in range(len(steps) - 1, 0, -1))
    nearest = next(filter(None, above), None)
    return _in_words(nearest[0], "") if nearest and nearest[0].startswith(_NO_EFFECT) else ""


def _in_words(state: str, note: str) -> str:
    if state.startswith(_NO_EFFECT):
        return f"{_IN_WORDS[_NO_EFFECT]} {note}".strip()
    return f"{_IN_WORDS[state]} {note}".strip() if note or state == "refused" else ""


@cache
def descriptions() -> dict[tuple[str, str], str]:
    """Every text by the struct and the field that it describes; the field is "" for the struct itself."""
    texts = (one.read_text() for one in _FOLDER.iterdir() if one.name.endswith(".txt"))
    found: dict[tuple[str, str], str] = {}
    for text in texts:
        owner = ""
        for line in filter(None, text.splitlines()):
            name, _, words = line.partition(": ")
            owner = owner if line.startswith(" ") else name
            key = (owner, name.strip() if line.startswith(" ") else "")
            assert key not in found, f"{key} is described twice"
            found[key] = words
    return found


@cache
def remarks() -> dict[tuple[str, str], tuple[str, str]]:
    """State and note of every row of the table, by kind and path."""
    lines = (_FOLDER / "fidelity.tsv").read_text().splitlines()
    return {(kind, path): (state, note) for kind, path, state, note in (line.split("\t") for line in lines)}
