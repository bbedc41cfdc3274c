"""``nbsuite benchmark`` with metrics and processors of a user's own, and what tables make of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nbsuite.cli.main import main
from nbsuite.models.checkpoint import CheckpointHeader, save_checkpoint

CODE = """
import torch
from neurobench.metrics.abstract import WorkloadMetric

class Jerk(WorkloadMetric):
    more_is_better = False
    unit = "mm per step^3"

    def __call__(self, model, preds, data):
        return torch.diff(preds, n=2, dim=0).square().mean().sqrt()

class Smooth:
    def __call__(self, outputs):
        padded = torch.nn.functional.pad(outputs.T[:, None], (2, 2), mode="replicate")
        return torch.nn.functional.avg_pool1d(padded, 5, stride=1).squeeze(1).T

def same(data):
    return data
"""


def _run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def measured(tmp_path: Path, tiny_recording_path: Path, draw_decoder: Any) -> list[object]:
    """A command that measures a checkpoint, in a folder with code of one's own."""
    (tmp_path / "my.py").write_text(CODE)
    recording = shutil.copy(tiny_recording_path, tmp_path / tiny_recording_path.name)
    decoder = draw_decoder(dtype="float16", seed=1)
    path = tmp_path / "seed1.safetensors"
    save_checkpoint(path, decoder, CheckpointHeader(decoder.spec, None, 1))
    return ["benchmark", path, "-s", recording, "-o", tmp_path / "out"]


def test_a_metric_of_ones_own(tmp_path: Path, measured: list[object]) -> None:
    own = ["--metric", tmp_path / "my.py:Jerk"]
    printed = json.loads(_run(*measured, *own, "--json").stdout)
    jerk = printed["results"][0]["values"]["jerk"]
    assert jerk > 0
    [file] = (tmp_path / "out").glob("results_tinyRSNN_indy*_01.provenance.json")
    [run] = json.loads(file.read_text())["runs"]
    assert run["metrics"]["jerk"] == jerk
    assert run["own_metrics"]["jerk"]["code"] == str(tmp_path / "my.py:Jerk")
    [results] = (tmp_path / "out").glob("results_tinyRSNN_indy*_01.json")
    assert "jerk" not in json.loads(results.read_text())
    again = _run(*measured, *own)
    assert "is there already" in again.stderr
    assert "exists already" in _run(*measured, status=1).stderr
    (tmp_path / "my.py").write_text(CODE + "\n")
    assert "exists already" in _run(*measured, *own, status=1).stderr


def test_processors_stand_in_the_name_and_the_remarks(
    tmp_path: Path, measured: list[object]
) -> None:
    around = ["--preprocess", tmp_path / "my.py:same", "--postprocess", tmp_path / "my.py:Smooth"]
    assert "tinyRSNN+same+Smooth" in _run(*measured, *around).stdout
    _run(*measured)
    names = {path.name for path in (tmp_path / "out").glob("results_summary_*")}
    assert names == {"results_summary_tinyRSNN.json", "results_summary_tinyRSNN+same+Smooth.json"}
    [file] = (tmp_path / "out").glob("results_tinyRSNN+*_01.provenance.json")
    [run] = json.loads(file.read_text())["runs"]
    assert run["model"] == "tinyRSNN+same+Smooth"
    assert run["metrics"]["lookahead"] == 8.0
    [processor] = run["processing"]["postprocessors"]
    assert processor["name"] == "Smooth"
    assert len(processor["sha256"]) == 64
    assert "is there already" in _run(*measured, *around).stderr


def test_both_ways_of_measuring_agree(tmp_path: Path, measured: list[object]) -> None:
    own = ["--metric", tmp_path / "my.py:Jerk", "--postprocess", tmp_path / "my.py:Smooth"]
    printed = json.loads(_run(*measured, *own, "--verify", 300, "--json").stdout)
    assert {row["metric"] for row in printed} > {"jerk", "r2"}
    assert all(row["agrees"] for row in printed)


@pytest.mark.parametrize(
    ("option", "named", "fault"),
    [
        ("--metric", "my.py:Jrek", "did you mean Jerk?"),
        ("--metric", "my.py", "name a function or class of it, as"),
        ("--metric", "my.py:Smooth", "is the class Smooth, not a metric"),
        ("--postprocess", "my.py:Jerk", "my.py:Jerk fails (TypeError"),
        ("--postprocess", "none.py:Smooth", "There is no file"),
        ("--preprocess", "my.py:Smooth", "line 14 of my.py)"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    tmp_path: Path, measured: list[object], option: str, named: str, fault: str
) -> None:
    result = CliRunner().invoke(main, list(map(str, [*measured, option, tmp_path / named])))
    assert result.exit_code != 0
    [error] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert fault in error
    assert not list((tmp_path / "out").glob("results*"))
