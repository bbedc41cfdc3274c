"""Arrays that the training kernel keeps between its forward and backward pass, and reuses.

A batch of tinyRSNN needs 64 MB of them. Fresh memory would cost as much time as a fifth of the
pass, for the system clears it page by page; so arrays are lent and given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nbsuite.neurons.kernels.training.network import Batch, Network

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Workspace:
    """One group's arrays; the compiled passes say what each is."""

    membranes: Array
    sent_inputs: Array
    input_borders: Array
    fired: Array
    fired_membranes: Array
    fired_borders: Array
    counts: Array
    readout_synapses: Array
    outputs: Array
    readout_errors: Array
    input_gradient: Array
    source_gradient: Array
    decay_gradients: Array
    readout_decay_gradients: Array

    def clear_gradients(self) -> None:
        """Set all gradients to zero, to which the backward pass adds."""
        self.input_gradient[:] = 0
        self.source_gradient[:] = 0
        self.decay_gradients[:] = 0
        self.readout_decay_gradients[:] = 0


_LARGEST_STOCK = 64
_stock: list[Workspace] = []
_stock_lock = Lock()


def borrow_workspace(network: Network, batch: Batch, group: slice) -> Workspace:
    """Arrays for a group of windows: some given back earlier if they fit, otherwise new ones."""
    windows = group.stop - group.start
    starts, offsets = batch.starts[group], batch.events.offsets
    events = int((offsets[starts + batch.steps] - offsets[starts]).sum())
    with _stock_lock:
        for index, space in enumerate(_stock):
            if _fits(space, network, batch.steps, windows, events):
                return _stock.pop(index)
    return _new_workspace(network, batch.steps, windows, events)


def return_workspace(spaces: Sequence[Workspace]) -> None:
    """Give arrays back for later use; the oldest beyond a limit are let go."""
    with _stock_lock:
        _stock.extend(spaces)
        del _stock[:-_LARGEST_STOCK]


def _fits(space: Workspace, network: Network, steps: int, windows: int, events: int) -> bool:
    channels, neurons = network.input_weights.shape
    return (
        space.membranes.shape == (steps + 1, windows, neurons)
        and space.membranes.dtype == network.decays.dtype
        and space.outputs.shape[2] == network.units
        and space.input_gradient.shape[0] == channels
        and space.sent_inputs.size >= events
    )


def _new_workspace(network: Network, steps: int, windows: int, events: int) -> Workspace:
    channels, neurons = network.input_weights.shape
    units, width = network.units, network.source_weights.shape[1]
    dtype = network.decays.dtype
    return Workspace(
        membranes=np.empty((steps + 1, windows, neurons), dtype),
        sent_inputs=np.empty(events + events // 4, np.uint16),  # the next batch may have more
        input_borders=np.empty(steps * windows + 1, np.int64),
        # As many as could fire; the system provides only the part that is written.
        fired=np.empty(steps * windows * neurons, np.uint16),
        fired_membranes=np.empty(steps * windows * neurons, dtype),
        fired_borders=np.empty(steps * windows + 1, np.int64),
        counts=np.empty((windows, neurons), dtype),
        readout_synapses=np.empty((steps + 1, windows, units), dtype),
        outputs=np.empty((steps, windows, units), dtype),
        readout_errors=np.empty((steps + 2, windows, units), dtype),
        input_gradient=np.empty((channels, neurons), dtype),
        source_gradient=np.empty((neurons, width), dtype),
        decay_gradients=np.empty((2, neurons), np.float64),
        readout_decay_gradients=np.empty((2, units), np.float64),
    )
