"""``nn.RNN``, ``nn.LSTM`` and ``nn.GRU`` as the cells that NeuroBench counts.

NeuroBench 2.3.0 counts the operations of cells, which take one step, and of no layer that takes a
sequence. Such a layer computes what its cells compute one after another, with the same weights; so
it is replaced by them, layer above layer. Where it is watched, it computes a whole sequence at once
and reports what each cell would have been called with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

import torch
from torch import Tensor, nn

from nbsuite.errors import DecoderError

Watcher: TypeAlias = Callable[[nn.Module, tuple[Tensor, ...]], None]
"""Receives a cell and its arguments of all steps: inputs and states (steps, batch, ...)."""
_CELLS: dict[str, Any] = {"RNN": nn.RNNCell, "LST": nn.LSTMCell, "GRU": nn.GRUCell}


class RecurrentCells(nn.Module):
    """A recurrent layer of torch, made of cells with the very same parameters.

    Args:
        layer: the layer.
        name: its name in the decoder, for messages.

    Raises:
        DecoderError: it is bidirectional or has projections, for which there are no cells.
    """

    stateless_attributes = frozenset({"watcher"})

    def __init__(self, layer: nn.RNNBase, name: str) -> None:
        super().__init__()
        kind = type(layer).__name__
        if layer.bidirectional:
            raise DecoderError(
                f"The layer '{name}' is a bidirectional {kind}, which decodes from samples that are"
                " yet to come and has no cell that NeuroBench can count; use one direction."
            )
        if layer.proj_size:
            raise DecoderError(
                f"The layer '{name}' is a {kind} with projections, which no cell that NeuroBench "
                "can count has; use proj_size=0 and an nn.Linear."
            )
        self.batch_first = layer.batch_first
        self.hidden_size, self.num_layers = layer.hidden_size, layer.num_layers
        self.cells = nn.ModuleList(_cell(layer, depth) for depth in range(layer.num_layers))
        self.watcher: Watcher | None = None

    @property
    def has_two_states(self) -> bool:
        """Whether a state is (hidden, cell), as an LSTM's."""
        return isinstance(self.cells[0], nn.LSTMCell)

    def flatten_parameters(self) -> None:
        """What ``nn.RNNBase`` offers for GPUs; cells have nothing to flatten."""

    def forward(self, inputs: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """What the layer returns, whose arguments these are."""
        batched = inputs.ndim == 3
        if not batched:
            inputs = inputs[:, None]
        elif self.batch_first:
            inputs = inputs.transpose(0, 1)
        states = self._states(inputs, state, batched=batched)
        last: list[tuple[Tensor, ...]] = []
        for depth, own in enumerate(states):
            inputs, own = self._run(depth, inputs, own)
            last.append(own)
        stacked = tuple(torch.stack(each) for each in zip(*last, strict=True))
        if not batched:
            inputs, stacked = inputs[:, 0], tuple(each[:, 0] for each in stacked)
        elif self.batch_first:
            inputs = inputs.transpose(0, 1)
        return inputs, stacked if self.has_two_states else stacked[0]

    def _states(self, inputs: Tensor, state: Any, *, batched: bool) -> list[tuple[Tensor, ...]]:
        """Each layer's states (batch, units) before the first step."""
        if state is None:
            zeros = inputs.new_zeros(inputs.shape[1], self.hidden_size)
            return [(zeros,) * (1 + self.has_two_states)] * self.num_layers
        states = state if self.has_two_states else (state,)
        if not batched:
            states = tuple(each[:, None] for each in states)
        return list(zip(*(each.unbind() for each in states), strict=True))

    def _run(
        self, depth: int, inputs: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """One layer through time: outputs (steps, batch, units), and its last state."""
        cell = cast("nn.RNNCellBase", self.cells[depth])
        compiled = inputs.device.type == "cpu" and inputs.dtype in (torch.float32, torch.float64)
        if self.watcher is None or len(inputs) < 2 or not compiled:
            return self._step_by_step(depth, inputs, state)
        after = _through_time(cell, inputs, state)
        before = [torch.cat([own[None], each[:-1]]) for own, each in zip(state, after, strict=True)]
        self.watcher(cell, (inputs, *before))
        return after[0], tuple(each[-1] for each in after)

    def _step_by_step(
        self, depth: int, inputs: Tensor, state: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        outputs = []
        for sample in inputs:
            after = self.cells[depth](sample, state if self.has_two_states else state[0])
            state = after if self.has_two_states else (after,)
            outputs.append(state[0])
        return torch.stack(outputs), state


def replace_recurrent_layers(module: nn.Module) -> None:
    """Replace all recurrent layers within a module by their cells, in place.

    Raises:
        DecoderError: there are no such cells, or the module is such a layer itself.
    """
    if isinstance(module, nn.RNNBase):
        raise DecoderError(
            f"The decoder is a {type(module).__name__} itself, in which NeuroBench finds no layer; "
            "make it a layer of a module of your own."
        )
    for name, child in list(module.named_modules()):
        if isinstance(child, nn.RNNBase):
            parent = module.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], RecurrentCells(child, name))


def _through_time(
    cell: nn.RNNCellBase, inputs: Tensor, state: tuple[Tensor, ...]
) -> tuple[Tensor, ...]:
    """A cell's states (steps, batch, units) after each step."""
    from nbsuite.neurons.kernels.inference.cells import run_gru, run_lstm, run_rnn

    weight_ih, weight_hh = cell.weight_ih.detach(), cell.weight_hh.detach()
    bias_ih, bias = weight_hh.new_zeros(2, len(weight_hh))
    if cell.bias:
        bias_ih, bias = cast("Tensor", cell.bias_ih).detach(), cast("Tensor", cell.bias_hh).detach()
    currents = nn.functional.linear(inputs, weight_ih, bias_ih)
    weights = weight_hh.T.contiguous().numpy(), bias.numpy()
    after = tuple(inputs.new_empty(*inputs.shape[:2], weight_hh.shape[1]) for _ in state)
    for place in range(inputs.shape[1]):
        given = currents[:, place].contiguous().numpy()
        own = [each[place].clone().numpy() for each in state]
        answer = [torch.empty_like(each[:, place]).numpy() for each in after]
        if isinstance(cell, nn.GRUCell):
            run_gru(given, *weights, own[0], answer[0])
        elif isinstance(cell, nn.LSTMCell):
            run_lstm(given, *weights, own[0], own[1], answer[0], answer[1])
        else:
            run_rnn(given, *weights, own[0], cell.nonlinearity == "relu", answer[0])
        for each, values in zip(after, answer, strict=True):
            each[:, place] = torch.from_numpy(values)
    return after


def _parameters(layer: nn.RNNBase, depth: int) -> dict[str, nn.Parameter]:
    """The parameters of one of the layer's layers, by the names that its cell gives them."""
    kinds = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if layer.bias else ()))
    return {kind: getattr(layer, f"{kind}_l{depth}") for kind in kinds}


def _cell(layer: nn.RNNBase, depth: int) -> nn.RNNCellBase:
    """The cell of one of the layer's layers, with the same parameters."""
    cell: nn.RNNCellBase = _CELLS[layer.mode[:3]](**_options(layer, depth))
    for name, value in _parameters(layer, depth).items():
        setattr(cell, name, value)
    return cell


def _options(layer: nn.RNNBase, depth: int) -> dict[str, Any]:
    """What a cell of one of the layer's layers is made with."""
    fan_in = _parameters(layer, depth)["weight_ih"].shape[1]
    options: dict[str, Any] = {
        "input_size": fan_in,
        "hidden_size": layer.hidden_size,
        "bias": layer.bias,
    }
    if layer.mode.startswith("RNN"):
        options["nonlinearity"] = layer.mode.removeprefix("RNN_").lower()
    return options
