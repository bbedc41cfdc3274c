"""Recurrent layers of torch made of cells: the same outputs, and the calls that cells would get."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from nbsuite.errors import DecoderError
from nbsuite.models.recurrent_cells import RecurrentCells, replace_recurrent_layers

KINDS = [nn.GRU, nn.LSTM, nn.RNN]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("shape", ["unbatched", "batched", "batch first"])
@pytest.mark.parametrize("watched", [False, True])
@torch.no_grad()
def test_as_the_layer(kind: Any, layers: int, shape: str, watched: bool) -> None:
    torch.manual_seed(0)
    options = {"batch_first": True} if shape == "batch first" else {}
    layer = kind(5, 4, num_layers=layers, **options)
    inputs = torch.randn(
        {"unbatched": (9, 5), "batched": (9, 2, 5), "batch first": (2, 9, 5)}[shape]
    )
    cells = RecurrentCells(layer, "gru")
    if watched:
        cells.watcher = lambda *_: None
    assert [id(each) for each in cells.parameters()] == [id(each) for each in layer.parameters()]
    time = 1 if shape == "batch first" else 0
    first, second = inputs.split([4, 5], dim=time)
    due, due_state = layer(inputs)
    outputs, state = cells(first)
    more, state = cells(second, state)
    torch.testing.assert_close(torch.cat([outputs, more], dim=time), due)
    torch.testing.assert_close(state, due_state)


@pytest.mark.parametrize("kind", KINDS)
@torch.no_grad()
def test_what_is_reported_is_what_cells_are_called_with(kind: Any) -> None:
    torch.manual_seed(1)
    cells = RecurrentCells(kind(5, 4, num_layers=2), "gru")
    inputs, called, reported = torch.randn(6, 5), [[], []], [None, None]
    for depth, cell in enumerate(cells.cells):

        def note(_: Any, arguments: Any, depth: int = depth) -> None:
            nested = isinstance(arguments[1], tuple)
            called[depth].append((arguments[0], *(arguments[1] if nested else arguments[1:])))

        cell.register_forward_pre_hook(note)
    cells(inputs)

    def watcher(cell: nn.Module, values: Any) -> None:
        reported[list(cells.cells).index(cell)] = values

    cells.watcher = watcher
    cells(inputs)
    for calls, at_once in zip(called, reported, strict=True):
        assert len(calls) == 6
        for step, call in enumerate(calls):
            torch.testing.assert_close(at_once[0][step], call[0])
            for due, values in zip(call[1:], at_once[1:], strict=True):
                assert torch.equal(due != 0, values[step] != 0)


def test_others_are_refused_by_name() -> None:
    class Net(nn.Module):
        def __init__(self, layer: nn.Module) -> None:
            super().__init__()
            self.reader = layer

    with pytest.raises(DecoderError, match="'reader' is a bidirectional GRU, which decodes from"):
        replace_recurrent_layers(Net(nn.GRU(3, 3, bidirectional=True)))
    with pytest.raises(DecoderError, match="'reader' is a LSTM with projections"):
        replace_recurrent_layers(Net(nn.LSTM(3, 3, proj_size=2)))
    with pytest.raises(DecoderError, match="The decoder is a GRU itself"):
        replace_recurrent_layers(nn.GRU(3, 3))
