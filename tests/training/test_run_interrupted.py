"""Runs that something ends: an error, a full disk, a number that is none. Nothing kept is lost.

``test_run_killed.py`` does the same to real processes.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from nbsuite.errors import TrainingError
from nbsuite.training import epochs
from nbsuite.training.observer import BatchDone, EpochDone, StageBegun, ignore
from nbsuite.training.run_plan import RunRequest, plan_run, run_plan
from nbsuite.training.run_state import STATE_NAME, load_state
from nbsuite.training.smorms3 import SMORMS3

RequestRun = Callable[..., RunRequest]


@pytest.fixture
def undisturbed(request_run: RequestRun, outcome: Any, tmp_path: Path) -> dict[str, Any]:
    """What has to come out in the end."""
    request = request_run(root=tmp_path / "undisturbed")
    run_plan(plan_run(request))
    expected: dict[str, Any] = outcome(request.root)
    assert len(expected) == 4 + 3 + 4  # weights, logs and summaries
    return expected


def _run(request: RunRequest, observer: Callable[[Any], None] = ignore) -> None:
    run_plan(plan_run(request), observer)


def test_interrupted_after_every_batch_and_epoch(
    request_run: RequestRun, undisturbed: dict[str, Any], outcome: Any
) -> None:
    """Each attempt gets one event further than the one before."""
    request, attempts = request_run(), 0
    for limit in range(3, 100, 3):
        attempts += 1
        count = 0

        def interrupt(event: Any, limit: int = limit) -> None:
            nonlocal count
            count += isinstance(event, BatchDone | EpochDone)
            if count == limit:
                raise KeyboardInterrupt

        try:
            _run(request, interrupt)
            break
        except KeyboardInterrupt:
            for log in request.root.rglob("log.jsonl"):
                lines = [json.loads(line) for line in log.read_text().splitlines()]
                places = [(line.get("sparsity"), line["epoch"]) for line in lines]
                assert len(places) == len(set(places))
    assert attempts > 2
    assert outcome(request.root) == undisturbed
    assert not list(request.root.rglob(STATE_NAME))


def test_a_state_of_before_there_were_digests_goes_on(
    request_run: RequestRun, undisturbed: dict[str, Any], outcome: Any
) -> None:
    request, stages = request_run(), []

    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone):
            stages.append(event.stage)
            raise KeyboardInterrupt

    for _ in range(20):
        with suppress(KeyboardInterrupt):
            _run(request, interrupt)
            break
        (path,) = request.root.rglob(STATE_NAME)
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            fields = json.loads(file.metadata()["nbsuite_run"]) | {"format": 1}
        save_file(tensors, path, {"nbsuite_run": json.dumps(fields)})
    assert set(stages) == {"pretrain", "finetune", "prune"}
    assert outcome(request.root) == undisturbed


@pytest.mark.parametrize("stage", ["pretrain", "finetune", "prune"])
def test_a_state_that_was_changed_stops_the_run_and_stays(
    request_run: RequestRun, stage: str
) -> None:
    request = request_run()

    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone) and event.stage == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(request, interrupt)
    (path,) = request.root.rglob(STATE_NAME)
    changed = bytearray(path.read_bytes())
    changed[-3] ^= 1
    path.write_bytes(changed)
    with pytest.raises(TrainingError, match=f"{path}, the state of .* by its digest: delete it"):
        _run(request)
    assert path.read_bytes() == changed
    path.unlink()
    _run(request)


def test_a_full_disk_at_every_write(
    request_run: RequestRun,
    undisturbed: dict[str, Any],
    outcome: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Attempts fail at their first to their fifth write, in turn."""
    request, replace, left = request_run(), os.replace, 0

    def fill_up(source: Any, target: Any, **options: Any) -> None:
        nonlocal left
        left -= str(request.root) in str(target)
        if left < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        replace(source, target, **options)

    monkeypatch.setattr(os, "replace", fill_up)
    for attempt in range(100):
        left = attempt % 5
        with suppress(OSError):
            _run(request)
            break
    assert attempt > 5
    assert outcome(request.root) == undisturbed
    assert not list(request.root.rglob(".*.part"))


def test_a_log_that_ends_in_half_a_line_is_mended(
    request_run: RequestRun, undisturbed: dict[str, Any], outcome: Any
) -> None:
    request = request_run()

    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone) and event.stage == "finetune" and event.number == 2:
            with (event.folder / "log.jsonl").open("a") as stream:
                stream.write('{"stage": "finetune", "epoch"')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(request, interrupt)
    events: list[Any] = []
    _run(request, events.append)
    begun = [event.done for event in events if isinstance(event, StageBegun)]
    assert begun == [2, 0, 0]
    assert outcome(request.root) == undisturbed


def test_weights_that_are_not_finite_at_the_end_of_an_epoch_stop_the_run(
    request_run: RequestRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, calls = SMORMS3.step, 0

    def poisoned(optimiser: SMORMS3) -> None:
        nonlocal calls
        step(optimiser)
        calls += 1
        if calls == 9:  # the last batch of the last epoch
            optimiser.param_groups[0]["params"][0].data[0, 0] = float("inf")

    monkeypatch.setattr(SMORMS3, "step", poisoned)
    request = request_run(stages=("finetune",))
    with pytest.raises(TrainingError, match=r"epoch 3, batch 3, for a value of 'input.weight' th"):
        _run(request)
    assert not list(request.root.rglob("weights.safetensors"))


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_not_finite_stops_the_run_and_keeps_the_last_good_state(
    request_run: RequestRun, monkeypatch: pytest.MonkeyPatch, outcome: Any, what: str
) -> None:
    request = request_run(stages=("finetune",))
    batches = _poison(monkeypatch, what, at_call=5)
    with pytest.raises(TrainingError) as caught:
        _run(request)
    (folder,) = request.root.glob("*/finetune")
    epoch, batch = divmod(5 - 1, batches)
    named = {"loss": "a loss of nan", "gradient": "a gradient of 'input.weight' that is not finite"}
    assert str(caught.value).startswith(
        f"The finetune stage stopped in epoch {epoch + 1}, batch {batch + 1}, for {named[what]};"
        f" {folder} keeps the state of epoch {epoch}:"
    )
    state = load_state(folder / STATE_NAME)
    assert state is not None
    assert state.epoch == epoch == 1
    assert all(bool(value.isfinite().all()) for value in state.weights.values())
    assert not (folder / "weights.safetensors").exists()

    monkeypatch.undo()
    _run(request)
    again = request_run(stages=("finetune",), root=request.root.parent / "again")
    _run(again)
    assert outcome(request.root) == outcome(again.root)


def _poison(monkeypatch: pytest.MonkeyPatch, what: str, at_call: int) -> int:
    """Make a loss or its gradient not finite; returns how many batches an epoch has."""
    original, calls = epochs.loss_function, 0

    def poisoned(recipe: Any) -> Any:
        def loss(velocity: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            nonlocal calls
            calls += 1
            value = original(recipe)(velocity, target)
            if calls != at_call:
                return value
            if what == "loss":
                return value * float("nan")
            # finite itself, but its slope is infinite
            return value + (velocity - velocity.detach()).square().mean().sqrt()

        return loss

    monkeypatch.setattr(epochs, "loss_function", poisoned)
    return 3


def test_a_damaged_state_is_named(request_run: RequestRun) -> None:
    request = request_run(stages=("finetune",))

    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(request, interrupt)
    (path,) = request.root.rglob(STATE_NAME)
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[:-1], b"{}"):
        path.write_bytes(damaged)
        with pytest.raises(TrainingError, match=f"{path}, the state of a run .* delete it"):
            _run(request)


def test_an_interrupted_run_of_other_settings_is_refused(request_run: RequestRun) -> None:
    def interrupt(event: Any) -> None:
        if isinstance(event, EpochDone):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _run(request_run(stages=("finetune",)), interrupt)
    other = request_run("training.lr=0.001", stages=("finetune",))
    with pytest.raises(TrainingError, match=r"training\.lr 0\.002, not 0\.001"):
        _run(other)
    run_plan(plan_run(other, force=True), force=True)
