"""A recording as NeuroBench's PrimateReaching sees it, with the arguments of the challenge.

Facts about that loader (neurobench 2.3.0) that everything else rests on: a spike in
[t[k], t[k+1]) shows at sample k+2; the units of a channel are OR-ed; the label is the position's
gradient per 4 ms sample; the split is by count of reaches, and each set is one stretch of time.

The loader reads whatever a file holds and refers to. So it is given a copy, in memory, of what was
read and checked: the units of a channel as one, empty cells as empty, and all in double precision.
"""

from __future__ import annotations

import contextlib
import io
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.finding import Finding
from nbsuite.twin_info import TwinInfo
from nbsuite.untrusted.text import one_line

if TYPE_CHECKING:  # what is loaded from the cache does without HDF5
    from nbsuite.data.contents import Contents

CHALLENGE_ARGUMENTS: dict[str, float | bool] = {
    "num_steps": 1,
    "train_ratio": 0.5,
    "bin_width": 0.004,
    "biological_delay": 0,
    "remove_segments_inactive": False,
    "download": False,
}

SPLITS = ("training", "validation", "test")

_PACKED_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class LoadedArrays:
    """What is kept of a loaded recording, in memory or in the cache.

    Attributes:
        packed: (T, ceil(C / 8)) uint8: input events, eight channels a byte, lowest bit first.
        labels: (T, 2) float32: velocity in mm per 4 ms sample.
        channels: C.
        ends: where the training, validation and test set end; each begins where the one before
            ends, and the first at 0.
        reaches: (reaches,) int64: the first sample of each segment of constant target position.
        findings: what is worth a warning.
        twin: what the file says of itself where it is a session twin.
    """

    packed: NDArray[np.uint8]
    labels: NDArray[np.float32]
    channels: int
    ends: tuple[int, int, int]
    reaches: NDArray[np.int64]
    findings: tuple[Finding, ...] = ()
    twin: TwinInfo | None = None

    @property
    def lengths(self) -> dict[str, int]:
        """Samples of each split."""
        starts = (0, *self.ends[:-1])
        return {
            name: end - start for name, start, end in zip(SPLITS, starts, self.ends, strict=True)
        }


def load_through_neurobench(path: Path, contents: Contents) -> LoadedArrays:
    """Load a recording that has been read and checked.

    Args:
        path: its file.
        contents: what was read from it.

    Raises:
        DataError: NeuroBench's loader fails on it all the same.
    """
    dataset = _primate_reaching(path, contents)
    # Rounding of the time stamps can make the samples one longer than the labels.
    steps = min(dataset.samples.shape[1], dataset.labels.shape[1])
    ends = _split_ends(path, dataset, steps)
    packed = _pack(dataset.samples.numpy()[:, :steps])
    labels = np.ascontiguousarray(dataset.labels.numpy()[:, :steps].T)
    reaches = np.unique(np.append(0, contents.target_moves))
    reaches = reaches[reaches < steps]
    return LoadedArrays(packed, labels, dataset.samples.shape[0], ends, reaches)


def _primate_reaching(path: Path, contents: Contents) -> Any:
    """The dataset; what it prints is swallowed, and the file it leaves open closed."""
    from nbsuite.data.checked_dataset import CheckedPrimateReaching

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return CheckedPrimateReaching(contents, **CHALLENGE_ARGUMENTS)
    except (OSError, AssertionError, LookupError, RuntimeError, TypeError, ValueError) as error:
        # The file stays open as long as the failed call's variables live.
        traceback.clear_frames(error.__traceback__)
        explanation = one_line(f"{type(error).__name__}: {error}", 120)
        raise Finding(
            f"cannot be loaded by NeuroBench ({explanation}): report it with the file's name"
        ).error(path) from error


def _split_ends(path: Path, dataset: Any, steps: int) -> tuple[int, int, int]:
    """Where each set ends, having checked that together they tile the time in order."""
    indices = (dataset.ind_train, dataset.ind_val, dataset.ind_test)
    if [index for part in indices for index in part] != list(range(dataset.labels.shape[1])):
        raise Finding(
            "is split by NeuroBench into sets that are not stretches of time:"
            " use neurobench 2.3.0 or a later release whose split is the same"
        ).error(path)
    training, validation, _ = (len(part) for part in indices)
    return min(training, steps), min(training + validation, steps), steps


def _pack(samples: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(C, T) zeros and ones to (T, ceil(C / 8)) bytes, piece by piece to spare memory."""
    channels, steps = samples.shape
    packed = np.empty((steps, -(-channels // 8)), dtype=np.uint8)
    for start in range(0, steps, _PACKED_AT_ONCE):
        piece = samples[:, start : start + _PACKED_AT_ONCE].T.astype(bool)
        packed[start : start + _PACKED_AT_ONCE] = np.packbits(piece, axis=1, bitorder="little")
    return packed
