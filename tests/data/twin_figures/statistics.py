"""Statistics of recordings: pure functions of arrays, by which twins are held against real ones.

Conventions: velocities are (2, n) in cm/s, counts (units, n) in bins of equal width; "ahead" means
that the spikes come before the movement.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

FloatArray = NDArray[np.float64]
Array = NDArray[np.float32]


def segment_lengths(target: FloatArray, step_seconds: float) -> FloatArray:
    """Seconds between changes of the target (2, T), the first and last stretch included."""
    changes = np.flatnonzero(np.any(np.diff(target, axis=1) != 0, axis=0))
    return np.diff(np.concatenate([[0], changes, [target.shape[1]]])) * step_seconds


def grid_pitch(target: FloatArray) -> float:
    """Smallest distance between two target coordinates on one axis, in the target's unit."""
    return min(float(np.diff(np.unique(axis)).min()) for axis in target)


def velocity_in_bins(cursor: FloatArray, step_seconds: float, bin_seconds: float) -> FloatArray:
    """Mean velocity (2, bins) in cm/s over bins, from cursor positions (2, T) in mm."""
    steps = cursor.shape[1]
    edges = np.arange(0, (steps - 1) * step_seconds, bin_seconds) / step_seconds
    at_edges = [np.interp(edges, np.arange(steps), axis) for axis in cursor]
    return np.diff(at_edges, axis=1) / (10 * bin_seconds)


def kurtosis(values: FloatArray) -> float:
    """Fourth standardised moment, Pearson's kurtosis: 3 for a normal distribution."""
    centred = values - values.mean()
    return float(np.mean(centred**4) / np.mean(centred**2) ** 2)


def autocorrelation(values: FloatArray, lag: int) -> float:
    """Correlation of a series with itself ``lag`` samples later."""
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def counts_in_bins(
    trains: Sequence[FloatArray], start: float, bins: int, bin_seconds: float
) -> Array:
    """Spike counts (units, bins) from spike times in seconds, in bins from ``start``."""
    counts = np.zeros((len(trains), bins), dtype=np.float32)
    for row, train in zip(counts, trains, strict=True):
        index = np.floor((train - start) / bin_seconds).astype(np.int64)
        index = index[(index >= 0) & (index < bins)]
        row[:] = np.bincount(index, minlength=bins)
    return counts


def fano_factor(counts: Array, group: int) -> float:
    """Variance over mean of counts in windows of ``group`` bins, averaged over units."""
    windows = counts.shape[1] // group
    grouped = counts[:, : windows * group].reshape(len(counts), windows, group).sum(axis=2)
    return float(np.mean(grouped.var(axis=1) / grouped.mean(axis=1)))


def lagged(series: FloatArray, lags: Sequence[int]) -> FloatArray:
    """(rows * lags, n) copies of ``series`` shifted so that column k holds k + lag; edges held."""
    n = series.shape[1]
    index = np.clip(np.arange(n) + np.asarray(lags)[:, np.newaxis], 0, n - 1)
    return np.concatenate([series[:, row] for row in index])


def residuals(targets: FloatArray, regressors: FloatArray) -> FloatArray:
    """What least squares (with a constant) on ``regressors`` (r, n) leaves of ``targets``."""
    centred = targets - targets.mean(axis=1, keepdims=True)
    design = regressors - regressors.mean(axis=1, keepdims=True)
    gram = design @ design.T + 1e-9 * np.trace(design @ design.T) * np.eye(len(design))
    return np.asarray(centred - np.linalg.solve(gram, design @ centred.T).T @ design)


def explained(targets: FloatArray, regressors: FloatArray) -> FloatArray:
    """R2 of each row of ``targets`` by least squares on ``regressors``, in sample."""
    left = residuals(targets, regressors).var(axis=1)
    return np.asarray(1 - left / targets.var(axis=1))


def kinematic_regressors(velocity: FloatArray, lags: Sequence[int]) -> FloatArray:
    """Velocity and speed at ``lags`` bins: what units are regressed on."""
    return lagged(np.vstack([velocity, np.hypot(*velocity)[np.newaxis]]), lags)


def mean_correlation(rows: FloatArray) -> float:
    """Mean correlation over all pairs of rows."""
    matrix = np.asarray(np.corrcoef(rows))
    return float(matrix[np.triu_indices_from(matrix, k=1)].mean())


def principal_shares(counts: Array, sigma: float, number: int) -> FloatArray:
    """Shares of the variance in the first components of smoothed, z-scored counts."""
    smooth = gaussian_filter1d(counts, sigma, axis=1)
    shares = np.linalg.eigvalsh(np.corrcoef(smooth))[::-1] / len(smooth)
    return np.asarray(shares[:number])


def rate_by_speed(counts: Array, speed: FloatArray, parts: int, bin_seconds: float) -> FloatArray:
    """Mean rate of a unit in Hz, from the slowest to the fastest of ``parts`` equal parts."""
    population = counts.mean(axis=0) / bin_seconds
    order = np.argsort(speed, kind="stable")
    return np.array([population[part].mean() for part in np.array_split(order, parts)])


def drift(counts: Array, parts: int) -> float:
    """Coefficient of variation of a unit's rate over equal parts of the recording, averaged."""
    rates = np.stack([part.mean(axis=1) for part in np.array_split(counts, parts, axis=1)])
    return float(np.mean(rates.std(axis=0) / rates.mean(axis=0)))


def linear_decoding(
    events: NDArray[np.int8],
    labels: Array,
    training: slice,
    test: slice,
    *,
    lags: int = 8,
    width: int = 12,
    penalties: Sequence[float] = (100.0, 1_000.0, 10_000.0, 100_000.0),
    stride: int = 4,
) -> FloatArray:
    """Test R2 per axis of ridge regression on lagged counts: the linear decoder's score.

    The penalty is the one that does best on the last third of the training samples when fitted on
    the others; the weights are then fitted on all.

    Args:
        events: (T, channels) input events, as NeuroBench's loader gives them.
        labels: (T, 2) labels.
        training: samples to fit on; every ``stride``-th is used.
        test: samples to score on, all of them.
        lags: number of successive windows of counts, the last of which ends with the sample.
        width: samples a window; 12 are 48 ms.
        penalties: penalties on squared weights to choose from.
        stride: thinning of the training samples.
    """
    running = np.zeros((len(events) + 1, events.shape[1]), dtype=np.int32)
    np.cumsum(events, axis=0, out=running[1:])
    size = lags * events.shape[1] + 1

    def features(samples: NDArray[np.int64]) -> Array:
        ends = samples[:, np.newaxis] + 1 - width * np.arange(lags + 1)
        passed = running[np.maximum(ends, 0)]
        windows = (passed[:, :-1] - passed[:, 1:]).reshape(len(samples), -1)
        return np.hstack([windows, np.ones((len(samples), 1))]).astype(np.float32)

    def moments(samples: NDArray[np.int64]) -> FloatArray:
        """(size, size + 2) products of the features with themselves and with the labels."""
        total = np.zeros((size, size + 2))
        for block in _blocks(samples):
            design = features(block)
            total += design.T @ np.hstack([design, labels[block]])
        return total

    def weights(products: FloatArray, penalty: float) -> FloatArray:
        ridge = penalty * np.eye(size)
        ridge[-1, -1] = 0.0
        return np.asarray(np.linalg.solve(products[:, :size] + ridge, products[:, size:]))

    def error(fitted: FloatArray, products: FloatArray) -> float:
        """Summed squared error, but for the labels' own squares."""
        return float(np.sum(fitted * (products[:, :size] @ fitted - 2 * products[:, size:])))

    border = training.stop - (training.stop - training.start) // 3
    fitting = moments(np.arange(training.start, border, stride))
    held_out = moments(np.arange(border, training.stop, stride))
    best = min(penalties, key=lambda penalty: error(weights(fitting, penalty), held_out))
    final = weights(fitting + held_out, best).astype(np.float32)
    samples = np.arange(test.start, test.stop)
    predicted = np.concatenate([features(block) @ final for block in _blocks(samples)])
    squared = np.mean((labels[samples] - predicted).astype(np.float64) ** 2, axis=0)
    return np.asarray(1 - squared / labels[samples].astype(np.float64).var(axis=0))


def _blocks(samples: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """``samples`` in pieces whose features fit in memory."""
    return np.array_split(samples, len(samples) // 10_000 + 1)
