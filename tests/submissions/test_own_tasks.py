"""Results under tasks of one's own: beside the challenge's, and never mixed with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite.benchmarking.results import BenchmarkResult
from nbsuite.cli.main import main
from nbsuite.errors import ResultsError
from nbsuite.submissions.results.challenge import write_results
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.formats import records
from nbsuite.submissions.results.model_results import by_task
from nbsuite.submissions.results.summaries import (
    check_summary,
    summarise,
    summary_path,
    write_summary,
)
from nbsuite.submissions.study.ranking import Row, _rank, ranking_table
from nbsuite.submissions.tables.entries import own_entries, published_entries
from nbsuite.submissions.tables.leaderboard import rank
from tests.submissions.results_files import (
    NAMES,
    VALUES,
    lists,
    write_lists,
    write_own_task,
    write_provenance,
    write_six,
)


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    return result


def test_results_are_grouped_by_task(tmp_path: Path) -> None:
    write_six(tmp_path)
    write_own_task(tmp_path, "GRU", ("maze_1", "maze_2"))
    write_own_task(tmp_path, "my_net", ("maze_1",))
    write_own_task(tmp_path, "my_net", ("other",), task="other/2")
    found = by_task(read_results(tmp_path).real)
    assert list(found) == ["primate-reaching/1", "maze/1", "other/2"]
    assert [(each.model, list(each.sessions), each.missing) for each in found["maze/1"]] == [
        ("GRU", ["maze_1", "maze_2"], []),
        ("my_net", ["maze_1"], ["maze_2"]),
    ]
    assert read_results(tmp_path).others == []


def test_tasks_are_never_ranked_together(tmp_path: Path) -> None:
    own = own_entries(read_results(write_own_task(tmp_path)).real)
    with pytest.raises(ValueError, match="several tasks"):
        rank([*published_entries(), *own])


def test_the_leaderboard_has_a_ranking_a_task(tmp_path: Path) -> None:
    write_six(tmp_path)
    write_own_task(tmp_path)
    board = json.loads(_run("leaderboard", tmp_path, "--json").stdout)
    assert board["title"] == "Primate reaching: means over the six sessions, by R2"
    assert "GRU (yours)" not in [row["method"] for row in board["rows"]]
    assert board["section"]["title"].startswith("Not ranked")
    own = board["section"]["section"]
    assert own["title"] == "maze/1: session maze_1, by R2"
    assert [(row["method"], row["rank"]) for row in own["rows"]] == [("GRU (yours)", 1)]


def test_a_session_chooses_its_task(tmp_path: Path) -> None:
    write_six(tmp_path)
    write_own_task(tmp_path)
    board = json.loads(_run("leaderboard", tmp_path, "--session", "maze_1", "--json").stdout)
    assert board["title"] == "maze/1: session maze_1, by R2"
    assert "section" not in board
    assert "maze" not in _run("leaderboard", tmp_path, "--session", "I1").stdout
    message = _run("leaderboard", tmp_path, "--session", "maze_2", status=2).stderr
    assert "did you mean maze_1?" in message


def test_a_picture_a_task(tmp_path: Path) -> None:
    write_six(tmp_path / "results")
    write_own_task(tmp_path / "results")
    _run("leaderboard", tmp_path / "results", "--plot", tmp_path / "a.svg")
    assert "maze/1" not in (tmp_path / "a.svg").read_text(encoding="utf-8")
    own = (tmp_path / "a_maze-1.svg").read_text(encoding="utf-8")
    assert "maze/1: accuracy and cost, session maze_1" in own
    assert "tinyRSNN" not in own


def test_a_task_without_means_has_no_picture(tmp_path: Path) -> None:
    """One model on each of two recordings: the ranking is printed, the other picture drawn."""
    write_own_task(tmp_path / "results")
    write_own_task(tmp_path / "results", "other", ["maze_2"])
    answer = _run("leaderboard", tmp_path / "results", "--plot", tmp_path / "a.svg")
    assert "maze/1 has no picture, since no method has means over the two" in answer.stderr
    assert "other (yours)" in answer.stdout
    assert [path.name for path in tmp_path.glob("*.svg")] == ["a.svg"]


def test_tables_have_the_sessions_of_the_task(tmp_path: Path) -> None:
    write_own_task(tmp_path, recordings=("maze_1", "maze_2"))
    table = json.loads(_run("table", 1, tmp_path, "--json").stdout)
    assert table["title"].startswith("maze/1. Table 1")
    assert [row["session"] for row in table["rows"]] == ["maze_1", "maze_2", "mean"]
    assert list(table["rows"][0]) == ["session", "GRU"]
    write_six(tmp_path)
    both = json.loads(_run("table", 2, tmp_path, "--json").stdout)
    assert both["section"]["title"].startswith("maze/1. Table 2")
    assert {row["model"] for row in both["section"]["rows"]} == {"GRU"}


def test_the_report_has_a_section_a_task(tmp_path: Path) -> None:
    write_six(tmp_path / "results")
    write_own_task(tmp_path / "results")
    _run("report", tmp_path / "results", "-o", tmp_path / "a.html")
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "Results on real recordings: maze/1" in html
    assert "by task: Primate reaching, maze/1" in html


def test_a_summary_a_task(tmp_path: Path) -> None:
    write_own_task(tmp_path, recordings=("maze_1", "maze_2"))
    path = summary_path(tmp_path, "GRU", twin=False, task="maze/1")
    content = summarise({"maze_1": lists(), "maze_2": lists()})
    path.write_text(json.dumps(content))
    assert read_results(tmp_path).others == []
    content["maze_2"]["r2"] = 0.9
    path.write_text(json.dumps(content))
    assert "gives 0.9 as r2 of maze_2" in _run("table", 1, tmp_path, status=1).stderr


def test_results_under_two_tasks_are_not_compared(tmp_path: Path) -> None:
    old, new = write_own_task(tmp_path / "old"), write_own_task(tmp_path / "new", task="maze/2")
    assert (
        "of the task maze/1, the new ones of maze/2" in _run("compare", old, new, status=2).stderr
    )
    _run("compare", old, old)


def test_a_task_that_is_no_text_is_none(tmp_path: Path) -> None:
    write_provenance(write_lists(tmp_path), [{}, {}], task=["maze/1"])
    assert "must name its task" in _run("table", 1, tmp_path, status=1).stderr


def _result(model: str, recording: str, task: str) -> BenchmarkResult:
    provenance = {
        "task": task,
        "checkpoint": {"model": {"name": model}, "weights_sha256": recording},
        "metrics": VALUES,
    }
    return BenchmarkResult(model, recording, False, 1, dict(VALUES), provenance)


def test_written_results_and_their_summaries_keep_tasks_apart(tmp_path: Path) -> None:
    for recording, task in (
        (NAMES[0], "primate-reaching/1"),
        ("maze_1", "maze/1"),
        ("maze_2", "maze/1"),
    ):
        write_results(tmp_path, [_result("my_net", recording, task)])
        write_summary(tmp_path, "my_net", twin=False, task=task)
    summaries = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*summary*")}
    assert {name: list(content) for name, content in summaries.items()} == {
        "results_summary_my_net.json": [NAMES[0], "average"],
        "results_summary_my_net_maze-1.json": ["maze_1", "maze_2", "average"],
    }
    assert [each.task for each in read_results(tmp_path).models] == ["maze/1", "primate-reaching/1"]
    assert read_results(tmp_path).others == []


def test_a_summary_of_another_task_is_not_in_the_way(tmp_path: Path) -> None:
    write_own_task(tmp_path, "my_net")
    write_summary(tmp_path, "my_net", twin=False, task="maze/1")
    check_summary(tmp_path, "my_net", [NAMES[0]], twin=False, force=False)
    (tmp_path / "results_my_net_maze_1.json").unlink()
    with pytest.raises(ResultsError, match="maze_1 that are not in the folder"):
        check_summary(tmp_path, "my_net", ["a"], twin=False, task="maze/1", force=False)


def test_variants_are_ranked_by_task() -> None:
    rows = [
        Row("GRU", name, r2, None, r2, 1, 1, task)
        for name, r2, task in (
            ("a", 0.9, "maze/1"),
            ("a", 0.2, "other/1"),
            ("b", 0.1, "maze/1"),
            ("b", 0.8, "other/1"),
        )
    ]
    shown = records(ranking_table(sorted(rows, key=_rank)))
    assert [(row["task"], row["variant"]) for row in shown] == [
        ("maze/1", "a"),
        ("maze/1", "b"),
        ("other/1", "b"),
        ("other/1", "a"),
    ]
    assert "task" not in records(ranking_table([Row("GRU", "a", 0.9, None, 0.9, 1, 1)]))[0]


def test_networks_of_a_family_are_ranked_together() -> None:
    rows = [
        Row(model, "", r2, None, r2, 1, 1, "maze/1", family)
        for model, r2, family in (
            ("bigRSNN", 0.5, "bigRSNN"),
            ("tinyRSNN", 0.1, "tinyRSNN"),
            ("tinyRSNN-128", 0.3, "tinyRSNN"),
            ("tinyRSNN-32", 0.2, "tinyRSNN"),
        )
    ]
    shown = records(ranking_table(sorted(rows, key=_rank)))
    assert [row["model"] for row in shown] == [
        "bigRSNN",
        "tinyRSNN-128",
        "tinyRSNN-32",
        "tinyRSNN",
    ]
