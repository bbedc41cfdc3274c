"""A loaded recording: input events, what is to be decoded, and how it is split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.own.arrays import Arrays, Choices, make_content
from nbsuite.data.own.content import SPLITS, Content, Origin, SplitBy, oddities
from nbsuite.data.sessions import Session
from nbsuite.data.spike_storage import SpikeStorage
from nbsuite.data.still import still_outputs
from nbsuite.data.task import Task
from nbsuite.errors import DataError, UsageError
from nbsuite.spike_events import Counts, SpikeEvents
from nbsuite.twin_info import TWIN_MARK, TwinInfo
from nbsuite.twin_labels import marked
from nbsuite.untrusted.fault import FormatFault


@dataclass(frozen=True)
class Split:
    """A contiguous range of samples, named training, validation or test."""

    name: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def _no_reaches() -> NDArray[np.int64]:
    return np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Recording:
    """A recording of T samples and C channels.

    Attributes:
        task: what is to be decoded from it; its step is the time between two samples.
        session: the session it is of; one made from the file name where it is not a public one.
        path: the file.
        digest: SHA-256 of the file.
        twin: what the file is a twin of; None for a real recording.
        warnings: sentences for people about what is odd in it.
        stored: input events.
        labels: (T, O) float32: the task's outputs, in their units.
        train: the samples to train on.
        validation: the samples after them.
        test: the last samples, on which results are reported.
        segments: where each stretch of time without gaps begins and ends; together they are all
            samples, in order.
        origin: what it was made of, where it is one's own.
        reaches: (reaches,) where NeuroBench cuts segments of constant target position; none
            where targets are not told.
    """

    task: Task
    session: Session
    path: Path
    digest: str
    twin: TwinInfo | None
    warnings: tuple[str, ...]
    stored: SpikeStorage
    labels: NDArray[np.float32]
    train: Split
    validation: Split
    test: Split
    segments: tuple[tuple[int, int], ...]
    origin: Origin | None = None
    reaches: NDArray[np.int64] = field(default_factory=_no_reaches)

    def __repr__(self) -> str:
        label = marked(self.session.label, twin=self.twin is not None)
        outputs = ", ".join(output.name for output in self.task.outputs)
        return (
            f"<Recording {label}: {self.steps:,} steps of"
            f" {1000 * self.task.step:g} ms, {self.channels} channels, outputs {outputs}>"
        )

    @property
    def name(self) -> str:
        """What results and pictures call it: the file's name, marked if it hides a twin."""
        unmarked = self.twin is not None and TWIN_MARK not in self.path.stem
        return f"{self.path.stem}{TWIN_MARK if unmarked else ''}"

    @property
    def steps(self) -> int:
        """Number of samples T."""
        return len(self.labels)

    @property
    def channels(self) -> int:
        """Number of channels C."""
        return self.session.channels

    @property
    def outputs(self) -> int:
        """Number of outputs O."""
        return int(self.labels.shape[1])

    def still(self, part: Split) -> tuple[str, ...]:
        """Names of the outputs that never change in a part, where R2 is undefined."""
        names = (output.name for output in self.task.outputs)
        return still_outputs(self.labels[part.start : part.stop], names)

    @property
    def binary(self) -> bool:
        """Whether no channel ever has more than one event in a sample."""
        return self.stored.binary

    def spikes(self, start: int, stop: int) -> Counts:
        """Input events of samples ``start`` to ``stop``, (stop - start, C).

        They are zeros and ones in int8 where the recording is ``binary``, otherwise counts in
        int16.

        Raises:
            IndexError: the samples are not all within the recording.
        """
        if not 0 <= start <= stop <= self.steps:
            raise IndexError(f"samples {start} to {stop} of a recording of {self.steps}")
        return self.stored.rows(start, stop)

    @classmethod
    def from_arrays(
        cls,
        spikes: Any,
        targets: Any,
        step: float | None = None,
        *,
        name: str = "mine",
        names: Sequence[str] | None = None,
        units: Sequence[str] | str | None = None,
        time: Any = None,
        start: float | None = None,
        segments: Any = None,
        split: SplitBy | None = None,
        binary: bool = False,
        substeps: int = 1,
        skip_nan: bool = False,
    ) -> Recording:
        """A recording of one's own, which every function takes in the place of a session.

        Args:
            spikes: counts (steps, channels), zeros and ones among them; or a sequence of the spike
                times of each channel in seconds, which ask for ``time`` or ``start``.
            targets: (steps, outputs) or (steps,), what is to be decoded at each step.
            step: seconds from one step to the next; may be left out where ``time`` tells.
            name: what it is called, and its task.
            names: names of the outputs; by default x and y of two, and otherwise numbered ones.
            units: units of the outputs, one for each or one for all.
            time: (steps,) time stamps in seconds; a leap is a gap.
            start: time of the first step in seconds, in the place of ``time``.
            segments: stretches without gaps, in order: (segments, 2) of the first step and the step
                after the last; or a number for each step, which changes where a new one begins and
                is negative or NaN where steps are left out.
            split: what the sets are split by, half of it to train on, a quarter to validate and one
                to test: ``segments`` or ``time``. Without it, segments where there are ten.
            binary: counts above 1 become 1.
            substeps: each step becomes so many, over which its spikes are spread at random.
            skip_nan: steps whose targets are NaN are left out, as gaps.

        Raises:
            DataError: the arrays make no recording; the message names the fault and the remedy.
            UsageError: the task cannot be, for a name of it or of an output.
        """
        from nbsuite.data.own.file import encode_content  # HDF5

        arrays = Arrays(spikes, targets, step, time, start, segments)
        choices = Choices(name, names, units, split, binary, substeps, skip_nan)
        try:
            content = make_content(arrays, choices)
            digest = hashlib.sha256(encode_content(content)).hexdigest()
        except FormatFault as fault:
            raise DataError(f"The recording {name} {fault}.") from fault
        return cls.from_content(content, Path(f"{name}.h5"), digest)

    @classmethod
    def from_content(cls, content: Content, path: Path, digest: str) -> Recording:
        """A recording of one's own that has been checked.

        Args:
            content: what it holds.
            path: its file, after which it is named.
            digest: SHA-256 of that.
        """
        train, validation, test = map(Split, SPLITS, (0, *content.ends), content.ends)
        return cls(
            task=content.task,
            session=Session(path.stem, content.events.channels),
            path=path,
            digest=digest,
            twin=None,
            warnings=tuple(f"{path} {text}." for text in oddities(content)),
            stored=content.events,
            labels=content.targets,
            train=train,
            validation=validation,
            test=test,
            segments=content.segments,
            origin=content.origin,
        )

    def save(self, path: str | Path) -> Recording:
        """Write a recording of one's own into a file, which every command takes for a session.

        Returns:
            The recording, by the name of the file.

        Raises:
            UsageError: it is one of NeuroBench's task, which has its own files.
            OSError: the folder cannot be written, or the disk is full.
        """
        from nbsuite.data.own.file import write_content  # HDF5

        if self.origin is None:
            raise UsageError(f"{self.path} has a format of its own: copy that file.")
        ends = (self.train.stop, self.validation.stop, self.test.stop)
        events = SpikeEvents.from_recording(self)
        content = Content(self.task, events, self.labels, self.segments, ends, self.origin)
        return self.from_content(content, Path(path), write_content(Path(path), content))

    def stretches(self, part: Split) -> tuple[Split, ...]:
        """The parts of a split that lie in one segment each, in order."""
        within = [(max(start, part.start), min(stop, part.stop)) for start, stop in self.segments]
        return tuple(Split(part.name, start, stop) for start, stop in within if start < stop)
