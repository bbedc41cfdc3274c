"""Made-up inputs of a report: results with provenance, a run of a decoder, stages of training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from nbsuite.files import digest
from nbsuite.submissions.report.decoding import Decoding
from nbsuite.submissions.report.training import read_stages
from nbsuite.submissions.report.write import build_report
from nbsuite.submissions.results.challenge import provenance_path
from nbsuite.submissions.results.folder import read_results
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
from nbsuite.training.log import rewrite_log
from nbsuite.training.run_folder import WEIGHTS_NAME, StageRecord, write_record
from tests.submissions.results_files import NAMES, write_six

TWIN = {"session": NAMES[0], "fraction": 1.0, "seed": 1, "generator": 1}
"""What provenance says of a twin."""

EVIL = "<script>alert(1)</script>&\"'\x1b\ud800"
"""A name that would do harm, or break a page, if it were not escaped."""


def write_results(folder: Path, name: str = "tinyRSNN") -> Path:
    """Results on six recordings and their twins, the first of each with provenance."""
    write_six(folder, r2=[0.6, 0.62])
    write_six(folder, suffix="-twin-seed1", r2=[0.5, 0.55])
    for recording, twin in ((NAMES[0], None), (f"{NAMES[0]}-twin-seed1", {"seed": 1})):
        run = {
            "checkpoint": {
                "file": f"{name}.safetensors",
                "weights_sha256": "ab" * 32,
                "seed": 1,
                "recipe": {"note": name},
                "trained_on": {
                    "recordings": [{"file": f"{name}.mat", "sha256": "ef" * 32, "twin": TWIN}],
                    "complete": True,
                },
            },
            "data": {"file": f"{recording}.mat", "sha256": "cd" * 32, "twin": twin},
            "versions": {"nbsuite": name},
        }
        content = {"results": name, "twin": twin is not None, "runs": [run]}
        path = provenance_path(folder / f"results_mine_{recording}.json")
        path.write_text(json.dumps(content))
    return folder


def write_stage(
    folder: Path, name: str = "tinyRSNN", recording: str = f"{NAMES[0]}-twin-seed1", **summary: Any
) -> Path:
    """A finished stage of pruning as a run leaves it; returns the folder of runs."""
    stage = folder / f"run-{recording}" / "prune"
    stage.mkdir(parents=True)
    (stage / WEIGHTS_NAME).write_bytes(b"weights")
    identity = {
        "stage": "prune",
        "model": {"name": name},
        "seed": 1,
        "recipe": {"loss": {"name": "rmse"}},
        "data": [[recording, "ef" * 32]],
    }
    figures = {
        "epochs": 2,
        "seconds": 1.5,
        "train_r2": 0.7,
        "validation_r2": None,
        "spikes_per_second": 5.0,
        "sparsity": 0.4,
        "unpruned_train_r2": 0.71,
        "trials": [{"sparsity": 0.4, "train_r2": 0.7, "good": True}],
    }
    write_record(stage, StageRecord(identity, digest(stage / WEIGHTS_NAME), figures | summary, {}))
    line = {
        "stage": "prune",
        "sparsity": 0.4,
        "loss": 0.3,
        "penalty": 0.01,
        "train_r2": 0.5,
        "validation_r2": 0.4,
        "spikes_per_second": 4.0,
    }
    rewrite_log(stage, [line | {"epoch": epoch, "loss": 0.3 / epoch} for epoch in (1, 2)])
    return folder


def draw_decoding(
    name: str = "tinyRSNN", *, twin: bool = False, trained_on_twin: bool = False
) -> Decoding:
    """A decoder's run over 12 s."""
    random = np.random.default_rng(1)
    true = random.normal(size=(3000, 2)).cumsum(0) / 100
    return Decoding(
        model=name,
        seed=1,
        session="I1",
        twin=twin,
        trained_on_twin=trained_on_twin,
        task=PRIMATE_REACHING,
        true=true,
        decoded=true + random.normal(size=true.shape) / 10,
        spikes=(random.random((3000, 8)) < 0.02).astype(np.int8),
        r2=0.5,
        checkpoint=f"{name}.safetensors",
    )


def build_everything(folder: Path, name: str = "tinyRSNN") -> str:
    """A report with everything that it can hold."""
    if not folder.exists():
        write_results(folder, name)
        write_stage(folder / "runs", name)
        write_stage(folder / "runs", name, NAMES[1])
    results = [(folder, read_results(folder))]
    decodings = [draw_decoding(name, trained_on_twin=True), draw_decoding(name, twin=True)]
    return build_report(results, decodings, read_stages(folder / "runs"))
