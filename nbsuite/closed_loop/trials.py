"""What happened in trials: where the cursor was, what was decoded, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nbsuite.closed_loop.settings import LoopSettings


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials, one after the other; "steps" are those of all of them.

    Attributes:
        settings: of the loop.
        lengths: (trials,) steps of each.
        succeeded: (trials,) whether each ended in the target.
        targets: (steps, 2) where the cursor was to go.
        positions: (steps, 2) where it was after each step.
        outputs: (steps, 2) what was decoded.
        counts: (steps,) spikes of all neurons.
        spikes: (steps, ceil(neurons / 8)) spikes that the decoder saw, packed bits as
            ``numpy.packbits`` packs them; None where they were not kept.
        neurons: number of neurons.
    """

    settings: LoopSettings
    lengths: NDArray[np.int64]
    succeeded: NDArray[np.bool_]
    targets: NDArray[np.float32]
    positions: NDArray[np.float32]
    outputs: NDArray[np.float32]
    counts: NDArray[np.int64]
    spikes: NDArray[np.uint8] | None
    neurons: int

    def __repr__(self) -> str:
        return f"<Trials: {int(self.succeeded.sum()):,} of {len(self):,} succeeded>"

    def __len__(self) -> int:
        """Number of trials."""
        return len(self.lengths)

    @property
    def bounds(self) -> list[tuple[int, int]]:
        """The first step of each trial, and the one after its last."""
        stops = np.cumsum(self.lengths).tolist()
        return list(zip([0, *stops[:-1]], stops, strict=True))

    @property
    def seconds(self) -> NDArray[np.float64]:
        """(trials,) how long each took."""
        return self.lengths.astype(np.float64) * self.settings.step

    @property
    def success_rate(self) -> float:
        """Share of the trials that ended in the target."""
        return float(self.succeeded.mean())

    def unpacked_spikes(self) -> NDArray[np.int8]:
        """(steps, neurons) spikes that the decoder saw.

        Raises:
            ValueError: they were not kept.
        """
        if self.spikes is None:
            raise ValueError("the trials' spikes were not kept")
        return np.unpackbits(self.spikes, axis=1, count=self.neurons).astype(np.int8)


def join_trials(parts: Sequence[Trials]) -> Trials:
    """Trials of the same loop, one part after the other."""
    spikes = [part.spikes for part in parts if part.spikes is not None]
    return Trials(
        settings=parts[0].settings,
        lengths=np.concatenate([part.lengths for part in parts]),
        succeeded=np.concatenate([part.succeeded for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        positions=np.concatenate([part.positions for part in parts]),
        outputs=np.concatenate([part.outputs for part in parts]),
        counts=np.concatenate([part.counts for part in parts]),
        spikes=np.concatenate(spikes) if spikes else None,
        neurons=parts[0].neurons,
    )
