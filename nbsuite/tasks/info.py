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
from nbsuite.data.own.content import Origin
from nbsuite.data.own.header import is_own
from nbsuite.data.recording import Recording, Split
from nbsuite.errors import DataError
from nbsuite.tasks.opening import load_recording
from nbsuite.tasks.primate_reaching import PRIMATE_REACHING
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
class OutputInfo:
    """One of the values to be decoded: its name, and its standard deviation in a unit."""

    name: str
    unit: str
    deviation: float


@dataclass(frozen=True)
class OwnInfo:
    """What there is to say about a recording of one's own besides.

    Attributes:
        step: seconds from one sample to the next.
        outputs: what is to be decoded.
        largest_count: most events of a channel in a sample.
        segments: number of stretches without gaps.
        shortest_segment: seconds of the shortest one.
        longest_segment: seconds of the longest one.
        origin: what it was made of.
    """

    step: float
    outputs: tuple[OutputInfo, ...]
    largest_count: int
    segments: int
    shortest_segment: float
    longest_segment: float
    origin: Origin | None


@dataclass(frozen=True)
class RecordingInfo:
    """A recording's file in figures; what could not be found out is None.

    Attributes:
        file: the path.
        session: name of the session.
        twin: what it is a twin of; None for a real recording.
        task: name and version of its task.
        channels: recording channels.
        units: rows of the spike array: sorted units and the unsorted rest of each channel.
        samples: number of samples.
        seconds: duration.
        reaches: segments of constant target position.
        median_reach_seconds: median time between two moves of the target.
        rates: input events per second.
        velocity_deviation: standard deviation of the velocity, x and y, in cm/s.
        splits: training, validation and test set.
        own: what is known of a recording of one's own; None for one of the public format.
        problems: what makes it unusable, a sentence each.
        warnings: what is odd in it, a sentence each.
    """

    file: str
    session: str | None = None
    twin: TwinInfo | None = None
    task: str | None = None
    channels: int | None = None
    units: int | None = None
    samples: int | None = None
    seconds: float | None = None
    reaches: int | None = None
    median_reach_seconds: float | None = None
    rates: RateInfo | None = None
    velocity_deviation: tuple[float, float] | None = None
    splits: tuple[SplitInfo, ...] = ()
    own: OwnInfo | None = None
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def inspect(path: Path, *, cache: Path | None = None) -> RecordingInfo:
    """Describe a recording; whatever is wrong with the file is reported, not raised.

    Args:
        path: the file.
        cache: the cache's folder, by default the user's.
    """
    if is_own(path):
        return _inspect_own(path)
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
    deviation: tuple[float, float] | None = None
    if recording is not None:
        x, y = _deviations(recording)
        deviation = x, y
    return RecordingInfo(
        str(path),
        session=session.name,
        twin=contents.twin,
        task=PRIMATE_REACHING.protocol,
        channels=contents.channels,
        units=contents.units,
        samples=contents.samples,
        seconds=contents.samples * SAMPLE_SECONDS,
        reaches=contents.reaches,
        median_reach_seconds=_median_reach_seconds(contents),
        rates=_rates(recording) if recording else None,
        velocity_deviation=deviation,
        splits=_splits(recording) if recording else (),
        problems=tuple(problems),
        warnings=tuple(warnings),
    )


def _median_reach_seconds(contents: Contents) -> float | None:
    moves = contents.target_moves
    return float(np.median(np.diff(moves))) * SAMPLE_SECONDS if moves.size > 1 else None


def _inspect_own(path: Path) -> RecordingInfo:
    try:
        recording = load_recording(path)
    except DataError as error:
        return RecordingInfo(str(path), problems=(str(error),))
    task = recording.task
    deviations = zip(task.outputs, task.scales, _deviations(recording), strict=True)
    lengths = [(stop - start) * task.step for start, stop in recording.segments]
    own = OwnInfo(
        step=task.step,
        outputs=tuple(
            OutputInfo(each.name, scale.unit, value) for each, scale, value in deviations
        ),
        largest_count=_largest_count(recording),
        segments=len(lengths),
        shortest_segment=min(lengths),
        longest_segment=max(lengths),
        origin=recording.origin,
    )
    return RecordingInfo(
        str(path),
        session=recording.session.name,
        task=task.protocol,
        channels=recording.channels,
        samples=recording.steps,
        seconds=recording.steps * task.step,
        rates=_rates(recording),
        splits=_splits(recording),
        own=own,
        warnings=recording.warnings,
    )


def _rates(recording: Recording) -> RateInfo:
    counts = _events(recording, Split("all", 0, recording.steps))
    hertz = counts / (recording.steps * recording.task.step)
    lower, median, upper = (float(value) for value in np.quantile(hertz, (0.25, 0.5, 0.75)))
    silent = int(np.count_nonzero(hertz == 0))
    return RateInfo(float(hertz.mean()), lower, median, upper, float(hertz.max()), silent)


def _splits(recording: Recording) -> tuple[SplitInfo, ...]:
    step = recording.task.step
    return tuple(
        SplitInfo(each.name, len(each), len(each) * step, int(_events(recording, each).sum()))
        for each in (recording.train, recording.validation, recording.test)
    )


def _deviations(recording: Recording) -> list[float]:
    """Standard deviation of each output, as shown to people."""
    factors = [scale.factor for scale in recording.task.scales]
    deviations = np.std(recording.labels, axis=0, dtype=np.float64) * factors
    return [float(value) for value in deviations]


def _largest_count(recording: Recording) -> int:
    """Most events of a channel in a sample."""
    starts = range(0, recording.steps, _STEPS_AT_ONCE)
    stops = (min(start + _STEPS_AT_ONCE, recording.steps) for start in starts)
    return max(int(recording.spikes(*ends).max()) for ends in zip(starts, stops, strict=True))


def _events(recording: Recording, split: Split) -> NDArray[np.int64]:
    """Input events of each channel, (C,)."""
    total = np.zeros(recording.channels, dtype=np.int64)
    for start in range(split.start, split.stop, _STEPS_AT_ONCE):
        stop = min(start + _STEPS_AT_ONCE, split.stop)
        total += recording.spikes(start, stop).sum(axis=0, dtype=np.int64)
    return total
