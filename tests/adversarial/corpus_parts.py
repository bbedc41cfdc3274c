"""The sound files that are written by hand: texts, a study's folder, and a recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_STUDY = """name = "small"
models = ["tinyRSNN"]
sessions = ["{recording}"]
pretrain_on = ["{recording}"]
seeds = "1-2"
stages = ["pretrain", "finetune"]
data = "auto"
threads = 1
kernel = "auto"
device = "cpu"

[recipe]
{recipe}

[grid]
training.lr = [0.001, 0.002]
"""
CLUSTER = """class = "missing_package.Cluster"
workers = 2

[options]
cores = 2
queue = "long"
args = ["touch", "pwned"]
"""
_FILLED_IN = {
    "team": "The Decoders",
    "authors": ["A. Author"],
    "contact": "a@example.org",
    "track": "trade-off",
    "model": "tinyRSNN",
    "licence": "MIT",
    "description": "Random weights.",
}


def study_text(recording: str, settings: Mapping[str, object]) -> str:
    """A study file: one model, two seeds, two variants, on one recording."""
    recipe = "\n".join(f"{key} = {value}" for key, value in settings.items())
    return _STUDY.format(recording=recording, recipe=recipe)


def submission_text() -> str:
    """A filled-in submission.toml."""
    lines = (f"{key} = {json.dumps(value)}" for key, value in _FILLED_IN.items())
    return "\n".join(lines) + "\n"


def write_study_folder(folder: Path) -> None:
    """A study that a worker is at, and one task of which failed."""
    (folder / "running").mkdir(parents=True)
    (folder / "failures").mkdir()
    task = {
        "key": "finetune/a_seed1",
        "title": "finetune tinyRSNN seed 1",
        "folder": "out/runs",
        "proof": "stage.json",
        "parents": ["pretrain/a"],
        "epochs": 3,
    }
    first = {**task, "key": "pretrain/a", "title": "pretrain tinyRSNN", "parents": []}
    alive = {"host": "here", "process": 1, "dashboard": "http://here:1/", "seen": 2e9}
    mark = {"task": "finetune/a_seed1", "attempt": "1", "host": "here", "process": 1}
    contents = {
        "tasks.json": {"tasks": [first, task]},
        "alive.json": alive,
        "running/finetune_a_seed1.json": {**mark, "begun": 1.0},
    }
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=1))
    (folder / "failures/pretrain_a.log").write_text("=== then, pretrain/a on here\nloss\n")


def write_small_recording(path: Path) -> None:
    """A recording of Indy's 96 channels, 12 reaches and 3 s, to be read in milliseconds."""
    from nbsuite.data.matfile import write_recording

    rng, steps = np.random.default_rng(1), 750
    time = 100.0 + 0.004 * np.arange(steps)
    corners = 15.0 * np.cumsum(rng.integers(1, 7, (2, 12)), axis=1) % 120
    target = np.repeat(corners, np.full(12, steps // 12 + 1), axis=1)[:, :steps]
    cursor = target + np.cumsum(rng.normal(0, 0.1, target.shape), axis=1)
    spikes = [[np.sort(rng.uniform(100.0, 102.9, 8)) for _channel in range(96)]]
    spikes[0][0] = np.empty(0)
    write_recording(path, spike_times=spikes, cursor=cursor, target=target, time=time)


def write_own(folder: Path) -> None:
    """A recording of one's own, and files of three formats that the like is imported from."""
    import h5py
    from scipy.io import savemat

    from nbsuite.data.recording import Recording
    from tests.data.own_arrays import own_arrays

    spikes, targets = own_arrays(steps=80, channels=4)
    Recording.from_arrays(spikes, targets, 0.05).save(folder / "own.h5")
    arrays = {"spikes": spikes, "targets": targets}
    np.savez(folder / "arrays.npz", **arrays)
    savemat(folder / "arrays.mat", arrays, do_compression=True)
    with h5py.File(folder / "arrays.h5", "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array, compression="gzip")
