"""Folders of made-up results in challenge format."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from nbsuite.submissions.results.challenge import provenance_path
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


def write_provenance(
    results: Path,
    runs: Sequence[Mapping[str, object]],
    model: str = "mine",
    **more: object,
) -> Path:
    """Write what lies beside a results file: for each run its figures beyond the challenge's."""
    content = {
        "results": results.name,
        "twin": False,
        "runs": [{"checkpoint": {"model": {"name": model}}, "metrics": dict(run)} for run in runs],
    }
    path = provenance_path(results)
    path.write_text(json.dumps(content | more))
    return path


def write_own_task(
    folder: Path, model: str = "GRU", recordings: Sequence[str] = ("maze_1",), task: str = "maze/1"
) -> Path:
    """Write results under a task of one's own; returns the folder."""
    for recording in recordings:
        path = write_lists(folder, model, recording)
        write_provenance(path, [{}, {}], model, task=task)
    return folder


def write_measured(
    folder: Path,
    model: str = "mine",
    recordings: Sequence[str] = NAMES,
    noise: float = 0.5,
    seeds: int = 2,
    blocks: int = 40,
    suffix: str = "",
) -> Path:
    """Write results that tell their errors block by block; returns the folder.

    Models have the same labels on a recording. What they decode is off by ``noise`` times normal
    numbers, more in some blocks than in others.
    """
    import numpy as np

    from nbsuite.statistics.block_errors import block_errors
    from nbsuite.statistics.block_record import to_record

    for number, recording in enumerate(recordings):
        of_recording = np.random.default_rng(number)
        labels = of_recording.normal(size=(10 * blocks, 2))
        hard = np.exp(of_recording.normal(0, 0.2, blocks)).repeat(10)[:, np.newaxis]
        rng = np.random.default_rng([number, *model.encode()])
        each = [
            block_errors(
                labels,
                labels + noise * hard * rng.normal(1, 0.1) * rng.normal(size=labels.shape),
                range(0, 10 * blocks, 10),
            )
            for _ in range(seeds)
        ]
        r2 = [float(one.r2()[0]) for one in each]
        path = write_lists(folder, model, recording + suffix, **lists(seeds, r2=r2))
        runs = [
            {
                "checkpoint": {"model": {"name": model}},
                "metrics": {},
                "blocks": to_record("reaches", one),
            }
            for one in each
        ]
        content = {"results": path.name, "twin": bool(suffix), "runs": runs}
        provenance_path(path).write_text(json.dumps(content))
    return folder
