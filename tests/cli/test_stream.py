"""``nbsuite stream``: what it prints and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.data.twins.generate import ensure_twin
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint
from nbsuite.models.factory import load_factory
from nbsuite.models.streaming import StreamingDecoder
from nbsuite.tasks.known import find_session
from tests.models.random_decoders import random_decoder

FOLDER = Path(__file__).parents[1] / "own_decoders"


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["stream", *map(str, arguments)])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


def _saved(folder: Path, decoder: Any, session: str | None = None) -> Path:
    path = folder / "decoder.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, session, 1))
    return path


@pytest.fixture
def checkpoint(tmp_path: Path, draw_decoder: Any) -> Path:
    return _saved(tmp_path, draw_decoder(dtype="float16"))


def test_json_for_programs(checkpoint: Path, tiny_recording_path: Path) -> None:
    result = _run(checkpoint, "-s", tiny_recording_path, "--steps", 300, "--json")
    (report,) = json.loads(result.stdout)
    latency = report.pop("latency_seconds")
    assert 0 < latency["median"] <= latency["p99"] <= latency["worst"]
    assert report.pop("steps_per_second") > 0
    assert 0 <= report.pop("late_steps") <= 300
    assert report.pop("r2") < 1
    assert report == {
        "model": "tinyRSNN",
        "seed": 1,
        "precision": "float16",
        "recording": "indy_20990101_01",
        "twin": False,
        "trained_on_twin": None,
        "steps": 300,
        "budget_seconds": 0.004,
        "delay_steps": {"hidden": 3, "readout": 5},
        "equals_batch": True,
        "largest_difference": 0.0,
    }


def test_a_table_for_people(checkpoint: Path, tiny_recording_path: Path) -> None:
    result = _run(checkpoint, "--session", tiny_recording_path)
    assert " real " in result.stdout
    assert "p99" in result.stdout
    assert " yes " in result.stdout
    assert "hidden spikes: 3 steps (12 ms); to the output: 5 steps (20 ms)" in result.stderr
    assert "Compilation and warm-up are not in the times" in result.stderr


def test_a_twin_is_labelled(tmp_path: Path, draw_decoder: Any) -> None:
    twin = ensure_twin(find_session("I1"), tmp_path, fraction=0.02)
    checkpoint = _saved(tmp_path, draw_decoder(), "indy_20160622_01")
    assert " TWIN " in _run(checkpoint, "-s", twin, "--steps", 50).stdout


def test_without_movement_there_is_no_r2(checkpoint: Path, tiny_recording_path: Path) -> None:
    arguments = (checkpoint, "-s", tiny_recording_path, "--steps", 1)
    assert json.loads(_run(*arguments, "--json").stdout)[0]["r2"] is None
    assert " - " in _run(*arguments).stdout


def test_a_difference_is_an_error(
    checkpoint: Path, tiny_recording_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = StreamingDecoder.step
    monkeypatch.setattr(StreamingDecoder, "step", lambda self, spikes: 2 * step(self, spikes) + 1)
    result = _run(checkpoint, "-s", tiny_recording_path, "--steps", 20, status=1)
    assert " NO " in result.stdout
    assert "differently sample by sample than at once" in result.stderr


def test_a_decoder_without_spikes(tmp_path: Path, tiny_recording_path: Path) -> None:
    checkpoint = _saved(tmp_path, random_decoder("SNN3", channels=96))
    result = _run(checkpoint, "-s", tiny_recording_path, "--steps", 60)
    assert " yes " in result.stdout
    assert "from input to the output: 1 step (4 ms)" in " ".join(result.stderr.split())


def test_a_decoder_of_ones_own(tmp_path: Path, tiny_recording_path: Path) -> None:
    """With two files of weights, each is a run; what it decodes is what the weights decode."""
    reference = f"{FOLDER / 'gru.py'}:build"
    files = [tmp_path / "a.pt", tmp_path / "b.pt"]
    for seed, path in enumerate(files):
        net = load_factory(reference).build(channels=96, outputs=2, step=0.004)
        torch.manual_seed(seed)
        weights = {key: torch.randn_like(each) for key, each in net.state_dict().items()}
        torch.save(weights, path)
    given = [argument for path in files for argument in ("--weights", path)]
    arguments = (reference, *given, "--name", "mine", "-s", tiny_recording_path, "--steps", 300)
    first, second = json.loads(_run(*arguments, "--json").stdout)
    assert first["r2"] != second["r2"]
    for report in (first, second):
        assert report["model"] == "mine"
        assert report["delay_steps"] == {"hidden": None, "readout": 0}
        assert 0 < report["latency_seconds"]["median"] <= report["latency_seconds"]["worst"]
    told = _run(*arguments)
    assert "mine: from input to the output: 0 steps (0 ms)" in " ".join(told.stderr.split())


def test_a_decoder_that_looks_ahead_is_told_of(tmp_path: Path, tiny_recording_path: Path) -> None:
    path = tmp_path / "ahead.py"
    path.write_text(
        "from torch import nn\n\n"
        "class Ahead(nn.Module):\n"
        "    def __init__(self, channels):\n"
        "        super().__init__()\n"
        "        self.fc = nn.Linear(channels, 2)\n"
        "    def forward(self, spikes, state=None):\n"
        "        return self.fc(spikes).flip(0).cumsum(0).flip(0), None\n"
    )
    told = _run(f"{path}:Ahead", "-s", tiny_recording_path, "--steps", 300)
    assert "In the run over the whole, Ahead looks ahead to the end of" in " ".join(
        told.stderr.split()
    )
    assert " yes " in told.stdout


def test_a_differing_decoder_of_ones_own_is_sent_to_check(
    tiny_recording_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = StreamingDecoder.step
    monkeypatch.setattr(StreamingDecoder, "step", lambda self, spikes: 2 * step(self, spikes) + 1)
    arguments = (f"{FOLDER / 'gru.py'}:build", "-s", tiny_recording_path, "--steps", 20)
    assert "ask `nbsuite check`" in _run(*arguments, status=1).stderr


def test_a_folder_stands_for_its_checkpoints(
    tmp_path: Path, draw_decoder: Any, tiny_recording_path: Path
) -> None:
    for seed in (1, 2):
        path = tmp_path / "runs" / f"run-{seed}" / "weights.safetensors"
        path.parent.mkdir(parents=True)
        decoder = draw_decoder(seed=seed)
        save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, None, seed))
    arguments = ("-s", tiny_recording_path, "--steps", 20, "--json")
    reports = json.loads(_run(tmp_path / "runs", *arguments).stdout)
    assert [report["seed"] for report in reports] == [1, 2]


def test_bad_input(tmp_path: Path, checkpoint: Path, tiny_recording_path: Path) -> None:
    missing = _run(tmp_path / "none.safetensors", "-s", tiny_recording_path, status=1)
    assert "no checkpoint at" in missing.stderr
    assert "does not say which session" in _run(checkpoint, status=2).stderr
    assert "did you mean" in _run(checkpoint, "-s", "indy_20160622_02", status=2).stderr
    named = _run(checkpoint, "--name", "mine", "-s", tiny_recording_path, status=2)
    assert "--name is for one decoder of your own, and 0 are named" in named.stderr
    own = f"{FOLDER / 'gru.py'}:build"
    assert "does not say which session it is for" in _run(own, status=2).stderr
    assert "0 is not in the range" in _run(checkpoint, "--steps", 0, status=2).stderr
