from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbsuite.submissions.formats import (
    Cell,
    Column,
    Table,
    text_cell,
    to_csv,
    to_json,
    to_latex,
    to_markdown,
)

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
    assert (row["name"], float(row["r2"])) == (name, value)


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


def test_latex() -> None:
    text = to_latex(_table(r"50 % of_x & \y ± 2"))
    assert r"50 \% of\_x \& \textbackslash{}y $\pm$ 2 & 0.333 \\" in text
    assert r"Name & R2 (\%) \\" in text
    assert r"\begin{tabular}{lr}" in text
    assert text.count(r"\begin") == text.count(r"\end") == 2
    assert "A note." in text


def test_nothing_is_a_dash() -> None:
    assert text_cell(None) == Cell("-", None)
