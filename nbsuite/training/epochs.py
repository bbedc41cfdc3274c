"""One epoch: a pass through the training windows, in batches of a random order."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from nbsuite.models.decoder import DecodedWindows, TrainableDecoder
from nbsuite.neurons.dropout import Dropout
from nbsuite.neurons.kernels import TrainingKernelName
from nbsuite.training.augmentation import augment
from nbsuite.training.losses import loss_function
from nbsuite.training.pruning import mask_gradients
from nbsuite.training.randomness import Place, generator_of, key_of
from nbsuite.training.recipe import Recipe
from nbsuite.training.regularizers import spike_count_penalty
from nbsuite.training.scores import R2Score, joined_score, mean_of_batches
from nbsuite.training.windows import TrainingWindows

if TYPE_CHECKING:
    from nbsuite.shapes import ChosenWindows, WindowOutputs


@dataclass(frozen=True)
class EpochPlan:
    """What an epoch is made of besides decoder, optimiser and windows.

    Attributes:
        recipe: the hyperparameters.
        lr: the learning rate.
        seed: the run's seed.
        place: the stage (with what tells parts of it apart) and the epoch: the key, with the
            seed, of all that is random.
        kernel: the kernel to train with.
        masks: weights that are kept, by the parameters' names; the others were removed.
    """

    recipe: Recipe
    lr: float
    seed: int
    place: Place
    kernel: TrainingKernelName
    masks: Mapping[str, Tensor] | None = None


class EpochFigures(NamedTuple):
    """Means over an epoch's windows, see ``nbsuite.training.log``."""

    loss: float
    penalty: float
    train_r2: float | None
    batch_r2: float | None
    spikes_per_second: float | None
    windows_per_second: float


class NotFiniteError(Exception):
    """A loss or gradient is not finite; the run that the epoch belongs to says what to do.

    Attributes:
        batch: number of the batch in its epoch, from 1.
        what: what is not finite.
    """

    def __init__(self, batch: int, what: str) -> None:
        super().__init__(batch, what)
        self.batch = batch
        self.what = what


class _Step(NamedTuple):
    """What a batch came to: loss and penalty, and mean spikes of a neuron in a window.

    The latter is NaN where no neuron spikes.
    """

    loss: float
    penalty: float
    spikes: float


def cosine_lr(lr: float, epoch: int, epochs: int) -> float:
    """The learning rate of an epoch, counted from 0: from ``lr`` down to 0 after ``epochs``.

    >>> [round(cosine_lr(1.0, epoch, 2), 3) for epoch in range(3)]
    [1.0, 0.5, 0.0]
    """
    return lr * (1 + math.cos(math.pi * epoch / epochs)) / 2


def run_epoch(
    decoder: TrainableDecoder,
    optimiser: Optimizer,
    windows: TrainingWindows,
    plan: EpochPlan,
    on_batch: Callable[[int, int], None] | None = None,
) -> EpochFigures:
    """Train on every window once.

    Args:
        decoder: the decoder; it is changed.
        optimiser: its optimiser; it is changed.
        windows: the training windows.
        plan: everything else.
        on_batch: told, after every batch, its number from 1 and how many there are.

    Raises:
        NotFiniteError: a loss or gradient is not finite, decoder and optimiser being as they were
            before that batch; or a weight is not finite after the last one.
    """
    begun = time.perf_counter()
    for group in optimiser.param_groups:
        group["lr"] = plan.lr
    batches = _batches(windows, plan)
    totals, scores = np.zeros(3), []
    for number, chosen in enumerate(batches, start=1):
        step, score = _train_on(decoder, optimiser, windows, chosen, plan, number)
        totals += len(chosen) * np.array(step)
        scores.append(score)
        if on_batch is not None:
            on_batch(number, len(batches))
    for name, parameter in decoder.named_parameters():
        if not bool(parameter.detach().isfinite().all()):
            raise NotFiniteError(len(batches), f"a value of '{name}' that is not finite")
    loss, penalty, spikes = (totals / len(windows)).tolist()
    hertz = None if math.isnan(spikes) else spikes / (windows.steps * windows.step)
    return EpochFigures(
        loss=loss,
        penalty=penalty,
        train_r2=joined_score(scores).r2(),
        batch_r2=mean_of_batches(scores),
        spikes_per_second=hertz,
        windows_per_second=len(windows) / (time.perf_counter() - begun),
    )


@torch.no_grad()
def training_r2(
    decoder: TrainableDecoder, windows: TrainingWindows, plan: EpochPlan
) -> float | None:
    """``batch_r2`` of an epoch in which no weight changes; None where it is undefined.

    Args:
        decoder: the decoder.
        windows: the training windows.
        plan: the epoch.
    """
    scores = []
    for number, chosen in enumerate(_batches(windows, plan), start=1):
        decoded, target = _decode(decoder, windows, chosen, plan, number)
        scores.append(R2Score())
        scores[-1].add(decoded=decoded.outputs, true=target)
    return mean_of_batches(scores)


def _batches(windows: TrainingWindows, plan: EpochPlan) -> list[ChosenWindows]:
    """The windows of each batch, in the epoch's own order."""
    order = generator_of(plan.seed, *plan.place, "order").permutation(len(windows))
    size = plan.recipe.training.batch
    return [order[first : first + size] for first in range(0, len(order), size)]


def _train_on(
    decoder: TrainableDecoder,
    optimiser: Optimizer,
    windows: TrainingWindows,
    chosen: ChosenWindows,
    plan: EpochPlan,
    number: int,
) -> tuple[_Step, R2Score]:
    """One batch: forward, backward, and a step of the optimiser."""
    recipe = plan.recipe
    decoded, target = _decode(decoder, windows, chosen, plan, number)
    loss = loss_function(recipe.loss)(decoded.outputs, target)
    penalty, spikes = loss.new_zeros(()), loss.new_tensor(math.nan)
    if decoded.counts is not None:
        penalty = spike_count_penalty(decoded.counts, recipe.regularisation)
        spikes = decoded.counts.mean()
    optimiser.zero_grad()
    total = loss + penalty
    total.backward()  # type: ignore[no-untyped-call]
    _fill_gradients(decoder)
    if plan.masks is not None:
        mask_gradients(decoder, plan.masks)
    _require_finite(decoder, float(total.detach()), number)
    optimiser.step()
    score = R2Score()
    score.add(decoded=decoded.outputs, true=target)
    figures = torch.stack([loss, penalty, spikes]).detach().tolist()
    return _Step(*figures), score


def _decode(
    decoder: TrainableDecoder,
    windows: TrainingWindows,
    chosen: ChosenWindows,
    plan: EpochPlan,
    number: int,
) -> tuple[DecodedWindows, WindowOutputs]:
    """What becomes of a batch in training, with augmentation and dropout; and the true velocity."""
    recipe, place = plan.recipe, (*plan.place, number)
    events, starts = augment(
        windows.events,
        windows.starts[chosen],
        windows.steps,
        recipe.augmentation,
        generator_of(plan.seed, *place, "augmentation"),
    )
    dropout = Dropout(
        recipe.dropout.input, recipe.dropout.hidden, key_of(plan.seed, *place, "dropout")
    )
    decoded = decoder.decode_windows(
        events, starts, windows.steps, dropout=dropout, kernel=plan.kernel
    )
    return decoded, torch.from_numpy(windows.velocity(chosen)).to(decoded.outputs)


def _fill_gradients(decoder: TrainableDecoder) -> None:
    """Let weights that the outputs do not depend on have a gradient: the optimiser knows all."""
    for parameter in decoder.parameters():
        if parameter.requires_grad and parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)


def _require_finite(decoder: TrainableDecoder, loss: float, number: int) -> None:
    """Stop before the optimiser takes up what is not a number.

    Raises:
        NotFiniteError: the loss or a gradient is not finite.
    """
    if not math.isfinite(loss):
        raise NotFiniteError(number, f"a loss of {loss}")
    for name, parameter in decoder.named_parameters():
        if parameter.grad is not None and not bool(parameter.grad.isfinite().all()):
            raise NotFiniteError(number, f"a gradient of '{name}' that is not finite")
