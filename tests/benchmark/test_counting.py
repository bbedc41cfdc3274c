"""Layers of every counted kind against NeuroBench's own count of each call."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from neurobench.metrics.utils.layers import single_layer_MACs
from neurobench.metrics.workload import SynapticOperations
from torch import nn

from nbsuite.benchmarking.counting import ConnectionRecord, SourceRecord

CALLS, FAN_IN, UNITS = 6, 5, 4
LAYERS: dict[str, Any] = {
    "linear": lambda: nn.Linear(FAN_IN, UNITS),
    "rows": lambda: nn.Linear(FAN_IN, UNITS, bias=False),
    "conv1d": lambda: nn.Conv1d(3, 4, 3, stride=2, padding=1),
    "grouped": lambda: nn.Conv1d(4, 4, 2, groups=2, dilation=2, bias=False),
    "circular": lambda: nn.Conv1d(3, 2, 3, padding=1, padding_mode="circular"),
    "conv2d": lambda: nn.Conv2d(2, 3, (2, 3), padding=(0, 1)),
    "rnn": lambda: nn.RNNCell(FAN_IN, UNITS),
    "rnn without bias": lambda: nn.RNNCell(FAN_IN, UNITS, bias=False),
    "lstm": lambda: nn.LSTMCell(FAN_IN, UNITS),
    "lstm without bias": lambda: nn.LSTMCell(FAN_IN, UNITS, bias=False),
    "gru": lambda: nn.GRUCell(FAN_IN, UNITS),
}
SHAPES = {"rows": (7, FAN_IN), "conv1d": (3, 8), "grouped": (4, 6), "circular": (3, 5)}
SHAPES |= {"conv2d": (2, 4, 5)}
KINDS = st.lists(st.sampled_from(["spikes", "values", "silence"]), min_size=CALLS, max_size=CALLS)


def _draw(name: str, kinds: list[str], seed: int) -> tuple[nn.Module, list[tuple[Any, ...]]]:
    """A layer with zeros among its weights and biases, and arguments of calls."""
    random = torch.Generator().manual_seed(seed)

    def sparse(*shape: int) -> torch.Tensor:
        mask = torch.rand(shape, generator=random) < 0.5
        return mask * torch.randn(shape, generator=random)

    layer = LAYERS[name]()
    for value in layer.parameters():
        value.data = sparse(*value.shape)
    calls: list[tuple[Any, ...]] = []
    for kind in kinds:
        values = sparse(1, *SHAPES.get(name, (FAN_IN,)))
        inputs = {"spikes": values.sign(), "values": values, "silence": 0 * values}[kind]
        states = [sparse(1, UNITS) for _ in range(1 + isinstance(layer, nn.LSTMCell))]
        if isinstance(layer, nn.LSTMCell):
            calls.append((inputs, tuple(states)))
        elif isinstance(layer, nn.RNNCellBase):
            calls.append((inputs, *states))
        else:
            calls.append((inputs,))
    return layer, calls


@pytest.mark.parametrize("name", LAYERS)
@given(kinds=KINDS, seed=st.integers(0, 10_000))
@settings(max_examples=15)
def test_as_neurobench_counts_each_call(name: str, kinds: list[str], seed: int) -> None:
    layer, calls = _draw(name, kinds, seed)
    due = {"acs": 0, "macs": 0, "dense": 0}
    for arguments in calls:
        shown = arguments if len(arguments) > 1 else arguments[0]
        operations, spiking = single_layer_MACs(shown, layer)
        due["acs" if spiking else "macs"] += operations
        due["dense"] += single_layer_MACs(shown, layer, total=True)[0]
    step, together = ConnectionRecord(layer), SourceRecord([layer])
    with torch.no_grad():
        for arguments in calls:
            layer(*arguments)
        flat = [
            (call[0], *(call[1] if len(call) > 1 and type(call[1]) is tuple else call[1:]))
            for call in calls
        ]
        together.present([tuple(map(torch.cat, zip(*flat, strict=True)))])
        for record in (step, together):
            assert {key: getattr(record.tally, key) for key in due} == due
            assert _reported(record) == due


def _reported(record: Any) -> dict[str, int]:
    """What NeuroBench's metric makes of a record."""

    class Model:
        connection_hooks = (record,)

    data = (torch.zeros(1, 1), torch.zeros(1, 1))
    counted = SynapticOperations()(Model(), None, data)
    names = {"Effective_ACs": "acs", "Effective_MACs": "macs", "Dense": "dense"}
    return {ours: counted[theirs] for theirs, ours in names.items()}


def test_a_cell_called_without_its_state_is_refused() -> None:
    cell = nn.GRUCell(FAN_IN, UNITS)
    record = ConnectionRecord(cell)
    with pytest.raises(ValueError, match="given its input and state, by position"):
        cell(torch.zeros(1, FAN_IN))
    record.close()


@pytest.mark.parametrize("layers", [[nn.Bilinear(2, 2, 2)], [nn.GRUCell(2, 2), nn.GRUCell(2, 2)]])
def test_other_layers_are_refused(layers: list[nn.Module]) -> None:
    with pytest.raises(TypeError, match=r"cannot be counted at once|no operations are counted"):
        SourceRecord(layers)


def test_large_counts_of_a_cell_stay_exact() -> None:
    """More operations than float32 can count one by one (2^24)."""
    cell = nn.GRUCell(64, 64)
    record = SourceRecord([cell])
    with torch.no_grad():
        record.present([(torch.full((3000, 64), 0.5), torch.ones(3000, 64))])
        assert _reported(record)["macs"] == record.tally.macs == 3000 * (3 * 64 * 128 + 3 * 64)
