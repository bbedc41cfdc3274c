"""A network laid out for the compiled loops of inference, once for as many calls as are made.

Half-precision values travel as float32 inside: every float16 is a float32, and the compiled code
rounds wherever half-precision arithmetic would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.neurons.cells.state import LayerState, SynapticState
from nbsuite.neurons.kernels.inference.compiled import run_full_precision, run_half_precision
from nbsuite.neurons.kernels.parameters import NetworkParameters, NetworkState

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class StateArrays:
    """State of a network between two steps, which the compiled loops update in place.

    Attributes:
        hidden: (3, batch, neurons): membrane, synapse and current.
        readouts: (3, batch, readout units), likewise, the heads side by side.
    """

    hidden: Floats
    readouts: Floats

    def assign(self, other: StateArrays) -> None:
        """Take the values of another state of the same shape."""
        self.hidden[...] = other.hidden
        self.readouts[...] = other.readouts


@dataclass(frozen=True, eq=False)
class PreparedNetwork:
    """Copies of a network's weights and decays as the compiled loops take them.

    Attributes:
        dtype: dtype of the network's weights and of its arithmetic.
        heads: number of readout heads.
        input: (channels, neurons) weights, one row a source.
        recurrent: (neurons, neurons), likewise.
        output: (neurons, readout units), likewise, the heads side by side.
        decays: (3, neurons): alpha, beta and 1 - beta.
        readout_decays: (3, readout units), likewise.
    """

    dtype: torch.dtype
    heads: int
    input: Floats
    recurrent: Floats
    output: Floats
    decays: Floats
    readout_decays: Floats

    def run(
        self, spikes: NDArray[np.int8], state: StateArrays, emitted: NDArray[np.int8]
    ) -> Floats:
        """Run a chunk of time.

        Args:
            spikes: (steps, batch, channels) input spikes of 0 and 1.
            state: updated in place.
            emitted: (steps, batch, neurons) zeros, which receive the hidden spikes.

        Returns:
            Outputs (steps, batch, readout units).
        """
        steps, batch, _ = spikes.shape
        outputs = np.empty((steps, batch, self.output.shape[1]), dtype=self.output.dtype)
        loops = run_half_precision if self.dtype == torch.float16 else run_full_precision
        loops(
            spikes,
            self.input,
            self.recurrent,
            self.output,
            self.decays,
            self.readout_decays,
            state.hidden,
            state.readouts,
            emitted,
            outputs,
        )
        return outputs

    def copy_state(self, state: NetworkState) -> StateArrays:
        """A state as arrays of its own."""
        working = _working_dtype(self.dtype)
        return StateArrays(_copy_state(state.hidden, working), _copy_state(state.readouts, working))

    def restore_state(self, state: StateArrays) -> NetworkState:
        """The inverse of :meth:`copy_state`."""
        return NetworkState(
            tuple(_restore_state(state.hidden, 1, self.dtype)),
            tuple(_restore_state(state.readouts, self.heads, self.dtype)),
        )


def prepare_network(parameters: NetworkParameters) -> PreparedNetwork:
    """See :func:`nbsuite.neurons.kernels.prepare`."""
    layer = parameters.layers[0]
    dtype = layer.input.dtype
    working = _working_dtype(dtype)
    return PreparedNetwork(
        dtype=dtype,
        heads=len(parameters.outputs),
        input=_by_source([layer.input], working),
        recurrent=_by_source([cast("Tensor", layer.recurrent)], working),
        output=_by_source(parameters.outputs, working),
        decays=_decays([(layer.neurons.alpha, layer.neurons.beta)], working),
        readout_decays=_decays(parameters.readouts, working),
    )


def _working_dtype(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype == torch.float16 else dtype


def _by_source(weights: Sequence[Tensor], dtype: torch.dtype) -> Floats:
    """(fan-in, fan-out): one row a source neuron, the heads side by side."""
    rows: Floats = torch.cat(list(weights)).detach().to(dtype).numpy()
    return np.ascontiguousarray(rows.T)


def _decays(pairs: Sequence[tuple[Tensor, Tensor]], dtype: torch.dtype) -> Floats:
    """(3, neurons): alpha, beta and 1 - beta, the last computed in the weights' own dtype."""
    alpha = torch.cat([alpha for alpha, _ in pairs])
    beta = torch.cat([beta for _, beta in pairs])
    rows: Floats = torch.stack([alpha, beta, 1 - beta]).detach().to(dtype).numpy()
    return np.ascontiguousarray(rows)


def _copy_state(states: Sequence[LayerState], dtype: torch.dtype) -> Floats:
    """(3, batch, neurons): membrane, synapse and current, the heads side by side."""
    fields = [torch.cat(list(field), dim=1) for field in zip(*states, strict=True)]
    array: Floats = torch.stack(fields).detach().to(dtype).numpy()
    return np.array(array)


def _restore_state(array: Floats, heads: int, dtype: torch.dtype) -> list[SynapticState]:
    parts = torch.from_numpy(array).to(dtype).chunk(heads, dim=2)
    return [SynapticState(*(field.contiguous() for field in part.unbind())) for part in parts]
