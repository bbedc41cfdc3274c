"""Decoders of a user's own through the training stages: any ``nn.Module`` of a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.errors import CheckpointError, DecoderError, TrainingError
from nbsuite.models.checkpoint import digest_in, load_checkpoint
from nbsuite.models.factory import load_factory
from nbsuite.models.module_weights import load_weights
from nbsuite.submissions.study.trained import measure_runs
from nbsuite.training.observer import EpochDone
from nbsuite.training.own_model import OwnModel
from nbsuite.training.run_folder import read_record
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan
from nbsuite.training.run_state import STATE_NAME
from nbsuite.untrusted.tensor_file import read_tensor_file

RequestRun = Callable[..., RunRequest]

CODE = '''
import torch
from torch import nn


class Mine(nn.Module):
    """A gated recurrent unit with normalisation, dropout, unused and tied weights of its own."""

    def __init__(self, channels, outputs, units=8):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)
        self.gru = nn.GRU(channels, units)
        self.dropout = nn.Dropout(0.2)
        self.out = nn.Linear(units, outputs)
        self.unused = nn.Parameter(torch.zeros(3))
        self.tied = nn.Linear(units, outputs)
        self.tied.weight = self.out.weight

    def forward(self, spikes, state=None):
        flat = spikes.reshape(-1, spikes.shape[-1])
        hidden, state = self.gru(self.norm(flat).reshape(spikes.shape), state)
        return self.out(self.dropout(hidden)) + self.tied(hidden), state


def build(channels=96, outputs=2):
    return Mine(channels, outputs)


def silent(channels, outputs):
    return Table(channels, outputs)


class Ahead(nn.Module):
    """Decodes each sample by the one after it as well."""

    def __init__(self, channels=96):
        super().__init__()
        self.out = nn.Linear(channels, 2)

    def forward(self, spikes, state=None):
        decoded = self.out(spikes)
        return decoded + torch.cat([decoded[1:], decoded[:1] * 0]), state


class Table(nn.Module):
    """Nothing that could be pruned."""

    def __init__(self, channels, outputs):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(outputs))

    def forward(self, sample):
        return sample[:, :2].float() * self.scale
'''


@pytest.fixture
def code(tmp_path: Path) -> Path:
    path = tmp_path / "my_decoder.py"
    path.write_text(CODE)
    return path


@pytest.fixture
def request_own(request_run: RequestRun, code: Path) -> RequestRun:
    def make(*settings: str, **fields: Any) -> RunRequest:
        fields = {"model": OwnModel(f"{code}:build"), "stages": ("finetune",), **fields}
        return request_run("training.optimiser=adam", "training.lr=0.01", *settings, **fields)

    return make


def test_it_learns_and_its_checkpoint_says_what_it_is(request_own: RequestRun, code: Path) -> None:
    plan = plan_run(request_own())
    assert [remark.split(" ")[0] for remark in plan.remarks] == ["Mine", "Mine"]
    run_plan(plan)
    assert plan.checkpoint is not None
    record = read_record(plan.checkpoint.parent)
    assert record is not None
    assert "factory" not in record.identity["model"]
    assert record.summary["spikes_per_second"] is None
    checkpoint = plan.load_checkpoint(plan.checkpoint)
    spec = checkpoint.header.spec
    assert spec.to_json() == {
        "kind": "module",
        "name": "Mine",
        "channels": 96,
        "outputs": 2,
        "step": 0.004,
        "factory": "my_decoder.py:build",
        "source_sha256": load_factory(f"{code}:build").sha256,
    }
    assert checkpoint.digest == digest_in(plan.checkpoint)
    assert float(checkpoint.decoder.get_buffer("module.norm.running_mean").abs().sum()) > 0


def test_weights_of_a_run_fit_the_users_module(request_own: RequestRun, code: Path) -> None:
    plan = plan_run(request_own())
    run_plan(plan)
    assert plan.checkpoint is not None
    module = load_factory(f"{code}:build").build(channels=96, outputs=2, step=0.004)
    load_weights(module, read_tensor_file(plan.checkpoint)[1], "weights")
    kept = plan.load_checkpoint(plan.checkpoint).decoder.state_dict()
    assert torch.equal(module.state_dict()["out.weight"], kept["module.out.weight"])


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupted_run_resumes_to_the_same_bits(
    request_own: RequestRun, tmp_path: Path, outcome: Any, at: int
) -> None:
    undisturbed = request_own(root=tmp_path / "undisturbed")
    run_plan(plan_run(undisturbed))
    request = request_own()

    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone) and event.number == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_plan(plan_run(request), interrupt)
    assert list(request.root.rglob(STATE_NAME))
    run_plan(plan_run(request))
    assert outcome(request.root) == outcome(undisturbed.root)


def test_it_is_pretrained_and_pruned(request_own: RequestRun) -> None:
    request = request_own(stages=("pretrain", "finetune", "prune"))
    plan = plan_run(request)
    run_plan(plan)
    assert plan.checkpoint is not None
    record = read_record(plan.checkpoint.parent)
    assert record is not None
    weights = plan.load_checkpoint(plan.checkpoint).decoder.get_parameter("module.out.weight")
    removed = float((weights == 0).float().mean())
    assert removed == pytest.approx(record.summary["sparsity"], abs=0.07)
    assert plan_run(request).steps[-1][0].parent is not None


def test_results_say_that_it_looks_ahead(
    request_own: RequestRun, code: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = plan_run(request_own("finetune.epochs=1", model=OwnModel(f"{code}:Ahead")))
    run_plan(plan)
    monkeypatch.setattr("nbsuite.submissions.results.measuring.draw_job", lambda *_: None)
    (result,), _ = measure_runs([plan], tmp_path / "results")
    assert any(
        each.startswith("Ahead looks 1 sample (4 ms) ahead where it can")
        for each in result.provenance["run"]["remarks"]
    )


def test_stages_that_need_structure_say_so(request_own: RequestRun, code: Path) -> None:
    with pytest.raises(TrainingError, match="Mine does not decode in half precision: leave out"):
        plan_run(request_own(stages=("finetune", "half")))
    with pytest.raises(TrainingError, match="Table has no layer whose weights could be pruned"):
        plan_run(request_own(model=OwnModel(f"{code}:silent"), stages=("finetune", "prune")))


def test_other_code_is_another_setting(request_own: RequestRun, code: Path) -> None:
    run_plan(plan_run(request_own()))
    code.write_text(CODE.replace("Dropout(0.2)", "Dropout(0.4)"))
    with pytest.raises(TrainingError, match="source_sha256"):
        plan_run(request_own())


def test_its_weights_are_no_decoder_without_its_code(request_own: RequestRun) -> None:
    plan = plan_run(request_own())
    run_plan(plan)
    assert plan.checkpoint is not None
    with pytest.raises(CheckpointError, match=r"whose code is not in it: name both, as in"):
        load_checkpoint(plan.checkpoint)


def test_code_that_makes_no_decoder(request_own: RequestRun, code: Path) -> None:
    code.write_text("def build(channels, outputs):\n    raise ValueError('not today')\n")
    with pytest.raises(DecoderError, match="not today"):
        plan_run(request_own())


def test_from_the_command_line(code: Path, tiny_recording_path: Path, tmp_path: Path) -> None:
    def train(*more: str) -> Any:
        settings = ["windows.steps=25", "windows.offset_steps=25", "training.optimiser=adam"]
        options = [part for each in settings for part in ("--set", each)]
        arguments = ["train", f"{code}:build", "-s", str(tiny_recording_path), "--epochs", "1"]
        return CliRunner().invoke(
            main, [*arguments, *options, "-o", str(tmp_path / "runs"), "--quiet", *more]
        )

    done = train("--name", "Ours")
    assert done.exit_code == 0, done.output
    assert "Ours draws its first weights itself" in done.stderr
    assert (tmp_path / "runs/results/results_Ours_indy_20990101_01.json").is_file()
    (weights,) = tmp_path.glob("runs/Ours_*_seed1/finetune/weights.safetensors")
    recording, out = str(tiny_recording_path), tmp_path / "again"
    arguments = ["benchmark", f"{code}:build", "--weights", str(weights), "-s", recording]
    again = CliRunner().invoke(main, [*arguments, "--name", "Ours", "-o", str(out)])
    assert again.exit_code == 0, again.output
    (provenance,) = out.glob("*.provenance.json")
    (run,) = json.loads(provenance.read_text())["runs"]
    assert run["task"] == "primate-reaching/1"
    assert (run["checkpoint"]["seed"], run["checkpoint"]["session"]) == (1, "indy_20990101_01")
    assert len(run["checkpoint"]["trained_on"]["recordings"]) == 1
    refused = train("--kernel", "numba")
    assert refused.exit_code == 2
    assert "computes as it is written" in refused.stderr
    assert (
        "model.neurons is a setting of nbsuite's own networks"
        in train("--set", "model.neurons=3").stderr
    )
