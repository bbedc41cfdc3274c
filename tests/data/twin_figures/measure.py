"""Measure a recording file by every figure known of the real sessions.

The keys of `measure` are the names that `tests.data.twin_figures.reference` holds real values for.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from neurobench.datasets import PrimateReaching
from numpy.typing import NDArray

from nbsuite.data.mat_format import SAMPLE_SECONDS
from tests.data.twin_figures import statistics

_REACHING_SECONDS = 3.0  # longer segments hold a pause, which the session measured had none of
_LEAST_UNIT_HERTZ = 2.0
_AUTOCORRELATION_MS = (50, 100, 150, 200, 300)
_FANO_MS = (10, 50, 100, 200, 500, 1000)
_LEADS_MS = (-50, 50, 100, 150, 200, 250, 350)
_ENCODING_LAGS = range(-2, 9)  # bins of 50 ms


@dataclass(frozen=True)
class Contents:
    """A recording as its file holds it and as NeuroBench's loader sees it.

    Attributes:
        trains: spike times in seconds of every sorted unit (the hash left out).
        cursor: (2, T) in mm.
        target: (2, T) in mm.
        start: time of the first sample in seconds.
        events: (T, channels) the loader's samples.
        labels: (T, 2) the loader's labels, mm a sample.
        fitting: samples of the loader's training and validation splits.
        test: samples of its test split.
    """

    trains: list[NDArray[np.float64]]
    cursor: NDArray[np.float64]
    target: NDArray[np.float64]
    start: float
    events: NDArray[np.int8]
    labels: NDArray[np.float32]
    fitting: slice
    test: slice


def read_contents(path: Path) -> Contents:
    """Read ``path`` directly and through NeuroBench's loader, with the challenge's arguments."""
    with h5py.File(path, "r") as file:
        trains = [
            np.ravel(file[reference][()])
            for row in file["spikes"][1:]
            for reference in row
            if "MATLAB_empty" not in file[reference].attrs
        ]
        cursor, target = file["cursor_pos"][()], file["target_pos"][()]
        start = float(file["t"][0, 0])
    with contextlib.redirect_stdout(io.StringIO()):
        loaded = PrimateReaching(
            file_path=str(path.parent),
            filename=path.name,
            num_steps=1,
            train_ratio=0.5,
            bin_width=SAMPLE_SECONDS,
            biological_delay=0,
            remove_segments_inactive=False,
            download=False,
        )
    return Contents(
        trains,
        cursor,
        target,
        start,
        events=np.ascontiguousarray(loaded.samples.numpy().astype(np.int8).T),
        labels=np.ascontiguousarray(loaded.labels.numpy().T),
        fitting=slice(int(loaded.ind_train[0]), int(loaded.ind_test[0])),
        test=slice(int(loaded.ind_test[0]), int(loaded.ind_test[-1]) + 1),
    )


def measure(contents: Contents) -> dict[str, float]:
    """Every figure, by name."""
    return {
        **_loaded_figures(contents),
        **_channel_figures(contents),
        **_movement_figures(contents),
        **_unit_figures(contents),
        **_decoding_figures(contents),
    }


def _loaded_figures(contents: Contents) -> dict[str, float]:
    return {
        "channels": contents.events.shape[1],
        "steps": len(contents.labels),
        "test steps": contents.test.stop - contents.test.start,
        "test events": int(contents.events[contents.test].sum(dtype=np.int64)),
        "reaches": len(statistics.segment_lengths(contents.target, SAMPLE_SECONDS)),
    }


def _channel_figures(contents: Contents) -> dict[str, float]:
    rates = contents.events.mean(axis=0, dtype=np.float64) / SAMPLE_SECONDS
    mean = float(rates.mean())
    figures = {
        "silent channels, share": float(np.mean(rates == 0)),
        "channels under 7 % of the mean rate, share": float(np.mean(rates < 0.0725 * mean)),
        "channel rate max / mean": float(rates.max()) / mean,
    }
    for quantile in (25, 50, 75, 95):
        name = f"channel rate p{quantile} / mean"
        figures[name] = float(np.percentile(rates, quantile)) / mean
    return figures


def _movement_figures(contents: Contents) -> dict[str, float]:
    lengths = statistics.segment_lengths(contents.target, SAMPLE_SECONDS)
    velocity = statistics.velocity_in_bins(contents.cursor, SAMPLE_SECONDS, 0.01)
    samples = np.rint(lengths / SAMPLE_SECONDS).astype(np.int64)
    reaching = np.repeat(lengths < _REACHING_SECONDS, samples)
    moving = velocity[
        :, reaching[(np.arange(velocity.shape[1]) * 0.01 / SAMPLE_SECONDS).astype(int)]
    ]
    speed = np.hypot(*moving)
    figures = {
        "target pitch, mm": statistics.grid_pitch(contents.target),
        "target columns": len(np.unique(contents.target[0])),
        "target rows": len(np.unique(contents.target[1])),
        "interval median, s": float(np.median(lengths)),
        "interval p5, s": float(np.percentile(lengths, 5)),
        "interval p95, s": float(np.percentile(lengths, 95)),
        "interval mean while reaching, s": float(lengths[lengths < _REACHING_SECONDS].mean()),
        "label SD, mm/sample": float(contents.labels.std(axis=0).mean()),
        "velocity x SD, cm/s": float(moving[0].std()),
        "velocity y SD, cm/s": float(moving[1].std()),
        "velocity x kurtosis": statistics.kurtosis(moving[0]),
        "velocity y kurtosis": statistics.kurtosis(moving[1]),
        "velocity x-y correlation": float(np.corrcoef(moving[0], moving[1])[0, 1]),
        "speed median, cm/s": float(np.median(speed)),
        "speed p95, cm/s": float(np.percentile(speed, 95)),
        "speed max, cm/s": float(speed.max()),
        "time above 5 cm/s": float(np.mean(speed > 5)),
        "time above 1 cm/s": float(np.mean(speed > 1)),
    }
    for milliseconds in _AUTOCORRELATION_MS:
        for name, axis in zip("xy", velocity, strict=True):
            value = statistics.autocorrelation(axis, milliseconds // 10)
            figures[f"velocity {name} autocorrelation at {milliseconds} ms"] = value
    return figures


def _unit_figures(contents: Contents) -> dict[str, float]:
    seconds = len(contents.labels) * SAMPLE_SECONDS
    trains = [train for train in contents.trains if len(train) > _LEAST_UNIT_HERTZ * seconds]
    velocity = statistics.velocity_in_bins(contents.cursor, SAMPLE_SECONDS, 0.05)
    bins = velocity.shape[1]
    fine = statistics.counts_in_bins(trains, contents.start, 5 * bins, 0.01)
    counts = fine.reshape(len(trains), bins, 5).sum(axis=2)
    rates = counts.mean(axis=1) / 0.05
    figures = {
        "unit rate min, Hz": float(rates.min()),
        "unit rate mean, Hz": float(rates.mean()),
        "unit rate median, Hz": float(np.median(rates)),
        "unit rate max, Hz": float(rates.max()),
    }
    for milliseconds in _FANO_MS:
        name = f"Fano factor at {milliseconds} ms"
        figures[name] = statistics.fano_factor(fine, milliseconds // 10)
    shares = statistics.principal_shares(fine, 5.0, 5)
    figures |= {f"principal component {i + 1}": float(share) for i, share in enumerate(shares)}
    figures["drift, CV over ten parts"] = statistics.drift(counts, 10)
    return figures | _tuning_figures(counts.astype(np.float64), velocity)


def _tuning_figures(counts: NDArray[np.float64], velocity: NDArray[np.float64]) -> dict[str, float]:
    regressors = statistics.kinematic_regressors(velocity, _ENCODING_LAGS)
    encoding = statistics.explained(counts, regressors)
    figures = {
        "encoding R2 of a unit, mean": float(encoding.mean()),
        "encoding R2 of a unit, min": float(encoding.min()),
        "encoding R2 of a unit, max": float(encoding.max()),
        "count correlation": statistics.mean_correlation(counts),
        "count correlation after kinematics": statistics.mean_correlation(
            statistics.residuals(counts, regressors)
        ),
    }
    by_lead = {
        lead: statistics.explained(statistics.lagged(velocity, [lead // 50]), counts).mean()
        for lead in _LEADS_MS
    }
    peak = max(by_lead, key=lambda lead: by_lead[lead])
    figures["lead at the peak, ms"] = peak
    figures["R2 at the peak lead"] = float(by_lead[peak])
    figures["R2 at +50 ms / peak"] = float(by_lead[50] / by_lead[peak])
    figures["R2 at +250 ms / peak"] = float(by_lead[250] / by_lead[peak])
    ahead = statistics.lagged(velocity, [3])
    fifths = statistics.rate_by_speed(
        counts.astype(np.float32), np.hypot(*ahead), parts=5, bin_seconds=0.05
    )
    for number, rate in enumerate(fifths / fifths.mean(), start=1):
        figures[f"rate in speed fifth {number} / mean"] = float(rate)
    return figures


def _decoding_figures(contents: Contents) -> dict[str, float]:
    scores = statistics.linear_decoding(
        contents.events[: len(contents.labels)], contents.labels, contents.fitting, contents.test
    )
    return {"ridge R2": float(scores.mean())}
