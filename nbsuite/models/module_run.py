"""A copy of a user's module that decodes, with NeuroBench's layers watched.

Given a sequence, a linear layer multiplies each row by itself, as it does one sample at a time: the
same products in another order would be rounded otherwise, and now and then tip a neuron over its
threshold.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import NamedTuple

import torch
from snntorch import SpikingNeuron
from torch import Tensor, nn

from nbsuite.errors import DecoderError
from nbsuite.models.decoder import Group
from nbsuite.models.layer_watch import LayerWatch, SeenLayers, seen_layers
from nbsuite.models.module_interface import Interface, Model, dtype_of, net_of
from nbsuite.models.module_state import ModuleState, as_all_neurons, put_state, take_state
from nbsuite.models.recurrent_cells import replace_recurrent_layers
from nbsuite.named_code import described

TOLERANCE = 1e-5
"""By how much of the largest output outputs of a sequence and of single samples may differ."""

NO_SEQUENCES = "takes no sequences"


class Decoded(NamedTuple):
    """What a module made of a chunk.

    Attributes:
        outputs: (steps, outputs).
        inputs: the calls of each connection, in groups of equal shapes.
        activations: (values, 1) what each layer of neurons emitted.
        state: what it remembers.
    """

    outputs: Tensor
    inputs: tuple[list[Group], ...]
    activations: tuple[Tensor, ...]
    state: ModuleState


class ModuleRun:
    """A copy of a module, in evaluation mode, at its start.

    Args:
        model: the module; it is left as it is.
        interface: how it is called.
        device: where to run it.

    Raises:
        DecoderError: it cannot be copied or reset, or has layers that NeuroBench cannot count.
    """

    def __init__(self, model: Model, interface: Interface, device: torch.device) -> None:
        self.interface, self.device = interface, device
        self.model = copy_of(model)
        self.net = net_of(self.model).to(device).eval()
        replace_recurrent_layers(self.net)
        self.layers: SeenLayers = seen_layers(self.model)
        self._dtype = dtype_of(self.model)
        reset(self.net)
        self.start = take_state(self.net)
        self._spikes = any(isinstance(each, SpikingNeuron) for each in self.net.modules())

    @torch.no_grad()
    def decode(self, spikes: Tensor, state: ModuleState | None, *, at_once: bool) -> Decoded:
        """Decode a chunk.

        Args:
            spikes: (steps, channels).
            state: what the chunk before left; None starts afresh.
            at_once: give the module the whole chunk, rather than one sample at a time.

        Raises:
            DecoderError: the module fails, or is called so that NeuroBench could not count it.
        """
        carried = put_state(self.net, state or self.start)
        watch = LayerWatch(self.net, self.layers, spikes if at_once else None)
        outputs = []
        with watch.open(), as_all_neurons(self.net), _rows_by_themselves(self.net, at_once):
            for part in [spikes] if at_once else torch.split(spikes, 1):
                decoded, carried = self.interface.call(self.model, part.to(self._dtype), carried)
                outputs.append(decoded)
        return Decoded(
            outputs=torch.cat(outputs).to("cpu", torch.float32),
            inputs=watch.inputs(len(spikes)),
            activations=watch.outputs(),
            state=take_state(self.net, carried),
        )

    @torch.no_grad()
    def outputs_of(self, sequence: Tensor) -> Tensor:
        """What is decoded of a sequence (steps, channels) from the start, at once."""
        carried = self.restart()
        watch = LayerWatch(self.net, self.layers, sequence)
        with watch.open(), as_all_neurons(self.net), _rows_by_themselves(self.net, at_once=True):
            return self.interface.call(self.model, sequence.to(self._dtype), carried)[0]

    def restart(self) -> object:
        """Go back to the start in place; returns the state to pass to the first sample."""
        return put_state(self.net, self.start)

    @torch.no_grad()
    def step(self, sample: Tensor, carried: object) -> tuple[Tensor, object]:
        """Decode a sample (1, channels) from where the module is, unwatched."""
        with as_all_neurons(self.net) if self._spikes else nullcontext():
            return self.interface.call(self.model, sample.to(self._dtype), carried)


def fault_of_sequences(run: ModuleRun, spikes: Tensor) -> str | None:
    """Why a module must be run one sample at a time, if it must.

    A sequence has to give the outputs and the layers' inputs that its samples give one by one,
    also where it is cut in two.

    Args:
        run: the module.
        spikes: (steps, channels) at least 3 steps.

    Returns:
        The rest of a sentence that begins with the module; None where both ways are one.
    """
    if not run.interface.takes_sequences:
        return NO_SEQUENCES
    slow = run.decode(spikes, None, at_once=False)
    cut = len(spikes) // 3
    try:
        first = run.decode(spikes[:cut], None, at_once=True)
        second = run.decode(spikes[cut:], first.state, at_once=True)
    except DecoderError:
        return NO_SEQUENCES
    outputs = torch.cat([first.outputs, second.outputs])
    scale = float(slow.outputs.abs().max())
    apart = (outputs - slow.outputs).abs().max(dim=1).values > TOLERANCE * max(scale, 1e-30)
    if bool(apart.any()):
        step = int(apart.nonzero()[0])
        if _takes_rows_for_a_batch(run, spikes[:cut], first.outputs):
            return NO_SEQUENCES
        return f"decodes a sequence otherwise than its samples one by one, first in step {step}"
    for (name, _), *seen in zip(
        run.layers.connections, first.inputs, second.inputs, slow.inputs, strict=True
    ):
        by_parts, at_once = _events([*seen[0], *seen[1]]), _events(seen[2])
        if by_parts != at_once:
            return f"gives its layer '{name}' other inputs in a sequence than sample by sample"
    return None


def _takes_rows_for_a_batch(run: ModuleRun, spikes: Tensor, outputs: Tensor) -> bool:
    """Whether a module has decoded each row of a sequence as if it were the first sample."""
    rows = torch.split(spikes[:9], 1)
    alone = torch.cat([run.decode(row, None, at_once=False).outputs for row in rows])
    return torch.allclose(alone, outputs[:9], rtol=TOLERANCE, atol=TOLERANCE)


def copy_of(model: Model) -> Model:
    """A copy of a module.

    Raises:
        DecoderError: it cannot be copied.
    """
    try:
        return copy.deepcopy(model)
    except Exception as error:
        raise DecoderError(
            f"{type(net_of(model)).__name__} cannot be copied ({described(error)}); pass a module "
            "that has not been run yet, or detach what it keeps."
        ) from error


@torch.no_grad()
def reset(net: nn.Module) -> None:
    """Reset a module as its ``reset()`` does, or else snnTorch's neurons in it.

    Raises:
        DecoderError: ``reset()`` fails.
    """
    own = getattr(net, "reset", None)
    if not callable(own):
        for layer in net.modules():
            if isinstance(layer, SpikingNeuron) and hasattr(layer, "reset_mem"):
                layer.reset_mem()
        return
    try:
        with as_all_neurons(net):
            own()
    except Exception as error:
        raise DecoderError(
            f"{type(net).__name__}.reset() fails ({described(error)}); let it work without "
            "arguments, before the first step too."
        ) from error


def _events(groups: list[Group]) -> tuple[int, int, int]:
    """Calls, values that are not zero, and calls of other values than 0, 1 and -1."""
    calls = events = valued = 0
    for group in groups:
        inputs = group[0]
        plain = ((inputs == 0) | (inputs.abs() == 1)).reshape(len(inputs), -1).all(dim=1)
        calls += len(inputs)
        valued += int((~plain).sum())
        events += sum(int(torch.count_nonzero(each)) for each in group)
    return calls, events, valued


@contextmanager
def _rows_by_themselves(net: nn.Module, at_once: bool) -> Iterator[None]:
    """Let linear layers multiply the rows of a sequence one by one, within the block."""
    linear = [each for each in net.modules() if type(each) is nn.Linear] if at_once else []
    for layer in linear:
        layer.forward = _by_rows(layer)  # type: ignore[assignment]
    try:
        yield
    finally:
        for layer in linear:
            del layer.forward


def _by_rows(layer: nn.Linear) -> Callable[[Tensor], Tensor]:
    """What a linear layer computes, each row as a product of its own."""

    def forward(inputs: Tensor) -> Tensor:
        weight = layer.weight
        bias: Tensor | None = layer.bias
        steps = max(inputs.shape[:-1], default=1)
        if steps < 2 or inputs.numel() != steps * inputs.shape[-1]:  # several rows a step
            return nn.functional.linear(inputs, weight, bias)
        rows = inputs.reshape(steps, 1, -1)
        columns = weight.T.expand(steps, *weight.T.shape)
        if bias is not None:
            outputs = torch.baddbmm(bias.expand(steps, 1, len(bias)), rows, columns)
        else:
            outputs = torch.bmm(rows, columns)
        return outputs.reshape(*inputs.shape[:-1], len(weight))

    return forward
