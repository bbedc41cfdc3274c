"""What lies where in a submission package (format 1), and how large it may be.

manifest.json                                   SHA-256 and size of every other file
submission.toml                                 who submits what
README.md                                       tables, for people
evaluate.py, requirements.txt                   reproduce the results without nbsuite
decoder.py                                      in its place, code of the team's own decoder
recipes.json                                    how each checkpoint was trained or converted
results/results_<model>_<recording>.json        challenge format: lists over seeds
results/results_<model>_<recording>.provenance.json
results/results_summary_<model>.json            means
checkpoints/<model>_<session>_seed<seed>.safetensors
"""

from __future__ import annotations

import re
from pathlib import Path

from nbsuite.errors import PackageError

FORMAT = 1

MANIFEST = "manifest.json"
SUBMISSION = "submission.toml"
README = "README.md"
SCRIPT = "evaluate.py"
SOURCE = "decoder.py"
LOCK = "requirements.txt"
RECIPES = "recipes.json"
RESULTS = "results"
CHECKPOINTS = "checkpoints"
FIXED = (MANIFEST, SUBMISSION, README, SCRIPT, LOCK, RECIPES)

KNOWN_NAME = re.compile(
    "|".join(map(re.escape, (*FIXED, SOURCE)))
    + rf"|{RESULTS}/results_[\w.+ -]{{1,230}}\.json|{CHECKPOINTS}/[\w.+ -]{{1,230}}\.safetensors",
    re.ASCII,
)
"""Names that a package may hold; which of them it has to hold follows from its results."""

MOST_FILES = 1_000
LARGEST_PACKAGE = 2 << 30
LARGEST_CHECKPOINT = 256 << 20
LARGEST_TEXT = 8 << 20
HIGHEST_RATIO = 100
"""Bytes unpacked per byte packed: text of a package compresses by 20 at most, bombs by 1000."""


def checkpoint_name(model: str, session: str, seed: int) -> str:
    """Name of the checkpoint of a model, session (file name) and seed."""
    return f"{CHECKPOINTS}/{model}_{session}_seed{seed}.safetensors"


def size_limit(name: str) -> int:
    """Bytes that a file of a package may have."""
    return LARGEST_CHECKPOINT if name.startswith(f"{CHECKPOINTS}/") else LARGEST_TEXT


def refusal(package: Path, fault: str) -> PackageError:
    """The error that names a package and what is wrong with it; ``fault`` ends with a full stop."""
    return PackageError(f"{package} is refused and has to be packed again: {fault}")
