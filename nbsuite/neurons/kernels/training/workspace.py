"""Arrays that the training kernel keeps between its forward and backward pass, and reuses.

A batch of tinyRSNN needs 64 MB of them. Fresh memory would cost as much time as a fifth of the
pass, for the system clears it page by page; so arrays are lent and given back.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nbsuite.neurons.kernels.training.arrays import (
    Adaptation,
    Floats,
    Gradients,
    ReadoutErrors,
    Spikes,
    Trace,
)
from nbsuite.neurons.kernels.training.network import Batch, Layer, Network


class LayerSpace(NamedTuple):
    """One hidden layer's arrays; the compiled passes say what each is."""

    inputs: Spikes
    trace: Trace
    sent: Spikes
    gradients: Gradients
    synapse_errors: Floats
    adapted: Floats
    adaptation_gradients: NDArray[np.float64]

    def adaptation(self, layer: Layer) -> Adaptation | None:
        """The layer's adaptation as the passes take it."""
        if layer.adaptation is None:
            return None
        return Adaptation(layer.adaptation, self.adapted, self.adaptation_gradients)


class Workspace(NamedTuple):
    """One group's arrays."""

    layers: tuple[LayerSpace, ...]
    synapses: Floats
    outputs: Floats
    readout_errors: ReadoutErrors

    def clear_gradients(self) -> None:
        """Set all gradients to zero, to which the backward pass adds."""
        for layer in self.layers:
            for gradient in (*layer.gradients, layer.adaptation_gradients):
                gradient[:] = 0
        self.readout_errors.decays[:] = 0


_LARGEST_STOCK = 64
_stock: list[tuple[tuple[object, ...], Workspace]] = []
_stock_lock = Lock()


def borrow_workspace(network: Network, batch: Batch, group: slice) -> Workspace:
    """Arrays for a group of windows: some given back earlier if they fit, otherwise new ones."""
    windows = group.stop - group.start
    starts, offsets = batch.starts[group], batch.events.offsets
    events = int((offsets[starts + batch.steps] - offsets[starts]).sum())
    sizes = _sizes(network, batch.steps, windows)
    with _stock_lock:
        for index, (theirs, space) in enumerate(_stock):
            if theirs == sizes and space.layers[0].inputs.sources.size >= events:
                return _stock.pop(index)[1]
    return _new_workspace(network, batch.steps, windows, events)


def return_workspaces(network: Network, batch: Batch, spaces: Sequence[Workspace]) -> None:
    """Give arrays back for later use; the oldest beyond a limit are let go."""
    with _stock_lock:
        for space in spaces:
            windows = space.outputs.shape[1]
            _stock.append((_sizes(network, batch.steps, windows), space))
        del _stock[:-_LARGEST_STOCK]


def _sizes(network: Network, steps: int, windows: int) -> tuple[object, ...]:
    """What decides the shapes of all arrays but that of the input spikes."""
    layers = [
        (layer.weights.input.shape, layer.weights.sent.shape, layer.adaptation is None)
        for layer in network.layers
    ]
    return (network.dtype, steps, windows, network.units, *layers)


def _new_workspace(network: Network, steps: int, windows: int, events: int) -> Workspace:
    places, dtype, units = steps * windows, network.dtype, network.units
    layers: list[LayerSpace] = []
    most_inputs = events + events // 4  # the next batch may have more
    for layer in network.layers:
        layers.append(_new_layer(layer, steps, windows, most_inputs, is_first=not layers))
        most_inputs = places * layer.neurons
    return Workspace(
        layers=tuple(layers),
        synapses=np.empty((steps + 1, windows, units), dtype),
        outputs=np.empty((steps, windows, units), dtype),
        readout_errors=ReadoutErrors(
            np.empty((steps + 2, windows, units), dtype), np.empty((2, units), np.float64)
        ),
    )


def _new_layer(
    layer: Layer, steps: int, windows: int, most_inputs: int, *, is_first: bool
) -> LayerSpace:
    neurons, adapts, dtype = layer.weights.input.shape[1], layer.adaptation is not None, layer.dtype
    places = steps * windows
    # As many spikes as there could be; the system provides only the part that is written.
    return LayerSpace(
        inputs=_new_spikes(most_inputs, places),
        trace=Trace(
            membranes=np.empty((steps + 1, windows, neurons), dtype),
            fired=np.empty(places * neurons, np.uint16),
            fired_membranes=np.empty(places * neurons, dtype),
            fired_borders=np.empty(places + 1, np.int64),
            counts=np.empty((windows, neurons), dtype),
        ),
        sent=_new_spikes(places * neurons, places),
        gradients=Gradients(
            input=np.empty(layer.weights.input.shape, dtype),
            sent=np.empty(layer.weights.sent.shape, dtype),
            decays=np.empty((2, neurons), np.float64),
        ),
        synapse_errors=np.empty((0 if is_first else steps + 2, windows, neurons), dtype),
        adapted=np.empty((steps + 1, windows, neurons) if adapts else (0, 0, 0), dtype),
        adaptation_gradients=np.empty((2, neurons if adapts else 0), np.float64),
    )


def _new_spikes(most: int, places: int) -> Spikes:
    """One more than can be kept is written, and not counted."""
    return Spikes(np.empty(most + 1, np.uint16), np.empty(places + 1, np.int64))
