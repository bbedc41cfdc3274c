"""A loaded recording: input events, what is to be decoded, and how it is split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.sessions import Session
from nbsuite.data.spike_storage import Counts, SpikeStorage
from nbsuite.data.task import Task
from nbsuite.data.twins.info import TWIN_MARK, TwinInfo


@dataclass(frozen=True)
class Split:
    """A contiguous range of samples, named training, validation or test."""

    name: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


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

    def stretches(self, part: Split) -> tuple[Split, ...]:
        """The parts of a split that lie in one segment each, in order."""
        within = [(max(start, part.start), min(stop, part.stop)) for start, stop in self.segments]
        return tuple(Split(part.name, start, stop) for start, stop in within if start < stop)
