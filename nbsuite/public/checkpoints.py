"""Checkpoints by the path of a file or of the folder of a run."""

from __future__ import annotations

import os
from pathlib import Path

from nbsuite.data.folders import with_home
from nbsuite.errors import CheckpointError
from nbsuite.models import checkpoint as files
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.training.run_checkpoints import checkpoint_files


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint. Nothing in the file is ever executed.

    Args:
        path: the file, or a folder that holds one: that of a run for what it ended with.

    Raises:
        CheckpointError: the file is missing, damaged or not a checkpoint, or the folder holds none
            or several.
    """
    found = checkpoint_files([with_home(Path(path))])
    if len(found) > 1:
        raise CheckpointError(
            f"{os.fspath(path)} holds {len(found)} checkpoints; name one of them, such as"
            f" {found[0]}."
        )
    return files.load_checkpoint(found[0])
