"""The numba kernel for inference: torch tensors in and out around the compiled loops."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.errors import UsageError
from nbsuite.neurons.dynamics import SynapticState
from nbsuite.neurons.kernels import NetworkParameters, NetworkState
from nbsuite.neurons.kernels.compiled import run_full_precision, run_half_precision


def run_inference(
    parameters: NetworkParameters, spikes: Tensor, state: NetworkState
) -> tuple[Tensor, Tensor, NetworkState]:
    """See :func:`nbsuite.neurons.kernels.run`.

    Half-precision values travel as float32 inside: every float16 is a float32, and the compiled
    code rounds wherever half-precision arithmetic would.
    """
    dtype = parameters.input.dtype
    working = torch.float32 if dtype == torch.float16 else dtype
    loops = run_half_precision if dtype == torch.float16 else run_full_precision
    heads, (batch, units) = len(parameters.outputs), state.readouts[0].membrane.shape

    hidden = _copy_state([state.hidden], working)
    readout = _copy_state(list(state.readouts), working)
    steps, neurons = spikes.shape[0], parameters.recurrent.shape[0]
    emitted = np.zeros((steps, batch, neurons), dtype=np.int8)
    outputs = np.empty((steps, batch, heads * units), dtype=hidden.dtype)
    loops(
        _binary(spikes),
        _by_source([parameters.input], working),
        _by_source([parameters.recurrent], working),
        _by_source(list(parameters.outputs), working),
        _decays([parameters.hidden], working),
        _decays(list(parameters.readouts), working),
        hidden,
        readout,
        emitted,
        outputs,
    )
    by_head = torch.from_numpy(outputs).to(dtype).reshape(steps, batch, heads, units)
    return (
        torch.from_numpy(emitted),
        by_head.transpose(1, 2),
        NetworkState(
            _restore_state(hidden, 1, dtype)[0], tuple(_restore_state(readout, heads, dtype))
        ),
    )


def _binary(spikes: Tensor) -> NDArray[np.int8]:
    """Input spikes as bytes of 0 and 1."""
    graded = spikes.is_floating_point() and not bool((spikes == spikes.round()).all())
    if graded or spikes.max() > 1 or spikes.min() < 0:
        raise UsageError(
            "The numba kernel takes spike trains of 0 and 1 only; "
            "use the reference kernel for graded input."
        )
    array: NDArray[np.int8] = np.ascontiguousarray(spikes.to(torch.int8).numpy())
    return array


def _by_source(weights: list[Tensor], dtype: torch.dtype) -> NDArray[np.floating]:
    """(fan-in, fan-out): one row a source neuron, the heads side by side."""
    rows: NDArray[np.floating] = torch.cat(weights).detach().to(dtype).numpy()
    return np.ascontiguousarray(rows.T)


def _decays(pairs: list[tuple[Tensor, Tensor]], dtype: torch.dtype) -> NDArray[np.floating]:
    """(3, neurons): alpha, beta and 1 - beta, the last computed in the weights' own dtype."""
    alpha = torch.cat([alpha for alpha, _ in pairs])
    beta = torch.cat([beta for _, beta in pairs])
    rows: NDArray[np.floating] = torch.stack([alpha, beta, 1 - beta]).detach().to(dtype).numpy()
    return np.ascontiguousarray(rows)


def _copy_state(states: list[SynapticState], dtype: torch.dtype) -> NDArray[np.floating]:
    """(3, batch, neurons): membrane, synapse and current, the heads side by side."""
    fields = [torch.cat(list(field), dim=1) for field in zip(*states, strict=True)]
    array: NDArray[np.floating] = torch.stack(fields).detach().to(dtype).numpy()
    return np.array(array)


def _restore_state(
    array: NDArray[np.floating], heads: int, dtype: torch.dtype
) -> list[SynapticState]:
    parts = torch.from_numpy(array).to(dtype).chunk(heads, dim=2)
    return [SynapticState(*(field.contiguous() for field in part.unbind())) for part in parts]
