"""``nbsuite sweep`` as it is typed; the workers are this process."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.errors import TrainingError
from nbsuite.sweep.study_folder import study_folder
from nbsuite.training.stage_run import run_stage

HEAD = 'stages = ["finetune", "half"]'
Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, pool: Any, tmp_path: Path) -> Run:
    """Function that gives a command ``nbsuite sweep``, in whose place Dask does not come up."""

    @contextmanager
    def connected(_place: object) -> Iterator[Any]:
        yield SimpleNamespace(dashboard_link="http://here/status")

    monkeypatch.setattr("nbsuite.sweep.clusters.require_distributed", lambda: None)
    monkeypatch.setattr("nbsuite.sweep.local_workers.start_fork_server", lambda _modules: None)
    monkeypatch.setattr("nbsuite.submissions.study.run.connected", connected)
    monkeypatch.setattr("nbsuite.submissions.study.run.DaskPool", lambda _client: pool)

    def sweep(*arguments: object, status: int = 0) -> Result:
        outcome = CliRunner().invoke(main, ["sweep", *map(str, arguments)])
        assert outcome.exit_code == status, outcome.output
        assert "Traceback" not in outcome.output
        return outcome

    return sweep


def test_a_study_from_plan_to_tables(
    run: Run, write_study: Any, tmp_path: Path, pool: Any, without_pictures: None
) -> None:
    study = write_study(HEAD, finetune__epochs=2)
    root = tmp_path / "runs"
    planned = run(study, "-o", root, "--dry-run", "--workers", 2)
    assert "Study small: 7 tasks, 0 finished" in planned.stdout
    assert "finetune tinyRSNN" in planned.stdout
    assert "on 2 workers (rates measured on one core" in " ".join(planned.stdout.split())
    assert not root.exists()
    assert not pool.done

    refused = run("status", study, "-o", root, status=1)
    assert "begin it with `nbsuite sweep`" in refused.stderr

    outcome = run("run", study, "-o", root)
    assert "dashboard http://here/status" in outcome.stderr
    assert "[7/7] tables small: done in" in outcome.stderr
    assert "I1: its TWIN" in outcome.stderr
    assert "Table 1" in outcome.stdout
    assert "Table 2" in outcome.stdout

    pool.done.clear()
    again = json.loads(run(study, "-o", root, "--json").stdout)
    assert not pool.done
    assert {task["state"] for task in again["tasks"].values()} == {"finished"}
    assert again["results"] == [str(root / "studies" / "small" / "results")]
    replanned = json.loads(run(study, "-o", root, "--dry-run", "--json").stdout)
    assert all(task["finished"] for task in replanned["tasks"])
    assert replanned["elapsed_seconds"] == 0
    assert replanned["basis"] == "rates of 4 epochs in earlier logs"
    for name in (study, "small"):
        assert "small: 7 finished" in run("status", name, "-o", root).stdout


def test_a_search_ends_with_a_ranking(
    run: Run, write_study: Any, tmp_path: Path, without_pictures: None
) -> None:
    study = write_study(HEAD, "[grid]\ntraining.lr = [0.001, 0.004]", finetune__epochs=2)
    outcome = run(study, "-o", tmp_path / "runs")
    assert "Variants of the study, the best first" in outcome.stdout
    assert outcome.stdout.count("2 of 2") == 2
    assert (tmp_path / "runs/studies/small/ranking/ranking.md").is_file()


OWN_CODE = """
from neurobench.metrics.abstract import WorkloadMetric

class Largest(WorkloadMetric):
    more_is_better = False

    def __call__(self, model, preds, data):
        return preds.abs().max()

def halve(outputs):
    return outputs / 2
"""


def test_metrics_and_processors_of_ones_own(
    run: Run, pool: Any, write_study: Any, tmp_path: Path, without_pictures: None
) -> None:
    study, root = write_study(HEAD, finetune__epochs=2), tmp_path / "runs"
    (tmp_path / "my.py").write_text(OWN_CODE)
    own = ["--metric", tmp_path / "my.py:Largest", "--postprocess", tmp_path / "my.py:halve"]
    run(study, "-o", root)
    plain = len(pool.done)
    pool.done.clear()
    assert "tinyRSNN+halve" in run(study, "-o", root, *own).stdout
    assert {key.partition("/")[0] for key in pool.done} == {"benchmark", "tables"}
    assert 0 < len(pool.done) < plain
    results = root / "studies/small/results"
    assert not list(results.glob("results_tinyRSNN_*.json"))
    told = [json.loads(each.read_text()) for each in results.glob("results_*.provenance.json")]
    assert told
    assert all(run["metrics"]["largest"] > 0 for each in told for run in each["runs"])
    pool.done.clear()
    run(study, "-o", root, *own)
    assert not pool.done
    (tmp_path / "my.py").write_text(OWN_CODE + "\n")
    run(study, "-o", root, *own)
    assert {key.partition("/")[0] for key in pool.done} == {"benchmark", "tables"}


def test_what_fails_is_reported_and_the_rest_goes_on(
    run: Run,
    write_study: Any,
    tmp_path: Path,
    without_pictures: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(task: Any, *arguments: Any, **settings: Any) -> Path:
        if task.stage == "finetune" and "20160630" in task.recordings[0].path.stem:
            raise TrainingError("The recording is cursed.")
        return run_stage(task, *arguments, **settings)

    study, root = write_study(HEAD, finetune__epochs=2), tmp_path / "runs"
    with monkeypatch.context() as patch:
        patch.setattr("nbsuite.sweep.stage_graph.run_stage", failing)
        outcome = run(study, "-o", root, status=1)
    assert "it is tried again: The recording is cursed." in outcome.stderr
    assert "Not run, for what it waits for failed: half tinyRSNN" in outcome.stderr
    assert "Error: 1 of 7 tasks of the study failed" in outcome.stderr
    log = next((root / "studies/small/failures").iterdir())
    assert str(log) in outcome.stderr
    assert log.read_text().count("TrainingError: The recording is cursed.") == 3
    (results,) = (root / "studies/small/results").glob("results_tinyRSNN_*0.02.json")
    assert "20160622" in results.name

    tasks = json.loads(run("status", study, "-o", root, "--json").stdout)["tasks"]
    states = [(task["task"].partition("/")[0], task["state"]) for task in tasks]
    assert states.count(("finetune", "failed")) == 1
    assert states.count(("half", "waiting")) == 1
    assert [task["failures"] for task in tasks if task["state"] == "failed"] == [3]

    assert "20160630" in run(study, "-o", root).stderr
    assert len(list((root / "studies/small/results").glob("results_tinyRSNN_*0.02.json"))) == 2
    assert not log.exists()


ONE = 'stages = ["finetune"]'


def test_results_are_there_whatever_becomes_of_tables(
    run: Run, write_study: Any, tmp_path: Path, pool: Any, without_pictures: None
) -> None:
    study, root = write_study(ONE, finetune__epochs=1), tmp_path / "runs"
    results = root / "studies/small/results"

    def broken(_folder: Path) -> Any:
        raise KeyError("a mistake of ours")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbsuite.submissions.study.last_tasks.publication_tables", broken)
        outcome = run(study, "-o", root, status=1)
    assert f"Results: {results}" in outcome.stderr
    assert "Error: 1 of 5 tasks of the study failed" in outcome.stderr
    assert "a mistake of ours" in next((root / "studies/small/failures").iterdir()).read_text()
    names = {path.name for path in results.glob("results_tinyRSNN_*0.02.json")}
    assert len(names) == 2
    assert (results / "results_summary_tinyRSNN-twin.json").is_file()

    pool.done.clear()
    assert "Table 1" in run(study, "-o", root).stdout
    assert pool.done == ["tables/small"]
    assert {path.name for path in results.glob("results_tinyRSNN_*0.02.json")} == names

    path = next(results.glob("results_tinyRSNN_*0.02.json"))
    path.write_text("{")
    outcome = run(study, "-o", root, status=1)
    assert f"Results: {results}" in outcome.stderr
    assert outcome.stderr.splitlines()[-1].startswith(f"Error: {path} ")


def test_what_provenance_says_is_not_trusted(
    run: Run, write_study: Any, tmp_path: Path, without_pictures: None
) -> None:
    study, root = write_study(ONE, finetune__epochs=1), tmp_path / "runs"
    run(study, "-o", root)
    path = next(root.glob("benchmark/*/*.provenance.json"))
    whole = json.loads(path.read_text())
    made_of = root / "studies/small/results/made_of.json"
    for keys, value in (
        (("checkpoint", "model", "name"), "../../../../victim"),
        (("checkpoint", "model", "name"), 3),
        (("checkpoint", "seed"), "1"),
        (("checkpoint", "weights_sha256"), None),
        (("metrics", "r2"), "high"),
        (("metrics", "macs"), True),
        (("metrics",), []),
        (("data",), 1),
    ):
        content = json.loads(json.dumps(whole))
        *others, last = keys
        inner = content["runs"][0]
        for key in others:
            inner = inner[key]
        inner[last] = value
        path.write_text(json.dumps(content))
        made_of.unlink(missing_ok=True)
        outcome = run(study, "-o", root, status=1)
        assert "does not tell of its runs" in outcome.stderr
        assert "delete both to measure again" in outcome.stderr
    assert not list(tmp_path.rglob("*victim*"))
    path.write_text(json.dumps(whole))
    run(study, "-o", root)


def test_a_ranking_that_is_damaged(
    run: Run, write_study: Any, tmp_path: Path, without_pictures: None
) -> None:
    grid, root = "[grid]\ntraining.lr = [0.001, 0.002]", tmp_path / "runs"
    study = write_study(ONE, grid, finetune__epochs=1)
    run(study, "-o", root)
    ranking = root / "studies/small/ranking/ranking.json"
    rows = json.loads(ranking.read_text())
    for content in ("{", "{}", "[3]", json.dumps([{**rows[0], "decoders": "2"}])):
        ranking.write_text(content)
        outcome = run(study, "-o", root, status=1)
        assert "Results: " in outcome.stderr
        assert f"Error: {ranking} cannot be read" in outcome.stderr


def test_the_status_of_a_study_that_was_killed(
    run: Run, write_study: Any, tmp_path: Path, without_pictures: None
) -> None:
    study, root = write_study(HEAD, finetune__epochs=2), tmp_path / "runs"
    run(study, "-o", root)
    folder = study_folder(root, "small")
    key = next(task.key for task in folder.read_tasks() if task.key.startswith("finetune"))
    (root / key / "stage.json").unlink()
    folder.mark(key, "attempt")
    assert "6 finished, 1 interrupted" in _sorted(run("status", study, "-o", root).stdout)
    folder.write_alive("http://here/status")
    alive = run("status", study, "-o", root).stdout
    assert "6 finished, 1 running" in _sorted(alive)
    assert "dashboard http://here/status" in alive


def _sorted(text: str) -> str:
    """The counts of the title, the largest first."""
    counts = text.partition("small: ")[2].partition("\n")[0].strip().split(", ")
    return ", ".join(sorted(counts, reverse=True))


FAULTS = {
    "exclude each other": ("--workers", "2", "--scheduler", "tcp://here:1"),
    "There is no file": ("--cluster", "nowhere.toml"),
    "No such option": ("--worker", "2"),
}


@pytest.mark.parametrize("message", FAULTS)
def test_options_that_cannot_be(run: Run, write_study: Any, tmp_path: Path, message: str) -> None:
    study = write_study(HEAD)
    outcome = run(study, "-o", tmp_path / "runs", *FAULTS[message], status=2)
    assert message in outcome.stderr
    assert "There is no file" in run(tmp_path / "nowhere.toml", status=2).stderr


def test_a_recording_that_is_too_short(run: Run, write_study: Any, tmp_path: Path) -> None:
    outcome = run(write_study(HEAD, windows__steps=100_000), "-o", tmp_path / "runs", status=1)
    assert "less than one window" in outcome.stderr
    assert not (tmp_path / "runs").exists()


def test_without_dask(write_study: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = importlib.import_module

    def import_module(name: str, package: str | None = None) -> Any:
        if name.partition(".")[0] in ("distributed", "dask"):
            raise ImportError(f"No module named '{name}'")
        return original(name, package)

    monkeypatch.setattr("nbsuite.sweep.clusters.importlib.import_module", import_module)
    arguments = ["sweep", str(write_study(HEAD)), "-o", str(tmp_path / "runs")]
    outcome = CliRunner().invoke(main, arguments)
    assert outcome.exit_code == 2
    assert "pip install 'nbsuite[sweep]'" in outcome.output
    dry = CliRunner().invoke(main, [*arguments, "--dry-run"])
    assert dry.exit_code == 0, dry.output
