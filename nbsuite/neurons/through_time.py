"""snnTorch's neurons through a whole sequence, for decoders that take one.

    spikes, membranes, state = through_time(self.lif, currents, state)

does what a loop over ``self.lif(current, *state)`` does. Where no gradient is needed and the layer
is a plain ``snn.Leaky`` or ``snn.Synaptic`` on the CPU, the loop is compiled, with the same results
to the bit, and the layer's forward hooks are called once with what all steps gave.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import snntorch as snn
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbsuite.errors import UsageError

State = tuple[Tensor, ...]
_RETURN_SPIKES_AS_STATE = (snn.RLeaky, snn.RSynaptic)
_PROBE = torch.tensor([-1.0, -1e-6, 0.0, 1e-6, 1.0]).repeat(8)


class ThroughTime(NamedTuple):
    """What a layer of neurons did in a sequence.

    Attributes:
        spikes: (steps, ..., neurons).
        membranes: (steps, ..., neurons) membranes after each step, as the layer returns them.
        state: the layer's states (..., neurons) after the last step.
    """

    spikes: Tensor
    membranes: Tensor
    state: State


def through_time(
    layer: snn.SpikingNeuron, currents: Tensor, state: State | None = None
) -> ThroughTime:
    """Run a layer of snnTorch neurons through a sequence.

    Args:
        layer: neurons that take their state and return it (``init_hidden=False``).
        currents: (steps, ..., neurons) input currents.
        state: what the sequence before returned; None starts with zeros.

    Raises:
        UsageError: the layer keeps its state to itself, or a forward hook changes its outputs.
    """
    if layer.init_hidden:
        raise UsageError(
            f"through_time() passes the state of {type(layer).__name__} in and out; make the layer "
            "with init_hidden=False."
        )
    if state is None:
        state = (torch.zeros_like(currents[0]),) * _number_of_states(layer)
    plain = currents.dtype in (torch.float32, torch.float64) and _is_plain(layer)
    if len(currents) > 1 and plain and not _needs_gradient(layer, currents, state):
        return _compiled(layer, currents, state)
    return _step_by_step(layer, currents, state)


def _number_of_states(layer: snn.SpikingNeuron) -> int:
    """Leaky: membrane; Synaptic: synapse, membrane; recurrent ones: their spikes besides."""
    names = ("spk", "syn", "syn_exc", "syn_inh", "mem")
    return sum(name in layer._buffers for name in names)


def _step_by_step(layer: snn.SpikingNeuron, currents: Tensor, state: State) -> ThroughTime:
    spikes, membranes = [], []
    first = 0 if isinstance(layer, _RETURN_SPIKES_AS_STATE) else 1
    for current in currents:
        answer = layer(current, *state)
        spikes.append(answer[0])
        membranes.append(answer[-1])
        state = tuple(answer[first:])
    return ThroughTime(torch.stack(spikes), torch.stack(membranes), state)


def _needs_gradient(layer: snn.SpikingNeuron, currents: Tensor, state: State) -> bool:
    tensors = (currents, *state, *layer.parameters())
    return torch.is_grad_enabled() and any(each.requires_grad for each in tensors)


def _is_plain(layer: snn.SpikingNeuron) -> bool:
    """Whether the compiled equations are the layer's, and its hooks can be called once for all."""
    return (
        type(layer) in (snn.Leaky, snn.Synaptic)
        and not layer.inhibition
        and not layer.state_quant
        and layer.reset_delay
        and not layer._forward_pre_hooks
        and not layer._forward_hooks_with_kwargs
        and bool((layer.graded_spikes_factor == 1).all())
        and layer.threshold.device.type == "cpu"
        and torch.equal(layer.spike_grad(_PROBE).detach(), (_PROBE > 0).float())
    )


def _compiled(layer: snn.SpikingNeuron, currents: Tensor, state: State) -> ThroughTime:
    from nbsuite.neurons.kernels.inference.stock import run_leaky, run_synaptic

    shape, dtype = currents[0].shape, currents.dtype

    def constant(value: Tensor) -> NDArray[Any]:
        return np.ascontiguousarray(value.detach().to(dtype).expand(shape).reshape(-1).numpy())

    flat = currents.detach().reshape(len(currents), -1).contiguous()
    states = tuple(each.detach().to(dtype).reshape(-1).clone() for each in state)
    membranes, spikes = torch.empty_like(flat), torch.empty(flat.shape)
    beta, threshold = constant(layer.beta.clamp(0, 1)), constant(layer.threshold)
    reset = int(layer.reset_mechanism_val)
    answer = membranes.numpy(), spikes.numpy()
    before = [each.numpy() for each in states]
    if isinstance(layer, snn.Synaptic):
        alpha = constant(layer.alpha.clamp(0, 1))
        run_synaptic(flat.numpy(), before[0], before[1], alpha, beta, threshold, reset, *answer)
    else:
        run_leaky(flat.numpy(), before[0], beta, threshold, reset, *answer)
    result = ThroughTime(
        spikes.reshape(currents.shape),
        membranes.reshape(currents.shape),
        tuple(each.reshape(shape) for each in states),
    )
    for hook in tuple(layer._forward_hooks.values()):
        if hook(layer, (currents,), (result.spikes, result.membranes)) is not None:
            raise UsageError(
                f"A forward hook of {type(layer).__name__} changes what the layer returns, which"
                " through_time() cannot follow; take the hook off."
            )
    return result
