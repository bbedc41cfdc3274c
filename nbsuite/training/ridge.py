"""A Wiener filter: ridge regression of a velocity, or any outputs, on lagged spike counts.

With X the counts (rows: samples, columns: bins x channels) and Y the outputs, both less their
means, the weights for a penalty are

    W = (X^T X + penalty I)^-1 X^T Y.

X^T X is summed chunk by chunk, so that X, gigabytes for a long session, is never held as a whole;
counts are whole numbers, so that the sums are exact. The window begins empty after each gap. The
decoder is fitted on the samples that spiking decoders are trained on, and the penalty is the one
that does best on those that they are validated on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from scipy.linalg import LinAlgError, solve

from nbsuite.data.recording import Recording, Split
from nbsuite.errors import DataError
from nbsuite.models.checkpoint import CheckpointHeader
from nbsuite.models.linear import LinearDecoder, LinearSpec
from nbsuite.models.spec import OUTPUTS, STEP
from nbsuite.models.training_data import UNTRAINED
from nbsuite.models.window import slide
from nbsuite.training.recipe import WindowRecipe
from nbsuite.training.settings import (
    COUNT,
    POSITIVE,
    SHARE,
    check_section,
    count_to,
    read_section,
    refusal,
    setting,
)
from nbsuite.training.windows import validation_split

if TYPE_CHECKING:
    from nbsuite.shapes import (
        CandidateScores,
        SamplesInputs,
        SamplesOutputs,
        Terms,
        TermsTerms,
        WeightsAndOffset,
    )


MODEL = "ridge"
MOST_COUNTS = 1 << 14
"""That outputs are fitted to: the products of so many with each other take 2 GiB."""

_CHUNK_ROWS = 2048
_BIN_SECONDS, _SAMPLE_SECONDS = 0.048, 0.020


@dataclass(frozen=True)
class RidgeRecipe:
    """Every hyperparameter of the ridge decoder.

    Attributes:
        bins: number of bins that it looks back.
        bin_steps: length of a bin in steps: 48 ms of 4 ms each.
        sample_steps: one sample in so many is fitted on: neighbours hardly differ; 20 ms.
        lowest_penalty: the smallest penalty that is tried.
        highest_penalty: the largest one.
        penalties: how many are tried, evenly spaced in their logarithm.
        validation_share: held out to choose the penalty, see ``nbsuite.training.windows``.

    Raises:
        UsageError: a value is impossible; the message names it.
    """

    bins: int = setting(10, COUNT)
    bin_steps: int = setting(12, COUNT)
    sample_steps: int = setting(5, COUNT)
    lowest_penalty: float = setting(1e2, POSITIVE)
    highest_penalty: float = setting(1e6, POSITIVE)
    penalties: int = setting(9, count_to(1000))
    validation_share: float = setting(0.1, SHARE)

    def __post_init__(self) -> None:
        check_section(self, MODEL)
        if self.lowest_penalty > self.highest_penalty:
            due = f"at most {MODEL}.highest_penalty, which is {self.highest_penalty}"
            raise refusal(f"{MODEL}.lowest_penalty", self.lowest_penalty, due)
        if not self.spec(channels=1).is_possible():
            due = "such that the bins do not span more than a minute"
            raise refusal(f"{MODEL}.bins", self.bins, due)

    @classmethod
    def usual(cls, step: float) -> RidgeRecipe:
        """The defaults for steps of so many seconds: of bins of 48 ms, or of one step.

        >>> RidgeRecipe.usual(0.004) == RidgeRecipe()
        True
        """
        return cls(
            bin_steps=max(1, round(_BIN_SECONDS / step)),
            sample_steps=max(1, round(_SAMPLE_SECONDS / step)),
        )

    def spec(
        self, channels: int, outputs: int = OUTPUTS, step: float = STEP, *, counts: bool = False
    ) -> LinearSpec:
        """The decoder that this recipe fits."""
        return LinearSpec(MODEL, channels, self.bins, self.bin_steps, outputs, step, counts)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RidgeRecipe:
        """The inverse of :meth:`to_json`; what is not given keeps its default.

        Raises:
            UsageError: a key is unknown, or a value impossible or of another type.
        """
        return read_section(cls, MODEL, values)


class TrainedRidge(NamedTuple):
    """A fitted decoder.

    Attributes:
        decoder: the decoder.
        header: its checkpoint's header, for ``save_checkpoint``.
        penalty: the penalty chosen.
        validation_r2: R2 on the held-out samples.
    """

    decoder: LinearDecoder
    header: CheckpointHeader
    penalty: float
    validation_r2: float


class _Moments(NamedTuple):
    """Sums over samples: their number, and the products of [counts, outputs] with themselves."""

    samples: int
    sums: Terms
    products: TermsTerms


def train_ridge(recording: Recording, recipe: RidgeRecipe | None = None) -> TrainedRidge:
    """Fit the ridge decoder to a recording.

    Args:
        recording: the recording.
        recipe: the settings; None takes the usual ones for its step.

    Raises:
        DataError: the recording is too short, its hand never moves where it has to, or its
            velocities are too large.
        UsageError: the lowest penalty is too small for this recording, or there are too many bins.
    """
    recipe = recipe or RidgeRecipe.usual(recording.task.step)
    spec = recipe.spec(
        *(recording.channels, recording.outputs, recording.task.step), counts=not recording.binary
    )
    if spec.bins * spec.channels > MOST_COUNTS:
        due = f"at most {MOST_COUNTS // spec.channels} for {spec.channels} channels"
        raise refusal(f"{MODEL}.bins", spec.bins, due)
    held_out = validation_split(recording, WindowRecipe(validation_share=recipe.validation_share))
    fitted = Split("training", recording.train.start, held_out.start)
    if len(fitted) < spec.window.samples:
        raise DataError(
            f"{recording.path} leaves {len(fitted)} samples to fit on, fewer than the "
            f"{spec.window.samples} that the decoder looks back: use a longer recording or fewer "
            "bins."
        )
    if still := recording.still(held_out):
        raise DataError(
            f"{recording.path} has targets that never change, {' and '.join(still)}, in the samples"
            " held out, so that no penalty can be chosen: use a longer recording."
        )
    moments = _moments(recording, fitted, spec, recipe.sample_steps)
    penalties = np.geomspace(recipe.lowest_penalty, recipe.highest_penalty, recipe.penalties)
    try:
        weights = [_solve(moments, penalty, spec.outputs) for penalty in penalties]
    except LinAlgError as error:
        due = f"larger: the counts of {recording.path} depend on each other"
        raise refusal(f"{MODEL}.lowest_penalty", recipe.lowest_penalty, due) from error
    scores = _scores(recording, held_out, spec, weights)
    if not np.isfinite(scores).all():
        raise _too_large(recording)
    best = int(np.argmax(scores))
    penalty, score = float(penalties[best]), float(scores[best])
    header = _header(recording, recipe, spec, penalty, score)
    return TrainedRidge(_decoder(spec, weights[best]), header, penalty, score)


def _header(
    recording: Recording, recipe: RidgeRecipe, spec: LinearSpec, penalty: float, score: float
) -> CheckpointHeader:
    fit = {
        "ridge": recipe.to_json(),
        "penalty": penalty,
        "validation_r2": score,
    }
    return CheckpointHeader(
        spec,
        session=recording.session.name,
        recipe=fit,
        trained_on=UNTRAINED.followed_by([recording]),
        task=recording.task.protocol,
    )


def _rows(
    recording: Recording, part: Split, spec: LinearSpec, every: int
) -> Iterator[tuple[SamplesInputs, SamplesOutputs]]:
    """Counts of channels in bins, and labels, of a part, a chunk at a time.

    What came before the part is seen, as far as it was recorded without a gap.
    """
    for stretch in recording.stretches(part):
        yield from _rows_of_stretch(recording, stretch, spec, every)


def _rows_of_stretch(
    recording: Recording, stretch: Split, spec: LinearSpec, every: int
) -> Iterator[tuple[SamplesInputs, SamplesOutputs]]:
    looked_back = spec.window.samples
    recorded = next(first for first, last in recording.segments if first <= stretch.start < last)
    before = recording.spikes(max(recorded, stretch.start - looked_back), stretch.start)
    missing = looked_back - len(before)
    buffer = torch.from_numpy(np.pad(before, ((missing, 0), (0, 0))))
    chunk = _CHUNK_ROWS * every
    for start in range(stretch.start, stretch.stop, chunk):
        stop = min(start + chunk, stretch.stop)
        spikes = torch.from_numpy(recording.spikes(start, stop))
        counts, _, buffer = slide(spec.window, buffer, spikes, every=every)
        yield counts.flatten(start_dim=1).float().numpy(), recording.labels[start:stop:every]


def _moments(recording: Recording, part: Split, spec: LinearSpec, every: int) -> _Moments:
    size = spec.bins * spec.channels + spec.outputs
    # float32 holds the products of a chunk's counts exactly, but not where these are large.
    dtype = np.float64 if spec.counts else np.float32
    samples, sums, products = 0, np.zeros(size), np.zeros((size, size))
    for counts, labels in _rows(recording, part, spec, every):
        rows = np.concatenate([counts, labels], axis=1, dtype=dtype)
        samples += len(rows)
        sums += rows.sum(axis=0, dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            products += rows.T @ rows
    if not np.isfinite(products).all():
        raise _too_large(recording)
    return _Moments(samples, sums, products)


def _too_large(recording: Recording) -> DataError:
    return DataError(
        f"{recording.path} has targets that are too large to be fitted: check the recording."
    )


def _solve(moments: _Moments, penalty: float, outputs: int) -> WeightsAndOffset:
    """Weights, the last row being the offset."""
    mean = moments.sums / moments.samples
    centred = moments.products - moments.samples * np.outer(mean, mean)
    covariance, crossed = centred[:-outputs, :-outputs], centred[:-outputs, -outputs:]
    weights = solve(covariance + penalty * np.eye(len(covariance)), crossed, assume_a="pos")
    return np.vstack([weights, mean[-outputs:] - mean[:-outputs] @ weights])


def _scores(
    recording: Recording, part: Split, spec: LinearSpec, candidates: list[WeightsAndOffset]
) -> CandidateScores:
    """R2, the mean over outputs, of each candidate on every sample of a part.

    The spread of the labels is computed on all of them at once; they must not be constant.
    """
    weights = np.concatenate(candidates, axis=1).astype(np.float32)
    errors = np.zeros((len(candidates), spec.outputs))
    for counts, labels in _rows(recording, part, spec, every=1):
        decoded = (counts @ weights[:-1] + weights[-1]).reshape(len(counts), -1, spec.outputs)
        errors += np.square(decoded - labels[:, None], dtype=np.float64).sum(axis=0)
    true = recording.labels[part.start : part.stop].astype(np.float64)
    spread = np.square(true - true.mean(axis=0)).sum(axis=0)
    scores: CandidateScores = (1 - errors / spread).mean(axis=1)
    return scores


def _decoder(spec: LinearSpec, weights: WeightsAndOffset) -> LinearDecoder:
    decoder = LinearDecoder(spec)
    with torch.no_grad():
        decoder.readout.weight.copy_(torch.from_numpy(weights[:-1].T))
        decoder.readout.bias.copy_(torch.from_numpy(weights[-1]))
    return decoder.eval()
