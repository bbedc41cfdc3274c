"""Tables as text: Markdown, CSV, JSON and LaTeX, from one description.

People's formats print each cell's text; programs' formats, CSV and JSON, its exact value.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Format = Literal["table", "markdown", "csv", "json", "latex"]
FORMATS: tuple[Format, ...] = ("table", "markdown", "csv", "json", "latex")
SUFFIXES: Mapping[str, Format] = {
    ".md": "markdown",
    ".csv": "csv",
    ".json": "json",
    ".tex": "latex",
}

Value = str | float | None
"""What programs read in a cell."""

NONE = "-"


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        key: its name for programs.
        heading: its name for people.
        figures: whether it holds numbers, which are aligned right.
    """

    key: str
    heading: str
    figures: bool = True


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: what people read.
        value: what programs read: a value, or several by name, such as a mean and its spread.
    """

    text: str
    value: Value | Mapping[str, Value]


EMPTY = Cell(NONE, None)


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        title: what it shows.
        columns: the columns.
        rows: for each row its cells, as many as there are columns.
        notes: sentences below it.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()


def text_cell(text: str | None) -> Cell:
    """A cell of words; a dash for none."""
    return Cell(text or NONE, text)


def records(table: Table) -> list[dict[str, Any]]:
    """The rows for programs: key to value."""
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, (cell.value for cell in row), strict=True)) for row in table.rows]


def to_json(table: Table) -> str:
    """Title, rows and notes as JSON; NaN and infinity are refused.

    Raises:
        ValueError: a value is not finite.
    """
    content = {"title": table.title, "rows": records(table), "notes": list(table.notes)}
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(table: Table) -> str:
    """Rows under a line of keys; a cell of several values takes as many columns."""
    rows = [_flattened(record) for record in records(table)]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    keys = [key for key in keys if not _is_empty_parent(key, keys)]
    stream = io.StringIO()
    writer = csv.DictWriter(stream, keys, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _flattened(record: Mapping[str, Any]) -> dict[str, Value]:
    flat: dict[str, Value] = {}
    for key, value in record.items():
        if isinstance(value, Mapping):
            flat |= {f"{key}.{part}": each for part, each in value.items()}
        else:
            flat[key] = value
    return flat


def _is_empty_parent(key: str, keys: Sequence[str]) -> bool:
    """Whether a column is that of rows which lack the several values that others have."""
    return any(other.startswith(f"{key}.") for other in keys)


def to_markdown(table: Table) -> str:
    """A table of GitHub's Markdown under its title."""
    lines = [
        [column.heading for column in table.columns],
        ["---:" if column.figures else "---" for column in table.columns],
        *([cell.text for cell in row] for row in table.rows),
    ]
    body = ["| " + " | ".join(_markdown(text) for text in line) + " |" for line in lines]
    return "\n".join([f"**{_markdown(table.title)}**", "", *body, *_markdown_notes(table), ""])


def _markdown_notes(table: Table) -> list[str]:
    return [line for note in table.notes for line in ("", _markdown(note))]


def _markdown(text: str) -> str:
    for special in ("\\", "|", "<", "*", "`"):
        text = text.replace(special, f"\\{special}")
    return " ".join(text.split())


def to_latex(table: Table) -> str:
    """A ``table`` environment that needs the package booktabs."""
    alignment = "".join("r" if column.figures else "l" for column in table.columns)
    body = [_latex_line([cell.text for cell in row]) for row in table.rows]
    notes = [f"\\par\\footnotesize {_latex(note)}" for note in table.notes]
    return "\n".join(
        [
            "\\begin{table}",
            f"\\caption{{{_latex(table.title)}}}",
            f"\\begin{{tabular}}{{{alignment}}}",
            "\\toprule",
            _latex_line([column.heading for column in table.columns]),
            "\\midrule",
            *body,
            "\\bottomrule",
            "\\end{tabular}",
            *notes,
            "\\end{table}",
            "",
        ]
    )


def _latex_line(texts: Sequence[str]) -> str:
    return " & ".join(_latex(text) for text in texts) + " \\\\"


_LATEX = str.maketrans(
    {character: f"\\{character}" for character in "&%$#_{}"}
    | {
        "\\": "\\textbackslash{}",
        "~": "\\textasciitilde{}",
        "^": "\\textasciicircum{}",
        "±": "$\\pm$",
        "²": "$^2$",
        "<": "$<$",
        ">": "$>$",
    }
)


def _latex(text: str) -> str:
    return " ".join(text.split()).translate(_LATEX)


RENDERERS: Mapping[str, Callable[[Table], str]] = {
    "markdown": to_markdown,
    "csv": to_csv,
    "json": to_json,
    "latex": to_latex,
}
"""Every format but ``table``, which the command line draws for the terminal."""
