"""Plain text tables as kubectl prints them: a header in capitals, columns three blanks apart."""

from collections.abc import Sequence

GAP = "   "


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Header and rows as aligned lines, without blanks at their ends."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = (
        GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells
    )
    return "\n".join(lines)
