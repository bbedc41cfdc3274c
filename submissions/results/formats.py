"""Tables as text: Markdown, CSV, JSON and LaTeX, from one description.

People's formats print each cell's text; programs' formats, CSV and JSON, its exact value. Texts may
be strangers': in every format they stay texts, whatever they look like.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from nbsuite.untrusted.json_output import format_json
from nbsuite.untrusted.text import printable

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
        section: another table that belongs below this one.
        naming: number of the first columns that name a row.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    section: Table | None = None
    naming: int = 1


def text_cell(text: str | None) -> Cell:
    """A cell of words; a dash for none."""
    return Cell(text or NONE, text)


def chained(tables: Sequence[Table]) -> Table:
    """Several tables as one: each stands below the one before it, as its last section."""
    first, *others = tables
    if not others:
        return first
    below = chained(others) if first.section is None else chained([first.section, *others])
    return replace(first, section=below)


def records(table: Table) -> list[dict[str, Any]]:
    """The rows for programs: key to value; of columns with the same key, the later are numbered."""
    keys: list[str] = []
    for column in table.columns:
        number, key = 1, column.key
        while key in keys:
            number, key = number + 1, f"{column.key} ({number + 1})"
        keys.append(key)
    return [dict(zip(keys, (cell.value for cell in row), strict=True)) for row in table.rows]


def json_content(table: Table) -> dict[str, Any]:
    """Title, rows, notes and, where there is one, the section as JSON values."""
    content = {"title": table.title, "rows": records(table), "notes": list(table.notes)}
    return content if table.section is None else content | {"section": json_content(table.section)}


def to_json(table: Table) -> str:
    """Title, rows and notes as JSON; NaN and infinity are refused.

    Raises:
        ValueError: a value is not finite.
    """
    return format_json(json_content(table)) + "\n"


def to_csv(table: Table) -> str:
    """Rows under a line of keys; a cell of several values takes as many columns.

    A text that a spreadsheet would compute as a formula begins with an apostrophe. The rows of a
    section follow, with its title in a column of its own.
    """
    rows = [_flattened(record) for record in _all_records(table)]
    keys = list(dict.fromkeys(key for row in rows for key in row))
    keys = [key for key in keys if not _is_empty_parent(key, keys)]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(map(_csv, keys))
    writer.writerows([_csv(row.get(key)) for key in keys] for row in rows)
    return stream.getvalue()


def _all_records(table: Table) -> list[dict[str, Any]]:
    """The rows, and after them those of the section; then each has a ``section``."""
    if table.section is None:
        return records(table)
    rows = [record | {"section": None} for record in records(table)]
    return rows + [
        record | {"section": table.section.title} for record in _all_records(table.section)
    ]


_FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""How formulas begin, also in the full width of East Asian letters."""


def _csv(value: Value) -> Value:
    """A value as a spreadsheet may read it."""
    if not isinstance(value, str):
        return value
    return printable(f"'{value}" if _FORMULA.match(value) else value)


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
    """A table of GitHub's Markdown under its title, and its section's below."""
    lines = [
        [column.heading for column in table.columns],
        ["---:" if column.figures else "---" for column in table.columns],
        *([cell.text for cell in row] for row in table.rows),
    ]
    body = ["| " + " | ".join(markdown_text(text) for text in line) + " |" for line in lines]
    text = "\n".join([f"**{markdown_text(table.title)}**", "", *body, *_markdown_notes(table), ""])
    return text if table.section is None else f"{text}\n{to_markdown(table.section)}"


def _markdown_notes(table: Table) -> list[str]:
    return [line for note in table.notes for line in ("", markdown_paragraph(note))]


_MARKDOWN = re.compile(
    r"""[\\|<*`~$]          # escapes, cells, HTML, emphasis, code, formulas
    | \](?=[(\[:])         # links and what they refer to
    | &(?=[\#\w]+;)         # entities
    | (?<!\w)_ | _(?!\w)    # emphasis
    """,
    re.VERBOSE,
)


def markdown_text(text: str) -> str:
    """Markdown that shows a text as it is, on one line and within one cell."""
    return _MARKDOWN.sub(r"\\\g<0>", printable(" ".join(text.split())))


def markdown_paragraph(text: str) -> str:
    """Markdown that shows a text as it is, and begins no heading, list, quotation or rule."""
    escaped = markdown_text(text)
    begin = re.match(r"\d*[#>=+.)-]", escaped)
    return escaped if begin is None else f"{begin[0][:-1]}\\{escaped[begin.end() - 1 :]}"


def to_latex(table: Table) -> str:
    """A ``table`` environment that needs the package booktabs, and one for the section."""
    alignment = "".join("r" if column.figures else "l" for column in table.columns)
    body = [_latex_line([cell.text for cell in row]) for row in table.rows]
    notes = [f"\\par\\footnotesize {_latex(note)}" for note in table.notes]
    text = "\n".join(
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
    return text if table.section is None else f"{text}\n{to_latex(table.section)}"


def _latex_line(texts: Sequence[str]) -> str:
    line = " & ".join(_latex(text) for text in texts) + " \\\\"
    # What the line before ends with would take a bracket or an asterisk for its own.
    return f"{{}}{line}" if line.startswith(("[", "*")) else line


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
    return printable(" ".join(text.split())).translate(_LATEX)


RENDERERS: Mapping[str, Callable[[Table], str]] = {
    "markdown": to_markdown,
    "csv": to_csv,
    "json": to_json,
    "latex": to_latex,
}
"""Every format but ``table``, which the command line draws for the terminal."""
