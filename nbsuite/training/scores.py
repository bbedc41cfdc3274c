"""How well a decoder decodes: the coefficient of determination as NeuroBench defines it.

For each output, R2 = 1 - sum (v - d)^2 / sum (v - mean v)^2 of true values v and decoded ones d;
the score is the mean over outputs, of x and y where a velocity is decoded. NeuroBench's own metric
keeps all labels and walks over the test set; this one keeps sums, in float64, and any samples can
be added to them.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from nbsuite.data.recording import Recording, Split
from nbsuite.models.decoder import Decoder

if TYPE_CHECKING:
    from nbsuite.shapes import AnySamplesOutputs


_CHUNK_STEPS = 1 << 14
_ROUNDING = 1e-12
"""Share of a sum of squares below which a difference of two such sums is rounding alone."""
_BATCH_DIGITS = 3


class R2Score:
    """R2 over all samples that were added.

    >>> score = R2Score()
    >>> true = torch.tensor([[0.0, 0.0], [1.0, 2.0]])
    >>> score.add(decoded=true, true=true)
    >>> score.r2()
    1.0
    """

    def __init__(self) -> None:
        self._count = 0
        self._sums: Tensor | None = None

    def add(self, *, decoded: AnySamplesOutputs, true: AnySamplesOutputs) -> None:
        """Add samples; nothing waits for the device they are on."""
        decoded, true = (each.detach().double().flatten(end_dim=-2) for each in (decoded, true))
        summands = ((true - decoded).square(), true, true.square())
        sums = torch.stack([each.sum(dim=0) for each in summands])
        self._take(sums, len(true))

    def join(self, other: R2Score) -> None:
        """Add the samples of another score."""
        if other._sums is not None:
            self._take(other._sums, other._count)

    def _take(self, sums: Tensor, count: int) -> None:
        self._sums = sums if self._sums is None else self._sums + sums
        self._count += count

    def r2(self) -> float | None:
        """The score; None where there is none.

        That is without samples, where a true output never changes (but for what rounding makes
        of it), and where what was decoded is not finite.
        """
        if self._sums is None:
            return None
        errors, total, squares = self._sums.cpu()
        spread = squares - total.square() / self._count
        if bool((spread <= _ROUNDING * squares).any()):
            return None
        score = float((1 - errors / spread).mean())
        return score if math.isfinite(score) else None


def joined_score(scores: Sequence[R2Score]) -> R2Score:
    """The score over the samples of all."""
    joined = R2Score()
    for score in scores:
        joined.join(score)
    return joined


def mean_of_batches(scores: Sequence[R2Score]) -> float | None:
    """Mean over batches of each one's R2; None where it is undefined for one of them.

    Each is rounded to three digits first, as in the code that made the published models.
    """
    values = [score.r2() for score in scores]
    rounded = [round(value, _BATCH_DIGITS) for value in values if value is not None]
    return sum(rounded) / len(rounded) if rounded and len(rounded) == len(values) else None


class StretchScore(NamedTuple):
    """What a decoder does on a stretch of a recording.

    Attributes:
        r2: the coefficient of determination; None where it is undefined.
        hertz: mean rate of the hidden neurons, spikes per second and neuron; None where there are
            none.
    """

    r2: float | None
    hertz: float | None


@torch.no_grad()
def score_stretch(decoder: Decoder, recording: Recording, part: Split) -> StretchScore:
    """Decode a stretch as one sequence, without dropout, as on a device in use.

    It is decoded on the CPU by the decoder's own choice of kernel, wherever it is trained, and
    afresh after each gap.
    """
    if decoder.device.type != "cpu":
        decoder = copy.deepcopy(decoder).cpu()
    score, spikes, neurons = R2Score(), 0, 0
    for stretch in recording.stretches(part):
        state = None
        for start in range(stretch.start, stretch.stop, _CHUNK_STEPS):
            stop = min(start + _CHUNK_STEPS, stretch.stop)
            decoded = decoder.decode(torch.from_numpy(recording.spikes(start, stop)), state)
            state = decoded.state
            true = torch.from_numpy(recording.labels[start:stop].copy())
            score.add(decoded=decoded.outputs, true=true)
            if decoded.spikes is not None:
                spikes += int(decoded.spikes.sum())
                neurons = decoded.spikes.shape[1]
    hertz = spikes / (len(part) * neurons * recording.task.step) if neurons else None
    return StretchScore(score.r2(), hertz)


def mean_r2(scores: Sequence[StretchScore]) -> float | None:
    """Mean R2 over recordings; None where it is undefined for one of them."""
    values = [score.r2 for score in scores if score.r2 is not None]
    return sum(values) / len(values) if len(values) == len(scores) else None
