"""Intervals and significance as commands show them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from tests.submissions.results_files import (
    NAMES,
    write_lists,
    write_measured,
    write_own_task,
    write_six,
)


def _run(*arguments: object, status: int = 0, columns: str = "200") -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)), env={"COLUMNS": columns})
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def _rows(*arguments: object) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_run(*arguments, "--json").stdout)["rows"]
    return rows


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    for model, noise in (("good", 0.2), ("poor", 0.8)):
        write_measured(tmp_path, model, noise=noise)
        write_measured(tmp_path, model, NAMES[:2], noise, suffix="-twin-seed1")
    return tmp_path


def test_table_1_with_intervals(measured: Path) -> None:
    write_six(measured, "old")
    rows = _rows("table", 1, measured, "--intervals")
    for row in rows:
        for model in ("good", "poor"):
            assert row[model]["low"] < row[model]["mean"] < row[model]["high"]
    assert rows[0]["old"]["low"] is None
    assert rows[0]["Baseline SNN2"]["low"] is None
    printed = json.loads(_run("table", 1, measured, "--intervals", "--json").stdout)
    [remedy] = [note for note in printed["notes"] if "measure again" in note]
    assert remedy.startswith("No interval: Results of earlier versions, and published ones")
    assert "0.600 ± 0.000 [-]" in _run("table", 1, measured, "--intervals").stdout


def test_tables_are_as_ever_unless_intervals_are_asked_for(measured: Path) -> None:
    for number in (1, 2):
        for format_ in ("table", "markdown", "csv", "json", "latex"):
            text = _run("table", number, measured, "--format", format_).stdout
            assert "nterval" not in text
            assert "low" not in text.replace("flow", "")
    assert "nterval" not in _run("leaderboard", measured).stdout


@pytest.mark.parametrize("format_", ["markdown", "latex", "csv"])
def test_table_1_in_files(measured: Path, format_: str) -> None:
    text = _run("table", 1, measured, "--intervals", "--format", format_).stdout
    due = {"markdown": " [0.", "latex": " [0.", "csv": "good.low,good.high"}[format_]
    assert due in text


@pytest.mark.parametrize("arguments", [["2"], ["1", "--columns", "acs"]])
def test_intervals_are_those_of_r2(measured: Path, arguments: list[str]) -> None:
    refused = _run("table", *arguments, measured, "--intervals", status=2)
    assert "Intervals are those of R2" in refused.stderr


def test_a_narrow_terminal_cuts_no_interval(measured: Path) -> None:
    text = _run("table", 1, measured, "--intervals", columns="80").stdout
    assert max(map(len, text.splitlines())) <= 80
    for row in _rows("table", 1, measured, "--intervals"):
        assert f"[{row['good']['low']:.3f}, {row['good']['high']:.3f}]" in text


def test_leaderboard_with_intervals(measured: Path) -> None:
    rows = {row["method"]: row for row in _rows("leaderboard", measured, "--intervals")}
    best, other = rows["good (yours)"], rows["poor (yours)"]
    assert best["rank"] == 1
    assert best["against"] is None
    assert best["r2_interval"]["low"] < best["r2"] < best["r2_interval"]["high"]
    assert rows["GRU-t1"]["r2_interval"] is None
    assert rows["GRU-t1"]["against"] is None
    assert other["against"]["difference"] == pytest.approx(other["r2"] - best["r2"])
    assert other["against"]["p"] == pytest.approx(2 / 64)
    assert other["against"]["pairs"] == 6
    assert other["against"]["significant"] is True
    text = _run("leaderboard", measured, "--intervals").stdout
    assert f"{other['against']['difference']:+.3f}*" in text
    assert "* is significant at .05 on sessions like these" in text
    assert "Of six sessions the smallest p is 0.031" in text


def test_leaderboard_against_a_published_method(measured: Path) -> None:
    rows = {row["method"]: row for row in _rows("leaderboard", measured, "--against", "AEGRU")}
    found = {name: row["against"] for name, row in rows.items() if row["against"]}
    assert set(found) == {"good (yours)", "poor (yours)"}
    text = _run("leaderboard", measured, "--against", "AEGRU").stdout
    assert "vs AEGRU" in text
    # Two comparisons over six sessions: what is corrected cannot come below .05.
    assert found["good (yours)"]["p_corrected"] >= 2 / 32
    assert "corrected 0.062: whatever the difference" in text


def test_leaderboard_of_one_session_and_of_twins(measured: Path) -> None:
    rows = {
        r["method"]: r for r in _rows("leaderboard", measured, "--intervals", "--session", "I1")
    }
    assert rows["poor (yours)"]["against"]["test"].startswith("t test over reaches")
    assert rows["bigRSNN"]["r2_interval"] is None
    text = _run("leaderboard", measured, "--intervals", "--session", "I1").stdout
    assert f"{rows['poor (yours)']['against']['difference']:+.3f}(*)" in text
    options = ["--twins", "--intervals", "--session", "I1"]
    text = _run("leaderboard", measured, *options).stdout
    assert "TWINS, which say nothing of a brain" in text


def test_leaderboard_where_nothing_can_be_compared(tmp_path: Path) -> None:
    write_lists(tmp_path)
    text = _run("leaderboard", tmp_path, "--intervals", "--session", "I1").stdout
    assert "cannot be told" in text
    assert "measure both again" in text
    refused = _run("leaderboard", tmp_path, "--against", "AEGRUU", status=2)
    assert "No method of the ranking is called 'AEGRUU'" in refused.stderr


def test_the_reference_is_named_as_the_table_shows_it(tmp_path: Path) -> None:
    write_measured(tmp_path, "tinyRSNN", noise=0.2)
    write_measured(tmp_path, "other", noise=0.3)
    write_own_task(tmp_path)  # whose ranking has neither of them
    for name, compared in (
        ("tinyRSNN", {"tinyRSNN (yours)", "other (yours)"}),
        ("tinyRSNN (yours)", {"other (yours)"}),
        ("other", {"tinyRSNN (yours)"}),
    ):
        rows = _rows("leaderboard", tmp_path, "--against", name)
        assert {row["method"] for row in rows if row["against"]} == compared


def test_one_seed_is_about_the_decoder_that_was_trained(tmp_path: Path) -> None:
    for model, seeds in (("one", 1), ("other", 2)):
        write_measured(tmp_path, model, NAMES[:1], seeds=seeds)
    text = _run("compare", "--decoders", tmp_path).stdout
    assert text.count("Of a decoder with one seed that is about the one that was trained.") == 1
    write_measured(tmp_path, "one", NAMES[:1], seeds=2)
    assert "one seed" not in _run("compare", "--decoders", tmp_path).stdout


def test_a_picture_with_intervals(measured: Path) -> None:
    with_bars = measured / "bars.svg"
    _run("leaderboard", measured, "--intervals", "--plot", with_bars)
    _run("leaderboard", measured, "--plot", measured / "plain.svg")
    assert "95 % interval" in with_bars.read_text()
    assert "95 % interval" not in (measured / "plain.svg").read_text()


def test_compare_decoders(measured: Path) -> None:
    text = _run("compare", "--decoders", measured).stdout
    assert "good decodes better than poor: +0." in text
    assert "On sessions like these: Wilcoxon" in text
    rows = _rows("compare", "--decoders", measured)
    assert [row["over"]["of"] for row in rows] == ["sessions", "reaches"]
    assert [row["over"]["pairs"] for row in rows] == [6, 240]
    assert rows[0]["interval"]["low"] < rows[0]["difference"] < rows[0]["interval"]["high"]
    assert rows[0]["effect"]["size"] == 1.0
    table = _run("compare", "--decoders", measured, "--format", "csv").stdout
    assert [row["significant"] for row in csv.DictReader(io.StringIO(table))] == ["True", "True"]
    twins = _run("compare", "--decoders", "--twins", measured).stdout
    assert "TWINS" in twins
    assert "good decodes better than poor on these recordings" in twins


def test_old_and_new_results_say_whether_r2_differs_significantly(tmp_path: Path) -> None:
    write_measured(tmp_path / "old", noise=0.8)
    write_measured(tmp_path / "new", noise=0.2)
    printed = json.loads(_run("compare", tmp_path / "old", tmp_path / "new", "--json").stdout)
    assert "mine (new) decodes better than mine (old)" in printed["section"]["notes"][0]
    worse = _run("compare", tmp_path / "new", tmp_path / "old", status=1)
    assert "mine (new) decodes worse than mine (old)" in worse.stdout


def test_two_files_of_two_decoders(measured: Path) -> None:
    files = [measured / f"results_{model}_{NAMES[0]}.json" for model in ("poor", "good")]
    text = _run("compare", *files).stdout
    assert "good (new) decodes better than poor (old) on these recordings" in text


def test_old_files_have_one_note_with_the_remedy(tmp_path: Path) -> None:
    old, new = write_lists(tmp_path / "a"), write_lists(tmp_path / "b")
    text = " ".join(_run("compare", old, new).stdout.split())
    assert text.count("measure both again with `nbsuite benchmark --force`") == 1
    write_lists(tmp_path / "a", "other")
    refused = _run("compare", "--decoders", tmp_path / "a", status=1)
    assert "Whether these decoders differ cannot be told" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{0}", "{0}", "{0}"], "not 3"),
        (["{0}"], "not 1"),
        (["{0}", "{0}", "--twins"], "--twins goes with --decoders"),
        (["{0}", "--decoders", "--tolerance", "r2=1"], "leave them out"),
        (["{0}", "--decoders", "--columns", "r2"], "leave them out"),
        (["{0}", "--against", "nobody"], "No decoder is called 'nobody'"),
    ],
)
def test_requests_that_cannot_be_met(measured: Path, arguments: list[str], message: str) -> None:
    given = [each.format(measured) for each in arguments]
    assert message in " ".join(_run("compare", *given, status=2).stderr.split())


def test_one_decoder_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    write_measured(tmp_path)
    assert "No two decoders" in _run("compare", "--decoders", tmp_path, status=2).stderr


@pytest.mark.parametrize("suffix", ["", "-twin-seed3"])
def test_recordings_that_are_no_session_are_compared_by_their_names(
    tmp_path: Path, suffix: str
) -> None:
    twins = ["--twins"] if suffix else []
    others = ["indy_20160927_04", "indy_20161005_06"]
    for model, noise in (("good", 0.2), ("poor", 0.8)):
        write_measured(tmp_path, model, others, noise, suffix=suffix)
    rows = _rows("compare", "--decoders", tmp_path, *twins)
    assert [(row["over"]["of"], row["over"]["pairs"]) for row in rows] == [
        ("sessions", 2),
        ("reaches", 80),
    ]
    assert {row["data"] for row in rows} == {"TWIN" if suffix else "real"}
    files = [tmp_path / f"results_{model}_{others[0]}{suffix}.json" for model in ("poor", "good")]
    text = _run("compare", *files).stdout
    assert "good (new) decodes better than poor (old) on these recordings" in text
    # Tables and the leaderboard go on to leave them out.
    assert "is on no session of its task" in _run("table", 1, tmp_path, *twins, status=1).stderr


def test_recordings_stand_beside_sessions_where_decoders_are_compared(tmp_path: Path) -> None:
    for model, noise in (("good", 0.2), ("poor", 0.8)):
        write_measured(tmp_path, model, [*NAMES, "indy_20160927_04"], noise)
    rows = _rows("compare", "--decoders", tmp_path)
    assert [row["over"]["pairs"] for row in rows] == [7, 280]
