"""The state of a run as a file: what is taken for one, and what is refused in a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from nbsuite.errors import TrainingError
from nbsuite.models.rsnn import RecurrentDecoder
from nbsuite.tasks.locate import Location
from nbsuite.training.compute import Compute
from nbsuite.training.families import model_spec
from nbsuite.training.overrides import override
from nbsuite.training.recipe import Recipe
from nbsuite.training.run_state import (
    FORMAT,
    STATE_NAME,
    RunState,
    load_state,
    save_state,
)
from nbsuite.training.smorms3 import SMORMS3
from nbsuite.training.stage_task import StageName, StageTask
from nbsuite.training.state_checks import require_possible

IDENTITY = {"seed": 1, "parent": None}
RECIPE = override(
    Recipe(), ["finetune.epochs=3", "prune.epochs=2", "prune.highest=0.5", "prune.rule=clean"]
)


def _task(stage: StageName) -> StageTask:
    location = Location(Path("indy_20990101_01.mat"), None, None)
    return StageTask(stage, model_spec("tinyRSNN", 2), RECIPE, 1, (location,), None, Compute())


def _line(stage: str, epoch: int, epochs: int, **more: Any) -> dict[str, Any]:
    return {
        "stage": stage,
        "epoch": epoch,
        "epochs": epochs,
        "lr": 0.002,
        "loss": 0.3,
        "penalty": 0,
        "train_r2": None,
        "validation_r2": 0.1,
        "spikes_per_second": 5.0,
        "windows_per_second": 100.5,
        "threads": 1,
        "seconds": 0.5,
        **more,
    }


def _trained(lines: list[dict[str, Any]], **fields: Any) -> RunState:
    """A state in which some epochs have been done."""
    state, decoder = RunState(IDENTITY, **fields), RecurrentDecoder(model_spec("tinyRSNN", 2))
    optimiser = SMORMS3(decoder.parameters())
    for parameter in decoder.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    for line in lines:
        state.take(decoder, optimiser, line)
    return state


def _finetuned() -> RunState:
    return _trained([_line("finetune", epoch, 3) for epoch in (1, 2)])


def _pruned() -> RunState:
    search = {"unpruned_r2": 0.5, "trials": [{"sparsity": 0.4, "r2": 0.5}]}
    state = _trained([_line("prune", 1, 2, sparsity=0.5)], search=search)
    state.lines = [_line("prune", epoch, 2, sparsity=0.4) for epoch in (1, 2)] + state.lines
    state.accepted = {name: value.clone() for name, value in state.weights.items()}
    return state


def _read(path: Path, stage: StageName) -> RunState:
    state = load_state(path)
    assert state is not None
    require_possible(state, _task(stage), path)
    return state


def _rewrite(path: Path, change: Callable[[Any, Any], None], written: int = 1) -> None:
    """Change fields and tensors of a state; by default as of a format that had no digest."""
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    fields = json.loads(metadata["nbsuite_run"])
    fields["format"] = written
    change(fields, tensors)
    metadata["nbsuite_run"] = fields if isinstance(fields, str) else json.dumps(fields)
    if written == 1:
        metadata.pop("nbsuite_digest", None)
    save_file(tensors, path, metadata)


def _unchanged(fields: Any, tensors: Any) -> None:
    del fields, tensors


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / STATE_NAME


@pytest.mark.parametrize("written", [1, FORMAT])
@pytest.mark.parametrize(("stage", "make"), [("finetune", _finetuned), ("prune", _pruned)])
def test_a_state_reads_as_it_was_written(path: Path, stage: Any, make: Any, written: int) -> None:
    state = make()
    save_state(path, state)
    if written == 1:
        _rewrite(path, _unchanged)
    read = _read(path, stage)
    for name in ("identity", "epoch", "lines", "search"):
        assert getattr(read, name) == getattr(state, name)
    for group in ("weights", "optimiser", "accepted"):
        found, due = getattr(read, group), getattr(state, group)
        assert found.keys() == due.keys()
        assert all(torch.equal(found[name], due[name]) for name in due)


def _refused(path: Path, stage: StageName, fault: str) -> None:
    before = path.read_bytes()
    with pytest.raises(TrainingError) as caught:
        _read(path, stage)
    text = str(caught.value)
    assert text.startswith(f"{path}, the state of a run that was interrupted, ")
    assert text.endswith("delete it to begin this stage again.")
    assert fault in text
    assert path.read_bytes() == before


def _set(**values: Any) -> Callable[[Any, Any], None]:
    def change(fields: Any, tensors: Any) -> None:
        del tensors
        fields.update(values)

    return change


def _in_line(**values: Any) -> Callable[[Any, Any], None]:
    return lambda fields, _: fields["lines"][-1].update(values)


def _without(key: str) -> Callable[[Any, Any], None]:
    return lambda fields, _: fields["lines"][0].pop(key)


def _tensor(name: str, value: torch.Tensor | None) -> Callable[[Any, Any], None]:
    def change(fields: Any, tensors: Any) -> None:
        del fields
        tensors.pop(name, None)
        if value is not None:
            tensors[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_set(epoch="1"), "does not fit"),
        (_set(epoch=-1), "epochs done, which are not due"),
        (_set(epoch=10**18), "epochs done, which are not due"),
        (_set(epoch=True), "does not fit"),
        (_set(epoch=1), "has 2 lines of log"),
        (_set(identity=[]), "does not fit"),
        (_set(lines={}), "does not fit"),
        (_set(lines=[1, 2]), "does not fit"),
        (_set(lines=[]), "has 0 lines of log"),
        (_set(search={"unpruned_r2": 1}), "is not of the stage finetune"),
        (_set(other=1), "unknown field 'other'"),
        (_set(format=3), "of another format"),
        (_without("seconds"), "missing required field `seconds`"),
        (_without("loss"), "missing required field `loss`"),
        (_in_line(seconds="1"), "does not fit"),
        (_in_line(loss=None), "does not fit"),
        (_in_line(loss=float("nan")), "not finite"),
        (_in_line(epoch=1), "log of other epochs"),
        (_in_line(epochs=4), "log of other epochs"),
        (_in_line(stage="pretrain"), "log of other epochs"),
        (_in_line(sparsity=0.4), "log of other epochs"),
        (_tensor("weights/input.weight", None), "lacks the tensor 'weights/input.weight'"),
        (_tensor("weights/input.weight", torch.ones(3)), "in shape (3,), not (64, 2)"),
        (_tensor("weights/input.weight", torch.ones(64, 2).double()), "torch.float64"),
        (_tensor("weights/input.weight", torch.full((64, 2), torch.nan)), "not finite"),
        (_tensor("weights/more", torch.ones(1)), "has the unexpected tensor 'weights/more'"),
        (_tensor("optimiser/0/mem", None), "lacks the tensor 'optimiser/0/mem'"),
        (_tensor("optimiser/0/mem", torch.ones(2, 64)), "in shape (2, 64)"),
        (_tensor("optimiser/x/mem", torch.ones(1)), "'optimiser/x/mem'"),
        (_tensor("optimiser/99/mem", torch.ones(1)), "'optimiser/99/mem'"),
        (_tensor("accepted/input.weight", torch.ones(64, 2)), "'accepted/input.weight'"),
        (_tensor("identity/seed", torch.ones(1)), "has the unknown tensor 'identity/seed'"),
    ],
)
def test_what_is_no_state_of_the_task_is_refused(path: Path, change: Any, fault: str) -> None:
    save_state(path, _finetuned())
    _rewrite(path, change)
    _refused(path, "finetune", fault)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_set(search=None), "does not fit"),
        (_set(search={"unpruned_r2": 0.5, "trials": [{"sparsity": 0.4}]}), "does not fit"),
        (_set(search={"unpruned_r2": "x", "trials": []}), "does not fit"),
        (
            _set(search={"unpruned_r2": 0.5, "trials": [{"sparsity": 0.3, "r2": 0.5}]}),
            "tells of a sparsity of 0.3, which is not due",
        ),
        (
            _set(search={"unpruned_r2": 0.5, "trials": [{"sparsity": 0.4, "r2": -1.0}]}),
            "epochs done, which are not due",
        ),
        (_set(search={"unpruned_r2": 0.5, "trials": []}), "has 3 lines of log"),
        (_in_line(sparsity=0.4), "log of other epochs"),
        (_tensor("accepted/input.weight", None), "lacks the tensor 'accepted/input.weight'"),
    ],
)
def test_what_is_no_state_of_a_search_is_refused(path: Path, change: Any, fault: str) -> None:
    save_state(path, _pruned())
    _rewrite(path, change)
    _refused(path, "prune", fault)


@pytest.mark.parametrize(
    "change",
    [
        _tensor("optimiser/0/mem", torch.full((64, 2), 3.0)),
        _tensor("weights/input.weight", torch.zeros(64, 2)),
        _in_line(loss=0.2),
        _set(epoch=2, lines=[_line("finetune", epoch, 3, loss=0.4) for epoch in (1, 2)]),
    ],
)
def test_what_was_changed_is_noticed(path: Path, change: Any) -> None:
    save_state(path, _finetuned())
    _rewrite(path, change, written=FORMAT)
    _refused(path, "finetune", "was changed or damaged since it was written, by its digest")


def test_a_state_without_its_digest_is_refused(path: Path) -> None:
    save_state(path, _finetuned())
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    del metadata["nbsuite_digest"]
    save_file(tensors, path, metadata)
    _refused(path, "finetune", "by its digest")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[" * 100_000, "nested more than"),
        ('{"format": 1, "format": 1}', "a key is there twice"),
        ("1", "of another format"),
    ],
)
def test_json_that_is_no_state_is_refused(path: Path, text: str, fault: str) -> None:
    save_file({}, path, {"nbsuite_run": text})
    _refused(path, "finetune", fault)


def test_a_long_log_fits_into_a_state(path: Path) -> None:
    state = _finetuned()
    state.lines = [_line("finetune", epoch, 10_000) for epoch in range(1, 10_001)]
    save_state(path, state)
    read = load_state(path)
    assert read is not None
    assert len(read.lines) == 10_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_is_refused_at_once(path: Path) -> None:
    os.mkfifo(path)
    with pytest.raises(TrainingError, match=r"is no regular file: delete it"):
        load_state(path)
