"""The epochs of a stage, kept one by one, so that the run can be continued after any of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from nbsuite.data.recording import Recording
from nbsuite.errors import TrainingError
from nbsuite.models.decoder import TrainableDecoder
from nbsuite.training.epochs import (
    EpochFigures,
    EpochPlan,
    NotFiniteError,
    cosine_lr,
    run_epoch,
)
from nbsuite.training.log import append_log, rewrite_log
from nbsuite.training.observer import BatchDone, EpochDone, Observer
from nbsuite.training.optimisers import new_optimiser
from nbsuite.training.randomness import Place
from nbsuite.training.run_state import STATE_NAME, RunState, save_state
from nbsuite.training.scores import mean_r2, score_stretch
from nbsuite.training.stage_task import StageTask
from nbsuite.training.windows import TrainingWindows, cut_windows, join_windows, validation_split


@dataclass(frozen=True)
class Lesson:
    """One course of epochs with an optimiser and a schedule of its own.

    Attributes:
        epochs: how many.
        schedule_epochs: epochs in which the learning rate would fall to 0.
        place: what tells its random numbers from those of others of the run.
        tag: what its log lines say besides, such as the sparsity.
        masks: weights that are kept, by the parameters' names; None keeps all.
    """

    epochs: int
    schedule_epochs: int
    place: Place
    tag: Mapping[str, Any]
    masks: Mapping[str, Tensor] | None = None


@dataclass
class TrainingRun:
    """A stage under way.

    Attributes:
        task: the task.
        recordings: the task's recordings, loaded.
        folder: the stage's folder.
        state: the state after the last epoch.
        observer: told of progress.
    """

    task: StageTask
    recordings: Sequence[Recording]
    folder: Path
    state: RunState
    observer: Observer

    @cached_property
    def windows(self) -> TrainingWindows:
        """The training windows of all recordings.

        Raises:
            DataError: a recording is too short for a window, or nothing is left to validate on.
        """
        recipe = self.task.recipe.windows
        return join_windows([cut_windows(each, recipe) for each in self.recordings])

    def train(self, decoder: TrainableDecoder, lesson: Lesson) -> None:
        """Train the decoder from where the state is in this lesson up to its end.

        Raises:
            TrainingError: a loss or gradient is not finite; the state of the epoch before is kept.
            OSError: the folder cannot be written, or the disk is full.
        """
        recipe = self.task.recipe
        optimiser = new_optimiser(decoder.parameters(), recipe.training)
        self.state.restore(decoder, optimiser)
        rewrite_log(self.folder, self.state.lines)
        for epoch in range(self.state.epoch, lesson.epochs):
            begun = time.perf_counter()
            lr = cosine_lr(recipe.training.lr, epoch, lesson.schedule_epochs)
            place = (*lesson.place, epoch)
            plan = EpochPlan(
                recipe, lr, self.task.seed, place, self.task.compute.kernel, lesson.masks
            )
            figures = self._epoch(decoder, optimiser, plan, epoch)
            line = {
                "stage": self.task.stage,
                **lesson.tag,
                "epoch": epoch + 1,
                "epochs": lesson.epochs,
                "lr": lr,
                **figures._asdict(),
                "threads": self.task.compute.threads,
                "validation_r2": validation_r2(decoder, self.task, self.recordings),
                "seconds": round(time.perf_counter() - begun, 4),
            }
            self.state.take(decoder, optimiser, line)
            self.keep()
            append_log(self.folder, line)
            done = len(self.state.lines)
            self.observer(EpochDone(self.task.stage, self.folder, line, done))

    def keep(self) -> None:
        """Write the state.

        Raises:
            OSError: the folder cannot be written, or the disk is full.
        """
        save_state(self.folder / STATE_NAME, self.state)

    def _epoch(
        self, decoder: TrainableDecoder, optimiser: Optimizer, plan: EpochPlan, epoch: int
    ) -> EpochFigures:
        stage = self.task.stage
        try:
            return run_epoch(
                decoder,
                optimiser,
                self.windows,
                plan,
                lambda batch, batches: self.observer(BatchDone(stage, batch, batches)),
            )
        except NotFiniteError as error:
            kept = "the stage's beginning" if epoch == 0 else f"epoch {epoch}"
            raise TrainingError(
                f"The {stage} stage stopped in epoch {epoch + 1}, batch {error.batch}, for"
                f" {error.what}; {self.folder} keeps the state of {kept}: check the recordings, or"
                " train with a smaller training.lr into another folder."
            ) from error


def validation_r2(
    decoder: TrainableDecoder, task: StageTask, recordings: Sequence[Recording]
) -> float | None:
    """Mean R2 over the recordings' stretches that are held out."""
    return mean_r2(
        [
            score_stretch(decoder, each, validation_split(each, task.recipe.windows))
            for each in recordings
        ]
    )
