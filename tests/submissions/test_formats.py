from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.submissions.results.formats import (
    EMPTY,
    RENDERERS,
    Cell,
    Column,
    Table,
    records,
    text_cell,
    to_csv,
    to_json,
    to_latex,
    to_markdown,
)
from nbsuite.untrusted.text import printable

COLUMNS = [Column("name", "Name", figures=False), Column("r2", "R2 (%)")]


def _table(name: str = "a", value: float = 1 / 3) -> Table:
    return Table("A title", COLUMNS, [[text_cell(name), Cell("0.333", value)]], ["A note."])


def test_json_holds_exact_values_and_notes() -> None:
    content = json.loads(to_json(_table()))
    assert content["rows"] == [{"name": "a", "r2": 1 / 3}]
    assert (content["title"], content["notes"]) == ("A title", ["A note."])
    with pytest.raises(ValueError, match="JSON"):
        to_json(_table(value=float("nan")))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.floats(0, 1))
def test_csv_comes_back_as_it_was(name: str, value: float) -> None:
    [row] = csv.DictReader(io.StringIO(to_csv(_table(name, value))))
    assert (row["name"].removeprefix("'"), float(row["r2"])) == (
        printable(name).removeprefix("'"),
        value,
    )


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\uff1d"])
def test_csv_has_no_formulas_of_strangers(begin: str) -> None:
    columns = [*COLUMNS, Column("@heading", "heading")]
    rows = [[text_cell(f"{begin}1+1"), Cell("-1", -1.5), EMPTY]]
    header, row = csv.reader(io.StringIO(to_csv(Table("", columns, rows))))
    assert header == ["name", "r2", "'@heading"]
    assert row == [f"'{printable(begin)}1+1", "-1.5", ""]


EVIL = "\x1b[2J\x07\u202ea\ud800"


@pytest.mark.parametrize("render", RENDERERS.values())
def test_no_format_holds_what_commands_a_terminal(render: Callable[[Table], str]) -> None:
    rows = [[text_cell(EVIL), Cell(EVIL, EVIL)]]
    columns = [Column(EVIL, EVIL), Column("b", "b")]
    text = render(Table(EVIL, columns, rows, [EVIL]))
    assert all(line.isprintable() for line in text.split("\n"))
    text.encode()


def test_json_means_what_it_meant() -> None:
    content = json.loads(to_json(_table(f"Zürich{EVIL}\U000e0001\x7f")))
    assert content["rows"][0]["name"] == f"Zürich{EVIL}\U000e0001\x7f"


def test_columns_of_one_key_are_all_there() -> None:
    rows = [[text_cell("a"), text_cell("b"), text_cell("c")]]
    columns = [Column("session", ""), Column("session", ""), Column("session (2)", "")]
    assert records(Table("", columns, rows)) == [
        {"session": "a", "session (2)": "b", "session (2) (2)": "c"}
    ]


def test_csv_of_cells_with_several_values() -> None:
    rows = [
        [text_cell("a"), Cell("", {"mean": 1.0, "deviation": 2.0})],
        [text_cell("b"), Cell("-", None)],
    ]
    text = to_csv(Table("", COLUMNS, rows))
    assert text.splitlines() == ["name,r2.mean,r2.deviation", "a,1.0,2.0", "b,,"]


def test_markdown() -> None:
    assert to_markdown(_table("a|b\n<i>")).splitlines() == [
        "**A title**",
        "",
        "| Name | R2 (%) |",
        "| --- | ---: |",
        r"| a\|b \<i> | 0.333 |",
        "",
        "A note.",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[a](javascript:b)", r"[a\](javascript:b)"),
        ("![a][b]", r"![a\][b]"),
        ("[a]: b", r"[a\]: b"),
        ("`$x$` ~~y~~", r"\`\$x\$\` \~\~y\~\~"),
        ("_a_ b_c &lt;", r"\_a\_ b_c \&lt;"),
        ("# a", r"\# a"),
        ("2. a", r"2\. a"),
        ("- a", r"\- a"),
        ("=====", r"\====="),
        ("[1] a", "[1] a"),
    ],
)
def test_markdown_of_strangers_is_text(text: str, shown: str) -> None:
    assert to_markdown(Table("", COLUMNS, [], [text])).splitlines()[-1] == shown


def test_latex_rows_are_no_options_of_the_line_above() -> None:
    lines = to_latex(Table("", COLUMNS, [[text_cell(t), EMPTY] for t in ("[a]", "*")])).splitlines()
    assert lines[6:8] == [r"{}[a] & - \\", r"{}* & - \\"]


def test_latex() -> None:
    text = to_latex(_table(r"50 % of_x & \y ± 2"))
    assert r"50 \% of\_x \& \textbackslash{}y $\pm$ 2 & 0.333 \\" in text
    assert r"Name & R2 (\%) \\" in text
    assert r"\begin{tabular}{lr}" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2
    assert "A note." in text


def test_a_section_stands_below_in_every_format() -> None:
    section = Table("Below", [Column("b", "B")], [[Cell("2", 2)]])
    table = Table("Above", [Column("a", "A")], [[Cell("1", 1)]], ("A note.",), section)
    assert json.loads(to_json(table))["section"] == {
        "title": "Below",
        "rows": [{"b": 2}],
        "notes": [],
    }
    assert "section" not in json.loads(to_json(section))
    assert to_csv(table) == "a,section,b\n1,,\n,Below,2\n"
    assert to_csv(section) == "b\n2\n"
    for render in (to_markdown, to_latex):
        above, below = render(table), render(section)
        assert above.endswith(f"\n\n{below}")
        assert above.index("A note.") < above.index(below)


def test_nothing_is_a_dash() -> None:
    assert text_cell(None) == Cell("-", None)
