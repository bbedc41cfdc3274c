"""A recording of one's own in the place of a session, in every command that takes one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from nbsuite.cli.main import main
from nbsuite.tasks.opening import load_recording
from tests.data.own_arrays import own_arrays

SHORT = (
    *("--set", "windows.steps=25", "--set", "windows.offset_steps=5", "--set", "training.batch=16"),
    *("--stages", "finetune", "--epochs", "2"),
)


def nbsuite(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def figures(folder: Path, model: str, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / f"results_{model}_{name}.json").read_text())
    return content


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Counts of 9 units at 20 ms, three outputs, and two gaps, one of them in the test set."""
    spikes, targets = own_arrays(steps=900, channels=9, outputs=3)
    trials = [[0, 400], [410, 800], [805, 900]]
    np.savez("arrays.npz", spikes=spikes, targets=targets, trials=trials)
    nbsuite("data", "import", "arrays.npz", "-o", "mine.h5", "--step", 0.02, "--segments", "trials")
    return Path("mine.h5")


def test_from_arrays_to_the_leaderboard(mine: Path) -> None:
    nbsuite("train", "ridge", "-s", mine, "-o", "runs")
    nbsuite("train", "tinyRSNN", "-s", mine, "-o", "runs", *SHORT)
    results = Path("runs/results")
    ridge, spiking = (figures(results, model, "mine") for model in ("ridge", "tinyRSNN"))
    assert ridge["r2"][0] > 0.2
    assert spiking["dense"] == [9 * 64 + 64 * 64 + 64 * 3]
    assert spiking["macs"][0] > 0  # of counts above one, in the first layer
    assert spiking["acs"][0] > 0
    provenance = json.loads((results / "results_tinyRSNN_mine.provenance.json").read_text())
    assert provenance["task"] == "mine/1"
    (run,) = provenance["runs"]
    assert run["checkpoint"]["model"]["step"] == 0.02
    assert run["checkpoint"]["model"]["outputs"] == 3
    board = nbsuite("leaderboard", results)
    own = board[board.index("mine/1") :]
    assert "ridge (yours)" in own
    assert "tinyRSNN (yours)" in own
    assert "(yours)" not in board[: board.index("mine/1")]
    assert "mine" in nbsuite("table", "1", results)
    nbsuite("compare", results, results)
    nbsuite("report", results, "--runs", "runs", "-o", "report.html")
    assert "mine/1" in Path("report.html").read_text(encoding="utf-8")


def test_benchmark_and_stream(mine: Path) -> None:
    nbsuite("train", "tinyRSNN", "-s", mine, "-o", "runs", *SHORT)
    weights = "runs/tinyRSNN_mine_seed1/finetune/weights.safetensors"
    nbsuite("benchmark", weights, "-s", mine, "-o", "results", "--plot", "decoding.png")
    assert Path("decoding.png").is_file()
    (streamed,) = json.loads(nbsuite("stream", weights, "-s", mine, "--json"))
    assert streamed["equals_batch"]
    assert streamed["budget_seconds"] == 0.02
    measured = figures(Path("results"), "tinyRSNN", "mine")
    assert streamed["r2"] == pytest.approx(measured["r2"][0], abs=1e-6)


def test_a_study(mine: Path) -> None:
    Path("study.toml").write_text(
        f'name = "own"\nmodels = ["tinyRSNN"]\nsessions = ["{mine}"]\nseeds = [1]\n'
        'stages = ["finetune"]\n[recipe]\nwindows.steps = 25\nwindows.offset_steps = 5\n'
    )
    assert "tinyRSNN" in nbsuite("sweep", "study.toml", "--dry-run", "-o", "runs")


SHARED = Path(__file__).parents[3] / "shared" / "real" / "stevenson2011"


KEYS = ("--targets", "handVel", "--time", "time", "--columns", "0,1", "--units", "m/s")


@pytest.fixture
def monkey() -> Path:
    """The file of Stevenson et al. 2011: 171 units in M1, 50 ms a step."""
    path = SHARED / "m1_stevenson_2011.mat"
    if not path.is_file():
        pytest.skip("the recording of Stevenson et al. (../shared/real) is not on this machine")
    return path


def test_a_real_recording(monkey: Path) -> None:
    printed = nbsuite("data", "import", monkey, "-o", "m1.h5", *KEYS)
    assert "columns of the spikes are its steps" in printed
    recording = load_recording(Path("m1.h5"))
    assert (recording.steps, recording.channels, recording.outputs) == (15536, 171, 2)
    assert recording.task.step == 0.05
    assert recording.spikes(0, recording.steps).max() == 26


@pytest.mark.slow
def test_decoders_of_a_real_recording(monkey: Path) -> None:
    """Each on its own task, for their steps differ."""
    nbsuite("data", "import", monkey, "-o", "m1.h5", *KEYS)
    nbsuite("data", "import", monkey, "-o", "fine.h5", *KEYS, "--substeps", 10)
    nbsuite("train", "ridge", "-s", "m1.h5", "-o", "runs")
    options = ("--stages", "finetune", "--epochs", 10, "--set", "training.batch=32")
    nbsuite("train", "tinyRSNN", "-s", "fine.h5", "-o", "runs", *options)
    results = Path("runs/results")
    assert figures(results, "ridge", "m1")["r2"][0] > 0.75
    assert figures(results, "tinyRSNN", "fine")["r2"][0] > 0.5
    board = nbsuite("leaderboard", results)
    fine, coarse = board.index("fine/1"), board.index("m1/1")
    assert fine < board.index("tinyRSNN (yours)") < coarse < board.index("ridge (yours)")
