"""Which checkpoints a folder stands for."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbsuite.errors import CheckpointError
from nbsuite.files import digest
from nbsuite.training.run_checkpoints import checkpoint_files
from nbsuite.training.run_folder import WEIGHTS_NAME, StageRecord, write_record

SUMMARY = {
    "epochs": 1,
    "seconds": 1.0,
    "train_r2": None,
    "validation_r2": None,
    "spikes_per_second": 0.0,
}


def _stage(folder: Path, *, finished: bool = True) -> Path:
    folder.mkdir(parents=True)
    weights = folder / WEIGHTS_NAME
    weights.write_bytes(folder.name.encode())
    if finished:
        write_record(folder, StageRecord({}, digest(weights), SUMMARY, {}))
    return weights


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs, one of which is at work on its last stage, ridge beside them, and pretraining."""
    root = tmp_path / "runs"
    for name in ("tinyRSNN_I1_seed1", "tinyRSNN_I1_seed2"):
        for stage in ("finetune", "prune", "half"):
            _stage(root / name / stage, finished=stage != "half" or name.endswith("1"))
    _stage(root / "ridge_I1", finished=False)
    _stage(root / "pretrain" / "tinyRSNN_indy_seed1_0123")
    (root / "results").mkdir()
    return root


def test_of_a_run_its_last_finished_stage(runs: Path) -> None:
    first, second = (runs / f"tinyRSNN_I1_seed{seed}" for seed in (1, 2))
    assert checkpoint_files([second, first]) == [
        second / "prune" / WEIGHTS_NAME,
        first / "half" / WEIGHTS_NAME,
    ]
    assert checkpoint_files([first / "finetune"]) == [first / "finetune" / WEIGHTS_NAME]


def test_of_all_runs_each_but_pretraining(runs: Path) -> None:
    assert [path.relative_to(runs).parts[:-1] for path in checkpoint_files([runs])] == [
        ("ridge_I1",),
        ("tinyRSNN_I1_seed1", "half"),
        ("tinyRSNN_I1_seed2", "prune"),
    ]


def test_files_are_themselves_and_a_folder_without_any_is_refused(tmp_path: Path) -> None:
    file, other = tmp_path / "a.safetensors", tmp_path / "b.txt"
    for path in (file, other):
        path.touch()
    assert checkpoint_files([other, tmp_path]) == [other, file]
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match="holds no checkpoints"):
        checkpoint_files([tmp_path / "empty"])
