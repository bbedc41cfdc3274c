"""The recipe: every hyperparameter of training, with the published values as defaults.

Liu, Gygax, Rossbroich, Chua, Zhang and Zenke (2024), "Decoding finger velocity from cortical
spike trains with recurrent spiking neural networks", arXiv 2409.01762, and the code behind it.
Where the two disagree the recipe follows the code, which made the published models, and a comment
says so. The seed is not part of the recipe: five seeds are five runs of one recipe.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, get_type_hints

from nbsuite.training.settings import (
    COUNT,
    NOT_NEGATIVE,
    POSITIVE,
    RATE,
    SHARE,
    STEP,
    check_section,
    count_to,
    known_items,
    one_of,
    read_section,
    refusal,
    setting,
)

MOST_EPOCHS = 60_000
"""Of a stage, when pruning at all sparsities together: the log of more makes no state of a run."""

LOSS_NAMES = ("rmse", "mse", "mae", "huber")
OPTIMISER_NAMES = ("smorms3", "adam", "adamw", "sgd")
PRUNING_RULES = ("published", "clean")


@dataclass(frozen=True)
class WindowRecipe:
    """How the training windows are cut.

    Attributes:
        steps: length of a window in samples of 4 ms: 2 s.
        offset_steps: the recording is cut anew from each multiple of this below ``steps``.
        validation_share: held out are ``validation_share / 0.75`` of the session's samples, see
            ``nbsuite.training.windows``.
    """

    steps: int = setting(500, COUNT)
    offset_steps: int = setting(100, COUNT)
    validation_share: float = setting(0.1, SHARE)


@dataclass(frozen=True)
class InitialisationRecipe:
    """Fluctuation-driven initialisation (Rossbroich, Gygax and Zenke 2022).

    Attributes:
        sigma_u: standard deviation of the membrane potential, whose threshold is 1.
        alpha_mix: share of its variance that comes from the input, the rest being recurrent.
    """

    sigma_u: float = setting(0.5, POSITIVE)
    alpha_mix: float = setting(0.9, SHARE)


@dataclass(frozen=True)
class DropoutRecipe:
    """Probability that a spike is dropped, drawn anew each time step.

    Attributes:
        input: of input spikes.
        hidden: of hidden spikes, on their way to the readout and to the hidden layer.
    """

    input: float = setting(0.3, RATE)
    hidden: float = setting(0.3, RATE)


@dataclass(frozen=True)
class LossRecipe:
    """The loss between decoded and true velocity.

    Attributes:
        name: rmse, mse, mae or huber.
        huber_delta: where Huber's loss turns from squared to linear, in mm per 4 ms step.
    """

    name: str = setting("rmse", one_of(LOSS_NAMES))
    huber_delta: float = setting(1.0, POSITIVE)


@dataclass(frozen=True)
class RegularisationRecipe:
    """Prices on neurons that are silent, or together too busy.

    Attributes:
        fewest: spikes per neuron and window below which a neuron is penalised.
        fewest_strength: factor of that penalty.
        most: mean spikes per neuron and window above which the layer is penalised. (10 spikes in
            a window of 2 s are 5 Hz, though the paper says 10 Hz: the code's threshold counts
            spikes.)
        most_strength: factor of that penalty; bigRSNN is trained without it.
    """

    fewest: float = setting(0.001, NOT_NEGATIVE)
    fewest_strength: float = setting(100.0, NOT_NEGATIVE)
    most: float = setting(10.0, NOT_NEGATIVE)
    most_strength: float = setting(0.01, NOT_NEGATIVE)


@dataclass(frozen=True)
class AugmentationRecipe:
    """Random changes to the input spikes; the published models were trained without.

    Attributes:
        drop: probability that an event is removed.
        insert: probability of a spurious event, per sample and channel.
        jitter: standard deviation by which events are moved in time, in samples.
    """

    drop: float = setting(0.0, RATE)
    insert: float = setting(0.0, RATE)
    jitter: float = setting(0.0, NOT_NEGATIVE)


@dataclass(frozen=True)
class TrainingRecipe:
    """The optimiser and its schedule.

    Attributes:
        lr: largest learning rate.
        eps: guard of SMORMS3, Adam and AdamW against division by zero.
        batch: windows in a batch.
        schedule_epochs: epochs in which the cosine schedule takes the learning rate to 0, when
            pretraining and when fine-tuning. (200 in the code for the 100 epochs of pretraining
            too, which therefore ends at half the learning rate.) Retraining after pruning has
            a schedule as long as itself.
        optimiser: smorms3, adam, adamw or sgd.
        weight_decay: share of lr by which AdamW shrinks all weights in a step.
        momentum: share of SGD's last step that the next one keeps.
    """

    lr: float = setting(0.002, POSITIVE)
    eps: float = setting(1e-16, POSITIVE)
    batch: int = setting(250, COUNT)
    schedule_epochs: int = setting(200, COUNT)
    optimiser: str = setting("smorms3", one_of(OPTIMISER_NAMES))
    weight_decay: float = setting(0.01, NOT_NEGATIVE)
    momentum: float = setting(0.9, RATE)


@dataclass(frozen=True)
class StageRecipe:
    """Pretraining on all sessions of a monkey, or fine-tuning on one.

    Attributes:
        epochs: passes through the training windows.
    """

    epochs: int = setting(100, count_to(MOST_EPOCHS))


@dataclass(frozen=True)
class PruningRecipe:
    """Search for the sparsest decoder that decodes as well.

    Attributes:
        start: share of each matrix's weights that is removed first.
        step: by how much that share is raised at first.
        fine_step: by how much it is raised after a share that was too much.
        highest: largest share that is tried.
        epochs: passes of retraining at each share.
        tolerance: share of the unpruned decoder's training R2 that may be lost.
        rule: what decides, see ``nbsuite.training.pruning_rules``: ``published``, or ``clean``.
    """

    start: float = setting(0.4, SHARE)
    step: float = setting(0.1, STEP)
    fine_step: float = setting(0.05, STEP)
    highest: float = setting(0.8, SHARE)
    epochs: int = setting(100, count_to(MOST_EPOCHS))
    tolerance: float = setting(0.02, RATE)
    rule: str = setting("published", one_of(PRUNING_RULES))


@dataclass(frozen=True)
class Recipe:
    """Every hyperparameter of a training run; the defaults are tinyRSNN's.

    Raises:
        UsageError: a value is impossible; the message names it as ``section.key``.

    >>> Recipe(dropout=DropoutRecipe(input=1.0))
    Traceback (most recent call last):
    nbsuite.errors.UsageError: The recipe's dropout.input is 1.0; it must be at least 0 and below 1.
    """

    windows: WindowRecipe = WindowRecipe()
    initialisation: InitialisationRecipe = InitialisationRecipe()
    dropout: DropoutRecipe = DropoutRecipe()
    loss: LossRecipe = LossRecipe()
    regularisation: RegularisationRecipe = RegularisationRecipe()
    augmentation: AugmentationRecipe = AugmentationRecipe()
    training: TrainingRecipe = TrainingRecipe()
    pretrain: StageRecipe = StageRecipe(epochs=100)
    finetune: StageRecipe = StageRecipe(epochs=200)
    prune: PruningRecipe = PruningRecipe()

    def __post_init__(self) -> None:
        for section in fields(self):
            check_section(getattr(self, section.name), section.name)
        windows, prune = self.windows, self.prune
        if windows.offset_steps > windows.steps:
            due = f"at most windows.steps, which is {windows.steps}"
            raise refusal("windows.offset_steps", windows.offset_steps, due)
        if prune.start > prune.highest:
            due = f"at most prune.highest, which is {prune.highest}"
            raise refusal("prune.start", prune.start, due)
        steps = (prune.highest - prune.start + prune.step) / min(prune.step, prune.fine_step)
        levels = math.ceil(steps) + 2  # no search tries more
        if prune.epochs * levels > MOST_EPOCHS:
            due = f"at most {MOST_EPOCHS // levels:,} with steps of sparsity as small as these"
            raise refusal("prune.epochs", prune.epochs, due)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values: an object of objects."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Recipe:
        """The inverse of :meth:`to_json`; hyperparameters that are not given keep their defaults.

        Raises:
            UsageError: a key is unknown, or a value impossible or of another type.
        """
        kinds = section_types()
        items = known_items(values, kinds, "sections")
        return cls(**{name: read_section(kinds[name], name, item) for name, item in items.items()})


def section_types() -> dict[str, type]:
    """The class of each section of a recipe, by its name."""
    return get_type_hints(Recipe)
