"""Training windows: the published cutting of a recording, and the stretch it holds out.

The training and validation splits, the first three quarters of a session, are taken together. The
last ``round(validation_share / 0.75 * T)`` samples of them are held out, T being all samples of
the session. The rest is cut into windows that touch each other, anew from each offset; what is
left at the end of a pass, being less than a window, is dropped. Where a recording has gaps, each
of its segments is cut by itself: no window lies across a gap.

(The code behind the published models also drops the last window of a pass that happens to end
with the data, one pass in five hundred; here every whole window counts.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.recording import Recording, Split
from nbsuite.errors import DataError
from nbsuite.spike_events import SpikeEvents
from nbsuite.training.recipe import WindowRecipe

if TYPE_CHECKING:
    from nbsuite.shapes import ChosenWindows, SamplesOutputs, StepsChosenOutputs, WindowStarts


TRAINING_AND_VALIDATION = 0.75


@dataclass(frozen=True, eq=False)
class TrainingWindows:
    """Windows of one or several recordings, all of the same length.

    Attributes:
        events: input spikes of all samples, one recording after another.
        labels: what is to be decoded at the same samples, in the task's units.
        starts: first sample of each window; a window never leaves its recording.
        steps: length of a window in samples.
        step: seconds from one sample to the next.
    """

    events: SpikeEvents
    labels: SamplesOutputs
    starts: WindowStarts
    steps: int
    step: float

    def __len__(self) -> int:
        return len(self.starts)

    def velocity(self, chosen: ChosenWindows) -> StepsChosenOutputs:
        """Velocity of the chosen windows."""
        samples: NDArray[np.int64] = np.arange(self.steps)[:, None] + self.starts[chosen]
        return np.take(self.labels, samples, axis=0)  # seven times faster than an index


def validation_split(recording: Recording, recipe: WindowRecipe) -> Split:
    """The stretch before the test split that training never sees.

    Raises:
        DataError: it is empty, or it leaves nothing to train on.
    """
    share = recipe.validation_share / TRAINING_AND_VALIDATION
    held_out = round(share * recording.steps)
    stop = recording.validation.stop
    if held_out == 0:
        raise DataError(
            f"{recording.path} has {recording.steps} samples, of which a validation_share of"
            f" {recipe.validation_share:g} leaves none to validate on: raise it."
        )
    if stop - held_out <= recording.train.start:
        raise DataError(
            f"{recording.path} has {stop} samples before its test split, of which a"
            f" validation_share of {recipe.validation_share:g} leaves none to train on: lower it."
        )
    return Split("validation", stop - held_out, stop)


def training_split(recording: Recording, recipe: WindowRecipe) -> Split:
    """The samples that windows are cut from: all before those that are held out.

    Raises:
        DataError: they do not make one window, or nothing is left to train or to validate on.
    """
    split = Split("training", recording.train.start, validation_split(recording, recipe).start)
    longest, step = max(map(len, recording.stretches(split))), recording.task.step
    if longest < recipe.steps:
        gaps = " without a gap" if longest < len(split) else ""
        raise DataError(
            f"{recording.path} leaves {longest * step:g} s{gaps} to train on, less than one"
            f" window of {recipe.steps * step:g} s: use a longer recording or lower"
            " windows.steps."
        )
    return split


def cut_windows(recording: Recording, recipe: WindowRecipe) -> TrainingWindows:
    """Cut a recording into training windows.

    Raises:
        DataError: as :func:`training_split`.
    """
    split = training_split(recording, recipe)
    stretches = recording.stretches(split)
    starts = [
        np.arange(offset, len(stretch) - recipe.steps + 1, recipe.steps, dtype=np.int64)
        + (stretch.start - split.start)
        for offset in range(0, recipe.steps, recipe.offset_steps)
        for stretch in stretches
    ]
    return TrainingWindows(
        SpikeEvents.from_recording(recording, split.start, split.stop),
        np.array(recording.labels[split.start : split.stop]),
        np.concatenate(starts),
        recipe.steps,
        recording.task.step,
    )


def join_windows(parts: Sequence[TrainingWindows]) -> TrainingWindows:
    """The windows of several recordings as one set, in the order given.

    Raises:
        ValueError: no part, or parts that differ in their channels or their windows' length.
    """
    lengths = {part.steps for part in parts}
    if len(lengths) != 1:
        raise ValueError(f"windows of {sorted(lengths)} steps: all must have the same length")
    firsts = np.cumsum([0, *(part.events.samples for part in parts[:-1])])
    return TrainingWindows(
        SpikeEvents.concatenate([part.events for part in parts]),
        np.concatenate([part.labels for part in parts]),
        np.concatenate([part.starts + first for part, first in zip(parts, firsts, strict=True)]),
        lengths.pop(),
        parts[0].step,
    )
