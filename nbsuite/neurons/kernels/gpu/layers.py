"""The triton kernel: hidden layer and readouts over whole windows, as two torch functions.

What lies between them, the products with input and readout weights, is left to torch.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
from torch import Tensor

from nbsuite.neurons.dropout import LayerDropout
from nbsuite.neurons.kernels.gpu import hidden, readout
from nbsuite.neurons.kernels.gpu.limits import WARP, padded_neurons

_READOUT_BLOCK = 32
_READOUT_OPTIONS = {"BLOCK": _READOUT_BLOCK, "num_warps": _READOUT_BLOCK // WARP}


class HiddenWindows(torch.autograd.Function):
    """The hidden layer, each window from rest.

    ``apply(currents, recurrent, alpha, beta, dropout)`` takes the currents (steps, windows,
    neurons) of the input spikes, the recurrent weights (neurons, neurons) times the dropout's
    scale, the decays (neurons,) and the dropout. It returns the spikes (steps, windows, neurons)
    that dropout kept, as 0 and 1, and counts (windows, neurons) of all spikes.
    """

    @staticmethod
    def forward(
        ctx: Any,
        currents: Tensor,
        recurrent: Tensor,
        alpha: Tensor,
        beta: Tensor,
        dropout: LayerDropout,
    ) -> tuple[Tensor, Tensor]:
        """Spikes and counts."""
        _, windows, neurons = currents.shape
        membranes, synapses, sent = (torch.empty_like(currents) for _ in range(3))
        counts = currents.new_empty(windows, neurons)
        decays = (alpha.contiguous(), beta.contiguous())
        with torch.cuda.device_of(currents):  # type: ignore[no-untyped-call]
            hidden.forward[(windows,)](
                currents.contiguous(),
                recurrent.t().contiguous(),
                *decays,
                membranes,
                synapses,
                sent,
                counts,
                *currents.shape,
                *_mask_arguments(dropout),
                **_hidden_options(neurons, dropout),
            )
        ctx.save_for_backward(recurrent, *decays, membranes, synapses, sent)
        ctx.dropout = dropout
        return sent, counts

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *errors: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by currents, weights and decays."""
        recurrent, alpha, beta, membranes, synapses, sent = ctx.saved_tensors
        sent_errors, count_errors = (error.contiguous() for error in errors)
        _, windows, neurons = sent.shape
        current_errors = torch.empty_like(sent)
        alpha_errors, beta_errors = (torch.empty_like(count_errors) for _ in range(2))
        with torch.cuda.device_of(sent):  # type: ignore[no-untyped-call]
            hidden.backward[(windows,)](
                recurrent.contiguous(),
                alpha,
                beta,
                membranes,
                synapses,
                sent_errors,
                count_errors,
                current_errors,
                alpha_errors,
                beta_errors,
                *sent.shape,
                *_mask_arguments(ctx.dropout),
                **_hidden_options(neurons, ctx.dropout),
            )
        recurrent_errors = current_errors.flatten(0, 1).t() @ sent.flatten(0, 1)
        return current_errors, recurrent_errors, alpha_errors.sum(0), beta_errors.sum(0), None


class ReadoutWindows(torch.autograd.Function):
    """The readout units, each window from the initial state.

    ``apply(currents, alpha, beta, initial)`` takes the currents (steps, windows, units) of the
    hidden spikes, the decays (units,) and the membrane potential before the first step. It returns
    the membrane potentials (steps, windows, units) after each.
    """

    @staticmethod
    def forward(ctx: Any, currents: Tensor, alpha: Tensor, beta: Tensor, initial: float) -> Tensor:
        """Membrane potentials."""
        steps, windows, units = currents.shape
        synapses = torch.empty_like(currents)
        membranes = currents.new_empty(steps + 1, windows, units)
        membranes[0] = initial
        decays = (alpha.contiguous(), beta.contiguous())
        with torch.cuda.device_of(currents):  # type: ignore[no-untyped-call]
            readout.readout_forward[(triton.cdiv(windows * units, _READOUT_BLOCK),)](
                currents.contiguous(),
                *decays,
                synapses,
                membranes,
                *currents.shape,
                **_READOUT_OPTIONS,
            )
        ctx.save_for_backward(*decays, synapses, membranes)
        return membranes[1:].clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *errors: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by currents and decays."""
        alpha, beta, synapses, membranes = ctx.saved_tensors
        _, windows, units = synapses.shape
        current_errors = torch.empty_like(synapses)
        alpha_errors, beta_errors = (synapses.new_empty(windows, units) for _ in range(2))
        with torch.cuda.device_of(synapses):  # type: ignore[no-untyped-call]
            readout.readout_backward[(triton.cdiv(windows * units, _READOUT_BLOCK),)](
                alpha,
                beta,
                synapses,
                membranes,
                errors[0].contiguous(),
                current_errors,
                alpha_errors,
                beta_errors,
                *synapses.shape,
                **_READOUT_OPTIONS,
            )
        return current_errors, alpha_errors.sum(0), beta_errors.sum(0), None


def _hidden_options(neurons: int, dropout: LayerDropout) -> dict[str, Any]:
    """What the hidden layer's kernels are compiled for: a thread for every neuron."""
    padded = padded_neurons(neurons)
    return {"DROPS": dropout.threshold > 0, "PADDED": padded, "num_warps": padded // WARP}


def _mask_arguments(dropout: LayerDropout) -> tuple[int, int, int]:
    """Key and threshold as the kernels take them: 32 bits, passed as signed numbers."""
    return _signed(dropout.key_low), _signed(dropout.key_high), dropout.threshold


def _signed(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word
