"""What R2 is made of, block by block: enough to ask how it would be on other data.

With y the labels of an output over n samples, NeuroBench's R2 is the mean over outputs of

    1 - sum (y - decoded)^2 / (sum y^2 - (sum y)^2 / n)

All sums are over samples, so that those of blocks add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nbsuite.shapes import (
        BlockOutputs,
        BlockSteps,
        Outputs,
        SamplesByOutputs,
        SeedBlockOutputs,
        Seeds,
    )


@dataclass(frozen=True, eq=False)
class BlockErrors:
    """Sums over blocks of a test set that lie one after the other, such as reaches.

    Attributes:
        steps: (blocks,) number of samples.
        sums: (blocks, outputs) sums of the labels, less their mean over the test set.
        squares: (blocks, outputs) sums of the squares of the same.
        errors: (seeds, blocks, outputs) sums of squared errors.
    """

    steps: BlockSteps
    sums: BlockOutputs
    squares: BlockOutputs
    errors: SeedBlockOutputs

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        seeds, blocks, outputs = self.errors.shape
        return f"<BlockErrors of {seeds} seeds, {blocks} blocks, {outputs} outputs>"

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return len(self.errors)

    def r2(self) -> Seeds:
        """R2 of each seed, as NeuroBench computes it."""
        return np.asarray((1 - self.errors.sum(1) / self.scatter()).mean(-1))

    def scatter(self) -> Outputs:
        """(outputs,) sums of squares of the labels about their mean."""
        return np.asarray(self.squares.sum(0) - self.sums.sum(0) ** 2 / self.steps.sum())

    def same_data(self, other: BlockErrors) -> bool:
        """Whether both are of the same blocks of the same labels, so that errors are paired."""
        mine, others = (
            (self.steps, self.sums, self.squares),
            (other.steps, other.sums, other.squares),
        )
        return all(
            one.shape == another.shape
            and np.allclose(one, another, rtol=1e-6, atol=1e-6 * float(np.abs(one).max()))
            for one, another in zip(mine, others, strict=True)
        )


def block_errors(
    labels: SamplesByOutputs, decoded: SamplesByOutputs, starts: Sequence[int]
) -> BlockErrors:
    """The sums of one seed.

    Args:
        labels: (samples, outputs) what was to be decoded.
        decoded: (samples, outputs) what was.
        starts: the first sample of each block, the first of them 0; a block ends where the next
            begins.
    """
    around_mean = labels - labels.mean(0)
    errors = np.add.reduceat((labels - decoded) ** 2, starts, axis=0)
    return BlockErrors(
        steps=np.diff([*starts, len(labels)]),
        sums=np.add.reduceat(around_mean, starts, axis=0),
        squares=np.add.reduceat(around_mean**2, starts, axis=0),
        errors=errors[np.newaxis],
    )


def of_all_seeds(each: Sequence[BlockErrors]) -> BlockErrors | None:
    """The sums of several seeds as one; None where they are not of the same data."""
    first = each[0]
    if not all(first.same_data(other) for other in each[1:]):
        return None
    errors = np.concatenate([seed.errors for seed in each])
    return BlockErrors(first.steps, first.sums, first.squares, errors)
