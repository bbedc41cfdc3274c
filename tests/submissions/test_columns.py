"""Figures that the challenge format has no room for: read from provenance, shown when named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.errors import UsageError
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.columns import choose_columns, figures_of
from nbsuite.submissions.results.folder import read_results
from nbsuite.submissions.results.run_figures import further_lists, processing_remarks
from tests.submissions.results_files import NAMES, write_lists, write_provenance, write_six

RUNS = [
    {"mse": 0.5, "r2": 0.6, "activation_sparsity_by_layer": {"a": 0.9, "b": 0.7}},
    {"mse": 0.7, "r2": 0.6, "activation_sparsity_by_layer": {"a": 0.8, "b": 0.6}},
]


def _write(folder: Path, runs: list[dict[str, object]] = RUNS) -> Path:
    for name in NAMES:
        write_provenance(write_lists(folder, recording=name), runs)
    return folder


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    return result


def test_figures_of_all_runs_are_read_from_provenance(tmp_path: Path) -> None:
    [found] = read_results(_write(tmp_path)).real
    lists = found.sessions["I1"]
    assert lists["mse"] == [0.5, 0.7]
    assert lists["activation_sparsity_by_layer.b"] == [0.7, 0.6]
    assert lists["r2"] == [0.6, 0.6]


@pytest.mark.parametrize(
    "runs",
    [
        [{"mse": 0.5}],
        [{"mse": 0.5}, {}],
        [{"mse": 0.5}, {"mse": "0.5"}],
        [{"mse": 0.5}, {"mse": True}],
        [{"mse": 0.5}, {"mse": 10**400}],
        [{"mse": 0.5}, {"mse": None}],
        [{"mse": 0.5}, 7],
        "none",
    ],
)
def test_what_is_not_of_every_run_is_no_figure(runs: object) -> None:
    told = [{"metrics": run} for run in runs] if isinstance(runs, list) else runs
    assert further_lists({"runs": told}, 2) == {}


def test_columns_are_chosen_by_name(tmp_path: Path) -> None:
    keys = figures_of(read_results(_write(tmp_path)).real)
    assert [each.key for each in choose_columns("mse, r2", keys)] == ["mse", "r2"]
    layers = choose_columns("activation_sparsity_by_layer", keys)
    assert [each.heading for each in layers] == ["Act. sparsity a", "Act. sparsity b"]
    assert {"mse", "r2", "activation_sparsity_by_layer.a"} <= {
        each.key for each in choose_columns("all", keys)
    }
    with pytest.raises(UsageError, match=r"No figure is called 'mes'; did you mean mse or macs\?"):
        choose_columns("mes", keys)
    with pytest.raises(UsageError, match="No figure was named"):
        choose_columns(" ,", keys)


def test_tables_and_leaderboard_show_them(tmp_path: Path) -> None:
    folder = _write(tmp_path)
    rows = json.loads(_run("leaderboard", folder, "--columns", "r2,mse", "--json").stdout)["rows"]
    own = next(row for row in rows if row["method"] == "mine (yours)")
    assert own["mse"] == pytest.approx(0.6)
    assert set(own) == {"rank", "method", "data", "seeds", "r2", "mse", "source", "remarks"}
    assert all(row["mse"] is None for row in rows if row is not own)
    first = json.loads(_run("leaderboard", folder, "--sort", "mse", "--json").stdout)
    assert first["title"].endswith("by MSE")
    assert first["rows"][0]["method"] == "mine (yours)"
    by_session = json.loads(_run("table", 1, folder, "--columns", "mse", "--json").stdout)["rows"]
    assert by_session[0]["mine"] == {"mean": pytest.approx(0.6), "deviation": pytest.approx(0.1)}
    demand = json.loads(_run("table", 2, folder, "--columns", "mse", "--json").stdout)["rows"]
    assert demand[0]["mse"]["mean"] == pytest.approx(0.6)
    assert (
        "one figure by session, not 2"
        in _run("table", 1, folder, "--columns", "mse,r2", status=2).stderr
    )


def test_the_report_shows_them(tmp_path: Path) -> None:
    _run("report", _write(tmp_path / "results"), "--columns", "mse,r2", "-o", tmp_path / "a.html")
    html = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "0.60000 ± 0.10000" in html
    assert "Figures by session" in html


def test_comparing_them(tmp_path: Path) -> None:
    old = _write(tmp_path / "old")
    new = _write(tmp_path / "new", [{"mse": 0.8, "jerk": 1.0}, {"mse": 0.8, "jerk": 1.0}])
    assert "mse" not in _run("compare", old, new).stdout
    worse = _run("compare", old, new, "--columns", "mse,jerk,smape", status=1)
    assert "WORSE" in worse.stdout
    assert f"mse of mine_{NAMES[0]} went from 0.6 to 0.8" in worse.stderr
    _run("compare", old, new, "--columns", "mse,jerk", "--tolerance", "mse=50%")
    printed = _run("compare", old, new, "--columns", "jerk,smape", "--json").stdout
    assert {row["verdict"] for row in json.loads(printed)["rows"]} == {"new"}
    assert "jerk of mine" in _run("compare", new, old, "--columns", "jerk", status=1).stderr


def test_a_figure_of_unknown_direction_is_not_judged(tmp_path: Path) -> None:
    old = _write(tmp_path / "old", [{"jerk": 1.0}, {"jerk": 1.0}])
    new = _write(tmp_path / "new", [{"jerk": 9.0}, {"jerk": 9.0}])
    printed = _run("compare", old, new, "--columns", "jerk", "--json").stdout
    assert {row["verdict"] for row in json.loads(printed)["rows"]} == {"changed"}
    message = _run("leaderboard", old, "--sort", "jerk", status=2).stderr
    assert "whether more or less of 'jerk' is better" in message


def test_published_files_alone_have_no_further_figures(tmp_path: Path) -> None:
    write_six(tmp_path)
    assert "smape" not in figures_of(read_results(tmp_path).real)


def _write_jerk(folder: Path, jerk: float) -> Path:
    said = {"heading": "Jerk", "unit": "mm", "digits": 1, "more_is_better": False, "sha256": "0"}
    for name in NAMES:
        path = write_lists(folder, recording=name)
        run = {
            "checkpoint": {"model": {"name": "mine"}},
            "metrics": {"jerk": jerk, "lookahead": 64.0},
            "own_metrics": {"jerk": said, "r2": said, "odd": 3, "many": said | {"digits": 99}},
            "processing": {"preprocessors": [], "postprocessors": [{"name": "Smooth"}, 3]},
        }
        provenance_path(path).write_text(json.dumps({"twin": False, "runs": [run, run]}))
    return folder


def test_a_metric_of_ones_own_says_what_is_better(tmp_path: Path) -> None:
    old, new = _write_jerk(tmp_path / "old", 1.0), _write_jerk(tmp_path / "new", 2.0)
    assert "jerk of mine" in _run("compare", old, new, "--columns", "jerk", status=1).stderr
    assert _run("compare", new, old, "--columns", "jerk").stdout.count("better") == 6
    board = _run("leaderboard", old, new, "--sort", "jerk", "--columns", "jerk").stdout
    assert "by Jerk (mm)" in board
    assert "1.0 ± 0.0" in _run("table", 2, old, "--columns", "jerk").stdout


def test_what_stood_around_a_decoder_is_told(tmp_path: Path) -> None:
    folder = _write_jerk(tmp_path, 1.0)
    for command in (["leaderboard"], ["table", 1], ["table", 2]):
        text = " ".join(_run(*command, folder).stdout.split())
        assert "Its output passes Smooth, whose own operations and footprint" in text
        assert "Looks ahead by 64 ms." in text


def test_what_a_strange_provenance_says_is_left_out(tmp_path: Path) -> None:
    [found] = read_results(_write_jerk(tmp_path, 1.0)).real
    assert list(found.own) == ["jerk"]
    assert (
        processing_remarks({"runs": [{"processing": 3}, 4, {"metrics": {"lookahead": "x"}}]}) == ()
    )
