"""A network laid out for the compiled loops of inference, once for as many calls as are made.

Half-precision values travel as float32 inside: every float16 is a float32, and the compiled code
rounds wherever half-precision arithmetic would.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numba import typeof
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.neurons.cells.state import AdaptiveState, LayerState, SynapticState
from nbsuite.neurons.kernels.inference.forward import (
    Adaptation,
    Counts,
    State,
    Weights,
    run_full_precision,
    run_half_precision,
)
from nbsuite.neurons.kernels.parameters import NetworkParameters, NetworkState

Floats = NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class StateArrays:
    """State of a network between two steps, which the compiled loops update in place.

    Attributes:
        arrays: what every cell has.
        adaptation: the adapting thresholds; None where there are none.
    """

    arrays: State
    adaptation: Adaptation | None

    def assign(self, other: StateArrays) -> None:
        """Take the values of another state of the same shape."""
        for mine, theirs in zip(self.arrays, other.arrays, strict=True):
            mine[...] = theirs
        if self.adaptation is not None and other.adaptation is not None:
            self.adaptation.traces[...] = other.adaptation.traces


@dataclass(frozen=True, eq=False)
class LaidOutNetwork:
    """Copies of a network's weights and decays as the compiled loops take them.

    Attributes:
        dtype: dtype of the network's weights and of its arithmetic.
        heads: number of readout heads.
        weights: weights and decays.
        adaptation: (layers, 3, neurons) parameters of the adapting thresholds: rho, 1 - rho and
            the strength; None where there are none.
    """

    dtype: torch.dtype
    heads: int
    weights: Weights
    adaptation: Floats | None

    @property
    def neurons(self) -> int:
        """Number of hidden neurons of all layers."""
        layers, _, neurons = self.weights.decays.shape
        return int(layers * neurons)

    def run(self, spikes: Counts, state: StateArrays, emitted: NDArray[np.int8]) -> Floats:
        """Run a chunk of time.

        Args:
            spikes: (steps, batch, channels) number of events of each channel, contiguous.
            state: updated in place.
            emitted: (steps, batch, neurons of all layers) zeros, which receive the hidden spikes.

        Returns:
            Outputs (steps, batch, readout units).
        """
        steps, batch, _ = spikes.shape
        output = self.weights.output
        outputs = np.empty((steps, batch, output.shape[1]), dtype=output.dtype)
        arguments = (spikes, self.weights, state.arrays, state.adaptation, emitted, outputs)
        deciding = (self.dtype, spikes.dtype, self.adaptation is None)
        loops = _compiled.get(deciding)
        if loops is None:
            loops = _compiled[deciding] = _compile(self.dtype, arguments)
        loops(*arguments)
        return outputs

    def copy_state(self, state: NetworkState) -> StateArrays:
        """A state as arrays of its own."""
        working = _working_dtype(self.dtype)
        hidden = np.stack([_copy_state([layer], working) for layer in state.hidden])
        adaptation = None
        if self.adaptation is not None:
            traces = [
                layer.adaptation for layer in state.hidden if isinstance(layer, AdaptiveState)
            ]
            adaptation = Adaptation(self.adaptation, _array(torch.stack(traces), working))
        return StateArrays(State(hidden, _copy_state(state.readouts, working)), adaptation)

    def restore_state(self, state: StateArrays) -> NetworkState:
        """The inverse of :meth:`copy_state`."""
        hidden: list[LayerState] = [
            _restore_state(layer, 1, self.dtype)[0] for layer in state.arrays.hidden
        ]
        if state.adaptation is not None:
            hidden = [
                AdaptiveState(*layer[:3], torch.from_numpy(trace).to(self.dtype))
                for layer, trace in zip(hidden, state.adaptation.traces, strict=True)
            ]
        readouts = _restore_state(state.arrays.readouts, self.heads, self.dtype)
        return NetworkState(tuple(hidden), tuple(readouts))


_compiled: dict[tuple[object, ...], Callable[..., None]] = {}
"""The loops by what decides the types of their arguments."""


def _compile(dtype: torch.dtype, arguments: tuple[Any, ...]) -> Callable[..., None]:
    """The loops for arguments of these types.

    numba would find them by the types of all arguments in every call, which takes longer than a
    step of a small network.
    """
    loops: Any = run_half_precision if dtype == torch.float16 else run_full_precision
    types = tuple(typeof(argument) for argument in arguments)  # type: ignore[no-untyped-call]
    loops.compile(types)
    compiled: Callable[..., None] = loops.get_overload(types)
    return compiled


def lay_out_network(parameters: NetworkParameters) -> LaidOutNetwork:
    """See :func:`nbsuite.neurons.kernels.lay_out`."""
    first, *others = parameters.layers
    dtype = first.input.dtype
    working, neurons = _working_dtype(dtype), len(first.input)
    layers = [layer.neurons for layer in parameters.layers]
    recurrent = [layer.recurrent for layer in parameters.layers if layer.recurrent is not None]
    return LaidOutNetwork(
        dtype=dtype,
        heads=len(parameters.outputs),
        weights=Weights(
            input=_by_source(first.input, working),
            between=_stack([layer.input for layer in others], neurons, working),
            recurrent=_stack(recurrent, neurons, working),
            output=_by_source(torch.cat(list(parameters.outputs)), working),
            decays=np.stack([_decays([(each.alpha, each.beta)], working) for each in layers]),
            readout_decays=_decays(parameters.readouts, working),
        ),
        adaptation=_adaptation_of(parameters, working),
    )


def _adaptation_of(parameters: NetworkParameters, dtype: torch.dtype) -> Floats | None:
    """(layers, 3, neurons): rho, 1 - rho, computed in the weights' own dtype, and the strength."""
    rows = [
        torch.stack([layer.neurons.rho, 1 - layer.neurons.rho, layer.neurons.strength])
        for layer in parameters.layers
        if layer.neurons.rho is not None and layer.neurons.strength is not None
    ]
    return _array(torch.stack(rows), dtype) if rows else None


def _working_dtype(dtype: torch.dtype) -> torch.dtype:
    return torch.float32 if dtype == torch.float16 else dtype


def _array(tensor: Tensor, dtype: torch.dtype) -> Floats:
    """A contiguous copy."""
    return np.array(tensor.detach().to(dtype).numpy(), order="C")


def _by_source(weight: Tensor, dtype: torch.dtype) -> Floats:
    """(fan-in, fan-out): one row a source neuron."""
    return _array(weight.T, dtype)


def _stack(weights: Sequence[Tensor], neurons: int, dtype: torch.dtype) -> Floats:
    """(matrices, fan-in, fan-out) of square matrices, of which there may be none."""
    if not weights:
        return _array(torch.empty(0, neurons, neurons), dtype)
    return np.stack([_by_source(weight, dtype) for weight in weights])


def _decays(pairs: Sequence[tuple[Tensor, Tensor]], dtype: torch.dtype) -> Floats:
    """(3, neurons): alpha, beta and 1 - beta, the last computed in the weights' own dtype."""
    alpha = torch.cat([alpha for alpha, _ in pairs])
    beta = torch.cat([beta for _, beta in pairs])
    return _array(torch.stack([alpha, beta, 1 - beta]), dtype)


def _copy_state(states: Sequence[LayerState], dtype: torch.dtype) -> Floats:
    """(3, batch, neurons): membrane, synapse and current, the heads side by side."""
    fields = [torch.cat(list(field), dim=1) for field in zip(*(s[:3] for s in states), strict=True)]
    return _array(torch.stack(fields), dtype)


def _restore_state(array: Floats, heads: int, dtype: torch.dtype) -> list[SynapticState]:
    parts = torch.from_numpy(array).to(dtype).chunk(heads, dim=2)
    return [SynapticState(*(field.contiguous() for field in part.unbind())) for part in parts]
