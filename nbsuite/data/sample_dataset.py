"""Samples in the order of time, as contiguous chunks, for a torch DataLoader.

NeuroBench walks over a DataLoader and asks its dataset for the number of samples. Collating
single samples takes it seconds; a chunk is cut out as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from nbsuite.data.recording import Recording, Split

Sample = tuple[Tensor, Tensor]


class SampleDataset(Dataset[Sample]):
    """The samples of one split, in order.

    ``dataset[i]`` is a sample as NeuroBench's own dataset gives it: input events (1, C) and
    targets (outputs,), float32. ``dataset.__getitems__(range(i, j))`` is all of a stretch at once.

    Attributes:
        recording: the recording.
        split: the samples of it.
        restarts: the samples, but for the first, before which there is a gap: a decoder starts
            afresh there.
    """

    def __init__(self, recording: Recording, split: Split) -> None:
        self.recording = recording
        self.split = split
        starts = (stretch.start - split.start for stretch in recording.stretches(split))
        self.restarts: tuple[int, ...] = tuple(start for start in starts if start > 0)

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> Sample:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        position = index % len(self)
        spikes, labels = self._stretch(range(position, position + 1))
        return spikes[0].float(), labels[0]

    def __getitems__(self, indices: Sequence[int]) -> Sample | list[Sample]:
        """What a DataLoader collates: a whole stretch, or a list of single samples.

        Args:
            indices: a range with step 1, or any indices.

        Returns:
            For a range, input events (B, 1, C), int8 or int16 where the recording has counts, and
            targets (B, outputs) float32.

        Raises:
            IndexError: there are no such samples.
        """
        if isinstance(indices, range) and indices.step == 1:
            if not 0 <= indices.start <= indices.stop <= len(self):
                raise IndexError(f"samples {indices.start} to {indices.stop} of {len(self)}")
            return self._stretch(indices)
        return [self[index] for index in indices]

    def _stretch(self, indices: range) -> Sample:
        start, stop = self.split.start + indices.start, self.split.start + indices.stop
        spikes = self.recording.spikes(start, stop)[:, np.newaxis]
        labels = np.array(self.recording.labels[start:stop])  # a copy: torch wants writable memory
        return torch.from_numpy(spikes), torch.from_numpy(labels)


class Stretches(Sampler[range]):
    """Ranges of at most ``steps`` samples that tile ``length`` samples in order."""

    def __init__(self, length: int, steps: int) -> None:
        self.length = length
        self.steps = steps

    def __iter__(self) -> Iterator[range]:
        for start in range(0, self.length, self.steps):
            yield range(start, min(start + self.steps, self.length))

    def __len__(self) -> int:
        return -(-self.length // self.steps)
