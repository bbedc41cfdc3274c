"""Pruning as a stage of a run: what it compares, keeps and leaves behind."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbsuite.models.checkpoint import load_checkpoint
from nbsuite.training.pruning import masks_of
from nbsuite.training.run_folder import read_record, write_record
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan

RequestRun = Callable[..., RunRequest]


def _run(request: RunRequest, observer: Any) -> Path:
    plan = plan_run(request)
    run_plan(plan, observer)
    return plan.folder


def test_pruned_weights_stay_zero(request_run: RequestRun, recorder: Any) -> None:
    folder = _run(request_run(), recorder)
    checkpoints = [
        load_checkpoint(folder / stage / "weights.safetensors") for stage in ("prune", "half")
    ]
    sparsity = json.loads((folder / "prune" / "stage.json").read_text())["summary"]["sparsity"]
    assert sparsity == 0.5
    pruned, half = (masks_of(each.decoder) for each in checkpoints)
    for name, mask in pruned.items():
        assert int((~mask).sum()) == math.floor(sparsity * mask.numel())
        assert bool((~half[name])[~mask].all())


def test_the_published_rule_compares_the_last_epochs(
    request_run: RequestRun, recorder: Any
) -> None:
    folder = _run(request_run(), recorder)
    logs = {
        stage: [
            json.loads(line) for line in (folder / stage / "log.jsonl").read_text().splitlines()
        ]
        for stage in ("finetune", "prune")
    }
    summary = json.loads((folder / "prune" / "stage.json").read_text())["summary"]
    assert summary["rule"] == "published"
    assert summary["unpruned_train_r2"] == logs["finetune"][-1]["batch_r2"]
    last = [line["batch_r2"] for line in logs["prune"] if line["epoch"] == 2]
    assert [trial["train_r2"] for trial in summary["trials"]] == last


def test_weights_stay_where_nothing_can_be_pruned(
    request_run: RequestRun, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nbsuite.training.stage_work._retrained_r2", lambda *_: -9.0)
    folder = _run(request_run(), recorder)
    summary = json.loads((folder / "prune" / "stage.json").read_text())["summary"]
    assert [trial["good"] for trial in summary["trials"]] == [False, False]
    assert summary["sparsity"] == 0.0
    before, after = (
        load_checkpoint(folder / stage / "weights.safetensors").digest
        for stage in ("finetune", "prune")
    )
    assert before == after


def test_weights_that_do_not_tell_are_taken_through_an_epoch(
    request_run: RequestRun, recorder: Any
) -> None:
    still = ("training.lr=1e-9", "training.batch=1000")
    finetuned = _run(request_run(*still, stages=("finetune",)), recorder) / "finetune"
    record = read_record(finetuned)
    assert record is not None
    figures = dict(record.summary)
    told = figures.pop("batch_r2")
    write_record(finetuned, replace(record, summary=figures))
    folder = _run(request_run(*still, stages=("prune",)), recorder)
    summary = json.loads((folder / "prune" / "stage.json").read_text())["summary"]
    # The masks of dropout are others.
    assert summary["unpruned_train_r2"] == pytest.approx(told, abs=0.1)


def test_the_clean_rule_looks_at_one_sequence(request_run: RequestRun, recorder: Any) -> None:
    folder = _run(request_run("prune.rule=clean"), recorder)
    finetune, prune = (
        json.loads((folder / stage / "stage.json").read_text()) for stage in ("finetune", "prune")
    )
    assert prune["summary"]["rule"] == "clean"
    assert prune["summary"]["unpruned_train_r2"] == finetune["summary"]["train_r2"]
    assert "rule" not in prune["identity"]["recipe"]["prune"]  # as before there was a choice
