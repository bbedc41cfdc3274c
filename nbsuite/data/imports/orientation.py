"""Which axis of an array is time: the one along which spikes and targets are equally long."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.data.imports.request import TimeAxis
from nbsuite.untrusted.fault import FormatFault

_FLAG = "--time-axis rows, or columns"


def steps_first(
    spikes: NDArray[Any], targets: NDArray[Any], axis: TimeAxis | None
) -> tuple[NDArray[Any], NDArray[Any], tuple[str, ...]]:
    """Counts (T, C) and targets (T, O) of arrays that may be turned.

    Args:
        spikes: two-dimensional counts.
        targets: targets of one or two dimensions.
        axis: whether steps are the rows or the columns of both; None finds out.

    Returns:
        Both, and which of them were turned.

    Raises:
        FormatFault: no axes fit each other, or several do.
    """
    if targets.ndim == 2 and 1 in targets.shape:
        targets = targets.ravel()
    if spikes.ndim != 2 or targets.ndim not in (1, 2):
        raise FormatFault(
            f"holds spikes of shape {spikes.shape} and targets of shape {targets.shape}: give keys"
            " of two-dimensional arrays"
        )
    if axis is not None:
        columns = axis == "columns"
        pairs = [(int(columns), int(columns and targets.ndim == 2))]
    else:
        pairs = [
            (first, second)
            for first in range(2)
            for second in range(targets.ndim)
            if spikes.shape[first] == targets.shape[second]
        ]
    if not pairs:
        raise FormatFault(
            f"holds spikes of shape {spikes.shape} and targets of shape {targets.shape}, none of"
            " whose axes are equally long: give keys of one recording, or spike times"
        )
    longest = max(spikes.shape[first] for first, _ in pairs)
    pairs = [pair for pair in pairs if spikes.shape[pair[0]] == longest]
    if len(pairs) > 1:
        raise FormatFault(
            f"holds spikes of shape {spikes.shape} and targets of shape {targets.shape}, which do"
            f" not tell which axis is time: give {_FLAG}"
        )
    [(first, second)] = pairs
    turned = tuple(name for name, place in (("spikes", first), ("targets", second)) if place == 1)
    return np.moveaxis(spikes, first, 0), np.moveaxis(targets, second, 0), turned


def targets_first(
    targets: NDArray[Any], steps: int | None, axis: TimeAxis | None
) -> tuple[NDArray[Any], bool]:
    """Targets (T, O) where spikes are given as times, and whether they were turned.

    Args:
        targets: targets of one or two dimensions.
        steps: number of time stamps, where there are any.
        axis: whether steps are rows or columns; None finds out.

    Raises:
        FormatFault: neither axis is as long as there are time stamps, or both are.
    """
    if targets.ndim == 2 and 1 in targets.shape:
        targets = targets.ravel()
    if targets.ndim != 2:
        return targets, False
    turn = axis == "columns"
    if axis is None:
        fits = [steps in (None, length) for length in targets.shape]
        longer = targets.shape[1] > targets.shape[0]
        turn = longer if fits[0] == fits[1] else fits[1]
        if fits == [True, True] and targets.shape[0] == targets.shape[1]:
            raise FormatFault(
                f"holds targets of shape {targets.shape}, which do not tell which axis is time:"
                f" give {_FLAG}"
            )
    return (targets.T if turn else targets), turn
