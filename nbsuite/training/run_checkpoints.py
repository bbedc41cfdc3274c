"""The checkpoints that files and folders hold, whoever made them.

A folder may be that of a stage or of a run, as ``nbsuite train`` makes them, or hold several of
these, or checkpoints of any name. Of a run the last finished stage counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from nbsuite.errors import CheckpointError
from nbsuite.training.pretraining import FOLDER_NAME
from nbsuite.training.run_folder import WEIGHTS_NAME, read_record
from nbsuite.training.stage_task import STAGES

SUFFIX = ".safetensors"


def checkpoint_files(paths: Iterable[Path]) -> list[Path]:
    """The files named, and those in the folders named.

    Raises:
        CheckpointError: a folder holds none.
        TrainingError: the record of a stage is damaged.
    """
    files: list[Path] = []
    for path in paths:
        found = _in_folder(path) if path.is_dir() else [path]
        if not found:
            raise CheckpointError(
                f"{path} holds no checkpoints, neither files *{SUFFIX} nor finished runs of"
                " `nbsuite train`: name their folder or files."
            )
        files += found
    return files


def _in_folder(folder: Path) -> list[Path]:
    if (own := _of_run(folder)) is not None:
        return [own]
    inside = sorted(folder.iterdir())
    files = [path for path in inside if path.suffix == SUFFIX and path.is_file()]
    runs = (_of_run(path) for path in inside if path.is_dir() and path.name != FOLDER_NAME)
    return files + [path for path in runs if path is not None]


def _of_run(folder: Path) -> Path | None:
    """What a stage or a run ended with; None where the folder is neither, or has not ended."""
    weights = folder / WEIGHTS_NAME
    if weights.is_file():
        return weights
    for stage in reversed(STAGES):
        if read_record(folder / stage) is not None:
            return folder / stage / WEIGHTS_NAME
    return None
