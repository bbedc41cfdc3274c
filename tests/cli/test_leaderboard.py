from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.submissions.results.summaries import summarise
from tests.submissions.results_files import NAMES, lists, write_lists, write_six


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def test_published_and_own_results(tmp_path: Path) -> None:
    text = _run("leaderboard", write_six(tmp_path)).stdout
    for name in ("GRU-t1", "AEGRU", "bigRSNN", "tinyRSNN", "SNN3", "SNN2", "mine (yours)"):
        assert name in text
    assert "42,003.5" in text
    assert "arXiv 2410.22283" in text
    assert "25,100" in text  # a known fault of the published figures
    ranking, _, section = text.partition("Not ranked")
    assert "lookahead not stated" in section
    assert "LSTM" in section
    assert "LSTM" not in ranking


def test_every_format(tmp_path: Path) -> None:
    printed = json.loads(_run("leaderboard", "--json").stdout)
    rows, section = printed["rows"], printed["section"]
    assert (len(rows), len(section["rows"])) == (9, 9)
    table = list(csv.DictReader(io.StringIO(_run("leaderboard", "--format", "csv").stdout)))
    assert [row["method"] for row in table] == [row["method"] for row in [*rows, *section["rows"]]]
    assert [row["section"] for row in table] == [""] * 9 + [section["title"]] * 9
    assert [row["rank"] for row in table] == [*"123456789", *[""] * 9]
    assert float(table[2]["acs"]) == rows[2]["acs"]
    assert float(table[9]["operations_filtered"]) == 32261.0
    assert _run("leaderboard", "--format", "markdown").stdout.count("\n| ") == 22
    assert _run("leaderboard", "--format", "latex").stdout.count("\\toprule") == 2
    result = _run("leaderboard", "--output", tmp_path / "board.tex")
    assert "\\toprule" in (tmp_path / "board.tex").read_text()
    assert result.stdout == ""


def test_session_sorting_and_score() -> None:
    rows = json.loads(_run("leaderboard", "--json", "--session", "i3", "--sort", "acs").stdout)
    assert rows["title"].endswith("I3, by Eff. ACs")
    rows = json.loads(_run("leaderboard", "--json", "--score", "operations").stdout)["rows"]
    assert rows[0]["score"] == max(row["score"] for row in rows)


def test_twins_are_left_out_or_alone(tmp_path: Path) -> None:
    write_six(tmp_path, suffix="-twin-seed1")
    result = _run("leaderboard", tmp_path)
    assert "mine" not in result.stdout
    assert "6 results on TWINS" in result.stderr
    result = _run("leaderboard", tmp_path, "--twins")
    assert "TWINS" in result.stdout
    assert "GRU" not in result.stdout


def test_no_twins_are_a_sentence(tmp_path: Path) -> None:
    refused = _run("leaderboard", write_six(tmp_path), "--twins", status=1)
    assert f"{tmp_path} holds no results on TWINS; leave out --twins" in refused.stderr


def test_a_picture(tmp_path: Path) -> None:
    result = _run("leaderboard", "--plot", tmp_path / "pareto.png")
    assert (tmp_path / "pareto.png").read_bytes().startswith(b"\x89PNG")
    assert "Wrote" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sort", "score"], "There is no score to sort by"),
        (["--twins"], "No twin was ever published"),
        (["--plot", "a.eps"], "PNG, SVG or PDF"),
        (["-o", "board.pdf"], "needs a format for files"),
        (["-o", "board.txt", "--format", "table"], "needs a format for files"),
        (["--json", "--format", "csv"], "contradict"),
    ],
)
def test_requests_that_cannot_be_met(arguments: list[str], message: str) -> None:
    assert message in _run("leaderboard", *arguments, status=2).stderr
    assert list(Path.cwd().glob("*.*")) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert "no results at" in _run("leaderboard", tmp_path / "none", status=1).stderr


def test_tables(tmp_path: Path) -> None:
    write_six(tmp_path)
    assert "0.600 ± 0.000" in _run("table", 1, tmp_path).stdout
    text = _run("table", 2, tmp_path).stdout
    assert "Baseline SNN3: Its activation sparsity is that of the first neuron" in text
    assert "first neuron" not in _run("table", 1, tmp_path).stdout
    rows = json.loads(_run("table", 1, tmp_path, "--json").stdout)["rows"]
    assert [row["session"] for row in rows] == ["I1", "I2", "I3", "L1", "L2", "L3", "mean"]
    assert "not one of" in _run("table", 3, tmp_path, status=2).stderr


def test_a_table_of_twins_only_when_asked_for(tmp_path: Path) -> None:
    write_lists(tmp_path, recording=f"{NAMES[0]}-twin-seed1")
    assert "show twins with --twins" in _run("table", 1, tmp_path, status=1).stderr
    assert "TWINS" in _run("table", 1, tmp_path, "--twins").stdout


def test_other_recordings_are_named(tmp_path: Path) -> None:
    other = write_lists(tmp_path, recording="indy_20990101_01")
    write_lists(tmp_path)
    assert f"{other} is left out" in _run("table", 1, tmp_path).stderr


def test_comparing(tmp_path: Path) -> None:
    for folder, r2 in (("old", 0.6), ("new", 0.59)):
        write_lists(tmp_path / folder, r2=[r2, r2])
    folders = (tmp_path / "old", tmp_path / "new")
    result = _run("compare", *folders, status=1)
    assert "WORSE" in result.stdout
    assert f"r2 of mine_{NAMES[0]} went from 0.6 to 0.59" in result.stderr
    _run("compare", *folders, "--tolerance", "r2=0.02")
    _run("compare", *reversed(folders))
    printed = _run("compare", *folders, "--json", status=1).stdout
    verdicts = {row["metric"]: row["verdict"] for row in json.loads(printed)["rows"]}
    assert verdicts["r2"] == "WORSE"
    assert verdicts["acs"] == "same"
    assert "is no tolerance" in _run("compare", *folders, "--tolerance", "r2", status=2).stderr


def test_missing_results_fail_and_are_named(tmp_path: Path) -> None:
    write_six(tmp_path / "old")
    write_lists(tmp_path / "new")
    message = _run("compare", tmp_path / "old", tmp_path / "new", status=1).stderr
    assert f"mine_{NAMES[1]} is missing" in message
    assert "and 2 more" in message


@pytest.mark.parametrize("name", ["indy_foo", "foo", "Zürich (2)", "summary"])
def test_results_on_recordings_of_ones_own_are_named_and_left_out(
    tmp_path: Path, name: str
) -> None:
    path = write_lists(tmp_path, "tinyRSNN", name)
    summary = tmp_path / "results_summary_tinyRSNN.json"
    summary.write_text(json.dumps(summarise({name: lists()})))
    for command in (["leaderboard"], ["table", 1], ["table", 2], ["report"], ["compare", tmp_path]):
        alone = command[0] in ("table", "report")  # which have nothing else to show
        result = _run(*command, tmp_path, status=1 if alone else 0)
        if command[0] != "compare":
            assert f"{path} is left out" in result.stderr
            assert f"{summary} is left out" in result.stderr
        if alone:
            assert "holds no results on" in result.stderr.splitlines()[-1]
    write_lists(tmp_path)
    for command in (["leaderboard"], ["table", 1], ["report"]):
        assert f"{path} is left out" in _run(*command, tmp_path).stderr
