"""Studies against the single commands, and through workers that are really killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.files import digest
from nbsuite.models.checkpoint import load_checkpoint, save_checkpoint
from nbsuite.submissions.study.plan import StudyPlan, plan_study
from nbsuite.sweep.cost import measured_rates
from nbsuite.sweep.graph import finished_tasks
from nbsuite.sweep.run import run_schedule
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_file import read_study
from nbsuite.sweep.study_folder import study_folder
from nbsuite.training.run_folder import read_record, write_record
from nbsuite.training.stage_task import STAGES

HEAD = 'seeds = "1-3"\nstages = ["pretrain", "finetune", "half"]\n'
SECONDS = 120


@pytest.fixture
def plan(tmp_path: Path) -> Callable[[Path], StudyPlan]:
    def make(study: Path) -> StudyPlan:
        return plan_study(read_study(study), tmp_path, tmp_path / "here", lambda *_: None)

    return make


def _run(plan: StudyPlan, pool: Any) -> Schedule:
    schedule = Schedule(plan.graph, finished_tasks(plan.graph))
    priorities = dict.fromkeys(plan.graph, 0.0)
    run_schedule(schedule, pool, plan.folder, priorities, lambda _event: None)
    return schedule


def _weights(root: Path) -> dict[tuple[str, str], bytes]:
    """The weights of all stages by stage and decoder, however the folders are arranged."""
    found = {}
    for path in root.rglob("weights.safetensors"):
        first, second = path.relative_to(root).parts[:2]
        stage, name = (first, second) if first in STAGES else (second, first)
        match = re.match(r".*_seed\d+", name)
        assert match is not None
        found[stage, match[0]] = path.read_bytes()
    return found


def _results(folder: Path) -> dict[str, bytes]:
    """Challenge-format results, and tables where there are any."""
    return {
        path.name: path.read_bytes()
        for path in folder.glob("*")
        if path.suffix in (".json", ".md") and "provenance" not in path.name
    }


def _assert_same(root: Path, study: str, single: Path) -> None:
    """The study's outcomes are those of the single commands, byte by byte."""
    found, expected = _weights(root), _weights(single)
    assert len(expected) == 3 + 2 * 6
    assert found.keys() == expected.keys()
    assert [key for key in expected if found[key] != expected[key]] == []
    results, due = _results(root / "studies" / study / "results"), _results(single / "results")
    assert len(due) == 3
    assert {name: results[name] for name in due} == due
    assert {"table1-twins.md", "table2-twins.md"} < results.keys()
    lists = json.loads(due[max(due)])
    assert len(lists["r2"]) == len(set(lists["r2"])) == 3


def test_a_study_is_what_the_single_commands_make(
    write_study: Any, plan: Any, pool: Any, single_commands: Path, without_pictures: None
) -> None:
    study = plan(write_study(HEAD))
    assert len(study.graph) == 3 + 3 * 6 + 1
    schedule = _run(study, pool)
    assert schedule.count("finished") == len(study.graph)
    root = study.folder.path.parents[1]
    _assert_same(root, "small", single_commands)
    assert finished_tasks(study.graph) == set(study.graph)
    rates = measured_rates(root, 1)
    assert rates.epochs == 3 * 2 + 6 * 24
    assert measured_rates(root, 2).epochs == 0
    assert 1 < measured_rates(root, 2).speedup < 2

    # A seed that is left out leaves the results, a changed stage touches what comes after it.
    pool.done.clear()
    fewer = plan(write_study('seeds = [1, 3]\nstages = ["pretrain", "finetune", "half"]\n'))
    _run(fewer, pool)
    assert pool.done == ["tables/small"]
    for path in fewer.folder.results.glob("results_tinyRSNN_*-fraction0.02.json"):
        whole = json.loads((single_commands / "results" / path.name).read_text())
        assert json.loads(path.read_text())["r2"] == [whole["r2"][0], whole["r2"][2]]


def test_variants_share_what_they_have_in_common(
    write_study: Any, plan: Any, pool: Any, without_pictures: None
) -> None:
    grid = "[grid]\nprune.tolerance = [0.3, 0.6]"
    study = plan(write_study("", grid, finetune__epochs=3))
    kinds = [task.kind for task in study.graph.values()]
    assert [kinds.count(kind) for kind in STAGES] == [1, 2, 4, 4]
    assert (kinds.count("benchmark"), kinds.count("tables"), kinds.count("ranking")) == (4, 2, 1)
    _run(study, pool)
    ranking = json.loads((study.ranking / "ranking.json").read_text())
    assert {row["variant"] for row in ranking} == {"prune.tolerance=0.3", "prune.tolerance=0.6"}
    assert ranking[0]["validation_r2"] >= ranking[1]["validation_r2"]
    assert [row["decoders"] for row in ranking] == [2, 2]
    assert all((folder / "table1-twins.md").is_file() for folder in study.results_folders)

    pool.done.clear()
    changed = plan(write_study("", grid, finetune__epochs=3, prune__epochs=1))
    _run(changed, pool)
    assert {key.partition("/")[0] for key in pool.done} == {
        *("prune", "half", "benchmark", "tables", "ranking")
    }


def test_weights_that_differ_make_what_follows_anew(
    write_study: Any, plan: Any, pool: Any, without_pictures: None
) -> None:
    """Where weights were lost and came out in other bits, nothing rests on the old ones."""
    study = plan(write_study('stages = ["pretrain", "finetune"]', finetune__epochs=2))
    _run(study, pool)
    before = _weights(study.folder.path.parents[1])
    (pretrained,) = study.folder.path.parents[1].glob("pretrain/*/weights.safetensors")
    checkpoint, record = load_checkpoint(pretrained), read_record(pretrained.parent)
    assert record is not None
    with torch.no_grad():
        next(checkpoint.decoder.parameters()).mul_(1.5)
    save_checkpoint(pretrained, checkpoint.decoder, checkpoint.header)
    write_record(pretrained.parent, replace(record, weights_file=digest(pretrained)))
    pool.done.clear()
    assert _run(study, pool).count("failed") == 0
    kinds = [key.partition("/")[0] for key in pool.done]
    assert sorted(kinds) == [*("benchmark",) * 2, *("finetune",) * 2, "tables"]
    after = _weights(study.folder.path.parents[1])
    assert all(after[key] != before[key] for key in before)


def _wait_for(what: Callable[[], Any], process: subprocess.Popen[bytes]) -> Any:
    deadline = time.monotonic() + SECONDS
    while not (found := what()):
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() < deadline, "it does not get on"
        time.sleep(0.005)
    return found


def _is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc which processes live")
def test_a_study_whose_workers_and_then_all_processes_are_killed_ends_with_the_same_bytes(
    write_study: Any, tmp_path: Path, single_commands: Path
) -> None:
    pytest.importorskip("distributed")
    root = tmp_path / "runs"
    folder = study_folder(root, "small")
    arguments = ["sweep", str(write_study(HEAD)), "-o", str(root), "--workers", "2", "--json"]

    def at_work(stage: str) -> list[Any]:
        """Workers that kept an epoch of a stage and are not at its end."""
        return [
            mark
            for mark in folder.marks()
            if mark.task.startswith(stage)
            and (root / mark.task / "log.jsonl").exists()
            and not (root / mark.task / "stage.json").exists()
        ]

    def taken_up_again() -> bool:
        """Whether another worker is at the victim's task, or has done it."""
        others = [mark for mark in folder.marks() if mark.process != victim.process]
        is_done = (root / victim.task / "stage.json").exists()
        return is_done or victim.task in [mark.task for mark in others]

    process = subprocess.Popen([Path(sys.executable).with_name("nbsuite"), *arguments])
    _wait_for(lambda: len({mark.process for mark in folder.marks()}) == 2, process)
    victim = _wait_for(lambda: at_work("finetune"), process)[0]
    os.kill(victim.process, signal.SIGKILL)
    _wait_for(taken_up_again, process)
    _wait_for(folder.marks, process)
    assert folder.read_alive() is not None
    workers = {mark.process for mark in folder.marks()}
    assert victim.process not in workers
    os.kill(process.pid, signal.SIGKILL)
    process.wait(SECONDS)
    deadline = time.monotonic() + SECONDS
    while any(map(_is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(_is_alive, workers))

    finished = {path: path.stat().st_mtime_ns for path in root.rglob("stage.json")}
    assert 0 < len(finished) < 15
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 0, again.output
    states = {task["state"] for task in json.loads(again.stdout)["tasks"].values()}
    assert states == {"finished"}
    assert {path: path.stat().st_mtime_ns for path in finished} == finished
    _assert_same(root, "small", single_commands)
    assert not folder.marks()
    assert folder.read_alive() is None


def test_real_workers_go_on_with_the_rest_where_a_task_fails(
    write_study: Any, tmp_path: Path
) -> None:
    """Weights drawn too large have no finite loss, whatever the worker and however often."""
    pytest.importorskip("distributed")
    (tmp_path / "nbsuite").mkdir()  # as in the repository; workers do not import from here
    (tmp_path / "nbsuite/__init__.py").write_text("raise RuntimeError('not the package')")
    head = 'stages = ["finetune"]'
    study = write_study(head, "[grid]\ninitialisation.sigma_u = [0.5, 1e38]", finetune__epochs=2)
    root = tmp_path / "runs"
    command = [Path(sys.executable).with_name("nbsuite"), "sweep", study, "-o", root]
    command += ["--workers", "2"]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "2 of 11 tasks of the study failed" in ended.stderr
    assert ended.stderr.count("it is tried again: The finetune stage stopped in epoch 1") == 4
    logs = list((root / "studies/small/failures").iterdir())
    assert [log.read_text().count("TrainingError: The finetune stage") for log in logs] == [3, 3]
    assert len(list(root.glob("finetune/*/stage.json"))) == 2
    results = root / "studies/small/results"
    assert (results / "initialisation.sigma_u=0.5" / "table1-twins.md").is_file()
    assert "2 of 2" in (root / "studies/small/ranking/ranking.md").read_text()
