"""Spike counts in a window that slides over a recording.

A window of ``samples`` steps ends with the newest sample. It is cut into parts from its oldest
sample on; what is left over at its new end belongs to no part. Counts are differences of a
cumulative sum,

    n[t, p] = C[b + (p+1) w] - C[b + p w],    C[k] = sum of the first k rows,

for all steps of a chunk at once, b being where the window of step t begins and w a part's length.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from nbsuite.shapes import PartCounts, SpikeRows, SpikeSteps, StepFlags


@dataclass(frozen=True)
class Window:
    """How a sliding window is cut.

    Attributes:
        samples: length of the window in steps.
        parts: number of parts.
        part_samples: length of a part in steps.
    """

    samples: int
    parts: int
    part_samples: int


class Slid(NamedTuple):
    """A window slid over a chunk.

    Attributes:
        counts: spikes in each part, at each step that is counted at.
        slides: whether the buffer was full already, so that its oldest row fell out.
        buffer: the window after the chunk.
    """

    counts: PartCounts
    slides: StepFlags
    buffer: SpikeRows


def slide(window: Window, buffer: SpikeRows, spikes: SpikeSteps, *, every: int = 1) -> Slid:
    """Slide a window over a chunk.

    Args:
        window: how it is cut.
        buffer: at most ``samples`` rows before the chunk. A buffer
            that is not full yet grows with each step, and its parts lie at its oldest rows all the
            same; those beyond its newest row are empty.
        spikes: the chunk.
        every: count at each so-manieth step of the chunk only, the first being one of them.
    """
    rows = torch.cat([buffer, spikes])
    # The sum before the first row is 0.
    totals = rows.new_zeros(len(rows) + 1, rows.shape[1], dtype=torch.int32)
    torch.cumsum(rows, dim=0, dtype=torch.int32, out=totals[1:])
    ends = torch.arange(len(buffer) + 1, len(rows) + 1, every, device=rows.device)[:, None]
    starts = (ends - window.samples).clamp(min=0)
    edges = starts + window.part_samples * torch.arange(window.parts + 1, device=rows.device)
    sums = totals[torch.minimum(edges, ends)]
    return Slid(
        counts=sums[:, 1:] - sums[:, :-1],
        slides=ends[:, 0] > window.samples,
        buffer=rows[max(0, len(rows) - window.samples) :],
    )
