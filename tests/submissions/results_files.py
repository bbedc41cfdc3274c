"""Folders of made-up results in challenge format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from nbsuite.tasks.primate_reaching import PRIMATE_REACHING

NAMES = [session.name for session in PRIMATE_REACHING.sessions]
VALUES: Mapping[str, float] = {
    "footprint": 1000,
    "connection_sparsity": 0.5,
    "activation_sparsity": 0.9,
    "dense": 200.0,
    "macs": 0.0,
    "acs": 20.0,
    "r2": 0.6,
}


def lists(seeds: int = 2, **changes: Sequence[float]) -> dict[str, list[float]]:
    """A results file's content: each metric's list, by default the same for every seed."""
    content = {metric: [value] * seeds for metric, value in VALUES.items()}
    return content | {metric: list(values) for metric, values in changes.items()}


def write_lists(
    folder: Path, model: str = "mine", recording: str = NAMES[0], **changes: Sequence[float]
) -> Path:
    """Write a results file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"results_{model}_{recording}.json"
    path.write_text(json.dumps(lists(**changes)))
    return path


def write_six(
    folder: Path, model: str = "mine", suffix: str = "", **changes: Sequence[float]
) -> Path:
    """Write results on all six sessions, or on their twins; returns the folder."""
    for name in NAMES:
        write_lists(folder, model, name + suffix, **changes)
    return folder
