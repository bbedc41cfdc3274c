"""What there is to say about a recording's file, sound or not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.contents import Contents, read_contents
from nbsuite.data.guards import content_findings
from nbsuite.data.mat_format import SAMPLE_SECONDS
from nbsuite.data.mat_recording import identify, is_published
from nbsuite.data.recording import Recording, Split
from nbsuite.errors import DataError
from nbsuite.tasks.opening import load_recording
from nbsuite.twin_info import TwinInfo

_STEPS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class RateInfo:
    """Input events per second of each channel over the whole recording, summed up.

    Attributes:
        mean: over channels, in Hz, as are the next four.
        lower_quartile: a quarter of the channels lie below.
        median: half of the channels lie below.
        upper_quartile: a quarter of the channels lie above.
        maximum: of the most active channel.
        silent_channels: channels without any event.
    """

    mean: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    silent_channels: int


@dataclass(frozen=True)
class SplitInfo:
    """One of the sets that NeuroBench splits a recording into."""

    name: str
    steps: int
    seconds: float
    events: int


@dataclass(frozen=True)
class RecordingInfo:
    """A recording's file in figures; what could not be found out is None.

    Attributes:
        file: the path.
        session: name of the session.
        twin: what it is a twin of; None for a real recording.
        channels: recording channels.
        units: rows of the spike array: sorted units and the unsorted rest of each channel.
        samples: number of samples, 4 ms apart.
        seconds: duration.
        reaches: segments of constant target position.
        median_reach_seconds: median time between two moves of the target.
        rates: input events per second.
        velocity_deviation: standard deviation of the velocity, x and y, in cm/s.
        splits: training, validation and test set.
        problems: what makes it unusable, a sentence each.
        warnings: what is odd in it, a sentence each.
    """

    file: str
    session: str | None = None
    twin: TwinInfo | None = None
    channels: int | None = None
    units: int | None = None
    samples: int | None = None
    seconds: float | None = None
    reaches: int | None = None
    median_reach_seconds: float | None = None
    rates: RateInfo | None = None
    velocity_deviation: tuple[float, float] | None = None
    splits: tuple[SplitInfo, ...] = ()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def inspect(path: Path, *, cache: Path | None = None) -> RecordingInfo:
    """Describe a recording; whatever is wrong with the file is reported, not raised.

    Args:
        path: the file.
        cache: the cache's folder, by default the user's.
    """
    try:
        contents = read_contents(path)
    except DataError as error:
        return RecordingInfo(str(path), problems=(str(error),))
    session, identity = identify(path, None, contents.channels, contents.twin)
    published = is_published(session, contents.twin)
    findings = [*identity, *content_findings(path, contents, published=published)]
    problems = [finding.sentence(path) for finding in findings if finding.grave]
    warnings = [finding.sentence(path) for finding in findings if not finding.grave]
    recording = None
    if not problems:
        try:
            recording = load_recording(path, cache=cache)
            warnings = list(recording.warnings)
        except DataError as error:
            problems = [str(error)]
    rates, deviation, splits = _loaded_figures(recording) if recording else (None, None, ())
    return RecordingInfo(
        str(path),
        session=session.name,
        twin=contents.twin,
        channels=contents.channels,
        units=contents.units,
        samples=contents.samples,
        seconds=contents.samples * SAMPLE_SECONDS,
        reaches=contents.reaches,
        median_reach_seconds=_median_reach_seconds(contents),
        rates=rates,
        velocity_deviation=deviation,
        splits=splits,
        problems=tuple(problems),
        warnings=tuple(warnings),
    )


def _median_reach_seconds(contents: Contents) -> float | None:
    moves = contents.target_moves
    return float(np.median(np.diff(moves))) * SAMPLE_SECONDS if moves.size > 1 else None


def _loaded_figures(
    recording: Recording,
) -> tuple[RateInfo, tuple[float, float], tuple[SplitInfo, ...]]:
    splits = (recording.train, recording.validation, recording.test)
    counts = [_events(recording, split) for split in splits]
    hertz = np.sum(counts, axis=0) / (recording.steps * recording.task.step)
    lower, median, upper = (float(value) for value in np.quantile(hertz, (0.25, 0.5, 0.75)))
    silent = int(np.count_nonzero(hertz == 0))
    rates = RateInfo(float(hertz.mean()), lower, median, upper, float(hertz.max()), silent)
    factors = [scale.factor for scale in recording.task.scales]
    x, y = np.std(recording.labels, axis=0, dtype=np.float64) * factors
    return (
        rates,
        (float(x), float(y)),
        tuple(
            SplitInfo(split.name, len(split), len(split) * recording.task.step, int(count.sum()))
            for split, count in zip(splits, counts, strict=True)
        ),
    )


def _events(recording: Recording, split: Split) -> NDArray[np.int64]:
    """Input events of each channel, (C,)."""
    total = np.zeros(recording.channels, dtype=np.int64)
    for start in range(split.start, split.stop, _STEPS_AT_ONCE):
        stop = min(start + _STEPS_AT_ONCE, split.stop)
        total += recording.spikes(start, stop).sum(axis=0, dtype=np.int64)
    return total
