"""How wide the columns of a table are, so that it fits a terminal and no word is cut."""

from __future__ import annotations

from collections.abc import Sequence

Lines = Sequence[Sequence[str]]
"""A table's texts: the headings, and under them the rows."""


def natural_widths(lines: Lines) -> list[int]:
    """The width of each column in which no text is broken."""
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(*lines, strict=True)]


def fitted_widths(lines: Lines, available: int) -> list[int] | None:
    """Widths with which a table has room, its longest texts broken between words if need be.

    Returns:
        None where words would have to be cut.
    """
    from rich.cells import cell_len

    widths = natural_widths(lines)
    columns = list(zip(*lines, strict=True))
    for number in sorted(range(len(widths)), key=lambda each: -widths[each]):
        excess = max(0, table_width(widths) - available)
        words = [word for text in columns[number] for word in text.split()]
        longest = max(map(cell_len, words), default=0)
        widths[number] = max(longest, widths[number] - excess)
    return widths if table_width(widths) <= available else None


def table_width(widths: Sequence[int]) -> int:
    """The width of a table: a space on each side of a column, and one around and between them."""
    return sum(widths) + 3 * len(widths) + 1
