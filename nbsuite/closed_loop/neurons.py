"""Simulated neurons of cosine tuning: each fires for the acceleration that it prefers."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nbsuite.errors import DataError, UsageError
from nbsuite.untrusted.fault import FormatFault
from nbsuite.untrusted.files import read_bounded_text

MOST_NEURONS = 1 << 12
_COLUMNS = 4
_LARGEST_FILE = 1 << 20
_LONGEST_VECTOR = 1e6


@dataclass(frozen=True, eq=False)
class TunedNeurons:
    """Neurons whose rate rises from ``low`` to ``high`` as the demand turns to what they prefer.

    Attributes:
        preferred: (neurons, 2) preferred directions, of length 1 where nothing is unusual.
        low: (neurons,) rates in Hz where nothing is demanded.
        high: (neurons,) rates in Hz where the preferred acceleration is demanded in full.
    """

    preferred: NDArray[np.float32]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of neurons."""
        return len(self.low)

    def check_rates(self, step: float) -> None:
        """Make sure that no rate is above one spike a step.

        Raises:
            UsageError: one is.
        """
        highest = float(max(self.low.max(), self.high.max()))
        if highest * step > 1:
            raise UsageError(
                f"A neuron fires at {highest:g} Hz, but a step of {1000 * step:g} ms has room for "
                f"{1 / step:g} Hz; lower its rate."
            )


def read_neurons(path: Path) -> TunedNeurons:
    """Neurons of a file of the original's form: a row each, x, y, lowest and highest rate in Hz.

    Raises:
        DataError: the file is missing, or not of this form.
    """
    try:
        text = read_bounded_text(path, _LARGEST_FILE)
        rows = _rows(text)
    except (FormatFault, csv.Error) as error:
        raise DataError(
            f"{path} {error}; give rows of four numbers: preferred direction x, y, lowest and "
            "highest rate in Hz."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error
    values = np.array(rows)
    return TunedNeurons(values[:, :2].astype(np.float32), values[:, 2], values[:, 3])


def _rows(text: str) -> list[list[float]]:
    rows: list[list[float]] = []
    for number, cells in enumerate(csv.reader(StringIO(text)), start=1):
        if not cells:
            continue
        if len(cells) != _COLUMNS:
            raise FormatFault(f"has {len(cells)} columns in line {number}")
        try:
            row = [float(cell) for cell in cells]
        except ValueError:
            raise FormatFault(f"has something that is no number in line {number}") from None
        if not all(math.isfinite(value) for value in row):
            raise FormatFault(f"has a number that is not finite in line {number}")
        if max(abs(row[0]), abs(row[1])) > _LONGEST_VECTOR:
            raise FormatFault(f"has a preferred direction out of all bounds in line {number}")
        if not 0 <= row[2] <= row[3]:
            raise FormatFault(
                f"has rates of {row[2]:g} and {row[3]:g} Hz in line {number}, which do not rise "
                "from 0 or more"
            )
        rows.append(row)
        if len(rows) > MOST_NEURONS:
            raise FormatFault(f"has more than {MOST_NEURONS:,} neurons")
    if not rows:
        raise FormatFault("has no neurons")
    return rows


def draw_neurons(count: int, seed: int) -> TunedNeurons:
    """Neurons drawn afresh, distributed as those of the original.

    Directions are uniform; the highest rate is uniform from 40 to 100 Hz, the lowest from 0 to
    5 Hz, and 0 in every other neuron or so.

    Args:
        count: number of neurons.
        seed: the same gives the same; the first neurons do not depend on how many there are.

    Raises:
        UsageError: there can be no such number of neurons.
    """
    if not 1 <= count <= MOST_NEURONS:
        raise UsageError(f"{count} neurons cannot be drawn; give from 1 to {MOST_NEURONS:,}.")
    draws = np.random.default_rng([seed, 0x10C]).random((count, 4))
    angle = math.pi * (2 * draws[:, 0] - 1)
    low = np.where(draws[:, 1] < 0.5, 0.0, 5 * draws[:, 2])
    high = 40 + 60 * draws[:, 3]
    preferred = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    return TunedNeurons(preferred, low, high)
