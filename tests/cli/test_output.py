"""What commands print, on terminals and off them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from nbsuite.cli.frame.observing import shown_progress
from nbsuite.cli.frame.options import data_dir_option, session_option
from nbsuite.cli.frame.output import (
    console,
    note,
    print_json,
    print_table,
    progress,
    say,
)
from nbsuite.cli.frame.printable_console import PrintableConsole
from nbsuite.cli.tables.widths import chosen, fitted_widths, folded, natural_widths, table_width
from nbsuite.observer import StageProgress

WORK = """
from nbsuite.cli.frame.observing import shown_progress
from nbsuite.observer import StageProgress
with shown_progress() as observer:
    observer(StageProgress("drawing spikes", 0.5))
"""


def test_json_keeps_letters_and_order(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"z": "Zürich", "a": [1, None]})
    output = capsys.readouterr().out
    assert json.loads(output) == {"z": "Zürich", "a": [1, None]}
    assert output.index("Zürich") < output.index("a")


@pytest.mark.parametrize("figure", [float("nan"), float("inf")])
def test_json_refuses_what_json_cannot_say(figure: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        print_json({"r2": figure})


def test_a_piped_table_is_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/a/long/path/" * 10 + "[brackets].json"
    print_table(["file", "size"], [[path, "1"]], right=("size",))
    assert path in capsys.readouterr().out


def _printed(capsys: pytest.CaptureFixture[str], *table: Any, **options: Any) -> list[str]:
    print_table(*table, **options)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_on_a_narrow_terminal_texts_are_broken_between_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "36")
    lines = _printed(capsys, ["name", "why"], [["indy_20160622_01", "challenge, pretraining"]])
    assert lines[-3:-1] == ["  indy_20160622_01   challenge,", "                     pretraining"]


def test_on_a_narrower_one_rows_and_columns_change_places(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = ["Model", "footprint", "sparsity"], [["tinyRSNN", "21,000", "0.98"]]
    monkeypatch.setenv("COLUMNS", "35")
    assert "  tinyRSNN      21,000       0.98" in _printed(capsys, *table, right=table[0][1:])
    monkeypatch.setenv("COLUMNS", "34")
    lines = _printed(capsys, *table, right=table[0][1:])
    assert lines[1] == "  Model       tinyRSNN"
    assert lines[3:5] == ["  footprint     21,000", "  sparsity        0.98"]


FIGURES = (
    ["model", "footprint", "sparsity", "operations"],
    [
        ["tinyRSNN", "21,000", "0.47 ± 0.02", "304.2"],
        ["bigRSNN", "4,636,752", "0.0", "42,003.5"],
        ["other", "1", "0.1", "2.0"],
    ],
)


def test_on_a_narrower_one_still_columns_stand_below_each_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "42")
    lines = _printed(capsys, *FIGURES, right=FIGURES[0][1:], title="all")
    assert lines == [
        "all",
        "model    footprint    sparsity operations",
        "─" * 41,
        "tinyRSNN    21,000 0.47 ± 0.02      304.2",
        "bigRSNN  4,636,752         0.0   42,003.5",
        "other            1         0.1        2.0",
        "",
    ]
    monkeypatch.setenv("COLUMNS", "32")
    lines = _printed(capsys, *FIGURES, right=FIGURES[0][1:])
    assert lines == [
        "model    footprint    sparsity",
        "─" * 30,
        "tinyRSNN    21,000 0.47 ± 0.02",
        "bigRSNN  4,636,752         0.0",
        "other            1         0.1",
        "",
        "model    operations",
        "─" * 19,
        "tinyRSNN      304.2",
        "bigRSNN    42,003.5",
        "other           2.0",
        "",
    ]


@given(available=st.integers(1, 60), naming=st.integers(0, 2))
def test_parts_of_a_folded_table_fit_and_hold_every_column(available: int, naming: int) -> None:
    lines = [FIGURES[0], *FIGURES[1]]
    parts = folded(lines, available, naming)
    if parts is None:
        return
    names = list(range(naming))
    assert [each for part in parts for each in part[naming:]] == list(range(naming, 4))
    assert all(part[:naming] == names for part in parts)
    for part in parts:
        widths = fitted_widths(chosen(lines, part), available, close=True)
        assert widths is not None
        assert table_width(widths, close=True) <= available


def test_where_nothing_helps_the_terminal_breaks_the_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "12")
    assert "  indy_20160622_01   1" in _printed(capsys, ["name", "n"], [["indy_20160622_01", "1"]])


@given(
    rows=st.lists(st.tuples(*[st.text(st.sampled_from("ab ü字"), max_size=12)] * 3), max_size=4),
    available=st.integers(1, 80),
)
def test_fitted_tables_fit_and_keep_every_word(rows: list[tuple[str, ...]], available: int) -> None:
    lines = [("one", "two", "three"), *rows]
    widths = fitted_widths(lines, available)
    if widths is None:
        assert table_width(natural_widths(lines)) > available
        return
    assert table_width(widths) <= available
    for line in lines:
        for text, width in zip(line, widths, strict=True):
            assert all(cell_len(word) <= width for word in text.split())


def test_colour_is_left_out_where_it_is_not_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_table(["name"], [["x"]], title="coloured")
    assert "\x1b[" in capsys.readouterr().out
    monkeypatch.delenv("FORCE_COLOR")
    monkeypatch.setenv("NO_COLOR", "1")
    print_table(["name"], [["x"]], title="plain")
    assert "\x1b[" not in capsys.readouterr().out


EVIL = "[red]a[/red] [link=x]b[/link] \x1b[2J\x9b\u202e"
SHOWN = "[red]a[/red] [link=x]b[/link] ?[2J??"


def test_texts_of_strangers_are_shown_and_not_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    print_table([EVIL, "b"], [[EVIL, "x"]], title=EVIL, caption=f"{EVIL}\nnote")
    say(f"{EVIL}\n")
    note(f"{EVIL}\n")
    console().print(EVIL, markup=False)
    printed = capsys.readouterr()
    assert printed.out.count(SHOWN) == 6
    assert printed.err == f"{SHOWN}?\n"
    assert all(line.isprintable() for line in printed.out.split("\n"))


def test_a_console_keeps_strangers_from_commanding_the_terminal() -> None:
    shown = PrintableConsole(force_terminal=True, width=200, color_system=None)
    with shown.capture() as captured:
        shown.print(Text(EVIL), Text("b"))
    assert f"{SHOWN} b" in captured.get()


PRINT_EVERYTHING = """
from nbsuite.cli.frame.output import degrade_streams, note, print_json, print_table, say
degrade_streams()
print_json({"name": "Z\\xfcrich \\udcff"})
print_table(["R\\xb2 \\u5b57"], [["\\xb1"]], title="\\xfc", caption="\\u2264")
say("\\xb1 \\udcff")
note("\\xb1 \\udcff")
"""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "ascii:strict", "utf-8"])
def test_streams_that_lack_letters_get_the_rest(encoding: str) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", PRINT_EVERYTHING],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=True,
    )
    text = finished.stdout[: finished.stdout.index(b"}") + 1]
    assert json.loads(text) == {"name": "Zürich \udcff"}


def test_progress_is_silent_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as observer:
        observer(StageProgress("drawing spikes", 0.5))
    with progress(quiet=True) as display:
        display.add_task("loading", total=1)
    assert capsys.readouterr() == ("", "")


def test_progress_shows_stage_and_time_left_on_a_terminal() -> None:
    reading, writing = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([sys.executable, "-c", WORK], stderr=writing, env=environment, check=True)
    os.close(writing)
    shown = os.read(reading, 100_000).decode()
    os.close(reading)
    assert "drawing spikes" in shown
    assert "50%" in shown
    assert "-:--:--" in shown


def test_the_data_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @data_dir_option()
    def show(data_dir: Path) -> None:
        click.echo(data_dir)

    assert CliRunner().invoke(show, ["--data-dir", "here"]).stdout == "here\n"
    assert CliRunner().invoke(show).stdout == f"{tmp_path / 'own-data'}\n"
    monkeypatch.setenv("NBSUITE_DATA", "~/recordings")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert CliRunner().invoke(show).stdout == f"{tmp_path / 'recordings'}\n"
    monkeypatch.delenv("NBSUITE_DATA")
    assert "nbsuite" in CliRunner().invoke(show).stdout


def test_a_session_may_be_a_path() -> None:
    @click.command()
    @session_option()
    def show(session: tuple[str, ...]) -> None:
        click.echo(" ".join(session))

    arguments = ["-s", "I1", "-s", "folder/any.mat"]
    assert CliRunner().invoke(show, arguments).stdout == "I1 folder/any.mat\n"
    assert CliRunner().invoke(show, ["-s", "I9"]).exit_code != 0
