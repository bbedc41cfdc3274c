"""Whether a state that was read from a file can be one of its task.

What the file says is taken for nothing: every tensor and field is held against what the task makes
of it. A state that has been changed could otherwise end in other weights, or in an error hours
later.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from nbsuite.training.log import check_line
from nbsuite.training.optimisers import expected_memory
from nbsuite.training.pruning_search import PruningSearch
from nbsuite.training.run_state import RunState, unusable
from nbsuite.training.stage_task import StageTask
from nbsuite.untrusted.fault import FormatFault

Tensors = Mapping[str, Tensor]


def require_possible(state: RunState, task: StageTask, path: Path) -> None:
    """Make sure that a state can be one of a task.

    Args:
        state: a state of the task's identity.
        task: the task.
        path: where the state was read.

    Raises:
        TrainingError: it cannot.
    """
    try:
        accepts = _check_progress(state, task)
        decoder = task.new_decoder()
        weights = decoder.state_dict()
        optimiser = expected_memory(decoder.parameters(), task.recipe.training)
        begun = state.epoch > 0
        _check_tensors("weights", state.weights, weights if begun else {})
        _check_tensors("optimiser", state.optimiser, optimiser if begun else {})
        _check_tensors("accepted", state.accepted, weights if accepts else {})
    except FormatFault as error:
        raise unusable(path, str(error)) from error


def _check_progress(state: RunState, task: StageTask) -> bool:
    """Hold epochs and log against the task; whether the search has accepted a sparsity.

    Raises:
        FormatFault: they are not of this task.
    """
    recipe, search = task.recipe, None
    lessons: list[tuple[float | None, int]] = [(None, state.epoch)]
    if task.stage == "prune":
        epochs, search = recipe.prune.epochs, _search(state, task)
        lessons = [(trial.sparsity, epochs) for trial in search.trials]
        lessons.append((search.next_level, state.epoch))
    elif task.stage == "half" or state.search is not None:
        raise FormatFault(f"is not of the stage {task.stage}")
    else:
        epochs = recipe.pretrain.epochs if task.stage == "pretrain" else recipe.finetune.epochs
    if not 0 <= state.epoch <= (epochs if search is None or not search.finished else 0):
        raise FormatFault(f"tells of {state.epoch:,} epochs done, which are not due")
    if len(state.lines) != sum(done for _, done in lessons):
        raise FormatFault(f"has {len(state.lines)} lines of log, not one for each epoch done")
    due = ((sparsity, epoch + 1) for sparsity, done in lessons for epoch in range(done))
    for line, place in zip(state.lines, due, strict=True):
        check_line(line)
        told = (line.get("sparsity"), line["epoch"])
        if told != place or (line["stage"], line["epochs"]) != (task.stage, epochs):
            raise FormatFault("has a log of other epochs than those done")
    return search is not None and search.accepted is not None


def _search(state: RunState, task: StageTask) -> PruningSearch:
    """The search for sparsity, gone through from its beginning.

    Raises:
        FormatFault: it tells of what this task does not try.
    """
    told = PruningSearch.from_json(state.search or {}, task.recipe.prune)
    search = PruningSearch(told.recipe, told.unpruned_r2)
    for trial in told.trials:
        if trial.sparsity != search.next_level:
            raise FormatFault(f"tells of a sparsity of {trial.sparsity:g}, which is not due")
        search = search.report(trial.r2)
    return search


def _check_tensors(group: str, tensors: Tensors, due: Tensors) -> None:
    """Hold tensors against those that are due, in their shapes and in what they hold.

    Raises:
        FormatFault: one is missing, unexpected, mis-shaped or not finite.
    """
    for name in sorted(tensors.keys() ^ due.keys()):
        what = "lacks the tensor" if name in due else "has the unexpected tensor"
        raise FormatFault(f"{what} '{group}/{name}'")
    for name, value in tensors.items():
        if value.shape != due[name].shape:
            found, wanted = tuple(value.shape), tuple(due[name].shape)
            raise FormatFault(f"has the tensor '{group}/{name}' in shape {found}, not {wanted}")
        whole = not due[name].is_floating_point()
        if value.dtype != (due[name].dtype if whole else torch.float32):
            raise FormatFault(f"has the tensor '{group}/{name}' in {value.dtype}")
        if not bool(value.isfinite().all()):
            raise FormatFault(f"has the tensor '{group}/{name}', which is not finite")
