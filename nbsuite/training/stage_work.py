"""What each stage does: the way from the weights it starts from to those it ends with."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from nbsuite.data.recording import Recording, Split
from nbsuite.errors import CheckpointError, TrainingError
from nbsuite.models.checkpoint import Checkpoint
from nbsuite.models.decoder import TrainableDecoder
from nbsuite.training.epochs import EpochPlan, training_r2
from nbsuite.training.input_rates import input_rates
from nbsuite.training.observer import StageBegun
from nbsuite.training.pruning import apply_masks, magnitude_masks
from nbsuite.training.pruning_rules import most_trials
from nbsuite.training.pruning_search import PruningSearch
from nbsuite.training.randomness import Place, key_of
from nbsuite.training.run_folder import read_record
from nbsuite.training.scores import mean_r2, score_stretch
from nbsuite.training.stage_task import StageName
from nbsuite.training.training_run import Lesson, TrainingRun
from nbsuite.training.windows import validation_split

COUNTS: Mapping[str, Callable[[float], int]] = {"published": math.floor, "clean": round}
"""How each pruning rule makes a number of weights of a share."""


class Outcome(NamedTuple):
    """What a stage ends with: a decoder on the CPU and figures, see ``stage_run``."""

    decoder: TrainableDecoder
    figures: Mapping[str, Any]


def _train(run: TrainingRun, parent: Checkpoint | None) -> Outcome:
    """Pretraining and fine-tuning: one lesson, from the parent's weights or random ones."""
    recipe, stage = run.task.recipe, run.task.stage
    epochs = recipe.pretrain.epochs if stage == "pretrain" else recipe.finetune.epochs
    run.observer(StageBegun(stage, run.folder, epochs, run.state.epoch))
    decoder = _random_decoder(run) if parent is None else _decoder_of(parent, run)
    run.train(decoder, Lesson(epochs, recipe.training.schedule_epochs, (stage,), {}))
    # Epochs that an earlier version did have none.
    return _outcome(decoder, run, {"batch_r2": run.state.lines[-1].get("batch_r2")})


def _prune(run: TrainingRun, parent: Checkpoint | None) -> Outcome:
    """The pruning search: one lesson a sparsity, each from the unpruned weights."""
    recipe, state = run.task.recipe.prune, run.state
    most = most_trials(recipe) * recipe.epochs
    run.observer(StageBegun("prune", run.folder, most, len(state.lines)))
    unpruned = _decoder_of(_required(parent, run), run)
    if state.search is None:
        state.search = PruningSearch(recipe, _unpruned_r2(unpruned, run)).to_json()
    search = PruningSearch.from_json(state.search, recipe)
    while (sparsity := search.next_level) is not None:
        masks = magnitude_masks(unpruned.prunable_weights(), sparsity, COUNTS[recipe.rule])
        decoder = copy.deepcopy(unpruned)
        apply_masks(decoder, masks)
        again = (search.attempt,) if search.attempt else ()
        place: Place = ("prune", f"{sparsity:.6f}", *again)
        run.train(
            decoder, Lesson(recipe.epochs, recipe.epochs, place, {"sparsity": sparsity}, masks)
        )
        search = search.report(_retrained_r2(decoder, run))
        if search.last_accepted:
            state.accepted = decoder.state_dict()
        state.search = search.to_json()
        state.epoch, state.weights, state.optimiser = 0, {}, {}
        run.keep()
    pruned = copy.deepcopy(unpruned)
    if search.accepted is not None:
        pruned.load_state_dict(state.accepted)
    return _outcome(pruned, run, _found(search))


def _halve(run: TrainingRun, parent: Checkpoint | None) -> Outcome:
    """The parent's weights and time constants rounded to float16."""
    run.observer(StageBegun("half", run.folder, 0, 0))
    trained = _trainable(_required(parent, run))
    if not trained.can_halve:
        raise TrainingError(
            f"{run.task.spec.name} does not decode in half precision: leave out the stage half."
        )
    decoder = trained.half()
    if not all(bool(value.isfinite().all()) for value in decoder.parameters()):
        raise TrainingError(
            f"{run.task.parent} has weights that half precision cannot hold, being above 65504:"
            " train with a smaller training.lr, or leave out the stage half."
        )
    return _outcome(decoder, run, {})


WORK: Mapping[StageName, Callable[[TrainingRun, Checkpoint | None], Outcome]] = {
    "pretrain": _train,
    "finetune": _train,
    "prune": _prune,
    "half": _halve,
}


def _random_decoder(run: TrainingRun) -> TrainableDecoder:
    task = run.task
    decoder = task.new_decoder()
    seed = key_of(task.seed, task.stage, "initialisation", bits=32)
    decoder.initialise(input_rates(run.windows), task.recipe.initialisation, seed)
    return decoder.to(task.compute.device)


def _decoder_of(checkpoint: Checkpoint, run: TrainingRun) -> TrainableDecoder:
    """The checkpoint's decoder to train on: in float32, and a copy."""
    decoder = copy.deepcopy(_trainable(checkpoint))
    return decoder.to(run.task.compute.device, torch.float32)


def _trainable(checkpoint: Checkpoint) -> TrainableDecoder:
    decoder = checkpoint.decoder.trainable
    if decoder is None:
        raise CheckpointError(
            f"{checkpoint.path} holds a decoder {checkpoint.header.spec.name}, which cannot be"
            " trained; choose another file."
        )
    return decoder


def _required(parent: Checkpoint | None, run: TrainingRun) -> Checkpoint:
    if parent is None:
        raise TrainingError(
            f"The stage {run.task.stage} starts from weights, of which none were named: run"
            " finetune before it."
        )
    return parent


def _outcome(decoder: TrainableDecoder, run: TrainingRun, figures: Mapping[str, Any]) -> Outcome:
    """Measure the decoder and take it off the device."""
    decoder = decoder.cpu()
    held_out = [
        score_stretch(decoder, each, validation_split(each, run.task.recipe.windows))
        for each in run.recordings
    ]
    measured = {
        "train_r2": _mean_train_r2(decoder, run),
        "validation_r2": mean_r2(held_out),
        "spikes_per_second": _mean([each.hertz for each in held_out]),
    }
    return Outcome(decoder, {**measured, **figures})


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _mean_train_r2(decoder: TrainableDecoder, run: TrainingRun) -> float | None:
    """R2 on what was trained on, decoded as one sequence a recording and without dropout."""
    return mean_r2(
        [score_stretch(decoder, each, _trained_on(each, run)) for each in run.recordings]
    )


def _trained_on(recording: Recording, run: TrainingRun) -> Split:
    held_out = validation_split(recording, run.task.recipe.windows)
    return Split("training", recording.train.start, held_out.start)


def _unpruned_r2(decoder: TrainableDecoder, run: TrainingRun) -> float:
    """What the pruning rule compares with: of the last epoch that made the weights, if it is known.

    Weights that do not tell are taken through an epoch in which they do not change.
    """
    task = run.task
    if task.recipe.prune.rule == "clean":
        return _defined(_mean_train_r2(decoder, run), run)
    before = None if task.parent is None else read_record(task.parent.parent)
    if before is not None and before.summary.get("batch_r2") is not None:
        return float(before.summary["batch_r2"])
    plan = EpochPlan(task.recipe, 0.0, task.seed, ("prune", "unpruned"), task.compute.kernel)
    return _defined(training_r2(decoder, run.windows, plan), run)


def _retrained_r2(decoder: TrainableDecoder, run: TrainingRun) -> float:
    """What the pruning rule compares after the last epoch of retraining."""
    if run.task.recipe.prune.rule == "clean":
        return _defined(_mean_train_r2(decoder, run), run)
    return _defined(run.state.lines[-1]["batch_r2"], run)


def _defined(r2: float | None, run: TrainingRun) -> float:
    if r2 is None:
        raise TrainingError(
            f"{run.recordings[0].path} has a constant velocity where it is trained on, so that"
            " pruning has no R2 to keep: use another recording."
        )
    return r2


def _found(search: PruningSearch) -> dict[str, Any]:
    """What the search came to, for the summary."""
    accepted = search.accepted
    return {
        "rule": search.recipe.rule,
        "sparsity": 0.0 if accepted is None else accepted.sparsity,
        "tolerance_exceeded": search.tolerance_exceeded,
        "unpruned_train_r2": search.unpruned_r2,
        "trials": [
            {"sparsity": trial.sparsity, "train_r2": trial.r2, "good": search.is_good(trial)}
            for trial in search.trials
        ],
    }
