"""What ``nbsuite demo`` runs on: a trained tinyRSNN, and the short twin it was trained for.

The checkpoint is written by ``scripts/train_demo.py`` of the repository.
"""

from __future__ import annotations

from importlib.resources import files

SESSION = "I1"
TWIN_FRACTION = 0.1
TWIN_SEED = 1
CHECKPOINT_NAME = "tinyRSNN-demo.safetensors"


def checkpoint_bytes() -> bytes:
    """Content of the checkpoint that comes with the package."""
    return files(__name__).joinpath(CHECKPOINT_NAME).read_bytes()
