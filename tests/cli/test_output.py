"""What commands print, on terminals and off them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from nbsuite.cli.options import data_dir_option, session_option
from nbsuite.cli.output import print_json, print_table, progress, stage_progress

WORK = """
from nbsuite.cli.output import stage_progress
with stage_progress() as report:
    report("drawing spikes", 0.5)
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


def test_progress_is_silent_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with stage_progress() as report:
        report("drawing spikes", 0.5)
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
