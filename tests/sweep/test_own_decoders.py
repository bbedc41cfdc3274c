"""Studies with a decoder of a user's own beside nbsuite's: admitted, run, resumed and ranked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.errors import DecoderError, UsageError
from nbsuite.models.checkpoint import header_in
from nbsuite.submissions.study.plan import StudyPlan, plan_study
from nbsuite.sweep.graph import finished_tasks
from nbsuite.sweep.run import run_schedule
from nbsuite.sweep.schedule import Schedule
from nbsuite.sweep.study_file import read_study

CODE = """
from pathlib import Path

from torch import nn

Path(__file__).with_name("was_run").touch()


class Mine(nn.Module):
    def __init__(self, channels=96, outputs=2):
        super().__init__()
        self.gru = nn.GRU(channels, 4)
        self.out = nn.Linear(4, outputs)

    def forward(self, spikes, state=None):
        hidden, state = self.gru(spikes, state)
        return self.out(hidden), state


def build(channels, outputs):
    return Mine(channels, outputs)
"""
RECIPE = """
[recipe]
windows.steps = 50
windows.offset_steps = 50
training.batch = 50
pretrain.epochs = 1
finetune.epochs = 2
"""
GRID = "[grid]\ntraining.lr = [0.001, 0.004]\n"
OWN = "my_decoder.py:build"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "my_decoder.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def write(tmp_path: Path, short_twins: dict[str, Path], code: Path) -> Callable[..., Path]:
    """Function that writes a study of nbsuite's decoder and one's own, on one twin."""

    def write(*tails: str, models: str = f'["tinyRSNN", "{OWN}"]', head: str = "") -> Path:
        path, twin = tmp_path / "study.toml", str(short_twins["I1"])
        path.write_text(
            f'models = {models}\nsessions = ["{twin}"]\npretrain_on = ["{twin}"]\n{head}\n'
            + "".join((RECIPE, *tails))
        )
        return path

    return write


def _plan(study: Path) -> StudyPlan:
    root = study.parent / "runs"
    return plan_study(read_study(study, run_code=True), study.parent, root, lambda *_: None)


def _run(plan: StudyPlan, pool: Any) -> None:
    schedule = Schedule(plan.graph, finished_tasks(plan.graph))
    run_schedule(schedule, pool, plan.folder, dict.fromkeys(plan.graph, 0.0), lambda _event: None)
    assert set(schedule.states.values()) == {"finished"}, schedule.states


def _bytes(plan: StudyPlan) -> dict[str, bytes]:
    """All weights of a study."""
    root = plan.folder.root
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.glob("*/*/weights.safetensors")
    }


HEAD = 'stages = ["finetune"]'


def test_it_is_trained_measured_and_ranked_beside_the_others(
    write: Any, pool: Any, without_pictures: None, code: Path
) -> None:
    plan = _plan(write(GRID, head=HEAD))
    kinds = [task.kind for task in plan.graph.values()]
    assert (kinds.count("finetune"), kinds.count("benchmark")) == (4, 4)
    assert any("draws its first weights itself" in each for each in plan.remarks)
    _run(plan, pool)
    ranking = json.loads((plan.ranking / "ranking.json").read_text())
    assert {(row["model"], row["variant"]) for row in ranking} == {
        (model, f"training.lr={rate}") for model in ("Mine", "tinyRSNN") for rate in (0.001, 0.004)
    }
    for folder in plan.results_folders:
        assert "Mine" in (folder / "table1-twins.md").read_text()
        (told,) = folder.glob("results_Mine_*.provenance.json")
        (run,) = json.loads(told.read_text())["runs"]
        assert run["checkpoint"]["model"]["factory"] == OWN
    pool.done.clear()
    _run(_plan(write(GRID, head=HEAD)), pool)
    assert not pool.done


def test_it_comes_out_as_from_the_single_commands(
    write: Any,
    pool: Any,
    without_pictures: None,
    code: Path,
    short_twins: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = _plan(write(models=f'["{OWN}"]', head="seeds = [3]"))
    _run(plan, pool)
    monkeypatch.setattr("nbsuite.submissions.results.measuring.draw_job", lambda *_: None)
    settings = [line.replace(" ", "") for line in RECIPE.strip().splitlines()[1:]]
    options = [part for each in settings for part in ("--set", each)]
    out, twin = code.with_name("single"), short_twins["I1"]
    train = ["train", f"{code}:build", "-s", str(twin), "--seed", "3", "--threads", "1", *options]
    done = CliRunner().invoke(main, [*train, "-q", "-o", str(out)])
    assert done.exit_code == 0, done.output
    (weights,) = out.glob("Mine_*/finetune/weights.safetensors")
    assert list(_bytes(plan).values()) == [weights.read_bytes()]
    measure = ["benchmark", f"{code}:build", "--weights", str(weights), "-s", str(twin)]
    measured = CliRunner().invoke(main, [*measure, "-o", str(out / "measured")])
    assert measured.exit_code == 0, measured.output
    (single,) = (out / "measured").glob("results_Mine_*[!e].json")
    ours = plan.folder.results / single.name
    assert json.loads(ours.read_text()) == json.loads(single.read_text())


def test_its_usual_stage_stands_beside_all_of_the_others(write: Any) -> None:
    stages = [
        (task.effort.model, task.kind)
        for task in _plan(write()).graph.values()
        if task.effort.model
    ]
    assert [kind for model, kind in stages if model == "Mine"] == ["finetune", "benchmark"]
    assert {kind for model, kind in stages if model == "tinyRSNN"} >= {"pretrain", "prune", "half"}


def test_resumed_it_ends_with_the_same_bytes_and_with_other_code_it_runs_again(
    write: Any, pool: Any, without_pictures: None, code: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = write(head=HEAD, models=f'["{OWN}"]')
    plan = _plan(study)
    _run(plan, pool)
    before = _bytes(plan)
    assert len(before) == 1

    stage = next(task for task in plan.graph.values() if task.kind == "finetune")
    for path in stage.folder.iterdir():
        path.unlink()
    monkeypatch.chdir(study.parents[1])  # its code is found from any folder
    with monkeypatch.context() as patch:
        _interrupt_after_an_epoch(patch)
        with pytest.raises(KeyboardInterrupt):
            stage.work()
    assert not stage.work.is_finished()
    assert _bytes(plan) == {}
    pool.done.clear()
    _run(_plan(study), pool)
    assert [key.partition("/")[0] for key in pool.done] == ["finetune", "benchmark", "tables"]
    assert _bytes(plan) == before

    code.write_text(f"{CODE}\n# Another.\n")
    with pytest.raises(DecoderError, match="has changed since the study was laid out"):
        stage.work()
    pool.done.clear()
    changed = _plan(study)
    _run(changed, pool)
    assert {key.partition("/")[0] for key in pool.done} == {"finetune", "benchmark", "tables"}
    assert len(_bytes(changed)) == 2


def _interrupt_after_an_epoch(patch: pytest.MonkeyPatch) -> None:
    from nbsuite.sweep import stage_graph
    from nbsuite.training.observer import EpochDone

    run_stage = stage_graph.run_stage

    def observer(event: object) -> None:
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    patch.setattr(
        stage_graph,
        "run_stage",
        lambda task, folder, force: run_stage(task, folder, observer, force=force),
    )


def test_its_code_is_not_run_unasked(write: Any, code: Path) -> None:
    study = write()
    with pytest.raises(UsageError) as caught:
        read_study(study)
    assert str(caught.value) == (
        f"{study} names the decoder {OWN}, code of its writer's own, which is not run unasked:"
        " read it, and give the command with --run-code."
    )
    for options in ([], ["--dry-run"]):
        refused = _sweep(study, *options)
        assert refused.exit_code == 2
        assert refused.stderr == f"Error: {caught.value}\n"
    read_study(study, run_code=True)  # which runs none of it yet
    assert not code.with_name("was_run").exists()
    planned = _sweep(study, "--dry-run", "--run-code")
    assert planned.exit_code == 0, planned.output
    assert "finetune Mine" in planned.stdout
    assert "How long Mine takes is a guess" in planned.stderr
    assert code.with_name("was_run").exists()


def _sweep(study: Path, *options: str) -> Result:
    """The command, of which Dask and its workers are no part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbsuite.sweep.clusters.require_distributed", lambda: None)
        patch.setattr("nbsuite.sweep.local_workers.start_fork_server", lambda _modules: None)
        return CliRunner().invoke(main, ["sweep", str(study), *options])


FAULTS = {
    "model.layers is a setting of nbsuite's own networks, and .*my_decoder.py:build is as its code"
    " says: leave it out": "[model]\nlayers = 2\n",
    "model.neurons is a setting of nbsuite's own": "[grid]\nmodel.neurons = [32, 64]\n",
}


@pytest.mark.parametrize("message", FAULTS)
def test_settings_of_networks_are_not_for_it(message: str, write: Any) -> None:
    with pytest.raises(UsageError, match=rf"study\.toml cannot be used: {message}"):
        read_study(write(FAULTS[message]), run_code=True)


def test_what_it_cannot_go_through_is_refused(write: Any, code: Path) -> None:
    with pytest.raises(UsageError, match="leave the kernel open"):
        _plan(write(head=f'{HEAD}\nkernel = "numba"'))
    code.write_text(CODE.replace("self.gru(spikes", "self.gru(spikes.float()"))
    with pytest.raises(UsageError, match=r"two decoders that are called Mine, of which .*:Mine"):
        _plan(write(head=HEAD, models=f'["{OWN}", "my_decoder.py:Mine"]'))
    with pytest.raises(DecoderError, match=r"There is no file .*gone.py; check the path"):
        _plan(write(head=HEAD, models='["gone.py:build"]'))


def test_one_in_a_package_is_named_by_its_module(write: Any) -> None:
    (model,) = read_study(write(models='["package.module:Net"]'), run_code=True).models
    assert model == "package.module:Net"


@pytest.mark.slow
def test_through_workers_of_this_machine(write: Any, tmp_path: Path, code: Path) -> None:
    pytest.importorskip("distributed")
    study = write(head=HEAD)
    nbsuite = Path(sys.executable).with_name("nbsuite")
    command = [nbsuite, "sweep", str(study), "-o", "runs", "--workers", "2", "--json", "--run-code"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    states = {task["state"] for task in json.loads(ended.stdout)["tasks"].values()}
    assert states == {"finished"}
    names = {
        header.spec.name
        for path in tmp_path.glob("runs/finetune/*/weights.safetensors")
        if (header := header_in(path)) is not None
    }
    assert names == {"Mine", "tinyRSNN"}
